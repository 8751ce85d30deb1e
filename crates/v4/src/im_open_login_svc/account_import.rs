//! `im_open_login_svc/account_import`: makes an account, or sets the nickname or picture of one
//! that exists.

use hansard_domain::account::ImportAccount;
use hansard_types::UserId;
use hansard_types::limits::PROFILE_VALUE_BYTES_MAX;
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use crate::endpoint::{Action, Call, Failure};
use crate::typed::{Field, OrEmpty, Text, one_of};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(extend("anyOf" = one_of(&["UserID", "Identifier"])))]
pub(crate) struct AccountImport {
    #[serde(rename = "UserID", default)]
    user_id: OrEmpty<UserId>,
    /// The older name of `UserID`.
    #[serde(default)]
    identifier: OrEmpty<UserId>,
    nick: Option<Text<PROFILE_VALUE_BYTES_MAX>>,
    face_url: Option<Text<PROFILE_VALUE_BYTES_MAX>>,
}

impl Action for AccountImport {
    const SUMMARY: &'static str = "Imports an account";
    const FIELDS: &'static [Field] = &[
        Field::of("Nick", codes::ACCOUNT_PARAMETER).invalid(codes::PROFILE_VALUE_TOO_LONG),
        Field::of("FaceUrl", codes::ACCOUNT_PARAMETER).invalid(codes::PROFILE_VALUE_TOO_LONG),
    ];
    type Command = ImportAccount;

    fn command(self, call: &Call<'_>) -> Result<ImportAccount, Failure> {
        let Self {
            user_id,
            identifier,
            nick,
            face_url,
        } = self;
        let user_id = user_id.0.or(identifier.0);
        Ok(ImportAccount {
            user_id: user_id.ok_or_else(|| call.parameter("UserID is missing"))?,
            nick: nick.map(|Text(text)| text),
            face_url: face_url.map(|Text(text)| text),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{TestApi, code};

    const PATH: &str = "im_open_login_svc/account_import";

    #[tokio::test]
    async fn an_account_is_there_after_it_was_imported_by_either_name() {
        let api = TestApi::start().await;
        for body in [
            json!({ "UserID": "dan", "Nick": "댄" }),
            json!({ "Identifier": "eve", "UserID": "" }),
        ] {
            assert_eq!(code(&api.v4(PATH, body).await), 0);
        }
        let check = json!({ "CheckItem": [{ "UserID": "dan" }, { "UserID": "eve" }] });
        let answer = api.v4("im_open_login_svc/account_check", check).await;
        assert_eq!(answer["ResultItem"][0]["AccountStatus"], "Imported");
        assert_eq!(answer["ResultItem"][1]["AccountStatus"], "Imported");
    }

    #[tokio::test]
    async fn importing_again_adds_no_event() {
        let api = TestApi::start().await;
        let body = json!({ "UserID": "dan", "Nick": "Dan", "FaceUrl": "https://example.org/d" });
        api.v4_ok(PATH, body.clone()).await;
        let before = api.log_end();
        api.v4_ok(PATH, body).await;
        assert_eq!(api.log_end(), before);
        // Clients import before each login, with what they have.
        for (nick, face_url) in [(json!(""), json!("")), (json!(null), json!(""))] {
            let body = json!({ "UserID": "dan", "Identifier": "", "Nick": nick,
                "FaceUrl": face_url });
            api.v4_ok(PATH, body).await;
        }
        let accounts = json!({ "AccountList": [{ "UserID": "dan", "Nick": "", "FaceUrl": "" }] });
        api.v4_ok("im_open_login_svc/multiaccount_import", accounts)
            .await;
        assert_eq!(api.log_end(), before, "an empty one says nothing");
    }

    #[tokio::test]
    async fn bad_values_are_refused_with_their_codes() {
        let api = TestApi::start().await;
        let cases = [
            (json!({}), 70402),
            (json!({ "UserID": "" }), 70402),
            (json!({ "UserID": "u".repeat(33) }), 70402),
            (json!({ "UserID": "a\u{7}" }), 70402),
            (json!({ "UserID": 7 }), 60015),
            (json!({ "Identifier": ["a"] }), 60015),
            (json!({ "UserID": "dan", "Nick": 7 }), 70402),
            (json!({ "UserID": "dan", "Nick": "n".repeat(501) }), 40601),
            (
                json!({ "UserID": "dan", "FaceUrl": "f".repeat(501) }),
                40601,
            ),
        ];
        api.refuses(PATH, cases).await;
        let body = json!({ "UserID": "u".repeat(32), "Nick": "n".repeat(500) });
        api.v4_ok(PATH, body).await;
    }
}
