//! Following the log: everything once, committed in time, and loud where it ends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hansard_events::account::AccountDeleted;
use hansard_events::{Committed, RawEvent, Recorded};
use hansard_projector::{
    ApplyError, AsyncProjection, BoxError, Ended, FollowOptions, Registry, Source, SourceError,
    State, Status, follow,
};
use hansard_testkit::{LOG, recorded, user};
use hansard_types::{Checkpoint, LogId};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a projection has applied, and what of it is durable.
#[derive(Debug, Default)]
struct Built {
    applied: Vec<u64>,
    durable: usize,
    commits: usize,
}

/// Remembers sequences; refuses one of them.
struct Sequences {
    built: Arc<Mutex<Built>>,
    start: Option<Checkpoint>,
    refuses: Option<u64>,
    changed: watch::Sender<usize>,
}

impl AsyncProjection for Sequences {
    fn name(&self) -> &'static str {
        "sequences"
    }

    fn version(&self) -> u32 {
        4
    }

    fn checkpoint(&self, _partition: u16) -> Option<Checkpoint> {
        self.start
    }

    fn apply(&mut self, recorded: &Recorded) -> Result<(), ApplyError> {
        if self.refuses == Some(recorded.sequence) {
            return Err(ApplyError::Event("it is poison".into()));
        }
        self.built.lock().applied.push(recorded.sequence);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), BoxError> {
        let mut built = self.built.lock();
        built.durable = built.applied.len();
        built.commits += 1;
        self.changed.send_replace(built.durable);
        Ok(())
    }
}

/// A log that grows when it is told to, and fails as often as it is told to.
#[derive(Clone)]
struct Log {
    end: Arc<watch::Sender<u64>>,
    unavailable: Arc<Mutex<u32>>,
}

impl Log {
    fn of(end: u64) -> Self {
        Self {
            end: Arc::new(watch::channel(end).0),
            unavailable: Arc::default(),
        }
    }
}

fn event(sequence: u64) -> Recorded {
    let mut recorded = recorded(
        sequence,
        AccountDeleted {
            user_id: user("ann"),
        },
    );
    recorded.envelope.chain = [u8::try_from(sequence % 251).expect("small"); 32];
    recorded
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
        let fails = {
            let mut left = self.unavailable.lock();
            let fails = *left > 0;
            *left = left.saturating_sub(1);
            fails
        };
        if fails {
            return Err(SourceError::Unavailable("it restarts".to_owned()));
        }
        let end = *self.end.borrow();
        let sequences = (from..=end).take(events_max);
        Ok(sequences.map(shared).collect())
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }
}

/// A projection that follows a log on a task of its own.
struct Following {
    built: Arc<Mutex<Built>>,
    registry: Registry,
    durable: watch::Receiver<usize>,
    shutdown: watch::Sender<bool>,
    task: JoinHandle<Ended>,
}

impl Following {
    fn start(
        log: &Log,
        start: Option<Checkpoint>,
        refuses: Option<u64>,
        options: FollowOptions,
    ) -> Self {
        let built = Arc::new(Mutex::new(Built::default()));
        let registry = Registry::default();
        let (changed, durable) = watch::channel(0);
        let projection = Sequences {
            built: Arc::clone(&built),
            start,
            refuses,
            changed,
        };
        let (shutdown, is_shutting_down) = watch::channel(false);
        let following = follow(
            projection,
            log.clone(),
            registry.clone(),
            options,
            is_shutting_down,
        );
        #[expect(clippy::disallowed_methods, reason = "joined by stop and stopped")]
        let task = tokio::spawn(following);
        Self {
            built,
            registry,
            durable,
            shutdown,
            task,
        }
    }

    async fn durable(&mut self, count: usize) {
        let reached = self.durable.wait_for(|durable| *durable >= count);
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        reached.expect("in time").expect("it follows");
    }

