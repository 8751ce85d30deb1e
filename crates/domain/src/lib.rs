//! Deciders: a command, a view of the state and a context (the time, who acts) make events or a
//! refusal.
//!
//! Pure and synchronous: no clock, no id generation, no randomness, no I/O of its own. What a
//! decision needs from outside is in the command; the state is a read-only [`View`].
//!
//! Invariants:
//! * the same command of the same actor on the same state at the same time decides the same;
//! * who may give which command is one table ([`Command::PERMISSIONS`]), looked at before anything
//!   else;
//! * a command that changes nothing makes no event;
//! * one command makes one event wherever that is possible;
//! * a refusal changes nothing.

pub mod account;
pub mod app;
mod command;
pub mod conversation;
mod decision;
pub mod group;
pub mod live;
pub mod message;
pub mod profile;
pub mod relation;
mod reply;
mod signal;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod view;

pub use command::{Command, Place, Right, Rights, Verb};
pub use decision::{Context, Decided, Decision, Halt, Outcome, Rejection, decide};
pub use reply::{
    Answer, Friendship, GroupSend, Read, Reply, Revoked, SentC2c, SentMessage, reply_to,
};
pub use signal::{GroupNotice, Signal};
pub use view::{
    Account, App, Attributes, Extensions, Group, Head, JoinRequest, Lists, Marks, Member, Message,
    MessageKey, MessageKeyError, Profile, Request, Said, Sent, Topic, View, ViewError, Visits,
};
