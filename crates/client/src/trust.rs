//! Whom an `https` server's certificate must come from.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, RootCertStore};

use crate::{Error, Result};

/// TLS as every client of ours speaks it. The machine's own certificates are read only where they
/// are needed: that takes some ten milliseconds.
pub(crate) fn config(ca: Option<&[u8]>, secure: bool) -> Result<ClientConfig> {
    let mut trusted = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                trusted
                    .add(certificate.map_err(unusable)?)
                    .map_err(unusable)?;
            }
            if trusted.is_empty() {
                return Err(unusable("there is none in it, in PEM"));
            }
        }
        None if secure => {
            trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        None => {}
    }
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_root_certificates(trusted)
            .with_no_client_auth(),
    )
}

fn unusable(error: impl ToString) -> Error {
    Error::Ca {
        what: error.to_string(),
    }
}

/// Whether a connection came to nothing because of the server's certificate: asking again would be
/// of no use.
pub(crate) fn is_refusal(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let inner = inner.map(|inner| inner as &(dyn StdError + 'static));
        let is_tls = |it: &(dyn StdError + 'static)| {
            let tls = it.downcast_ref::<TlsError>();
            tls.is_some_and(|it| matches!(it, TlsError::InvalidCertificate(_)))
        };
        if is_tls(cause) || inner.is_some_and(|inner| is_tls(inner) || is_refusal(inner)) {
            return true;
        }
        next = cause.source();
    }
    false
}
