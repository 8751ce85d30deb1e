//! The envelope of every answer: `ActionStatus`, `ErrorCode`, `ErrorInfo`.

use serde::Serialize;

use crate::service::Service;

/// An answer's size (Tencent Cloud Chat: 1 MB, else 10018).
pub(crate) const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A successful answer with the fields of `body`, which must serialise as an object.
///
/// `partly`: some items of a call whose answer says so have failed.
pub(crate) fn success<T: Serialize>(
    service: &Service,
    body: &T,
    partly: bool,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::with_capacity(192);
    text.push(b'{');
    if service.has_action_status {
        let status: &[u8] = if partly {
            br#""ActionStatus":"SomeError","#
        } else {
            br#""ActionStatus":"OK","#
        };
        text.extend_from_slice(status);
    }
    text.extend_from_slice(br#""ErrorCode":0,"ErrorInfo":"""#);
    if service.has_error_display {
        text.extend_from_slice(br#","ErrorDisplay":"""#);
    }
    let mark = text.len();
    serde_json::to_writer(&mut text, body)?;
    assert_eq!(text.get(mark), Some(&b'{'), "an answer is an object");
    if text.len() == mark + 2 {
        text.remove(mark);
    } else {
        text[mark] = b',';
    }
    Ok(text)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    action_status: Option<&'static str>,
    error_code: u32,
    error_info: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_display: Option<&'static str>,
}

/// A failed answer; no service when the path names none.
pub(crate) fn failure(service: Option<&Service>, code: u32, info: &str) -> Vec<u8> {
    let has_display = service.is_some_and(|service| service.has_error_display);
    let has_status = service.is_none_or(|service| service.has_action_status);
    let fail = Fail {
        action_status: has_status.then_some("FAIL"),
        error_code: code,
        error_info: info,
        error_display: has_display.then_some(""),
    };
    serde_json::to_vec(&fail).expect("texts and numbers serialise")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::endpoint::Nothing;

    /// The service of an endpoint.
    fn of(path: &str) -> &'static Service {
        crate::find(path).expect("an endpoint").1.service
    }

    fn parsed(body: &[u8]) -> Value {
        serde_json::from_slice(body).expect("JSON")
    }

    #[test]
    fn the_fields_of_an_answer_stand_beside_the_status() {
        let body = success(
            of("group_open_http_svc/create_group"),
            &json!({ "GroupId": "g" }),
            false,
        )
        .expect("it serialises");
        let expected =
            json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "GroupId": "g" });
        assert_eq!(parsed(&body), expected);
        let body =
            success(of("recentcontact/get_list"), &Nothing {}, false).expect("it serialises");
        let expected =
            json!({ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "ErrorDisplay": "" });
        assert_eq!(parsed(&body), expected);
    }

    #[test]
    fn one_service_leaves_the_status_out() {
        let body = success(of("openconfigsvr/getnospeaking"), &json!({ "A": 1 }), false)
            .expect("it serialises");
        let expected = json!({ "ErrorCode": 0, "ErrorInfo": "", "A": 1 });
        assert_eq!(parsed(&body), expected);
        let body = failure(Some(of("openconfigsvr/getnospeaking")), 130001, "no");
        assert_eq!(
            parsed(&body),
            json!({ "ErrorCode": 130001, "ErrorInfo": "no" })
        );
    }

    #[test]
    fn a_failure_says_its_code_and_text() {
        let body = failure(None, 60009, "no \"such\" path");
        let expected =
            json!({ "ActionStatus": "FAIL", "ErrorCode": 60009, "ErrorInfo": "no \"such\" path" });
        assert_eq!(parsed(&body), expected);
        assert_eq!(
            parsed(&failure(Some(of("recentcontact/get_list")), 1, ""))["ErrorDisplay"],
            ""
        );
    }
}
