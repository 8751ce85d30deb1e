use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_directory::{AccountRow, AppRow};
use hansard_domain::Command;
use hansard_events::Origin;
use hansard_log::{Reader, StoredEvent};
use hansard_projector::Registry;
use hansard_store::Store;
use hansard_types::{AppId, LogId, Position, Timestamp, UserId};
use parking_lot::RwLock;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::clock::LogTime;
use crate::keeper::Instruction;
use crate::mailbox::Letter;
use crate::partition::Applied;
use crate::reads::{ReadPool, Reads};
use crate::signals::{AppSignal, Bus};
use crate::source::LogSource;
use crate::state::{Models, PartitionState};
use crate::trouble::{Hindrance, Trouble};
use crate::{Clock, EventsError, NotYetVisible, SubmitError, metrics};

pub use crate::mailbox::Answer;

/// How long a command may wait for its answer before its outcome is called unknown. It goes on
/// nevertheless, and sending it again is safe.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What callers know of a running partition.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) mailbox: mpsc::Sender<Letter>,
    pub(crate) applied: Applied,
    pub(crate) reader: Reader,
    pub(crate) state: Arc<PartitionState>,
    pub(crate) time: Arc<LogTime>,
    pub(crate) models: Models,
    pub(crate) keeper: mpsc::Sender<Instruction>,
}

/// What every [`Handle`] shares.
pub(crate) struct Shared {
    /// The newest complete generation.
    pub(crate) models: Models,
    pub(crate) registry: Registry,
    pub(crate) reads: ReadPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) doors: RwLock<HashMap<LogId, Door>>,
    /// The apps and their settings, kept in memory: every request needs one.
    pub(crate) apps: RwLock<HashMap<AppId, AppRow>>,
    /// What is in the way at the moment.
    pub(crate) troubles: RwLock<BTreeMap<Hindrance, Trouble>>,
    pub(crate) signals: Bus,
    pub(crate) closing: AtomicBool,
}

impl Shared {
    /// The read models that a partition is read from now.
    pub(crate) fn store(&self, log: LogId) -> Arc<dyn Store> {
        let doors = self.doors.read();
        let models = doors.get(&log).map_or(&self.models, |door| &door.models);
        models.now()
    }

    pub(crate) fn is_hindered(&self, by: Hindrance) -> bool {
        self.troubles.read().contains_key(&by)
    }
}

/// How an engine is used: cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
}

impl Handle {
    fn door(&self, app: AppId) -> Option<Door> {
        self.door_of(LogId::new(app, 0))
    }

    fn door_of(&self, log: LogId) -> Option<Door> {
        self.shared.doors.read().get(&log).cloned()
    }

    fn open_door(&self, log: LogId) -> Result<Door, SubmitError> {
        if self.shared.closing.load(Ordering::Acquire) {
            return Err(SubmitError::Unavailable(
                "the server is shutting down".to_owned(),
            ));
        }
        let troubles = self.shared.troubles.read();
        if let Some(trouble) = troubles.values().find(|one| one.refuses_writes) {
            return Err(SubmitError::Unavailable(trouble.reason.clone()));
        }
        drop(troubles);
        let door = self.door_of(log).ok_or(SubmitError::AppUnknown)?;
        match door.state.stopped() {
            Some(reason) => Err(SubmitError::Unavailable(reason)),
            None => Ok(door),
        }
    }

