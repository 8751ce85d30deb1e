//! A partition whose disk fails, or that panics, is opened again by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_events::header;
use hansard_log::{EventLog as _, Fault, Journal};
use hansard_projector::Registry;
use hansard_types::{LogId, Timestamp};
use tokio::time::{interval, timeout};

use crate::keeper::Instruction;
use crate::testing::{APP, FixedClock, LOG, World, create_app, fold, provenance, user};
use crate::{Clock, Engine, EngineOptions, Handle, Jump, SteadyClock, SubmitError};

fn log() -> LogId {
    LogId::new(APP, 0)
}

fn import(id: &str) -> Command {
    Command::ImportAccount(ImportAccount {
        user_id: user(id),
        nick: None,
        face_url: None,
    })
}

/// Sends until it is taken; what was said before.
async fn until_taken(handle: &Handle, id: &str) -> Vec<SubmitError> {
    let mut errors = Vec::new();
    // The clock is paused: it goes on when everyone waits.
    let mut ticks = interval(Duration::from_millis(20));
    let sending = async {
        loop {
            ticks.tick().await;
            match handle.submit(LOG, import(id), provenance()).await {
                Ok(_) => return,
                Err(error) => errors.push(error),
            }
        }
    };
    timeout(Duration::from_secs(60), sending)
        .await
        .expect("it is taken in the end");
    errors
}

/// The ids of all events of the app, each once.
async fn imported(world: &World) -> Vec<String> {
    let events = world.logs.get(log()).read(1, 1000).await.expect("reads");
    let mut ids: Vec<_> = events
        .iter()
        .map(|stored| stored.event.header(header::ID).map(str::to_owned))
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "each event once");
    ids.into_iter().flatten().collect()
}

/// A journal whose folder has gone: as little can be written as to a full disk.
struct BrokenJournal(PathBuf);

impl BrokenJournal {
    fn of(world: &World) -> Self {
        let away = world.journal.path().with_extension("away");
        std::fs::rename(world.journal.path(), &away).expect("renames");
        Self(away)
    }

