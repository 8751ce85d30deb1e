//! `POST /v1/apps/{app}/import`: takes recorded chat over with its original times.
//!
//! The body is lines of JSON: `at` (Unix milliseconds), `type` (`message`, `join`, `leave`),
//! `conversation`, `kind` (`group`, `c2c`), `sender`, `recipient` (one-to-one only), `text`.
//! Accounts and groups that are not there are made: a group is a `Public` one without an owner
//! that has the conversation's name as its id. Who never joined joins with the first message.
//!
//! Posting the same lines again, whenever that is, adds nothing, so after an answer that was lost
//! or says 503 the same lines are posted again. Lines are taken in their order; a line that cannot
//! be taken is named in `rejected` and does not hold up the others.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Answer, Caller, Error, Reads};
use hansard_domain::account::ImportAccount;
use hansard_domain::group::{AddMembers, CreateGroup, RemoveMembers};
use hansard_domain::message::{Content, ImportMessage};
use hansard_domain::{Command, Reply};
use hansard_events::group::{GroupProfileChange, GroupType};
use hansard_types::limits::{
    GROUP_NAME_BYTES_MAX, IMPORT_BODY_BYTES_MAX, IMPORT_LINES_PER_CALL_MAX,
};
use hansard_types::{ConversationId, GroupId, Position, Positions, Reason, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;

use crate::Operation;
use crate::Problem;
use crate::Shared;
use crate::access::{Access, Metered, not_answered};
use crate::import_line::{Checked, Identity, ImportLine, LineType, RejectedLine};

pub(crate) const PATH: &str = "/v1/apps/{app}/import";
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(60);

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    method: "post",
    path: PATH,
    id: "import",
    summary: "Takes recorded chat over: at most 1000 lines of JSON and 8 MiB",
    parameters: &[],
    request: Some(("application/x-ndjson", |generator| {
        generator.subschema_for::<ImportLine>()
    })),
    response: ("application/json", |generator| {
        generator.subschema_for::<Imported>()
    }),
}];

/// What became of the lines: each is one of messages, joins, leaves, duplicates and rejected.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Imported {
    /// Lines that were not empty.
    lines: usize,
    /// Messages that were added.
    messages: usize,
    /// Joins that were taken.
    joins: usize,
    /// Leaves that were taken.
    leaves: usize,
    /// Lines that had been imported before.
    duplicates: usize,
    rejected: Vec<RejectedLine>,
    /// Everything that was imported lies at these positions, one of each partition, or before them.
    position: Positions,
}

/// What a command was made for.
enum Purpose {
    /// An account or a group that a line needs.
    Need,
    Line(usize, LineType),
}

pub(crate) async fn lines(
    State(shared): State<Arc<Shared>>,
    access: Access,
    request: Request,
) -> Response {
    let metered = Metered::start("import");
    metered.end(answer(&shared, &access.0, request).await)
}

async fn answer(shared: &Shared, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let _turn = shared.imports.acquire().await.map_err(Problem::broken)?;
    let body = timeout(
        BODY_WITHIN,
        to_bytes(request.into_body(), IMPORT_BODY_BYTES_MAX),
    );
    let body = match body.await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(too_large("one call takes at most 8 MiB, sent whole")),
        Err(_elapsed) => return Err(Problem::invalid("the body took too long")),
    };
    let batch = shared.desk.read(caller.app, |reads| checked(&reads, &body));
    let batch = batch.await.map_err(not_answered)??;
    let imported = batch.submit(shared, caller).await?;
    Ok(Json(imported).into_response())
}

/// The commands for a call's lines, as far as they are not in already.
fn checked(reads: &Reads<'_>, body: &[u8]) -> Result<Batch, Problem> {
    let mut batch = Batch::default();
    for (index, line) in body.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        batch.result.lines += 1;
        if batch.result.lines > IMPORT_LINES_PER_CALL_MAX {
            return Err(too_large("one call takes at most 1000 lines"));
        }
        let checked = ImportLine::read(line).and_then(ImportLine::check);
        match checked {
            Ok(line) => batch.add(index + 1, line, reads)?,
            Err((code, detail)) => {
                batch.result.rejected.push(RejectedLine {
                    line: index + 1,
                    code,
                    detail,
                });
            }
        }
    }
    Ok(batch)
}

fn too_large(what: &'static str) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "import_too_large", what)
}

/// The commands of one call.
#[derive(Default)]
struct Batch {
    commands: Vec<Command>,
    purposes: Vec<Purpose>,
    accounts: HashSet<UserId>,
    groups: HashSet<GroupId>,
    result: Imported,
}

impl Batch {
    fn push(&mut self, purpose: Purpose, command: Command) {
        self.purposes.push(purpose);
        self.commands.push(command);
    }

