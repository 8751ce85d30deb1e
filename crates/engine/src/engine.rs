use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_directory::Reader as Directory;
use hansard_domain::{Command, app::CreateApp};
use hansard_events::Origin;
use hansard_log::{Archive, Copies, Journal, LogProvider, Reader, Tail};
use hansard_projector::{Fold, Registry, State, Status};
use hansard_store::Store;
use hansard_types::{AppId, LogId, limits};
use parking_lot::RwLock;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::LogTime;
use crate::commit::{AfterRound, blocking};
use crate::deletions;
use crate::handle::{Door, Shared};
use crate::keeper::Keeper;
use crate::reads::ReadPool;
use crate::rebuild::Rebuilder;
use crate::recover::{Recovered, Recovery};
use crate::round::Tip;
use crate::signals::Bus;
use crate::state::{Models, PartitionState};
use crate::tools::Tools;
use crate::visits;
use crate::{Clock, Generations, Handle, IdSource, OpenError, Progress};

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
    /// Where read models are built again that are damaged; `None`: they are not.
    pub generations: Option<Arc<dyn Generations>>,
}

/// All partitions of this process.
pub struct Engine {
    tools: Tools,
    generations: Option<Arc<dyn Generations>>,
    shared: Arc<Shared>,
    /// Each partition's keeper.
    running: HashMap<LogId, JoinHandle<()>>,
    /// Whoever builds read models again.
    rebuilding: JoinSet<()>,
    /// Whoever tells partitions of deleted accounts and of visits that are over.
    telling: JoinSet<()>,
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
        let EngineOptions {
            store,
            fold,
            journal,
            archive,
            registry,
            clock,
            ids,
            progress,
            generations,
        } = options;
        let shared = Arc::new(Shared {
            models: Models::of(store),
            registry: registry.clone(),
            reads: ReadPool::default(),
            clock: Arc::clone(&clock),
            doors: RwLock::default(),
            apps: RwLock::default(),
            troubles: RwLock::default(),
            signals: Bus::default(),
            closing: AtomicBool::new(false),
        });
        let (give_up, _) = watch::channel(false);
        let mut engine = Self {
            tools: Tools {
                logs,
                fold,
                journal,
                archive,
                registry,
                clock,
                ids,
                progress,
            },
            generations,
            shared,
            running: HashMap::new(),
            rebuilding: JoinSet::new(),
            telling: JoinSet::new(),
            give_up,
        };
        engine.open_partition(LogId::CONTROL).await?;
        refresh_apps(&engine.shared)?;
        engine.open_apps().await?;
        if let Some(generations) = engine.generations.clone() {
            let rebuilder = Rebuilder::new(Arc::clone(&engine.shared), &engine.tools, generations);
            engine.rebuilding.spawn(rebuilder.run());
        }
        Ok(engine)
    }

    /// Opens the partitions of all apps side by side: each mostly waits for its log.
    async fn open_apps(&mut self) -> Result<(), OpenError> {
        let handle = self.handle();
        let logs: Vec<LogId> = handle
            .apps()
            .into_iter()
            .flat_map(|app| handle.logs(app))
            .collect();
        let mut waiting = logs.into_iter();
        let mut opened = Vec::new();
        let mut recovering = JoinSet::new();
        loop {
            while recovering.len() < limits::PARTITIONS_OPENED_AT_ONCE_MAX
                && let Some(log) = waiting.next()
            {
                recovering.spawn(self.opening(log));
            }
            let Some(recovered) = recovering.join_next().await else {
                break;
            };
            match recovered {
                Ok(recovered) => opened.push(recovered?),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
        // The directory's partition before those that read it.
        opened.sort_by_key(|(recovery, _)| recovery.log);
        for one in opened {
            self.start_partition(one);
        }
        for app in self.handle().apps() {
            self.keep_told(app);
        }
        Ok(())
    }

    /// Keeps the other partitions of an app told of accounts that are deleted in the first, and the
    /// live one of visits whose time is over.
    fn keep_told(&mut self, app: AppId) {
        let handle = self.handle();
        self.telling.spawn(visits::end(handle.clone(), app));
        if handle.partitions(app) > 1 {
            self.telling.spawn(deletions::tell(handle, app));
        }
    }

    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Creates an app, by the operator's word, and opens its partitions.
    ///
    /// # Errors
    /// [`OpenError::Submit`] when it is refused, the others when its log cannot be opened.
    pub async fn create_app(&mut self, command: CreateApp) -> Result<(), OpenError> {
        let app = command.app_id;
        let by_system = Origin::system();
        self.handle()
            .submit(LogId::CONTROL, Command::CreateApp(command), by_system)
            .await?;
        for log in self.handle().logs(app) {
            self.open_partition(log).await?;
        }
        self.keep_told(app);
        Ok(())
    }

    async fn open_partition(&mut self, log: LogId) -> Result<(), OpenError> {
        if self.running.contains_key(&log) {
            return Err(OpenError::AlreadyOpen { log });
        }
        let opened = self.opening(log).await?;
        self.start_partition(opened);
        Ok(())
    }

    /// Brings one partition to where it can take commands.
    fn opening(&self, log: LogId) -> impl Future<Output = Result<Opened, OpenError>> + use<> {
        let Tools {
            logs,
            fold,
            journal,
            archive,
            progress,
            registry: _,
            clock: _,
            ids: _,
        } = self.tools.clone();
        let recovery = Recovery {
            log,
            logs,
            fold,
            progress,
            copies: Copies::new(log, archive, journal),
            give_up: self.give_up.subscribe(),
        };
        let store = self.shared.models.now();
        async move {
            let recovered = recovery.run(&store).await?;
            Ok((recovery, recovered))
        }
    }

    /// Lets a partition take commands.
    #[expect(
        clippy::disallowed_methods,
        reason = "the engine owns this task: it joins it"
    )]
    fn start_partition(&mut self, opened: Opened) {
        let (recovery, recovered) = opened;
        let (log, tip) = (recovery.log, recovered.tip);
        let clock = Arc::clone(&self.tools.clock);
        let time = Arc::new(LogTime::after(log, clock, tip.time));
        let (mailbox, letters) = mpsc::channel(limits::MAILBOX_COMMANDS_MAX);
        let (applied, applied_rx) = watch::channel(tip.at.sequence);
        let (committed, committed_rx) = watch::channel(recovered.writer.last());
        let (instruct, instructions) = mpsc::channel(1);
        let state = Arc::new(PartitionState::default());
        let models = Models::of(self.shared.models.now());
        let events = Arc::clone(&recovered.events);
        let tail = Arc::new(Tail::default());
        let door = Door {
            mailbox,
            applied: applied_rx,
            reader: Reader::new(events, Some(recovery.copies.clone()), committed_rx.clone())
                .with_tail(Arc::clone(&tail)),
            state: Arc::clone(&state),
            time: Arc::clone(&time),
            models: models.clone(),
            keeper: instruct,
        };
        let others = self.handle().read_by(log);
        let others = others.map(|other| self.shared.models_of(other)).collect();
        let keeper = Keeper {
            log,
            recovery,
            registry: self.tools.registry.clone(),
            ids: Arc::clone(&self.tools.ids),
            models,
            others,
            instructions,
            mailbox: Arc::new(Mutex::new(letters)),
            committed,
            applied,
            state,
            time,
            signals: self.shared.signals.clone(),
            tail,
            after_round: log.is_control().then(|| self.refresher()),
        };
        self.report(log, &tip);
        self.tools.registry.set_end(log, committed_rx);
        self.running
            .insert(log, tokio::spawn(keeper.run(recovered)));
        self.shared.doors.write().insert(log, door);
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
        for (name, version) in self.tools.fold.versions() {
            let status = Status {
                name,
                version,
                inline: true,
                state: State::Following,
                applied: tip.at.sequence,
                log_end: tip.at.sequence,
                applied_time: tip.time,
            };
            self.tools.registry.set(log, status);
        }
    }

    /// Ends every task at once, as the death of the process would.
    #[cfg(test)]
    pub(crate) async fn abort(self) {
        drop((self.rebuilding, self.telling));
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
        let Self {
            shared,
            mut rebuilding,
            mut telling,
            give_up,
            running,
            ..
        } = self;
        // The next start goes on with it.
        rebuilding.shutdown().await;
        telling.shutdown().await;
        let ended = async {
            for (log, running) in running {
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
        // What is in memory only would be read again from the store's own log by the next start.
        if let Err(error) = blocking(|| shared.models.now().flush()) {
            tracing::warn!(%error, "the read models were not closed in order");
        }
    }
}

/// A partition that can take commands, and how it is opened again.
type Opened = (Recovery, Recovered);

async fn join<T>(log: LogId, task: JoinHandle<T>) {
    if let Err(error) = task.await {
        tracing::error!(%log, %error, "a task of the partition failed");
    }
}

/// Reads the list of apps into memory.
fn refresh_apps(shared: &Shared) -> hansard_store::Result<()> {
    let apps = Directory::new(&*shared.store(LogId::CONTROL), LogId::CONTROL).apps()?;
    *shared.apps.write() = apps.into_iter().collect();
    Ok(())
}
