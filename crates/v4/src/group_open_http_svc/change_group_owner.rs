//! `group_open_http_svc/change_group_owner`: makes a member the owner; the former one stays as a
//! member.

use hansard_domain::group::ChangeOwner;
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::codes;
use super::profile::GROUP_ID;
use crate::endpoint::{Action, Call, Failure};
use crate::typed::{Field, OrEmpty};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ChangeGroupOwner {
    #[serde(rename = "GroupId")]
    group_id: GroupId,
    #[serde(rename = "NewOwner_Account")]
    new_owner: UserId,
    /// In whose name.
    #[serde(rename = "From_Account", default)]
    from_account: OrEmpty<UserId>,
}

impl Action for ChangeGroupOwner {
    const SUMMARY: &'static str = "Makes a member the owner of its group";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::account("NewOwner_Account", codes::GROUP_PARAMETER),
    ];
    type Command = ChangeOwner;

    fn command(self, _call: &Call<'_>) -> Result<ChangeOwner, Failure> {
        Ok(ChangeOwner {
            group_id: self.group_id,
            owner: self.new_owner,
            shown_as: self.from_account.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const PATH: &str = "group_open_http_svc/change_group_owner";

    #[tokio::test]
    async fn a_member_becomes_the_owner_and_the_former_one_a_member() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let body = json!({ "GroupId": "team", "NewOwner_Account": "bob", "From_Account": "" });
        api.v4_ok(PATH, body.clone()).await;
        let end = api.log_end();
        api.v4_ok(PATH, body).await;
        assert_eq!(api.log_end(), end, "it is the owner already");
        let info = json!({ "GroupIdList": ["team"] });
        let info = api.v4_ok("group_open_http_svc/get_group_info", info).await;
        let info = &info["GroupInfo"][0];
        assert_eq!(
            (&info["Owner_Account"], &info["InfoSeq"]),
            (&json!("bob"), &json!(2))
        );
        let roles: Vec<&Value> = (0..2).map(|at| &info["MemberList"][at]["Role"]).collect();
        assert_eq!(roles, ["Member", "Owner"]);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let room = json!({ "Type": "AVChatRoom", "Name": "room", "GroupId": "room",
            "Owner_Account": "alice" });
        api.v4_ok("group_open_http_svc/create_group", room).await;
        let with = |id: &str, owner: Value| json!({ "GroupId": id, "NewOwner_Account": owner });
        let mut shown = with("team", json!("bob"));
        shown["From_Account"] = json!("nobody");
        let cases = [
            (with("none", json!("bob")), 10010),
            (with("room", json!("alice")), 10007),
            (with("team", json!("carol")), 10019),
            (with("team", json!(null)), 10004),
            (shown, 10019),
        ];
        api.refuses(PATH, cases).await;
    }
}
