//! Everything that this program prints goes through here: results to stdout, all else to stderr.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use hansard_types::error_chain;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// How often progress is told where there is no terminal to draw on.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// One line of the result.
pub(crate) fn line(text: impl Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// Whole lines of the result.
pub(crate) fn text(lines: &str) -> std::io::Result<()> {
    std::io::stdout().lock().write_all(lines.as_bytes())
}

/// The result as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string(value)?)?)
}

/// A remark beside the result. Nothing to be done when it cannot be shown.
pub(crate) fn note(text: impl Display) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Why the program ends, with every cause.
pub(crate) fn error(error: &anyhow::Error) {
    note(format_args!("hansard: {}", error_chain(&**error)));
}

pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>();
        cause.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    })
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Events,
}

/// How far a long work is: a bar on a terminal, a plain line every few seconds elsewhere.
pub(crate) struct Progress {
    what: String,
    unit: Unit,
    total: Option<u64>,
    begun: Instant,
    told: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins; without a total there is no end to estimate.
    pub(crate) fn begin(what: &str, unit: Unit, total: Option<u64>) -> Self {
        let now = Instant::now();
        let bar = std::io::stderr()
            .is_terminal()
            .then(|| bar(what, unit, total));
        Self {
            what: what.to_owned(),
            unit,
            total,
            begun: now,
            told: now,
            bar,
        }
    }

    /// How far it is, and what else there is to say.
    pub(crate) fn reached(&mut self, done: u64, remark: impl Display) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(remark.to_string());
        } else if self.told.elapsed() >= PLAIN_EVERY {
            self.told = Instant::now();
            note(self.plain(done, &remark.to_string()));
        }
    }

    /// A remark that stays above the bar.
    pub(crate) fn note(&self, text: impl Display) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(&text)),
            None => note(&text),
        }
    }

    /// Takes the bar away; what came of it is printed by the caller.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn plain(&self, done: u64, remark: &str) -> String {
        let count = |number: u64| match self.unit {
            Unit::Bytes => format!("{:.1} MiB", mebibytes(number)),
            Unit::Events => format!("{} events", grouped(number)),
        };
        let far = match self.total {
            Some(total) if total > 0 => {
                let percent = done.saturating_mul(100) / total;
                format!("{} of {} ({percent} %)", count(done), count(total))
            }
            Some(_) | None => count(done),
        };
        let seconds = self.begun.elapsed().as_secs();
        let remark = if remark.is_empty() {
            String::new()
        } else {
            format!(", {remark}")
        };
        format!("{}: {far} after {seconds} s{remark}", self.what)
    }
}

fn bar(what: &str, unit: Unit, total: Option<u64>) -> ProgressBar {
    let count = match (unit, total) {
        (Unit::Bytes, Some(_)) => "{bytes}/{total_bytes}",
        (Unit::Bytes, None) => "{bytes}",
        (Unit::Events, Some(_)) => "{human_pos}/{human_len}",
        (Unit::Events, None) => "{human_pos}",
    };
    let (drawn, left) = match total {
        Some(_) => ("[{wide_bar:.cyan/blue}] ", " eta {eta}"),
        None => ("{spinner} ", ""),
    };
    let template = format!("{{prefix}} {drawn}{count} {{msg}} {{elapsed}}{left}");
    let style = ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
    bar.set_style(style);
    bar.set_prefix(what.to_owned());
    bar
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn plain_progress_says_how_far_and_what_else() {
        let progress = Progress {
            what: "importing".to_owned(),
            unit: Unit::Events,
            total: Some(200),
            begun: Instant::now(),
            told: Instant::now(),
            bar: None,
        };
        let text = progress.plain(50, "3 rejected");
        assert_eq!(
            text,
            "importing: 50 events of 200 events (25 %) after 0 s, 3 rejected"
        );
    }
}
