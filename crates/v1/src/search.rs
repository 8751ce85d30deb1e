//! `GET /v1/apps/{app}/search/messages`: finds messages, the newest first.
//!
//! The index holds no bodies. Every hit is read from its conversation, and authorised there
//! again: a message that was recalled since, or that the `viewer` may not read, is dropped, and
//! the total is then not exact.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use hansard_conversations::MessageRow;
use hansard_desk::{Caller, Query, Reads, VISIBLE_WITHIN};
use hansard_events::message::{Element, decode_elements};
use hansard_search::{Hit, Page, Query as SearchQuery, Reader, highlight, search_all};
use hansard_types::limits::{
    JOINED_GROUPS_READ_MAX, SEARCH_CONTACTS_MAX, SEARCH_PAGE_MAX, SEARCH_QUERY_BYTES_MAX,
};
use hansard_types::{ConversationId, GroupId, LogId, Position, Positions, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::Problem;
use crate::Shared;
use crate::access::{Access, Metered, not_answered, wait_visible};
use crate::{Kind, Operation, optional, reading, required};

pub(crate) const PATH: &str = "/v1/apps/{app}/search/messages";
const LIMIT_DEFAULT: usize = 20;
/// Searches for one page, when hits were dropped.
const ROUNDS_MAX: usize = 8;
/// How often the index is asked how far it is.
const ASK_AGAIN: Duration = Duration::from_millis(25);

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: PATH,
    id: "search_messages",
    summary: "Finds messages, the newest first",
    parameters: &[
        required(
            "q",
            "Words, in any order and any language; \"…\" is a phrase",
        )
        .of(Kind::Text(SEARCH_QUERY_BYTES_MAX)),
        optional("limit", "Hits on the page, 1 to 100; 20 when absent")
            .of(Kind::Count(SEARCH_PAGE_MAX)),
        optional("cursor", "next of the page before"),
        optional("conversation", "group:<GroupId> or c2c:<UserID>:<UserID>"),
        optional("sender", "A UserID").of(Kind::Account),
        optional(
            "after",
            "Sent then or later: RFC 3339, or Unix milliseconds",
        ),
        optional("before", "Sent earlier: RFC 3339, or Unix milliseconds"),
        optional("viewer", "A UserID: only what this account may read").of(Kind::Account),
        optional("position", "Wait until this position is searchable").of(Kind::Position),
    ],
    request: None,
    response: ("application/json", |generator| {
        generator.subschema_for::<Found>()
    }),
}];

#[derive(Serialize, JsonSchema)]
struct Found {
    hits: Vec<FoundMessage>,
    /// `cursor` of the next page; null on the last.
    next: Option<String>,
    total: Total,
    /// The log is searchable up to here.
    searchable_to: Positions,
    /// Committed events behind that, which are not searchable yet: many while the index is built
    /// again.
    lag_events: u64,
}

#[derive(Serialize, JsonSchema)]
struct Total {
    value: u64,
    /// Whether every one of them can be read by the caller, or the viewer, and nothing is missing
    /// because the index lags behind the log.
    exact: bool,
}

#[derive(Serialize, JsonSchema)]
struct FoundMessage {
    conversation: ConversationId,
    seq: Seq,
    sender: UserId,
    /// Unix milliseconds.
    sent_at: Timestamp,
    /// HTML: the text around the first match, everything escaped, matches in `<em>`.
    highlight: String,
    message: MessageContent,
}

#[derive(Serialize, JsonSchema)]
struct MessageContent {
    elements: Vec<Element>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<String>,
}

/// A search, and what its hits are read from.
struct Task<'a> {
    reads: Reads<'a>,
    /// One of each partition.
    readers: Vec<Reader>,
    query: SearchQuery,
    viewer: Option<UserId>,
    /// What is committed.
    log_end: Positions,
    /// Told when the index fails.
    doubt: &'a (dyn Fn() + Sync),
}

pub(crate) async fn messages(
    State(shared): State<Arc<Shared>>,
    access: Access,
    request: Request,
) -> Response {
    let metered = Metered::start("search_messages");
    let (parts, _body) = request.into_parts();
    metered.end(answer(&shared, &access.0, &parts).await)
}

