use hansard_events::Event;
use hansard_types::{GroupId, Reason, Seq, Timestamp, UserId};

use crate::group::AddOutcome;
use crate::view::{MessageKey, View, ViewError};
use crate::{account, app, conversation, group, message, profile, relation};

/// A request that may be refused.
#[derive(Debug, Clone)]
pub enum Command {
    ImportAccount(account::ImportAccount),
    DeleteAccount(account::DeleteAccount),
    RevokeSignatures(account::RevokeSignatures),
    MuteAccount(account::MuteAccount),
    ChangeProfile(profile::ChangeProfile),
    AddFriend(relation::AddFriend),
    ImportFriend(relation::ImportFriend),
    UpdateFriend(relation::UpdateFriend),
    DeleteFriend(relation::DeleteFriend),
    ClearFriends(relation::ClearFriends),
    AnswerRequest(relation::AnswerRequest),
    Block(relation::Block),
    Unblock(relation::Unblock),
    AddFriendGroups(relation::AddFriendGroups),
    DeleteFriendGroups(relation::DeleteFriendGroups),
    RenameFriendGroup(relation::RenameFriendGroup),
    LeaveFriendGroup(relation::LeaveFriendGroup),
    SendC2c(message::SendC2c),
    SendGroup(message::SendGroup),
    ImportMessage(message::ImportMessage),
    RecallC2c(message::RecallC2c),
    RecallGroup(message::RecallGroup),
    MarkRead(conversation::MarkRead),
    CreateGroup(group::CreateGroup),
    AddMembers(group::AddMembers),
    RemoveMembers(group::RemoveMembers),
    ChangeGroupProfile(group::ChangeGroupProfile),
    DissolveGroup(group::DissolveGroup),
    CreateApp(app::CreateApp),
    ChangeAppSettings(app::ChangeAppSettings),
}

/// What a command that was not refused is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// There is nothing more to say.
    Done,
    /// A message is in its conversation.
    Sent {
        seq: Seq,
        sent_at: Timestamp,
        /// One-to-one messages only.
        key: Option<MessageKey>,
        /// It was there already: this was a retry.
        duplicate: bool,
    },
    /// Per message: recalled, or why not.
    Recalled(Vec<(Seq, Option<Reason>)>),
    /// Per account, in the order asked.
    Members(Vec<(UserId, AddOutcome)>),
    /// A group exists.
    Group(GroupId),
    /// Signatures of an account that were issued up to then no longer hold.
    Revoked { issued_up_to_seconds: u64 },
    /// A request to become friends waits for the other's answer.
    Requested,
    /// Per account: done, or why not.
    Relations(Vec<(UserId, Option<Reason>)>),
    /// The reader has read up to here.
    Read { up_to: Seq },
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

/// What should happen: the events to append (none when nothing changes) and the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub events: Vec<Event>,
    pub reply: Reply,
}

impl Decision {
    pub(crate) fn nothing(reply: Reply) -> Self {
        Self {
            events: Vec::new(),
            reply,
        }
    }

    pub(crate) fn one(event: impl Into<Event>, reply: Reply) -> Self {
        Self {
            events: vec![event.into()],
            reply,
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
pub type Decided = Result<Decision, Halt>;

/// Decides one command at a time `now`.
///
/// # Errors
/// [`ViewError`] when the state could not be read; then nothing was decided.
pub fn decide(command: &Command, view: &dyn View, now: Timestamp) -> Result<Outcome, ViewError> {
    let decided = match command {
        Command::ImportAccount(command) => command.decide(view),
        Command::DeleteAccount(command) => command.decide(view),
        Command::RevokeSignatures(command) => command.decide(view),
        Command::MuteAccount(command) => command.decide(view, now),
        Command::ChangeProfile(command) => command.decide(view),
        Command::AddFriend(command) => command.decide(view, now),
        Command::ImportFriend(command) => command.decide(view, now),
        Command::UpdateFriend(command) => command.decide(view),
        Command::DeleteFriend(command) => command.decide(view),
        Command::ClearFriends(command) => command.decide(view),
        Command::AnswerRequest(command) => command.decide(view, now),
        Command::Block(command) => command.decide(view, now),
        Command::Unblock(command) => command.decide(view),
        Command::AddFriendGroups(command) => command.decide(view),
        Command::DeleteFriendGroups(command) => command.decide(view),
        Command::RenameFriendGroup(command) => command.decide(view),
        Command::LeaveFriendGroup(command) => command.decide(view),
        Command::SendC2c(command) => command.decide(view, now),
        Command::SendGroup(command) => command.decide(view, now),
        Command::ImportMessage(command) => command.decide(view, now),
        Command::RecallC2c(command) => command.decide(view),
        Command::RecallGroup(command) => command.decide(view),
        Command::MarkRead(command) => command.decide(view, now),
        Command::CreateGroup(command) => command.decide(view, now),
        Command::AddMembers(command) => command.decide(view, now),
        Command::RemoveMembers(command) => command.decide(view, now),
        Command::ChangeGroupProfile(command) => command.decide(view),
        Command::DissolveGroup(command) => command.decide(view),
        Command::CreateApp(command) => command.decide(view),
        Command::ChangeAppSettings(command) => command.decide(view),
    };
    match decided {
        Ok(decision) => Ok(Ok(decision)),
        Err(Halt::Rejected(rejection)) => Ok(Err(rejection)),
        Err(Halt::Broken(error)) => Err(error),
    }
}
