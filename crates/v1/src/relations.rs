//! `/v1/apps/{app}/friend-requests` and `/v1/apps/{app}/friend-groups`: what the server API has no
//! endpoint for, under the account's own identity.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Caller, Query};
use hansard_domain::Verb;
use hansard_domain::relation::{
    AnswerRequest, JoinFriendGroup, LeaveFriendGroup, RenameFriendGroup,
};
use hansard_types::{Reason, UserId, limits};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Problem;
use crate::Shared;
use crate::access::{Metered, Own, json_body, not_answered};
use crate::{Kind, Operation, SchemaOf, optional};

pub(crate) const REQUESTS: &str = "/v1/apps/{app}/friend-requests";
pub(crate) const ACCEPT: &str = "/v1/apps/{app}/friend-requests/accept";
pub(crate) const REFUSE: &str = "/v1/apps/{app}/friend-requests/refuse";
pub(crate) const RENAME: &str = "/v1/apps/{app}/friend-groups/rename";
pub(crate) const MEMBERS: &str = "/v1/apps/{app}/friend-groups/members";

const fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    request: SchemaOf,
    response: SchemaOf,
) -> Operation {
    Operation {
        method: "post",
        path,
        id,
        summary,
        parameters: &[],
        request: Some(("application/json", request)),
        response: ("application/json", response),
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        method: "get",
        path: REQUESTS,
        id: "friend_requests",
        summary: "Lists the requests that wait for the caller's answer",
        parameters: &[
            optional("limit", "Requests on a page, 1 to 100; 100 when absent")
                .of(Kind::Count(limits::FRIENDS_PAGE_MAX)),
            optional("cursor", "`next` of the page before"),
        ],
        request: None,
        response: ("application/json", |generator| {
            generator.subschema_for::<Requests>()
        }),
    },
    post(
        ACCEPT,
        "accept_friend_request",
        "Accepts a request",
        |generator| generator.subschema_for::<Acceptance>(),
        |generator| generator.subschema_for::<Done>(),
    ),
    post(
        REFUSE,
        "refuse_friend_request",
        "Refuses a request",
        |generator| generator.subschema_for::<Refusal>(),
        |generator| generator.subschema_for::<Done>(),
    ),
    post(
        RENAME,
        "rename_friend_group",
        "Gives one of the caller's friend groups another name",
        |generator| generator.subschema_for::<Renaming>(),
        |generator| generator.subschema_for::<Done>(),
    ),
    post(
        MEMBERS,
        "change_friend_group_members",
        "Puts friends into one of the caller's friend groups, or takes them out",
        |generator| generator.subschema_for::<MembersChange>(),
        |generator| generator.subschema_for::<MembersChanged>(),
    ),
];

