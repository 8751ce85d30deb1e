//! Calls about many accounts: each succeeds or fails alone.

use hansard_domain::{Command, Reply};
use hansard_engine::SubmitError;
use hansard_types::{Reason, UserId, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::codes;
use crate::v4::endpoint::{Answered, Call, Failure};
use crate::v4::field;

/// The code and text of an item that failed.
pub(super) type Fault = (u32, String);

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchResponse {
    /// In the order asked.
    result_item: Vec<ItemResult>,
    /// Accounts that failed, if any did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ItemResult {
    #[serde(rename = "To_Account")]
    pub(super) to_account: String,
    /// 0: it is done. 30539: a request waits for the other account.
    pub(super) result_code: u32,
    pub(super) result_info: String,
}

/// The account a call is about, which there must be.
pub(super) fn from_account(call: &Call<'_>, text: Option<&str>) -> Result<UserId, Failure> {
    let user = field::user(text, "From_Account", codes::SNS_PARAMETER)?;
    let account = call.directory().account(&user).map_err(Failure::broken)?;
    if account.is_none() {
        return Err(call.refusal(Reason::AccountUnknown));
    }
    Ok(user)
}

/// How many accounts or items a call takes.
pub(super) fn bounded(name: &str, count: usize) -> Result<(), Failure> {
    let count_max = limits::RELATIONS_PER_CALL_MAX;
    field::bounded(name, count, count_max, codes::SNS_PARAMETER)
}

/// An item's account.
pub(super) fn to_account(text: &str) -> Result<UserId, Fault> {
    UserId::new(text).map_err(|error| (codes::SNS_ACCOUNT_UNKNOWN, error.to_string()))
}

/// An item's account, which there must be.
pub(super) fn existing(call: &Call<'_>, text: &str) -> Result<Result<UserId, Fault>, Failure> {
    let user = match to_account(text) {
        Ok(user) => user,
        Err(fault) => return Ok(Err(fault)),
    };
    let account = call.directory().account(&user).map_err(Failure::broken)?;
    Ok(match account {
        Some(_) => Ok(user),
        None => Err(fault_of(call, Reason::AccountUnknown)),
    })
}

pub(super) fn fault_of(call: &Call<'_>, reason: Reason) -> Fault {
    let endpoint = call.endpoint;
    let code = codes::of_refusal(reason, endpoint.service, endpoint.command);
    (code, codes::text_of(reason).to_owned())
}

/// Gives the items' commands to the engine in order.
pub(super) async fn run(
    call: &Call<'_>,
    items: Vec<(String, Result<Command, Fault>)>,
) -> Result<Answered<BatchResponse>, Failure> {
    let mut accounts = Vec::with_capacity(items.len());
    let mut commands = Vec::with_capacity(items.len());
    for (account, item) in items {
        accounts.push((
            account,
            item.map(|command| {
                commands.push(command);
            }),
        ));
    }
    let mut results = call.submit_all(commands).await.into_iter();
    let mut position = None;
    let (mut result_item, mut fail_account) = (Vec::with_capacity(accounts.len()), Vec::new());
    for (to_account, item) in accounts {
        let (result_code, result_info) = match item {
            Err(fault) => fault,
            Ok(()) => match results.next().expect("one result for each command") {
                Ok(answer) => {
                    position = position.max(Some(answer.position));
                    if answer.reply == Reply::Requested {
                        let info = "a request waits for the other account";
                        (codes::REQUEST_PENDING, info.to_owned())
                    } else {
                        (0, String::new())
                    }
                }
                Err(SubmitError::Rejected(rejection)) => fault_of(call, rejection.reason),
                Err(error) => return Err(call.not_answered(error)),
            },
        };
        if result_code != 0 && result_code != codes::REQUEST_PENDING {
            fail_account.push(to_account.clone());
        }
        result_item.push(ItemResult {
            to_account,
            result_code,
            result_info,
        });
    }
    Ok(Answered {
        body: BatchResponse {
            result_item,
            fail_account,
        },
        position,
    })
}
