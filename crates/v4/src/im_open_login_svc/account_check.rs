//! `im_open_login_svc/account_check`: which accounts there are.

use hansard_types::UserId;
use hansard_types::limits::ACCOUNTS_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::Items;

pub(crate) struct AccountCheck;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccountCheckRequest {
    check_item: Items<AccountToCheck, ACCOUNTS_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
struct AccountToCheck {
    #[serde(rename = "UserID")]
    user_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccountCheckResponse {
    result_item: Vec<CheckedAccount>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct CheckedAccount {
    #[serde(rename = "UserID")]
    user_id: String,
    result_code: u32,
    result_info: String,
    /// `Imported` or `NotImported`.
    account_status: &'static str,
}

impl Operation for AccountCheck {
    const SUMMARY: &'static str = "Tells which accounts exist, at most 100";
    type Request = AccountCheckRequest;
    type Response = AccountCheckResponse;

    async fn call(
        call: &Call<'_>,
        request: AccountCheckRequest,
    ) -> Result<Answered<AccountCheckResponse>, Failure> {
        let AccountCheckRequest { check_item } = request;
        let result_item = call.read(|reads| check(reads, check_item.0)).await?;
        Ok(Answered::read(AccountCheckResponse { result_item }))
    }
}

fn check(
    call: &Reading<'_>,
    check_item: Vec<AccountToCheck>,
) -> Result<Vec<CheckedAccount>, Failure> {
    let mut result_item = Vec::with_capacity(check_item.len());
    for AccountToCheck { user_id } in check_item {
        let (result_code, result_info, known) = match UserId::new(&user_id) {
            Err(error) => (codes::ACCOUNT_PARAMETER, error.to_string(), false),
            Ok(id) => (0, String::new(), call.account(&id)?.is_some()),
        };
        result_item.push(CheckedAccount {
            user_id,
            result_code,
            result_info,
            account_status: if known { "Imported" } else { "NotImported" },
        });
    }
    Ok(result_item)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "im_open_login_svc/account_check";

    #[tokio::test]
    async fn every_account_is_answered_in_order() {
        let api = TestApi::start().await;
        let body = json!({ "CheckItem": [
            { "UserID": "alice" }, { "UserID": "nobody" }, { "UserID": "u".repeat(33) },
        ] });
        let answer = api.v4_ok(PATH, body).await;
        let row = |index: usize| {
            let row = &answer["ResultItem"][index];
            (
                row["UserID"].clone(),
                row["ResultCode"].clone(),
                row["AccountStatus"].clone(),
            )
        };
        assert_eq!(row(0), (json!("alice"), json!(0), json!("Imported")));
        assert_eq!(row(1), (json!("nobody"), json!(0), json!("NotImported")));
        assert_eq!(row(2).1, json!(70402));
    }

    #[tokio::test]
    async fn a_hundred_are_taken_and_one_more_is_refused() {
        let api = TestApi::start().await;
        let items =
            |count: usize| json!({ "CheckItem": vec![json!({ "UserID": "alice" }); count] });
        api.v4_ok(PATH, items(100)).await;
        let cases: [(Value, u32); 5] = [
            (items(101), 70402),
            (json!({}), 70402),
            (json!({ "CheckItem": "alice" }), 70402),
            (json!({ "CheckItem": [{ "UserID": 7 }] }), 60015),
            (json!({ "CheckItem": [{}] }), 70402),
        ];
        api.refuses(PATH, cases).await;
    }
}
