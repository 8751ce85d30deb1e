use hansard_events::RawEvent;

use super::server_op::{Answer, Info, ServerOp, parse_op};
use super::{Unsendable, WireError, put};

fn whole(text: &str) -> ServerOp {
    let (thing, length) = parse_op(text.as_bytes()).expect("reads").expect("is whole");
    assert_eq!(length, text.len());
    for end in 0..text.len() {
        let part = parse_op(&text.as_bytes()[..end]).expect("reads");
        assert_eq!(part, None, "{end} bytes of {text:?}");
    }
    thing
}

fn answer(subject: &str, is_status: bool, payload: &str) -> ServerOp {
    ServerOp::Answer(Answer {
        subject: subject.to_owned(),
        is_status,
        payload: payload.as_bytes().to_vec(),
    })
}

#[test]
fn everything_the_server_says_is_read_once_it_is_whole() {
    let info = Info {
        max_payload: 1_048_576,
        tls_required: false,
    };
    assert_eq!(
        whole("INFO {\"server_id\":\"N\",\"max_payload\":1048576}\r\n"),
        ServerOp::Info(info)
    );
    assert_eq!(whole("PING\r\n"), ServerOp::Ping);
    assert_eq!(whole("PONG\r\n"), ServerOp::Pong);
    assert_eq!(whole("+OK\r\n"), ServerOp::Ok);
    assert_eq!(
        whole("-ERR 'Stale Connection'\r\n"),
        ServerOp::Error("Stale Connection".to_owned())
    );
    assert_eq!(
        whole("MSG a.1 1 5\r\na\r\nbc\r\n"),
        answer("a.1", false, "a\r\nbc")
    );
    assert_eq!(
        whole("MSG a.1 1 reply 2\r\n{}\r\n"),
        answer("a.1", false, "{}")
    );
    let status = "HMSG a.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n";
    assert_eq!(whole(status), answer("a.1", true, ""));
    let headers = "HMSG a.1 1 18 20\r\nNATS/1.0\r\na: b\r\n\r\n{}\r\n";
    assert_eq!(whole(headers), answer("a.1", false, "{}"));
}

#[test]
fn what_is_not_the_protocol_is_not_guessed_at() {
    for text in [
        "HTTP/1.1 400 Bad Request\r\n",
        "INFO {}\r\n",
        "MSG a.1 1\r\n",
        "MSG a.1 1 one\r\n",
        "MSG a.1 1 b c 2\r\n{}\r\n",
        "MSG a.1 1 2\r\n{}{}\r\n",
        "MSG a.1 1 99999999999999\r\n",
        "HMSG a.1 1 3 2\r\n{}\r\n",
        "HMSG a.1 1 2\r\n{}\r\n",
    ] {
        assert!(
            matches!(parse_op(text.as_bytes()), Err(WireError::Garbled)),
            "{text:?}"
        );
    }
}

fn event(headers: &[(&'static str, &'static str)]) -> RawEvent {
    let subject = "hansard.1.0.message.sent.3f";
    RawEvent::new(subject, headers.iter().copied(), b"a\r\nb")
}

#[test]
fn an_event_is_written_with_its_headers_and_those_besides() {
    let mut out = Vec::new();
    let event = event(&[("ce-id", "1")]);
    put(
        &mut out,
        event.view(),
        Some("inbox.7"),
        "Expected: 41\r\n",
        1000,
    )
    .expect("is sent");
    put(&mut out, event.view(), None, "", 1000).expect("is sent");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!(
        text,
        "HPUB hansard.1.0.message.sent.3f inbox.7 36 40\r\n\
         NATS/1.0\r\nce-id: 1\r\nExpected: 41\r\n\r\na\r\nb\r\n\
         HPUB hansard.1.0.message.sent.3f 22 26\r\n\
         NATS/1.0\r\nce-id: 1\r\n\r\na\r\nb\r\n"
    );
}

#[test]
fn nothing_is_written_of_an_event_that_cannot_be_sent() {
    let mut out = Vec::new();
    for headers in [
        [("ce-id", "1\r\nce-type: 2")],
        [("ce:id", "1")],
        [("ce id", "1")],
        [("", "")],
    ] {
        let refused = put(&mut out, event(&headers).view(), None, "", 1000);
        assert!(matches!(refused, Err(Unsendable::Header(_))), "{headers:?}");
    }
    let refused = put(&mut out, event(&[]).view(), None, "", 15);
    assert!(matches!(refused, Err(Unsendable::TooLarge(15))));
    assert!(out.is_empty());
    put(&mut out, event(&[]).view(), None, "", 16).expect("the limit is allowed");
}
