//! Who is in live rooms: `group_open_http_svc/get_online_member_num`, and
//! `group_open_avchatroom_http_svc/get_members` and `/check_members`.

use std::collections::BTreeSet;

use hansard_domain::group::rules::rules;
use hansard_events::account::ProfileValue;
use hansard_types::limits::{
    GROUP_ROLES_PER_CALL_MAX, MARKS_MAX, ROOM_MEMBERS_PAGE, ROOM_MEMBERS_SHOWN_MAX,
};
use hansard_types::{GroupId, Reason, Timestamp, UserId, profile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes;
use super::profile::{GROUP_ID, there_must_be};
use crate::endpoint::{Answered, Call, Failure, Operation, Reading};
use crate::typed::{Field, Items, List};

/// A room that is there: which of those that had the id it is.
pub(super) fn room(reads: &Reading<'_>, id: &GroupId) -> Result<u64, Failure> {
    let group = there_must_be(reads, id)?;
    if rules(group.group_type).has_roster {
        return Err(reads.refusal(Reason::GroupTypeForbids));
    }
    Ok(group.roster)
}

pub(crate) struct GetOnlineMemberNum;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetOnlineMemberNumRequest {
    group_id: GroupId,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetOnlineMemberNumResponse {
    online_member_num: u64,
}

impl Operation for GetOnlineMemberNum {
    const SUMMARY: &'static str = "Reads how many are in a live room";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetOnlineMemberNumRequest;
    type Response = GetOnlineMemberNumResponse;

    async fn call(
        call: &Call<'_>,
        request: GetOnlineMemberNumRequest,
    ) -> Result<Answered<GetOnlineMemberNumResponse>, Failure> {
        let id = request.group_id;
        let online_member_num = call.read(|reads| {
            room(reads, &id)?;
            let visits = reads.everywhere().visits();
            visits.visitors(&id).map_err(Failure::broken)
        });
        let online_member_num = online_member_num.await?;
        Ok(Answered::read(GetOnlineMemberNumResponse {
            online_member_num,
        }))
    }
}

pub(crate) struct GetMembers;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetMembersRequest {
    group_id: GroupId,
    /// 0, or absent, for the first page; `NextTimestamp` of the page before.
    #[serde(default)]
    timestamp: u64,
    /// Only those who have one of these marks (`modify_user_info`); absent or empty: all.
    #[serde(default)]
    mark: List<u32, MARKS_MAX>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetMembersResponse {
    /// The newest first.
    member_list: Vec<RoomMember>,
    /// 0 at the end.
    next_timestamp: u64,
}

#[derive(Serialize, JsonSchema)]
struct RoomMember {
    #[serde(rename = "Member_Account")]
    member_account: UserId,
    /// Unix seconds.
    #[serde(rename = "JoinTime")]
    join_time: u64,
    #[serde(flatten)]
    shown: Shown,
}

/// How an account is shown.
#[derive(Serialize, JsonSchema)]
pub(super) struct Shown {
    #[serde(rename = "NickName")]
    nick_name: String,
    #[serde(rename = "Avatar")]
    avatar: String,
}

impl Shown {
    pub(super) fn of(reads: &Reading<'_>, user: &UserId) -> Result<Self, Failure> {
        let profile = reads.directory().profile(user).map_err(Failure::broken)?;
        let text = |tag: &str| match profile.get(tag) {
            Some(ProfileValue::Text(text)) => text.clone(),
            Some(ProfileValue::Number(_)) | None => String::new(),
        };
        Ok(Self {
            nick_name: text(profile::NICK),
            avatar: text(profile::IMAGE),
        })
    }
}

impl Operation for GetMembers {
    const SUMMARY: &'static str = "Lists who is in a live room, the newest first";
    const FIELDS: &'static [Field] = &[GROUP_ID];
    type Request = GetMembersRequest;
    type Response = GetMembersResponse;

    async fn call(
        call: &Call<'_>,
        request: GetMembersRequest,
    ) -> Result<Answered<GetMembersResponse>, Failure> {
        let GetMembersRequest {
            group_id: id,
            timestamp,
            mark,
        } = request;
        let page = call.read(|reads| {
            let room = room(reads, &id)?;
            let marked = marked(reads, &id, &mark.0)?;
            page(reads, (&id, room), timestamp, marked.as_ref())
        });
        Ok(Answered::read(page.await?))
    }
}

/// Who has one of these marks; `None`: no mark is asked for.
fn marked(
    reads: &Reading<'_>,
    id: &GroupId,
    marks: &[u32],
) -> Result<Option<BTreeSet<UserId>>, Failure> {
    if marks.is_empty() {
        return Ok(None);
    }
    let all = reads.groups_with(id).marks(id).map_err(Failure::broken)?;
    let wanted = all.into_iter().filter(|(mark, _)| marks.contains(mark));
    Ok(Some(wanted.flat_map(|(_, users)| users).collect()))
}

/// Pages end with a millisecond: who came in the same one is on one page.
fn page(
    reads: &Reading<'_>,
    (id, room): (&GroupId, u64),
    timestamp: u64,
    only: Option<&BTreeSet<UserId>>,
) -> Result<GetMembersResponse, Failure> {
    let now = reads.live_now();
    let visits = reads.everywhere().visits();
    let shown = visits.visitors_in(id, ROOM_MEMBERS_SHOWN_MAX);
    let shown = shown.map_err(Failure::broken)?;
    let mut members: Vec<RoomMember> = Vec::new();
    let mut last = Timestamp(0);
    for (entered_at, user) in shown {
        let is_wanted = only.is_none_or(|only| only.contains(&user));
        if !is_wanted || (timestamp > 0 && entered_at.0 >= timestamp) {
            continue;
        }
        if members.len() >= ROOM_MEMBERS_PAGE && entered_at != last {
            return Ok(GetMembersResponse {
                member_list: members,
                next_timestamp: last.0,
            });
        }
        let visit = visits.visit(id, &user, now).map_err(Failure::broken)?;
        if visit.is_some_and(|visit| visit.room == room) {
            last = entered_at;
            members.push(RoomMember {
                shown: Shown::of(reads, &user)?,
                member_account: user,
                join_time: entered_at.seconds(),
            });
        }
    }
    Ok(GetMembersResponse {
        member_list: members,
        next_timestamp: 0,
    })
}

pub(crate) struct CheckMembers;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CheckMembersRequest {
    group_id: GroupId,
    #[serde(rename = "Member_Account")]
    members: Items<UserId, GROUP_ROLES_PER_CALL_MAX>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct CheckMembersResponse {
    /// Those that are in the room.
    #[serde(rename = "Member_Account")]
    members: Vec<UserId>,
}

impl Operation for CheckMembers {
    const SUMMARY: &'static str = "Reads which of some accounts are in a live room, at most 500";
    const FIELDS: &'static [Field] = &[
        GROUP_ID,
        Field::of("Member_Account", codes::GROUP_PARAMETER)
            .too_many(codes::GROUP_TOO_MANY_ACCOUNTS),
    ];
    type Request = CheckMembersRequest;
    type Response = CheckMembersResponse;

    async fn call(
        call: &Call<'_>,
        request: CheckMembersRequest,
    ) -> Result<Answered<CheckMembersResponse>, Failure> {
        let CheckMembersRequest {
            group_id: id,
            members: Items(mut members),
        } = request;
        let members = call.read(|reads| {
            let room = room(reads, &id)?;
            let (now, visits) = (reads.live_now(), reads.everywhere().visits());
            let mut there = Vec::new();
            for user in members.drain(..) {
                let visit = visits.visit(&id, &user, now).map_err(Failure::broken)?;
                if visit.is_some_and(|visit| visit.room == room) {
                    there.push(user);
                }
            }
            Ok(there)
        });
        let members = members.await?;
        Ok(Answered::read(CheckMembersResponse { members }))
    }
}

#[cfg(test)]
mod tests;
