//! `im_open_login_svc/multiaccount_import`: imports up to 100 accounts.

use hansard_domain::account::ImportAccount;
use hansard_types::UserId;
use hansard_types::limits::ACCOUNTS_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Fault, Operation, Outcomes};
use crate::typed::{List, one_of};

pub(crate) struct MultiaccountImport;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(extend("anyOf" = one_of(&["AccountList", "Accounts"])))]
pub(crate) struct MultiaccountImportRequest {
    #[serde(default)]
    account_list: List<AccountToImport, ACCOUNTS_PER_CALL_MAX>,
    /// The older form: ids only. Both together hold 1 to 100.
    #[serde(default)]
    accounts: List<String, ACCOUNTS_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AccountToImport {
    #[serde(rename = "UserID")]
    user_id: String,
    nick: Option<String>,
    face_url: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MultiaccountImportResponse {
    /// Those that were not imported: their id or a value is out of bounds.
    fail_accounts: Vec<String>,
}

impl Operation for MultiaccountImport {
    const SUMMARY: &'static str = "Imports accounts, at most 100";
    type Request = MultiaccountImportRequest;
    type Response = MultiaccountImportResponse;

    async fn call(
        call: &Call<'_>,
        request: MultiaccountImportRequest,
    ) -> Result<Answered<MultiaccountImportResponse>, Failure> {
        let MultiaccountImportRequest {
            account_list,
            accounts,
        } = request;
        let by_id = |user_id| AccountToImport {
            user_id,
            nick: None,
            face_url: None,
        };
        let mut wanted = account_list.0;
        wanted.extend(accounts.0.into_iter().map(by_id));
        if wanted.is_empty() || wanted.len() > ACCOUNTS_PER_CALL_MAX {
            return Err(call.parameter("AccountList holds 1 to 100"));
        }
        let mut ids = Vec::with_capacity(wanted.len());
        let mut commands = Vec::with_capacity(wanted.len());
        for AccountToImport {
            user_id,
            nick,
            face_url,
        } in wanted
        {
            let command = UserId::new(&user_id).map(|user_id| ImportAccount {
                user_id,
                nick,
                face_url,
            });
            let code = codes::ACCOUNT_PARAMETER;
            commands.push(command.map_err(|error| Fault::new(code, error.to_string())));
            ids.push(user_id);
        }
        let Outcomes { replies, position } = call.submit_each(commands).await?;
        let results = ids.into_iter().zip(replies);
        let failed = results.filter(|(_, reply)| reply.is_err());
        let fail_accounts = failed.map(|(id, _)| id).collect();
        Ok(Answered {
            body: MultiaccountImportResponse { fail_accounts },
            position,
            partly: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "im_open_login_svc/multiaccount_import";

    #[tokio::test]
    async fn both_forms_import_and_again_adds_no_event() {
        let api = TestApi::start().await;
        let new =
            json!({ "AccountList": [{ "UserID": "dan", "Nick": "Dan" }, { "UserID": "eve" }] });
        let old = json!({ "Accounts": ["frank", "grace"] });
        for body in [&new, &old] {
            let answer = api.v4_ok(PATH, body.clone()).await;
            assert_eq!(answer["FailAccounts"], json!([]));
        }
        let before = api.log_end();
        for body in [new, old] {
            api.v4_ok(PATH, body).await;
        }
        assert_eq!(api.log_end(), before);
    }

    #[tokio::test]
    async fn what_cannot_be_imported_is_named_and_the_rest_is_imported() {
        let api = TestApi::start().await;
        let body = json!({ "AccountList": [
            { "UserID": "dan" }, { "UserID": "" }, { "UserID": "eve", "Nick": "n".repeat(501) },
        ] });
        let answer = api.v4_ok(PATH, body).await;
        assert_eq!(answer["FailAccounts"], json!(["", "eve"]));
        let check = json!({ "CheckItem": [{ "UserID": "dan" }, { "UserID": "eve" }] });
        let answer = api.v4_ok("im_open_login_svc/account_check", check).await;
        assert_eq!(answer["ResultItem"][0]["AccountStatus"], "Imported");
        assert_eq!(answer["ResultItem"][1]["AccountStatus"], "NotImported");
    }

    #[tokio::test]
    async fn a_hundred_are_taken_and_one_more_is_refused() {
        let api = TestApi::start().await;
        let ids = |count: usize| {
            (0..count)
                .map(|n| json!(format!("u{n}")))
                .collect::<Vec<Value>>()
        };
        api.v4_ok(PATH, json!({ "Accounts": ids(100) })).await;
        let cases = [
            (json!({ "Accounts": ids(101) }), 70402),
            (json!({ "Accounts": [] }), 70402),
            (json!({}), 70402),
            (json!({ "Accounts": [7] }), 60015),
            (json!({ "AccountList": [{ "UserID": 7 }] }), 60015),
            (json!({ "AccountList": [{}] }), 70402),
            (json!({ "AccountList": {} }), 70402),
        ];
        api.refuses(PATH, cases).await;
    }
}
