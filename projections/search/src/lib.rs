//! The search projection: a Tantivy index of the messages of one app.
//!
//! It follows the log (async): [`Index::apply`] takes events, [`Index::commit`] makes them durable
//! and searchable together with the checkpoint, and a [`Reader`] finds messages, newest first. An
//! analyzer of our own makes every language of the product searchable without a dictionary: words
//! for scripts that put spaces between them, bigrams for Han, Kana and Hangul, so that 会议 is found
//! inside 明天的会议改到三点 and 회의 inside 오늘회의는3시.
//!
//! Not here: bodies (hits are hydrated from the timeline), who may read what (the caller passes
//! the conversations a viewer may see and checks the hits again), the decision when to commit, and
//! ranking: a chat is searched for what was said, the latest first.
//!
//! Invariants:
//! * the documents and the checkpoint are written by one commit of Tantivy, so a crash resumes at
//!   the last commit and every event counts exactly once;
//! * events are applied in order, without holes; one at or below the last applied changes nothing;
//! * a message is one document, whose identity is its conversation and seq;
//! * no stored field: the text is in the index as terms only, and a recalled message's terms are
//!   gone from the files after the next merge of its segment ([`Index::merge_deleted`]);
//! * an index that was closed in order ([`Index::close`]) is opened without reading it; one that was
//!   not is checked ([`Index::check`]) beside what goes on, and nothing is merged until then;
//! * another [`VERSION`], or another schema, is refused and never read.
//!
//! ```
//! use hansard_search::{Index, Options, Query};
//!
//! let dir = tempfile::tempdir()?;
//! let (mut index, reader) = Index::open(dir.path(), Options::default())?;
//! // for recorded in log { index.apply(&recorded)?; }
//! index.commit()?;
//! let page = reader.search(&Query::new("会议 \"part time\""))?;
//! assert_eq!(page.total, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod analyzer;
mod collector;
mod cursor;
mod error;
mod highlight;
mod index;
mod query;
mod reader;
mod schema;

pub use cursor::Cursor;
pub use error::{Error, Result};
pub use index::{Check, Counts, Index, Options};
pub use query::Query;
pub use reader::{Hit, Page, Reader, highlight, search_all};
pub use schema::text_of;

/// The projection's name.
pub const NAME: &str = "search";
/// Changes with the schema, the analyzer and what is written: an index of another version is
/// rebuilt.
pub const VERSION: u32 = 3;
