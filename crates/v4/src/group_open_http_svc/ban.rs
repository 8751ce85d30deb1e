//! `group_open_http_svc/ban_group_member`, `unban_group_member`, `get_group_ban_member`: accounts
//! are removed from a group and kept out for some time. Banning again counts from then.

use hansard_domain::group::rules::{Who, rules};
use hansard_domain::group::{BanMembers, UnbanMembers};
use hansard_types::limits::{
    BAN_REASON_BYTES_MAX, BANS_LOOKED_AT_MAX, BANS_PAGE_MAX, BANS_PER_CALL_MAX,
};
use hansard_types::{GroupId, Reason, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::member::mute_seconds;
use super::profile::{self, GROUP_ID};
use crate::endpoint::{Action, Answered, Call, Failure, Operation};
use crate::field;
use crate::typed::{AtMost, Field, Items, Text};

const MEMBERS: Field =
    Field::of("Members_Account", codes::GROUP_PARAMETER).too_many(codes::GROUP_TOO_MANY_ACCOUNTS);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BanGroupMember {
    group_id: GroupId,
    #[serde(rename = "Members_Account")]
    members: Items<UserId, BANS_PER_CALL_MAX>,
    /// Seconds.
    #[schemars(range(min = 1))]
    duration: u32,
    description: Option<Text<BAN_REASON_BYTES_MAX>>,
}

impl Action for BanGroupMember {
    const SUMMARY: &'static str = "Removes accounts from a group and keeps them out";
    const FIELDS: &'static [Field] = &[GROUP_ID, MEMBERS];
    type Command = BanMembers;

    fn command(self, call: &Call<'_>) -> Result<BanMembers, Failure> {
        if self.duration == 0 {
            return Err(call.parameter("Duration says for how many seconds"));
        }
        Ok(BanMembers {
            group_id: self.group_id,
            accounts: self.members.0,
            seconds: self.duration,
            reason: self.description.map(|Text(text)| text).unwrap_or_default(),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UnbanGroupMember {
    group_id: GroupId,
    #[serde(rename = "Members_Account")]
    members: Items<UserId, BANS_PER_CALL_MAX>,
}

impl Action for UnbanGroupMember {
    const SUMMARY: &'static str = "Lets banned accounts come into a group again";
    const FIELDS: &'static [Field] = &[GROUP_ID, MEMBERS];
    type Command = UnbanMembers;

    fn command(self, _call: &Call<'_>) -> Result<UnbanMembers, Failure> {
        Ok(UnbanMembers {
            group_id: self.group_id,
            accounts: self.members.0,
        })
    }
}

pub(crate) struct GetGroupBanMember;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupBanMemberRequest {
    group_id: GroupId,
    /// 100, too, when it is 0 or absent.
    #[serde(default)]
    limit: AtMost<BANS_PAGE_MAX>,
    #[serde(default)]
    offset: AtMost<BANS_LOOKED_AT_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetGroupBanMemberResponse {
    group_id: GroupId,
    /// By id, of the first 10000 bans that are noted.
    banned_account_list: Vec<Banned>,
    /// `Offset` of the next page; 0: there is none.
    next_offset: usize,
}

#[derive(Serialize, JsonSchema)]
struct Banned {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// Unix seconds.
    #[serde(rename = "BannedUntil")]
    banned_until: u64,
}

impl Operation for GetGroupBanMember {
    const SUMMARY: &'static str = "Lists who is banned from a group";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetGroupBanMemberRequest;
    type Response = GetGroupBanMemberResponse;

    async fn call(
        call: &Call<'_>,
        request: GetGroupBanMemberRequest,
    ) -> Result<Answered<GetGroupBanMemberResponse>, Failure> {
        let GetGroupBanMemberRequest {
            group_id,
            limit,
            offset,
        } = request;
        let limit = field::limit(limit.0, BANS_PAGE_MAX);
        let now = call.log_now();
        let bans = call.read(|reads| {
            let group = profile::there_must_be(reads, &group_id)?;
            if rules(group.group_type).bans_members == Who::Nobody {
                return Err(reads.refusal(Reason::GroupTypeForbids));
            }
            let groups = reads.groups_with(&group_id);
            let bans = groups.banned(&group_id, now, BANS_LOOKED_AT_MAX);
            bans.map_err(Failure::broken)
        });
        let bans = bans.await?;
        let next = offset.0 + limit;
        let next_offset = if next < bans.len() { next } else { 0 };
        let page = bans.into_iter().skip(offset.0).take(limit);
        let page = page.map(|(member_account, until)| Banned {
            member_account,
            banned_until: mute_seconds(until, now),
        });
        Ok(Answered::read(GetGroupBanMemberResponse {
            banned_account_list: page.collect(),
            next_offset,
            group_id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    const BAN: &str = "group_open_http_svc/ban_group_member";
    const UNBAN: &str = "group_open_http_svc/unban_group_member";
    const LIST: &str = "group_open_http_svc/get_group_ban_member";
    const ADD: &str = "group_open_http_svc/add_group_member";

    fn ban(who: &[&str], seconds: u64) -> Value {
        json!({ "GroupId": "team", "Members_Account": who, "Duration": seconds,
            "Description": "spam" })
    }

    async fn add(api: &TestApi, who: &str) -> Value {
        let body = json!({ "GroupId": "team", "MemberList": [{ "Member_Account": who }] });
        api.v4_ok(ADD, body).await["MemberList"][0]["Result"].clone()
    }

    #[tokio::test]
    async fn who_is_banned_is_out_and_stays_out_until_it_is_let_in() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob", "carol"]).await;
        api.v4_ok(BAN, ban(&["bob", "carol"], 600)).await;
        assert_eq!(add(&api, "bob").await, 0);
        let first = json!({ "GroupId": "team", "Limit": 1 });
        let page = api.v4_ok(LIST, first).await;
        let expected = json!([{ "Member_Account": "bob", "BannedUntil": 1_794_000_600 }]);
        assert_eq!(
            (&page["BannedAccountList"], &page["NextOffset"]),
            (&expected, &json!(1))
        );
        let rest = api
            .v4_ok(LIST, json!({ "GroupId": "team", "Offset": 1 }))
            .await;
        assert_eq!(rest["BannedAccountList"][0]["Member_Account"], "carol");
        assert_eq!(rest["NextOffset"], 0);
        let unban = json!({ "GroupId": "team", "Members_Account": ["bob"] });
        api.v4_ok(UNBAN, unban.clone()).await;
        let end = api.log_end();
        api.v4_ok(UNBAN, unban).await;
        assert_eq!(api.log_end(), end, "it may come in already");
        assert_eq!(add(&api, "bob").await, 1);
        assert_eq!(add(&api, "carol").await, 0);
    }

    #[tokio::test]
    async fn bad_requests_get_their_codes() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let community = json!({ "Type": "Community", "Name": "c", "GroupId": "@TGS#_c" });
        api.v4_ok("group_open_http_svc/create_group", community)
            .await;
        let with = |name: &str, value: Value| {
            let mut body = ban(&["bob"], 60);
            body[name] = value;
            body
        };
        let cases = [
            (with("GroupId", json!("none")), 10010),
            (with("GroupId", json!("@TGS#_c")), 10007),
            (with("Duration", json!(0)), 10004),
            (with("Duration", json!(null)), 10004),
            (with("Description", json!("d".repeat(1001))), 10004),
            (ban(&["alice"], 60), 10007),
            (ban(&["nobody"], 60), 10019),
            (ban(&[], 60), 10004),
            (ban(&vec!["bob"; 21], 60), 10005),
        ];
        api.refuses(BAN, cases).await;
        api.v4_ok(BAN, ban(&vec!["bob"; 20], 60)).await;
        let many = json!({ "GroupId": "team", "Members_Account": vec!["bob"; 21] });
        api.refuses(UNBAN, [(many, 10005)]).await;
        let cases = [
            (json!({ "GroupId": "none" }), 10010),
            (json!({ "GroupId": "@TGS#_c" }), 10007),
            (json!({ "GroupId": "team", "Limit": 101 }), 10004),
        ];
        api.refuses(LIST, cases).await;
    }
}