    /// Gives a command to a partition and waits for its answer. The command goes on when
    /// the caller stops waiting.
    ///
    /// # Errors
    /// [`SubmitError`]
    pub async fn submit(
        &self,
        log: LogId,
        command: Command,
        origin: Origin,
    ) -> Result<Answer, SubmitError> {
        let door = self.open_door(log)?;
        let (answer, answered) = oneshot::channel();
        door.mailbox
            .try_send(Letter {
                command,
                origin,
                answer,
            })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => {
                    ::metrics::counter!(metrics::BUSY_TOTAL).increment(1);
                    SubmitError::Busy
                }
                mpsc::error::TrySendError::Closed(_) => closed(&door),
            })?;
        wait_for(answered).await
    }

    /// Gives commands to a partition in order, waiting for room in its mailbox, and
    /// returns one result for each.
    pub async fn submit_all(
        &self,
        log: LogId,
        commands: Vec<Command>,
        origin: Origin,
    ) -> Vec<Result<Answer, SubmitError>> {
        let mut waiting = Vec::with_capacity(commands.len());
        for command in commands {
            waiting.push(self.enqueue(log, command, origin.clone()).await);
        }
        let mut results = Vec::with_capacity(waiting.len());
        for answered in waiting {
            results.push(match answered {
                Ok(answered) => wait_for(answered).await,
                Err(error) => Err(error),
            });
        }
        results
    }

    async fn enqueue(
        &self,
        log: LogId,
        command: Command,
        origin: Origin,
    ) -> Result<oneshot::Receiver<Result<Answer, SubmitError>>, SubmitError> {
        let door = self.open_door(log)?;
        let (answer, answered) = oneshot::channel();
        let letter = Letter {
            command,
            origin,
            answer,
        };
        match timeout(ANSWER_WITHIN, door.mailbox.send(letter)).await {
            Ok(Ok(())) => Ok(answered),
            Ok(Err(_)) => Err(closed(&door)),
            Err(_elapsed) => Err(SubmitError::Busy),
        }
    }

    /// Signals of all apps from now on, each after the round that it was decided in is committed.
    #[must_use]
    pub fn signals(&self) -> broadcast::Receiver<Arc<AppSignal>> {
        self.shared.signals.listen()
    }

    /// An app's settings; `None` when there is no such app.
    #[must_use]
    pub fn app(&self, app: AppId) -> Option<AppRow> {
        self.shared.apps.read().get(&app).cloned()
    }

    /// Whether an account may call the app's server API.
    #[must_use]
    pub fn is_administrator(&self, app: AppId, user: &str) -> bool {
        let apps = self.shared.apps.read();
        apps.get(&app)
            .is_some_and(|row| row.administrators.iter().any(|id| id.as_str() == user))
    }

    /// Every app, by id.
    #[must_use]
    pub fn apps(&self) -> Vec<AppId> {
        let mut apps: Vec<AppId> = self.shared.apps.read().keys().copied().collect();
        apps.sort_unstable();
        apps
    }

    /// Reads an app's read models in the bounded pool of reads: lists, pages, histories, counts.
    ///
    /// # Errors
    /// [`SubmitError::Busy`] when too many reads wait already.
    pub async fn read<T>(
        &self,
        app: AppId,
        work: impl FnOnce(Reads<'_>) -> T,
    ) -> Result<T, SubmitError> {
        let store = self.store(app);
        let reads = Reads::new(&*store, LogId::new(app, 0));
        self.shared.reads.run(|| work(reads)).await
    }

    pub(crate) fn store(&self, app: AppId) -> Arc<dyn Store> {
        self.shared.store(LogId::new(app, 0))
    }

    /// An account: one look-up by key, wherever it is wanted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn account(&self, app: AppId, user: &UserId) -> hansard_store::Result<Option<AccountRow>> {
        Reads::new(&*self.store(app), LogId::new(app, 0))
            .directory()
            .account(user)
    }

    /// The last second whose signatures of the account no longer hold; `None`: all hold. One
    /// look-up by key, made for every request.
    ///
    /// # Errors
    /// When the store fails.
    pub fn signatures_revoked_up_to(
        &self,
        app: AppId,
        user: &UserId,
    ) -> hansard_store::Result<Option<u64>> {
        let store = self.store(app);
        Reads::new(&*store, LogId::new(app, 0))
            .directory()
            .signatures_revoked_up_to(user)
    }

    /// The last committed sequence of an app's partition 0.
    #[must_use]
    pub fn committed(&self, app: AppId) -> Option<watch::Receiver<u64>> {
        self.door(app).map(|door| door.reader.committed())
    }

    /// Committed events of an app's partition 0, from a sequence (included), in order.
    ///
    /// # Errors
    /// [`EventsError`]
    pub async fn events(
        &self,
        app: AppId,
        from: u64,
        events_max: usize,
    ) -> Result<Vec<StoredEvent>, EventsError> {
        let door = self.door(app).ok_or(EventsError::AppUnknown)?;
        Ok(door.reader.read(from, events_max).await?)
    }

    /// The logs of this process, up to what is committed.
    #[must_use]
    pub fn readers(&self) -> Vec<Reader> {
        let doors = self.shared.doors.read();
        doors.values().map(|door| door.reader.clone()).collect()
    }

    /// The app's events for async projections.
    #[must_use]
    pub fn source(&self, app: AppId) -> Option<LogSource> {
        let door = self.door(app)?;
        Some(LogSource::new(LogId::new(app, 0), door.reader))
    }

    /// Waits until the inline read models have applied a position.
    ///
    /// # Errors
    /// [`NotYetVisible`] when they have not within the time, or the position is of a partition
    /// that this server does not have.
    pub async fn wait_applied(
        &self,
        app: AppId,
        position: Position,
        within: Duration,
    ) -> Result<(), NotYetVisible> {
        let door = self
            .shared
            .doors
            .read()
            .get(&LogId::new(app, position.partition))
            .cloned();
        let Some(Door { mut applied, .. }) = door else {
            return Err(NotYetVisible { position });
        };
        let reached = applied.wait_for(|sequence| *sequence >= position.sequence);
        match timeout(within, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotYetVisible { position }),
        }
    }

    /// The time of day, for what others have dated: signatures.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The time that an app's next event would get, for what its events have dated: mutes, lag. It
    /// never goes back, and is ahead of [`Handle::now`] when the clock was.
    #[must_use]
    pub fn log_now(&self, app: AppId) -> Timestamp {
        self.door(app)
            .map_or_else(|| self.now(), |door| door.time.now())
    }

    /// Refuses writes with a reason until it is taken back with `None`.
    pub fn pause_writes(&self, by: Hindrance, reason: Option<String>) {
        self.set_trouble(by, reason, true);
    }

    /// Says why the server is not ready, until that is taken back with `None`. Writes are taken,
    /// and wait for their answer.
    pub fn report(&self, by: Hindrance, reason: Option<String>) {
        self.set_trouble(by, reason, false);
    }

    fn set_trouble(&self, by: Hindrance, reason: Option<String>, refuses_writes: bool) {
        let mut troubles = self.shared.troubles.write();
        match reason {
            Some(reason) => troubles.insert(
                by,
                Trouble {
                    reason,
                    refuses_writes,
                },
            ),
            None => troubles.remove(&by),
        };
    }
}

fn closed(door: &Door) -> SubmitError {
    let reason = door.state.stopped();
    SubmitError::Unavailable(reason.unwrap_or_else(|| "the partition has stopped".to_owned()))
}

async fn wait_for(
    answered: oneshot::Receiver<Result<Answer, SubmitError>>,
) -> Result<Answer, SubmitError> {
    match timeout(ANSWER_WITHIN, answered).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(SubmitError::OutcomeUnknown(
            "the partition stopped before it answered; send the command again".to_owned(),
        )),
        Err(_elapsed) => Err(SubmitError::OutcomeUnknown(format!(
            "the log has not answered for {} s; send the command again",
            ANSWER_WITHIN.as_secs()
        ))),
    }
}
