//! What a nats-server has to be for us to speak with it: new enough, and the one whose certificate we
//! were given.

use std::io::{Error, Result};
use std::path::Path;

use async_nats::rustls::pki_types::CertificateDer;
use async_nats::rustls::pki_types::pem::PemObject as _;

/// The oldest nats-server that Hansard was measured on.
pub const VERSION_MIN: (u32, u32) = (2, 15);

/// Whether a version is new enough.
///
/// # Errors
/// A sentence that says what to do.
pub fn check_version(version: &str) -> std::result::Result<(), String> {
    let mut parts = version
        .split(['.', '-'])
        .map(|part| part.parse::<u32>().ok());
    let major_minor = parts.next().flatten().zip(parts.next().flatten());
    if major_minor.is_some_and(|found| found >= VERSION_MIN) {
        return Ok(());
    }
    let (major, minor) = VERSION_MIN;
    Err(format!(
        "nats-server {version} is too old: {major}.{minor} or newer is needed. Install it with \
         `ops/setup`, or say where a newer one is with --nats-server or HANSARD_NATS_SERVER"
    ))
}

/// Reads a certificate.
pub(crate) fn certificate(certificate: &Path) -> Result<CertificateDer<'static>> {
    CertificateDer::from_pem_file(certificate).map_err(Error::other)
}

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn too_old_a_server_is_told_apart() {
        for version in ["2.15.0", "2.15.1", "2.16.0-RC.1", "3.0.0"] {
            assert_eq!(check_version(version), Ok(()), "{version}");
        }
        for version in ["2.9.10", "2.14.6", "1.99.0", "", "unknown"] {
            assert!(check_version(version).is_err(), "{version}");
        }
    }
}
