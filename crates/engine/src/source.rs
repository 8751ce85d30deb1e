use std::sync::Arc;

use async_trait::async_trait;
use hansard_events::Committed;
use hansard_log::Reader;
use hansard_projector::{Source, SourceError};
use hansard_types::LogId;
use tokio::sync::watch;

/// Committed events of one partition, for async projections.
#[derive(Clone)]
pub struct LogSource {
    id: LogId,
    reader: Reader,
}

impl LogSource {
    pub(crate) fn new(id: LogId, reader: Reader) -> Self {
        Self { id, reader }
    }
}

#[async_trait]
impl Source for LogSource {
    fn id(&self) -> LogId {
        self.id
    }

    async fn read(&self, from: u64, events_max: usize) -> Result<Vec<Arc<Committed>>, SourceError> {
        self.reader
            .read_shared(from, events_max)
            .await
            .map_err(|error| match error {
                hansard_log::Error::Unavailable(reason) => SourceError::Unavailable(reason),
                hansard_log::Error::AgedOut { begins, .. } => SourceError::AgedOut { begins },
                hansard_log::Error::Malformed { .. } => SourceError::Malformed(error.to_string()),
                hansard_log::Error::Missing { .. } | hansard_log::Error::Copies(_) => {
                    SourceError::Damaged(error.to_string())
                }
            })
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.reader.committed()
    }
}
