//! `openconfigsvr/getnospeaking`: for how long an account may not speak.

use hansard_types::{Reason, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Operation};
use crate::field::FOR_GOOD;
use crate::typed::Field;

pub(crate) struct GetNoSpeaking;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct GetNoSpeakingRequest {
    #[serde(rename = "Get_Account")]
    get_account: UserId,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct GetNoSpeakingResponse {
    /// Seconds that remain, a begun one counts; 0 when it may speak, 4294967295 for good.
    #[serde(rename = "C2CmsgNospeakingTime")]
    c2c: u32,
    #[serde(rename = "GroupmsgNospeakingTime")]
    group: u32,
}

impl Operation for GetNoSpeaking {
    const SUMMARY: &'static str = "Tells for how long an account is muted";
    const FIELDS: &'static [Field] = &[
        Field::of("Get_Account", codes::GET_ACCOUNT_INVALID).missing(codes::GET_ACCOUNT_MISSING)
    ];
    type Request = GetNoSpeakingRequest;
    type Response = GetNoSpeakingResponse;

    async fn call(
        call: &Call<'_>,
        request: GetNoSpeakingRequest,
    ) -> Result<Answered<GetNoSpeakingResponse>, Failure> {
        let GetNoSpeakingRequest { get_account } = request;
        let found = call.account(&get_account)?;
        let account = found.ok_or_else(|| call.refusal(Reason::AccountUnknown))?;
        let now = call.log_now();
        Ok(Answered::read(GetNoSpeakingResponse {
            c2c: remaining(account.mutes.c2c, now),
            group: remaining(account.mutes.group, now),
        }))
    }
}

fn remaining(until: Timestamp, now: Timestamp) -> u32 {
    if until == Timestamp::FOREVER {
        return FOR_GOOD;
    }
    let seconds = until.0.saturating_sub(now.0).div_ceil(1000);
    u32::try_from(seconds).unwrap_or(FOR_GOOD - 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestApi;

    const PATH: &str = "openconfigsvr/getnospeaking";

    #[tokio::test]
    async fn the_remaining_seconds_are_told() {
        let api = TestApi::start().await;
        let get = async || {
            let answer = api.v4_ok(PATH, json!({ "Get_Account": "alice" })).await;
            let number = |name: &str| answer[name].as_u64().expect("a number");
            (
                number("C2CmsgNospeakingTime"),
                number("GroupmsgNospeakingTime"),
            )
        };
        assert_eq!(get().await, (0, 0));
        let mute = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": 7200,
            "GroupmsgNospeakingTime": 4_294_967_295_u64 });
        api.v4_ok("openconfigsvr/setnospeaking", mute).await;
        assert_eq!(get().await, (7200, 4_294_967_295));
        api.advance_ms(3_600);
        assert_eq!(get().await.0, 7197);
        api.advance_ms(7_196_399);
        assert_eq!(get().await.0, 1);
        api.advance_ms(1);
        assert_eq!(get().await, (0, 4_294_967_295));
        let longest = json!({ "Set_Account": "alice", "C2CmsgNospeakingTime": 4_294_967_294_u64 });
        api.v4_ok("openconfigsvr/setnospeaking", longest).await;
        assert_eq!(get().await.0, 4_294_967_294);
    }

    #[tokio::test]
    async fn bad_requests_are_refused_with_their_codes() {
        let api = TestApi::start().await;
        let cases = [
            (json!({}), 130002),
            (json!({ "Get_Account": "" }), 130003),
            (json!({ "Get_Account": 7 }), 130003),
            (json!({ "Get_Account": "nobody" }), 130003),
        ];
        api.refuses(PATH, cases).await;
    }
}
