use hansard_engine::SubmitError;
use hansard_types::{Position, Reason, error_chain};

/// Why a command or a read has no answer of its own: what every failure of the engine means to a
/// caller, in any surface. [`Display`](std::fmt::Display) says what happened and what to do, for the
/// caller; of [`Self::Broken`] only the log gets to see what it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The domain says no. Nothing changed.
    #[error("{}", .0.text())]
    Refused(Reason),
    #[error("there is no such app")]
    AppUnknown,
    #[error("the server is busy and nothing happened: send the same request again")]
    Busy,
    #[error("nothing happened ({0}): send the same request again later")]
    Unavailable(String),
    #[error(
        "it may have happened ({0}): sending the same request again, with the same numbers and \
         time, is safe, it is recognised"
    )]
    OutcomeUnknown(String),
    #[error("position {0} is not yet visible: nothing is wrong with the data, ask again")]
    NotYetVisible(Position),
    /// Something of ours broke, and this is what.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    pub fn broken(error: impl std::error::Error) -> Self {
        Self::Broken(error_chain(&error))
    }
}

impl From<SubmitError> for Error {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => Self::Refused(rejection.reason),
            SubmitError::AppUnknown => Self::AppUnknown,
            SubmitError::Busy => Self::Busy,
            SubmitError::Unavailable(reason) => Self::Unavailable(reason),
            SubmitError::OutcomeUnknown(reason) => Self::OutcomeUnknown(reason),
        }
    }
}
