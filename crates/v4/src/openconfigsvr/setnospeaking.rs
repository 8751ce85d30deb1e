//! `openconfigsvr/setnospeaking`: mutes an account everywhere, one-to-one, in groups or both.
//!
//! A mute ends by itself: a send is refused while its own time lies before the mute's end. It
//! holds for what is sent in the account's name over this API too, and not for imports.

use hansard_domain::account::MuteAccount;
use hansard_types::UserId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use crate::endpoint::{Action, Call, Failure};
use crate::field::mute_for;
use crate::typed::{Field, one_of};

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = one_of(&["C2CmsgNospeakingTime", "GroupmsgNospeakingTime"])))]
pub(crate) struct SetNoSpeaking {
    #[serde(rename = "Set_Account")]
    set_account: UserId,
    /// One-to-one, seconds; 0 lifts the mute, 4294967295 is for good, absent leaves it as it is.
    #[serde(rename = "C2CmsgNospeakingTime")]
    c2c: Option<u32>,
    /// In groups, likewise. At least one of the two.
    #[serde(rename = "GroupmsgNospeakingTime")]
    group: Option<u32>,
}

impl Action for SetNoSpeaking {
    const SUMMARY: &'static str = "Mutes an account everywhere";
    const FIELDS: &'static [Field] = &[
        Field::of("Set_Account", codes::SET_ACCOUNT_INVALID).missing(codes::SET_ACCOUNT_MISSING)
    ];
    type Command = MuteAccount;

    fn command(self, _call: &Call<'_>) -> Result<MuteAccount, Failure> {
        let Self {
            set_account,
            c2c,
            group,
        } = self;
        if c2c.is_none() && group.is_none() {
            let info = "neither C2CmsgNospeakingTime nor GroupmsgNospeakingTime is given";
            return Err(Failure::refused(codes::NO_MUTE_GIVEN, info));
        }
        Ok(MuteAccount {
            user_id: set_account,
            c2c: c2c.map(mute_for),
            group: group.map(mute_for),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{TestApi, code, text};

    const PATH: &str = "openconfigsvr/setnospeaking";

    async fn mute(api: &TestApi, name: &str, seconds: u64) {
        let body = json!({ "Set_Account": "alice", name: seconds });
        let answer = api.v4_ok(PATH, body).await;
        assert_eq!(answer, json!({ "ErrorCode": 0, "ErrorInfo": "" }));
    }

    async fn sends(api: &TestApi, random: u32) -> (u64, u64, u64) {
        let mut c2c = json!({ "From_Account": "alice", "To_Account": "bob", "MsgRandom": random,
            "MsgBody": [text("hello")] });
        let group = json!({ "GroupId": "team", "From_Account": "alice", "Random": random,
            "MsgBody": [text("hello")] });
        let stored = code(&api.v4("openim/sendmsg", c2c.clone()).await);
        c2c["OnlineOnlyFlag"] = Value::from(1);
        let online = code(&api.v4("openim/sendmsg", c2c).await);
        let path = "group_open_http_svc/send_group_msg";
        (stored, online, code(&api.v4(path, group).await))
    }

    #[tokio::test]
    async fn a_muted_account_does_not_speak_until_its_end() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        assert_eq!(sends(&api, 1).await, (0, 0, 0));
        mute(&api, "C2CmsgNospeakingTime", 10).await;
        assert_eq!(sends(&api, 2).await, (20012, 20012, 0));
        mute(&api, "GroupmsgNospeakingTime", 4_294_967_295).await;
        assert_eq!(sends(&api, 3).await, (20012, 20012, 10017));
        api.advance_ms(9_999);
        assert_eq!(sends(&api, 4).await, (20012, 20012, 10017));
        api.advance_ms(1);
        assert_eq!(sends(&api, 5).await, (0, 0, 10017));
        mute(&api, "GroupmsgNospeakingTime", 0).await;
        assert_eq!(sends(&api, 6).await, (0, 0, 0));
    }

    #[tokio::test]
    async fn what_changes_nothing_adds_no_event() {
        let api = TestApi::start().await;
        let end = api.log_end();
        mute(&api, "C2CmsgNospeakingTime", 0).await;
        assert_eq!(api.log_end(), end);
        for _ in 0..2 {
            mute(&api, "C2CmsgNospeakingTime", 4_294_967_295).await;
            assert_eq!(api.log_end(), end + 1);
        }
    }

    #[tokio::test]
    async fn bad_requests_are_refused_with_their_codes() {
        let api = TestApi::start().await;
        let with = |account: Value| json!({ "Set_Account": account, "C2CmsgNospeakingTime": 1 });
        let cases = [
            (json!({}), 130004),
            (json!({ "C2CmsgNospeakingTime": 1 }), 130004),
            (with(json!("")), 130005),
            (with(json!(7)), 130005),
            (with(json!("nobody")), 130005),
            (json!({ "Set_Account": "alice" }), 130008),
            (
                json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": -1 }),
                130001,
            ),
            (
                json!({ "Set_Account": "alice", "GroupmsgNospeakingTime": 4_294_967_296_u64 }),
                130001,
            ),
        ];
        api.refuses(PATH, cases).await;
    }
}
