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
//! repeats nothing. Only committed events are delivered. A slow reader holds up its own stream
//! and nothing else.

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
use hansard_types::{AppId, Position};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use crate::Problem;
use crate::Shared;
use crate::access::{Access, Metered};
use crate::event_filter::EventFilter;
use crate::{Kind, Operation, optional};

pub(crate) const PATH: &str = "/v1/apps/{app}/events";
const NEXT: HeaderName = HeaderName::from_static("hansard-next");
const LOG_END: HeaderName = HeaderName::from_static("hansard-log-end");
const NDJSON: &str = "application/x-ndjson";
const SSE: &str = "text/event-stream";

/// Events read at once: what a stream holds in memory.
const BATCH_EVENTS_MAX: usize = 256;
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
        optional("follow", "sse or ndjson: go on without end").of(Kind::OneOf(&["sse", "ndjson"])),
    ],
    request: None,
    response: (NDJSON, |generator| {
        generator.subschema_for::<CloudEvent<'_>>()
    }),
}];

/// What is asked for.
struct Range {
    app: AppId,
    /// The next sequence to look at.
    next: u64,
    /// The last one.
    until: u64,
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
    let committed = shared
        .desk
        .committed(app)
        .ok_or_else(Problem::app_unknown)?;
    let end = *committed.borrow();
    let types = query.filled("type");
    let conversation = query.filled("conversation");
    let until = query
        .filled("until")
        .map(|text| sequence(&text, "until"))
        .transpose()?;
    let mut range = Range {
        app,
        next: first(parts, &query)?,
        until: until.unwrap_or(u64::MAX),
        filter: EventFilter::new(types.as_deref(), conversation.as_deref())?,
    };
    let limit = query.filled("limit").map(|text| limit(&text)).transpose()?;
    if follow != Follow::No {
        let permit = Arc::clone(&shared.followers)
            .try_acquire_owned()
            .map_err(|_| {
                let title = "as many event streams are open as this server takes";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_followers", title)
            })?;
        return Ok(following(shared, range, follow, committed, permit));
    }
    range.until = range.until.min(end);
    match limit {
        Some(limit) => page(&shared.desk, range, limit, end).await,
        None => Ok(whole(&shared.desk, range, end)),
    }
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
fn first(parts: &Parts, query: &Query<'_>) -> Result<u64, Problem> {
    if let Some(last) = parts.headers.get("last-event-id") {
        let last = sequence(last.to_str().unwrap_or_default(), "Last-Event-ID")?;
        return Ok(last.saturating_add(1).max(1));
    }
    let from = query
        .filled("from")
        .map(|text| sequence(&text, "from"))
        .transpose()?;
    Ok(from.unwrap_or(1).max(1))
}

/// `0:42`, or `42`.
fn sequence(text: &str, name: &'static str) -> Result<u64, Problem> {
    let position = match text.parse::<u64>() {
        Ok(sequence) => Position::new(0, sequence),
        Err(_) => text
            .parse()
            .map_err(|error| Problem::invalid(format!("{name}: {error}")))?,
    };
    if position.partition != 0 {
        return Err(Problem::invalid(format!(
            "{name}: the app has partition 0 only"
        )));
    }
    Ok(position.sequence)
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
async fn page(desk: &Desk, mut range: Range, limit: usize, end: u64) -> Result<Response, Problem> {
    let mut lines = String::new();
    let (mut count, mut looked_at) = (0, 0);
    'reading: while range.next <= range.until && looked_at < PAGE_LOOKED_AT_MAX {
        let batch = desk.events(range.app, range.next, BATCH_EVENTS_MAX).await;
        let batch = batch.map_err(unreadable)?;
        if batch.is_empty() {
            break;
        }
        for stored in batch {
            if stored.sequence > range.until {
                break 'reading;
            }
            if let Some(line) = range.filter.line(&stored).map_err(Problem::broken)? {
                let is_full =
                    count == limit || (count > 0 && lines.len() + line.len() > PAGE_BYTES_MAX);
                if is_full {
                    break 'reading;
                }
                count += 1;
                lines.push_str(&line);
                lines.push('\n');
            }
            range.next = stored.sequence + 1;
            looked_at += 1;
        }
    }
    Ok(response(NDJSON, Body::from(lines), Some(range.next), end))
}

/// The whole range, as a stream.
fn whole(desk: &Arc<Desk>, range: Range, end: u64) -> Response {
    let next = range.next.max(range.until.saturating_add(1));
    let reader = Lines {
        desk: Arc::clone(desk),
        range,
        follow: Follow::No,
        ready: Vec::new(),
        committed: None,
        shutdown: None,
        _open: None,
    };
    response(NDJSON, reader.body(), Some(next), end)
}

/// The range and everything after it, as a stream without end.
fn following(
    shared: &Shared,
    range: Range,
    follow: Follow,
    committed: watch::Receiver<u64>,
    permit: OwnedSemaphorePermit,
) -> Response {
    let end = *committed.borrow();
    let reader = Lines {
        desk: Arc::clone(&shared.desk),
        range,
        follow,
        ready: Vec::new(),
        committed: Some(committed),
        shutdown: shared.shutdown.clone(),
        _open: Some((permit, Open::follower())),
    };
    let content_type = if follow == Follow::Sse { SSE } else { NDJSON };
    response(content_type, reader.body(), None, end)
}

fn response(content_type: &'static str, body: Body, next: Option<u64>, end: u64) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut position = |name: HeaderName, sequence: u64| {
        let text = Position::new(0, sequence).to_string();
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    };
    position(LOG_END, end);
    if let Some(next) = next {
        position(NEXT, next);
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
    /// Given when it follows.
    committed: Option<watch::Receiver<u64>>,
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
            if self.range.next > self.range.until || self.is_shutting_down() {
                return Ok(None);
            }
            if let Some(committed) = &mut self.committed
                && *committed.borrow_and_update() < self.range.next
            {
                match self.wait().await {
                    Waited::More => {}
                    Waited::Silence if self.follow == Follow::Sse => {
                        return Ok(Some(Bytes::from_static(b": keep-alive\n\n")));
                    }
                    Waited::Silence => {}
                    Waited::Ended => return Ok(None),
                }
                continue;
            }
            self.fill().await?;
        }
    }

    fn is_shutting_down(&self) -> bool {
        self.shutdown
            .as_ref()
            .is_some_and(|shutdown| *shutdown.borrow())
    }

    async fn fill(&mut self) -> Result<(), BrokenOff> {
        let Range { app, next, .. } = self.range;
        let batch = self
            .desk
            .events(app, next, BATCH_EVENTS_MAX)
            .await
            .map_err(|error| {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "an event stream broke off");
                BrokenOff
            })?;
        if batch.is_empty() {
            // What is committed can be read: only the end of an unfollowed range is empty.
            self.range.next = self.range.until.saturating_add(1);
            return if self.committed.is_some() {
                Err(BrokenOff)
            } else {
                Ok(())
            };
        }
        for stored in batch {
            if stored.sequence > self.range.until {
                break;
            }
            self.range.next = stored.sequence.saturating_add(1);
            let line = self.range.filter.line(&stored).map_err(|error| {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, sequence = stored.sequence, "an event does not read");
                BrokenOff
            })?;
            if let Some(line) = line {
                self.push(stored.sequence, &line);
            }
        }
        Ok(())
    }

    fn push(&mut self, sequence: u64, line: &str) {
        if self.follow == Follow::Sse {
            let id = format!("id: {}\ndata: ", Position::new(0, sequence));
            self.ready.extend_from_slice(id.as_bytes());
        }
        self.ready.extend_from_slice(line.as_bytes());
        let end: &[u8] = if self.follow == Follow::Sse {
            b"\n\n"
        } else {
            b"\n"
        };
        self.ready.extend_from_slice(end);
    }

    /// Waits for something new, for silence to last, or for the end. Every wait is cancel-safe.
    async fn wait(&mut self) -> Waited {
        let Some(committed) = &mut self.committed else {
            return Waited::Ended;
        };
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
            changed = timeout(KEEP_ALIVE, committed.changed()) => match changed {
                Ok(Ok(())) => Waited::More,
                Ok(Err(_)) => Waited::Ended,
                Err(_elapsed) => Waited::Silence,
            },
            () = shutdown => Waited::Ended,
        }
    }
}

enum Waited {
    More,
    Silence,
    Ended,
}

#[cfg(test)]
mod tests;
