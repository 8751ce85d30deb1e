//! The metrics of requests, of all surfaces. Labels come from closed sets: never an app or an
//! account.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};

/// Requests, by `service`, `command` and `outcome` (ok, refused, failed).
pub const REQUESTS_TOTAL: &str = "hansard_api_requests_total";
/// How long a request took, seconds, by `service` and `command`.
pub const REQUEST_SECONDS: &str = "hansard_api_request_seconds";
/// Event streams that are open.
pub const FOLLOWERS: &str = "hansard_api_event_followers";

/// Every metric with its description.
pub const DESCRIPTIONS: &[(&str, &str)] = &[
    (
        REQUESTS_TOTAL,
        "Requests, by service, command and outcome (ok, refused, failed)",
    ),
    (
        REQUEST_SECONDS,
        "How long a request took, seconds, by service and command",
    ),
    (FOLLOWERS, "Event streams that are open"),
];

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    /// The caller was told no.
    Refused,
    /// It was not the caller's fault.
    Failed,
}

/// The metrics of one endpoint, looked up once: the recorder must be installed before the router
/// is made.
#[derive(Clone)]
pub struct Meter {
    ok: Counter,
    refused: Counter,
    failed: Counter,
    seconds: Histogram,
}

impl Meter {
    #[must_use]
    pub fn new(service: &'static str, command: &'static str) -> Self {
        let counter = |outcome: &'static str| {
            metrics::counter!(
                REQUESTS_TOTAL,
                "service" => service, "command" => command, "outcome" => outcome
            )
        };
        Self {
            ok: counter("ok"),
            refused: counter("refused"),
            failed: counter("failed"),
            seconds: metrics::histogram!(
                REQUEST_SECONDS, "service" => service, "command" => command
            ),
        }
    }

    pub fn record(&self, outcome: Outcome, took: Duration) {
        match outcome {
            Outcome::Ok => self.ok.increment(1),
            Outcome::Refused => self.refused.increment(1),
            Outcome::Failed => self.failed.increment(1),
        }
        self.seconds.record(took.as_secs_f64());
    }
}

/// Counts an open stream until it is dropped.
pub struct Open(Gauge);

impl Open {
    #[must_use]
    pub fn follower() -> Self {
        let gauge = metrics::gauge!(FOLLOWERS);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
