//! The operations of the protocol that nats-server sends.

use serde::Deserialize;

use super::{SAID_BYTES_MAX, WireError};

/// What the server tells of itself.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Info {
    pub(super) max_payload: usize,
    #[serde(default)]
    pub(super) tls_required: bool,
}

/// A message to the inbox.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Answer {
    pub(in super::super) subject: String,
    /// It only says that nobody took what it answers.
    pub(in super::super) is_status: bool,
    pub(in super::super) payload: Vec<u8>,
}

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerOp {
    Info(Info),
    Ping,
    Pong,
    Ok,
    Error(String),
    Answer(Answer),
}

/// Reads one operation from the beginning, and says how long it is; `None` while it is not whole.
pub(super) fn parse_op(bytes: &[u8]) -> Result<Option<(ServerOp, usize)>, WireError> {
    let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") else {
        return Ok(None);
    };
    let line = std::str::from_utf8(&bytes[..end]).map_err(|_| WireError::Garbled)?;
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let begin = end + 2;
    let op = match word.to_ascii_uppercase().as_str() {
        "INFO" => ServerOp::Info(serde_json::from_str(rest).map_err(|_| WireError::Garbled)?),
        "PING" => ServerOp::Ping,
        "PONG" => ServerOp::Pong,
        "+OK" => ServerOp::Ok,
        "-ERR" => ServerOp::Error(rest.trim_matches('\'').to_owned()),
        "MSG" => return answer(rest, false, bytes, begin),
        "HMSG" => return answer(rest, true, bytes, begin),
        _ => return Err(WireError::Garbled),
    };
    Ok(Some((op, begin)))
}

/// `subject sid [reply] [bytes of headers] bytes`, and behind the line headers and body.
fn answer(
    line: &str,
    has_headers: bool,
    bytes: &[u8],
    begin: usize,
) -> Result<Option<(ServerOp, usize)>, WireError> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let numbers = if has_headers { 2 } else { 1 };
    let [subject, _, between @ .., total] = fields.as_slice() else {
        return Err(WireError::Garbled);
    };
    if !(numbers - 1..=numbers).contains(&between.len()) {
        return Err(WireError::Garbled);
    }
    let number = |text: &str| text.parse::<usize>().map_err(|_| WireError::Garbled);
    let total = number(total)?;
    let head = match between.last() {
        Some(head) if has_headers => number(head)?,
        _ => 0,
    };
    if head > total || total > SAID_BYTES_MAX {
        return Err(WireError::Garbled);
    }
    let after = begin + total;
    let (Some(payload), Some(closing)) = (bytes.get(begin..after), bytes.get(after..after + 2))
    else {
        return Ok(None);
    };
    if closing != b"\r\n" {
        return Err(WireError::Garbled);
    }
    let (head, body) = payload.split_at(head);
    let answer = Answer {
        subject: (*subject).to_owned(),
        is_status: is_status(head),
        payload: body.to_vec(),
    };
    Ok(Some((ServerOp::Answer(answer), after + 2)))
}

/// Whether headers begin with a status, such as `NATS/1.0 503`: nobody took the message.
fn is_status(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = line.strip_prefix(b"NATS/1.0").unwrap_or_default();
    !status.trim_ascii().is_empty()
}
