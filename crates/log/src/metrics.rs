//! The names of this crate's metrics.

/// Events that the archive could not take yet, for a reason in the log.
pub const ARCHIVE_FAILURES: &str = "hansard_log_archive_failures_total";
/// The last event in the archive.
pub const ARCHIVED_EVENTS: &str = "hansard_log_archived_events";
/// Events that a scrub found damaged or missing, in whichever copy.
pub const DAMAGED_EVENTS: &str = "hansard_log_damaged_events";

#[expect(clippy::cast_precision_loss, reason = "a gauge")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}
