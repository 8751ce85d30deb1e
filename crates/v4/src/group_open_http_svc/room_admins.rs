//! Administrators of live rooms: `group_open_avchatroom_http_svc/modify_admin` and `/get_admin_list`.

use hansard_domain::group::AppointAdmins;
use hansard_events::group::Role;
use hansard_types::limits::ROOM_ADMINS_MAX;
use hansard_types::{GroupId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::GROUP_ID;
use super::visitors::{Shown, room};
use crate::endpoint::{Action, Answered, Call, Failure, Operation};
use crate::typed::{Field, Items};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ModifyAdmin {
    #[serde(rename = "GroupId")]
    group_id: GroupId,
    /// 1: they become administrators; 2: they are no longer.
    #[serde(rename = "CommandType")]
    #[schemars(range(min = 1, max = 2))]
    command_type: u8,
    #[serde(rename = "Admin_Account")]
    accounts: Items<UserId, ROOM_ADMINS_MAX>,
}

impl Action for ModifyAdmin {
    const SUMMARY: &'static str = "Makes accounts administrators of a live room, or takes it back";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("Admin_Account", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
    ];
    type Command = AppointAdmins;

    fn command(self, call: &Call<'_>) -> Result<AppointAdmins, Failure> {
        let Items(accounts) = self.accounts;
        let are_admins = match self.command_type {
            1 => true,
            2 => false,
            _ => return Err(call.parameter("CommandType is 1 or 2")),
        };
        Ok(AppointAdmins {
            group_id: self.group_id,
            accounts,
            are_admins,
        })
    }
}

pub(crate) struct GetAdminList;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetAdminListRequest {
    group_id: GroupId,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct GetAdminListResponse {
    #[serde(rename = "Admin_List")]
    admins: Vec<RoomAdmin>,
}

#[derive(Serialize, JsonSchema)]
struct RoomAdmin {
    #[serde(rename = "Admin_Account")]
    account: UserId,
    #[serde(flatten)]
    shown: Shown,
}

impl Operation for GetAdminList {
    const SUMMARY: &'static str = "Lists the administrators of a live room";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetAdminListRequest;
    type Response = GetAdminListResponse;

    async fn call(
        call: &Call<'_>,
        request: GetAdminListRequest,
    ) -> Result<Answered<GetAdminListResponse>, Failure> {
        let id = request.group_id;
        let admins = call.read(|reads| {
            room(reads, &id)?;
            let members = reads.groups_with(&id).members(&id, ROOM_ADMINS_MAX + 1);
            let mut admins = Vec::new();
            for (account, member) in members.map_err(Failure::broken)? {
                if member.profile.role == Role::Admin {
                    let shown = Shown::of(reads, &account)?;
                    admins.push(RoomAdmin { account, shown });
                }
            }
            Ok(admins)
        });
        let admins = admins.await?;
        Ok(Answered::read(GetAdminListResponse { admins }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestApi;

    const MODIFY: &str = "group_open_avchatroom_http_svc/modify_admin";
    const LIST: &str = "group_open_avchatroom_http_svc/get_admin_list";

    async fn with_room() -> TestApi {
        let api = TestApi::start().await;
        api.create_room("show").await;
        api.create_group("team", &[]).await;
        api
    }

    #[tokio::test]
    async fn who_is_appointed_is_listed_until_it_is_taken_back() {
        let api = with_room().await;
        let change =
            |kind: u8| json!({ "GroupId": "show", "CommandType": kind, "Admin_Account": ["bob"] });
        let of = json!({ "GroupId": "show" });
        api.v4_ok(MODIFY, change(1)).await;
        let listed = api.v4_ok(LIST, of.clone()).await;
        let bob = json!([{ "Admin_Account": "bob", "NickName": "", "Avatar": "" }]);
        assert_eq!(listed["Admin_List"], bob);
        let mute = json!({ "group_id": "show", "accounts": ["carol"], "seconds": 60 });
        let muted = api.own("bob", "POST", "groups/mute", Some(&mute)).await;
        assert_eq!(muted.0, 200, "an administrator may: {}", muted.1);
        api.v4_ok(MODIFY, change(2)).await;
        assert_eq!(api.v4_ok(LIST, of).await["Admin_List"], json!([]));
        let muted = api.own("bob", "POST", "groups/mute", Some(&mute)).await;
        assert_eq!(muted.0, 409, "no longer");
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = with_room().await;
        let with = |id: &str, kind: u8, count: usize| json!({ "GroupId": id, "CommandType": kind, "Admin_Account": vec!["bob"; count] });
        let cases = [
            (with("team", 1, 1), 10007),
            (with("none", 1, 1), 10010),
            (with("show", 3, 1), 10004),
            (with("show", 1, 0), 10004),
            (with("show", 1, 6), 10005),
        ];
        api.refuses(MODIFY, cases).await;
        api.refuses(LIST, [(json!({ "GroupId": "team" }), 10007)])
            .await;
    }
}
