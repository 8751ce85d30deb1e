//! `sns/friend_add`: adds friends, or asks to. Who is added decides how (their `AllowType`; who
//! has set none takes anyone), unless it is forced.

use hansard_domain::relation::AddFriend;
use hansard_events::relation::FriendDetails;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::sns::batch::{self, BatchResponse};

pub(crate) struct FriendAdd;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FriendAddRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// 1 to 1000.
    add_friend_item: Vec<AddFriendItem>,
    /// `Add_Type_Both` (when absent) or `Add_Type_Single`.
    add_type: Option<String>,
    /// 1: nobody is asked.
    force_add_flags: u32,
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

impl Operation for FriendAdd {
    const SUMMARY: &'static str = "Adds friends, or asks to, at most 1000";
    type Request = FriendAddRequest;
    type Response = BatchResponse;

    async fn call(
        call: &Call<'_>,
        request: FriendAddRequest,
    ) -> Result<Answered<BatchResponse>, Failure> {
        let FriendAddRequest {
            from_account,
            add_friend_item,
            add_type,
            force_add_flags,
        } = request;
        let both = match add_type.as_deref() {
            None | Some("" | "Add_Type_Both") => true,
            Some("Add_Type_Single") => false,
            Some(_) => return Err(call.parameter("AddType is Add_Type_Both or Add_Type_Single")),
        };
        batch::bounded("AddFriendItem", add_friend_item.len())?;
        let from = batch::from_account(call, from_account.as_deref())?;
        let command = |item: AddFriendItem| {
            let AddFriendItem {
                to_account,
                add_source,
                remark,
                group_name,
                add_wording,
            } = item;
            let command = batch::to_account(&to_account).map(|to| {
                AddFriend {
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
                }
            });
            (to_account, command)
        };
        batch::run(call, add_friend_item.into_iter().map(command).collect()).await
    }
}
