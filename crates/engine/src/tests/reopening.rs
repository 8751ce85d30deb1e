//! A partition whose disk fails, or that panics, is opened again by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_domain::app::CreateApp;
use hansard_events::header;
use hansard_log::{EventLog as _, Journal};
use hansard_projector::Registry;
use hansard_types::{LogId, Timestamp};
use tokio::time::{interval, timeout};

use crate::testing::{APP, FixedClock, LOG, World, fold, provenance, user};
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

fn create_app() -> CreateApp {
    CreateApp {
        app_id: APP,
        administrators: vec![user("administrator")],
        secret_fingerprint: "test".to_owned(),
    }
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
