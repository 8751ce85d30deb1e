//! The one place of the command line that asks for the time.

use hansard_types::Timestamp;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "signatures and `2h ago` begin at the machine's time"
)]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ms = since.map_or(0, |elapsed| elapsed.as_millis());
    Timestamp(u64::try_from(ms).unwrap_or(u64::MAX))
}
