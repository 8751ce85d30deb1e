use std::sync::Arc;

use hansard_domain::{Command, Reply};
use hansard_events::Origin;
use hansard_types::Position;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::SubmitError;

/// A command on its way to its partition, with where its answer goes.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) command: Command,
    pub(crate) origin: Origin,
    pub(crate) answer: oneshot::Sender<Result<Answer, SubmitError>>,
}

/// What a command that was not refused is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<R = Reply> {
    pub reply: R,
    /// The last event of the command; of its partition's last event when it made none. Reading at
    /// this position sees what was answered.
    pub position: Position,
}

impl<R> Answer<R> {
    /// The same answer in other words.
    #[must_use]
    pub fn map<T>(self, change: impl FnOnce(R) -> T) -> Answer<T> {
        let Self { reply, position } = self;
        Answer {
            reply: change(reply),
            position,
        }
    }
}

impl Letter {
    /// A caller that has gone does not need its answer.
    pub(crate) fn answer(self, result: Result<Answer, SubmitError>) {
        drop(self.answer.send(result));
    }
}

/// Letters on their way in. They outlive the decider that takes them.
pub(crate) type Mailbox = Arc<Mutex<mpsc::Receiver<Letter>>>;
