//! `GET /v1/apps/{app}/messages/merged`: merged messages in whole, of which history has the key only
//! because they are too many (`JsonMsgKey` of the server API).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use hansard_desk::{Caller, Query, Reads};
use hansard_events::message::{Element, Merged, decode_elements};
use hansard_types::{MergedKey, Reason};

use crate::access::{Metered, Own, not_answered, refused};
use crate::{Operation, Problem, Shared, reading, required};

pub(crate) const PATH: &str = "/v1/apps/{app}/messages/merged";

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    method: "get",
    path: PATH,
    id: "merged_messages",
    summary: "Reads merged messages in whole, by their key, of a message that the caller may read",
    parameters: &[required("key", "`JsonMsgKey` of the message")],
    request: None,
    response: ("application/json", |generator| {
        generator.subschema_for::<Merged>()
    }),
}];

pub(crate) async fn read(
    State(shared): State<Arc<Shared>>,
    Own(caller): Own,
    uri: Uri,
) -> Response {
    let metered = Metered::start("merged_messages");
    let found = async {
        let query = Query::read(uri.query().unwrap_or_default());
        let key = query.filled("key");
        let key = key.ok_or_else(|| Problem::invalid("key is missing"))?;
        let key: MergedKey = key
            .parse()
            .map_err(|error| Problem::invalid(format!("key: {error}")))?;
        let read = shared
            .desk
            .read(caller.app, |reads| merged(&reads, &caller, &key));
        let merged = read.await.map_err(not_answered)??;
        Ok(Json(merged).into_response())
    };
    metered.end(found.await)
}

fn merged(reads: &Reads<'_>, caller: &Caller, key: &MergedKey) -> Result<Merged, Problem> {
    let MergedKey {
        conversation,
        seq,
        at,
    } = key;
    let unknown = || refused(Reason::MessageUnknown);
    let message = reading::message(reads, &caller.user, (conversation, *seq))?;
    if message.is_notice {
        return Err(unknown());
    }
    let elements = decode_elements(&message.elements).map_err(Problem::broken)?;
    match elements.into_iter().nth(*at) {
        Some(Element::Merged(merged)) => Ok(merged),
        Some(_) | None => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::TestApi;

    #[tokio::test]
    async fn merged_messages_are_read_in_whole_by_who_may_read_them() {
        let api = TestApi::start().await;
        api.create_group("team", &["bob"]).await;
        let message = json!({ "sender": "bob",
            "elements": [{ "type": "text", "text": "x".repeat(5000) }] });
        let merged = json!({ "type": "merged", "title": "chat", "messages": vec![message; 3] });
        let body = json!({ "to": { "group": "team" }, "random": 1,
            "elements": [{ "type": "text", "text": "봐" }, merged] });
        let (status, sent) = api.own("bob", "POST", "messages", Some(&body)).await;
        assert_eq!(status, 200, "{sent}");
        let path = |key: &str| format!("messages/merged?key={key}");
        let key = path("1.1.group:team");
        let (status, read) = api.own("bob", "GET", &key, None).await;
        assert_eq!(status, 200, "{read}");
        assert_eq!(read["messages"], merged["messages"]);
        let (status, problem) = api.own("carol", "GET", &key, None).await;
        let seen = (status, &problem["code"]);
        assert_eq!(seen, (409, &json!("message_unknown")), "she is no member");
        for other in ["0.1.group:team", "2.1.group:team", "1.2.group:team"] {
            let (_, problem) = api.own("bob", "GET", &path(other), None).await;
            assert_eq!(problem["code"], "message_unknown", "{other}");
        }
        for wrong in ["messages/merged".to_owned(), path("x")] {
            let (status, _) = api.own("bob", "GET", &wrong, None).await;
            assert_eq!(status, 400, "{wrong}");
        }
    }
}
