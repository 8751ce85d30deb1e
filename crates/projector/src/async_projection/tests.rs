//! What a follower promises.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use hansard_events::{Envelope, EventId, Provenance};
use hansard_types::AppId;
use parking_lot::Mutex;

use super::*;

const LOG: LogId = LogId {
    app: AppId(1_400_000_001),
    partition: 0,
};

fn event(sequence: u64) -> Recorded {
    let number = u8::try_from(sequence).expect("few");
    Recorded {
        sequence,
        envelope: Envelope {
            id: EventId::from_u128(sequence.into()),
            name: Cow::Borrowed("account.cloned"),
            version: 1,
            log: LOG,
            time: Timestamp(sequence),
            provenance: Provenance {
                actor: "administrator".to_owned(),
                correlation: None,
                causation: None,
            },
            chain: [number; 32],
        },
        event: None,
        erased: false,
    }
}

fn at(sequence: u64) -> Checkpoint {
    let chain = event(sequence).envelope.chain;
    Checkpoint { sequence, chain }
}

/// A log of so many events, which fails when it is told to.
#[derive(Clone)]
struct Events {
    committed: watch::Sender<u64>,
    failures: Arc<Mutex<VecDeque<SourceError>>>,
}

impl Events {
    fn up_to(end: u64) -> Self {
        Self {
            committed: watch::Sender::new(end),
            failures: Arc::default(),
        }
    }

    fn fail(&self, error: SourceError) {
        self.failures.lock().push_back(error);
    }
}

#[async_trait]
impl Source for Events {
    fn id(&self) -> LogId {
        LOG
    }

    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<Recorded>, SourceError> {
        if let Some(error) = self.failures.lock().pop_front() {
            return Err(error);
        }
        let end = *self.committed.borrow();
        Ok((from..=end).take(events_max).map(event).collect())
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }
}

/// What outlives a follower: what its commits brought to "disk".
#[derive(Default)]
struct Disk {
    checkpoint: Option<Checkpoint>,
    applied: Vec<u64>,
    /// How many events each commit held.
    commits: Vec<usize>,
}

#[derive(Clone)]
struct Numbers {
    disk: Arc<Mutex<Disk>>,
    waiting: Vec<Recorded>,
    refused: Option<u64>,
    is_full: bool,
    /// The last sequence that is on disk.
    durable: watch::Sender<u64>,
}

impl Numbers {
    fn new() -> Self {
        Self {
            disk: Arc::default(),
            waiting: Vec::new(),
            refused: None,
            is_full: false,
            durable: watch::Sender::new(0),
        }
    }

    fn applied(&self) -> Vec<u64> {
        self.disk.lock().applied.clone()
    }
}

impl AsyncProjection for Numbers {
    fn name(&self) -> &'static str {
        "numbers"
    }

    fn version(&self) -> u32 {
        3
    }

    fn checkpoint(&self, _partition: u16) -> Option<Checkpoint> {
        self.disk.lock().checkpoint
    }

    fn apply(&mut self, recorded: &Recorded) -> Result<(), BoxError> {
        if self.refused == Some(recorded.sequence) {
            return Err("told to fail".into());
        }
        self.waiting.push(recorded.clone());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        if self.is_full {
            return Err("the disk is full".into());
        }
        let mut disk = self.disk.lock();
        disk.commits.push(self.waiting.len());
        for recorded in self.waiting.drain(..) {
            disk.applied.push(recorded.sequence);
            disk.checkpoint = Some(at(recorded.sequence));
        }
        let end = disk.checkpoint.map_or(0, |at| at.sequence);
        self.durable.send_replace(end);
        Ok(())
    }
}

/// Soon, so that nobody waits long.
const SOON: FollowOptions = FollowOptions {
    batch_events_max: 2,
    commit_events_max: 1000,
    commit_interval: Duration::from_millis(1),
    retry_after: Duration::from_millis(1),
};

/// Follows until so much is on disk, and then until it was told to end.
async fn follow_up_to(numbers: &Numbers, events: &Events, end: u64) -> Status {
    let registry = Registry::default();
    let (shutdown, is_over) = watch::channel(false);
    let mut durable = numbers.durable.subscribe();
    let followed = follow(
        numbers.clone(),
        events.clone(),
        registry.clone(),
        SOON,
        is_over,
    );
    let waited = async {
        let reached = durable.wait_for(|sequence| *sequence >= end).await;
        drop(reached.expect("the test holds the sender"));
        shutdown.send_replace(true);
    };
    tokio::join!(followed, waited);
    status(&registry)
}

/// Follows until the projection stops, and says why it did.
async fn follow_to_the_stop(numbers: &Numbers, events: &Events) -> String {
    let registry = Registry::default();
    let (_shutdown, is_over) = watch::channel(false);
    follow(
        numbers.clone(),
        events.clone(),
        registry.clone(),
        SOON,
        is_over,
    )
    .await;
    match status(&registry).state {
        State::Stopped(reason) => reason,
        state @ (State::CatchingUp | State::Following) => panic!("it is {state:?}"),
    }
}

