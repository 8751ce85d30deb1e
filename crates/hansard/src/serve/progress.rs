use hansard_engine::Progress as CatchUpProgress;
use hansard_types::LogId;
use parking_lot::Mutex;

use crate::term::{Progress, Unit};

/// Less than this is caught up in the blink of an eye.
const SHOWN_FROM_EVENTS: u64 = 20_000;

/// Shows how far the read models are on their way to the log's end, when the way is long.
#[derive(Default)]
pub(crate) struct CatchUp {
    shown: Mutex<Option<Progress>>,
}

impl CatchUpProgress for CatchUp {
    fn begin(&self, log: LogId, applied: u64, end: u64) {
        let left = end.saturating_sub(applied);
        if left > 0 {
            tracing::info!(%log, applied, end, "catching up with the log");
        }
        if left >= SHOWN_FROM_EVENTS {
            let what = format!("catching up {log}");
            *self.shown.lock() = Some(Progress::begin(&what, Unit::Events, Some(end)));
        }
    }

    fn reached(&self, _log: LogId, applied: u64, _end: u64) {
        if let Some(progress) = self.shown.lock().as_mut() {
            progress.reached(applied, "");
        }
    }

    fn done(&self, _log: LogId, _applied: u64) {
        if let Some(progress) = self.shown.lock().take() {
            progress.finish();
        }
    }

    fn mending(&self, log: LogId, done: u64, total: u64) {
        let mut shown = self.shown.lock();
        let progress = shown.get_or_insert_with(|| {
            Progress::begin(&format!("mending {log}"), Unit::Events, Some(total))
        });
        progress.reached(done, "");
        if done >= total
            && let Some(progress) = shown.take()
        {
            progress.finish();
        }
    }
}
