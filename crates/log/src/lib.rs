//! The event log: where every fact is, in order, for ever.
//!
//! [`EventLog`] is one stream. Two implementations pass one conformance suite: [`JetStreamLog`]
//! on a real nats-server, and [`MemoryLog`], which can be told to fail. A [`Writer`] is the one
//! appender of a stream: it resolves unknown outcomes by trying again under the same expected
//! sequence, journals what was appended with one fsync, and only then calls it committed. A
//! [`Reader`] shows events up to the committed position only.
//!
//! Not here: what events mean, and who may append.
//!
//! Invariants:
//! * an event is appended at exactly the sequence it was encoded for, or not at all;
//! * nothing is committed before it is in the log and, with a [`Journal`], on disk;
//! * nobody learns from a [`Reader`] of an event that could still vanish.

mod archive;
mod archiver;
mod audit;
pub mod bench;
pub mod blocks;
mod copies;
mod error;
mod event_log;
pub mod files;
mod jetstream;
mod journal;
mod memory;
pub mod metrics;
mod peer;
mod reader;
mod scrub;
pub mod server;
mod stored;
mod tail;
mod writer;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use archive::check::SegmentCheck;
pub use archive::{Archive, ArchiveError, Retention, SegmentWriter};
pub use archiver::{Archiver, ArchiverParts};
pub use audit::{AuditFailure, AuditReport, CopiesReport, verify, verify_copies};
pub use copies::{Copies, CopyError};
pub use error::{AppendError, Error, OpenError, Result};
pub use event_log::{EventLog, Extent, LogProvider, Unit};
pub use jetstream::{Credentials, JetStream, JetStreamLog, JetStreamOptions, ServerSettings};
pub use journal::{Damage, Journal, JournalError, JournalOptions};
pub use memory::{Fault, MemoryLog};
pub use reader::Reader;
pub use scrub::{ScrubOptions, ScrubReport, scrub};
pub use stored::StoredEvent;
pub use tail::Tail;
pub use writer::{Appender, Mending, Repaired, Sealer, Writer, WriterOptions};
