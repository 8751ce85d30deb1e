use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hansard_directory::{AccountRow, AppRow, Reader as Directory};
use hansard_domain::{Command, Place};
use hansard_events::app::GroupLimits;
use hansard_events::group::GroupType;
use hansard_events::{Committed, Origin};
use hansard_groups::Reader as Groups;
use hansard_log::Reader;
use hansard_projector::Registry;
use hansard_store::Store;
use hansard_types::{AppId, GroupId, LogId, Position, Timestamp, UserId};
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
        self.models_of(log).now()
    }

    pub(crate) fn models_of(&self, log: LogId) -> Models {
        let doors = self.doors.read();
        let models = doors.get(&log).map_or(&self.models, |door| &door.models);
        models.clone()
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
    /// How many ordinary partitions an app's log has.
    #[must_use]
    pub fn partitions(&self, app: AppId) -> u16 {
        let apps = self.shared.apps.read();
        apps.get(&app).map_or(1, |row| row.partitions)
    }

    /// The ordinary logs of an app, the directory's first.
    pub fn ordinary_logs(&self, app: AppId) -> impl Iterator<Item = LogId> + use<> {
        LogId::ordinary(app, self.partitions(app))
    }

    /// The logs of an app, the directory's first, the live one last.
    pub fn logs(&self, app: AppId) -> impl Iterator<Item = LogId> + use<> {
        LogId::all_of(app, self.partitions(app))
    }

    /// The log that a command is decided on.
    #[must_use]
    pub fn route(&self, app: AppId, command: &Command) -> LogId {
        let log = command.place().log(app, self.partitions(app));
        log.unwrap_or(LogId::directory(app))
    }

    /// The partitions that a partition's deciders read besides their own, from 0 on: the directory,
    /// and for a live partition every one that a room can be in.
    pub(crate) fn read_by(&self, log: LogId) -> impl Iterator<Item = LogId> + use<> {
        let partitions = match log {
            log if log.is_control() || log == LogId::directory(log.app) => 0,
            log if log.is_live() => self.partitions(log.app),
            _ => 1,
        };
        LogId::ordinary(log.app, partitions)
    }

    /// Waits until what a decider reads of other partitions can be read at what is committed there
    /// now: who was muted, blocked or deleted before a command came in is so for it.
    async fn others_are_visible(&self, log: LogId) -> Result<(), SubmitError> {
        for other in self.read_by(log) {
            self.is_visible(other).await?;
        }
        Ok(())
    }

    async fn is_visible(&self, log: LogId) -> Result<(), SubmitError> {
        let mut door = self.door_of(log).ok_or(SubmitError::AppUnknown)?;
        let committed = *door.reader.committed().borrow();
        if *door.applied.borrow() >= committed {
            return Ok(());
        }
        if let Some(reason) = door.state.stopped() {
            return Err(SubmitError::Unavailable(reason));
        }
        let reached = door.applied.wait_for(|sequence| *sequence >= committed);
        match timeout(ANSWER_WITHIN, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(SubmitError::Unavailable(format!(
                "{log} cannot be read at what is committed of it"
            ))),
        }
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
        self.others_are_visible(log).await?;
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
        self.others_are_visible(log).await?;
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

    /// What an app holds its groups to; nothing when there is no such app.
    #[must_use]
    pub fn group_limits(&self, app: AppId) -> GroupLimits {
        let apps = self.shared.apps.read();
        apps.get(&app)
            .map(|row| row.group_limits)
            .unwrap_or_default()
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
        let stores = self.stores(app);
        let live = self.live_store(app);
        let reads = Reads::new(&stores, &*live, app);
        self.shared.reads.run(|| work(reads)).await
    }

    /// Where each ordinary partition of an app is read.
    pub(crate) fn stores(&self, app: AppId) -> Vec<Arc<dyn Store>> {
        self.ordinary_logs(app)
            .map(|log| self.shared.store(log))
            .collect()
    }

    /// Where the live partition of an app is read.
    pub(crate) fn live_store(&self, app: AppId) -> Arc<dyn Store> {
        self.shared.store(LogId::live(app))
    }

    fn directory<T>(&self, app: AppId, read: impl FnOnce(Directory<'_>) -> T) -> T {
        let log = LogId::directory(app);
        read(Directory::new(&*self.shared.store(log), log))
    }

    /// An account: one look-up by key, wherever it is wanted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn account(&self, app: AppId, user: &UserId) -> hansard_store::Result<Option<AccountRow>> {
        self.directory(app, |directory| directory.account(user))
    }

    /// Whether a group is a live room: one look-up by key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_live_room(&self, app: AppId, group: &GroupId) -> hansard_store::Result<bool> {
        let home = Place::Group(group).log(app, self.partitions(app));
        let log = home.unwrap_or(LogId::directory(app));
        let store = self.shared.store(log);
        let group_type = Groups::new(&*store, log).group_type(group)?;
        Ok(group_type == Some(GroupType::AvChatRoom))
    }

    pub(crate) fn applied(&self, log: LogId) -> Option<Applied> {
        self.door_of(log).map(|door| door.applied)
    }

    /// The sequence of the last deletion of an account; 0 before the first.
    pub(crate) fn last_deletion(&self, app: AppId) -> hansard_store::Result<u64> {
        self.directory(app, |directory| directory.last_deletion())
    }

    /// Whether a visit of a live room is over that the log does not say of yet.
    pub(crate) fn has_visits_over(&self, app: AppId) -> hansard_store::Result<bool> {
        let log = LogId::live(app);
        let Some(door) = self.door_of(log) else {
            return Ok(false);
        };
        let store = self.shared.store(log);
        let over = Groups::new(&*store, log).visits_over(door.time.now(), 1)?;
        Ok(!over.is_empty())
    }

    /// The last deletion that a partition behind the directory's has learned of.
    #[cfg(test)]
    pub(crate) fn forgotten_up_to(&self, log: LogId) -> hansard_store::Result<u64> {
        Directory::new(&*self.shared.store(log), log).forgotten_up_to()
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
        self.directory(app, |directory| directory.signatures_revoked_up_to(user))
    }

    /// The last committed sequence of a log; `None` when there is no such one.
    #[must_use]
    pub fn committed(&self, log: LogId) -> Option<watch::Receiver<u64>> {
        self.door_of(log).map(|door| door.reader.committed())
    }

    /// Committed events of a log, from a sequence (included), in order.
    ///
    /// # Errors
    /// [`EventsError`]
    pub async fn events(
        &self,
        log: LogId,
        from: u64,
        events_max: usize,
    ) -> Result<Vec<Arc<Committed>>, EventsError> {
        let door = self.door_of(log).ok_or(EventsError::AppUnknown)?;
        Ok(door.reader.read_shared(from, events_max).await?)
    }

    /// The logs of this process, up to what is committed.
    #[must_use]
    pub fn readers(&self) -> Vec<Reader> {
        let doors = self.shared.doors.read();
        doors.values().map(|door| door.reader.clone()).collect()
    }

    /// A log's events for async projections.
    #[must_use]
    pub fn source(&self, log: LogId) -> Option<LogSource> {
        let door = self.door_of(log)?;
        Some(LogSource::new(log, door.reader))
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

    /// The time that an app's next event would get, in the partition whose clock is furthest, for
    /// what its events have dated: mutes, lag. It never goes back, and is ahead of [`Handle::now`]
    /// when the clock was.
    #[must_use]
    pub fn log_now(&self, app: AppId) -> Timestamp {
        let doors = self.logs(app).filter_map(|log| self.door_of(log));
        let latest = doors.map(|door| door.time.now()).max();
        latest.unwrap_or_else(|| self.now())
    }

    /// The time that the next event of an app's live partition would get, for visits.
    #[must_use]
    pub fn live_now(&self, app: AppId) -> Timestamp {
        let door = self.door_of(LogId::live(app));
        door.map_or_else(|| self.now(), |door| door.time.now())
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
