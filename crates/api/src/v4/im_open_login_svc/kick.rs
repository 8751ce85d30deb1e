//! `im_open_login_svc/kick`: every UserSig of an account that was issued before the call stops
//! working (70052), and its sessions end. One issued after the call works.
//!
//! A UserSig knows its time in whole seconds. Those of the running second are taken back with the
//! others, and the call is answered once that second is over, at most a second later: then both
//! sentences hold, also for an administrator who kicks itself. A UserSig is believed what it says
//! about its time: one that was dated ahead holds until it is kicked at that time or expires.

use std::time::Duration;

use hansard_domain::account::RevokeSignatures;
use hansard_domain::{Command, Reply};
use hansard_types::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::v4::endpoint::{Answered, Call, Failure, Nothing, Operation};
use crate::v4::field;

/// Waits for the second to be over. Twice, should the clock go back a little meanwhile; a clock
/// that was set back further is not waited for.
const WAITS_MAX: usize = 2;

pub(crate) struct Kick;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct KickRequest {
    /// Required.
    #[serde(rename = "UserID")]
    user_id: Option<String>,
    /// The older name of `UserID`.
    identifier: Option<String>,
}

impl Operation for Kick {
    const SUMMARY: &'static str = "Takes back every UserSig of an account that was issued so far";
    type Request = KickRequest;
    type Response = Nothing;

    async fn call(call: &Call<'_>, request: KickRequest) -> Result<Answered<Nothing>, Failure> {
        let KickRequest {
            user_id,
            identifier,
        } = request;
        let id = field::either(user_id.as_ref(), identifier.as_ref());
        let user_id = field::user(id, "UserID", codes::ACCOUNT_PARAMETER)?;
        let command = Command::RevokeSignatures(RevokeSignatures {
            user_id,
            issued_up_to_seconds: call.now().seconds(),
        });
        let answer = call.submit(command).await?;
        let Reply::Revoked {
            issued_up_to_seconds,
        } = answer.reply
        else {
            let text = "a kick was not answered as one".to_owned();
            return Err(Failure::Broken(text));
        };
        until_over(call, issued_up_to_seconds).await;
        Ok(Answered::written(Nothing {}, answer.position))
    }
}

async fn until_over(call: &Call<'_>, second: u64) {
    let over = Timestamp::from_seconds(second.saturating_add(1));
    for _ in 0..WAITS_MAX {
        let left = over.0.saturating_sub(call.now().0).min(1000);
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use serde_json::{Value, json};

    use crate::testing::{TestApi, code};
    use crate::usersig::tests::APP;

    const PATH: &str = "im_open_login_svc/kick";
    const CHECK: &str = "im_open_login_svc/account_check";

    async fn called_with(api: &TestApi, user: &str, usersig: &str) -> u64 {
        let body = json!({ "CheckItem": [{ "UserID": "bob" }] });
        let query = api.query(user, usersig);
        let answer = api.v4_query(CHECK, &query, body.to_string().into(), &[]);
        code(&answer.await.json())
    }

    async fn asked_with(api: &TestApi, usersig: &str) -> (u16, Value) {
        let request = Request::get(format!("/v1/apps/{APP}/settings"))
            .header("authorization", format!("Bearer {usersig}"))
            .body(Body::empty());
        let response = api.send(request.expect("a request")).await;
        (response.status.as_u16(), response.json()["code"].clone())
    }

    #[tokio::test(start_paused = true)]
    async fn signatures_issued_before_stop_working_on_both_surfaces_and_later_ones_work() {
        let api = TestApi::start().await;
        let before = api.usersig("administrator");
        let alices = api.usersig("alice");
        assert_eq!(called_with(&api, "administrator", &before).await, 0);
        api.v4_ok(PATH, json!({ "UserID": "administrator" })).await;
        assert_eq!(called_with(&api, "administrator", &before).await, 70052);
        let (status, code) = asked_with(&api, &before).await;
        assert_eq!((status, code), (401, json!("signature_revoked")));
        assert_eq!(
            called_with(&api, "alice", &alices).await,
            60010,
            "others are left alone"
        );
        // The clock of this test stands still; the call has waited for it.
        api.advance_ms(1000);
        let after = api.usersig("administrator");
        assert_eq!(called_with(&api, "administrator", &after).await, 0);
        assert_eq!(asked_with(&api, &after).await.0, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_kick_is_answered_once_its_second_is_over() {
        let api = TestApi::start().await;
        api.advance_ms(400);
        let started = tokio::time::Instant::now();
        let kicked = api.v4_ok(PATH, json!({ "Identifier": "alice" }));
        let moved = async {
            tokio::time::sleep(std::time::Duration::from_millis(600)).await;
            api.advance_ms(600);
        };
        // The clock goes on before the call looks at it.
        tokio::join!(biased; moved, kicked);
        let waited = started.elapsed().as_millis();
        assert!((600..700).contains(&waited), "{waited} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn kicking_again_in_the_same_second_adds_no_event() {
        let api = TestApi::start().await;
        api.v4_ok(PATH, json!({ "UserID": "alice" })).await;
        let end = api.log_end();
        api.v4_ok(PATH, json!({ "UserID": "alice" })).await;
        assert_eq!(api.log_end(), end);
        api.advance_ms(1000);
        api.v4_ok(PATH, json!({ "UserID": "alice" })).await;
        assert_eq!(api.log_end(), end + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_revoked_signature_stays_so_when_its_account_is_deleted_and_imported() {
        let api = TestApi::start().await;
        let before = api.usersig("alice");
        api.v4_ok(PATH, json!({ "UserID": "alice" })).await;
        let delete = json!({ "DeleteItem": [{ "UserID": "alice" }] });
        api.v4_ok("im_open_login_svc/account_delete", delete).await;
        let import = json!({ "UserID": "alice" });
        api.v4_ok("im_open_login_svc/account_import", import).await;
        assert_eq!(called_with(&api, "alice", &before).await, 70052);
    }

    #[tokio::test]
    async fn bad_requests_are_refused_with_their_codes() {
        let api = TestApi::start().await;
        let cases = [
            (json!({}), 70402),
            (json!({ "UserID": "" }), 70402),
            (json!({ "UserID": 7 }), 60015),
            (json!({ "Identifier": ["alice"] }), 60015),
            (json!({ "UserID": "nobody" }), 70107),
        ];
        api.refuses(PATH, cases).await;
    }
}
