//! Events about accounts.

use std::collections::BTreeMap;

use hansard_types::{Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sample;

/// `account.imported`: a present field overwrites, an absent one leaves what was there. They are
/// the profile's `Tag_Profile_IM_Nick` and `Tag_Profile_IM_Image`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountImported {
    pub user_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_url: Option<String>,
}

/// `account.deleted`: the account, its profile, relations and memberships are gone from what
/// anyone can query, and what it said stays. An account of the same name, imported later, begins
/// anew. Revoked signatures stay revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountDeleted {
    pub user_id: UserId,
}

/// `account.forgotten`: in every partition but the first, that accounts were deleted there. From
/// here on nothing of this partition is theirs: memberships and inboxes are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountsForgotten {
    /// In the order of their deletion.
    pub accounts: Vec<Forgotten>,
}

/// An account that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Forgotten {
    pub user_id: UserId,
    /// The sequence of its `account.deleted` in partition 0.
    pub deleted_at: u64,
}

/// `account.signatures_revoked`: no UserSig of the account that was issued up to then holds any
/// more, and its sessions end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignaturesRevoked {
    pub user_id: UserId,
    /// Unix seconds, included: signatures know no finer time.
    pub issued_up_to_seconds: u64,
}

/// `account.muted`: until when the account may not speak. An absent field did not change, 0 lifts
/// the mute, 18446744073709551615 (2^64 - 1) is for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountMuted {
    pub user_id: UserId,
    /// One-to-one, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c2c_until: Option<Timestamp>,
    /// In groups, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_until: Option<Timestamp>,
}

impl AccountMuted {
    /// The event that makes `after` of `before`; `None` when they are the same.
    #[must_use]
    pub fn between(user_id: &UserId, before: Mutes, after: Mutes) -> Option<Self> {
        let changed = |before, after| (before != after).then_some(after);
        (before != after).then(|| Self {
            user_id: user_id.clone(),
            c2c_until: changed(before.c2c, after.c2c),
            group_until: changed(before.group, after.group),
        })
    }

    /// What changed, as people call it, and until when it is so now.
    pub fn changed(&self) -> impl Iterator<Item = (&'static str, Timestamp)> {
        let all = [("one-to-one", self.c2c_until), ("groups", self.group_until)];
        all.into_iter()
            .filter_map(|(name, until)| Some((name, until?)))
    }
}

/// Until when an account may not speak, by where it speaks; a time that is over, or 0: it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutes {
    /// To another account.
    pub c2c: Timestamp,
    /// In groups.
    pub group: Timestamp,
}

impl Mutes {
    pub fn apply(&mut self, event: &AccountMuted) {
        let AccountMuted {
            user_id: _,
            c2c_until,
            group_until,
        } = event;
        self.c2c = c2c_until.unwrap_or(self.c2c);
        self.group = group_until.unwrap_or(self.group);
    }
}

/// What a profile's field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "it is a text, or a whole number of 32 bits")]
pub enum ProfileValue {
    Number(u32),
    Text(String),
}

/// `account.profile_changed`: names exactly the fields that changed, with their new values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountProfileChanged {
    pub user_id: UserId,
    /// By tag: `Tag_Profile_IM_...` or `Tag_Profile_Custom_...`.
    pub fields: BTreeMap<String, ProfileValue>,
}

impl Sample for AccountImported {
    fn sample() -> Self {
        Self {
            user_id: sample_user(),
            nick: Some("앨리스".to_owned()),
            face_url: Some("https://example.org/alice.png".to_owned()),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user_id)
    }
}

impl Sample for AccountDeleted {
    fn sample() -> Self {
        Self {
            user_id: sample_user(),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user_id)
    }
}

impl Sample for AccountsForgotten {
    fn sample() -> Self {
        Self {
            accounts: vec![Forgotten {
                user_id: sample_user(),
                deleted_at: 42,
            }],
        }
    }

    /// It is about many.
    fn bucket_key(&self) -> String {
        "accounts".to_owned()
    }
}

impl Sample for SignaturesRevoked {
    fn sample() -> Self {
        Self {
            user_id: sample_user(),
            issued_up_to_seconds: 1_794_000_000,
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user_id)
    }
}

impl Sample for AccountMuted {
    fn sample() -> Self {
        Self {
            user_id: sample_user(),
            c2c_until: Some(Timestamp(1_794_000_000_000)),
            group_until: Some(Timestamp::FOREVER),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user_id)
    }
}

impl Sample for AccountProfileChanged {
    fn sample() -> Self {
        let fields = [
            (
                "Tag_Profile_IM_Nick",
                ProfileValue::Text("앨리스".to_owned()),
            ),
            ("Tag_Profile_IM_Level", ProfileValue::Number(7)),
            (
                "Tag_Profile_Custom_Team",
                ProfileValue::Text("harbour".to_owned()),
            ),
        ];
        Self {
            user_id: sample_user(),
            fields: fields
                .into_iter()
                .map(|(tag, value)| (tag.to_owned(), value))
                .collect(),
        }
    }

    fn bucket_key(&self) -> String {
        account_bucket(&self.user_id)
    }
}

fn sample_user() -> UserId {
    UserId::new("alice").expect("a valid id")
}

/// An account's events share a bucket, so a subscriber sees them in order.
pub(crate) fn account_bucket(user: &UserId) -> String {
    format!("account:{user}")
}
