use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use hansard_directory::{AccountRow, AppRow};
use hansard_domain::{Command, Reply, Verb, reply_to};
use hansard_engine::{
    Answer, AppSignal, Committed, EventsError, Handle, Health, NotYetVisible, Reads,
};
use hansard_events::Origin;
use hansard_events::group::GroupType;
use hansard_types::{
    Actor, AppId, GroupId, LogId, Position, Positions, Reason, Timestamp, TopicId, UserId,
};
use tokio::sync::{broadcast, watch};

use crate::Error;
use crate::caller::{Caller, Secrets};
use crate::ids::Ids;
use crate::rate::Limiter;
use crate::usersig::Verifier;

/// How long a read waits for the position it asks for.
pub const VISIBLE_WITHIN: Duration = Duration::from_secs(5);

/// What an operator can choose.
#[derive(Debug, Clone, Default)]
pub struct DeskOptions {
    /// Holds callers to the documented rates per app and command (200 calls a second for most).
    /// Off by default: whoever runs a server may use it.
    pub rate_limits: bool,
}

/// Where everyone comes in. One for all surfaces.
pub struct Desk {
    pub(crate) engine: Handle,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) options: DeskOptions,
    pub(crate) verifier: Verifier,
    pub(crate) limiter: Limiter,
    ids: Ids,
}

impl Desk {
    #[must_use]
    pub fn new(engine: Handle, secrets: Arc<dyn Secrets>, options: DeskOptions) -> Self {
        Self {
            engine,
            secrets,
            options,
            verifier: Verifier::default(),
            limiter: Limiter::default(),
            ids: Ids::new(),
        }
    }

    /// The caller's own id for its request if it is short and printable, else a new one.
    #[must_use]
    pub fn request_id(&self, given: Option<&str>) -> String {
        self.ids.request(given)
    }

    /// The id of a group that is to be made: the caller's own, if it has one, or a random one
    /// (reference, section 9.1).
    ///
    /// # Errors
    /// [`Reason::GroupIdInvalid`]: what begins `@TGS#` is ours, but for Communities, which begin
    /// `@TGS#_`.
    pub fn group_id(&self, group_type: GroupType, own: Option<GroupId>) -> Result<GroupId, Reason> {
        self.ids.group(group_type, own)
    }

    /// A topic's part of its id, for a topic that comes without one.
    #[must_use]
    pub fn topic_id(&self) -> TopicId {
        self.ids.topic()
    }

