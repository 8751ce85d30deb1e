use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Client, Error, Result};

/// What an import call did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportReport {
    pub lines: u64,
    pub messages: u64,
    pub joins: u64,
    pub leaves: u64,
    /// Lines that were imported before.
    pub duplicates: u64,
    pub rejected: Vec<Rejected>,
    /// The log's end after the call, `<partition>:<sequence>`.
    pub position: Option<String>,
}

/// A line that was not imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// Its number in the call, from 1.
    pub line: u64,
    pub code: Value,
    pub detail: String,
}

/// What to search for; an absent field does not narrow.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    pub q: String,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    pub conversation: Option<String>,
    pub sender: Option<String>,
}

/// One page of search.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SearchPage {
    pub hits: Vec<Hit>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
    pub total: Total,
    pub searchable_to: String,
    /// Committed events that are not searchable yet.
    #[serde(default)]
    pub lag_events: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hit {
    pub conversation: String,
    pub seq: u64,
    pub sender: String,
    pub sent_at: Value,
    pub highlight: String,
    pub message: Value,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Total {
    pub value: u64,
    pub exact: bool,
}

/// How far a projection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionStatus {
    pub name: String,
    pub version: u32,
    /// In the write's own commit, or following behind.
    pub inline: bool,
    /// `catching_up`, `following` or `stopped`.
    pub state: String,
    /// Why it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last position it has applied, `<partition>:<sequence>`.
    pub position: String,
    /// The log's last committed position.
    pub log_end: String,
    pub lag_events: u64,
    pub lag_seconds: u64,
    /// It is being built again, beside what answers meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<Rebuild>,
}

/// How far a projection is that is being built again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    pub reason: String,
    pub position: String,
}

#[derive(Deserialize)]
struct Projections {
    projections: Vec<ProjectionStatus>,
}

/// Some events in order, each a CloudEvent in JSON as the server wrote it.
#[derive(Debug, Clone, Default)]
pub struct EventsPage {
    pub lines: Vec<String>,
}

impl Client {
    /// Imports up to 1000 lines of the corpus format. Importing a line again adds nothing, so a
    /// call whose answer was lost may be repeated.
    ///
    /// # Errors
    /// [`Error`]; lines that were refused one by one are in the report.
    pub async fn import(&self, lines: Bytes) -> Result<ImportReport> {
        self.v1_post(&["import"], "application/x-ndjson", lines)
            .await
    }

    /// Finds messages.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage> {
        let SearchQuery {
            q,
            limit,
            cursor,
            conversation,
            sender,
        } = query;
        let mut pairs = vec![("q", q.clone())];
        pairs.extend(limit.map(|limit| ("limit", limit.to_string())));
        pairs.extend(cursor.clone().map(|cursor| ("cursor", cursor)));
        pairs.extend(
            conversation
                .clone()
                .map(|conversation| ("conversation", conversation)),
        );
        pairs.extend(sender.clone().map(|sender| ("sender", sender)));
        self.v1_get(&["search", "messages"], &pairs).await
    }

    /// How far every projection of the app is.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn projections(&self) -> Result<Vec<ProjectionStatus>> {
        let answer: Projections = self.v1_get(&["projections"], &[]).await?;
        Ok(answer.projections)
    }

    /// Lets a projection that has stopped go on.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn retry_projection(&self, name: &str) -> Result<Vec<ProjectionStatus>> {
        self.order("retry", name).await
    }

    /// Has a projection built again, beside what answers meanwhile.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn rebuild_projection(&self, name: &str) -> Result<Vec<ProjectionStatus>> {
        self.order("rebuild", name).await
    }

    async fn order(&self, order: &str, name: &str) -> Result<Vec<ProjectionStatus>> {
        let body = serde_json::json!({ "name": name }).to_string();
        let answer: Projections = self
            .v1_post(&["projections", order], "application/json", body.into())
            .await?;
        Ok(answer.projections)
    }

    /// At most `limit` events from a sequence (included).
    ///
    /// # Errors
    /// [`Error`]
    pub async fn events(&self, from: u64, limit: u32) -> Result<EventsPage> {
        let query = [("from", format!("0:{from}")), ("limit", limit.to_string())];
        let answer = self.v1_get_raw(&["events"], &query).await?;
        let text = answer
            .text()
            .await
            .map_err(|error| Error::Connection(error.without_url()))?;
        Ok(EventsPage {
            lines: text.lines().map(str::to_owned).collect(),
        })
    }
}
