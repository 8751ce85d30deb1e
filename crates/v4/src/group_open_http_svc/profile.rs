//! What groups are made of, in the words of the server API: types, join options, bounded texts,
//! and the fields that answers list.

use hansard_conversations::HeadRow;
use hansard_events::group::{GroupProfile, GroupType, JoinOption};
use hansard_groups::{GroupRow, MemberRow};
use hansard_types::{AppId, ConversationId, GroupId, Seq, UserId, limits};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::codes;
use crate::endpoint::{Failure, Reading};
use crate::typed::{Field, Name, Text};

/// A group's id.
pub(super) const GROUP_ID: Field =
    Field::of("GroupId", codes::GROUP_ID_INVALID).missing(codes::GROUP_PARAMETER);

/// Communities' topics are not there yet: a request for one is refused, not answered with
/// something else.
pub(super) fn no_topic(topic: Option<&str>) -> Result<(), Failure> {
    match topic.filter(|text| !text.is_empty()) {
        None => Ok(()),
        Some(_) => Err(Failure::refused(
            codes::TOPICS_NOT_ENABLED,
            "topics are not enabled",
        )),
    }
}

/// A type by its name on the wire, or by the name that the client libraries use.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(super) enum TypeName {
    #[serde(alias = "Work")]
    Private,
    Public,
    #[serde(alias = "Meeting")]
    ChatRoom,
    #[serde(rename = "AVChatRoom")]
    AvChatRoom,
    Community,
}

impl From<TypeName> for GroupType {
    fn from(name: TypeName) -> Self {
        match name {
            TypeName::Private => Self::Work,
            TypeName::Public => Self::Public,
            TypeName::ChatRoom => Self::Meeting,
            TypeName::AvChatRoom => Self::AvChatRoom,
            TypeName::Community => Self::Community,
        }
    }
}

/// What becomes of who asks to join.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(super) enum ApplyJoinOption {
    FreeAccess,
    NeedPermission,
    DisableApply,
}

impl From<ApplyJoinOption> for JoinOption {
    fn from(option: ApplyJoinOption) -> Self {
        match option {
            ApplyJoinOption::FreeAccess => Self::FreeAccess,
            ApplyJoinOption::NeedPermission => Self::NeedPermission,
            ApplyJoinOption::DisableApply => Self::Disabled,
        }
    }
}

/// What becomes of who is invited.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(super) enum InviteJoinOption {
    FreeAccess,
    NeedPermission,
    DisableInvite,
}

impl From<InviteJoinOption> for JoinOption {
    fn from(option: InviteJoinOption) -> Self {
        match option {
            InviteJoinOption::FreeAccess => Self::FreeAccess,
            InviteJoinOption::NeedPermission => Self::NeedPermission,
            InviteJoinOption::DisableInvite => Self::Disabled,
        }
    }
}

fn option_name(option: JoinOption, disabled: &'static str) -> &'static str {
    match option {
        JoinOption::FreeAccess => "FreeAccess",
        JoinOption::NeedPermission => "NeedPermission",
        JoinOption::Disabled => disabled,
    }
}

/// A field of the contract that nothing keeps yet: whoever sets it is told, it is not dropped.
pub(super) fn not_kept(name: &str, is_set: bool) -> Result<(), Failure> {
    if !is_set {
        return Ok(());
    }
    let info = format!("{name} is not there yet, and would be lost");
    Err(Failure::refused(codes::GROUP_PARAMETER, info))
}

/// The texts of a profile, each within its limit.
pub(super) type GroupName = Name<{ limits::GROUP_NAME_BYTES_MAX }>;
pub(super) type Introduction = Text<{ limits::GROUP_INTRODUCTION_BYTES_MAX }>;
pub(super) type Notification = Text<{ limits::GROUP_NOTIFICATION_BYTES_MAX }>;
pub(super) type FaceUrl = Text<{ limits::GROUP_FACE_URL_BYTES_MAX }>;

/// `ResponseFilter`: which fields come back.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ResponseFilter {
    pub(super) group_base_info_filter: Option<Vec<String>>,
    pub(super) member_info_filter: Option<Vec<String>>,
    pub(super) self_info_filter: Option<Vec<String>>,
}

