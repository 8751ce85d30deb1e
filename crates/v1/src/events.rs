//! `GET /v1/apps/{app}/events`: the log, as lines of JSON or as server-sent events.
//!
//! A line is an event in the CloudEvents JSON format with its position in `hansardposition`.
//! Without `follow` the answer ends where the log ended when it began (or at `until`, or after
//! `limit` lines); its header `hansard-next` is the position to go on from, and
//! `hansard-log-end` the last committed position: when next is past the end there is nothing
//! more yet. After a broken answer go on from the last line's position plus one.
//!
//! `follow=sse` (or `Accept: text/event-stream`) and `follow=ndjson` go on without end. Of SSE
//! each event's `id` is its position, so a reader that reconnects with `Last-Event-ID` misses and
//! repeats nothing.
//!
//! Of an app with several partitions a place is a position of each, with commas (`0:42,1:7`): in
//! `from`, `until`, the headers and the `id`s; a partition that is not named begins at its first
//! event, or goes to its end. [`merged`] says in which order they come. Only committed events are delivered. A slow reader holds up its own stream
//! and nothing else.

mod merged;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use hansard_desk::metrics::Open;
use hansard_desk::{Desk, EventsError, Query};
use hansard_events::CloudEvent;
use hansard_types::limits::EVENTS_PAGE_MAX;
use hansard_types::{AppId, LogId, Position, Positions};
use merged::Merged;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use crate::Problem;
use crate::Shared;
use crate::access::{Access, Metered};
use crate::event_filter::EventFilter;
use crate::{Kind, Operation, optional};

pub(crate) const PATH: &str = "/v1/apps/{app}/events";
const NEXT: HeaderName = HeaderName::from_static("hansard-next");
const BEGINS: HeaderName = HeaderName::from_static("hansard-begins");
const LOG_END: HeaderName = HeaderName::from_static("hansard-log-end");
const NDJSON: &str = "application/x-ndjson";
const SSE: &str = "text/event-stream";

/// Bytes of lines on a page with a limit, so that a page of large events stays small: it then has
/// fewer lines.
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Events looked at for a page with a limit, wanted or not.
const PAGE_LOOKED_AT_MAX: usize = 50_000;
/// How long a stream stays silent.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: PATH,
    id: "events",
    summary: "Reads or follows the log",
    parameters: &[
        optional("from", "The first position, as 0:42; absent: the beginning").of(Kind::Position),
        optional("until", "The last position, included").of(Kind::Position),
        optional(
            "limit",
            "Lines on the page, 1 to 10000; absent: the whole range",
        )
        .of(Kind::Count(EVENTS_PAGE_MAX)),
        optional(
            "type",
            "Types with commas; a name that ends in . or .* is a family",
        ),
        optional(
            "conversation",
            "Events about one conversation, for example group:team",
        ),
        optional(
            "kind",
            "ordinary, or live: what is said in live rooms, and who comes and goes there",
        )
        .of(Kind::OneOf(&["ordinary", "live"])),
        optional("follow", "sse or ndjson: go on without end").of(Kind::OneOf(&["sse", "ndjson"])),
    ],
    request: None,
    response: (NDJSON, |generator| {
        generator.subschema_for::<CloudEvent<'_>>()
    }),
}];

