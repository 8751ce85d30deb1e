use std::path::PathBuf;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

/// How to log in to a nats-server, and how it shows that it is the right one.
#[derive(Clone)]
pub struct Credentials {
    pub user: String,
    pub password: String,
    /// The one certificate that the server may show, a PEM file: without it nobody is told the
    /// password, and nothing is believed. `None`: as the URL and the server say, with the
    /// certificates that this machine trusts.
    pub certificate: Option<PathBuf>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("certificate", &self.certificate)
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
            certificate: None,
        })
    }
}
