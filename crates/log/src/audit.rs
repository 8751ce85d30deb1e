use hansard_events::{chain, decode, header};
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
            value = chain::next(&value, &stored.event)
                .ok_or_else(|| broken("it has neither a body with its salt nor a commitment"))?;
            if said != value {
                return Err(broken(
                    "its hash does not follow from the event before it: one of the two was \
                     changed, or events between them are lost",
                ));
            }
            let recorded = decode(stored.sequence, &stored.event);
            let recorded = recorded.map_err(|_| broken("it does not read as an event"))?;
            if recorded.envelope.log != reader.id() {
                return Err(broken("it says that it was written for another log"));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hansard_events::RawEvent;
    use hansard_types::{AppId, LogId};

    use super::*;
    use crate::conformance::{events, units};
    use crate::{EventLog as _, MemoryLog};

    fn id() -> LogId {
        LogId::new(AppId(7), 0)
    }

    /// What an audit says of ten events, the last of which was changed and hashed again.
    async fn audited(change: impl FnOnce(&mut RawEvent)) -> Result<AuditReport, AuditFailure> {
        let log = MemoryLog::new(id());
        let written = events(id(), 10);
        log.append(0, &units(&written)).await.expect("appends");
        let before = written[8].event.header(header::CHAIN);
        let before = before.and_then(chain::from_hex).expect("is chained");
        log.tamper(10, |event| {
            change(event);
            let value = chain::next(&before, event).expect("it has a salt");
            let value = chain::to_hex(&value);
            set(event, header::CHAIN, value);
        });
        let reader = Reader::at_end(Arc::new(log)).await.expect("reads");
        verify(&reader, |_, _| {}).await
    }

    fn set(event: &mut RawEvent, name: &str, value: String) {
        for (key, held) in &mut event.headers {
            if key == name {
                *held = value.clone().into();
            }
        }
    }

    #[tokio::test]
    async fn a_whole_log_is_walked_to_its_end() {
        let report = audited(|_| {}).await.expect("is whole");
        assert_eq!(report.events, 10);
        let newest = events(id(), 10).remove(9).event;
        assert_eq!(
            newest.header(header::CHAIN),
            Some(chain::to_hex(&report.chain).as_str())
        );
    }

    #[tokio::test]
    async fn the_first_event_that_is_wrong_is_named_even_when_it_was_hashed_again() {
        let broken = |result| match result {
            Err(AuditFailure::Broken { sequence, what }) => (sequence, what),
            other => panic!("{other:?}"),
        };
        let source = |event: &mut RawEvent| set(event, header::SOURCE, "/apps/8/0".to_owned());
        let subject = |event: &mut RawEvent| event.subject = "hansard.8.0.account.x.00".to_owned();
        let body = |event: &mut RawEvent| event.body.clear();
        let (sequence, what) = broken(audited(source).await);
        assert_eq!((sequence, what.contains("another log")), (10, true));
        let (sequence, what) = broken(audited(subject).await);
        assert_eq!((sequence, what.contains("subject")), (10, true));
        let (sequence, what) = broken(audited(body).await);
        assert_eq!((sequence, what.contains("does not read")), (10, true));
    }

    #[tokio::test]
    async fn a_changed_event_breaks_the_chain_where_it_stands() {
        let log = MemoryLog::new(id());
        log.append(0, &units(&events(id(), 10)))
            .await
            .expect("appends");
        log.tamper(4, |event| event.body.push(0));
        let reader = Reader::at_end(Arc::new(log)).await.expect("reads");
        let failure = verify(&reader, |_, _| {}).await;
        assert!(
            matches!(failure, Err(AuditFailure::Broken { sequence: 4, .. })),
            "{failure:?}"
        );
    }
}