async fn answer(shared: &Shared, caller: &Caller, parts: &Parts) -> Result<Response, Problem> {
    let logs: Vec<LogId> = shared.desk.ordinary_logs(caller.app).collect();
    let readers = logs.iter().map(|log| shared.search.reader(*log));
    let readers = readers
        .collect::<Option<Vec<Reader>>>()
        .ok_or_else(|| Problem::unavailable("the app's search index is not open yet"))?;
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let viewer = user(&query, "viewer")?;
    let wanted = search_query(&query)?;
    if let Some(positions) = wait_visible(shared, caller.app, parts).await? {
        wait_searchable(&readers, &positions).await?;
    }
    let log_end = shared.desk.log_end(caller.app);
    let doubt = || logs.iter().for_each(|log| shared.search.doubt(*log));
    let found = shared.desk.read(caller.app, |reads| {
        let task = Task {
            log_end,
            doubt: &doubt,
            reads,
            readers,
            query: wanted,
            viewer,
        };
        task.run()
    });
    let found = found.await.map_err(not_answered)??;
    Ok(Json(found).into_response())
}

fn search_query(query: &Query<'_>) -> Result<SearchQuery, Problem> {
    let text = query
        .filled("q")
        .ok_or_else(|| Problem::invalid("q is missing"))?;
    let mut wanted = SearchQuery::new(&text);
    wanted.limit = match query.filled("limit").map(|text| text.parse()) {
        None => LIMIT_DEFAULT,
        Some(Ok(limit)) if (1..=SEARCH_PAGE_MAX).contains(&limit) => limit,
        Some(Ok(_) | Err(_)) => {
            return Err(Problem::invalid(format!(
                "limit must be 1 to {SEARCH_PAGE_MAX}"
            )));
        }
    };
    wanted.cursor = query
        .filled("cursor")
        .map(|text| text.parse())
        .transpose()
        .map_err(|error: hansard_search::Error| Problem::invalid(error.to_string()))?;
    wanted.conversation = query
        .filled("conversation")
        .map(|text| reading::conversation(&text))
        .transpose()?;
    wanted.sender = user(query, "sender")?;
    wanted.after = time(query, "after")?;
    wanted.before = time(query, "before")?;
    Ok(wanted)
}

fn user(query: &Query<'_>, name: &str) -> Result<Option<UserId>, Problem> {
    let id = query
        .filled(name)
        .map(|text| UserId::new(&text))
        .transpose();
    id.map_err(|error| Problem::invalid(format!("{name}: {error}")))
}

fn time(query: &Query<'_>, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = query.filled(name) else {
        return Ok(None);
    };
    if let Ok(ms) = text.parse() {
        return Ok(Some(Timestamp(ms)));
    }
    // An unescaped + before the offset arrives as a space.
    let written: jiff::Timestamp = text
        .replace(' ', "+")
        .parse()
        .map_err(|_| Problem::invalid(format!("{name} must be RFC 3339 or Unix milliseconds")))?;
    let ms = u64::try_from(written.as_millisecond());
    ms.map(|ms| Some(Timestamp(ms)))
        .map_err(|_| Problem::invalid(format!("{name} lies before 1970")))
}

