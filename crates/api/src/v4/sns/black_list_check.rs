//! `sns/black_list_check`: whether accounts block each other.

use hansard_types::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::v4::endpoint::{Answered, Call, Failure, Operation};
use crate::v4::sns::batch;

pub(crate) struct BlackListCheck;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct BlackListCheckRequest {
    /// Required.
    #[serde(rename = "From_Account")]
    from_account: Option<String>,
    /// 1 to 1000.
    #[serde(rename = "To_Account")]
    to_account: Vec<String>,
    /// Required: `BlackCheckResult_Type_Single` or `BlackCheckResult_Type_Both`.
    check_type: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BlackListCheckResponse {
    /// In the order asked.
    black_list_check_item: Vec<CheckedBlock>,
    /// Accounts that failed, if any did.
    #[serde(rename = "Fail_Account", skip_serializing_if = "Vec::is_empty")]
    fail_account: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct CheckedBlock {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// `BlackCheckResult_Type_BothWay`, `_AWithB`, `_BWithA` or `_NO`; of a single check
    /// `_AWithB` or `_NO`.
    relation: &'static str,
    result_code: u32,
    result_info: String,
}

impl Operation for BlackListCheck {
    const SUMMARY: &'static str = "Tells who blocks whom, at most 1000 accounts";
    type Request = BlackListCheckRequest;
    type Response = BlackListCheckResponse;

    async fn call(
        call: &Call<'_>,
        request: BlackListCheckRequest,
    ) -> Result<Answered<BlackListCheckResponse>, Failure> {
        let BlackListCheckRequest {
            from_account,
            to_account,
            check_type,
        } = request;
        let both = match check_type.as_deref() {
            Some("BlackCheckResult_Type_Single") => false,
            Some("BlackCheckResult_Type_Both") => true,
            None | Some(_) => {
                let info =
                    "CheckType is BlackCheckResult_Type_Single or BlackCheckResult_Type_Both";
                return Err(call.parameter(info));
            }
        };
        batch::bounded("To_Account", to_account.len())?;
        let from = batch::from_account(call, from_account.as_deref())?;
        let (mut items, mut fail_account) = (Vec::with_capacity(to_account.len()), Vec::new());
        for text in to_account {
            let (relation, result_code, result_info) = match batch::existing(call, &text)? {
                Ok(to) => (relation(call, &from, &to, both)?, 0, String::new()),
                Err((code, info)) => {
                    fail_account.push(text.clone());
                    ("BlackCheckResult_Type_NO", code, info)
                }
            };
            items.push(CheckedBlock {
                to_account: text,
                relation,
                result_code,
                result_info,
            });
        }
        Ok(Answered::read(BlackListCheckResponse {
            black_list_check_item: items,
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
    let blocks = |user, other| directory.blocks(user, other).map_err(Failure::broken);
    Ok(match (blocks(from, to)?, both && blocks(to, from)?) {
        (true, true) => "BlackCheckResult_Type_BothWay",
        (true, false) => "BlackCheckResult_Type_AWithB",
        (false, true) => "BlackCheckResult_Type_BWithA",
        (false, false) => "BlackCheckResult_Type_NO",
    })
}
