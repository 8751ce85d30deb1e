//! What groups are made of, in the words of the server API: types, join options, bounded texts,
//! and the fields that answers list.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hansard_conversations::HeadRow;
use hansard_domain::group::rules::reads_before_join;
use hansard_events::group::{GroupProfile, GroupProfileChange, GroupType, JoinOption};
use hansard_groups::{GroupRow, TopicRow};
use hansard_types::{AppId, ConversationId, GroupId, Reason, TopicId, UserId, limits};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::codes;
use crate::endpoint::{Failure, Reading};
use crate::typed::{Field, List, Name, Text};

/// A group's id.
pub(super) const GROUP_ID: Field =
    Field::of("GroupId", codes::GROUP_ID_INVALID).missing(codes::GROUP_PARAMETER);

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

pub(super) fn on_off(flag: bool) -> &'static str {
    if flag { "On" } else { "Off" }
}

fn option_name(option: JoinOption, disabled: &'static str) -> &'static str {
    match option {
        JoinOption::FreeAccess => "FreeAccess",
        JoinOption::NeedPermission => "NeedPermission",
        JoinOption::Disabled => disabled,
    }
}

#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
pub(super) enum Switch {
    On,
    Off,
}

impl Switch {
    pub(super) fn is_on(self) -> bool {
        self == Self::On
    }
}

/// 0 or 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl JsonSchema for Flag {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": 1 })
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Ok(Self(false)),
            1 => Ok(Self(true)),
            _ => Err(D::Error::custom("it is 0 or 1")),
        }
    }
}

/// Custom fields: a list of keys and values. Of a key given twice the later value holds.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Fields(List<KeyValue, { limits::GROUP_FIELDS_MAX }>);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct KeyValue {
    /// A widely used client writes `key` for members' fields.
    #[serde(alias = "key")]
    key: String,
    value: String,
}

impl Fields {
    pub(super) fn into_map(self) -> BTreeMap<String, String> {
        let fields = self.0.0.into_iter();
        fields.map(|field| (field.key, field.value)).collect()
    }
}

/// Custom fields as answers list them: those that a filter names, all without one.
pub(super) fn listed(fields: &BTreeMap<String, String>, keys: Option<&Vec<String>>) -> Value {
    let wanted = |key: &String| keys.is_none_or(|keys| keys.contains(key));
    let fields = fields.iter().filter(|(key, _)| wanted(key));
    let field = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
    Value::Array(fields.map(field).collect())
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
    #[serde(rename = "AppDefinedDataFilter_Group")]
    pub(super) group_keys: Option<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember")]
    pub(super) member_keys: Option<Vec<String>>,
}

/// What a notice says is new of a group.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewGroupInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    introduction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    face_url: Option<String>,
    #[serde(rename = "Owner_Account", skip_serializing_if = "Option::is_none")]
    owner: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mute_all_member: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apply_join_option: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_join_option: Option<&'static str>,
}

impl NewGroupInfo {
    pub(super) fn of(change: GroupProfileChange) -> Self {
        let (apply, invite) = (change.apply_join_option, change.invite_join_option);
        Self {
            name: change.name,
            introduction: change.introduction,
            notification: change.notification,
            face_url: change.face_url,
            owner: None,
            mute_all_member: change.mute_all.map(on_off),
            apply_join_option: apply.map(|one| option_name(one, "DisableApply")),
            invite_join_option: invite.map(|one| option_name(one, "DisableInvite")),
        }
    }

    pub(super) fn owned_by(owner: UserId) -> Self {
        Self {
            owner: Some(owner),
            ..Self::default()
        }
    }
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
        changes,
        dissolved: _,
        mutes_until: _,
        bans_until: _,
        requests: _,
        topics: _,
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
        history_before_join: _,
        enable_permission,
        default_permission,
        supports_topics,
        fields: custom,
    } = profile;
    let mute_all = on_off(*mute_all);
    let reads_before = reads_before_join(*group_type, profile);
    let fields = json!({
        "Appid": app,
        "Type": group_type.wire_name(),
        "Name": name,
        "Introduction": introduction,
        "Notification": notification,
        "FaceUrl": face_url,
        "Owner_Account": owner.as_ref().map_or("", UserId::as_str),
        "CreateTime": created_at.seconds(),
        "InfoSeq": changes,
        "LastInfoTime": changed_at.seconds(),
        "LastMsgTime": head.last_sent_at.seconds(),
        "NextMsgSeq": head.last_seq.next(),
        "MemberNum": member_count,
        "MaxMemberNum": max_members,
        "ApplyJoinOption": option_name(*apply_join_option, "DisableApply"),
        "InviteJoinOption": option_name(*invite_join_option, "DisableInvite"),
        "MuteAllMember": mute_all,
        "ShutUpAllMember": mute_all,
        "SupportTopic": u8::from(*supports_topics),
        "HistoryMsgBeforeJoin": on_off(reads_before),
        "EnablePermission": u8::from(*enable_permission),
        "DefaultPermission": default_permission,
        "AppDefinedData": listed(custom, None),
    });
    match fields {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// A group that exists and is not dissolved.
pub(super) fn existing(call: &Reading<'_>, group: &GroupId) -> Result<Option<GroupRow>, Failure> {
    let found = call
        .groups_with(group)
        .group(group)
        .map_err(Failure::broken)?;
    Ok(found.filter(|group| !group.dissolved))
}

/// The same, for a call that is about it.
pub(super) fn there_must_be(call: &Reading<'_>, group: &GroupId) -> Result<GroupRow, Failure> {
    existing(call, group)?.ok_or_else(|| call.refusal(Reason::GroupUnknown))
}

/// A topic that there is in a group, for a call that is about it.
pub(super) fn topic_must_be(
    call: &Reading<'_>,
    group: &GroupId,
    topic: &TopicId,
) -> Result<TopicRow, Failure> {
    let found = call.groups_with(group).topic(group, topic);
    let found = found.map_err(Failure::broken)?;
    found.ok_or_else(|| call.refusal(Reason::TopicUnknown))
}

pub(super) fn head(call: &Reading<'_>, group: &GroupId) -> Result<HeadRow, Failure> {
    let conversation = ConversationId::Group(group.clone());
    call.conversations_with(&conversation)
        .head(&conversation)
        .map_err(Failure::broken)
}
