//! `sns/friend_import`: takes friends over from elsewhere, one-way. Importing again adds nothing;
//! a friend who is there gets the remark, groups and custom fields given. `RemarkTime` is ignored:
//! a remark has no time of its own here.

use std::collections::BTreeMap;

use hansard_domain::relation::ImportFriend;
use hansard_events::relation::FriendDetails;
use hansard_types::limits::RELATIONS_PER_CALL_MAX;
use hansard_types::profile::FRIEND_CUSTOM_PREFIX;
use hansard_types::{Timestamp, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::batch::{self, FROM, ItemsOf, PerItem};
use super::codes;
use crate::endpoint::{Call, Failure, Fault};
use crate::typed::{Field, Items};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendImport {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    add_friend_item: Items<ImportFriendItem, RELATIONS_PER_CALL_MAX>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
struct ImportFriendItem {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// Required: `AddSource_Type_` and 1 to 8 letters.
    add_source: String,
    /// At most 96 bytes.
    remark: String,
    /// Friend groups, made when there are none of that name.
    group_name: Vec<String>,
    /// At most 256 bytes.
    add_wording: String,
    /// Unix seconds; absent: now.
    add_time: Option<u64>,
    custom_item: Vec<CustomItem>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
struct CustomItem {
    /// `Tag_SNS_Custom_…` as the app has declared it.
    tag: String,
    /// At most 500 bytes.
    value: String,
}

impl PerItem for FriendImport {
    const SUMMARY: &'static str = "Takes friends over, one-way, at most 1000";
    const FIELDS: &'static [Field] = &[FROM];
    type Command = ImportFriend;

    fn items(self, _call: &Call<'_>) -> Result<(UserId, ItemsOf<ImportFriend>), Failure> {
        let from = self.from_account;
        let command = |item: ImportFriendItem| {
            let to_account = item.to_account.clone();
            let command = batch::to_account(&to_account).and_then(|to| {
                Ok(ImportFriend {
                    from: from.clone(),
                    to,
                    added_at: item.add_time.map(Timestamp::from_seconds),
                    details: details_of(item)?,
                })
            });
            (to_account, command)
        };
        let items = self.add_friend_item.0.into_iter().map(command).collect();
        Ok((from, items))
    }
}

fn details_of(item: ImportFriendItem) -> Result<FriendDetails, Fault> {
    let mut custom = BTreeMap::new();
    for CustomItem { tag, value } in item.custom_item {
        let Some(name) = tag.strip_prefix(FRIEND_CUSTOM_PREFIX) else {
            let info = format!("{tag} is no {FRIEND_CUSTOM_PREFIX}… tag");
            return Err(Fault::new(codes::SNS_PARAMETER, info));
        };
        custom.insert(name.to_owned(), value);
    }
    let mut groups = Vec::with_capacity(item.group_name.len());
    for group in item.group_name {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    Ok(FriendDetails {
        source: item.add_source,
        remark: item.remark,
        wording: item.add_wording,
        groups,
        custom,
    })
}
