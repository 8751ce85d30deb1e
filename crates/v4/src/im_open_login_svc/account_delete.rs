//! `im_open_login_svc/account_delete`: deletes up to 100 accounts.
//!
//! An account's profile, relations and memberships go; what it said stays, for those it was said
//! to and in the log. An account of the same name, imported later, begins anew. An administrator of
//! the app cannot be deleted: its item is answered 70402.

use hansard_domain::account::DeleteAccount;
use hansard_types::UserId;
use hansard_types::limits::ACCOUNTS_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Fault, Operation};
use crate::typed::Items;

/// The contract's own words.
const NOT_EXIST: &str = "Err_TLS_PT_Open_Login_Account_Not_Exist";

pub(crate) struct AccountDelete;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccountDeleteRequest {
    delete_item: Items<AccountToDelete, ACCOUNTS_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
struct AccountToDelete {
    #[serde(rename = "UserID")]
    user_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccountDeleteResponse {
    /// In the order asked.
    result_item: Vec<DeletedAccount>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct DeletedAccount {
    #[serde(rename = "UserID")]
    user_id: String,
    /// 0: it is deleted.
    result_code: u32,
    result_info: String,
}

impl Operation for AccountDelete {
    const SUMMARY: &'static str = "Deletes accounts, at most 100";
    type Request = AccountDeleteRequest;
    type Response = AccountDeleteResponse;

    async fn call(
        call: &Call<'_>,
        request: AccountDeleteRequest,
    ) -> Result<Answered<AccountDeleteResponse>, Failure> {
        let AccountDeleteRequest { delete_item } = request;
        let code = codes::ACCOUNT_PARAMETER;
        let ids = delete_item.0.into_iter().map(|item| item.user_id);
        let ids: Vec<String> = ids.collect();
        let command = |id: &String| match UserId::new(id) {
            Ok(user_id) => Ok(DeleteAccount { user_id }),
            Err(error) => Err(Fault::new(code, error.to_string())),
        };
        let outcomes = call.submit_each(ids.iter().map(command).collect()).await?;
        let result = |(user_id, reply): (String, Result<(), Fault>)| {
            let (result_code, result_info) = match reply {
                Ok(()) => (0, String::new()),
                Err(Fault { code, .. }) if code == codes::ACCOUNT_UNKNOWN => {
                    (code, NOT_EXIST.to_owned())
                }
                Err(Fault { code, info }) => (code, info.into_owned()),
            };
            DeletedAccount {
                user_id,
                result_code,
                result_info,
            }
        };
        let result_item = ids.into_iter().zip(outcomes.replies).map(result).collect();
        Ok(Answered {
            body: AccountDeleteResponse { result_item },
            position: outcomes.position,
            partly: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, code, say, text};

    const PATH: &str = "im_open_login_svc/account_delete";

    fn items(ids: &[&str]) -> Value {
        let items: Vec<Value> = ids.iter().map(|id| json!({ "UserID": id })).collect();
        json!({ "DeleteItem": items })
    }

    async fn send(api: &TestApi, from: &str, to: &str, random: u32) -> Value {
        let body = json!({ "From_Account": from, "To_Account": to, "MsgRandom": random,
            "MsgSeq": random, "MsgTimeStamp": 1_793_999_000, "MsgBody": [text("hello")] });
        api.v4("openim/sendmsg", body).await
    }

    async fn history(api: &TestApi, operator: &str, peer: &str) -> Value {
        let body = json!({ "Operator_Account": operator, "Peer_Account": peer, "MaxCnt": 100,
            "MinTime": 0, "MaxTime": 4_000_000_000_u64 });
        api.v4_ok("openim/admin_getroammsg", body).await["MsgCnt"].clone()
    }

    #[tokio::test]
    async fn each_account_is_answered_by_itself_in_order() {
        let api = TestApi::start().await;
        let long = "u".repeat(33);
        let ids = ["alice", "nobody", "administrator", &long, "alice"];
        let answer = api.v4_ok(PATH, items(&ids)).await;
        let rows = answer["ResultItem"].as_array().expect("rows");
        let codes: Vec<_> = rows.iter().map(|row| row["ResultCode"].clone()).collect();
        assert_eq!(codes, [0, 70107, 70402, 70402, 70107]);
        for (row, id) in rows.iter().zip(ids) {
            assert_eq!(row["UserID"], id);
        }
        assert_eq!(
            rows[1]["ResultInfo"],
            "Err_TLS_PT_Open_Login_Account_Not_Exist"
        );
        let info = rows[2]["ResultInfo"].as_str().expect("a text");
        assert!(info.contains("administrator"), "{info}");
        let check = json!({ "CheckItem": [{ "UserID": "alice" }] });
        let answer = api.v4_ok("im_open_login_svc/account_check", check).await;
        assert_eq!(answer["ResultItem"][0]["AccountStatus"], "NotImported");
    }

    #[tokio::test]
    async fn deleting_again_adds_no_event() {
        let api = TestApi::start().await;
        api.v4_ok(PATH, items(&["alice"])).await;
        let end = api.log_end();
        let again = api.v4_ok(PATH, items(&["alice"])).await;
        assert_eq!(again["ResultItem"][0]["ResultCode"], 70107);
        assert_eq!(api.log_end(), end);
    }

    #[tokio::test]
    async fn an_account_of_the_same_name_begins_anew() {
        let api = TestApi::start().await;
        assert_eq!(code(&send(&api, "bob", "alice", 1).await), 0);
        api.create_group("team", &["bob"]).await;
        say(&api, "team", "bob", 1, "hello").await;
        let mute = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": 3600 });
        api.v4_ok("openconfigsvr/setnospeaking", mute).await;
        let end = api.log_end();
        api.v4_ok(PATH, items(&["alice"])).await;
        assert_eq!(api.log_end(), end + 1, "one event for everything");
        assert_eq!(code(&send(&api, "bob", "alice", 2).await), 90012);
        let info = json!({ "GroupIdList": ["team"] });
        let team = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        let team = &team["GroupInfo"][0];
        assert_eq!(
            (&team["MemberNum"], &team["Owner_Account"]),
            (&json!(1), &json!(""))
        );
        let import = json!({ "UserID": "alice" });
        api.v4_ok("im_open_login_svc/account_import", import).await;
        assert_eq!(history(&api, "alice", "bob").await, 0);
        assert_eq!(history(&api, "bob", "alice").await, 1);
        let unread = json!({ "To_Account": "alice" });
        let unread = api.v4_ok("openim/get_c2c_unread_msg_num", unread).await;
        assert_eq!(unread["AllC2CUnreadMsgNum"], 0);
        let joined = json!({ "Member_Account": "alice" });
        let joined = api
            .v4_ok("group_open_http_svc/get_joined_group_list", joined)
            .await;
        assert_eq!(joined["TotalCount"], 0);
        assert_eq!(code(&send(&api, "alice", "bob", 3).await), 0, "not muted");
        assert_eq!(history(&api, "alice", "bob").await, 1);
        assert_eq!(history(&api, "bob", "alice").await, 2);
    }

    #[tokio::test]
    async fn a_hundred_are_taken_and_one_more_is_refused() {
        let api = TestApi::start().await;
        api.v4_ok(PATH, items(&["nobody"; 100])).await;
        let cases = [
            (items(&["nobody"; 101]), 70402),
            (json!({}), 70402),
            (json!({ "DeleteItem": [] }), 70402),
            (json!({ "DeleteItem": "alice" }), 70402),
            (json!({ "DeleteItem": [{}] }), 70402),
            (json!({ "DeleteItem": [{ "UserID": 7 }] }), 60015),
        ];
        api.refuses(PATH, cases).await;
    }
}
