//! The names of the engine's metrics.

/// Events of one round.
pub const ROUND_EVENTS: &str = "hansard_engine_round_events";
/// Commands of one round.
pub const ROUND_COMMANDS: &str = "hansard_engine_round_commands";
/// Seconds to decide and encode a round.
pub const DECIDE_SECONDS: &str = "hansard_engine_decide_seconds";
/// Seconds until a round is in the log.
pub const APPEND_SECONDS: &str = "hansard_engine_append_seconds";
/// Seconds to bring a round to disk: one fsync of the journal.
pub const SEAL_SECONDS: &str = "hansard_engine_seal_seconds";
/// Seconds to write a round's read models.
pub const WRITE_SECONDS: &str = "hansard_engine_write_seconds";
/// Commands refused because a mailbox was full.
pub const BUSY_TOTAL: &str = "hansard_engine_busy_total";
/// Times that the machine's clock was not where it was expected.
pub const CLOCK_JUMPS_TOTAL: &str = "hansard_engine_clock_jumps_total";
/// Seconds that the machine's clock has jumped by and is not followed for, yet.
pub const CLOCK_JUMP_SECONDS: &str = "hansard_engine_clock_jump_seconds";
/// Seconds that the times of a log's events are ahead of the clock, of the log with the most.
pub const LOG_AHEAD_SECONDS: &str = "hansard_engine_log_ahead_seconds";

/// Times that a partition was opened again after a failure.
pub const REOPENED_TOTAL: &str = "hansard_engine_reopened_total";
/// Reads of many rows that were refused because too many waited already.
pub const READS_BUSY_TOTAL: &str = "hansard_engine_reads_busy_total";

/// Times that the read models were built again beside the ones in use.
pub const REBUILT_TOTAL: &str = "hansard_engine_rebuilt_total";

/// Every metric with what it says.
pub const ALL: &[(&str, &str)] = &[
    (ROUND_EVENTS, "events of one round"),
    (ROUND_COMMANDS, "commands of one round"),
    (DECIDE_SECONDS, "seconds to decide and encode a round"),
    (APPEND_SECONDS, "seconds until a round is in the log"),
    (
        SEAL_SECONDS,
        "seconds to bring a round to disk: one fsync of the journal",
    ),
    (WRITE_SECONDS, "seconds to write a round's read models"),
    (BUSY_TOTAL, "commands refused because a mailbox was full"),
    (
        CLOCK_JUMPS_TOTAL,
        "times that the machine's clock was not where it was expected",
    ),
    (
        CLOCK_JUMP_SECONDS,
        "seconds that the machine's clock has jumped by and is not followed for, yet",
    ),
    (
        LOG_AHEAD_SECONDS,
        "seconds that the times of a log's events are ahead of the clock, of the log with the most",
    ),
    (
        REOPENED_TOTAL,
        "times that a partition was opened again after a failure",
    ),
    (
        REBUILT_TOTAL,
        "times that the read models were built again beside the ones in use",
    ),
    (
        READS_BUSY_TOTAL,
        "reads of many rows that were refused because too many waited already",
    ),
];
