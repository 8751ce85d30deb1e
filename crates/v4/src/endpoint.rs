use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use futures::future::BoxFuture;
use hansard_desk::json::{self, BodyFault, FieldFault};
use hansard_desk::{Answer, Caller, Desk, Error, Reads};
use hansard_directory::AccountRow;
use hansard_domain::Verb;
use hansard_types::{
    AppId, ConversationId, GroupId, Position, Reason, Timestamp, UserId, error_chain,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codes;
use crate::envelope;
use crate::service::Service;
use crate::typed::Field;

/// What an endpoint's file provides.
pub(crate) trait Operation: 'static {
    /// One sentence for the documentation.
    const SUMMARY: &'static str;
    /// Fields that have codes of their own.
    const FIELDS: &'static [Field] = &[];
    type Request: DeserializeOwned + JsonSchema + Send;
    type Response: Serialize + JsonSchema + Send;

    fn call(
        call: &Call<'_>,
        request: Self::Request,
    ) -> impl Future<Output = Result<Answered<Self::Response>, Failure>> + Send;
}

/// An endpoint that does one thing and answers with an envelope only: its request is a command.
pub(crate) trait Action: DeserializeOwned + JsonSchema + Send + 'static {
    /// As of an [`Operation`].
    const SUMMARY: &'static str;
    /// As of an [`Operation`].
    const FIELDS: &'static [Field] = &[];
    type Command: Verb;

    fn command(self, call: &Call<'_>) -> Result<Self::Command, Failure>;
}

impl<A: Action> Operation for A {
    const SUMMARY: &'static str = A::SUMMARY;
    const FIELDS: &'static [Field] = A::FIELDS;
    type Request = A;
    type Response = Nothing;

    async fn call(call: &Call<'_>, request: A) -> Result<Answered<Nothing>, Failure> {
        let answer = call.submit(request.command(call)?).await?;
        Ok(Answered::written(Nothing {}, answer.position))
    }
}

/// The response of an endpoint that only says OK.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct Nothing {}

/// A request that has come through the shell.
pub(crate) struct Call<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) endpoint: &'static Endpoint,
    /// The administrator who calls.
    pub(crate) caller: &'a Caller,
}

/// A call while it reads.
pub(crate) struct Reading<'a> {
    call: &'a Call<'a>,
    reads: Reads<'a>,
}

impl<'a> Reading<'a> {
    pub(crate) fn directory(&self) -> hansard_directory::Reader<'a> {
        self.reads.directory()
    }

    /// The groups beside which this one lives.
    pub(crate) fn groups_with(&self, group: &GroupId) -> hansard_groups::Reader<'a> {
        self.reads.groups_with(group)
    }

    /// The conversations beside which this one lives.
    pub(crate) fn conversations_with(
        &self,
        conversation: &ConversationId,
    ) -> hansard_conversations::Reader<'a> {
        self.reads.conversations_with(conversation)
    }

    /// What an account has in all partitions.
    pub(crate) fn everywhere(&self) -> Reads<'a> {
        self.reads
    }
}

impl<'a> Deref for Reading<'a> {
    type Target = Call<'a>;

    fn deref(&self) -> &Call<'a> {
        self.call
    }
}

