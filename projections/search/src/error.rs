use std::path::PathBuf;

use tantivy::TantivyError;

/// What went wrong. None of these says what was searched for or found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The searcher's mistake: nothing to search for, or too much of it.
    #[error(
        "a query needs a letter, a digit or a character of a script, and is at most \
         {} bytes long",
        hansard_types::limits::SEARCH_QUERY_BYTES_MAX
    )]
    QueryEmpty,
    /// The searcher's mistake: not a cursor of ours.
    #[error("the cursor is not one that a page of search returned")]
    CursorMalformed,
    #[error("the directory {} cannot be used", dir.display())]
    Directory {
        dir: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "another process, or another part of this one, is writing the search index {}: stop it \
         first", dir.display()
    )]
    Locked { dir: PathBuf },
    #[error(
        "the search index {} is of version {}, this release reads version {}: rebuild the \
         projection", dir.display(), found.map_or_else(|| "unknown".to_owned(), |v| v.to_string()),
        crate::VERSION
    )]
    VersionDiffers { dir: PathBuf, found: Option<u32> },
    #[error(
        "the search index {} says version {} and has another schema: rebuild the projection",
        dir.display(), crate::VERSION
    )]
    SchemaDiffers { dir: PathBuf },
    #[error(
        "the search index {} is damaged ({what}): rebuild the projection, the log has everything",
        dir.display()
    )]
    Damaged { dir: PathBuf, what: String },
    /// The caller's mistake: events come in order, without holes.
    #[error("expected event {expected} of partition {partition}, was given event {given}")]
    OutOfOrder {
        partition: u16,
        expected: u64,
        given: u64,
    },
    #[error("the search index failed")]
    Engine(#[source] Box<TantivyError>),
}

impl Error {
    /// Whether the one who searched can mend it.
    #[must_use]
    pub fn is_callers_mistake(&self) -> bool {
        matches!(self, Self::QueryEmpty | Self::CursorMalformed)
    }
}

impl From<TantivyError> for Error {
    fn from(error: TantivyError) -> Self {
        Self::Engine(Box::new(error))
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
