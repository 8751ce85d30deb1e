use hansard_events::Event;
use hansard_events::app::Party;
use hansard_types::{Actor, Reason, Timestamp, UserId};

use crate::view::{View, ViewError};
use crate::{Command, Reply, Signal};

/// What is known of a command besides the command and the state: when it is decided, and who acts.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub now: Timestamp,
    pub actor: &'a Actor,
}

impl Context<'_> {
    /// Whether an account acts for itself: the rules between accounts hold then.
    pub(crate) fn is_account(&self) -> bool {
        self.account().is_some()
    }

    /// The account that acts for itself; `None` when others act.
    pub(crate) fn account(&self) -> Option<&UserId> {
        match self.actor {
            Actor::Account(user) => Some(user),
            Actor::System | Actor::Import(_) | Actor::Administrator(_) => None,
        }
    }

    /// On whose behalf custom fields are written: they say who may.
    pub(crate) fn party(&self) -> Party {
        if self.is_account() {
            Party::App
        } else {
            Party::Admin
        }
    }
}

/// The domain says no. Nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refused: {}", reason.name())]
pub struct Rejection {
    pub reason: Reason,
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self { reason }
    }
}

/// What should happen: the events to append (none when nothing changes), what those who are there
/// are told besides, and the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<R = Reply> {
    pub events: Vec<Event>,
    /// Handed on once everything before them is committed.
    pub signals: Vec<Signal>,
    pub reply: R,
}

impl<R> Decision<R> {
    pub(crate) fn nothing(reply: R) -> Self {
        Self {
            events: Vec::new(),
            signals: Vec::new(),
            reply,
        }
    }

    pub(crate) fn signal(signal: Signal, reply: R) -> Self {
        Self {
            events: Vec::new(),
            signals: vec![signal],
            reply,
        }
    }

    pub(crate) fn event(event: impl Into<Event>, reply: R) -> Self {
        Self {
            events: vec![event.into()],
            signals: Vec::new(),
            reply,
        }
    }

    pub(crate) fn map<T>(self, change: impl FnOnce(R) -> T) -> Decision<T> {
        let Self {
            events,
            signals,
            reply,
        } = self;
        Decision {
            events,
            signals,
            reply: change(reply),
        }
    }
}

/// A decision or a refusal.
pub type Outcome = Result<Decision, Rejection>;

/// Why a decider stops early: carries `?` through deciders, and is taken apart at their end, so
/// refusals and faults never travel further as one type.
#[derive(Debug)]
pub enum Halt {
    Rejected(Rejection),
    Broken(ViewError),
}

impl From<Reason> for Halt {
    fn from(reason: Reason) -> Self {
        Self::Rejected(reason.into())
    }
}

impl From<ViewError> for Halt {
    fn from(error: ViewError) -> Self {
        Self::Broken(error)
    }
}

/// What a single decider returns.
pub type Decided<R = ()> = Result<Decision<R>, Halt>;

/// Decides one command: whether the actor may give it at all, and then what it does.
///
/// # Errors
/// [`ViewError`] when the state could not be read; then nothing was decided.
pub fn decide(
    command: &Command,
    view: &dyn View,
    context: &Context<'_>,
) -> Result<Outcome, ViewError> {
    if !command.is_permitted(context.actor) {
        return Ok(Err(Reason::NotPermitted.into()));
    }
    match command.decide(view, context) {
        Ok(decision) => Ok(Ok(decision)),
        Err(Halt::Rejected(rejection)) => Ok(Err(rejection)),
        Err(Halt::Broken(error)) => Err(error),
    }
}