    fn status(&self) -> Status {
        let rows = self.registry.all();
        let [(log, status)] = &rows[..] else {
            panic!("one projection reports: {rows:?}");
        };
        assert_eq!(*log, LOG, "of its log");
        status.clone()
    }

    /// Waits until it has ended by itself: how.
    async fn ended(self) -> Ended {
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        let ended = ended.expect("in time").expect("no panic");
        drop(self.shutdown);
        ended
    }

    async fn stop(self) -> (Vec<u64>, usize) {
        self.shutdown.send_replace(true);
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.expect("in time").expect("no panic");
        let built = self.built.lock();
        (built.applied.clone(), built.durable)
    }
}

fn options() -> FollowOptions {
    FollowOptions {
        batch_events_max: 7,
        commit_events_max: 10,
        commit_interval: Duration::from_millis(5),
        retry_after: (Duration::from_millis(1), Duration::from_millis(1)),
        ..FollowOptions::default()
    }
}

fn up_to(end: u64) -> Vec<u64> {
    (1..=end).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_catches_up_and_follows_what_comes() {
    let log = Log::of(20);
    let mut following = Following::start(&log, None, None, options());
    following.durable(20).await;
    for end in 21..=25 {
        log.end.send_replace(end);
        following
            .durable(usize::try_from(end).expect("small"))
            .await;
    }
    let status = following.status();
    assert_eq!((status.name, status.version), ("sequences", 4));
    assert_eq!((status.applied, status.lag_events()), (25, 0));
    assert_eq!(status.state, State::Following);
    assert!(!status.inline);
    assert_eq!(following.stop().await, (up_to(25), 25));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_is_committed_at_the_end() {
    let log = Log::of(3);
    let patient = FollowOptions {
        commit_interval: Duration::from_secs(3600),
        commit_events_max: 3,
        ..options()
    };
    let mut following = Following::start(&log, None, None, patient);
    following.durable(3).await;
    // Neither many nor late: the end commits it.
    log.end.send_replace(4);
    let (mut registry, reached) = (following.registry.clone(), PATIENCE);
    let applied = async {
        while registry.all()[0].1.applied < 4 {
            registry = following.registry.clone();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(reached, applied)
        .await
        .expect("in time");
    assert_eq!(following.built.lock().durable, 3);
    assert_eq!(following.stop().await, (up_to(4), 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_where_its_checkpoint_is() {
    let log = Log::of(9);
    let start = Checkpoint {
        sequence: 6,
        chain: event(6).envelope.chain,
    };
    let mut following = Following::start(&log, Some(start), None, options());
    following.durable(3).await;
    assert_eq!(following.stop().await, (vec![7, 8, 9], 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_is_not_the_logs_stops_it() {
    let at = |sequence, chain| Some(Checkpoint { sequence, chain });
    let other = Following::start(&Log::of(9), at(6, [99; 32]), None, options());
    let ended = other.ended().await;
    assert!(
        matches!(&ended, Ended::Foreign(reason) if reason.contains("event 6 is not the one")),
        "{ended:?}"
    );
    let ahead = at(10, event(10).envelope.chain);
    let ahead = Following::start(&Log::of(9), ahead, None, options());
    let ended = ahead.ended().await;
    assert!(
        matches!(&ended, Ended::Foreign(reason) if reason.contains("the log ends at 9")),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_stops_it_there() {
    let following = Following::start(&Log::of(20), None, Some(12), options());
    let built = Arc::clone(&following.built);
    let Ended::Stopped(reason) = following.ended().await else {
        panic!("it stops");
    };
    assert!(reason.contains("event 12"), "{reason}");
    assert!(reason.contains("it is poison"), "{reason}");
    assert_eq!(built.lock().applied, up_to(11), "none is skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_away_is_waited_for() {
    let log = Log::of(5);
    *log.unavailable.lock() = 3;
    let mut following = Following::start(&log, None, None, options());
    following.durable(5).await;
    assert_eq!(following.stop().await, (up_to(5), 5));
}
