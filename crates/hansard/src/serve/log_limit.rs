//! Bounds the log: whoever is refused a thousand times a second must not fill the disk with it.
//!
//! It sits between every place that logs and the log, so no place can forget it. Within a window of
//! some seconds a place of the source may say the same words a few times, and something else some
//! more times; what is left out is counted and said when the window ends. So the first of each kind
//! always appears, and nothing is silent. What is asked for with `debug` or `trace` is not limited.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::Hasher as _;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hansard_types::limits::{LOG_LINES_MAX, LOG_LINES_SAME_MAX, LOG_WINDOW_MS};
use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// What was said in this window, by the place that said it: as many as the source has.
#[derive(Default)]
struct Said(Mutex<HashMap<Identifier, Place>>);

/// What a place of the source has said in this window.
#[derive(Default)]
struct Place {
    name: String,
    lines: u32,
    left_out: u64,
    /// How often, by a hash of the words: no more than lines are let through.
    same: HashMap<u64, u32>,
}

/// Lines of a place that were left out.
#[derive(Debug, PartialEq, Eq)]
struct LeftOut {
    place: String,
    lines: u64,
}

/// The layer that leaves lines out.
pub(crate) struct LogLimit(Arc<Said>);

/// Says what was left out, whenever a window ends and when it is dropped.
pub(crate) struct Reporter {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LogLimit {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Starts to say what was left out.
    pub(crate) fn report(&self) -> Result<Reporter> {
        let said = Arc::clone(&self.0);
        let (stop, stopped) = sync_channel::<()>(1);
        // A thread of its own: a runtime that does not get to its tasks is when it matters.
        let thread = std::thread::Builder::new()
            .name("log-limit".to_owned())
            .spawn(move || {
                let window = Duration::from_millis(LOG_WINDOW_MS);
                while stopped.recv_timeout(window) == Err(RecvTimeoutError::Timeout) {
                    say(said.end_window());
                }
                say(said.end_window());
            })
            .context("the thread that bounds the log was not started")?;
        Ok(Reporter {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has said what it could.
            drop(thread.join());
        }
    }
}

impl<S: Subscriber> Layer<S> for LogLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let asked_for = *metadata.level() > Level::INFO;
        if asked_for || metadata.target() == module_path!() {
            return true;
        }
        let mut words = Words(DefaultHasher::new());
        event.record(&mut words);
        let words = words.0.finish();
        self.0.let_through(metadata.callsite(), words, || {
            let file = metadata.file().unwrap_or_else(|| metadata.target());
            format!("{file}:{}", metadata.line().unwrap_or(0))
        })
    }
}

impl Said {
    fn let_through(&self, at: Identifier, words: u64, name: impl FnOnce() -> String) -> bool {
        let mut places = self.0.lock();
        let place = places.entry(at).or_default();
        let same = place.same.get(&words).copied().unwrap_or(0);
        if place.lines < LOG_LINES_MAX && same < LOG_LINES_SAME_MAX {
            place.lines += 1;
            place.same.insert(words, same + 1);
            return true;
        }
        if place.left_out == 0 {
            place.name = name();
        }
        place.left_out += 1;
        false
    }

    fn end_window(&self) -> Vec<LeftOut> {
        let places = std::mem::take(&mut *self.0.lock());
        let mut left_out: Vec<LeftOut> = places
            .into_values()
            .filter(|place| place.left_out > 0)
            .map(|place| LeftOut {
                place: place.name,
                lines: place.left_out,
            })
            .collect();
        left_out.sort_by(|one, other| one.place.cmp(&other.place));
        left_out
    }
}

fn say(left_out: Vec<LeftOut>) {
    let seconds = LOG_WINDOW_MS / 1000;
    for LeftOut { place, lines } in left_out {
        tracing::warn!(lines, place, seconds, "similar log lines were left out");
    }
}

/// Hashes what an event says, without making text of it.
struct Words(DefaultHasher);

impl fmt::Write for Words {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.write(field.name().as_bytes());
        // Hashing does not fail; a Debug that does only makes two kinds look the same.
        let _infallible = fmt::write(self, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    impl Lines {
        fn with(&self, words: &str) -> usize {
            let bytes = self.0.lock();
            let text = String::from_utf8_lossy(&bytes);
            text.lines().filter(|line| line.contains(words)).count()
        }
    }

    /// What is in the log of one window, and what was left out of it.
    fn logged(work: impl FnOnce()) -> (Lines, Vec<LeftOut>) {
        let lines = Lines::default();
        let limit = LogLimit::new();
        let said = Arc::clone(&limit.0);
        let written = tracing_subscriber::fmt::layer().with_writer(lines.clone());
        let subscriber = tracing_subscriber::registry().with(limit).with(written);
        tracing::subscriber::with_default(subscriber, work);
        (lines, said.end_window())
    }

    #[test]
    fn the_same_words_are_said_a_few_times_and_counted_after_that() {
        let same = LOG_LINES_SAME_MAX as usize;
        let (lines, left_out) = logged(|| {
            for round in 0..1000 {
                let reason = if round == 500 { "another" } else { "busy" };
                tracing::warn!(reason, "not answered");
            }
            tracing::warn!("elsewhere");
        });
        assert_eq!(lines.with("busy"), same);
        assert_eq!(
            lines.with("another"),
            1,
            "a new kind is not lost in the storm"
        );
        assert_eq!(lines.with("elsewhere"), 1);
        assert_eq!(left_out.len(), 1);
        assert_eq!(left_out[0].lines, 1000 - 1 - u64::from(LOG_LINES_SAME_MAX));
        assert!(left_out[0].place.contains("log_limit.rs:"), "{left_out:?}");
    }

    #[test]
    fn words_that_a_client_chooses_do_not_get_around_it() {
        let (lines, left_out) = logged(|| {
            for user in 0..10_000 {
                tracing::error!(user, "refused");
            }
        });
        assert_eq!(lines.with("refused"), LOG_LINES_MAX as usize);
        assert_eq!(left_out[0].lines, 10_000 - u64::from(LOG_LINES_MAX));
    }

    #[test]
    fn debug_lines_were_asked_for_and_are_not_counted() {
        let (lines, left_out) = logged(|| {
            for _ in 0..100 {
                tracing::debug!("asked for");
            }
        });
        assert_eq!(lines.with("asked for"), 100);
        assert_eq!(left_out, Vec::new());
    }

    #[test]
    fn each_window_begins_anew() {
        let lines = Lines::default();
        let limit = LogLimit::new();
        let said = Arc::clone(&limit.0);
        let written = tracing_subscriber::fmt::layer().with_writer(lines.clone());
        let subscriber = tracing_subscriber::registry().with(limit).with(written);
        tracing::subscriber::with_default(subscriber, || {
            for window in 1..=3 {
                for _ in 0..100 {
                    tracing::warn!("busy");
                }
                assert_eq!(said.end_window().len(), 1);
                assert_eq!(lines.with("busy"), window * LOG_LINES_SAME_MAX as usize);
            }
        });
        assert_eq!(said.end_window(), Vec::new());
    }
}
