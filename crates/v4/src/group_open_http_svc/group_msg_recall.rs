//! `group_open_http_svc/group_msg_recall`: recalls up to 10 messages of a group; each has a code
//! of its own.

use hansard_domain::message::RecallGroup;
use hansard_types::limits::{RECALL_PER_CALL_MAX, RECALL_REASON_BYTES_MAX};
use hansard_types::{GroupId, Reason, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profile::GROUP_ID;
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::topic_id;
use crate::typed::{Field, Items, Text};

pub(crate) struct GroupMsgRecall;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupMsgRecallRequest {
    group_id: GroupId,
    msg_seq_list: Items<SeqToRecall, RECALL_PER_CALL_MAX>,
    reason: Option<Text<RECALL_REASON_BYTES_MAX>>,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct SeqToRecall {
    msg_seq: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GroupMsgRecallResponse {
    recall_ret_list: Vec<RecallRet>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct RecallRet {
    msg_seq: u64,
    /// 0 recalled, 10030 no such message, 10032 recalled before.
    ret_code: u32,
}

impl Operation for GroupMsgRecall {
    const SUMMARY: &'static str = "Recalls messages of a group, at most 10";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GroupMsgRecallRequest;
    type Response = GroupMsgRecallResponse;

    async fn call(
        call: &Call<'_>,
        request: GroupMsgRecallRequest,
    ) -> Result<Answered<GroupMsgRecallResponse>, Failure> {
        let GroupMsgRecallRequest {
            group_id,
            msg_seq_list,
            reason,
            topic_id,
        } = request;
        let topic_id = topic_id::of_request(call, &group_id, topic_id.as_deref())?;
        let reason = reason.map(|Text(text)| text);
        let seqs = msg_seq_list.0.into_iter().map(|item| Seq(item.msg_seq));
        let by = call.caller.user.clone();
        let command = RecallGroup {
            topic_id,
            group_id,
            seqs: seqs.collect(),
            by,
            reason: reason.filter(|text| !text.is_empty()),
        };
        let answer = call.submit(command).await?;
        let row = |(seq, refused): (Seq, Option<Reason>)| RecallRet {
            msg_seq: seq.0,
            ret_code: refused.map_or(0, |reason| call.fault(reason).code),
        };
        let recall_ret_list = answer.reply.into_iter().map(row).collect();
        Ok(Answered::written(
            GroupMsgRecallResponse { recall_ret_list },
            answer.position,
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "group_open_http_svc/group_msg_recall";

    async fn team() -> TestApi {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let body = json!({ "GroupId": "team", "From_Account": "bob", "Random": 1,
            "MsgBody": [text("hi")] });
        api.v4_ok("group_open_http_svc/send_group_msg", body).await;
        api
    }

    fn recall(seqs: &[u64]) -> Value {
        let list: Vec<Value> = seqs.iter().map(|seq| json!({ "MsgSeq": seq })).collect();
        json!({ "GroupId": "team", "MsgSeqList": list, "Reason": "wrong group" })
    }

    #[tokio::test]
    async fn each_message_has_a_code_of_its_own() {
        let api = team().await;
        let answer = api.v4_ok(PATH, recall(&[1, 2])).await;
        let expected = json!([{ "MsgSeq": 1, "RetCode": 0 }, { "MsgSeq": 2, "RetCode": 10030 }]);
        assert_eq!(answer["RecallRetList"], expected);
        let end = api.log_end();
        let again = api.v4_ok(PATH, recall(&[1])).await;
        assert_eq!(again["RecallRetList"][0]["RetCode"], 10032);
        assert_eq!(api.log_end(), end, "recalling again adds no event");
    }

    #[tokio::test]
    async fn ten_are_taken_and_one_more_is_refused() {
        let api = team().await;
        let ten: Vec<u64> = (1..=10).collect();
        api.v4_ok(PATH, recall(&ten)).await;
        let eleven: Vec<u64> = (1..=11).collect();
        let with = |name: &str, value: Value| {
            let mut body = recall(&[1]);
            body[name] = value;
            body
        };
        let cases = [
            (recall(&eleven), 10004),
            (recall(&[]), 10004),
            (with("GroupId", json!("none")), 10010),
            (with("GroupId", json!(null)), 10004),
            (with("MsgSeqList", json!([{}])), 10004),
            (with("MsgSeqList", json!([1])), 10004),
            (with("MsgSeqList", json!([{ "MsgSeq": "1" }])), 10004),
            (with("Reason", json!("r".repeat(101))), 10004),
            (with("TopicId", json!("t")), 10004),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok(PATH, with("Reason", json!("r".repeat(100))))
            .await;
    }
}
