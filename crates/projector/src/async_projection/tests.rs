//! What follows goes on through everything that may pass, and stops at nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hansard_events::{Envelope, EventId, Provenance, RawEvent};
use hansard_types::AppId;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::*;

const LOG: LogId = LogId {
    app: AppId(7),
    partition: 0,
};

fn event(sequence: u64) -> Recorded {
    Recorded {
        sequence,
        envelope: Envelope {
            id: EventId::from_u128(u128::from(sequence)),
            name: "message.sent".into(),
            version: 1,
            log: LOG,
            time: Timestamp(sequence),
            provenance: Provenance {
                actor: "administrator".to_owned(),
                correlation: None,
                causation: None,
            },
            chain: chain_at(sequence),
        },
        event: None,
        erased: false,
    }
}

fn chain_at(sequence: u64) -> [u8; 32] {
    [u8::try_from(sequence).unwrap_or(u8::MAX); 32]
}

/// A log that may fail to be read for a while.
#[derive(Clone)]
struct Log {
    end: watch::Receiver<u64>,
    failing: Arc<AtomicUsize>,
}

fn shared(sequence: u64) -> Arc<Committed> {
    let nothing = RawEvent::new("", std::iter::empty(), &[]);
    Arc::new(Committed::decided(event(sequence), nothing))
}

#[async_trait]
impl Source for Log {
    fn id(&self) -> LogId {
        LOG
    }

    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<Arc<Committed>>, SourceError> {
        let fails = |left: usize| left.checked_sub(1);
        if let Ok(left) = self
            .failing
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails)
        {
            return Err(if left.is_multiple_of(2) {
                SourceError::Unavailable("told to fail".to_owned())
            } else {
                SourceError::Damaged("told to fail".to_owned())
            });
        }
        let end = *self.end.borrow();
        Ok((from..=end).take(events_max).map(shared).collect())
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.end.clone()
    }
}

/// Applies everything but one event.
struct Picky {
    applied: Arc<Mutex<Vec<u64>>>,
    start: Option<Checkpoint>,
    refuses: Option<(u64, fn() -> ApplyError)>,
}

impl AsyncProjection for Picky {
    fn name(&self) -> &'static str {
        "picky"
    }

    fn version(&self) -> u32 {
        1
    }

    fn checkpoint(&self, _partition: u16) -> Option<Checkpoint> {
        self.start
    }

    fn apply(&mut self, recorded: &Recorded) -> Result<(), ApplyError> {
        if let Some((refused, error)) = self.refuses
            && refused == recorded.sequence
        {
            return Err(error());
        }
        self.applied.lock().push(recorded.sequence);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        Ok(())
    }
}

struct Rig {
    registry: Registry,
    applied: Arc<Mutex<Vec<u64>>>,
    end: watch::Sender<u64>,
    stop: watch::Sender<bool>,
    following: JoinSet<Ended>,
}

impl Rig {
    fn start(
        end: u64,
        failing: usize,
        start: Option<Checkpoint>,
        refuses: Option<(u64, fn() -> ApplyError)>,
    ) -> Self {
        let (end, seen) = watch::channel(end);
        let (stop, stopped) = watch::channel(false);
        let (registry, applied) = (Registry::default(), Arc::default());
        let log = Log {
            end: seen,
            failing: Arc::new(AtomicUsize::new(failing)),
        };
        let picky = Picky {
            applied: Arc::clone(&applied),
            start,
            refuses,
        };
        let options = FollowOptions {
            batch_events_max: 3,
            retry_after: (Duration::from_millis(1), Duration::from_millis(2)),
            ..FollowOptions::default()
        };
        let mut following = JoinSet::new();
        following.spawn(follow(picky, log, registry.clone(), options, stopped));
        Self {
            registry,
            applied,
            end,
            stop,
            following,
        }
    }

    async fn until_applied(&self, last: u64) {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let waiting = async {
            while self.applied.lock().last() != Some(&last) {
                ticks.tick().await;
            }
        };
        let within = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        within.expect("in time");
    }

    async fn ended(&mut self) -> Ended {
        let ended = self.following.join_next().await;
        ended.expect("it was begun").expect("it does not panic")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_does_not_read_is_read_again_for_as_long_as_it_takes() {
    let mut rig = Rig::start(7, 40, None, None);
    rig.until_applied(7).await;
    rig.end.send_replace(9);
    rig.until_applied(9).await;
    assert_eq!(*rig.applied.lock(), (1..=9).collect::<Vec<_>>());
    rig.stop.send_replace(true);
    assert_eq!(rig.ended().await, Ended::ShutDown);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_stops_it_with_its_name_and_what_to_do() {
    let refuses: fn() -> ApplyError = || ApplyError::Event("it is odd".into());
    let panics: fn() -> ApplyError = || panic!("told to");
    for (refused, why) in [(refuses, "it is odd"), (panics, "it panicked")] {
        let mut rig = Rig::start(7, 0, None, Some((5, refused)));
        let Ended::Stopped(reason) = rig.ended().await else {
            panic!("it stops");
        };
        for part in ["event 5 (message.sent)", why, "hansard projections retry"] {
            assert!(reason.contains(part), "{part}: {reason}");
        }
        assert_eq!(*rig.applied.lock(), [1, 2, 3, 4]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_medium_that_fails_and_another_log_are_no_reason_to_stop() {
    let full: fn() -> ApplyError = || ApplyError::Medium("no room".into());
    let mut rig = Rig::start(7, 0, None, Some((5, full)));
    let ended = rig.ended().await;
    assert!(
        matches!(&ended, Ended::Failed(reason) if reason.contains("no room")),
        "{ended:?}"
    );
    let at = |sequence, chain| Some(Checkpoint { sequence, chain });
    let mut rig = Rig::start(7, 3, at(4, chain_at(4)), None);
    rig.until_applied(7).await;
    assert_eq!(*rig.applied.lock(), [5, 6, 7], "from its checkpoint on");
    assert!(rig.registry.troubles().is_empty());
    rig.stop.send_replace(true);
    assert_eq!(rig.ended().await, Ended::ShutDown);
    for foreign in [at(9, chain_at(9)), at(4, chain_at(3))] {
        let mut rig = Rig::start(7, 0, foreign, None);
        assert!(matches!(rig.ended().await, Ended::Foreign(_)));
    }
}
