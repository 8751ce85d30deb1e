use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hansard_types::{Checkpoint, ConversationId, Position, Seq, Timestamp, UserId};
use parking_lot::RwLock;
use tantivy::IndexReader;

use crate::collector::Newest;
use crate::cursor::order;
use crate::schema::Fields;
use crate::{Check, Cursor, Error, Query, Result, query};

/// What the last commit had applied, per partition.
pub(crate) type Committed = Arc<RwLock<BTreeMap<u16, Checkpoint>>>;

/// Finds messages. Cheap to clone; sees what the last [`crate::Index::commit`] made searchable,
/// and is never held up by the writer.
#[derive(Clone)]
pub struct Reader {
    pub(crate) reader: IndexReader,
    pub(crate) fields: Fields,
    pub(crate) committed: Committed,
    pub(crate) dir: PathBuf,
    pub(crate) sound: Arc<AtomicBool>,
}

/// A message that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub sender: UserId,
    pub sent_at: Timestamp,
}

/// Hits, newest first; of the same millisecond by conversation as written, then the higher seq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub hits: Vec<Hit>,
    /// `None` on the last page.
    pub next: Option<Cursor>,
    /// All matches, on every page, exactly.
    pub total: u64,
}

impl Reader {
    /// One page of matches. It reads files and takes up to tens of milliseconds for a character
    /// that every message has: not for an async task.
    ///
    /// # Errors
    /// [`crate::Error::QueryEmpty`] when there is nothing to look for or too much; others when the
    /// index fails.
    pub fn search(&self, query: &Query) -> Result<Page> {
        let wanted = query::compile(query, &self.fields)?;
        let limit = query.page();
        // One more, to know whether there is a next page.
        let newest = Newest::new(query, limit + 1);
        let searcher = self.reader.searcher();
        // Tantivy may panic over a file that it cannot make sense of.
        let matches = catch_unwind(AssertUnwindSafe(|| searcher.search(&wanted, &newest)));
        let matches = matches.map_err(|_panic| Error::Damaged {
            dir: self.dir.clone(),
            what: "a search panicked".to_owned(),
        })??;
        let mut hits: Vec<Hit> = matches.found.into_iter().map(|found| found.hit).collect();
        let is_last = hits.len() <= limit;
        hits.truncate(limit);
        let next = if is_last {
            None
        } else {
            hits.last().map(Cursor::at)
        };
        Ok(Page {
            hits,
            next,
            total: matches.total,
        })
    }

    /// The index's directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A check of the files that the index has now, for when a search has failed.
    ///
    /// # Errors
    /// [`Error::Damaged`] when not even their names can be read.
    pub fn check(&self) -> Result<Check> {
        let searcher = self.reader.searcher();
        let index = searcher.index();
        let meta = index.load_metas().map_err(|error| Error::Damaged {
            dir: self.dir.clone(),
            what: error.to_string(),
        })?;
        Ok(Check::of(&self.dir, index, &meta, &self.sound))
    }

    /// Up to where the log is searchable, per partition; empty before the first commit.
    #[must_use]
    pub fn searchable_to(&self) -> Vec<Position> {
        let committed = self.committed.read();
        committed
            .iter()
            .map(|(partition, checkpoint)| Position::new(*partition, checkpoint.sequence))
            .collect()
    }
}

/// One page of matches out of several indexes, one for each partition: as [`Reader::search`] of one
/// that has them all.
///
/// # Errors
/// As [`Reader::search`].
pub fn search_all(readers: &[Reader], query: &Query) -> Result<Page> {
    if let [only] = readers {
        return only.search(query);
    }
    let limit = query.page();
    let (mut found, mut total, mut is_last) = (Vec::new(), 0, true);
    for reader in readers {
        let page = reader.search(query)?;
        total += page.total;
        is_last &= page.next.is_none();
        let with_name = |hit: Hit| (hit.conversation.to_string(), hit);
        found.extend(page.hits.into_iter().map(with_name));
    }
    found.sort_by(|(one_name, one), (other_name, other)| {
        let of_other = order(other.sent_at, other_name, other.seq);
        order(one.sent_at, one_name, one.seq).cmp(&of_other)
    });
    is_last &= found.len() <= limit;
    found.truncate(limit);
    let hits: Vec<Hit> = found.into_iter().map(|(_, hit)| hit).collect();
    let next = hits.last().filter(|_| !is_last).map(Cursor::at);
    Ok(Page { hits, next, total })
}

/// The part of a hit's text ([`crate::text_of`]) around its first match, as HTML: everything
/// escaped, matches in `<em>`, `…` where it was cut. Without a match, the text's beginning.
#[must_use]
pub fn highlight(query: &Query, text: &str) -> String {
    crate::highlight::fragment(&query.text, text)
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("searchable_to", &self.searchable_to())
            .finish_non_exhaustive()
    }
}
