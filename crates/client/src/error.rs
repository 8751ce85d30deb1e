/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{url} is not the address of a server, such as http://127.0.0.1:8080")]
    Address { url: String },
    #[error("no certificate can be taken from what was given as --ca: {what}")]
    Ca { what: String },
    /// Nothing was asked.
    #[error(
        "the server's certificate is not trusted: if the address is the right one, give whom it \
         comes from with --ca FILE or SSL_CERT_FILE"
    )]
    Untrusted(#[source] reqwest::Error),
    /// It may have happened.
    #[error("the server did not answer")]
    Connection(#[source] reqwest::Error),
    /// `/v4`: the server says no.
    #[error("refused with code {code}: {info}")]
    Refused { code: i64, info: String },
    /// `/v1`: the server says no (RFC 9457).
    #[error("{title} (HTTP {status}): {detail}")]
    Problem {
        status: u16,
        title: String,
        detail: String,
    },
    #[error("the answer of the server does not read: {what}")]
    Malformed { what: String },
}

impl Error {
    /// Whether the same call may succeed later. Whether it may be made twice is another question.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connection(error) => !error.is_builder(),
            // Too many requests, or not at the moment.
            Self::Problem { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            Self::Address { .. }
            | Self::Ca { .. }
            | Self::Untrusted(_)
            | Self::Refused { .. }
            | Self::Malformed { .. } => false,
        }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