#[derive(Serialize, JsonSchema)]
struct Requests {
    requests: Vec<WaitingRequest>,
    /// `null` on the last page.
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct WaitingRequest {
    from: UserId,
    /// `AddSource_Type_…`
    source: String,
    wording: String,
    /// Each is on the other's friend list once it is accepted; else only the caller on theirs.
    both: bool,
    /// Unix milliseconds.
    requested_at: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Acceptance {
    /// Who has asked.
    from: UserId,
    /// What the caller calls the new friend, at most 96 bytes.
    #[serde(default)]
    remark: String,
}

#[derive(Deserialize, JsonSchema)]
struct Refusal {
    /// Who has asked.
    from: UserId,
}

#[derive(Deserialize, JsonSchema)]
struct Renaming {
    group: String,
    /// 1 to 30 bytes, and no other group's.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct MembersChange {
    group: String,
    /// At most 1000.
    #[serde(default)]
    add: Vec<UserId>,
    /// At most 1000.
    #[serde(default)]
    remove: Vec<UserId>,
}

/// Where the change is in the log; of the log's end when nothing had to change.
#[derive(Serialize, JsonSchema)]
struct Done {
    position: String,
}

#[derive(Serialize, JsonSchema)]
struct MembersChanged {
    results: Vec<MemberChanged>,
}

#[derive(Serialize, JsonSchema)]
struct MemberChanged {
    account: UserId,
    /// Why it was not done; absent when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

pub(crate) async fn requests(
    State(shared): State<Arc<Shared>>,
    Own(own): Own,
    uri: Uri,
) -> Response {
    let metered = Metered::start("friend_requests");
    metered.end(page(&shared, &own, &Query::read(uri.query().unwrap_or_default())).await)
}

async fn page(shared: &Shared, own: &Caller, query: &Query<'_>) -> Result<Response, Problem> {
    let count_max = limits::FRIENDS_PAGE_MAX;
    let number = |name: &str, default: usize| match query.filled(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .map_err(|_| Problem::invalid(format!("{name} is not a number"))),
    };
    let (limit, start) = (number("limit", count_max)?, number("cursor", 0)?);
    if !(1..=count_max).contains(&limit) {
        return Err(Problem::invalid(format!("limit is 1 to {count_max}")));
    }
    // One more tells whether there is a next page.
    let rows = shared.desk.read(own.app, |reads| {
        reads.directory().requests(&own.user, start, limit + 1)
    });
    let rows = rows.await.map_err(not_answered)?;
    let mut rows = rows.map_err(Problem::broken)?;
    let next = (rows.len() > limit).then(|| (start + limit).to_string());
    rows.truncate(limit);
    let requests = rows.into_iter().map(|(from, row)| WaitingRequest {
        from,
        source: row.details.source,
        wording: row.details.wording,
        both: row.both,
        requested_at: row.requested_at.0,
    });
    Ok(Json(Requests {
        requests: requests.collect(),
        next,
    })
    .into_response())
}

async fn submit<V: Verb>(
    shared: &Shared,
    own: &Caller,
    command: V,
) -> Result<(V::Reply, Done), Problem> {
    let submitted = shared.desk.submit(own, command).await;
    let answer = submitted.map_err(not_answered)?;
    let position = answer.position.to_string();
    Ok((answer.reply, Done { position }))
}

/// Answers a request that is one command of the caller's.
async fn answer<T: DeserializeOwned, V: Verb<Reply = ()>>(
    name: &'static str,
    shared: &Shared,
    Own(own): &Own,
    body: &Bytes,
    command: impl FnOnce(UserId, T) -> V,
) -> Response {
    let metered = Metered::start(name);
    let answered = async {
        let command = command(own.user.clone(), json_body(body)?);
        let ((), done) = submit(shared, own, command).await?;
        Ok(Json(done).into_response())
    };
    metered.end(answered.await)
}

pub(crate) async fn accept(State(shared): State<Arc<Shared>>, own: Own, body: Bytes) -> Response {
    let command = |by, Acceptance { from, remark }| AnswerRequest {
        by,
        from,
        accept: true,
        remark,
    };
    answer("accept_friend_request", &shared, &own, &body, command).await
}

pub(crate) async fn refuse(State(shared): State<Arc<Shared>>, own: Own, body: Bytes) -> Response {
    let command = |by, Refusal { from }| AnswerRequest {
        by,
        from,
        accept: false,
        remark: String::new(),
    };
    answer("refuse_friend_request", &shared, &own, &body, command).await
}

pub(crate) async fn rename(State(shared): State<Arc<Shared>>, own: Own, body: Bytes) -> Response {
    let command = |user, Renaming { group, name }| RenameFriendGroup { user, group, name };
    answer("rename_friend_group", &shared, &own, &body, command).await
}

pub(crate) async fn members(State(shared): State<Arc<Shared>>, own: Own, body: Bytes) -> Response {
    let metered = Metered::start("change_friend_group_members");
    metered.end(change_members(&shared, &own.0, &body).await)
}

async fn change_members(shared: &Shared, own: &Caller, body: &Bytes) -> Result<Response, Problem> {
    let MembersChange { group, add, remove } = json_body(body)?;
    let most = limits::RELATIONS_PER_CALL_MAX;
    if add.len() > most || remove.len() > most {
        return Err(Problem::invalid(format!(
            "add and remove hold at most {most}"
        )));
    }
    // Also when nobody joins: it tells whether there is such a group.
    let join = JoinFriendGroup {
        user: own.user.clone(),
        group: group.clone(),
        friends: add,
    };
    let (mut outcomes, _) = submit(shared, own, join).await?;
    if !remove.is_empty() {
        let leave = LeaveFriendGroup {
            user: own.user.clone(),
            group,
            friends: remove,
        };
        let (left, _) = submit(shared, own, leave).await?;
        outcomes.extend(left);
    }
    let result = |(account, refused): (UserId, Option<Reason>)| MemberChanged {
        account,
        error: refused.map(Reason::name),
    };
    let results = outcomes.into_iter().map(result).collect();
    Ok(Json(MembersChanged { results }).into_response())
}
