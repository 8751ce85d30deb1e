/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the store has no table {0}")]
    TableUnknown(&'static str),
    #[error("the store at {path} could not be opened")]
    Open {
        path: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is on disk is not what was written. The log has everything: it is built again from it.
    #[error("the read models in {path} are damaged")]
    Damaged {
        path: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the store failed")]
    Medium(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a row of {table} does not read: {reason}")]
    Row { table: &'static str, reason: String },
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
