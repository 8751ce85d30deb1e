//! `sns/friend_check`: whether accounts are on each other's friend lists.

use hansard_types::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::v4::endpoint::{Answered, Call, Failure, Operation};
use crate::v4::sns::batch;

pub(crate) struct FriendCheck;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FriendCheckRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// 1 to 1000.
    #[serde(rename = "To_Account")]
    to_account: Vec<String>,
    /// Required: `CheckResult_Type_Single` or `CheckResult_Type_Both`.
    check_type: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FriendCheckResponse {
    /// In the order asked.
    info_item: Vec<CheckedFriend>,
    /// Accounts that failed, if any did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct CheckedFriend {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// `CheckResult_Type_BothWay`, `_AWithB`, `_BWithA` or `_NoRelation`; of a single check
    /// `_AWithB` or `_NoRelation`.
    relation: &'static str,
    result_code: u32,
    result_info: String,
}

impl Operation for FriendCheck {
    const SUMMARY: &'static str = "Tells who is whose friend, at most 1000 accounts";
    type Request = FriendCheckRequest;
    type Response = FriendCheckResponse;

    async fn call(
        call: &Call<'_>,
        request: FriendCheckRequest,
    ) -> Result<Answered<FriendCheckResponse>, Failure> {
        let FriendCheckRequest {
            from_account,
            to_account,
            check_type,
        } = request;
        let both = match check_type.as_deref() {
            Some("CheckResult_Type_Single") => false,
            Some("CheckResult_Type_Both") => true,
            None | Some(_) => {
                let info = "CheckType is CheckResult_Type_Single or CheckResult_Type_Both";
                return Err(call.parameter(info));
            }
        };
        batch::bounded("To_Account", to_account.len())?;
        let from = batch::from_account(call, from_account.as_deref())?;
        let (mut info_item, mut fail_account) = (Vec::with_capacity(to_account.len()), Vec::new());
        for text in to_account {
            let (relation, result_code, result_info) = match batch::existing(call, &text)? {
                Ok(to) => (relation(call, &from, &to, both)?, 0, String::new()),
                Err((code, info)) => {
                    fail_account.push(text.clone());
                    ("CheckResult_Type_NoRelation", code, info)
                }
            };
            info_item.push(CheckedFriend {
                to_account: text,
                relation,
                result_code,
                result_info,
            });
        }
        Ok(Answered::read(FriendCheckResponse {
            info_item,
            fail_account,
        }))
    }
}

fn relation(
    call: &Call<'_>,
    from: &UserId,
    to: &UserId,
    both: bool,
) -> Result<&'static str, Failure> {
    let directory = call.directory();
    let has = |user, other| {
        let friend = directory.friend(user, other).map_err(Failure::broken)?;
        Ok::<_, Failure>(friend.is_some())
    };
    Ok(match (has(from, to)?, both && has(to, from)?) {
        (true, true) => "CheckResult_Type_BothWay",
        (true, false) => "CheckResult_Type_AWithB",
        (false, true) => "CheckResult_Type_BWithA",
        (false, false) => "CheckResult_Type_NoRelation",
    })
}
