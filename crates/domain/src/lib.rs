//! Deciders: a command, a view of the state and the time make events or a refusal.
//!
//! Pure and synchronous: no clock, no id generation, no randomness, no I/O of its own. What a
//! decision needs from outside is in the command; the state is a read-only [`View`].
//!
//! Invariants:
//! * the same command on the same state at the same time decides the same;
//! * a command that changes nothing makes no event;
//! * one command makes one event wherever that is possible;
//! * a refusal changes nothing.

pub mod account;
pub mod app;
pub mod conversation;
mod decision;
pub mod group;
pub mod message;
pub mod profile;
pub mod relation;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod view;

pub use decision::{Command, Decided, Decision, Halt, Outcome, Rejection, Reply, decide};
pub use view::{
    Account, App, Group, Head, Lists, Member, Message, MessageKey, MessageKeyError, Profile,
    Request, Sent, View, ViewError,
};
