use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_directory::Reader as Directory;
use hansard_domain::{Command, app::CreateApp};
use hansard_events::Provenance;
use hansard_log::{Archive, Copies, Journal, LogProvider, Reader};
use hansard_projector::{Fold, Registry, State, Status};
use hansard_store::Store;
use hansard_types::{LogId, limits};
use parking_lot::RwLock;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use crate::commit::AfterRound;
use crate::handle::{Door, PartitionState, Shared};
use crate::keeper::Keeper;
use crate::reads::ReadPool;
use crate::recover::Recovery;
use crate::round::Tip;
use crate::{Clock, Handle, IdSource, OpenError};

/// Told how far catching up is.
pub trait Progress: Send + Sync + 'static {
    fn begin(&self, log: LogId, applied: u64, end: u64);
    fn reached(&self, log: LogId, applied: u64, end: u64);
    fn done(&self, log: LogId, applied: u64);
    /// A damaged copy of the log is made again from the other: events done, and in all.
    fn mending(&self, log: LogId, done: u64, total: u64);
}

/// Nobody wants to know.
impl Progress for () {
    fn begin(&self, _log: LogId, _applied: u64, _end: u64) {}
    fn reached(&self, _log: LogId, _applied: u64, _end: u64) {}
    fn done(&self, _log: LogId, _applied: u64) {}
    fn mending(&self, _log: LogId, _done: u64, _total: u64) {}
}

/// What an engine is made of.
#[derive(Clone)]
pub struct EngineOptions {
    pub store: Arc<dyn Store>,
    pub fold: Arc<Fold>,
    /// `None`: a power loss may take what JetStream has not synced (`durability = "interval"`).
    pub journal: Option<Arc<Journal>>,
    /// Where the journal's full segments go; `None`: they are dropped when they are old.
    pub archive: Option<Arc<Archive>>,
    pub registry: Registry,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub progress: Arc<dyn Progress>,
}

/// All partitions of this process.
pub struct Engine {
    options: EngineOptions,
    logs: Arc<dyn LogProvider>,
    shared: Arc<Shared>,
    /// Each partition's keeper.
    running: HashMap<LogId, JoinHandle<()>>,
    give_up: watch::Sender<bool>,
}

/// How long a shutdown waits for the log before unfinished commands are answered "unknown".
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(5);

impl Engine {
    /// Opens the control log, then every app's partitions: repair, chain check, catch-up.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub async fn open(
        options: EngineOptions,
        logs: Arc<dyn LogProvider>,
    ) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared {
            store: Arc::clone(&options.store),
            reads: ReadPool::default(),
            clock: Arc::clone(&options.clock),
            doors: RwLock::default(),
            apps: RwLock::default(),
            troubles: RwLock::default(),
            closing: AtomicBool::new(false),
        });
        let (give_up, _) = watch::channel(false);
        let mut engine = Self {
            options,
            logs,
            shared,
            running: HashMap::new(),
            give_up,
        };
        engine.open_partition(LogId::CONTROL).await?;
        refresh_apps(&engine.shared)?;
        for app in engine.handle().apps() {
            engine.open_partition(LogId::new(app, 0)).await?;
        }
        Ok(engine)
    }

    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Creates an app and opens its partition.
    ///
    /// # Errors
    /// [`OpenError::Submit`] when it is refused, the others when its log cannot be opened.
    pub async fn create_app(
        &mut self,
        command: CreateApp,
        provenance: Provenance,
    ) -> Result<(), OpenError> {
        let app = command.app_id;
        self.handle()
            .submit(LogId::CONTROL.app, Command::CreateApp(command), provenance)
            .await?;
        self.open_partition(LogId::new(app, 0)).await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the engine owns this task: shutdown() joins it"
    )]
    async fn open_partition(&mut self, log: LogId) -> Result<(), OpenError> {
        if self.running.contains_key(&log) {
            return Err(OpenError::AlreadyOpen { log });
        }
        let events = self.logs.open(log).await?;
        let (archive, journal) = (self.options.archive.clone(), self.options.journal.clone());
        let copies = Copies::new(log, archive, journal);
        let recovery = Recovery {
            options: self.options.clone(),
            events: Arc::clone(&events),
            copies: copies.clone(),
            give_up: self.give_up.subscribe(),
        };
        let (writer, tip) = recovery.run().await?;
        self.report(log, &tip);
        let (mailbox, letters) = mpsc::channel(limits::MAILBOX_COMMANDS_MAX);
        let (applied, applied_rx) = watch::channel(tip.at.sequence);
        let (committed, committed_rx) = watch::channel(writer.last());
        let state = Arc::new(PartitionState::default());
        let keeper = Keeper {
            log,
            recovery,
            mailbox: Arc::new(Mutex::new(letters)),
            committed,
            applied,
            state: Arc::clone(&state),
            after_round: log.is_control().then(|| self.refresher()),
        };
        self.running
            .insert(log, tokio::spawn(keeper.run((writer, tip))));
        let door = Door {
            mailbox,
            applied: applied_rx,
            reader: Reader::new(events, Some(copies), committed_rx),
            state,
        };
        self.shared.doors.write().insert(log, door);
        Ok(())
    }

    /// Reads the list of apps again after each round of the control log.
    fn refresher(&self) -> AfterRound {
        let shared = Arc::clone(&self.shared);
        Arc::new(move || {
            if let Err(error) = refresh_apps(&shared) {
                tracing::error!(%error, "the list of apps cannot be read");
            }
        })
    }

    fn report(&self, log: LogId, tip: &Tip) {
        for (name, version) in self.options.fold.versions() {
            let status = Status {
                name,
                version,
                inline: true,
                state: State::Following,
                applied: tip.at.sequence,
                log_end: tip.at.sequence,
                applied_time: tip.time,
            };
            self.options.registry.set(log, status);
        }
    }

    /// Ends every task at once, as the death of the process would.
    #[cfg(test)]
    pub(crate) async fn abort(self) {
        for keeper in self.running.into_values() {
            keeper.abort();
            // Its tasks do nothing more once it has gone.
            drop(keeper.await);
        }
    }

    /// Stops taking commands, answers what was taken, and ends every task. Bounded: what the log
    /// does not acknowledge in time is answered "outcome unknown".
    pub async fn shutdown(self) {
        self.shared.closing.store(true, Ordering::Release);
        self.shared.doors.write().clear();
        let give_up = self.give_up;
        let ended = async {
            for (log, running) in self.running {
                join(log, running).await;
            }
        };
        tokio::pin!(ended);
        if tokio::time::timeout(SHUTDOWN_WITHIN, &mut ended)
            .await
            .is_err()
        {
            tracing::warn!("the log does not answer: unfinished commands are given up");
            give_up.send_replace(true);
            ended.await;
        }
    }
}

async fn join<T>(log: LogId, task: JoinHandle<T>) {
    if let Err(error) = task.await {
        tracing::error!(%log, %error, "a task of the partition failed");
    }
}

/// Reads the list of apps into memory.
fn refresh_apps(shared: &Shared) -> hansard_store::Result<()> {
    let apps = Directory::new(&*shared.store, LogId::CONTROL.app).apps()?;
    *shared.apps.write() = apps.into_iter().collect();
    Ok(())
}
