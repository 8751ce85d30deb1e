//! What an account sees of groups: its own, one by its id, members, who waits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Caller, Query, Reads};
use hansard_domain::group::rank_of;
use hansard_domain::group::rules::{Who, rules};
use hansard_events::app::{FieldRank, GroupField};
use hansard_events::group::{GroupProfile, GroupType, ReceiveOption, Role};
use hansard_groups::{GroupRow, MemberRow};
use hansard_types::limits::{GROUP_MEMBERS_PAGE, JOIN_REQUESTS_MAX, JOINED_GROUPS_READ_MAX};
use hansard_types::{GroupId, Reason, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::{Metered, Own, not_answered, refused};
use crate::asked::count;
use crate::{Problem, Shared};

/// Groups on a page.
pub(super) const GROUPS_PAGE_MAX: usize = 100;

#[derive(Serialize, JsonSchema)]
pub(super) struct Groups {
    /// By id.
    groups: Vec<OneGroup>,
    /// `null` on the last page.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct OneGroup {
    group_id: GroupId,
    #[serde(rename = "type")]
    group_type: GroupType,
    owner: Option<UserId>,
    member_count: u32,
    /// Custom fields are those that the caller may read.
    #[serde(flatten)]
    profile: GroupProfile,
    /// Unix milliseconds.
    created_at: u64,
    /// The caller's own part; `null` when it is no member.
    own: Option<OneMember>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Members {
    /// By id.
    members: Vec<OneMember>,
    /// `null` on the last page.
    next: Option<UserId>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct OneMember {
    account: UserId,
    role: Role,
    name_card: String,
    receive: ReceiveOption,
    /// Custom fields that the caller may read.
    fields: BTreeMap<String, String>,
    /// Unix milliseconds.
    joined_at: u64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Waiting {
    /// By id.
    requests: Vec<OneWaiting>,
}

#[derive(Serialize, JsonSchema)]
struct OneWaiting {
    account: UserId,
    reason: String,
    /// The member that invited; `null`: it asks itself.
    invited_by: Option<UserId>,
    /// Unix milliseconds.
    asked_at: u64,
}

/// Reads as an account.
pub(super) struct Sight<'a> {
    pub(super) reads: Reads<'a>,
    pub(super) caller: &'a Caller,
    group_fields: &'a [GroupField],
    member_fields: &'a [GroupField],
}

impl Sight<'_> {
    /// A group with what the caller is in it.
    pub(super) fn existing(&self, id: &GroupId) -> Result<(GroupRow, Option<MemberRow>), Problem> {
        let groups = self.reads.groups_with(id);
        let group = groups.group(id).map_err(Problem::broken)?;
        let group = group.filter(|group| !group.dissolved);
        let group = group.ok_or_else(|| refused(Reason::GroupUnknown))?;
        let own = groups.member(id, &self.caller.user);
        Ok((group, own.map_err(Problem::broken)?))
    }

    /// Of the custom fields that there are, those that a rank reads.
    fn readable(
        fields: &BTreeMap<String, String>,
        declared: &[GroupField],
        may: impl Fn(&GroupField) -> bool,
    ) -> BTreeMap<String, String> {
        let is_readable = |key: &String| {
            let field = declared.iter().find(|field| field.key == *key);
            field.is_some_and(&may)
        };
        let fields = fields.iter().filter(|(key, _)| is_readable(key));
        fields
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    fn group(&self, id: GroupId, group: GroupRow, own: Option<&MemberRow>) -> OneGroup {
        let rank = rank_of(own.map(|member| member.profile.role));
        let mut profile = group.profile;
        profile.fields = Self::readable(&profile.fields, self.group_fields, |field| {
            field.readers <= rank
        });
        OneGroup {
            own: own.map(|member| self.member(&self.caller.user, group.group_type, member, rank)),
            group_id: id,
            group_type: group.group_type,
            owner: group.owner,
            member_count: group.member_count,
            profile,
            created_at: group.created_at.0,
        }
    }

    fn member(
        &self,
        user: &UserId,
        group_type: GroupType,
        member: &MemberRow,
        rank: FieldRank,
    ) -> OneMember {
        let profile = &member.profile;
        let is_own = *user == self.caller.user;
        OneMember {
            account: user.clone(),
            role: profile.role,
            name_card: profile.name_card.clone(),
            receive: profile.receive.unwrap_or(rules(group_type).receive),
            fields: Self::readable(&profile.fields, self.member_fields, |field| {
                field.readers <= rank || (is_own && field.readers != FieldRank::App)
            }),
            joined_at: member.joined_at.0,
        }
    }
}

/// Reads in the caller's sight what its query asks for.
pub(super) async fn look<A: Send, T: Serialize>(
    name: &'static str,
    shared: &Shared,
    caller: &Caller,
    uri: &Uri,
    ask: impl FnOnce(&Query<'_>) -> Result<A, Problem>,
    work: impl FnOnce(Sight<'_>, A) -> Result<T, Problem> + Send,
) -> Response {
    let metered = Metered::start(name);
    let asked = ask(&Query::read(uri.query().unwrap_or_default()));
    let looked = async {
        let asked = asked?;
        let app = shared.desk.app(caller.app);
        let app = app.ok_or_else(Problem::app_unknown)?;
        let read = shared.desk.read(caller.app, |reads| {
            let sight = Sight {
                reads,
                caller,
                group_fields: &app.group_fields,
                member_fields: &app.member_fields,
            };
            work(sight, asked)
        });
        let found = read.await.map_err(not_answered)??;
        Ok(Json(found).into_response())
    };
    metered.end(looked.await)
}

pub(super) fn group_id(query: &Query<'_>) -> Result<GroupId, Problem> {
    let text = query.filled("group");
    let text = text.ok_or_else(|| Problem::invalid("group names a group"))?;
    GroupId::new(&text).map_err(|error| Problem::invalid(error.to_string()))
}

/// Cuts a list to a page; the page's last, when there is more behind it.
pub(super) fn cut<T>(list: &mut Vec<T>, limit: usize) -> Option<&T> {
    let has_more = list.len() > limit;
    list.truncate(limit);
    list.last().filter(|_| has_more)
}

/// The caller's groups, by id.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    let ask = |query: &Query<'_>| {
        let limit = count(query, "limit", GROUPS_PAGE_MAX, GROUPS_PAGE_MAX)?;
        Ok((limit, query.filled("cursor").map(Cow::into_owned)))
    };
    look(
        "groups",
        &shared,
        &caller,
        &uri,
        ask,
        |sight, (limit, after)| {
            let joined = sight.reads.joined(&caller.user, JOINED_GROUPS_READ_MAX);
            let mut joined = joined.map_err(Problem::broken)?;
            joined.retain(|one| {
                let id = one.group_id.as_str();
                after.as_deref().is_none_or(|after| id > after)
            });
            let next = cut(&mut joined, limit);
            let next = next.map(|one| one.group_id.as_str().to_owned());
            let group = |one: hansard_groups::Membership| {
                sight.group(one.group_id, one.group, Some(&one.member))
            };
            Ok(Groups {
                groups: joined.into_iter().map(group).collect(),
                next,
            })
        },
    )
    .await
}

/// One group. A Work group shows itself to its members only: it is not found by its id.
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    look("group", &shared, &caller, &uri, group_id, |sight, id| {
        let (group, own) = sight.existing(&id)?;
        if own.is_none() && !rules(group.group_type).takes_requests {
            return Err(refused(Reason::GroupUnknown));
        }
        Ok(sight.group(id, group, own.as_ref()))
    })
    .await
}

/// The members of a group, by id.
pub(crate) async fn members(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    let ask = |query: &Query<'_>| {
        let after = query.filled("cursor");
        let after = after.map(|text| UserId::new(&text)).transpose();
        let after = after.map_err(|error| Problem::invalid(error.to_string()))?;
        let limit = count(query, "limit", GROUP_MEMBERS_PAGE, GROUP_MEMBERS_PAGE)?;
        Ok((group_id(query)?, after, limit))
    };
    look(
        "group_members",
        &shared,
        &caller,
        &uri,
        ask,
        |sight, (id, after, limit)| {
            let (group, own) = sight.existing(&id)?;
            let role = own.map(|member| member.profile.role);
            if !rules(group.group_type).lists_members.includes(role) {
                return Err(forbidden());
            }
            let groups = sight.reads.groups_with(&id);
            let page = groups.page(&id, after.as_ref(), (0, limit), |_| true);
            let (members, next) = page.map_err(Problem::broken)?;
            let rank = rank_of(role);
            let member =
                |(user, row): &(UserId, MemberRow)| sight.member(user, group.group_type, row, rank);
            Ok(Members {
                members: members.iter().map(member).collect(),
                next,
            })
        },
    )
    .await
}

/// Who waits to be let into a group, for its administrators.
pub(crate) async fn waiting(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    look(
        "join_requests",
        &shared,
        &caller,
        &uri,
        group_id,
        |sight, id| {
            let (_, own) = sight.existing(&id)?;
            let role = own.map(|member| member.profile.role);
            if !Who::Admins.includes(role) {
                return Err(forbidden());
            }
            let max = usize::try_from(JOIN_REQUESTS_MAX).unwrap_or(usize::MAX);
            let rows = sight.reads.groups_with(&id).requests(&id, max);
            let rows = rows.map_err(Problem::broken)?.into_iter();
            let request = |(account, row): (UserId, hansard_groups::RequestRow)| OneWaiting {
                account,
                reason: row.reason,
                invited_by: row.invited_by,
                asked_at: row.asked_at.0,
            };
            Ok(Waiting {
                requests: rows.map(request).collect(),
            })
        },
    )
    .await
}

fn forbidden() -> Problem {
    let reason = Reason::GroupRoleForbids;
    Problem::new(StatusCode::FORBIDDEN, reason.name(), reason.text())
}
