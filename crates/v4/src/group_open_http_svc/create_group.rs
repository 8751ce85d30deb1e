//! `group_open_http_svc/create_group`.
//!
//! A group without an id gets a random one, `@TGS#…`; a Community's begins `@TGS#_`. A caller's
//! own id must not begin `@TGS#`, except a Community's, which must begin `@TGS#_`.

use hansard_domain::group::CreateGroup;
use hansard_domain::group::rules::rules;
use hansard_events::group::{FirstMember, GroupProfileChange, GroupType, JoinOption, Role};
use hansard_types::limits::GROUP_MEMBERS_AT_CREATION_MAX;
use hansard_types::{GroupId, Reason, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::member::GivenRole;
use super::profile::{
    ApplyJoinOption, FaceUrl, Fields, Flag, GroupName, Introduction, InviteJoinOption,
    Notification, TypeName,
};
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::typed::{Field, List, OrEmpty, Text};

pub(crate) struct CreateGroupCall;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateGroupRequest {
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
    #[serde(default)]
    member_list: List<MemberToCreate, GROUP_MEMBERS_AT_CREATION_MAX>,
    /// Custom fields that the app declares.
    #[serde(default)]
    app_defined_data: Fields,
    /// 1: there can be topics. Of a Community.
    #[serde(default)]
    support_topic: Flag,
    /// 1: `DefaultPermission` holds, for clients.
    #[serde(default)]
    enable_permission: Flag,
    #[serde(default)]
    default_permission: u64,
    /// Imports only: Unix seconds, not after now; 0 or absent: now.
    #[serde(default)]
    create_time: u32,
}

#[derive(Deserialize, JsonSchema)]
struct MemberToCreate {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// Absent: an ordinary member.
    #[serde(rename = "Role", default)]
    role: OrEmpty<GivenRole>,
    /// Custom fields that the app declares.
    #[serde(rename = "AppMemberDefinedData", default)]
    app_member_defined_data: Fields,
    /// Not given with a new group, nor what follows: `modify_group_member_info` sets it, or it comes
    /// by itself. Anything but `null` is refused.
    #[serde(rename = "NameCard", default)]
    _name_card: Option<()>,
    #[serde(rename = "MsgFlag", default)]
    _msg_flag: Option<()>,
    #[serde(rename = "JoinTime", default)]
    _join_time: Option<()>,
    #[serde(rename = "MsgSeq", default)]
    _msg_seq: Option<()>,
    #[serde(rename = "LastSendMsgTime", default)]
    _last_send_msg_time: Option<()>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateGroupResponse {
    group_id: String,
    #[serde(rename = "Type")]
    group_type: &'static str,
}

impl Operation for CreateGroupCall {
    const SUMMARY: &'static str = "Creates a group";
    const FIELDS: &'static [Field] = &[
        Field::of("GroupId", codes::GROUP_ID_INVALID),
        Field::of("MemberList", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
        Field::account("MemberList[].Member_Account", codes::GROUP_PARAMETER),
    ];
    type Request = CreateGroupRequest;
    type Response = CreateGroupResponse;

    async fn call(
        call: &Call<'_>,
        request: CreateGroupRequest,
    ) -> Result<Answered<CreateGroupResponse>, Failure> {
        if request.create_time > 0 {
            return Err(call.parameter("import_group makes a group of an earlier time"));
        }
        let command = command(call, request)?;
        let group_id = command.group_id.as_str().to_owned();
        let group_type = command.group_type.wire_name();
        let answer = call.submit(command).await?;
        Ok(Answered::written(
            CreateGroupResponse {
                group_id,
                group_type,
            },
            answer.position,
        ))
    }
}

/// `group_open_http_svc/import_group`: makes a group as it was elsewhere. Nobody is told, and its
/// members are imported by themselves.
pub(crate) struct ImportGroup;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportGroupResponse {
    group_id: String,
}

impl Operation for ImportGroup {
    const SUMMARY: &'static str = "Makes a group as it was elsewhere";
    const FIELDS: &'static [Field] = &[Field::of("GroupId", codes::GROUP_ID_INVALID)];
    type Request = CreateGroupRequest;
    type Response = ImportGroupResponse;

    async fn call(
        call: &Call<'_>,
        request: CreateGroupRequest,
    ) -> Result<Answered<ImportGroupResponse>, Failure> {
        if !request.member_list.0.is_empty() {
            return Err(call.parameter("import_group_member brings the members"));
        }
        let command = command(call, request)?;
        if !rules(command.group_type).is_imported {
            return Err(call.refusal(Reason::GroupTypeForbids));
        }
        let answer = call.submit(command).await?;
        let group_id = answer.reply.as_str().to_owned();
        Ok(Answered::written(
            ImportGroupResponse { group_id },
            answer.position,
        ))
    }
}

fn command(call: &Call<'_>, request: CreateGroupRequest) -> Result<CreateGroup, Failure> {
    let CreateGroupRequest {
        group_type,
        name,
        owner_account,
        group_id,
        introduction,
        notification,
        face_url,
        max_member_count,
        apply_join_option,
        invite_join_option,
        member_list,
        app_defined_data,
        support_topic,
        enable_permission,
        default_permission,
        create_time,
    } = request;
    let group_type = GroupType::from(group_type);
    let profile = GroupProfileChange {
        name: Some(name.0),
        introduction: introduction.map(|Text(text)| text),
        notification: notification.map(|Text(text)| text),
        face_url: face_url.map(|Text(text)| text),
        max_members: max_member_count.filter(|count| *count > 0),
        apply_join_option: apply_join_option.0.map(JoinOption::from),
        invite_join_option: invite_join_option.0.map(JoinOption::from),
        enable_permission: Some(enable_permission.0),
        default_permission: Some(default_permission),
        supports_topics: Some(support_topic.0),
        fields: app_defined_data.into_map(),
        // Nothing in the request says more.
        ..GroupProfileChange::default()
    };
    let group_id = call.desk.group_id(group_type, group_id.0);
    Ok(CreateGroup {
        group_id: group_id.map_err(|reason| call.refusal(reason))?,
        group_type,
        owner: owner_account.0,
        profile,
        members: members(member_list.0),
        created_at: (create_time > 0).then(|| Timestamp::from_seconds(create_time.into())),
    })
}

fn members(list: Vec<MemberToCreate>) -> Vec<FirstMember> {
    let member = |member: MemberToCreate| FirstMember {
        user_id: member.member_account,
        role: member.role.0.map_or(Role::Member, Role::from),
        fields: member.app_member_defined_data.into_map(),
    };
    list.into_iter().map(member).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/create_group";

    fn with(name: &str, value: Value) -> Value {
        let mut body = json!({ "Type": "Public", "Name": "팀", "Owner_Account": "alice" });
        body[name] = value;
        body
    }

    #[tokio::test]
    async fn a_group_gets_the_id_it_asks_for_or_a_random_one() {
        let api = TestApi::start().await;
        let own = api.v4_ok(PATH, with("GroupId", json!("team"))).await;
        assert_eq!(
            (&own["GroupId"], &own["Type"]),
            (&json!("team"), &json!("Public"))
        );
        let one = api.v4_ok(PATH, with("GroupId", json!(null))).await;
        let other = api.v4_ok(PATH, with("GroupId", json!(""))).await;
        assert_ne!(one["GroupId"], other["GroupId"]);
        assert!(
            one["GroupId"]
                .as_str()
                .is_some_and(|id| id.starts_with("@TGS#")),
            "{one}"
        );
        let community = api.v4_ok(PATH, with("Type", json!("Community"))).await;
        let id = community["GroupId"].as_str().expect("a text");
        assert!(id.starts_with("@TGS#_"), "{community}");
    }

    #[tokio::test]
    async fn every_type_and_both_families_of_names_are_taken() {
        let api = TestApi::start().await;
        for (name, wire) in [
            ("Private", "Private"),
            ("Work", "Private"),
            ("Public", "Public"),
            ("ChatRoom", "ChatRoom"),
            ("Meeting", "ChatRoom"),
            ("AVChatRoom", "AVChatRoom"),
            ("Community", "Community"),
        ] {
            let made = api.v4_ok(PATH, with("Type", json!(name))).await;
            assert_eq!(made["Type"], wire, "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_sent_empty_is_as_good_as_absent() {
        let api = TestApi::start().await;
        let mut body = json!({ "Type": "Public", "Name": "팀", "MaxMemberCount": 0,
            "SupportTopic": 0, "AppDefinedData": [], "MemberList": [
                { "Member_Account": "bob", "Role": "", "AppMemberDefinedData": [] } ] });
        for name in [
            "GroupId",
            "Owner_Account",
            "Introduction",
            "ApplyJoinOption",
            "InviteJoinOption",
        ] {
            body[name] = json!("");
        }
        let made = api.v4_ok(PATH, body).await;
        let info = json!({ "GroupIdList": [made["GroupId"]] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        let info = &info["GroupInfo"][0];
        assert_eq!(info["ApplyJoinOption"], "NeedPermission", "the type's own");
        assert_eq!(
            (&info["Owner_Account"], &info["MemberNum"]),
            (&json!(""), &json!(1))
        );
    }

    #[tokio::test]
    async fn an_id_is_taken_once() {
        let api = TestApi::start().await;
        api.v4_ok(PATH, with("GroupId", json!("team"))).await;
        let mut others = with("GroupId", json!("team"));
        others["Owner_Account"] = json!("bob");
        api.refuses(
            PATH,
            [(with("GroupId", json!("team")), 10025), (others, 10021)],
        )
        .await;
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes_and_limits_hold_at_the_byte() {
        let api = TestApi::start().await;
        let members = |count: usize| json!(vec![json!({ "Member_Account": "bob" }); count]);
        let custom = json!([{ "Key": "colour", "Value": "red" }]);
        let cases = [
            (with("Type", json!(null)), 10004),
            (with("Type", json!("public")), 10004),
            (with("Name", json!(null)), 10004),
            (with("Name", json!("")), 10004),
            (with("Name", json!("n".repeat(101))), 10004),
            (with("Name", json!(7)), 10004),
            (with("Introduction", json!("n".repeat(401))), 10004),
            (with("Notification", json!("n".repeat(401))), 10004),
            (with("FaceUrl", json!("n".repeat(501))), 10004),
            (with("GroupId", json!("@TGS#mine")), 10015),
            (with("GroupId", json!("g".repeat(49))), 10015),
            (with("GroupId", json!("회의")), 10015),
            (with("GroupId", json!(7)), 10015),
            (with("Owner_Account", json!("nobody")), 10019),
            (with("Owner_Account", json!(7)), 60015),
            (with("ApplyJoinOption", json!("DisableInvite")), 10004),
            (with("InviteJoinOption", json!("DisableApply")), 10004),
            (with("MemberList", members(101)), 10005),
            (
                with("MemberList", json!([{ "Member_Account": "nobody" }])),
                10019,
            ),
            (
                with(
                    "MemberList",
                    json!([{ "Member_Account": "bob", "Role": "Owner" }]),
                ),
                10004,
            ),
            (with("MemberList", json!([{}])), 10004),
            (with("MemberList", json!([{ "Member_Account": 7 }])), 60015),
            (with("MaxMemberCount", json!(-1)), 10004),
            (with("AppDefinedData", custom.clone()), 10004),
            (with("EnablePermission", json!(2)), 10004),
            (with("SupportTopic", json!(1)), 10007),
            (
                with(
                    "MemberList",
                    json!([{ "Member_Account": "bob", "AppMemberDefinedData": custom }]),
                ),
                10004,
            ),
            (
                with(
                    "MemberList",
                    json!([{ "Member_Account": "bob", "NameCard": "b" }]),
                ),
                10004,
            ),
        ];
        api.refuses(PATH, cases).await;
        let mut room = with("Type", json!("AVChatRoom"));
        room["MemberList"] = members(1);
        let mut community = with("Type", json!("Community"));
        community["GroupId"] = json!("mine");
        api.refuses(PATH, [(room, 10007), (community, 10015)]).await;
        for (name, value) in [
            ("Name", json!("n".repeat(30))),
            ("Introduction", json!("n".repeat(240))),
            ("Notification", json!("n".repeat(300))),
            ("FaceUrl", json!("n".repeat(100))),
            ("GroupId", json!("g".repeat(48))),
            ("MemberList", members(100)),
        ] {
            api.v4_ok(PATH, with(name, value)).await;
        }
    }
}

#[cfg(test)]
mod import_tests;
