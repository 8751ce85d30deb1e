//! How a nats-server shows that it is ours: a certificate that only it has the key of.
//!
//! Any local user can listen on its port while it is down. Both of our connections take nobody for
//! it who does not have the key, so such a listener gets neither the password nor an event, and
//! nothing that it acknowledges is believed.

use std::io::{Error, Result};
use std::path::Path;

use async_nats::rustls::RootCertStore;
use rcgen::{KeyPair, generate_simple_self_signed};

use crate::{files, peer};

/// What it listens on, and so what it is called.
pub(super) const HOST: &str = "127.0.0.1";

/// Makes certificate and key where there are none, or none that are whole.
pub(super) fn prepare(certificate: &Path, key: &Path) -> Result<()> {
    if is_whole(certificate, key) {
        return Ok(());
    }
    let made = generate_simple_self_signed([HOST.to_owned()]).map_err(Error::other)?;
    files::replace(key, made.signing_key.serialize_pem().as_bytes())?;
    files::replace(certificate, made.cert.pem().as_bytes())
}

fn is_whole(certificate: &Path, key: &Path) -> bool {
    let key = std::fs::read_to_string(key).ok();
    let key = key.and_then(|pem| KeyPair::from_pem(&pem).ok());
    let Some((key, certificate)) = key.zip(peer::certificate(certificate).ok()) else {
        return false;
    };
    // The certificate holds the public key as it is.
    let public = key.public_key_raw();
    certificate
        .windows(public.len())
        .any(|window| window == public)
        && RootCertStore::empty().add(certificate).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_kept_and_one_that_is_damaged_is_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
        let made = || {
            prepare(&certificate, &key).expect("made");
            assert!(is_whole(&certificate, &key));
            std::fs::read_to_string(&certificate).expect("reads")
        };
        let first = made();
        assert_eq!(made(), first, "it is kept: tools may know it");
        std::fs::write(&key, "").expect("writes");
        let second = made();
        assert_ne!(second, first);
        std::fs::write(&certificate, &first).expect("writes");
        assert_ne!(made(), first, "a certificate of another key");
    }
}
