//! What every log must do, written once.
#![expect(
    clippy::missing_assert_message,
    reason = "the suite runs in tests only, where an equality shows both sides"
)]

use std::ops::RangeInclusive;

use hansard_events::account::AccountImported;
use hansard_events::{
    Event, EventId, Identity, Provenance, RawEvent, chain, decode, encode, header,
};
use hansard_types::{LogId, Timestamp, UserId, limits};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::{AppendError, EventLog, StoredEvent, Unit};

/// Chained events of a log, from its first sequence.
///
/// # Panics
/// Never, for numbers of events that fit a test.
#[must_use]
pub fn events(log: LogId, count: usize) -> Vec<StoredEvent> {
    let nick = |sequence| format!("number {sequence} 번째 第");
    chained(log, 1..=count as u64, chain::genesis(log), nick)
}

fn chained(
    log: LogId,
    sequences: RangeInclusive<u64>,
    previous: chain::Chain,
    nick: impl Fn(u64) -> String,
) -> Vec<StoredEvent> {
    let mut value = previous;
    let mut events = Vec::new();
    for sequence in sequences {
        let event = Event::from(AccountImported {
            user_id: UserId::new(&format!("user{sequence}")).expect("a valid id"),
            nick: Some(nick(sequence)),
            face_url: None,
        });
        let provenance = provenance("administrator");
        let number = u128::from(log.app.0) << 64 | u128::from(sequence);
        let identity = Identity {
            id: EventId::from_u128(number),
            salt: number.to_be_bytes(),
        };
        let time = Timestamp(1_794_000_000_000 + sequence);
        let (raw, envelope) =
            encode(&event, identity, log, time, provenance, &value).expect("an account encodes");
        value = envelope.chain;
        events.push(StoredEvent {
            sequence,
            event: raw,
        });
    }
    events
}

fn provenance(actor: &str) -> Provenance {
    Provenance {
        actor: actor.to_owned(),
        correlation: Some(actor.to_owned()).filter(|_| actor != "administrator"),
        causation: None,
    }
}

