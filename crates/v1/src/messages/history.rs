//! `GET /v1/apps/{app}/messages`: what was said in a conversation, as the caller may read it, the newest
//! first. Recalled messages are there without what they said.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use hansard_conversations::MessageRow;
use hansard_desk::{Caller, Query, Reads};
use hansard_events::group::Notice;
use hansard_events::message::{Element, decode_elements};
use hansard_types::{ConversationId, Reason, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::{Metered, Own, not_answered, refused};
use crate::{Kind, Operation, Problem, Shared, asked, optional, reading, required};

/// Messages on a page.
const PAGE_MAX: usize = 100;
const PAGE: usize = 20;
/// Messages that one page looks at: most of those that are not shown are for others.
const LOOKED_AT_MAX: usize = 500;

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: super::PATH,
    id: "messages",
    summary: "Reads a conversation of the caller's, the newest first",
    parameters: &[
        required("conversation", "Its id, as `group:team` or `c2c:alice:bob`"),
        optional(
            "from",
            "The first message to show; `next` of the page before",
        ),
        optional(
            "until",
            "Unix milliseconds: begins with the last message whose time is not later",
        ),
        optional("limit", "Messages on a page, 1 to 100; 20 when absent").of(Kind::Count(PAGE_MAX)),
    ],
    request: None,
    response: ("application/json", |generator| {
        generator.subschema_for::<Page>()
    }),
}];

#[derive(Serialize, JsonSchema)]
struct Page {
    /// The newest first.
    messages: Vec<Message>,
    /// Where the next page begins; `null` on the last one.
    next: Option<Seq>,
    /// Up to where the caller has read it.
    read_seq: Seq,
}

#[derive(Serialize, JsonSchema)]
struct Message {
    seq: Seq,
    /// Of a notice: who did what it tells of.
    sender: UserId,
    /// Unix milliseconds.
    sent_at: Timestamp,
    /// Empty once recalled.
    elements: Vec<Element>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    mentioned: Vec<UserId>,
    mentions_all: bool,
    /// Keys and values may be kept with it.
    extensible: bool,
    /// `null` unless it was recalled.
    recalled: Option<Recalled>,
    /// What happened in the group, where that is what it tells; `null` of what somebody said.
    notice: Option<Notice>,
}

#[derive(Serialize, JsonSchema)]
struct Recalled {
    by: UserId,
    /// Unix milliseconds.
    at: Timestamp,
    reason: Option<String>,
}

struct Asked {
    conversation: ConversationId,
    from: Option<Seq>,
    until: Option<Timestamp>,
    limit: usize,
}

fn asked(uri: &Uri) -> Result<Asked, Problem> {
    let query = Query::read(uri.query().unwrap_or_default());
    Ok(Asked {
        conversation: asked::conversation(&query)?,
        from: asked::number(&query, "from")?.map(Seq),
        until: asked::number(&query, "until")?.map(Timestamp),
        limit: asked::count(&query, "limit", PAGE, PAGE_MAX)?,
    })
}

pub(crate) async fn read(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    let metered = Metered::start("messages");
    let found = async {
        let asked = asked(&uri)?;
        let read = shared
            .desk
            .read(caller.app, |reads| page(&reads, &caller, &asked));
        let page = read.await.map_err(not_answered)??;
        Ok(Json(page).into_response())
    };
    metered.end(found.await)
}

fn page(reads: &Reads<'_>, caller: &Caller, asked: &Asked) -> Result<Page, Problem> {
    let Asked {
        conversation,
        from,
        until,
        limit,
    } = asked;
    let viewer = &caller.user;
    let floor = reading::floor(reads, viewer, conversation)?;
    let floor = floor.ok_or_else(|| refused(Reason::MemberUnknown))?;
    let conversations = reads.conversations_with(conversation);
    let head = conversations.head(conversation).map_err(Problem::broken)?;
    let reader = conversations.reader(conversation, viewer);
    let floor = floor.max(head.clear_seq);
    let mut at = from.unwrap_or(head.last_seq).min(head.last_seq);
    if let Some(until) = until {
        let last = conversations.last_at(conversation, *until);
        at = at.min(last.map_err(Problem::broken)?);
    }
    let mut page = Page {
        messages: Vec::new(),
        next: None,
        read_seq: reader.map_err(Problem::broken)?.read_seq,
    };
    let mut looked_at = 0;
    while at > floor {
        if page.messages.len() == *limit || looked_at >= LOOKED_AT_MAX {
            page.next = Some(at);
            break;
        }
        let wanted = limit - page.messages.len();
        let rows = conversations.timeline_down(conversation, at, floor.next(), wanted);
        let rows = rows.map_err(Problem::broken)?;
        let Some((oldest, _)) = rows.last() else {
            break;
        };
        at = Seq(oldest.0 - 1);
        looked_at += rows.len();
        for (seq, row) in rows {
            if row.is_shown_to(viewer) {
                page.messages.push(message(seq, row)?);
            }
        }
    }
    Ok(page)
}

fn message(seq: Seq, row: MessageRow) -> Result<Message, Problem> {
    let (mut elements, mut notice) = (Vec::new(), None);
    if row.recall.is_none() && row.is_notice {
        notice = Some(Notice::decode(&row.elements).map_err(Problem::broken)?);
    } else if row.recall.is_none() {
        elements = decode_elements(&row.elements).map_err(Problem::broken)?;
    }
    let recalled = row.recall.map(|recall| Recalled {
        by: recall.by,
        at: recall.at,
        reason: recall.reason,
    });
    Ok(Message {
        seq,
        sender: row.sender,
        sent_at: row.sent_at,
        elements,
        cloud_custom_data: row.cloud_custom_data,
        priority: row.priority,
        mentioned: row.mentioned,
        mentions_all: row.mentions_all,
        extensible: row.extensible,
        recalled,
        notice,
    })
}
