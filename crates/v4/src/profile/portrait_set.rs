//! `profile/portrait_set`: sets fields of an account's profile, all of them or none.

use hansard_domain::profile::ChangeProfile;
use hansard_events::account::ProfileValue;
use hansard_types::UserId;
use hansard_types::limits::PROFILE_TAGS_PER_CALL_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use crate::endpoint::{Action, Call, Failure};
use crate::typed::{Field, Items};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PortraitSet {
    #[serde(rename = "From_Account")]
    from_account: UserId,
    /// Of a tag given twice the later value counts.
    profile_item: Items<ProfileItem, PROFILE_TAGS_PER_CALL_MAX>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ProfileItem {
    /// `Tag_Profile_IM_…`, or `Tag_Profile_Custom_…` as the app has declared it.
    tag: String,
    /// A string or a number, as the tag wants it.
    value: ProfileValue,
}

impl Action for PortraitSet {
    const SUMMARY: &'static str = "Sets fields of an account's profile";
    const FIELDS: &'static [Field] = &[
        Field::of("ProfileItem[].Tag", codes::PROFILE_PARAMETER)
            .missing(codes::PROFILE_TAG_UNKNOWN),
        Field::of("ProfileItem[].Value", codes::PROFILE_TYPE_DIFFERS)
            .missing(codes::PROFILE_PARAMETER),
    ];
    type Command = ChangeProfile;

    fn command(self, _call: &Call<'_>) -> Result<ChangeProfile, Failure> {
        let Self {
            from_account: user_id,
            profile_item,
        } = self;
        let fields = profile_item
            .0
            .into_iter()
            .map(|item| (item.tag, item.value));
        Ok(ChangeProfile {
            user_id,
            fields: fields.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "profile/portrait_set";

    fn set(tag: &str, value: Value) -> Value {
        json!({ "From_Account": "alice", "ProfileItem": [{ "Tag": tag, "Value": value }] })
    }

    #[tokio::test]
    async fn every_standard_tag_takes_what_its_rule_says() {
        let api = TestApi::start().await;
        let longest = "x".repeat(500);
        for (tag, value) in [
            ("Tag_Profile_IM_Nick", json!(longest)),
            ("Tag_Profile_IM_Gender", json!("Gender_Type_Female")),
            ("Tag_Profile_IM_BirthDay", json!(20_001_231)),
            ("Tag_Profile_IM_Location", json!("x".repeat(16))),
            ("Tag_Profile_IM_SelfSignature", json!("말 한마디")),
            ("Tag_Profile_IM_AllowType", json!("AllowType_Type_DenyAny")),
            ("Tag_Profile_IM_Language", json!(0)),
            ("Tag_Profile_IM_Image", json!("https://example.org/a.png")),
            ("Tag_Profile_IM_MsgSettings", json!(1)),
            (
                "Tag_Profile_IM_AdminForbidType",
                json!("AdminForbid_Type_SendOut"),
            ),
            ("Tag_Profile_IM_Level", json!(4_294_967_295_u32)),
            ("Tag_Profile_IM_Role", json!(7)),
        ] {
            let end = api.log_end();
            for _ in 0..2 {
                api.v4_ok(PATH, set(tag, value.clone())).await;
                assert_eq!(api.log_end(), end + 1, "{tag}: the second adds nothing");
            }
        }
        for (tag, value, code) in [
            ("Tag_Profile_IM_Nick", json!("x".repeat(501)), 40601),
            ("Tag_Profile_IM_Location", json!("x".repeat(17)), 40601),
            ("Tag_Profile_IM_Gender", json!("Gender_Type_Other"), 40605),
            ("Tag_Profile_IM_AllowType", json!(""), 40605),
            ("Tag_Profile_IM_BirthDay", json!("20001231"), 40610),
            ("Tag_Profile_IM_Level", json!(4_294_967_296_u64), 40610),
            ("Tag_Profile_IM_Role", json!(-1), 40610),
            ("Tag_Profile_IM_Nick", json!(5), 40610),
            ("Tag_Profile_IM_Nick", json!(["a"]), 40610),
            ("Tag_Profile_IM_Nick", Value::Null, 40001),
            ("Tag_Profile_IM_Shoe", json!("44"), 40009),
            ("Tag_Profile_Custom_Team", json!("harbour"), 40009),
        ] {
            api.refuses(PATH, [(set(tag, value), code)]).await;
        }
    }

    #[tokio::test]
    async fn one_bad_field_changes_nothing() {
        let api = TestApi::start().await;
        let body = json!({ "From_Account": "alice", "ProfileItem": [
            { "Tag": "Tag_Profile_IM_Level", "Value": 3 },
            { "Tag": "Tag_Profile_IM_Nick", "Value": 3 },
        ] });
        let end = api.log_end();
        api.refuses(PATH, [(body, 40610)]).await;
        assert_eq!(api.log_end(), end);
    }

    #[tokio::test]
    async fn bad_requests_are_refused_with_their_codes() {
        let api = TestApi::start().await;
        let item = json!({ "Tag": "Tag_Profile_IM_Level", "Value": 1 });
        let items = |count: usize| json!({ "From_Account": "alice", "ProfileItem": vec![item.clone(); count] });
        api.v4_ok(PATH, items(100)).await;
        let cases = [
            (items(101), 40001),
            (items(0), 40001),
            (json!({ "ProfileItem": [item] }), 40001),
            (json!({ "From_Account": "", "ProfileItem": [item] }), 40001),
            (
                json!({ "From_Account": "nobody", "ProfileItem": [item] }),
                40003,
            ),
            (json!({ "From_Account": "alice", "ProfileItem": {} }), 40001),
            (
                json!({ "From_Account": "alice", "ProfileItem": [{ "Value": 1 }] }),
                40009,
            ),
            (
                json!({ "From_Account": "alice", "ProfileItem": [{ "Tag": 1 }] }),
                40001,
            ),
        ];
        api.refuses(PATH, cases).await;
    }
}
