//! What an account does: a body each, whose command is the account's own.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Caller, Desk};
use hansard_domain::group::AddOutcome;
use hansard_domain::{Read, Verb};
use hansard_types::{GroupId, Position, Reason, TopicId, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::{Metered, Own, json_body, not_answered};
use crate::{Operation, Problem, Shared};

/// The body of one thing that an account does.
pub(crate) trait Act: DeserializeOwned + JsonSchema + Send + 'static {
    /// As the operation is called.
    const NAME: &'static str;
    const SUMMARY: &'static str;
    type Command: Verb<Reply: Tell>;

    fn command(self, caller: &Caller, desk: &Desk) -> Result<Self::Command, Problem>;
}

/// What an act is answered with.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Acted {
    /// The group, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<GroupId>,
    /// The topic, where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<TopicId>,
    /// What became of which topic, where it differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    topics: Vec<TopicOutcome>,
    /// What became of whom, where it differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<Outcome>,
    /// Where it is in the log; the log's end when nothing was added.
    position: String,
}

#[derive(Serialize, JsonSchema)]
struct TopicOutcome {
    topic_id: TopicId,
    #[schemars(extend("enum" = ["destroyed", "unknown"]))]
    result: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct Outcome {
    account: UserId,
    #[schemars(extend("enum" = ["joined", "member", "waiting", "banned", "unknown"]))]
    result: &'static str,
}

impl Outcome {
    fn of(account: UserId, outcome: AddOutcome) -> Self {
        let result = match outcome {
            AddOutcome::Added => "joined",
            AddOutcome::AlreadyMember => "member",
            AddOutcome::Waiting => "waiting",
            AddOutcome::Banned => "banned",
            AddOutcome::Unknown => "unknown",
        };
        Self { account, result }
    }
}

impl Acted {
    /// Nothing is told but where it is.
    pub(crate) fn at(position: Position) -> Self {
        Self {
            position: position.to_string(),
            ..Self::default()
        }
    }
}

/// Does one thing in the caller's name.
pub(crate) async fn act<A: Act>(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    body: Bytes,
) -> Response {
    let metered = Metered::start(A::NAME);
    metered.end(acted::<A>(&shared, &caller, &body).await)
}

async fn acted<A: Act>(
    shared: &Shared,
    caller: &Caller,
    body: &Bytes,
) -> Result<Response, Problem> {
    let command = json_body::<A>(body)?.command(caller, &shared.desk)?;
    let answer = shared.desk.submit(caller, command).await;
    let answer = answer.map_err(not_answered)?;
    let acted = Acted {
        position: answer.position.to_string(),
        ..answer.reply.tell(caller)
    };
    Ok(Json(acted).into_response())
}

/// What a reply tells who acts, but for where it is in the log.
pub(crate) trait Tell {
    fn tell(self, caller: &Caller) -> Acted;
}

impl Tell for () {
    fn tell(self, _: &Caller) -> Acted {
        Acted::default()
    }
}

impl Tell for Read {
    fn tell(self, _: &Caller) -> Acted {
        Acted::default()
    }
}

impl Tell for GroupId {
    fn tell(self, _: &Caller) -> Acted {
        Acted {
            group_id: Some(self),
            ..Acted::default()
        }
    }
}

impl Tell for TopicId {
    fn tell(self, _: &Caller) -> Acted {
        Acted {
            topic_id: Some(self),
            ..Acted::default()
        }
    }
}

impl Tell for Vec<(TopicId, Option<Reason>)> {
    fn tell(self, _: &Caller) -> Acted {
        let topic = |(topic_id, refused): (TopicId, Option<Reason>)| TopicOutcome {
            topic_id,
            result: if refused.is_none() {
                "destroyed"
            } else {
                "unknown"
            },
        };
        Acted {
            topics: self.into_iter().map(topic).collect(),
            ..Acted::default()
        }
    }
}

impl Tell for AddOutcome {
    fn tell(self, caller: &Caller) -> Acted {
        vec![(caller.user.clone(), self)].tell(caller)
    }
}

impl Tell for Vec<(UserId, AddOutcome)> {
    fn tell(self, _: &Caller) -> Acted {
        let accounts = self.into_iter();
        let accounts = accounts.map(|(user, outcome)| Outcome::of(user, outcome));
        Acted {
            accounts: accounts.collect(),
            ..Acted::default()
        }
    }
}

/// Refuses a list that is too long, or empty.
pub(crate) fn bounded<T>(name: &str, list: &[T], max: usize) -> Result<(), Problem> {
    if (1..=max).contains(&list.len()) {
        return Ok(());
    }
    Err(Problem::invalid(format!("{name} holds 1 to {max}")))
}

/// Refuses a text that is too long.
pub(crate) fn short(name: &str, text: Option<&String>, bytes_max: usize) -> Result<(), Problem> {
    if text.is_some_and(|text| text.len() > bytes_max) {
        return Err(Problem::invalid(format!(
            "{name} is at most {bytes_max} bytes"
        )));
    }
    Ok(())
}

/// An act for the documentation.
pub(crate) const fn done<A: Act>(method: &'static str, path: &'static str) -> Operation {
    Operation {
        method,
        path,
        id: A::NAME,
        summary: A::SUMMARY,
        parameters: &[],
        request: Some(("application/json", |generator| {
            generator.subschema_for::<A>()
        })),
        response: ("application/json", |generator| {
            generator.subschema_for::<Acted>()
        }),
    }
}