/// What is asked for.
struct Range {
    events: Merged,
    filter: EventFilter,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Follow {
    No,
    Sse,
    Ndjson,
}

pub(crate) async fn read(
    State(shared): State<Arc<Shared>>,
    access: Access,
    request: Request,
) -> Response {
    let metered = Metered::start("events");
    let (parts, _body) = request.into_parts();
    metered.end(answer(&shared, access.0.app, &parts).await)
}

async fn answer(shared: &Shared, app: AppId, parts: &Parts) -> Result<Response, Problem> {
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let follow = follow(parts, &query)?;
    let logs = logs(shared, app, &query)?;
    let until = match query.filled("until") {
        Some(text) => positions(&text, "until", &logs)?,
        None => Positions::default(),
    };
    let next = first(parts, &query, &logs)?;
    let types = query.filled("type");
    let conversation = query.filled("conversation");
    let filter = EventFilter::new(types.as_deref(), conversation.as_deref())?;
    let events = Merged::new(&shared.desk, logs.into_iter(), &next, &until);
    let events = events.ok_or_else(Problem::app_unknown)?;
    let mut range = Range { events, filter };
    let limit = query.filled("limit").map(|text| limit(&text)).transpose()?;
    if follow != Follow::No {
        let permit = Arc::clone(&shared.followers)
            .try_acquire_owned()
            .map_err(|_| {
                let title = "as many event streams are open as this server takes";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_followers", title)
            })?;
        return following(shared, range, follow, permit).await;
    }
    range.events.end_here();
    match limit {
        Some(limit) => page(&shared.desk, range, limit).await,
        None => whole(&shared.desk, range).await,
    }
}

/// Which of an app's logs are read.
fn logs(shared: &Shared, app: AppId, query: &Query<'_>) -> Result<Vec<LogId>, Problem> {
    let is_live = match query.filled("kind").as_deref() {
        None | Some("ordinary") => false,
        Some("live") => true,
        Some(_) => return Err(Problem::invalid("kind must be ordinary or live")),
    };
    let logs = shared.desk.logs(app);
    Ok(logs.filter(|log| log.is_live() == is_live).collect())
}

fn follow(parts: &Parts, query: &Query<'_>) -> Result<Follow, Problem> {
    let accept = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    match query.filled("follow").as_deref() {
        Some("sse") => Ok(Follow::Sse),
        Some("ndjson") => Ok(Follow::Ndjson),
        Some(_) => Err(Problem::invalid("follow must be sse or ndjson")),
        None if accept.is_some_and(|value| value.contains(SSE)) => Ok(Follow::Sse),
        None => Ok(Follow::No),
    }
}

/// Where to begin: after the last event seen, or at `from`.
fn first(parts: &Parts, query: &Query<'_>, logs: &[LogId]) -> Result<Positions, Problem> {
    if let Some(last) = parts.headers.get("last-event-id") {
        let last = last.to_str().unwrap_or_default();
        let after = |seen: Position| Position::new(seen.partition, seen.sequence.saturating_add(1));
        let last = positions(last, "Last-Event-ID", logs)?;
        return Ok(last.iter().map(after).collect());
    }
    match query.filled("from") {
        Some(text) => positions(&text, "from", logs),
        None => Ok(Positions::default()),
    }
}

/// `0:42`, or `42` of an app with one partition, or one of each.
fn positions(text: &str, name: &'static str, logs: &[LogId]) -> Result<Positions, Problem> {
    let positions = match (text.parse::<u64>(), logs) {
        (Ok(sequence), [log]) => Position::new(log.partition, sequence).into(),
        (Ok(_) | Err(_), _) => text
            .parse::<Positions>()
            .map_err(|error| Problem::invalid(format!("{name}: {error}")))?,
    };
    let other = positions
        .iter()
        .find(|at| logs.iter().all(|log| log.partition != at.partition));
    match other {
        Some(Position { partition, .. }) => Err(Problem::invalid(format!(
            "{name}: the app has no partition {partition}"
        ))),
        None => Ok(positions),
    }
}

fn limit(text: &str) -> Result<usize, Problem> {
    match text.parse() {
        Ok(limit) if (1..=EVENTS_PAGE_MAX).contains(&limit) => Ok(limit),
        Ok(_) | Err(_) => Err(Problem::invalid(format!(
            "limit must be 1 to {EVENTS_PAGE_MAX}"
        ))),
    }
}

fn unreadable(error: EventsError) -> Problem {
    match error {
        EventsError::AppUnknown => Problem::app_unknown(),
        EventsError::Log(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "events cannot be read");
            Problem::unavailable("the log cannot be read at the moment")
        }
    }
}

/// A page whose end is known before it is sent.
async fn page(desk: &Desk, mut range: Range, limit: usize) -> Result<Response, Problem> {
    let mut lines = String::new();
    let (mut count, mut looked_at) = (0, 0);
    'reading: while !range.events.is_done() && looked_at < PAGE_LOOKED_AT_MAX {
        range.events.fill(desk).await.map_err(unreadable)?;
        if range.events.is_stuck() {
            break;
        }
        while let Some((position, stored)) = range.events.peek() {
            let line = range.filter.line(position, stored);
            if let Some(line) = line.map_err(Problem::broken)? {
                let is_full =
                    count == limit || (count > 0 && lines.len() + line.len() > PAGE_BYTES_MAX);
                if is_full {
                    break 'reading;
                }
                count += 1;
                lines.push_str(&line);
                lines.push('\n');
            }
            range.events.take(position);
            looked_at += 1;
        }
    }
    let begins = range.events.begins();
    let next = Some(range.events.next());
    let end = range.events.end();
    Ok(response(NDJSON, Body::from(lines), next, &end, begins))
}

/// The whole range, as a stream.
async fn whole(desk: &Arc<Desk>, mut range: Range) -> Result<Response, Problem> {
    range.events.fill(desk).await.map_err(unreadable)?;
    let begins = range.events.begins();
    let (next, end) = (range.events.next_after_all(), range.events.end());
    let reader = Lines {
        desk: Arc::clone(desk),
        range,
        follow: Follow::No,
        ready: Vec::new(),
        shutdown: None,
        _open: None,
    };
    Ok(response(NDJSON, reader.body(), Some(next), &end, begins))
}

