//! `sns/black_list_add` and `sns/black_list_delete`. Blocking ends friendship and requests of the
//! two. What the server API sends in an account's name reaches those who block it all the same.

use hansard_domain::relation::{Block, Unblock};
use hansard_types::UserId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::batch::{Accounts, FROM, ItemsOf, PerItem, TO, for_each};
use crate::endpoint::{Call, Failure};
use crate::typed::Field;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct BlackListAdd {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: Accounts,
}

impl PerItem for BlackListAdd {
    const SUMMARY: &'static str = "Blocks accounts, at most 1000";
    const FIELDS: &'static [Field] = &[FROM, TO];
    type Command = Block;

    fn items(self, _call: &Call<'_>) -> Result<(UserId, ItemsOf<Block>), Failure> {
        let user = self.from_account;
        let items = for_each(self.to_account, |blocked| Block {
            user: user.clone(),
            blocked,
        });
        Ok((user, items))
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct BlackListDelete {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: Accounts,
}

impl PerItem for BlackListDelete {
    const SUMMARY: &'static str = "Blocks accounts no longer, at most 1000";
    const FIELDS: &'static [Field] = &[FROM, TO];
    type Command = Unblock;

    fn items(self, _call: &Call<'_>) -> Result<(UserId, ItemsOf<Unblock>), Failure> {
        let user = self.from_account;
        let items = for_each(self.to_account, |blocked| Unblock {
            user: user.clone(),
            blocked,
        });
        Ok((user, items))
    }
}
