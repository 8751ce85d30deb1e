//! What an account does with messages that there are: it recalls and edits its own, and reads.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Caller, Desk};
use hansard_domain::conversation::{ConfirmRead, MarkRead, UpTo};
use hansard_domain::message::{EditMessage, RecallC2c, RecallGroup, Which};
use hansard_events::message::Element;
use hansard_types::limits::{MESSAGE_ELEMENTS_MAX, RECALL_REASON_BYTES_MAX, RECEIPTS_PER_CALL_MAX};
use hansard_types::{ConversationId, GroupId, Reason, Seq, TopicId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::access::{Metered, Own, json_body, not_answered, refused};
use crate::act::{Act, Acted, bounded, done, short};
use crate::{Operation, Problem, Shared};

pub(crate) const RECALL: &str = "/v1/apps/{app}/messages/recall";
pub(crate) const CONFIRM: &str = "/v1/apps/{app}/messages/receipts";
pub(crate) const READ: &str = "/v1/apps/{app}/messages/read";

pub(crate) static OPERATIONS: &[Operation] = &[
    done::<Edit>("patch", super::PATH),
    Operation {
        method: "post",
        path: RECALL,
        id: "recall_message",
        summary: "Recalls a message of the caller's within the app's time, or as a group's owner \
                  or administrator what a member of a lower rank said",
        parameters: &[],
        request: Some(("application/json", |generator| {
            generator.subschema_for::<Recall>()
        })),
        response: ("application/json", |generator| {
            generator.subschema_for::<Acted>()
        }),
    },
    done::<ReadUpTo>("post", READ),
    done::<Receipts>("post", CONFIRM),
];

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Edit {
    conversation: ConversationId,
    seq: Seq,
    /// All of them, 1 to 64; absent: as they are.
    #[schemars(length(min = 1, max = MESSAGE_ELEMENTS_MAX))]
    elements: Option<Vec<Element>>,
    /// Absent: as it is.
    cloud_custom_data: Option<String>,
}

impl Act for Edit {
    const NAME: &'static str = "edit_message";
    const SUMMARY: &'static str = "Makes a message of the caller's say something else";
    type Command = EditMessage;

    fn command(self, caller: &Caller, _: &Desk) -> Result<EditMessage, Problem> {
        if self.elements.is_none() && self.cloud_custom_data.is_none() {
            return Err(Problem::invalid("elements or cloud_custom_data is wanted"));
        }
        if let Some(elements) = &self.elements {
            super::check_elements(elements)?;
        }
        Ok(EditMessage {
            conversation: self.conversation,
            which: Which::Seq(self.seq),
            sender: None,
            elements: self.elements,
            cloud_custom_data: self.cloud_custom_data,
            by: caller.user.clone(),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ReadUpTo {
    conversation: ConversationId,
    /// The last message read; absent: everything there is.
    seq: Option<Seq>,
}

impl Act for ReadUpTo {
    const NAME: &'static str = "mark_read";
    const SUMMARY: &'static str = "Marks a conversation read; what is read stays read";
    type Command = MarkRead;

    fn command(self, caller: &Caller, _: &Desk) -> Result<MarkRead, Problem> {
        Ok(MarkRead {
            conversation: self.conversation,
            reader: caller.user.clone(),
            up_to: self.seq.map_or(UpTo::Last, UpTo::Seq),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Receipts {
    conversation: ConversationId,
    /// Messages that the caller has read; those that want no receipt are passed over.
    #[schemars(length(min = 1, max = RECEIPTS_PER_CALL_MAX))]
    seqs: Vec<Seq>,
}

impl Act for Receipts {
    const NAME: &'static str = "confirm_read";
    const SUMMARY: &'static str = "Confirms that the caller has read messages which want receipts";
    type Command = ConfirmRead;

    fn command(self, caller: &Caller, _: &Desk) -> Result<ConfirmRead, Problem> {
        bounded("seqs", &self.seqs, RECEIPTS_PER_CALL_MAX)?;
        Ok(ConfirmRead {
            conversation: self.conversation,
            reader: caller.user.clone(),
            seqs: self.seqs,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
struct Recall {
    conversation: ConversationId,
    seq: Seq,
    /// Groups only: at most 100 bytes.
    #[schemars(length(max = RECALL_REASON_BYTES_MAX))]
    reason: Option<String>,
}

/// No [`Act`]: of two accounts and of a group it is another command.
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
    short("reason", reason.as_ref(), RECALL_REASON_BYTES_MAX)?;
    let by = caller.user.clone();
    let (group_id, topic_id): (GroupId, Option<TopicId>) = match conversation {
        ConversationId::Group(group) => (group, None),
        ConversationId::Topic(group, topic) => (group, Some(topic)),
        ConversationId::C2c(..) => {
            let peer = conversation.peer_of(&by);
            let to = peer.ok_or_else(|| refused(Reason::MessageUnknown))?.clone();
            if reason.is_some() {
                return Err(Problem::invalid("reason is for groups"));
            }
            let command = RecallC2c {
                from: by.clone(),
                to,
                which: Which::Seq(seq),
                by,
            };
            let answer = shared.desk.submit(caller, command).await;
            let position = answer.map_err(not_answered)?.position;
            return Ok(Json(Acted::at(position)).into_response());
        }
    };
    let command = RecallGroup {
        group_id,
        topic_id,
        seqs: vec![seq],
        by,
        reason,
    };
    let answer = shared.desk.submit(caller, command).await;
    let answer = answer.map_err(not_answered)?;
    match answer.reply.into_iter().find_map(|(_, refused)| refused) {
        Some(reason) => Err(refused(reason)),
        None => Ok(Json(Acted::at(answer.position)).into_response()),
    }
}