fn status(registry: &Registry) -> Status {
    let mut all = registry.all();
    let (log, status) = all.pop().expect("it has reported");
    assert_eq!((log, status.name, status.version), (LOG, "numbers", 3));
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_from_its_checkpoint_and_applies_no_event_twice() {
    let (numbers, events) = (Numbers::new(), Events::up_to(3));
    let followed = follow_up_to(&numbers, &events, 3).await;
    assert_eq!((followed.applied, followed.lag_events()), (3, 0));
    assert_eq!(followed.state, State::Following);
    assert_eq!(followed.applied_time, Timestamp(3));
    events.committed.send_replace(8);
    follow_up_to(&numbers, &events, 8).await;
    assert_eq!(numbers.applied(), (1..=8).collect::<Vec<_>>());
    assert_eq!(numbers.checkpoint(0), Some(at(8)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_later_is_followed() {
    let (numbers, events) = (Numbers::new(), Events::up_to(0));
    let later = async {
        for end in 1..=5 {
            events.committed.send_replace(end);
            tokio::task::yield_now().await;
        }
    };
    let (followed, ()) = tokio::join!(follow_up_to(&numbers, &events, 5), later);
    assert_eq!(followed.applied, 5);
    assert_eq!(numbers.applied(), [1, 2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_holds_a_bounded_number_of_events_and_the_one_at_the_end_the_rest() {
    let (numbers, events) = (Numbers::new(), Events::up_to(9));
    let (shutdown, is_over) = watch::channel(false);
    let options = FollowOptions {
        commit_events_max: 4,
        commit_interval: Duration::from_secs(3600),
        ..SOON
    };
    let registry = Registry::default();
    let mut durable = numbers.durable.subscribe();
    let followed = follow(numbers.clone(), events, registry, options, is_over);
    let waited = async {
        let reached = durable.wait_for(|sequence| *sequence == 8).await;
        drop(reached.expect("the test holds the sender"));
        shutdown.send_replace(true);
    };
    tokio::join!(followed, waited);
    assert_eq!(numbers.disk.lock().commits, [4, 4, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_stops_it_there_until_it_can() {
    let (mut numbers, events) = (Numbers::new(), Events::up_to(4));
    follow_up_to(&numbers, &events, 4).await;
    events.committed.send_replace(9);
    numbers.refused = Some(7);
    let reason = follow_to_the_stop(&numbers, &events).await;
    assert_eq!(reason, "event 7 cannot be applied: told to fail");
    let reached = numbers.checkpoint(0).expect("committed").sequence;
    assert!(reached < 7, "{reached}");
    assert_eq!(numbers.applied(), (1..=reached).collect::<Vec<_>>());
    numbers.refused = None;
    follow_up_to(&numbers, &events, 9).await;
    assert_eq!(numbers.applied(), (1..=9).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_stops_it_and_its_checkpoint_stays() {
    let (mut numbers, events) = (Numbers::new(), Events::up_to(2));
    numbers.is_full = true;
    let reason = follow_to_the_stop(&numbers, &events).await;
    assert_eq!(reason, "the commit failed: the disk is full");
    assert_eq!(numbers.checkpoint(0), None);
    numbers.is_full = false;
    follow_up_to(&numbers, &events, 2).await;
    assert_eq!(numbers.applied(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_away_is_waited_for_and_one_that_is_damaged_is_not() {
    let (numbers, events) = (Numbers::new(), Events::up_to(3));
    for _ in 0..3 {
        events.fail(SourceError::Unavailable("away".to_owned()));
    }
    follow_up_to(&numbers, &events, 3).await;
    assert_eq!(numbers.applied(), [1, 2, 3]);
    let (numbers, events) = (Numbers::new(), Events::up_to(3));
    events.fail(SourceError::Damaged("a hole at 2".to_owned()));
    assert_eq!(follow_to_the_stop(&numbers, &events).await, "a hole at 2");
    assert!(numbers.applied().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_not_the_one_it_has_applied_is_not_followed() {
    let (numbers, events) = (Numbers::new(), Events::up_to(5));
    numbers.disk.lock().checkpoint = Some(at(6));
    let reason = follow_to_the_stop(&numbers, &events).await;
    let text = "it has applied event 6, but the log ends at 5: rebuild it";
    assert_eq!(reason, text);
    let chain = [0xff; 32];
    numbers.disk.lock().checkpoint = Some(Checkpoint { chain, ..at(4) });
    let reason = follow_to_the_stop(&numbers, &events).await;
    assert!(reason.contains("the log was changed"), "{reason}");
    assert!(numbers.applied().is_empty());
    assert_eq!(numbers.checkpoint(0).map(|at| at.sequence), Some(4));
}
