//! `group_open_http_svc/group_msg_get_simple`: a group's history, the newest first.
//!
//! To page, ask again with `ReqMsgSeq` one below the last `MsgSeq` while `IsFinished` is 0.

use std::num::NonZeroUsize;

use hansard_conversations::MessageRow;
use hansard_events::group::GroupType;
use hansard_events::message::decode_elements;
use hansard_types::limits::GROUP_HISTORY_PAGE_MAX;
use hansard_types::{ConversationId, GroupId, Reason, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profile::{self, GROUP_ID};
use super::tips::{self, TipElement};
use crate::element::{self, MsgElement};
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::topic_id;
use crate::typed::Field;

/// Messages looked at for one page, recalled or not.
const LOOKED_AT_MAX: usize = 1000;

pub(crate) struct GroupMsgGetSimple;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupMsgGetSimpleRequest {
    group_id: GroupId,
    /// More than 20 count as 20.
    req_msg_number: NonZeroUsize,
    /// The newest seq to return; 0 or absent: the last.
    #[serde(default)]
    req_msg_seq: u64,
    /// 1: recalled messages come too, without what they said.
    with_recalled_msg: Option<u32>,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupMsgGetSimpleResponse {
    group_id: String,
    /// 1 when there is nothing older, else 0.
    is_finished: u8,
    rsp_msg_list: Vec<GroupMsg>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct GroupMsg {
    #[serde(rename = "From_Account")]
    from_account: String,
    /// 0, or 2 when recalled; the body is then empty.
    is_place_msg: u8,
    msg_body: GroupMsgBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<String>,
    /// 1 high, 2 normal, 3 low, 4 lowest.
    msg_priority: u8,
    msg_random: u32,
    msg_seq: u64,
    msg_time_stamp: u64,
    /// 1: the server's own, of a change in the group; `From_Account` made it.
    is_system_msg: u8,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum GroupMsgBody {
    Said(Vec<MsgElement>),
    Tip([TipElement; 1]),
}

impl Operation for GroupMsgGetSimple {
    const SUMMARY: &'static str = "Reads a group's history, the newest first";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GroupMsgGetSimpleRequest;
    type Response = GroupMsgGetSimpleResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupMsgGetSimpleRequest,
    ) -> Result<Answered<GroupMsgGetSimpleResponse>, Failure> {
        let GroupMsgGetSimpleRequest {
            group_id,
            req_msg_number,
            req_msg_seq,
            with_recalled_msg,
            topic_id,
        } = request;
        let topic_id = topic_id::of_request(call, &group_id, topic_id.as_deref())?;
        let number = req_msg_number.get().min(GROUP_HISTORY_PAGE_MAX);
        let with_recalled = with_recalled_msg == Some(1);
        let conversation = ConversationId::in_group(&group_id, topic_id.as_ref());
        let read = call.read(|reads| {
            let group = profile::there_must_be(reads, &group_id)?;
            if group.group_type == GroupType::AvChatRoom {
                return Err(reads.refusal(Reason::GroupTypeForbids));
            }
            if let Some(topic_id) = &topic_id {
                profile::topic_must_be(reads, &group_id, topic_id)?;
            }
            page(reads, &conversation, req_msg_seq, number, with_recalled)
        });
        let (rsp_msg_list, finished) = read.await?;
        Ok(Answered::read(GroupMsgGetSimpleResponse {
            group_id: group_id.as_str().to_owned(),
            is_finished: u8::from(finished),
            rsp_msg_list,
        }))
    }
}

/// The page, and whether nothing is older.
fn page(
    call: &Reading<'_>,
    conversation: &ConversationId,
    from: u64,
    number: usize,
    with_recalled: bool,
) -> Result<(Vec<GroupMsg>, bool), Failure> {
    let conversations = call.conversations_with(conversation);
    let head = conversations.head(conversation).map_err(Failure::broken)?;
    let (last, cleared) = (head.last_seq, head.clear_seq);
    // Seqs begin at 1, and several clients always send the field.
    let mut at = if from == 0 { last } else { Seq(from).min(last) };
    let mut messages = Vec::with_capacity(number);
    let mut looked_at = 0;
    while at > cleared && messages.len() < number && looked_at < LOOKED_AT_MAX {
        let wanted = number - messages.len();
        let rows = conversations
            .timeline_down(conversation, at, cleared.next(), wanted)
            .map_err(Failure::broken)?;
        let Some((oldest, _)) = rows.last() else {
            break;
        };
        at = Seq(oldest.0 - 1);
        looked_at += rows.len();
        for (seq, row) in rows {
            if with_recalled || row.recall.is_none() {
                messages.push(message(conversation, seq, row)?);
            }
        }
    }
    Ok((messages, at <= cleared))
}

fn message(conversation: &ConversationId, seq: Seq, row: MessageRow) -> Result<GroupMsg, Failure> {
    let is_recalled = row.recall.is_some();
    let msg_body = if is_recalled {
        GroupMsgBody::Said(Vec::new())
    } else if row.is_notice {
        GroupMsgBody::Tip([tips::element(&row)?])
    } else {
        let elements = decode_elements(&row.elements).map_err(Failure::broken)?;
        GroupMsgBody::Said(element::write(elements, conversation, seq))
    };
    Ok(GroupMsg {
        from_account: row.sender.as_str().to_owned(),
        is_place_msg: if is_recalled { 2 } else { 0 },
        msg_body,
        cloud_custom_data: row.cloud_custom_data,
        msg_priority: row.priority.unwrap_or(2),
        msg_random: row.random,
        msg_seq: seq.0,
        msg_time_stamp: row.sent_at.seconds(),
        is_system_msg: u8::from(row.is_notice),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "group_open_http_svc/group_msg_get_simple";

    async fn team_with(messages: u32) -> TestApi {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        for random in 1..=messages {
            let body = json!({ "GroupId": "team", "From_Account": "bob", "Random": random,
                "MsgBody": [text(&format!("말 {random}"))] });
            api.v4_ok("group_open_http_svc/send_group_msg", body).await;
        }
        api
    }

    fn seqs(page: &Value) -> Vec<u64> {
        let list = page["RspMsgList"].as_array().expect("a list");
        list.iter()
            .filter_map(|row| row["MsgSeq"].as_u64())
            .collect()
    }

    fn ask(number: u64) -> Value {
        json!({ "GroupId": "team", "ReqMsgNumber": number })
    }

    #[tokio::test]
    async fn pages_go_from_the_newest_to_the_first() {
        let api = team_with(25).await;
        let first = api.v4_ok(PATH, ask(20)).await;
        assert_eq!(seqs(&first), (6..=25).rev().collect::<Vec<u64>>());
        assert_eq!(first["IsFinished"], 0);
        let mut next = ask(20);
        next["ReqMsgSeq"] = json!(5);
        let last = api.v4_ok(PATH, next).await;
        assert_eq!(seqs(&last), [5, 4, 3, 2, 1]);
        assert_eq!(last["IsFinished"], 1);
        let newest = &first["RspMsgList"][0];
        assert_eq!(newest["MsgBody"], json!([text("말 25")]));
        assert_eq!(newest["From_Account"], "bob");
        assert_eq!(newest["MsgRandom"], 25);
        assert_eq!(newest["IsPlaceMsg"], 0);
        let mut beyond = ask(1);
        beyond["ReqMsgSeq"] = json!(1000);
        assert_eq!(seqs(&api.v4_ok(PATH, beyond).await), [25]);
        for unset in [json!(0), json!(null)] {
            let mut newest = ask(2);
            newest["ReqMsgSeq"] = unset;
            assert_eq!(seqs(&api.v4_ok(PATH, newest).await), [25, 24]);
        }
        for number in [21, 50, u64::from(u32::MAX)] {
            let cut = api.v4_ok(PATH, ask(number)).await;
            assert_eq!(cut, first, "{number} count as 20");
        }
    }

    #[tokio::test]
    async fn recalled_messages_come_only_when_asked_for_and_without_their_words() {
        let api = team_with(3).await;
        let recall = json!({ "GroupId": "team", "MsgSeqList": [{ "MsgSeq": 2 }] });
        api.v4_ok("group_open_http_svc/group_msg_recall", recall)
            .await;
        let without = api.v4_ok(PATH, ask(20)).await;
        assert_eq!(seqs(&without), [3, 1]);
        assert_eq!(
            seqs(&api.v4_ok(PATH, ask(2)).await),
            [3, 1],
            "the page is filled up"
        );
        let mut body = ask(20);
        body["WithRecalledMsg"] = json!(1);
        let with = api.v4_ok(PATH, body).await;
        assert_eq!(seqs(&with), [3, 2, 1]);
        assert_eq!(with["RspMsgList"][1]["IsPlaceMsg"], 2);
        assert_eq!(with["RspMsgList"][1]["MsgBody"], json!([]));
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = team_with(0).await;
        let empty = api.v4_ok(PATH, ask(20)).await;
        assert_eq!((seqs(&empty), &empty["IsFinished"]), (vec![], &json!(1)));
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let cases = [
            (ask(0), 10004),
            (json!({ "GroupId": "team" }), 10004),
            (json!({ "ReqMsgNumber": 1 }), 10004),
            (json!({ "GroupId": "none", "ReqMsgNumber": 1 }), 10010),
            (json!({ "GroupId": "room", "ReqMsgNumber": 1 }), 10007),
            (json!({ "GroupId": "team", "ReqMsgNumber": "1" }), 10004),
            (
                json!({ "GroupId": "team", "ReqMsgNumber": 1, "ReqMsgSeq": -1 }),
                10004,
            ),
            (
                json!({ "GroupId": "team", "ReqMsgNumber": 1, "TopicId": "t" }),
                10004,
            ),
        ];
        api.refuses(PATH, cases).await;
    }
}