/// The index commits about once a second: a caller that has just written waits for it.
async fn wait_searchable(readers: &[Reader], wanted: &Positions) -> Result<(), Problem> {
    let deadline = Instant::now() + VISIBLE_WITHIN;
    loop {
        let reached = reached_by(readers);
        let is_reached = |at: &Position| reached.sequence(at.partition) >= Some(at.sequence);
        let Some(position) = wanted.iter().find(|at| !is_reached(at)) else {
            return Ok(());
        };
        if Instant::now() >= deadline {
            return Err(Problem::not_yet_visible(format!(
                "{position} is not searchable yet"
            )));
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Up to where the log is searchable, of each partition.
fn reached_by(readers: &[Reader]) -> Positions {
    readers.iter().flat_map(Reader::searchable_to).collect()
}

impl Task<'_> {
    fn run(mut self) -> Result<Found, Problem> {
        let wanted = self.query.limit;
        if let Some(viewer) = &self.viewer {
            self.query.conversations = Some(self.readable_by(viewer)?);
        }
        let mut access = Readable {
            task: &self,
            groups: HashMap::new(),
        };
        let mut query = self.query.clone();
        let mut found = Vec::new();
        let mut dropped = false;
        let mut total = None;
        let mut next = None;
        for _ in 0..ROUNDS_MAX {
            query.limit = wanted - found.len();
            let page = self.searched(&query)?;
            let Page {
                hits,
                next: after,
                total: matches,
            } = page;
            total.get_or_insert(matches);
            for hit in hits {
                match access.message(hit)? {
                    Some(message) => found.push(message),
                    None => dropped = true,
                }
            }
            next = after;
            if found.len() >= wanted || next.is_none() {
                break;
            }
            query.cursor.clone_from(&next);
        }
        let mut searchable_to: Positions = self
            .log_end
            .iter()
            .map(|end| Position::new(end.partition, 0))
            .collect();
        for reached in reached_by(&self.readers).iter() {
            searchable_to.set(reached);
        }
        let behind = |end: Position| {
            let reached = searchable_to.sequence(end.partition).unwrap_or(0);
            end.sequence.saturating_sub(reached)
        };
        let lag_events = self.log_end.iter().map(behind).sum();
        Ok(Found {
            hits: found,
            next: next.map(|cursor| cursor.to_string()),
            // What lies before a viewer joined is counted, and found out about page by page.
            total: Total {
                value: total.unwrap_or_default(),
                exact: !dropped && self.viewer.is_none() && lag_events == 0,
            },
            searchable_to,
            lag_events,
        })
    }

    fn searched(&self, query: &SearchQuery) -> Result<Page, Problem> {
        search_all(&self.readers, query).map_err(|error| {
            if error.is_callers_mistake() {
                let title = "the query is not valid";
                return Problem::new(StatusCode::BAD_REQUEST, "query_invalid", title)
                    .with_detail(error.to_string());
            }
            (self.doubt)();
            Problem::broken(error)
        })
    }

    /// The conversations in which an account may read anything: of more than 10,000 one-to-one or
    /// group conversations, the latest, and the first by id.
    fn readable_by(&self, viewer: &UserId) -> Result<Vec<ConversationId>, Problem> {
        let contacts = self
            .reads
            .contacts(viewer, None, SEARCH_CONTACTS_MAX)
            .map_err(Problem::broken)?;
        let joined = self
            .reads
            .joined(viewer, JOINED_GROUPS_READ_MAX)
            .map_err(Problem::broken)?;
        let mut all: Vec<ConversationId> = contacts
            .iter()
            .map(|entry| ConversationId::c2c(viewer, &entry.peer))
            .collect();
        all.extend(
            joined
                .into_iter()
                .map(|one| ConversationId::Group(one.group_id)),
        );
        Ok(all)
    }
}

/// Reads hits from their conversations, as far as the viewer may.
struct Readable<'a> {
    task: &'a Task<'a>,
    /// Of each group that was met: after which seq the viewer may read it; `None`: not at all.
    groups: HashMap<GroupId, Option<Seq>>,
}

impl Readable<'_> {
    fn message(&mut self, hit: Hit) -> Result<Option<FoundMessage>, Problem> {
        let Hit {
            conversation,
            seq,
            sender,
            sent_at,
        } = hit;
        let conversations = self.task.reads.conversations_with(&conversation);
        let row = conversations
            .message(&conversation, seq)
            .map_err(Problem::broken)?;
        // The index may not know yet that a group was dissolved and another has its id.
        let is_it = |row: &MessageRow| row.sender == sender && row.sent_at == sent_at;
        let Some(row) = row.filter(|row| row.recall.is_none() && is_it(row)) else {
            return Ok(None);
        };
        if let Some(viewer) = self.task.viewer.clone()
            && (!row.is_shown_to(&viewer) || !self.may_read(&viewer, &conversation, seq)?)
        {
            return Ok(None);
        }
        let elements = decode_elements(&row.elements).map_err(Problem::broken)?;
        let text = hansard_search::text_of(&elements).unwrap_or_default();
        Ok(Some(FoundMessage {
            conversation,
            seq,
            sender: row.sender,
            sent_at: row.sent_at,
            highlight: highlight(&self.task.query, &text),
            message: MessageContent {
                elements,
                cloud_custom_data: row.cloud_custom_data,
            },
        }))
    }

    fn may_read(
        &mut self,
        viewer: &UserId,
        conversation: &ConversationId,
        seq: Seq,
    ) -> Result<bool, Problem> {
        let floor = |reads: &Reads<'_>| reading::floor(reads, viewer, conversation);
        let floor = match conversation.group() {
            None => floor(&self.task.reads)?,
            Some(group) => match self.groups.get(group) {
                Some(floor) => *floor,
                None => {
                    let floor = floor(&self.task.reads)?;
                    self.groups.insert(group.clone(), floor);
                    floor
                }
            },
        };
        Ok(floor.is_some_and(|floor| seq > floor))
    }
}

#[cfg(test)]
mod tests;
