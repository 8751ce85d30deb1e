//! `/v1/apps/{app}/messages/extensions`: keys and values that the members of a conversation keep with
//! a message, for votes, lists and the like.
//!
//! Who changes a key says the number that it knows of it, 0 of a new one: when another was faster,
//! the answer has the value and number that there are now, and nothing was changed.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Caller, Query, Reads};
use hansard_domain::message::{
    ChangeExtensions, ExtensionChange, ExtensionOutcome, NewExtension, Which,
};
use hansard_types::limits::{EXTENSIONS_MAX, EXTENSIONS_PER_CALL_MAX};
use hansard_types::{ConversationId, Position, Reason, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Metered, Own, json_body, not_answered, refused};
use crate::{Kind, Operation, Problem, Shared, asked, optional, reading, required};

pub(crate) const PATH: &str = "/v1/apps/{app}/messages/extensions";

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        method: "post",
        path: PATH,
        id: "change_extensions",
        summary: "Changes keys and values that are kept with a message",
        parameters: &[],
        request: Some(("application/json", |generator| {
            generator.subschema_for::<Changing>()
        })),
        response: ("application/json", |generator| {
            generator.subschema_for::<Changed>()
        }),
    },
    Operation {
        method: "get",
        path: PATH,
        id: "extensions",
        summary: "Reads the keys and values that are kept with a message",
        parameters: &[
            required("conversation", "Its id, as `group:team` or `c2c:alice:bob`"),
            required("seq", "The message").of(Kind::Other),
            optional(
                "from",
                "Only keys whose last change has this number or a later one",
            ),
        ],
        request: None,
        response: ("application/json", |generator| {
            generator.subschema_for::<Kept>()
        }),
    },
];