impl Call<'_> {
    pub(crate) fn app(&self) -> AppId {
        self.caller.app
    }

    /// The time of day, for what callers have dated.
    pub(crate) fn now(&self) -> Timestamp {
        self.desk.now()
    }

    /// The time of the app's log, for what its events have dated.
    pub(crate) fn log_now(&self) -> Timestamp {
        self.desk.log_now(self.app())
    }

    /// The time of the app's live partition, for visits.
    pub(crate) fn live_now(&self) -> Timestamp {
        self.desk.live_now(self.app())
    }

    /// Reads what can be many rows: the readers are reached in no other way.
    pub(crate) async fn read<T>(
        &self,
        work: impl FnOnce(&Reading<'_>) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        let read = self
            .desk
            .read(self.app(), |reads| work(&Reading { call: self, reads }));
        read.await.map_err(|error| self.not_answered(error))?
    }

    /// An account: one look-up by key.
    pub(crate) fn account(&self, user: &UserId) -> Result<Option<AccountRow>, Failure> {
        let account = self.desk.account(self.app(), user);
        account.map_err(|error| self.not_answered(error))
    }

    /// Refuses a call about an account that there is not.
    pub(crate) fn there_must_be(&self, user: &UserId) -> Result<(), Failure> {
        match self.account(user)? {
            Some(_) => Ok(()),
            None => Err(self.refusal(Reason::AccountUnknown)),
        }
    }

    /// Gives a command to the desk and waits for its answer.
    pub(crate) async fn submit<V: Verb>(&self, command: V) -> Result<Answer<V::Reply>, Failure> {
        let submitted = self.desk.submit(self.caller, command).await;
        submitted.map_err(|error| self.not_answered(error))
    }

    /// Gives the commands of a call's items to the desk in order. An item without a command has
    /// failed already; each fails alone.
    pub(crate) async fn submit_each<V: Verb>(
        &self,
        items: Vec<Result<V, Fault>>,
    ) -> Result<Outcomes<V::Reply>, Failure> {
        let mut commands = Vec::with_capacity(items.len());
        let items: Vec<Result<(), Fault>> = items
            .into_iter()
            .map(|item| item.map(|command| commands.push(command)))
            .collect();
        let answers = self.desk.submit_each(self.caller, commands).await;
        let mut answers = answers.into_iter();
        let mut outcomes = Outcomes {
            replies: Vec::with_capacity(items.len()),
            position: None,
        };
        for item in items {
            let reply = match item {
                Err(fault) => Err(fault),
                Ok(()) => match answers.next().expect("one answer for each command") {
                    Ok(answer) => {
                        outcomes.position = outcomes.position.max(Some(answer.position));
                        Ok(answer.reply)
                    }
                    Err(Error::Refused(reason)) => Err(self.fault(reason)),
                    Err(error) => return Err(self.not_answered(error)),
                },
            };
            outcomes.replies.push(reply);
        }
        Ok(outcomes)
    }

    /// A refusal of one item, in this endpoint's codes.
    pub(crate) fn fault(&self, reason: Reason) -> Fault {
        Fault {
            code: self.endpoint.service.code_of(reason, self.endpoint.command),
            info: reason.text().into(),
        }
    }

    /// A refusal in this endpoint's codes.
    pub(crate) fn refusal(&self, reason: Reason) -> Failure {
        let Fault { code, info } = self.fault(reason);
        Failure::Refused { code, info }
    }

    /// A failure of the desk, in this endpoint's codes.
    fn not_answered(&self, error: Error) -> Failure {
        match error {
            Error::Refused(reason) => self.refusal(reason),
            Error::AppUnknown => Failure::refused(codes::APP_UNKNOWN, "there is no such sdkappid"),
            Error::Busy
            | Error::Unavailable(_)
            | Error::OutcomeUnknown(_)
            | Error::NotYetVisible(_) => Failure::Unavailable(error.to_string()),
            Error::Broken(what) => Failure::Broken(what),
        }
    }

    /// The code for a field that this service has no better one for.
    pub(crate) fn parameter(&self, info: impl Into<Cow<'static, str>>) -> Failure {
        Failure::refused(self.endpoint.service.parameter, info)
    }
}

/// Why one item of a call failed.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) code: u32,
    pub(crate) info: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(code: u32, info: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            info: info.into(),
        }
    }
}

/// What the items of a call came to, in order.
pub(crate) struct Outcomes<R> {
    pub(crate) replies: Vec<Result<R, Fault>>,
    /// Of the last event; `None` when nothing was done.
    pub(crate) position: Option<Position>,
}

/// A successful answer.
pub(crate) struct Answered<T> {
    pub(crate) body: T,
    /// Of a write: where its event is.
    pub(crate) position: Option<Position>,
    /// Some items of the call have failed, of an endpoint that says so in its status.
    pub(crate) partly: bool,
}

