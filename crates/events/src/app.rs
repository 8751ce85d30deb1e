//! Events about apps: the control log.

use hansard_types::{AppId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sample;
use crate::group::{GroupType, NoticeKind, NoticeSetting, Telling};

/// `app.created`. The secret itself is never in a log: it stays in the data directory, and the
/// fingerprint tells which one belongs here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppCreated {
    pub app_id: AppId,
    /// Accounts that may call the server API.
    pub administrators: Vec<UserId>,
    /// The first 16 hex digits of the secret's SHA-256.
    pub secret_fingerprint: String,
    /// How many partitions the app's log has, for good; absent: one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub partitions: u16,
}

fn one() -> u16 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_one(partitions: &u16) -> bool {
    *partitions == one()
}

/// What a custom field holds. The server API writes both as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum FieldType {
    #[serde(rename = "string")]
    Text,
    #[serde(rename = "bytes")]
    Bytes,
}

/// Who reads or writes a custom field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Party {
    /// The app's clients, each under its own account.
    #[serde(rename = "app")]
    App,
    /// The server API.
    #[serde(rename = "admin")]
    Admin,
}

/// A custom field that an app has declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomField {
    /// Letters: what follows `Tag_Profile_Custom_` or `Tag_SNS_Custom_`.
    pub name: String,
    #[serde(rename = "type")]
    pub field_type: FieldType,
    pub readers: Vec<Party>,
    pub writers: Vec<Party>,
}

/// From which rank on someone reads or writes a custom field of groups or members; whoever has a
/// higher one does, too.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FieldRank {
    /// Any account.
    Anyone,
    Member,
    /// An administrator of the group.
    Admin,
    Owner,
    /// An administrator of the app.
    App,
}

/// A custom field of groups or of their members that an app has declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupField {
    /// 1 to 16 letters, digits and underscores, the first no digit.
    pub key: String,
    /// Who reads it; of a member's field: besides that member.
    pub readers: FieldRank,
    /// Who writes it; of a member's field: besides that member, if it is not `app`.
    pub writers: FieldRank,
}

/// What an app holds its groups to, besides the limits of their types. 0: nothing more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupLimits {
    /// Messages of one group in a second, on average: what is over it is dropped, the lower
    /// priorities first, and its sender is told. 0: none is dropped.
    pub messages_per_second: u32,
    /// Members of a group, Communities and live rooms apart. 0: as the type has it.
    pub members: u32,
}

/// What an app lets its accounts do with messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MessageLimits {
    /// How long an account may recall what it said, seconds; 120 unless it is said otherwise. 0: not
    /// at all.
    pub recall_seconds: u32,
}

impl Default for MessageLimits {
    fn default() -> Self {
        // The contract's: two minutes.
        Self {
            recall_seconds: 120,
        }
    }
}

/// `app.settings_changed`: names exactly the settings that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppSettingsChanged {
    pub app_id: AppId,
    /// The whole new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrators: Option<Vec<UserId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_fingerprint: Option<String>,
    /// Custom fields of profiles, the whole new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_fields: Option<Vec<CustomField>>,
    /// Custom fields of friends, the whole new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friend_fields: Option<Vec<CustomField>>,
    /// Custom fields of groups, the whole new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_fields: Option<Vec<GroupField>>,
    /// Custom fields of members of groups, the whole new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_fields: Option<Vec<GroupField>>,
    /// What members of groups are told of otherwise than the types have it, the whole new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_notices: Option<Vec<NoticeSetting>>,
    /// What groups are held to besides the limits of their types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_limits: Option<GroupLimits>,
    /// What its accounts may do with messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_limits: Option<MessageLimits>,
}

impl Sample for AppCreated {
    fn sample() -> Self {
        Self {
            app_id: AppId(1_400_000_001),
            administrators: vec![UserId::new("administrator").expect("a valid id")],
            secret_fingerprint: "9f86d081884c7d65".to_owned(),
            partitions: 4,
        }
    }

    fn bucket_key(&self) -> String {
        format!("app:{}", self.app_id)
    }
}

impl Sample for AppSettingsChanged {
    fn sample() -> Self {
        Self {
            app_id: AppId(1_400_000_001),
            administrators: Some(vec![
                UserId::new("administrator").expect("a valid id"),
                UserId::new("auditor").expect("a valid id"),
            ]),
            secret_fingerprint: Some("60303ae22b998861".to_owned()),
            profile_fields: Some(vec![CustomField {
                name: "Team".to_owned(),
                field_type: FieldType::Text,
                readers: vec![Party::App, Party::Admin],
                writers: vec![Party::Admin],
            }]),
            friend_fields: Some(vec![CustomField {
                name: "Met".to_owned(),
                field_type: FieldType::Bytes,
                readers: vec![Party::App],
                writers: vec![Party::App],
            }]),
            group_fields: Some(vec![GroupField {
                key: "Colour".to_owned(),
                readers: FieldRank::Anyone,
                writers: FieldRank::Admin,
            }]),
            member_fields: Some(vec![GroupField {
                key: "Desk".to_owned(),
                readers: FieldRank::Member,
                writers: FieldRank::App,
            }]),
            group_notices: Some(vec![NoticeSetting {
                group_type: GroupType::Public,
                kind: NoticeKind::Joined,
                telling: Telling::Off,
            }]),
            group_limits: Some(GroupLimits {
                messages_per_second: 40,
                members: 200,
            }),
            message_limits: Some(MessageLimits {
                recall_seconds: 300,
            }),
        }
    }

    fn bucket_key(&self) -> String {
        format!("app:{}", self.app_id)
    }
}
