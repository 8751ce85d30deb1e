//! The event catalogue: what can have happened, how it is written to the log and read back.
//!
//! An event is a fact in the past tense with a stable wire name and a schema version, both
//! independent of the Rust names. Its body is a MessagePack map that any language can read; its
//! identity travels in headers (CloudEvents 1.0, NATS binding, plus `hansard-` headers).
//!
//! Not here: I/O, clocks, ids, decisions.
//!
//! Invariants:
//! * every body is a map of strings, integers, booleans, lists and maps only (no floats, no
//!   binary), so it turns into JSON without knowing its type;
//! * unknown fields are ignored, an unknown name or a newer version is [`Recorded::event`] `None`,
//!   never a panic;
//! * an event is chained to the one before it ([`chain`]): a changed, lost or renumbered event
//!   does not hash to what follows.
//!
//! To add an event: its struct and its [`Sample`] in its family's file, and one row of the
//! catalogue (`catalogue.rs`); then `cargo xtask schemas`.

pub mod account;
pub mod app;
mod catalogue;
pub mod chain;
mod cloud_event;
mod codec;
mod committed;
pub mod conversation;
mod element;
mod envelope;
pub mod group;
pub mod live;
pub mod message;
mod raw_event;
pub mod relation;
mod subject;

pub use catalogue::{
    AccountEvent, AppEvent, CATALOGUE, ConversationEvent, Descriptor, Event, GroupEvent, LiveEvent,
    MessageEvent, RelationEvent, Sample,
};
pub use cloud_event::CloudEvent;
pub use codec::{CodecError, Identity, decode, encode, json_of_body};
pub use committed::Committed;
pub use envelope::{Envelope, EventId, Origin, Provenance, Recorded, header, text_of_header};
pub use raw_event::{EventRef, RawEvent};
pub use subject::{BUCKETS, bucket, partition_of, subject};