/// The parts of an event, to be changed as a damaged disk would, or someone else.
#[derive(Debug, Clone)]
pub struct Parts {
    pub subject: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Parts {
    /// Gives a header another value.
    pub fn set(&mut self, name: &str, value: &str) {
        for (_, held) in self.headers.iter_mut().filter(|(key, _)| key == name) {
            value.clone_into(held);
        }
    }
}

/// Changes parts of an event, and nothing else: its chain value stays what it says.
pub fn edit(event: &mut RawEvent, change: impl FnOnce(&mut Parts)) {
    let headers = event.headers().map(|(k, v)| (k.to_owned(), v.to_owned()));
    let mut parts = Parts {
        subject: event.subject().to_owned(),
        headers: headers.collect(),
        body: event.body().to_vec(),
    };
    change(&mut parts);
    let headers = parts.headers.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    *event = RawEvent::new(&parts.subject, headers, &parts.body);
}

/// Adds a byte to an event's body.
pub fn spoil(event: &mut RawEvent) {
    edit(event, |parts| parts.body.push(0));
}

/// Everything that a user or a caller may choose, and more.
fn actors() -> Vec<String> {
    let mut actors: Vec<String> = [
        "ben ",
        " ben",
        " ",
        "",
        "%20",
        "a%zz",
        "\t",
        "a\r\nb: c",
        "ㅋㅋ",
        "\u{85}é\0",
    ]
    .map(str::to_owned)
    .to_vec();
    actors.extend((0..=0x7f_u8).map(|byte| format!("{0}x{0}", char::from(byte))));
    let mut rng = StdRng::seed_from_u64(9);
    actors.extend((0..300).map(|_| {
        let length = rng.random_range(0..12);
        let one = |_| {
            if rng.random_bool(0.5) {
                char::from(rng.random_range(0..0x80))
            } else {
                rng.random()
            }
        };
        (0..length).map(one).collect::<String>()
    }));
    actors
}

/// Appends events under every provenance, reads them back and walks their chain.
async fn values_of_headers_come_back_as_they_were_written(log: &dyn EventLog) {
    let end = log.last().await.expect("reads");
    let before = log.read(end, 1).await.expect("reads");
    let value = before
        .first()
        .and_then(|stored| stored.event.header(header::CHAIN));
    let mut value = value.and_then(chain::from_hex).expect("is chained");
    let previous = value;
    let mut written = Vec::new();
    for (sequence, actor) in (end + 1..).zip(actors()) {
        let event = Event::from(AccountImported {
            user_id: UserId::new("ben ").expect("a valid id"),
            nick: None,
            face_url: None,
        });
        let identity = Identity {
            id: EventId::from_u128(u128::from(sequence)),
            salt: [9; 16],
        };
        let time = Timestamp(1_795_000_000_000 + sequence);
        let provenance = provenance(&actor);
        let (raw, envelope) =
            encode(&event, identity, log.id(), time, provenance, &value).expect("encodes");
        value = envelope.chain;
        written.push(StoredEvent {
            sequence,
            event: raw,
        });
    }
    log.append(end, &units(&written)).await.expect("appends");
    let read = log.read(end + 1, written.len()).await.expect("reads");
    assert_eq!(read, written);
    let mut value = previous;
    for (stored, actor) in read.iter().zip(actors()) {
        let recorded = decode(stored.sequence, &stored.event).expect("reads");
        assert_eq!(recorded.envelope.provenance, provenance(&actor));
        value = chain::next(&value, &stored.event).expect("it has a salt");
        assert_eq!(recorded.envelope.chain, value, "{actor:?}");
    }
}

/// One unit for each event.
#[must_use]
pub fn units(events: &[StoredEvent]) -> Vec<Unit> {
    events
        .iter()
        .map(|stored| vec![stored.event.clone()])
        .collect()
}

/// Runs the suite on an empty log.
///
/// # Panics
/// When the log does not do what every log must.
pub async fn suite(log: &dyn EventLog) {
    let written = events(log.id(), 1300);
    an_empty_log_has_no_end(log).await;
    what_is_appended_is_read_back(log, &written).await;
    another_end_is_a_conflict_and_adds_nothing(log, &written).await;
    a_unit_of_several_events_is_in_whole(log, &written).await;
    long_ranges_are_read_in_order(log, &written).await;
    large_events_are_read_whole(log, &written).await;
    values_of_headers_come_back_as_they_were_written(log).await;
}

async fn an_empty_log_has_no_end(log: &dyn EventLog) {
    assert_eq!(log.last().await.expect("reads"), 0);
    assert_eq!(log.read(1, 10).await.expect("reads"), []);
}

async fn what_is_appended_is_read_back(log: &dyn EventLog, written: &[StoredEvent]) {
    log.append(0, &units(&written[..1])).await.expect("appends");
    assert_eq!(log.last().await.expect("reads"), 1);
    assert_eq!(log.read(1, 10).await.expect("reads"), written[..1]);
    log.append(1, &units(&written[1..10]))
        .await
        .expect("appends");
    assert_eq!(log.read(1, 100).await.expect("reads"), written[..10]);
    assert_eq!(log.read(4, 3).await.expect("reads"), written[3..6]);
    assert_eq!(log.read(11, 3).await.expect("reads"), []);
    assert_eq!(log.read(500, 3).await.expect("reads"), []);
}

async fn another_end_is_a_conflict_and_adds_nothing(log: &dyn EventLog, written: &[StoredEvent]) {
    for expected_last in [0, 9, 11, 1000] {
        let outcome = log.append(expected_last, &units(&written[10..13])).await;
        assert!(
            matches!(
                outcome,
                Err(AppendError::Conflict { .. } | AppendError::Unknown(_))
            ),
            "{expected_last}: {outcome:?}"
        );
        assert_eq!(
            log.last().await.expect("reads"),
            10,
            "expected {expected_last}"
        );
    }
}

async fn a_unit_of_several_events_is_in_whole(log: &dyn EventLog, written: &[StoredEvent]) {
    let together =
        |events: &[StoredEvent]| events.iter().map(|one| one.event.clone()).collect::<Unit>();
    let mixed = vec![
        together(&written[10..11]),
        together(&written[11..14]),
        together(&written[14..15]),
        together(&written[15..17]),
    ];
    log.append(10, &mixed).await.expect("appends");
    assert_eq!(log.read(1, 100).await.expect("reads"), written[..17]);
    let outcome = log.append(3, &[together(&written[17..20])]).await;
    assert!(outcome.is_err(), "at another end");
    assert_eq!(log.last().await.expect("reads"), 17, "nothing of it is in");
}

async fn long_ranges_are_read_in_order(log: &dyn EventLog, written: &[StoredEvent]) {
    log.append(17, &units(&written[17..1000]))
        .await
        .expect("appends");
    log.append(1000, &units(&written[1000..]))
        .await
        .expect("appends");
    let mut read = Vec::new();
    loop {
        let page = log.read(read.len() as u64 + 1, 400).await.expect("reads");
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert_eq!(read, written);
    assert_eq!(log.read(1299, 400).await.expect("reads"), written[1298..]);
}

/// Together more than one answer of a log can bring.
async fn large_events_are_read_whole(log: &dyn EventLog, written: &[StoredEvent]) {
    let newest = written.last().expect("is there");
    let (end, value) = (newest.sequence, newest.event.header(header::CHAIN));
    let value = value.and_then(chain::from_hex).expect("is chained");
    let nick = |_| "x".repeat(limits::EVENT_BYTES_MAX - 1024);
    let large = chained(log.id(), end + 1..=end + 20, value, nick);
    log.append(end, &units(&large)).await.expect("appends");
    let mut read = Vec::new();
    loop {
        let page = log.read(end + 1 + read.len() as u64, 100).await;
        let page = page.expect("reads");
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert!(read == large, "{} of {} events", read.len(), large.len());
}

#[cfg(test)]
mod tests {
    use hansard_types::AppId;

    use crate::MemoryLog;

    #[tokio::test]
    async fn the_log_in_memory_conforms() {
        super::suite(&MemoryLog::new(hansard_types::LogId::new(AppId(7), 0))).await;
    }
}
