//! `group_open_http_svc/send_group_system_notification`: tells members who are online something that
//! nobody keeps. There are no client connections yet, so nobody is online: it is decided, handed to
//! who listens inside the server, and answered.

use hansard_domain::message::NotifyGroup;
use hansard_types::limits::{GROUP_NOTICE_TARGETS_MAX, MESSAGE_BYTES_MAX};
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::profile::GROUP_ID;
use crate::endpoint::{Action, Call, Failure};
use crate::topic_id;
use crate::typed::{Field, List, Name};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendGroupSystemNotification {
    group_id: GroupId,
    content: Name<MESSAGE_BYTES_MAX>,
    /// Absent or empty: everyone.
    #[serde(rename = "ToMembers_Account", default)]
    to: List<UserId, GROUP_NOTICE_TARGETS_MAX>,
    /// Absent or empty: the group itself.
    topic_id: Option<String>,
}

impl Action for SendGroupSystemNotification {
    const SUMMARY: &'static str = "Tells members of a group who are online something";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("ToMembers_Account", codes::GROUP_PARAMETER)
            .too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
    ];
    type Command = NotifyGroup;

    fn command(self, call: &Call<'_>) -> Result<NotifyGroup, Failure> {
        let topic = self.topic_id.as_deref();
        let topic_id = topic_id::of_request(call, &self.group_id, topic)?;
        Ok(NotifyGroup {
            topic_id,
            group_id: self.group_id,
            content: self.content.0,
            to: self.to.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use hansard_domain::Signal;
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/send_group_system_notification";

    fn with(name: &str, value: Value) -> Value {
        let mut body = json!({ "GroupId": "team", "Content": "곧 시작" });
        body[name] = value;
        body
    }

    #[tokio::test]
    async fn who_listens_is_told_and_nothing_is_kept() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let mut signals = api.desk.signals();
        let end = api.log_end();
        api.v4_ok(PATH, with("ToMembers_Account", json!(["bob"])))
            .await;
        let told = signals.try_recv().expect("it is told");
        let Signal::GroupNotice(notice) = &told.signal else {
            panic!("not a notice");
        };
        assert_eq!((notice.content.as_str(), notice.to.len()), ("곧 시작", 1));
        assert_eq!(api.log_end(), end);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &[]).await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let mut to_some = with("GroupId", json!("room"));
        api.v4_ok(PATH, to_some.clone()).await;
        to_some["ToMembers_Account"] = json!(["bob"]);
        let cases = [
            (to_some, 10007),
            (with("GroupId", json!("none")), 10010),
            (with("Content", json!(null)), 10004),
            (with("Content", json!("")), 10004),
            (with("Content", json!("c".repeat(12 * 1024 + 1))), 10004),
            (with("ToMembers_Account", json!(vec!["bob"; 501])), 10005),
            (with("TopicId", json!("t")), 10004),
        ];
        api.refuses(PATH, cases).await;
    }
}
