//! `group_open_http_svc/import_group`: makes a group as it was elsewhere. Nobody is told.

use hansard_domain::group::CreateGroup;
use hansard_domain::group::rules::rules;
use hansard_events::group::{GroupProfileChange, GroupType, JoinOption};
use hansard_types::{GroupId, Reason, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::{
    ApplyJoinOption, FaceUrl, Fields, GroupName, Introduction, InviteJoinOption, Notification,
    TypeName,
};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, OrEmpty, Text};

pub(crate) struct ImportGroup;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportGroupRequest {
    #[serde(rename = "Type")]
    group_type: TypeName,
    name: GroupName,
    /// Absent: the group has no owner.
    #[serde(rename = "Owner_Account", default)]
    owner_account: OrEmpty<UserId>,
    /// Absent: random.
    #[serde(default)]
    group_id: OrEmpty<GroupId>,
    introduction: Option<Introduction>,
    notification: Option<Notification>,
    face_url: Option<FaceUrl>,
    /// 0 or absent: as many as the type allows.
    max_member_count: Option<u32>,
    #[serde(default)]
    apply_join_option: OrEmpty<ApplyJoinOption>,
    #[serde(default)]
    invite_join_option: OrEmpty<InviteJoinOption>,
    /// Custom fields that the app declares.
    #[serde(default)]
    app_defined_data: Fields,
    /// Unix seconds, not after now; 0 or absent: now.
    #[serde(default)]
    create_time: u32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportGroupResponse {
    group_id: String,
}

impl Operation for ImportGroup {
    const SUMMARY: &'static str = "Makes a group as it was elsewhere";
    const FIELDS: &'static [Field] = &[Field::of("GroupId", codes::GROUP_ID_INVALID)];
    type Request = ImportGroupRequest;
    type Response = ImportGroupResponse;

    async fn call(
        call: &Call<'_>,
        request: ImportGroupRequest,
    ) -> Result<Answered<ImportGroupResponse>, Failure> {
        let group_type = GroupType::from(request.group_type);
        if !rules(group_type).is_imported {
            return Err(call.refusal(Reason::GroupTypeForbids));
        }
        let group_id = call.desk.group_id(group_type, request.group_id.0);
        let created_at = Timestamp::from_seconds(request.create_time.into());
        let profile = GroupProfileChange {
            name: Some(request.name.0),
            introduction: request.introduction.map(|Text(text)| text),
            notification: request.notification.map(|Text(text)| text),
            face_url: request.face_url.map(|Text(text)| text),
            max_members: request.max_member_count.filter(|count| *count > 0),
            apply_join_option: request.apply_join_option.0.map(JoinOption::from),
            invite_join_option: request.invite_join_option.0.map(JoinOption::from),
            fields: request.app_defined_data.into_map(),
            // Nothing in the request says more.
            ..GroupProfileChange::default()
        };
        let command = CreateGroup {
            group_id: group_id.map_err(|reason| call.refusal(reason))?,
            group_type,
            owner: request.owner_account.0,
            profile,
            members: Vec::new(),
            created_at: (request.create_time > 0).then_some(created_at),
        };
        let answer = call.submit(command).await?;
        let group_id = answer.reply.as_str().to_owned();
        Ok(Answered::written(
            ImportGroupResponse { group_id },
            answer.position,
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/import_group";

    fn with(name: &str, value: Value) -> Value {
        let mut body = json!({ "Type": "Public", "Name": "옛 팀", "GroupId": "old",
            "Owner_Account": "alice", "CreateTime": 1_448_357_837 });
        body[name] = value;
        body
    }

    #[tokio::test]
    async fn a_group_keeps_the_time_of_its_making() {
        let api = TestApi::start().await;
        let made = api.v4_ok(PATH, with("Introduction", json!("i"))).await;
        assert_eq!(made["GroupId"], "old");
        let info = json!({ "GroupIdList": ["old"] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        assert_eq!(info["GroupInfo"][0]["CreateTime"], 1_448_357_837);
        assert_eq!(
            info["GroupInfo"][0]["MemberList"][0]["JoinTime"],
            1_448_357_837
        );
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.v4_ok(PATH, with("CreateTime", json!(0))).await;
        let cases = [
            (with("Type", json!("Public")), 10025),
            (with("Owner_Account", json!("bob")), 10021),
            (with("Type", json!("AVChatRoom")), 10007),
            (with("GroupId", json!("@TGS#mine")), 10015),
            (with("CreateTime", json!(1_794_000_001)), 10004),
            (with("Name", json!("")), 10004),
        ];
        api.refuses(PATH, cases).await;
    }
}
