//! What a supervised nats-server is doing.

use std::time::Duration;

/// What is expected of a nats-server that reads its store, bytes a second (measured).
const RECOVERY_BYTES_PER_SECOND: u64 = 60 * 1024 * 1024;
/// An own rate is believed once it was measured for so long.
const RATE_KNOWN_AFTER: Duration = Duration::from_secs(2);

/// What a supervised nats-server is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    /// Its process begins, or has died and is started again.
    Starting,
    /// It reads its store, and takes no client before it has. It is left alone, however long that
    /// takes.
    Recovering(Recovery),
    /// It takes events.
    Ready,
    /// It runs and does not do its work. If that goes on it is ended and started again.
    Hung { reason: String },
    /// It was stopped, or did not start, and is not started again.
    Ended { reason: String },
}

/// How far a nats-server is with reading its store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovery {
    /// How much of its streams' files it has read, as far as can be told from outside.
    pub bytes_read: u64,
    /// What they hold. It reads all of it only after an unclean end.
    pub bytes_total: u64,
    pub elapsed: Duration,
    /// Since when it has neither read nor computed anything.
    pub idle: Duration,
}

impl Recovery {
    /// How long it may take yet, at the rate so far.
    #[must_use]
    pub fn left(&self) -> Duration {
        let bytes = self.bytes_total.saturating_sub(self.bytes_read);
        let ms = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX);
        let rate = if self.elapsed >= RATE_KNOWN_AFTER && self.bytes_read > 0 {
            (self.bytes_read.saturating_mul(1000) / ms.max(1)).max(1)
        } else {
            RECOVERY_BYTES_PER_SECOND
        };
        Duration::from_secs(bytes.div_ceil(rate))
    }
}

impl ServerState {
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// Why it takes no events, in a sentence for operators; `None` when it does.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        match self {
            Self::Ready => None,
            Self::Starting => Some("nats-server is starting".to_owned()),
            Self::Recovering(recovery) => Some(describe_recovery(recovery)),
            Self::Hung { reason } => Some(format!(
                "nats-server does not take events ({reason}): it is restarted if that goes on"
            )),
            Self::Ended { reason } => Some(format!("nats-server has ended: {reason}")),
        }
    }
}

fn describe_recovery(recovery: &Recovery) -> String {
    const MB: u64 = 1_000_000;
    let Recovery {
        bytes_read,
        bytes_total,
        elapsed,
        idle,
    } = recovery;
    let mut text = format!(
        "nats-server is recovering ({} of {} MB after {} s, about {} s left)",
        bytes_read / MB,
        bytes_total / MB,
        elapsed.as_secs(),
        recovery.left().as_secs()
    );
    if *idle >= super::IDLE_SHOWN_AFTER {
        text = format!(
            "{text}; it has done nothing for {} s: see nats.log",
            idle.as_secs()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovering(mb_read: u64, seconds: u64, idle: u64) -> ServerState {
        ServerState::Recovering(Recovery {
            bytes_read: mb_read * 1_000_000,
            bytes_total: 600_000_000,
            elapsed: Duration::from_secs(seconds),
            idle: Duration::from_secs(idle),
        })
    }

    #[test]
    fn recovering_says_how_far_it_is_and_how_long_it_takes_yet() {
        let said = |state: ServerState| state.describe().expect("it is not ready");
        assert_eq!(
            said(recovering(150, 5, 0)),
            "nats-server is recovering (150 of 600 MB after 5 s, about 15 s left)"
        );
        let early = said(recovering(0, 0, 0));
        assert!(early.contains("about 10 s left"), "{early}");
        let stuck = said(recovering(150, 500, 400));
        assert!(stuck.contains("done nothing for 400 s"), "{stuck}");
        assert_eq!(ServerState::Ready.describe(), None);
    }
}
