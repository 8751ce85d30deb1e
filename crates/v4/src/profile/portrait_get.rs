//! `profile/portrait_get`: fields of up to 100 accounts' profiles. An account that does not exist
//! fails alone.

use hansard_directory::ProfileRow;
use hansard_events::account::ProfileValue;
use hansard_events::app::Party;
use hansard_types::limits::{PROFILE_TAGS_PER_CALL_MAX, PROFILES_PER_CALL_MAX};
use hansard_types::profile::{CUSTOM_PREFIX, standard_rule};
use hansard_types::{Reason, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::{Field, Items};

pub(crate) struct PortraitGet;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PortraitGetRequest {
    #[serde(rename = "To_Account")]
    to_account: Items<String, PROFILES_PER_CALL_MAX>,
    /// `Tag_Profile_IM_…`, or `Tag_Profile_Custom_…` as the app has declared it.
    tag_list: Items<String, PROFILE_TAGS_PER_CALL_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PortraitGetResponse {
    /// In the order asked.
    user_profile_item: Vec<UserProfile>,
    /// Accounts that failed, if any did.
    #[serde(
        rename = "Fail_Account",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    fail_account: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct UserProfile {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// In the order asked; fields that are not set are left out.
    profile_item: Vec<TagValue>,
    result_code: u32,
    result_info: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct TagValue {
    tag: String,
    value: ProfileValue,
}

impl Operation for PortraitGet {
    const SUMMARY: &'static str = "Shows fields of accounts' profiles, at most 100 accounts";
    const FIELDS: &'static [Field] = &[Field::account("To_Account", codes::PROFILE_PARAMETER)
        .missing(codes::PROFILE_ACCOUNTS_MISSING)
        .invalid(codes::PROFILE_ACCOUNTS_MISSING)];
    type Request = PortraitGetRequest;
    type Response = PortraitGetResponse;

    async fn call(
        call: &Call<'_>,
        request: PortraitGetRequest,
    ) -> Result<Answered<PortraitGetResponse>, Failure> {
        let PortraitGetRequest {
            to_account: Items(to_account),
            tag_list: Items(tag_list),
        } = request;
        check_readable(call, &tag_list)?;
        let read = call.read(|reads| profiles(reads, to_account, &tag_list));
        read.await.map(Answered::read)
    }
}

fn profiles(
    reads: &Reading<'_>,
    to_account: Vec<String>,
    tag_list: &[String],
) -> Result<PortraitGetResponse, Failure> {
    let mut user_profile_item = Vec::with_capacity(to_account.len());
    let mut fail_account = Vec::new();
    for account in to_account {
        let (result_code, result_info, profile) = match profile_of(reads, &account)? {
            Ok(profile) => (0, String::new(), profile),
            Err(info) => {
                fail_account.push(account.clone());
                (codes::PROFILE_ACCOUNT_UNKNOWN, info, ProfileRow::new())
            }
        };
        user_profile_item.push(UserProfile {
            to_account: account,
            profile_item: asked_for(&profile, tag_list),
            result_code,
            result_info,
        });
    }
    Ok(PortraitGetResponse {
        user_profile_item,
        fail_account,
    })
}

/// A tag that nobody knows, or a custom field that the server API may not read.
fn check_readable(call: &Call<'_>, tags: &[String]) -> Result<(), Failure> {
    let app = call.desk.app(call.app());
    let declared = app.map(|app| app.profile_fields).unwrap_or_default();
    for tag in tags {
        if standard_rule(tag).is_some() {
            continue;
        }
        let name = tag.strip_prefix(CUSTOM_PREFIX);
        let Some(field) = declared
            .iter()
            .find(|field| Some(field.name.as_str()) == name)
        else {
            return Err(call.refusal(Reason::ProfileTagUnknown));
        };
        if !field.readers.contains(&Party::Admin) {
            let info = "the field may not be read by the caller";
            return Err(Failure::refused(codes::PROFILE_NOT_READABLE, info));
        }
    }
    Ok(())
}

/// An account's profile, or why there is none.
fn profile_of(call: &Reading<'_>, account: &str) -> Result<Result<ProfileRow, String>, Failure> {
    let user = match UserId::new(account) {
        Ok(user) => user,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let directory = call.directory();
    if directory.account(&user).map_err(Failure::broken)?.is_none() {
        return Ok(Err(Reason::AccountUnknown.text().to_owned()));
    }
    directory.profile(&user).map_err(Failure::broken).map(Ok)
}

fn asked_for(profile: &ProfileRow, tags: &[String]) -> Vec<TagValue> {
    let set = tags.iter().filter_map(|tag| {
        profile.get(tag).map(|value| TagValue {
            tag: tag.clone(),
            value: value.clone(),
        })
    });
    set.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "profile/portrait_get";

    fn get(accounts: &[&str], tags: &[&str]) -> Value {
        json!({ "To_Account": accounts, "TagList": tags })
    }

    #[tokio::test]
    async fn fields_that_are_set_come_in_the_order_asked_and_an_unknown_account_fails_alone() {
        let api = TestApi::start().await;
        let items = json!([
            { "Tag": "Tag_Profile_IM_Level", "Value": 3 },
            { "Tag": "Tag_Profile_IM_Gender", "Value": "Gender_Type_Male" },
        ]);
        let body = json!({ "From_Account": "bob", "ProfileItem": items });
        api.v4_ok("profile/portrait_set", body).await;
        let tags = [
            "Tag_Profile_IM_Gender",
            "Tag_Profile_IM_Role",
            "Tag_Profile_IM_Level",
        ];
        let answer = api.v4_ok(PATH, get(&["bob", "nobody", ""], &tags)).await;
        let rows = &answer["UserProfileItem"];
        assert_eq!(
            rows[0],
            json!({ "To_Account": "bob", "ProfileItem": [items[1], items[0]],
                "ResultCode": 0, "ResultInfo": "" })
        );
        assert_eq!(rows[1]["ResultCode"], 40003);
        assert_eq!(rows[2]["ResultCode"], 40003);
        assert_eq!(answer["Fail_Account"], json!(["nobody", ""]));
        let answer = api.v4_ok(PATH, get(&["bob"], &tags[..1])).await;
        assert_eq!(answer.get("Fail_Account"), None);
    }

    #[tokio::test]
    async fn an_import_sets_the_nickname_and_the_picture() {
        let api = TestApi::start().await;
        let body = json!({ "UserID": "dora", "Nick": "도라", "FaceUrl": "https://example.org/d" });
        api.v4_ok("im_open_login_svc/account_import", body).await;
        let tags = ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image"];
        let answer = api.v4_ok(PATH, get(&["dora"], &tags)).await;
        assert_eq!(
            answer["UserProfileItem"][0]["ProfileItem"],
            json!([
                { "Tag": tags[0], "Value": "도라" },
                { "Tag": tags[1], "Value": "https://example.org/d" },
            ])
        );
    }

    #[tokio::test]
    async fn bad_requests_are_refused_with_their_codes() {
        let api = TestApi::start().await;
        let nick = ["Tag_Profile_IM_Nick"];
        api.v4_ok(PATH, get(&["alice"; 100], &nick)).await;
        let cases = [
            (get(&["alice"; 101], &nick), 40001),
            (get(&[], &nick), 40002),
            (json!({ "TagList": nick }), 40002),
            (get(&["alice"], &[]), 40001),
            (get(&["alice"], &[nick[0]; 101]), 40001),
            (get(&["alice"], &["Tag_Profile_IM_Shoe"]), 40009),
            (get(&["alice"], &["Tag_Profile_Custom_Team"]), 40009),
            (json!({ "To_Account": "alice", "TagList": nick }), 60015),
            (json!({ "To_Account": ["alice"], "TagList": 1 }), 40001),
        ];
        api.refuses(PATH, cases).await;
    }
}
