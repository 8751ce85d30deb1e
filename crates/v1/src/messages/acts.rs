//! What an account does with messages that there are: it recalls and edits its own, and reads.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Caller, Error};
use hansard_domain::conversation::{ConfirmRead, MarkRead, UpTo};
use hansard_domain::message::{EditMessage, RecallC2c, RecallGroup, Which};
use hansard_events::message::Element;
use hansard_types::limits::{
    GROUP_RECEIPTS_PER_CALL_MAX, MESSAGE_ELEMENTS_MAX, RECALL_REASON_BYTES_MAX,
};
use hansard_types::{ConversationId, GroupId, Position, Reason, Seq, TopicId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Metered, Own, json_body, not_answered};
use crate::{Operation, Problem, Shared};

pub(crate) const EDIT: &str = super::PATH;
pub(crate) const RECALL: &str = "/v1/apps/{app}/messages/recall";
pub(crate) const CONFIRM: &str = "/v1/apps/{app}/messages/receipts";
pub(crate) const READ: &str = "/v1/apps/{app}/messages/read";

const fn written<T: JsonSchema>(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
) -> Operation {
    Operation {
        method,
        path,
        id,
        summary,
        parameters: &[],
        request: Some(("application/json", |generator| {
            generator.subschema_for::<T>()
        })),
        response: ("application/json", |generator| {
            generator.subschema_for::<Done>()
        }),
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[
    written::<Edit>(
        "patch",
        EDIT,
        "edit_message",
        "Makes a message of the caller's say something else",
    ),
    written::<Recall>(
        "post",
        RECALL,
        "recall_message",
        "Recalls a message of the caller's within the app's time, or as a group's owner or \
         administrator what a member of a lower rank said",
    ),
    written::<ReadUpTo>(
        "post",
        READ,
        "mark_read",
        "Marks a conversation read; what is read stays read",
    ),
    written::<Receipts>(
        "post",
        CONFIRM,
        "confirm_read",
        "Confirms that the caller has read messages which want receipts",
    ),
];

#[derive(Serialize, JsonSchema)]
struct Done {
    /// Where it is in the log; the log's end when nothing was added.
    position: Position,
}

fn done(position: Position) -> Response {
    Json(Done { position }).into_response()
}

#[derive(Deserialize, JsonSchema)]
struct Edit {
    conversation: ConversationId,
    seq: Seq,
    /// All of them, 1 to 64; absent: as they are.
    #[schemars(length(min = 1, max = MESSAGE_ELEMENTS_MAX))]
    elements: Option<Vec<Element>>,
    /// Absent: as it is.
    cloud_custom_data: Option<String>,
}

pub(crate) async fn edit(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    body: Bytes,
) -> Response {
    let metered = Metered::start("edit_message");
    metered.end(edited(&shared, &caller, &body).await)
}

async fn edited(shared: &Shared, caller: &Caller, body: &Bytes) -> Result<Response, Problem> {
    let Edit {
        conversation,
        seq,
        elements,
        cloud_custom_data,
    } = json_body(body)?;
    if elements.is_none() && cloud_custom_data.is_none() {
        return Err(Problem::invalid("elements or cloud_custom_data is wanted"));
    }
    elements.as_deref().map_or(Ok(()), super::check_elements)?;
    let command = EditMessage {
        conversation,
        which: Which::Seq(seq),
        sender: None,
        elements,
        cloud_custom_data,
        by: caller.user.clone(),
    };
    let answer = shared.desk.submit(caller, command).await;
    Ok(done(answer.map_err(not_answered)?.position))
}

#[derive(Deserialize, JsonSchema)]
struct Recall {
    conversation: ConversationId,
    seq: Seq,
    /// Groups only: at most 100 bytes.
    #[schemars(length(max = RECALL_REASON_BYTES_MAX))]
    reason: Option<String>,
}

pub(crate) async fn recall(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    body: Bytes,
) -> Response {
    let metered = Metered::start("recall_message");
    metered.end(recalled(&shared, &caller, &body).await)
}

async fn recalled(shared: &Shared, caller: &Caller, body: &Bytes) -> Result<Response, Problem> {
    let Recall {
        conversation,
        seq,
        reason,
    } = json_body(body)?;
    if reason
        .as_ref()
        .is_some_and(|reason| reason.len() > RECALL_REASON_BYTES_MAX)
    {
        let detail = format!("reason is at most {RECALL_REASON_BYTES_MAX} bytes");
        return Err(Problem::invalid(detail));
    }
    let (group, topic): (GroupId, Option<TopicId>) = match conversation {
        ConversationId::Group(group) => (group, None),
        ConversationId::Topic(group, topic) => (group, Some(topic)),
        ConversationId::C2c(..) => {
            let peer = conversation.peer_of(&caller.user);
            let to = peer.ok_or_else(|| refused(Reason::MessageUnknown))?.clone();
            if reason.is_some() {
                return Err(Problem::invalid("reason is for groups"));
            }
            let command = RecallC2c {
                from: caller.user.clone(),
                to,
                which: Which::Seq(seq),
                by: caller.user.clone(),
            };
            let answer = shared.desk.submit(caller, command).await;
            return Ok(done(answer.map_err(not_answered)?.position));
        }
    };
    let command = RecallGroup {
        group_id: group,
        topic_id: topic,
        seqs: vec![seq],
        by: caller.user.clone(),
        reason,
    };
    let answer = shared.desk.submit(caller, command).await;
    let answer = answer.map_err(not_answered)?;
    match answer.reply.into_iter().find_map(|(_, refused)| refused) {
        Some(reason) => Err(refused(reason)),
        None => Ok(done(answer.position)),
    }
}

fn refused(reason: Reason) -> Problem {
    not_answered(Error::Refused(reason))
}

#[derive(Deserialize, JsonSchema)]
struct ReadUpTo {
    conversation: ConversationId,
    /// The last message read; absent: everything there is.
    seq: Option<Seq>,
}

pub(crate) async fn read(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    body: Bytes,
) -> Response {
    let metered = Metered::start("mark_read");
    metered.end(marked(&shared, &caller, &body).await)
}

async fn marked(shared: &Shared, caller: &Caller, body: &Bytes) -> Result<Response, Problem> {
    let ReadUpTo { conversation, seq } = json_body(body)?;
    let command = MarkRead {
        conversation,
        reader: caller.user.clone(),
        up_to: seq.map_or(UpTo::Last, UpTo::Seq),
    };
    let answer = shared.desk.submit(caller, command).await;
    Ok(done(answer.map_err(not_answered)?.position))
}

#[derive(Deserialize, JsonSchema)]
struct Receipts {
    conversation: ConversationId,
    /// Messages that the caller has read; those that want no receipt are passed over.
    #[schemars(length(min = 1, max = GROUP_RECEIPTS_PER_CALL_MAX))]
    seqs: Vec<Seq>,
}

pub(crate) async fn confirm(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    body: Bytes,
) -> Response {
    let metered = Metered::start("confirm_read");
    metered.end(confirmed(&shared, &caller, &body).await)
}

async fn confirmed(shared: &Shared, caller: &Caller, body: &Bytes) -> Result<Response, Problem> {
    let Receipts { conversation, seqs } = json_body(body)?;
    if !(1..=GROUP_RECEIPTS_PER_CALL_MAX).contains(&seqs.len()) {
        let detail = format!("seqs holds 1 to {GROUP_RECEIPTS_PER_CALL_MAX}");
        return Err(Problem::invalid(detail));
    }
    let command = ConfirmRead {
        conversation,
        reader: caller.user.clone(),
        seqs,
    };
    let answer = shared.desk.submit(caller, command).await;
    Ok(done(answer.map_err(not_answered)?.position))
}