impl<T> Answered<T> {
    pub(crate) fn read(body: T) -> Self {
        Self {
            body,
            position: None,
            partly: false,
        }
    }

    pub(crate) fn written(body: T, position: Position) -> Self {
        Self {
            body,
            position: Some(position),
            partly: false,
        }
    }
}

/// Why a request has no answer of its own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller is told no.
    Refused { code: u32, info: Cow<'static, str> },
    /// Not the caller's fault, and known: the text says what happened and what to do.
    Unavailable(String),
    /// Something broke; the text is for the log and not for the caller.
    Broken(String),
}

impl Failure {
    pub(crate) fn refused(code: u32, info: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused {
            code,
            info: info.into(),
        }
    }

    /// A read model or anything else of ours failed.
    pub(crate) fn broken(error: impl std::error::Error) -> Self {
        Self::Broken(error_chain(&error))
    }
}

/// A serialised answer.
pub(crate) struct Written {
    pub(crate) body: Vec<u8>,
    pub(crate) position: Option<Position>,
}

type Run = for<'a> fn(&'a Call<'a>, &'a [u8]) -> BoxFuture<'a, Result<Written, Failure>>;
type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One row of the table.
pub(crate) struct Endpoint {
    pub(crate) service: &'static Service,
    pub(crate) command: &'static str,
    /// Names it had in earlier years.
    pub(crate) aliases: &'static [&'static str],
    /// The documented rate, calls a second of one app.
    pub(crate) per_second: u32,
    pub(crate) summary: &'static str,
    pub(crate) request: SchemaOf,
    pub(crate) response: SchemaOf,
    pub(crate) run: Run,
}

impl Endpoint {
    pub(crate) const fn new<O: Operation>(
        service: &'static Service,
        command: &'static str,
        aliases: &'static [&'static str],
        per_second: u32,
    ) -> Self {
        Self {
            service,
            command,
            aliases,
            per_second,
            summary: O::SUMMARY,
            request: |generator| generator.subschema_for::<O::Request>(),
            response: |generator| generator.subschema_for::<O::Response>(),
            run: |call, body| Box::pin(run::<O>(call, body)),
        }
    }

    pub(crate) fn answers_to(&self, command: &str) -> bool {
        self.command == command || self.aliases.contains(&command)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service.path, self.command)
    }
}

async fn run<O: Operation>(call: &Call<'_>, body: &[u8]) -> Result<Written, Failure> {
    let service = call.endpoint.service;
    let request = json::read(body).map_err(|fault| body_failure(&fault, service, O::FIELDS))?;
    let answered = O::call(call, request).await?;
    let Answered {
        body,
        position,
        partly,
    } = answered;
    let body = envelope::success(service, &body, partly).map_err(Failure::broken)?;
    if body.len() > envelope::ANSWER_BYTES_MAX {
        let info = "the answer would be larger than 1 MB: ask for less";
        return Err(Failure::refused(codes::ANSWER_TOO_LARGE, info));
    }
    Ok(Written { body, position })
}

fn body_failure(fault: &BodyFault, service: &Service, fields: &[Field]) -> Failure {
    let code = match fault {
        BodyFault::NotJson | BodyFault::NotAnObject | BodyFault::TooDeep => service.json,
        BodyFault::Field { path, fault } => match Field::code_of(fields, path, fault) {
            Some(code) => code,
            None if *fault == FieldFault::WrongType && names_an_account(path) => {
                codes::ACCOUNT_NOT_A_STRING
            }
            None => service.parameter,
        },
    };
    Failure::refused(code, fault.to_string())
}

/// Fields that hold a UserID: whatever service they are in, the gateway wants a string.
fn names_an_account(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    let name = name.trim_end_matches("[]");
    name.ends_with("_Account") || matches!(name, "UserID" | "Identifier" | "Accounts")
}
