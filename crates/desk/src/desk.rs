use std::sync::Arc;
use std::time::Duration;

use hansard_directory::{AccountRow, AppRow};
use hansard_domain::{Command, Reply, Verb, reply_to};
use hansard_engine::{Answer, AppSignal, EventsError, Handle, Health, Reads, StoredEvent};
use hansard_events::Origin;
use hansard_types::{Actor, AppId, Position, Timestamp, UserId};
use tokio::sync::{broadcast, watch};

use crate::Error;
use crate::caller::{Caller, Secrets};
use crate::ids::Ids;
use crate::rate::Limiter;
use crate::route::log_of;
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

    /// So many random letters (at most 32), for a group that comes without a name.
    #[must_use]
    pub fn letters(&self, letters_max: usize) -> String {
        self.ids.letters(letters_max)
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
        let command: Command = command.into();
        // Here an app's own server will be asked before its accounts do something (the contract's
        // before-callbacks): the caller is known, nothing is decided, and the partition's round does
        // not wait for it.
        let log = log_of(caller.app, &command);
        let answer = self.engine.submit(log, command, origin_of(caller)).await?;
        Ok(answer.map(reply_to::<V>))
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
        let mut left = commands.into_iter().peekable();
        // Those of one log after the other go together.
        while let Some(first) = left.next() {
            let log = log_of(app, &first);
            let mut together = vec![first];
            while let Some(next) = left.next_if(|next| log_of(app, next) == log) {
                together.push(next);
            }
            let answered = self.engine.submit_all(log, together, origin.clone()).await;
            answers.extend(answered.into_iter().map(|one| one.map_err(Error::from)));
        }
        answers
    }

    /// Waits until the read models show a position: who has written there reads their own write.
    ///
    /// # Errors
    /// [`Error::NotYetVisible`] after 5 seconds.
    pub async fn wait_visible(&self, app: AppId, position: Position) -> Result<(), Error> {
        let waited = self.engine.wait_applied(app, position, VISIBLE_WITHIN);
        waited
            .await
            .map_err(|late| Error::NotYetVisible(late.position))
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

    /// The last committed sequence of an app's partition 0.
    #[must_use]
    pub fn committed(&self, app: AppId) -> Option<watch::Receiver<u64>> {
        self.engine.committed(app)
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
        self.engine.events(app, from, events_max).await
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