/// The range and everything after it, as a stream without end.
async fn following(
    shared: &Shared,
    mut range: Range,
    follow: Follow,
    permit: OwnedSemaphorePermit,
) -> Result<Response, Problem> {
    range.events.fill(&shared.desk).await.map_err(unreadable)?;
    let begins = range.events.begins();
    let end = range.events.end();
    let reader = Lines {
        desk: Arc::clone(&shared.desk),
        range,
        follow,
        ready: Vec::new(),
        shutdown: shared.shutdown.clone(),
        _open: Some((permit, Open::follower())),
    };
    let content_type = if follow == Follow::Sse { SSE } else { NDJSON };
    Ok(response(content_type, reader.body(), None, &end, begins))
}

fn response(
    content_type: &'static str,
    body: Body,
    next: Option<Positions>,
    end: &Positions,
    begins: Option<Positions>,
) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut positions = |name: HeaderName, at: &Positions| {
        if let Ok(value) = HeaderValue::from_str(&at.to_string()) {
            headers.insert(name, value);
        }
    };
    positions(LOG_END, end);
    if let Some(next) = next {
        positions(NEXT, &next);
    }
    if let Some(begins) = begins {
        positions(BEGINS, &begins);
    }
    response
}

/// A stream of lines: reads a batch when the last one has been taken.
struct Lines {
    desk: Arc<Desk>,
    range: Range,
    follow: Follow,
    /// The lines of the last batch, not sent yet.
    ready: Vec<u8>,
    shutdown: Option<watch::Receiver<bool>>,
    _open: Option<(OwnedSemaphorePermit, Open)>,
}

/// The stream broke off: the connection is closed without its proper end, so that the reader
/// notices.
#[derive(Debug, thiserror::Error)]
#[error("the log could not be read on")]
struct BrokenOff;

impl Lines {
    fn body(self) -> Body {
        Body::from_stream(futures::stream::try_unfold(self, |mut lines| async {
            Ok::<_, BrokenOff>(lines.next().await?.map(|bytes| (bytes, lines)))
        }))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        loop {
            if !self.ready.is_empty() {
                return Ok(Some(Bytes::from(std::mem::take(&mut self.ready))));
            }
            if self.range.events.is_done() || self.is_shutting_down() {
                return Ok(None);
            }
            self.fill().await?;
            if !self.ready.is_empty() || self.follow == Follow::No {
                continue;
            }
            match self.wait().await {
                Waited::More => {}
                Waited::Silence if self.follow == Follow::Sse => {
                    return Ok(Some(Bytes::from_static(b": keep-alive\n\n")));
                }
                Waited::Silence => {}
                Waited::Ended => return Ok(None),
            }
        }
    }

    fn is_shutting_down(&self) -> bool {
        self.shutdown
            .as_ref()
            .is_some_and(|shutdown| *shutdown.borrow())
    }

    /// Makes lines of what is there.
    async fn fill(&mut self) -> Result<(), BrokenOff> {
        let events = &mut self.range.events;
        events.fill(&self.desk).await.map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "an event stream broke off");
            BrokenOff
        })?;
        // What is committed can be read.
        if events.is_stuck() {
            return Err(BrokenOff);
        }
        if let Some(begins) = events.begins() {
            if self.follow != Follow::Sse {
                return Err(BrokenOff);
            }
            let comment = format!(": what came before {begins} has aged out\n\n");
            self.ready.extend_from_slice(comment.as_bytes());
        }
        while let Some((position, stored)) = events.peek() {
            let line = self.range.filter.line(position, stored).map_err(|error| {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, %position, "an event does not read");
                BrokenOff
            })?;
            if let Some(line) = line {
                push(
                    &mut self.ready,
                    self.follow,
                    &events.seen_with(position),
                    &line,
                );
            }
            events.take(position);
        }
        Ok(())
    }

    /// Waits for something new, for silence to last, or for the end. Every wait is cancel-safe.
    async fn wait(&mut self) -> Waited {
        let shutdown = async {
            match &mut self.shutdown {
                Some(shutdown) => {
                    // A sender that is gone has nothing to say any more.
                    if shutdown.wait_for(|down| *down).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            more = timeout(KEEP_ALIVE, self.range.events.more()) => match more {
                Ok(true) => Waited::More,
                Ok(false) => Waited::Ended,
                Err(_elapsed) => Waited::Silence,
            },
            () = shutdown => Waited::Ended,
        }
    }
}

fn push(ready: &mut Vec<u8>, follow: Follow, seen: &Positions, line: &str) {
    if follow == Follow::Sse {
        let id = format!("id: {seen}\ndata: ");
        ready.extend_from_slice(id.as_bytes());
    }
    ready.extend_from_slice(line.as_bytes());
    let end: &[u8] = if follow == Follow::Sse {
        b"\n\n"
    } else {
        b"\n"
    };
    ready.extend_from_slice(end);
}

enum Waited {
    More,
    Silence,
    Ended,
}

#[cfg(test)]
mod tests;