    fn mend(self, world: &World) {
        std::fs::rename(self.0, world.journal.path()).expect("renames");
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_whose_journal_failed_goes_on_when_it_can_be_written() {
    let world = World::default();
    let mut engine = world.open().await.expect("opens");
    engine.create_app(create_app()).await.expect("is new");
    let handle = engine.handle();
    let broken = BrokenJournal::of(&world);
    let first = handle.submit(LOG, import("alice"), provenance()).await;
    assert!(
        matches!(first, Err(SubmitError::OutcomeUnknown(_))),
        "it is in the log, and not on disk: {first:?}"
    );
    let second = handle.submit(LOG, import("ben"), provenance()).await;
    assert!(
        matches!(&second, Err(SubmitError::Unavailable(reason)) if reason.contains("journal")),
        "nothing happens meanwhile: {second:?}"
    );
    let health = handle.health();
    assert!(!health.ready, "{health:?}");
    // Still broken after many tries.
    let mut ticks = interval(Duration::from_secs(1));
    for _ in 0..30 {
        ticks.tick().await;
        let third = handle.submit(LOG, import("ben"), provenance()).await;
        assert!(
            matches!(third, Err(SubmitError::Unavailable(_))),
            "{third:?}"
        );
    }
    broken.mend(&world);
    until_taken(&handle, "ben").await;
    assert!(handle.health().ready, "{:?}", handle.health());
    for id in ["alice", "ben"] {
        let account = handle.account(APP, &user(id)).expect("readable");
        assert!(account.is_some(), "{id}");
    }
    until_taken(&handle, "cho").await;
    engine.shutdown().await;
    assert_eq!(imported(&world).await.len(), 3);
    let again = world.open().await.expect("what it left can be opened");
    again.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_cannot_be_opened_again_ends_with_the_server() {
    let world = World::default();
    let mut engine = world.open().await.expect("opens");
    engine.create_app(create_app()).await.expect("is new");
    let handle = engine.handle();
    let broken = BrokenJournal::of(&world);
    let first = handle.submit(LOG, import("alice"), provenance()).await;
    assert!(first.is_err(), "{first:?}");
    timeout(Duration::from_secs(10), engine.shutdown())
        .await
        .expect("nothing is waited for");
    broken.mend(&world);
}

/// A clock that brings down whoever asks it next.
struct TrickClock {
    clock: SteadyClock<FixedClock>,
    armed: AtomicBool,
}

impl Clock for TrickClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        assert!(!self.armed.swap(false, Ordering::SeqCst), "told to panic");
        self.clock.elapsed()
    }

    fn jump(&self) -> Option<Jump> {
        self.clock.jump()
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_panics_is_opened_again() {
    let world = World::default();
    let clock = Arc::new(TrickClock {
        clock: SteadyClock::new(world.clock.clone()),
        armed: AtomicBool::new(false),
    });
    let journal = Journal::open(world.journal.path()).expect("opens");
    let options = EngineOptions {
        store: world.store.clone(),
        fold: Arc::new(fold()),
        journal: Some(Arc::new(journal)),
        archive: None,
        registry: Registry::default(),
        clock: Arc::clone(&clock) as _,
        ids: Arc::new(world.ids.clone()),
        progress: Arc::new(()),
        generations: None,
    };
    let mut engine = Engine::open(options, Arc::new(world.logs.clone()))
        .await
        .expect("opens");
    engine.create_app(create_app()).await.expect("is new");
    let handle = engine.handle();
    until_taken(&handle, "alice").await;
    clock.armed.store(true, Ordering::SeqCst);
    let errors = until_taken(&handle, "ben").await;
    assert!(
        matches!(errors.first(), Some(SubmitError::OutcomeUnknown(_))),
        "{errors:?}"
    );
    until_taken(&handle, "cho").await;
    assert!(handle.health().ready, "{:?}", handle.health());
    engine.shutdown().await;
    assert_eq!(imported(&world).await.len(), 3);
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let mut ticks = interval(Duration::from_millis(100));
    let waiting = async {
        while !is_so() {
            ticks.tick().await;
        }
    };
    timeout(Duration::from_secs(120), waiting)
        .await
        .unwrap_or_else(|_elapsed| panic!("in time: {what}"));
}

async fn with_alice(world: &World) -> Engine {
    let mut engine = world.open().await.expect("opens");
    let created = engine.create_app(create_app()).await;
    created.expect("is new");
    let handle = engine.handle();
    let imported = handle.submit(LOG, import("alice"), provenance()).await;
    imported.expect("taken");
    engine
}

#[tokio::test(start_paused = true)]
async fn a_log_that_has_lost_its_end_is_mended_whether_or_not_anybody_writes() {
    let world = World::default();
    let engine = with_alice(&world).await;
    let handle = engine.handle();
    let end = *handle.committed(log()).expect("the app").borrow();
    let stream = world.logs.get(log());
    stream.truncate(0);
    until("it is noticed", || !handle.health().ready).await;
    let said = handle.health().reasons.join(" ");
    assert!(said.contains("the log ends at event 0"), "{said}");
    until("it is mended", || handle.health().ready).await;
    assert_eq!(stream.last().await.expect("readable"), end);
    // The end goes while somebody waits for a round.
    stream.truncate(end - 1);
    let ben = handle.submit(LOG, import("ben"), provenance()).await;
    assert!(
        matches!(ben, Err(SubmitError::OutcomeUnknown(_))),
        "nobody waits for ever: {ben:?}"
    );
    until_taken(&handle, "ben").await;
    engine.shutdown().await;
    assert_eq!(imported(&world).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_round_without_a_result_and_a_silent_log_are_said() {
    let world = World::default();
    let engine = with_alice(&world).await;
    let handle = engine.handle();
    let stream = world.logs.get(log());
    for _ in 0..10_000 {
        stream.inject(Fault::Unavailable);
    }
    let answered = AtomicBool::new(false);
    let waiting = async {
        let answer = handle.submit(LOG, import("ben"), provenance()).await;
        answered.store(true, Ordering::SeqCst);
        answer
    };
    let said = async {
        until("it is said", || {
            let reasons = handle.health().reasons.join(" ");
            reasons.contains("its oldest round has had no result for")
        })
        .await;
        stream.fail_reads(usize::MAX);
        until("that is said too", || {
            let reasons = handle.health().reasons.join(" ");
            reasons.contains("its log has not answered for")
        })
        .await;
        assert!(!answered.load(Ordering::SeqCst), "it is waited for");
        stream.clear_faults();
    };
    let (answer, ()) = tokio::join!(waiting, said);
    answer.expect("taken in the end");
    until("all is well", || handle.health().ready).await;
    engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_deposed_writer_stays_stopped_whatever_it_is_told() {
    let world = World::default();
    let engine = with_alice(&world).await;
    let handle = engine.handle();
    let stream = world.logs.get(log());
    let others = stream.read(1, 1).await.expect("readable");
    let other = others.first().expect("an event").event.clone();
    stream.inject(Fault::SecondWriter(Box::new(other)));
    let ben = handle.submit(LOG, import("ben"), provenance()).await;
    assert!(ben.is_err(), "{ben:?}");
    let keeper = handle.shared.doors.read()[&log()].keeper.clone();
    let mut ticks = interval(Duration::from_secs(1));
    for _ in 0..20 {
        keeper.send(Instruction::Retry).await.expect("it is there");
        ticks.tick().await;
        let said = handle.health().reasons.join(" ");
        assert!(said.contains("fenced off"), "{said}");
    }
    engine.shutdown().await;
}