/// Keeps the fields that a filter names; all of them without one.
pub(super) fn filtered(
    fields: Map<String, Value>,
    filter: Option<&Vec<String>>,
) -> Map<String, Value> {
    let Some(filter) = filter else { return fields };
    fields
        .into_iter()
        .filter(|(name, _)| filter.iter().any(|one| one == name))
        .collect()
}

/// The base fields of a group but for its id.
pub(super) fn base_fields(app: AppId, group: &GroupRow, head: &HeadRow) -> Map<String, Value> {
    let GroupRow {
        roster: _,
        group_type,
        owner,
        profile,
        member_count,
        created_at,
        changed_at,
        dissolved: _,
    } = group;
    let GroupProfile {
        name,
        introduction,
        notification,
        face_url,
        max_members,
        apply_join_option,
        invite_join_option,
        mute_all,
    } = profile;
    let mute_all = if *mute_all { "On" } else { "Off" };
    let fields = json!({
        "Appid": app,
        "Type": group_type.wire_name(),
        "Name": name,
        "Introduction": introduction,
        "Notification": notification,
        "FaceUrl": face_url,
        "Owner_Account": owner.as_ref().map_or("", UserId::as_str),
        "CreateTime": created_at.seconds(),
        "InfoSeq": changed_at.seconds(),
        "LastInfoTime": changed_at.seconds(),
        "LastMsgTime": head.last_sent_at.seconds(),
        "NextMsgSeq": head.last_seq.next(),
        "MemberNum": member_count,
        "MaxMemberNum": max_members,
        "ApplyJoinOption": option_name(*apply_join_option, "DisableApply"),
        "InviteJoinOption": option_name(*invite_join_option, "DisableInvite"),
        "MuteAllMember": mute_all,
        "ShutUpAllMember": mute_all,
        "SupportTopic": 0,
    });
    match fields {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// The fields of a member but for the account.
pub(super) fn member_fields(
    group_type: GroupType,
    member: &MemberRow,
    read_seq: Seq,
) -> Map<String, Value> {
    let MemberRow {
        role,
        joined_at,
        since: _,
    } = member;
    let flag = match group_type {
        GroupType::Work | GroupType::Public | GroupType::Community => "AcceptAndNotify",
        GroupType::Meeting | GroupType::AvChatRoom => "AcceptNotNotify",
    };
    let mut fields = Map::new();
    fields.insert("Role".to_owned(), json!(role));
    fields.insert("JoinTime".to_owned(), json!(joined_at.seconds()));
    fields.insert("MsgSeq".to_owned(), json!(read_seq));
    fields.insert("MsgFlag".to_owned(), json!(flag));
    fields.insert("MuteUntil".to_owned(), json!(0));
    fields.insert("ShutUpUntil".to_owned(), json!(0));
    fields.insert("NameCard".to_owned(), json!(""));
    fields
}

/// A group that exists and is not dissolved.
pub(super) fn existing(call: &Reading<'_>, group: &GroupId) -> Result<Option<GroupRow>, Failure> {
    let found = call
        .groups_with(group)
        .group(group)
        .map_err(Failure::broken)?;
    Ok(found.filter(|group| !group.dissolved))
}

pub(super) fn head(call: &Reading<'_>, group: &GroupId) -> Result<HeadRow, Failure> {
    let conversation = ConversationId::Group(group.clone());
    call.conversations_with(&conversation)
        .head(&conversation)
        .map_err(Failure::broken)
}

pub(super) fn read_seq(call: &Reading<'_>, group: &GroupId, user: &UserId) -> Result<Seq, Failure> {
    let conversation = ConversationId::Group(group.clone());
    let reader = call
        .conversations_with(&conversation)
        .reader(&conversation, user);
    Ok(reader.map_err(Failure::broken)?.read_seq)
}
