//! Read models that are damaged: what still works goes on, and they are built again from the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_domain::message::{Content, SendC2c};
use hansard_log::Journal;
use hansard_projector::{Order, Registry};
use hansard_store::{MemoryStore, Store};
use hansard_types::LogId;
use parking_lot::Mutex;
use tokio::time::{interval, timeout};

use crate::testing::{APP, LOG, World, fold, provenance, user};
use crate::{Engine, EngineOptions, Generations, Handle, SteadyClock, SubmitError};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Generations in memory.
#[derive(Default)]
struct Kept {
    begun: Mutex<Option<Arc<MemoryStore>>>,
    may_begin: AtomicBool,
    complete: AtomicBool,
}

impl Generations for Kept {
    fn is_begun(&self) -> bool {
        false
    }

    fn begin(&self) -> Result<Arc<dyn Store>, BoxError> {
        if !self.may_begin.load(Ordering::SeqCst) {
            return Err("no room".into());
        }
        let store = Arc::new(MemoryStore::new());
        *self.begun.lock() = Some(Arc::clone(&store));
        Ok(store)
    }

    fn abandon(&self) {
        self.begun.lock().take();
    }

    fn complete(&self) -> Result<(), BoxError> {
        self.complete.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn remove_others(&self) -> Result<(), BoxError> {
        Ok(())
    }
}

/// A world of alice, ben and cho, and the engine on it.
struct Rig {
    world: World,
    kept: Arc<Kept>,
    registry: Registry,
    engine: Engine,
    handle: Handle,
}

fn import(id: &str) -> Command {
    Command::ImportAccount(ImportAccount {
        user_id: user(id),
        nick: None,
        face_url: None,
    })
}

fn send(from: &str, to: &str, random: u32) -> Command {
    Command::SendC2c(SendC2c {
        from: user(from),
        to: user(to),
        content: Content::text("hello"),
        random,
        client_seq: None,
        time_seconds: None,
        hidden_from_sender: false,
        online_only: false,
        wants_receipts: false,
    })
}

impl Rig {
    async fn new() -> Self {
        let world = World::default();
        let mut engine = world.open().await.expect("opens");
        let created = engine.create_app(crate::testing::create_app()).await;
        created.expect("is new");
        for id in ["alice", "ben", "cho"] {
            let imported = engine.handle().submit(LOG, import(id), provenance()).await;
            imported.expect("is new");
        }
        engine.shutdown().await;
        let kept = Arc::new(Kept::default());
        let registry = Registry::default();
        let journal = Journal::open(world.journal.path()).expect("opens");
        let options = EngineOptions {
            store: Arc::clone(&world.store) as _,
            fold: Arc::new(fold()),
            journal: Some(Arc::new(journal)),
            archive: None,
            registry: registry.clone(),
            clock: Arc::new(SteadyClock::new(world.clock.clone())),
            ids: Arc::new(world.ids.clone()),
            progress: Arc::new(()),
            generations: Some(Arc::clone(&kept) as _),
        };
        let engine = Engine::open(options, Arc::new(world.logs.clone())).await;
        let engine = engine.expect("opens");
        Self {
            handle: engine.handle(),
            world,
            kept,
            registry,
            engine,
        }
    }

    /// Makes an account's row unreadable.
    fn spoil_account(&self, id: &str) {
        let tables = fold().tables();
        let accounts = tables
            .iter()
            .find(|one| one.name == "directory.user_account");
        let accounts = accounts.expect("there");
        let rows = self.world.store.dump().into_iter();
        let mut keys = rows
            .filter(|(table, ..)| *table == accounts.name)
            .map(|(_, key, _)| key);
        let key = keys.find(|key| key.windows(id.len()).any(|part| part == id.as_bytes()));
        self.world.store.spoil(accounts, key.expect("there"));
    }

    async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let mut ticks = interval(Duration::from_millis(50));
        let waiting = async {
            while !is_so() {
                ticks.tick().await;
            }
        };
        timeout(Duration::from_secs(600), waiting)
            .await
            .unwrap_or_else(|_elapsed| panic!("in time: {what}"));
    }

    /// The new generation holds what a fold of the whole log holds.
    async fn ends_whole(self) {
        self.engine.shutdown().await;
        let new = self.kept.begun.lock().take().expect("one was built");
        let again = World {
            store: Arc::new(MemoryStore::new()),
            ..self.world
        };
        let engine = again.open().await.expect("opens");
        engine.shutdown().await;
        assert_eq!(new.dump(), again.store.dump());
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_does_not_read_fails_one_command_and_not_its_round() {
    let rig = Rig::new().await;
    rig.spoil_account("ben");
    // All of them wait when the round begins.
    let commands = vec![
        send("alice", "cho", 1),
        send("alice", "ben", 2),
        send("cho", "alice", 3),
        send("ben", "cho", 4),
        send("cho", "alice", 5),
    ];
    let results = rig.handle.submit_all(LOG, commands, provenance()).await;
    let taken: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, false, true, false, true], "{results:?}");
    let said = results[1].as_ref().expect_err("it failed").to_string();
    assert!(said.contains("directory.user_account was spoilt"), "{said}");
    rig.engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn damaged_read_models_are_named_and_built_again_beside_those_that_answer() {
    let rig = Rig::new().await;
    rig.spoil_account("ben");
    assert!(
        rig.handle.account(APP, &user("ben")).is_err(),
        "it is found"
    );
    // There is no room for it yet, and everything else goes on.
    let health = rig.handle.health();
    assert!(health.ready, "{health:?}");
    assert!(
        health.warnings.iter().any(|one| one.contains("was spoilt")),
        "{health:?}"
    );
    for random in 1..50 {
        let sent = rig
            .handle
            .submit(LOG, send("alice", "cho", random), provenance());
        sent.await.expect("taken");
    }
    let failed = rig
        .handle
        .submit(LOG, send("alice", "ben", 50), provenance());
    let failed = failed.await;
    assert!(
        matches!(failed, Err(SubmitError::Unavailable(_))),
        "{failed:?}"
    );
    rig.kept.may_begin.store(true, Ordering::SeqCst);
    rig.until("another generation is in use", || {
        rig.kept.complete.load(Ordering::SeqCst) && rig.handle.health().warnings.is_empty()
    })
    .await;
    let ben = rig.handle.account(APP, &user("ben")).expect("it reads");
    assert!(ben.is_some());
    for random in 51..60 {
        let sent = rig
            .handle
            .submit(LOG, send("alice", "ben", random), provenance());
        sent.await.expect("taken");
    }
    let health = rig.handle.health();
    assert!(health.ready && health.warnings.is_empty(), "{health:?}");
    assert_eq!(rig.registry.rebuild(LogId::new(APP, 0)), None);
    rig.ends_whole().await;
}

#[tokio::test(start_paused = true)]
async fn read_models_are_built_again_when_that_is_asked_for_and_nobody_is_turned_away() {
    let rig = Rig::new().await;
    rig.kept.may_begin.store(true, Ordering::SeqCst);
    let log = LogId::new(APP, 0);
    let ordered = rig.registry.order(log, "groups", Order::Rebuild);
    ordered.expect("there is one");
    let mut random = 0;
    let mut ticks = interval(Duration::from_millis(1));
    // Before, while it is built, and after.
    while random < 20 || !rig.kept.complete.load(Ordering::SeqCst) {
        random += 1;
        let sent = rig
            .handle
            .submit(LOG, send("alice", "ben", random), provenance());
        sent.await.expect("taken");
        ticks.tick().await;
    }
    rig.ends_whole().await;
}
