//! `sns/friend_update`: changes the remark, the friend groups and custom fields of friends.

use std::collections::BTreeMap;

use hansard_domain::relation::UpdateFriend;
use hansard_types::UserId;
use hansard_types::limits::RELATIONS_PER_CALL_MAX;
use hansard_types::profile::FRIEND_CUSTOM_PREFIX;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::batch::{self, FROM, ItemsOf, PerItem};
use super::{codes, tags};
use crate::endpoint::{Call, Failure, Fault};
use crate::typed::{Field, Items};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendUpdate {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    update_item: Items<UpdateItem, RELATIONS_PER_CALL_MAX>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
struct UpdateItem {
    #[serde(rename = "To_Account")]
    to_account: String,
    sns_item: Vec<SnsItem>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
struct SnsItem {
    /// `Tag_SNS_IM_Remark`, `Tag_SNS_IM_Group` or `Tag_SNS_Custom_…`.
    tag: String,
    /// A string; for groups the whole new list of strings.
    value: Value,
}

impl PerItem for FriendUpdate {
    const SUMMARY: &'static str = "Changes what is kept about friends, at most 1000";
    const FIELDS: &'static [Field] = &[FROM];
    type Command = UpdateFriend;

    fn items(self, _call: &Call<'_>) -> Result<(UserId, ItemsOf<UpdateFriend>), Failure> {
        let from = self.from_account;
        let command = |item: UpdateItem| {
            let UpdateItem {
                to_account,
                sns_item,
            } = item;
            let command = batch::to_account(&to_account).and_then(|to| update(&from, to, sns_item));
            (to_account, command)
        };
        let items = self.update_item.0.into_iter().map(command).collect();
        Ok((from, items))
    }
}

fn update(from: &UserId, to: UserId, items: Vec<SnsItem>) -> Result<UpdateFriend, Fault> {
    let wrong = |info: String| Fault::new(codes::SNS_PARAMETER, info);
    if items.is_empty() {
        return Err(wrong("SnsItem is missing or empty".to_owned()));
    }
    let mut change = UpdateFriend {
        from: from.clone(),
        to,
        remark: None,
        groups: None,
        custom: BTreeMap::new(),
    };
    for SnsItem { tag, value } in items {
        let custom = tag.strip_prefix(FRIEND_CUSTOM_PREFIX);
        match (tag.as_str(), custom, value) {
            (tags::REMARK, _, Value::String(text)) => change.remark = Some(text),
            (tags::GROUP, _, Value::String(text)) => change.groups = Some(vec![text]),
            (tags::GROUP, _, value @ Value::Array(_)) => {
                let groups = serde_json::from_value(value);
                let groups = groups.map_err(|_| wrong(format!("{tag} is a list of strings")))?;
                change.groups = Some(groups);
            }
            (_, Some(name), Value::String(text)) => {
                change.custom.insert(name.to_owned(), text);
            }
            _ => return Err(wrong(format!("{tag} does not take this value"))),
        }
    }
    Ok(change)
}
