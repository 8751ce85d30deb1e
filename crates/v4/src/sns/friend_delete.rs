//! `sns/friend_delete` and `sns/friend_delete_all`.

use hansard_domain::relation::{ClearFriends, DeleteFriend};
use hansard_types::UserId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::batch::{Accounts, FROM, ItemsOf, PerItem, TO, for_each};
use crate::endpoint::{Action, Call, Failure};
use crate::typed::Field;

/// Whose list is changed.
#[derive(Deserialize, JsonSchema)]
enum DeleteType {
    #[serde(rename = "Delete_Type_Single", alias = "CheckResult_Type_Single")]
    Single,
    #[serde(rename = "Delete_Type_Both", alias = "CheckResult_Type_Both")]
    Both,
}

fn is_both(delete_type: Option<&DeleteType>) -> bool {
    matches!(delete_type, Some(DeleteType::Both))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendDelete {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: Accounts,
    /// Absent: `Delete_Type_Single`.
    delete_type: Option<DeleteType>,
}

impl PerItem for FriendDelete {
    const SUMMARY: &'static str = "Takes friends off an account's list, at most 1000";
    const FIELDS: &'static [Field] = &[FROM, TO];
    type Command = DeleteFriend;

    fn items(self, _call: &Call<'_>) -> Result<(UserId, ItemsOf<DeleteFriend>), Failure> {
        let from = self.from_account;
        let both = is_both(self.delete_type.as_ref());
        let items = for_each(self.to_account, |to| DeleteFriend {
            from: from.clone(),
            to,
            both,
        });
        Ok((from, items))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendDeleteAll {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// Absent: `Delete_Type_Single`. `CheckResult_Type_…` are older words for the same.
    delete_type: Option<DeleteType>,
}

impl Action for FriendDeleteAll {
    const SUMMARY: &'static str = "Empties an account's friend list";
    const FIELDS: &'static [Field] = &[FROM];
    type Command = ClearFriends;

    fn command(self, call: &Call<'_>) -> Result<ClearFriends, Failure> {
        call.there_must_be(&self.from_account)?;
        Ok(ClearFriends {
            user: self.from_account,
            both: is_both(self.delete_type.as_ref()),
        })
    }
}
