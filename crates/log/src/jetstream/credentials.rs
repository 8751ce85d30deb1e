use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

/// How to log in to a nats-server.
#[derive(Clone)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Those that stand in a URL: async-nats does not log in with them.
    pub(super) fn in_url(address: &ServerAddr) -> Option<Self> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(Self {
            user: decoded(address.username()?),
            password: decoded(address.password()?),
        })
    }
}
