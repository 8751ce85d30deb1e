use serde::Deserialize;

use super::unknown;
use crate::AppendError;

/// The server's answer to a publish.
#[derive(Deserialize)]
pub(super) struct Ack {
    /// Of what a fast batch says on its way: `ack`, `gap` or `err`.
    r#type: Option<String>,
    pub(super) error: Option<AckError>,
    #[serde(default)]
    pub(super) seq: u64,
}

impl Ack {
    /// Whether the batch has ended: well, or at its first error.
    pub(super) fn is_final(&self) -> bool {
        self.r#type.as_deref().is_none_or(|kind| kind == "err")
    }
}

#[derive(Deserialize)]
pub(super) struct AckError {
    err_code: u64,
    description: String,
}

/// Codes of nats-server's error table.
mod err_code {
    pub(super) const WRONG_LAST_SEQUENCE: u64 = 10_071;
    pub(super) const WRONG_LAST_MESSAGE_ID: u64 = 10_070;
    pub(super) const WRONG_LAST_SEQUENCE_CONSTANT: u64 = 10_164;
    pub(super) const MESSAGE_TOO_LARGE: u64 = 10_054;
    pub(super) const HEADERS_TOO_LARGE: u64 = 10_097;
    pub(super) const BATCH_TOO_LARGE: u64 = 10_199;
}

pub(super) fn refused(error: &AckError, expected_last: u64) -> AppendError {
    match error.err_code {
        err_code::WRONG_LAST_SEQUENCE
        | err_code::WRONG_LAST_MESSAGE_ID
        | err_code::WRONG_LAST_SEQUENCE_CONSTANT => AppendError::Conflict { expected_last },
        err_code::MESSAGE_TOO_LARGE | err_code::HEADERS_TOO_LARGE | err_code::BATCH_TOO_LARGE => {
            AppendError::Refused(error.description.clone())
        }
        // Resources, leadership, start-up: worth trying again.
        code => unknown(format!("{} ({code})", error.description)),
    }
}