#[derive(Deserialize, JsonSchema)]
struct Changing {
    conversation: ConversationId,
    seq: Seq,
    /// At most 20.
    #[serde(default)]
    #[schemars(length(max = EXTENSIONS_PER_CALL_MAX))]
    set: Vec<Setting>,
    /// All of them go; nothing is set then.
    #[serde(default)]
    clear: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Setting {
    /// 1 to 100 bytes.
    key: String,
    /// 1 to 1000 bytes; `null`: the key is deleted.
    value: Option<String>,
    /// The number of the key's last change, as the caller knows it; 0: it has none.
    #[serde(default)]
    number: u64,
}

#[derive(Serialize, JsonSchema)]
struct Changed {
    /// In the order asked.
    extensions: Vec<Outcome>,
    /// Where it is in the log; the log's end when nothing was added.
    position: Position,
}

#[derive(Serialize, JsonSchema)]
struct Outcome {
    #[serde(flatten)]
    extension: Extension,
    /// Why it did not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

#[derive(Serialize, JsonSchema)]
struct Extension {
    key: String,
    /// Empty: it was deleted, or never set.
    value: String,
    number: u64,
}

#[derive(Serialize, JsonSchema)]
struct Kept {
    /// By number, at most 300.
    #[schemars(length(max = EXTENSIONS_MAX))]
    extensions: Vec<Extension>,
    /// The number of the last change; 0: there was none.
    latest: u64,
    /// What has a number up to this one is gone.
    cleared_up_to: u64,
}

pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    body: Bytes,
) -> Response {
    let metered = Metered::start("change_extensions");
    metered.end(changed(&shared, &caller, &body).await)
}

async fn changed(shared: &Shared, caller: &Caller, body: &Bytes) -> Result<Response, Problem> {
    let Changing {
        conversation,
        seq,
        set,
        clear,
    } = json_body(body)?;
    if set.is_empty() != clear || set.len() > EXTENSIONS_PER_CALL_MAX {
        let detail = format!("set holds 1 to {EXTENSIONS_PER_CALL_MAX}, or clear is true");
        return Err(Problem::invalid(detail));
    }
    let one = |setting: Setting| NewExtension {
        key: setting.key,
        value: setting.value,
        number: setting.number,
    };
    let command = ChangeExtensions {
        conversation,
        which: Which::Seq(seq),
        change: if clear {
            ExtensionChange::Clear
        } else {
            ExtensionChange::Set(set.into_iter().map(one).collect())
        },
        by: caller.user.clone(),
    };
    let answer = shared.desk.submit(caller, command).await;
    let answer = answer.map_err(not_answered)?;
    let outcome = |outcome: ExtensionOutcome| Outcome {
        error: outcome.refused.map(Reason::name),
        extension: Extension {
            key: outcome.now.key,
            value: outcome.now.value,
            number: outcome.now.number,
        },
    };
    let changed = Changed {
        extensions: answer.reply.into_iter().map(outcome).collect(),
        position: answer.position,
    };
    Ok(Json(changed).into_response())
}

/// What the query of a read asks for.
struct Asked {
    conversation: ConversationId,
    seq: Seq,
    from: u64,
}

fn asked(uri: &Uri) -> Result<Asked, Problem> {
    let query = Query::read(uri.query().unwrap_or_default());
    let conversation = asked::conversation(&query)?;
    let seq = asked::number(&query, "seq")?;
    Ok(Asked {
        conversation,
        seq: seq
            .map(Seq)
            .ok_or_else(|| Problem::invalid("seq is missing"))?,
        from: asked::number(&query, "from")?.unwrap_or(0),
    })
}

pub(crate) async fn read(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    let metered = Metered::start("extensions");
    let found = async {
        let asked = asked(&uri)?;
        let read = shared
            .desk
            .read(caller.app, |reads| kept(&reads, &caller, &asked));
        let kept = read.await.map_err(not_answered)??;
        Ok(Json(kept).into_response())
    };
    metered.end(found.await)
}

fn kept(reads: &Reads<'_>, caller: &Caller, asked: &Asked) -> Result<Kept, Problem> {
    let Asked {
        conversation,
        seq,
        from,
    } = asked;
    let message = reading::message(reads, &caller.user, (conversation, *seq))?;
    if !message.extensible {
        return Err(refused(Reason::ExtensionsOff));
    }
    let conversations = reads.conversations_with(conversation);
    let row = conversations.extensions(conversation, *seq);
    let row = row.map_err(Problem::broken)?;
    let (latest, cleared_up_to) = (row.latest, row.cleared_up_to);
    let since = row.since(*from).into_iter();
    Ok(Kept {
        extensions: since
            .map(|(key, value, number)| Extension { key, value, number })
            .collect(),
        latest,
        cleared_up_to,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::TestApi;

    async fn vote(api: &TestApi, who: &str, set: Value) -> (u16, Value) {
        let body = json!({ "conversation": "group:team", "seq": 1, "set": set });
        api.own(who, "POST", "messages/extensions", Some(&body))
            .await
    }

    #[tokio::test]
    async fn members_change_keys_by_the_number_that_they_know() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let body = json!({ "to": { "group": "team" }, "random": 1, "extensible": true,
            "elements": [{ "type": "text", "text": "투표" }] });
        let (status, sent) = api.own("bob", "POST", "messages", Some(&body)).await;
        assert_eq!(status, 200, "{sent}");
        let first = json!([{ "key": "yes", "value": "bob" }]);
        let (status, done) = vote(&api, "bob", first.clone()).await;
        assert_eq!((status, &done["extensions"][0]["number"]), (200, &json!(1)));
        let end = api.log_end();
        let late = json!([{ "key": "yes", "value": "other" }]);
        let (_, done) = vote(&api, "bob", late).await;
        let outcome = &done["extensions"][0];
        assert_eq!(outcome["error"], "extension_conflict");
        assert_eq!(
            (&outcome["value"], &outcome["number"]),
            (&json!("bob"), &json!(1))
        );
        assert_eq!(
            vote(&api, "bob", first).await.0,
            200,
            "the same again is no conflict"
        );
        assert_eq!(api.log_end(), end, "nothing was written");
        let (status, problem) = vote(&api, "carol", json!([{ "key": "k", "value": "v" }])).await;
        assert_eq!((status, &problem["code"]), (409, &json!("member_unknown")));

        let path = "messages/extensions?conversation=group:team&seq=1";
        let (status, kept) = api.own("bob", "GET", path, None).await;
        assert_eq!(status, 200, "{kept}");
        let one = json!({ "key": "yes", "value": "bob", "number": 1 });
        assert_eq!((&kept["extensions"][0], &kept["latest"]), (&one, &json!(1)));
        let (_, problem) = api.own("carol", "GET", path, None).await;
        assert_eq!(problem["code"], "message_unknown", "she is no member");
        for wrong in ["", "?conversation=group:team", "?conversation=x&seq=1"] {
            let path = format!("messages/extensions{wrong}");
            let (status, _) = api.own("bob", "GET", &path, None).await;
            assert_eq!(status, 400, "{wrong}");
        }
    }
}