    /// Gives a command to its partition and waits for its own kind of answer. It goes on when the
    /// caller stops waiting.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn submit<V: Verb>(
        &self,
        caller: &Caller,
        command: V,
    ) -> Result<Answer<V::Reply>, Error> {
        let mut command: Command = command.into();
        self.prepare(caller.app, &mut command)?;
        // Here an app's own server will be asked before its accounts do something (the contract's
        // before-callbacks): the caller is known, nothing is decided, and the partition's round does
        // not wait for it.
        let log = self.engine.route(caller.app, &command);
        let answer = self.engine.submit(log, command, origin_of(caller)).await?;
        Ok(answer.map(reply_to::<V>))
    }

    /// Says in a command what is known here and not to who gives it: where a group's message is
    /// decided, and how often its app lets it be spoken in.
    fn prepare(&self, app: AppId, command: &mut Command) -> Result<(), Error> {
        if let Command::SendGroup(send) = command {
            let live = self.engine.is_live_room(app, &send.group_id);
            send.live = live.map_err(Error::broken)?;
            send.per_second = NonZeroU32::new(self.engine.group_limits(app).messages_per_second);
        }
        Ok(())
    }

    /// Gives commands of one kind to their partition, in order; one answer for each.
    pub async fn submit_each<V: Verb>(
        &self,
        caller: &Caller,
        commands: Vec<V>,
    ) -> Vec<Result<Answer<V::Reply>, Error>> {
        let commands = commands.into_iter().map(Into::into).collect();
        let answers = self.submit_all(caller.app, commands, origin_of(caller));
        let own = |answer: Answer| answer.map(reply_to::<V>);
        answers.await.into_iter().map(|one| one.map(own)).collect()
    }

    /// Takes recorded chat over by the caller's word, in order; one answer for each command.
    pub async fn import(
        &self,
        caller: &Caller,
        commands: Vec<Command>,
    ) -> Vec<Result<Answer, Error>> {
        let origin = Origin {
            actor: Actor::Import(caller.user.clone()),
            ..origin_of(caller)
        };
        self.submit_all(caller.app, commands, origin).await
    }

    async fn submit_all(
        &self,
        app: AppId,
        commands: Vec<Command>,
        origin: Origin,
    ) -> Vec<Result<Answer<Reply>, Error>> {
        let mut answers = Vec::with_capacity(commands.len());
        let directory = LogId::directory(app);
        let routed = commands.into_iter().map(|command| {
            let log = self.engine.route(app, &command);
            (log, command)
        });
        let mut left = routed.peekable();
        // What changes the directory comes before what is decided on it, as it was written; the
        // partitions behind it work side by side.
        while let Some((log, command)) = left.next() {
            let is_alike = |other: LogId| (other == directory) == (log == directory);
            let mut together = vec![(log, command)];
            while let Some(next) = left.next_if(|(other, _)| is_alike(*other)) {
                together.push(next);
            }
            answers.extend(self.submit_by_log(together, &origin).await);
        }
        answers
    }

    /// Gives each log its commands in order, all logs at once; the answers in the order of the
    /// commands.
    async fn submit_by_log(
        &self,
        commands: Vec<(LogId, Command)>,
        origin: &Origin,
    ) -> Vec<Result<Answer<Reply>, Error>> {
        let mut by_log: BTreeMap<LogId, (Vec<usize>, Vec<Command>)> = BTreeMap::new();
        let count = commands.len();
        for (place, (log, command)) in commands.into_iter().enumerate() {
            let (places, its) = by_log.entry(log).or_default();
            places.push(place);
            its.push(command);
        }
        let submitted = by_log.into_iter().map(async |(log, (places, its))| {
            let answers = self.engine.submit_all(log, its, origin.clone()).await;
            places.into_iter().zip(answers)
        });
        let mut answers: Vec<_> = (0..count).map(|_| None).collect();
        for (place, answer) in join_all(submitted).await.into_iter().flatten() {
            answers[place] = Some(answer.map_err(Error::from));
        }
        let answer = |answer: Option<_>| answer.expect("one for each command");
        answers.into_iter().map(answer).collect()
    }

    /// Waits until the read models show positions, one of each partition that is asked for: who has
    /// written there reads their own writes.
    ///
    /// # Errors
    /// [`Error::NotYetVisible`] after 5 seconds.
    pub async fn wait_visible(&self, app: AppId, positions: &Positions) -> Result<(), Error> {
        let wait = |position| self.engine.wait_applied(app, position, VISIBLE_WITHIN);
        let late = |late: NotYetVisible| Error::NotYetVisible(late.position);
        try_join_all(positions.iter().map(wait))
            .await
            .map_err(late)?;
        Ok(())
    }

    /// Reads what can be many rows, in the engine's bounded pool: the readers are reached in no
    /// other way.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many reads wait already.
    pub async fn read<T>(&self, app: AppId, work: impl FnOnce(Reads<'_>) -> T) -> Result<T, Error> {
        Ok(self.engine.read(app, work).await?)
    }

    /// An account: one look-up by key.
    ///
    /// # Errors
    /// [`Error::Broken`]
    pub fn account(&self, app: AppId, user: &UserId) -> Result<Option<AccountRow>, Error> {
        self.engine.account(app, user).map_err(Error::broken)
    }

    /// An app's settings; `None` when there is no such app.
    #[must_use]
    pub fn app(&self, app: AppId) -> Option<AppRow> {
        self.engine.app(app)
    }

    /// The time of day, for what callers have dated.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// The time of an app's log, for what its events have dated.
    #[must_use]
    pub fn log_now(&self, app: AppId) -> Timestamp {
        self.engine.log_now(app)
    }

    /// The time of an app's live partition, for visits.
    #[must_use]
    pub fn live_now(&self, app: AppId) -> Timestamp {
        self.engine.live_now(app)
    }

    /// The ordinary logs of an app, the directory's first: one, or as many as it was made with.
    pub fn ordinary_logs(&self, app: AppId) -> impl Iterator<Item = LogId> + use<> {
        self.engine.ordinary_logs(app)
    }

    /// The logs of an app: the ordinary ones, and the live one.
    pub fn logs(&self, app: AppId) -> impl Iterator<Item = LogId> + use<> {
        self.engine.logs(app)
    }

    /// The last committed sequence of a log; `None` when there is no such one.
    #[must_use]
    pub fn committed(&self, log: LogId) -> Option<watch::Receiver<u64>> {
        self.engine.committed(log)
    }

    /// The last committed position of each of an app's ordinary logs.
    #[must_use]
    pub fn log_end(&self, app: AppId) -> Positions {
        let end = |log: LogId| {
            let committed = self.engine.committed(log)?;
            Some(Position::new(log.partition, *committed.borrow()))
        };
        self.ordinary_logs(app).filter_map(end).collect()
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
        self.engine.events(log, from, events_max).await
    }

    /// What those who are there are told, of all apps, from now on.
    #[must_use]
    pub fn signals(&self) -> broadcast::Receiver<Arc<AppSignal>> {
        self.engine.signals()
    }

    #[must_use]
    pub fn health(&self) -> Health {
        self.engine.health()
    }
}

fn origin_of(caller: &Caller) -> Origin {
    Origin {
        actor: caller.actor(),
        correlation: Some(caller.request_id.clone()),
    }
}
