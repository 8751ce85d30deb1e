use hansard_engine::Progress as CatchUpProgress;
use hansard_types::LogId;
use parking_lot::Mutex;

use super::stage::Stage;
use crate::term::{Progress, Unit};

/// Less than this is caught up in the blink of an eye.
const SHOWN_FROM_EVENTS: u64 = 20_000;

/// Shows how far the read models are on their way to the log's end, when the way is long: of one
/// log after the other, where several are on their way.
pub(crate) struct CatchUp {
    /// Told of every log, however short its way.
    stage: Stage,
    shown: Mutex<Option<(LogId, Progress)>>,
}

impl CatchUpProgress for CatchUp {
    fn begin(&self, log: LogId, applied: u64, end: u64) {
        self.stage.log_is_at(log, "catching up", applied, end);
        let left = end.saturating_sub(applied);
        if left > 0 {
            tracing::info!(%log, applied, end, "catching up with the log");
        }
        self.show(log, applied, end);
    }

    fn reached(&self, log: LogId, applied: u64, end: u64) {
        self.stage.log_is_at(log, "catching up", applied, end);
        self.show(log, applied, end);
        if let Some((shown, progress)) = self.shown.lock().as_mut()
            && *shown == log
        {
            progress.reached(applied, "");
        }
    }

    fn done(&self, log: LogId, _applied: u64) {
        self.stage.log_is_done(log);
        let mut shown = self.shown.lock();
        if let Some((_, progress)) = shown.take_if(|(shown, _)| *shown == log) {
            progress.finish();
        }
    }

    fn mending(&self, log: LogId, done: u64, total: u64) {
        self.stage.log_is_at(log, "being mended", done, total);
        let mut shown = self.shown.lock();
        let (shown_log, progress) = shown.get_or_insert_with(|| {
            let what = format!("mending {log}");
            (log, Progress::begin(&what, Unit::Events, Some(total)))
        });
        if *shown_log != log {
            return;
        }
        progress.reached(done, "");
        if done >= total
            && let Some((_, progress)) = shown.take()
        {
            progress.finish();
        }
    }
}

impl CatchUp {
    pub(crate) fn of(stage: &Stage) -> Self {
        Self {
            stage: stage.clone(),
            shown: Mutex::default(),
        }
    }

    /// Begins to show a log that has a long way to go, where no other is shown.
    fn show(&self, log: LogId, applied: u64, end: u64) {
        let mut shown = self.shown.lock();
        if shown.is_none() && end.saturating_sub(applied) >= SHOWN_FROM_EVENTS {
            let what = format!("catching up {log}");
            *shown = Some((log, Progress::begin(&what, Unit::Events, Some(end))));
        }
    }
}
