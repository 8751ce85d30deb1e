//! `group_open_http_svc/import_group_msg`: brings messages into a group as they were said
//! elsewhere. Times ascend strictly, from the group's making and its last message on, up to now.
//! Nobody is told, and nobody has anything unread afterwards.
//!
//! The same message again (sender, time, number, content) is answered as the first one was.

use hansard_domain::message::{Content, ImportGroupMessages, MessageToImport};
use hansard_types::limits::GROUP_MESSAGES_IMPORTED_PER_CALL_MAX;
use hansard_types::{GroupId, Reason, Seq, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::GROUP_ID;
use crate::element::{self, MsgBody};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::topic_id;
use crate::typed::{Field, Items};

pub(crate) struct ImportGroupMsg;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportGroupMsgRequest {
    group_id: GroupId,
    msg_list: Items<Imported, GROUP_MESSAGES_IMPORTED_PER_CALL_MAX>,
    /// 1: lists of recent contacts show the last of them.
    #[serde(default)]
    recent_contact_flag: u32,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Imported {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// Unix seconds.
    send_time: u32,
    /// Absent: 0.
    #[serde(default)]
    random: u32,
    msg_body: MsgBody,
    cloud_custom_data: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportGroupMsgResponse {
    import_msg_result: Vec<ImportResult>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ImportResult {
    /// 0 when it was not taken.
    msg_seq: u64,
    /// Unix seconds.
    msg_time: u32,
    /// 0 taken, else why not.
    result: u32,
}

impl Operation for ImportGroupMsg {
    const SUMMARY: &'static str = "Brings messages into a group as they were said elsewhere";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::account("MsgList[].From_Account", codes::GROUP_PARAMETER),
    ];
    type Request = ImportGroupMsgRequest;
    type Response = ImportGroupMsgResponse;

    async fn call(
        call: &Call<'_>,
        request: ImportGroupMsgRequest,
    ) -> Result<Answered<ImportGroupMsgResponse>, Failure> {
        let ImportGroupMsgRequest {
            group_id,
            msg_list: Items(messages),
            recent_contact_flag,
            topic_id,
        } = request;
        let topic_id = topic_id::of_request(call, &group_id, topic_id.as_deref())?;
        let times: Vec<u32> = messages.iter().map(|message| message.send_time).collect();
        let no_last = recent_contact_flag == 0;
        let message = |message: Imported| to_import(call, message, no_last);
        let command = ImportGroupMessages {
            topic_id,
            group_id,
            messages: messages
                .into_iter()
                .map(message)
                .collect::<Result<_, _>>()?,
        };
        let answer = call.submit(command).await?;
        let result = |(time, (seq, refused)): (u32, (Seq, Option<Reason>))| ImportResult {
            msg_seq: seq.0,
            msg_time: time,
            result: refused.map_or(0, |reason| call.fault(reason).code),
        };
        let results = times.into_iter().zip(answer.reply).map(result);
        Ok(Answered::written(
            ImportGroupMsgResponse {
                import_msg_result: results.collect(),
            },
            answer.position,
        ))
    }
}

fn to_import(
    call: &Call<'_>,
    message: Imported,
    no_last: bool,
) -> Result<MessageToImport, Failure> {
    let Imported {
        from_account,
        send_time,
        random,
        msg_body,
        cloud_custom_data,
    } = message;
    let elements = element::read(msg_body).map_err(|reason| call.refusal(reason))?;
    let content = Content {
        elements,
        cloud_custom_data,
        no_unread: false,
        no_last,
        extensible: false,
        offline_push: None,
    };
    let digest = content.digest().bytes().map(|byte| format!("{byte:02x}"));
    Ok(MessageToImport {
        import_key: format!("{from_account}/{send_time}/{random}/{}", digest.concat()),
        from: from_account,
        sent_at: Timestamp::from_seconds(send_time.into()),
        random,
        content,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "group_open_http_svc/import_group_msg";
    const CREATED: u64 = 1_700_000_000;

    async fn old() -> TestApi {
        let api = TestApi::start().await;
        let group = json!({ "Type": "Public", "Name": "old", "GroupId": "old",
            "CreateTime": CREATED, "Owner_Account": "alice" });
        api.v4_ok("group_open_http_svc/import_group", group).await;
        let member = json!({ "GroupId": "old", "MemberList": [
            { "Member_Account": "bob", "JoinTime": CREATED }] });
        api.v4_ok("group_open_http_svc/import_group_member", member)
            .await;
        api
    }

    fn said(times: &[u64]) -> Value {
        let message = |time: &u64| {
            json!({ "From_Account": "carol", "SendTime": time, "Random": 1,
                "MsgBody": [text("옛말")] })
        };
        let messages: Vec<Value> = times.iter().map(message).collect();
        json!({ "GroupId": "old", "MsgList": messages, "RecentContactFlag": 1 })
    }

    fn results(answer: &Value) -> Vec<(u64, u64)> {
        let list = answer["ImportMsgResult"].as_array().expect("a list");
        let pair = |row: &Value| Some((row["MsgSeq"].as_u64()?, row["Result"].as_u64()?));
        list.iter().filter_map(pair).collect()
    }

    #[tokio::test]
    async fn messages_keep_their_times_and_again_get_the_first_answer() {
        let api = old().await;
        let body = said(&[CREATED + 1, CREATED + 5, CREATED + 3, CREATED + 9]);
        let answer = api.v4_ok(PATH, body.clone()).await;
        assert_eq!(results(&answer), [(1, 0), (2, 0), (0, 10004), (3, 0)]);
        let end = api.log_end();
        let again = api.v4_ok(PATH, body).await;
        assert_eq!(results(&again), results(&answer));
        assert_eq!(api.log_end(), end);
        let twice = api.v4_ok(PATH, said(&[CREATED + 11, CREATED + 11])).await;
        assert_eq!(results(&twice), [(4, 0), (4, 0)], "one message");
        let page = json!({ "GroupId": "old", "ReqMsgNumber": 1 });
        let page = api
            .v4_ok("group_open_http_svc/group_msg_get_simple", page)
            .await;
        let newest = &page["RspMsgList"][0];
        assert_eq!(
            (&newest["MsgSeq"], &newest["MsgTimeStamp"]),
            (&json!(4), &json!(CREATED + 11))
        );
        let member = json!({ "GroupId": "old", "User_Account": ["carol"] });
        let member = api
            .v4_ok("group_open_http_svc/get_role_in_group", member)
            .await;
        assert_eq!(
            member["UserIdList"][0]["Role"], "NotMember",
            "it only spoke"
        );
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = old().await;
        let early = api.v4_ok(PATH, said(&[CREATED - 1, 1_794_000_000])).await;
        assert_eq!(results(&early), [(0, 10004), (0, 10004)]);
        let mut nobody = said(&[CREATED + 1]);
        nobody["MsgList"][0]["From_Account"] = json!("nobody");
        assert_eq!(results(&api.v4_ok(PATH, nobody).await), [(0, 10019)]);
        let mut long = said(&[CREATED + 1]);
        long["MsgList"][0]["MsgBody"] = json!([text(&"말".repeat(5000))]);
        assert_eq!(results(&api.v4_ok(PATH, long).await), [(0, 80002)]);
        let mut topic = said(&[CREATED + 1]);
        topic["TopicId"] = json!("t");
        let times: Vec<u64> = (1..=21).map(|at| CREATED + at).collect();
        let mut other = said(&[CREATED + 1]);
        other["GroupId"] = json!("none");
        let cases = [
            (other, 10010),
            (topic, 10004),
            (said(&[]), 10004),
            (said(&times), 10004),
            (json!({ "GroupId": "old", "MsgList": [{}] }), 10004),
        ];
        api.refuses(PATH, cases).await;
        api.v4_ok(PATH, said(&times[..20])).await;
    }
}
