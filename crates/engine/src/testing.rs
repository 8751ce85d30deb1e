//! An engine on the in-memory log and store, with a clock that stands still until it is moved.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hansard_conversations::Conversations;
use hansard_directory::Directory;
use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_domain::app::CreateApp;
use hansard_events::{EventId, Identity, Origin};
use hansard_groups::Groups;
use hansard_log::{EventLog, Journal, MemoryLog};
use hansard_projector::{Fold, Registry};
use hansard_store::MemoryStore;
use hansard_types::{Actor, AppId, LogId, Timestamp, UserId};
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::{
    Engine, EngineOptions, Handle, IdSource, LogProvider, Machine, OpenError, SteadyClock,
};

/// A machine whose clocks are moved by hand.
#[derive(Debug, Clone)]
pub struct FixedClock {
    /// Time that has passed, milliseconds.
    passed: Arc<AtomicU64>,
    /// The time of day when that was 0.
    set_to: Arc<AtomicI64>,
}

impl FixedClock {
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        let ms = i64::try_from(time.0).unwrap_or(i64::MAX);
        Self {
            passed: Arc::default(),
            set_to: Arc::new(AtomicI64::new(ms)),
        }
    }

    /// Lets time pass.
    pub fn advance_ms(&self, ms: u64) {
        self.passed.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the time of day, forward or back. No time passes.
    pub fn jump_ms(&self, ms: i64) {
        self.set_to.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Machine for FixedClock {
    fn wall(&self) -> Timestamp {
        let passed = self.passed.load(Ordering::SeqCst);
        let set_to = self.set_to.load(Ordering::SeqCst);
        Timestamp(passed.saturating_add_signed(set_to))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.passed.load(Ordering::SeqCst))
    }
}

/// Ids 1, 2, 3 …
#[derive(Debug, Clone, Default)]
pub struct CountedIds(Arc<AtomicU64>);

impl IdSource for CountedIds {
    fn next(&self, _now: Timestamp) -> Identity {
        let number = u128::from(self.0.fetch_add(1, Ordering::SeqCst)) + 1;
        Identity {
            id: EventId::from_u128(number),
            salt: number.to_be_bytes(),
        }
    }
}

/// In-memory logs that outlive an engine.
#[derive(Clone, Default)]
pub struct MemoryLogs(Arc<Mutex<HashMap<LogId, MemoryLog>>>);

impl MemoryLogs {
    /// The log with this id, made when it is missing.
    #[must_use]
    pub fn get(&self, id: LogId) -> MemoryLog {
        self.0
            .lock()
            .entry(id)
            .or_insert_with(|| MemoryLog::new(id))
            .clone()
    }
}

#[async_trait]
impl LogProvider for MemoryLogs {
    async fn open(&self, id: LogId) -> Result<Arc<dyn EventLog>, hansard_log::OpenError> {
        Ok(Arc::new(self.get(id)))
    }
}

/// When every world begins.
pub const BEGUN: Timestamp = Timestamp(1_794_000_000_000);

/// The app that tests use.
pub const APP: AppId = AppId(1_400_000_001);

/// Where its commands are decided.
pub const LOG: LogId = LogId {
    app: APP,
    partition: 0,
};

/// The inline projections.
#[must_use]
pub fn fold() -> Fold {
    Fold::new(vec![
        Box::new(Directory),
        Box::new(Groups),
        Box::new(Conversations),
    ])
}

/// Who tests act as.
#[must_use]
pub fn provenance() -> Origin {
    Origin {
        actor: Actor::Administrator(user("administrator")),
        correlation: None,
    }
}

/// Makes [`APP`].
#[must_use]
pub fn create_app() -> CreateApp {
    CreateApp {
        app_id: APP,
        administrators: vec![user("administrator")],
        secret_fingerprint: "test".to_owned(),
        partitions: 1,
    }
}

/// A valid id; for tests.
///
/// # Panics
/// When it is not one.
#[must_use]
pub fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid id")
}

/// Everything that survives the death of a process.
#[derive(Clone)]
pub struct World {
    pub logs: MemoryLogs,
    pub store: Arc<MemoryStore>,
    pub journal: Arc<TempDir>,
    pub clock: FixedClock,
    pub ids: CountedIds,
}

impl Default for World {
    fn default() -> Self {
        Self {
            logs: MemoryLogs::default(),
            store: Arc::new(MemoryStore::new()),
            journal: Arc::new(tempfile::tempdir().expect("a folder")),
            clock: FixedClock::at(BEGUN),
            ids: CountedIds::default(),
        }
    }
}

impl World {
    /// Opens an engine on this world.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub async fn open(&self) -> Result<Engine, OpenError> {
        let journal = Journal::open(self.journal.path()).map_err(|source| {
            OpenError::Log(hansard_log::OpenError::Journal {
                log: "test".to_owned(),
                source,
            })
        })?;
        let options = EngineOptions {
            store: self.store.clone(),
            fold: Arc::new(fold()),
            journal: Some(Arc::new(journal)),
            archive: None,
            registry: Registry::default(),
            clock: Arc::new(SteadyClock::new(self.clock.clone())),
            ids: Arc::new(self.ids.clone()),
            progress: Arc::new(()),
            generations: None,
        };
        Engine::open(options, Arc::new(self.logs.clone())).await
    }
}

/// A running engine with [`APP`], its administrator `administrator`, and the accounts `alice`,
/// `bob` and `carol`.
pub struct TestEngine {
    pub engine: Engine,
    pub handle: Handle,
    pub world: World,
}

impl TestEngine {
    /// With one partition.
    ///
    /// # Panics
    /// When the engine does not start.
    pub async fn start() -> Self {
        Self::start_with(1).await
    }

    /// # Panics
    /// When the engine does not start.
    pub async fn start_with(partitions: u16) -> Self {
        let world = World::default();
        let mut engine = world.open().await.expect("an empty world opens");
        let app = CreateApp {
            partitions,
            ..create_app()
        };
        engine.create_app(app).await.expect("the app is new");
        let handle = engine.handle();
        for id in ["administrator", "alice", "bob", "carol"] {
            let account = ImportAccount {
                user_id: user(id),
                nick: None,
                face_url: None,
            };
            handle
                .submit(LOG, Command::ImportAccount(account), provenance())
                .await
                .expect("a new account");
        }
        Self {
            engine,
            handle,
            world,
        }
    }
}
