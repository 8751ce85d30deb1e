//! `openim/admin_msgwithdraw`: recalls a one-to-one message, whenever it was sent.

use hansard_domain::message::{RecallC2c, Which};
use hansard_types::UserId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::key::MsgKey;
use crate::endpoint::{Action, Call, Failure};
use crate::typed::Field;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct AdminMsgWithdraw {
    /// Who sent it.
    #[serde(rename = "From_Account")]
    from_account: UserId,
    #[serde(rename = "To_Account")]
    to_account: UserId,
    #[serde(rename = "MsgKey")]
    msg_key: MsgKey,
}

impl Action for AdminMsgWithdraw {
    const SUMMARY: &'static str = "Recalls a one-to-one message";
    const FIELDS: &'static [Field] = &[
        Field::account("From_Account", codes::FROM_ACCOUNT_INVALID),
        Field::account("To_Account", codes::TO_ACCOUNT_INVALID),
        Field::of("MsgKey", codes::MSG_KEY_INVALID),
    ];
    type Command = RecallC2c;

    fn command(self, call: &Call<'_>) -> Result<RecallC2c, Failure> {
        let Self {
            from_account: from,
            to_account: to,
            msg_key: MsgKey(key),
        } = self;
        Ok(RecallC2c {
            from,
            to,
            which: Which::Key(key),
            by: call.caller.user.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, text};

    const PATH: &str = "openim/admin_msgwithdraw";

    async fn sent_key(api: &TestApi) -> Value {
        let body = json!({
            "From_Account": "alice", "To_Account": "bob", "MsgRandom": 7, "MsgBody": [text("hi")],
        });
        api.v4_ok("openim/sendmsg", body).await["MsgKey"].clone()
    }

    #[tokio::test]
    async fn a_message_is_recalled_once() {
        let api = TestApi::start().await;
        let key = sent_key(&api).await;
        let body = json!({ "From_Account": "alice", "To_Account": "bob", "MsgKey": key });
        api.v4_ok(PATH, body.clone()).await;
        api.refuses(PATH, [(body, 20023)]).await;
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        let key = sent_key(&api).await;
        let body = |from: Value, to: Value, key: Value| json!({ "From_Account": from, "To_Account": to, "MsgKey": key });
        let (alice, bob) = (json!("alice"), json!("bob"));
        let cases = [
            (body(bob.clone(), alice.clone(), key.clone()), 20022),
            (body(alice.clone(), bob.clone(), json!("1_2_3")), 20022),
            (body(alice.clone(), bob.clone(), json!("nonsense")), 90054),
            (body(alice.clone(), bob.clone(), json!(null)), 90054),
            (body(alice.clone(), bob.clone(), json!(7)), 90054),
            (body(json!("nobody"), bob.clone(), key.clone()), 90008),
            (body(json!(null), bob.clone(), key.clone()), 90008),
            (body(json!(7), bob, key.clone()), 60015),
            (body(alice.clone(), json!("nobody"), key.clone()), 90003),
            (body(alice, json!(null), key), 90003),
        ];
        api.refuses(PATH, cases).await;
    }
}