    fn add(&mut self, number: usize, line: Checked, reads: &Reads<'_>) -> Result<(), Problem> {
        let Checked {
            at,
            kind,
            conversation,
            sender,
            recipient,
            text,
            identity,
        } = line;
        // Most of what is imported again ends here, without a command.
        let seen = reads
            .conversations_with(&conversation)
            .imported(&conversation, &identity.key);
        if seen.map_err(Problem::broken)?.is_some() {
            self.result.duplicates += 1;
            return Ok(());
        }
        self.need_account(&sender, reads)?;
        if let Some(recipient) = &recipient {
            self.need_account(recipient, reads)?;
        }
        if let ConversationId::Group(group) = &conversation {
            self.need_group(group, at, reads)?;
        }
        let Identity {
            key,
            random,
            client_seq,
        } = identity;
        let command = match (kind, conversation) {
            (LineType::Join, ConversationId::Group(group_id)) => Command::AddMembers(AddMembers {
                group_id,
                accounts: vec![sender],
                silent: true,
                imported: Some((at, key)),
            }),
            (LineType::Leave, ConversationId::Group(group_id)) => {
                Command::RemoveMembers(RemoveMembers {
                    group_id,
                    accounts: vec![sender],
                    silent: true,
                    reason: None,
                    imported: Some((at, key)),
                })
            }
            (LineType::Message | LineType::Join | LineType::Leave, conversation) => {
                Command::ImportMessage(ImportMessage {
                    conversation,
                    from: sender,
                    content: Content::text(&text),
                    sent_at: at,
                    import_key: Some(key),
                    random,
                    client_seq,
                })
            }
        };
        self.push(Purpose::Line(number, kind), command);
        Ok(())
    }

    fn need_account(&mut self, user: &UserId, reads: &Reads<'_>) -> Result<(), Problem> {
        if self.accounts.contains(user) {
            return Ok(());
        }
        let known = reads
            .directory()
            .account(user)
            .map_err(Problem::broken)?
            .is_some();
        self.accounts.insert(user.clone());
        if !known {
            let account = ImportAccount {
                user_id: user.clone(),
                nick: None,
                face_url: None,
            };
            self.push(Purpose::Need, Command::ImportAccount(account));
        }
        Ok(())
    }

    fn need_group(
        &mut self,
        group: &GroupId,
        at: Timestamp,
        reads: &Reads<'_>,
    ) -> Result<(), Problem> {
        if self.groups.contains(group) {
            return Ok(());
        }
        let known = reads
            .groups_with(group)
            .group(group)
            .map_err(Problem::broken)?
            .is_some();
        self.groups.insert(group.clone());
        if !known {
            let command = CreateGroup {
                group_id: group.clone(),
                group_type: GroupType::Public,
                owner: None,
                profile: GroupProfileChange {
                    name: Some(truncated(group.as_str(), GROUP_NAME_BYTES_MAX).to_owned()),
                    ..GroupProfileChange::default()
                },
                members: Vec::new(),
                created_at: Some(at),
            };
            self.push(Purpose::Need, Command::CreateGroup(command));
        }
        Ok(())
    }

    async fn submit(self, shared: &Shared, caller: &Caller) -> Result<Imported, Problem> {
        let Self {
            commands,
            purposes,
            mut result,
            ..
        } = self;
        let answers = shared.desk.import(caller, commands).await;
        for (purpose, answer) in purposes.into_iter().zip(answers) {
            match (purpose, answer) {
                (purpose, Ok(answer)) => result.count(&purpose, answer),
                // Somebody else made it in the meantime.
                (Purpose::Need, Err(Error::Refused(Reason::GroupIdTaken))) => {}
                (Purpose::Line(line, _), Err(Error::Refused(reason))) => {
                    let code = reason.name();
                    let detail = reason.text().to_owned();
                    result.rejected.push(RejectedLine { line, code, detail });
                }
                (Purpose::Need | Purpose::Line(..), Err(error)) => {
                    return Err(not_answered(error));
                }
            }
        }
        result.rejected.sort_by_key(|rejected| rejected.line);
        if result.position == Positions::default() {
            // Nothing was added: what was there before lies before the end.
            result.position = shared.desk.log_end(caller.app);
        }
        Ok(result)
    }
}

impl Imported {
    fn count(&mut self, purpose: &Purpose, answer: Answer) {
        let Position {
            partition,
            sequence,
        } = answer.position;
        let before = self.position.sequence(partition).unwrap_or(0);
        let last = Position::new(partition, sequence.max(before));
        self.position.set(last);
        let Purpose::Line(_, kind) = purpose else {
            return;
        };
        match (kind, answer.reply) {
            (
                LineType::Message,
                Reply::Sent {
                    duplicate: false, ..
                },
            ) => self.messages += 1,
            (LineType::Message, _) => self.duplicates += 1,
            // An import that was remembered in the meantime is answered without members.
            (LineType::Join, Reply::Members(members)) if members.is_empty() => {
                self.duplicates += 1;
            }
            (LineType::Join, _) => self.joins += 1,
            (LineType::Leave, _) => self.leaves += 1,
        }
    }
}

/// The beginning of a text, cut where a character ends.
fn truncated(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
