//! `im_open_login_svc/kick`: every UserSig of an account that was issued before the call stops
//! working (70052), and its sessions end. One issued after the call works, at once.
//!
//! A UserSig is dated in whole seconds by the host that made it, whose clock is not ours. So a kick
//! leaves those that are dated within [`SIGNER_BEHIND_SECONDS_MAX`] before it: they may have been
//! made after it. Whoever must be rid of those, too, kicks again that much later. A UserSig is
//! believed what it says about its time: one that was dated ahead holds until it is kicked at that
//! time or expires.

use hansard_domain::account::RevokeSignatures;
use hansard_types::UserId;
use hansard_types::limits::SIGNER_BEHIND_SECONDS_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::endpoint::{Action, Call, Failure};
use crate::typed::{OrEmpty, one_of};

/// The seconds before a kick whose signatures are left, and its own.
const LEFT_SECONDS: u64 = SIGNER_BEHIND_SECONDS_MAX + 1;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(extend("anyOf" = one_of(&["UserID", "Identifier"])))]
pub(crate) struct Kick {
    #[serde(rename = "UserID", default)]
    user_id: OrEmpty<UserId>,
    /// The older name of `UserID`.
    #[serde(default)]
    identifier: OrEmpty<UserId>,
}

impl Action for Kick {
    const SUMMARY: &'static str =
        "Takes back every UserSig of an account that is dated more than 2 s before";
    type Command = RevokeSignatures;

    fn command(self, call: &Call<'_>) -> Result<RevokeSignatures, Failure> {
        let Self {
            user_id,
            identifier,
        } = self;
        let user_id = user_id.0.or(identifier.0);
        Ok(RevokeSignatures {
            user_id: user_id.ok_or_else(|| call.parameter("UserID is missing"))?,
            issued_up_to_seconds: call.now().seconds().saturating_sub(LEFT_SECONDS),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use hansard_desk::testing::APP;
    use serde_json::{Value, json};

    use super::{LEFT_SECONDS, SIGNER_BEHIND_SECONDS_MAX};
    use crate::testing::{TestApi, code};

    const LEFT_MS: u64 = 1000 * LEFT_SECONDS;
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

    #[tokio::test]
    async fn signatures_issued_before_stop_working_on_both_surfaces_and_later_ones_work() {
        let api = TestApi::start().await;
        let before = api.usersig("administrator");
        let alices = api.usersig("alice");
        assert_eq!(called_with(&api, "administrator", &before).await, 0);
        api.advance_ms(LEFT_MS);
        api.v4_ok(PATH, json!({ "UserID": "administrator" })).await;
        assert_eq!(called_with(&api, "administrator", &before).await, 70052);
        let (status, code) = asked_with(&api, &before).await;
        assert_eq!((status, code), (401, json!("signature_revoked")));
        assert_eq!(
            called_with(&api, "alice", &alices).await,
            60010,
            "others are left alone"
        );
        let after = api.usersig("administrator");
        assert_eq!(called_with(&api, "administrator", &after).await, 0);
        assert_eq!(asked_with(&api, &after).await.0, 200);
    }

    #[tokio::test]
    async fn one_from_a_host_whose_clock_is_behind_works_right_after_a_kick() {
        let api = TestApi::start().await;
        let of_second_before = api.usersig("administrator");
        api.advance_ms(1000);
        let two_behind = api.usersig("administrator");
        // The clock of this test stands still: nothing waits for it.
        api.advance_ms(1000 * SIGNER_BEHIND_SECONDS_MAX + 999);
        api.v4_ok(PATH, json!({ "UserID": "administrator" })).await;
        assert_eq!(called_with(&api, "administrator", &two_behind).await, 0);
        let code = called_with(&api, "administrator", &of_second_before);
        assert_eq!(code.await, 70052);
        // Whoever must be rid of it kicks again.
        api.advance_ms(1000);
        api.v4_ok(PATH, json!({ "UserID": "administrator" })).await;
        let code = called_with(&api, "administrator", &two_behind);
        assert_eq!(code.await, 70052);
    }

    #[tokio::test]
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

    #[tokio::test]
    async fn a_revoked_signature_stays_so_when_its_account_is_deleted_and_imported() {
        let api = TestApi::start().await;
        let before = api.usersig("alice");
        api.advance_ms(LEFT_MS);
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
