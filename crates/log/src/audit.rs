use hansard_events::{chain, header};
use hansard_types::limits;

use crate::{Error, Reader};

/// What an audit found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditReport {
    /// Events walked, from the first.
    pub events: u64,
    /// The chain value after the last one: two copies of a log with the same value here hold the
    /// same events.
    pub chain: chain::Chain,
}

/// Why a log is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum AuditFailure {
    #[error("event {sequence}: {what}")]
    Broken { sequence: u64, what: &'static str },
    #[error(transparent)]
    Log(#[from] Error),
}

/// Walks the hash chain from the first event to the committed end. `progress` is told the last
/// sequence walked and the end.
///
/// # Errors
/// [`AuditFailure`], at the first event that is missing or is not what was written.
pub async fn verify(
    reader: &Reader,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<AuditReport, AuditFailure> {
    let end = *reader.committed().borrow();
    let prefix = format!("{}.", reader.id().subject_prefix());
    let mut value = chain::genesis(reader.id());
    let mut walked = 0;
    while walked < end {
        for stored in reader.read(walked + 1, limits::READ_BATCH_MAX).await? {
            let broken = |what| AuditFailure::Broken {
                sequence: stored.sequence,
                what,
            };
            if !stored.event.subject.starts_with(&prefix) {
                return Err(broken("its subject is of another log"));
            }
            let said = stored.event.header(header::CHAIN).and_then(chain::from_hex);
            let said = said.ok_or_else(|| broken("it has no chain value"))?;
            value = chain::next(&value, &stored.event);
            if said != value {
                return Err(broken(
                    "its hash does not follow from the event before it: one of the two was \
                     changed, or events between them are lost",
                ));
            }
            walked = stored.sequence;
        }
        progress(walked, end);
    }
    Ok(AuditReport {
        events: walked,
        chain: value,
    })
}
