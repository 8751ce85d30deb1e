//! `sns/friend_add`: adds friends, or asks to. Who is added decides how (their `AllowType`; who
//! has set none takes anyone), unless it is forced.

use hansard_domain::relation::AddFriend;
use hansard_events::relation::FriendDetails;
use hansard_types::UserId;
use hansard_types::limits::RELATIONS_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use super::batch::{self, FROM, ItemsOf, PerItem};
use crate::endpoint::{Call, Failure};
use crate::typed::{Field, Items};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendAdd {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    add_friend_item: Items<AddFriendItem, RELATIONS_PER_CALL_MAX>,
    /// Absent: `Add_Type_Both`.
    add_type: Option<AddType>,
    /// 1: nobody is asked.
    #[serde(default)]
    force_add_flags: u32,
}

/// On whose lists the two are then.
#[derive(Deserialize, JsonSchema)]
enum AddType {
    #[serde(rename = "Add_Type_Both")]
    Both,
    #[serde(rename = "Add_Type_Single")]
    Single,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
struct AddFriendItem {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// Required: `AddSource_Type_` and 1 to 8 letters.
    add_source: String,
    /// At most 96 bytes.
    remark: String,
    /// A friend group, made when there is none of that name.
    group_name: Option<String>,
    /// At most 256 bytes.
    add_wording: String,
}

impl PerItem for FriendAdd {
    const SUMMARY: &'static str = "Adds friends, or asks to, at most 1000";
    const FIELDS: &'static [Field] = &[FROM];
    type Command = AddFriend;

    fn items(self, _call: &Call<'_>) -> Result<(UserId, ItemsOf<AddFriend>), Failure> {
        let Self {
            from_account: from,
            add_friend_item,
            add_type,
            force_add_flags,
        } = self;
        let both = !matches!(add_type, Some(AddType::Single));
        let command = |item: AddFriendItem| {
            let AddFriendItem {
                to_account,
                add_source,
                remark,
                group_name,
                add_wording,
            } = item;
            let command = batch::to_account(&to_account).map(|to| AddFriend {
                from: from.clone(),
                to,
                details: FriendDetails {
                    source: add_source,
                    remark,
                    wording: add_wording,
                    groups: group_name
                        .filter(|name| !name.is_empty())
                        .into_iter()
                        .collect(),
                    ..FriendDetails::default()
                },
                both,
                forced: force_add_flags != 0,
            });
            (to_account, command)
        };
        let items = add_friend_item.0.into_iter().map(command).collect();
        Ok((from, items))
    }
}
