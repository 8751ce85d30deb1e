//! `POST /v1/apps/{app}/messages`: an account says something, in its own name.
//!
//! Other than what the server API sends in an account's name, it does not reach who blocks the
//! account, and only groups that the account is in. Sending the same again, with the same numbers,
//! gets the first answer and adds nothing.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::Caller;
use hansard_domain::message::{Content, SendC2c, SendGroup};
use hansard_domain::{GroupSend, SentC2c, SentMessage};
use hansard_events::message::Element;
use hansard_types::limits::MESSAGE_ELEMENTS_MAX;
use hansard_types::{ConversationId, GroupId, Position, Seq, Timestamp, TopicId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Metered, Own, json_body, not_answered};
use crate::act::bounded;
use crate::{Operation, Problem, Shared};

pub(crate) mod acts;
pub(crate) mod history;

pub(crate) const PATH: &str = "/v1/apps/{app}/messages";
/// The priority of what an account says in a group.
const NORMAL: u8 = 2;

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    method: "post",
    path: PATH,
    id: "send_message",
    summary: "Sends a message of the caller's, to an account or to a group",
    parameters: &[],
    request: Some(("application/json", |generator| {
        generator.subschema_for::<Sending>()
    })),
    response: ("application/json", |generator| {
        generator.subschema_for::<Sent>()
    }),
}];

#[derive(Deserialize, JsonSchema)]
struct Sending {
    to: Recipient,
    /// 1 to 64, of which at most one is custom.
    #[schemars(length(min = 1, max = MESSAGE_ELEMENTS_MAX))]
    elements: Vec<Element>,
    #[serde(default)]
    cloud_custom_data: Option<String>,
    /// The caller's own number for the message.
    random: u32,
    /// For those who are there, and not stored.
    #[serde(default)]
    online_only: bool,
    /// Whoever reads it is to confirm that.
    #[serde(default)]
    wants_receipts: bool,
    /// Clients may keep keys and values with it.
    #[serde(default)]
    extensible: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Recipient {
    Account(UserId),
    /// One that the caller is in.
    Group(GroupId),
    /// Of a community that the caller is in.
    Topic {
        group: GroupId,
        topic: TopicId,
    },
}

#[derive(Serialize, JsonSchema)]
struct Sent {
    conversation: ConversationId,
    /// 0 when it is not stored.
    seq: Seq,
    /// Unix milliseconds.
    sent_at: Timestamp,
    /// It was there already.
    duplicate: bool,
    /// Nobody gets it: the group was spoken in more often than the app lets it.
    dropped: bool,
    /// Where it is in the log; the log's end when nothing was added.
    position: Position,
}

pub(crate) async fn send(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    body: Bytes,
) -> Response {
    let metered = Metered::start("send_message");
    metered.end(answer(&shared, &caller, &body).await)
}

async fn answer(shared: &Shared, caller: &Caller, body: &Bytes) -> Result<Response, Problem> {
    let sending: Sending = json_body(body)?;
    check_elements(&sending.elements)?;
    let Sending {
        to,
        elements,
        cloud_custom_data,
        random,
        online_only,
        wants_receipts,
        extensible,
    } = sending;
    let content = Content {
        elements,
        cloud_custom_data,
        no_unread: false,
        no_last: false,
        extensible,
        offline_push: None,
    };
    let (group_id, topic_id) = match to {
        Recipient::Account(to) => {
            let command = SendC2c {
                from: caller.user.clone(),
                to,
                content,
                random,
                client_seq: None,
                time_seconds: None,
                hidden_from_sender: false,
                online_only,
                wants_receipts,
            };
            let sent = to_account(shared, caller, command).await?;
            return Ok(Json(sent).into_response());
        }
        Recipient::Group(group) => (group, None),
        Recipient::Topic { group, topic } => (group, Some(topic)),
    };
    let conversation = ConversationId::in_group(&group_id, topic_id.as_ref());
    let command = SendGroup {
        topic_id,
        from: caller.user.clone(),
        content,
        random,
        priority: NORMAL,
        mentions: Vec::new(),
        targets: Vec::new(),
        online_only,
        wants_receipts,
        live: false,
        per_second: None,
        group_id,
    };
    let answer = shared.desk.submit(caller, command).await;
    let answer = answer.map_err(not_answered)?;
    let sent = match answer.reply {
        GroupSend::Sent(sent) => written(conversation, sent, answer.position),
        GroupSend::Dropped { at: sent_at } => Sent {
            conversation,
            seq: Seq(0),
            sent_at,
            duplicate: false,
            dropped: true,
            position: answer.position,
        },
    };
    Ok(Json(sent).into_response())
}

async fn to_account(shared: &Shared, caller: &Caller, command: SendC2c) -> Result<Sent, Problem> {
    let conversation = ConversationId::c2c(&command.from, &command.to);
    let answer = shared.desk.submit(caller, command).await;
    let answer = answer.map_err(not_answered)?;
    let SentC2c {
        seq,
        sent_at,
        key: _,
        duplicate,
    } = answer.reply;
    let sent = SentMessage {
        seq,
        sent_at,
        duplicate,
    };
    Ok(written(conversation, sent, answer.position))
}

fn written(conversation: ConversationId, sent: SentMessage, position: Position) -> Sent {
    let SentMessage {
        seq,
        sent_at,
        duplicate,
    } = sent;
    Sent {
        conversation,
        seq,
        sent_at,
        duplicate,
        dropped: false,
        position,
    }
}

/// What they are is looked at by whoever decides.
fn check_elements(elements: &[Element]) -> Result<(), Problem> {
    bounded("elements", elements, MESSAGE_ELEMENTS_MAX)
}

#[cfg(test)]
mod tests;
