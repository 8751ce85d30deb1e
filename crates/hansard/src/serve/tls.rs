//! TLS of the listener: its certificate, which may be replaced while the server runs.

use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use hansard_types::limits::{TLS_CHECK_EVERY_MS, TLS_FILE_BYTES_MAX};
use parking_lot::RwLock;
use rcgen::{CertificateParams, DnType, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::data_dir::{DataDir, write_private};

/// What is spoken over TLS.
const PROTOCOL: &[u8] = b"http/1.1";
/// Where the machine says what it is called.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// Whether the listener speaks TLS, and with which certificate.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TlsArguments {
    /// The listener's certificate and its chain, PEM; read again when it changes
    #[arg(
        long,
        value_name = "FILE",
        env = "HANSARD_TLS_CERT",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(
        long,
        value_name = "FILE",
        env = "HANSARD_TLS_KEY",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,
    /// Speak TLS with a certificate that is made for trying, and kept in DIR/tls
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    tls_self_signed: bool,
}

/// A certificate with its key, ready to be shown, and where they come from.
pub(crate) struct Tls {
    cert: PathBuf,
    key: PathBuf,
    self_signed: bool,
    /// Replaced whole: a session of the old certificate is not resumed under the new one.
    config: RwLock<Arc<ServerConfig>>,
}

/// Both files as they were read. Not `Debug`: it holds the key.
#[derive(PartialEq)]
struct Pair {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Reads the certificate that was asked for, or makes one; `None` when there is to be no TLS.
    pub(crate) fn open(
        arguments: &TlsArguments,
        data: &DataDir,
        listen: SocketAddr,
    ) -> Result<Option<Arc<Self>>> {
        let TlsArguments {
            tls_cert,
            tls_key,
            tls_self_signed,
        } = arguments;
        let (cert, key) = match (tls_cert, tls_key) {
            (Some(cert), Some(key)) => (cert.clone(), key.clone()),
            _ if *tls_self_signed => self_signed(data, listen.ip())?,
            _ => return Ok(None),
        };
        let config = Pair::read(&cert, &key)?.config(&cert, &key)?;
        Ok(Some(Arc::new(Self {
            cert,
            key,
            self_signed: *tls_self_signed,
            config: RwLock::new(config),
        })))
    }

    /// For the next connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read()))
    }

    /// What a client must be told to trust: the certificate, where nobody else vouches for it.
    pub(crate) fn to_trust(&self) -> Option<&Path> {
        self.self_signed.then_some(&*self.cert)
    }

    /// Takes the files whenever they have changed, for ever. Files are compared and not their
    /// times: those may be old (an unpacked archive), or the same (written twice in a moment).
    pub(crate) async fn follow_files(self: Arc<Self>) {
        let mut tick = tokio::time::interval(Duration::from_millis(TLS_CHECK_EVERY_MS));
        let mut last = None;
        loop {
            tick.tick().await;
            let tls = Arc::clone(&self);
            let seen = last.take();
            // Files, for a moment, on a thread that may wait for a disk or a network.
            let looked = tokio::task::spawn_blocking(move || tls.look(seen));
            match looked.await {
                Ok(now) => last = Some(now),
                Err(error) => tracing::error!(%error, "the certificate's files were not read"),
            }
        }
    }

    /// Reads the files, and takes them if they are others than those seen last.
    fn look(&self, seen: Option<Result<Pair, String>>) -> Result<Pair, String> {
        let now = Pair::read(&self.cert, &self.key).map_err(|error| format!("{error:#}"));
        let is_first = seen.is_none();
        if seen.as_ref() == Some(&now) {
            return now;
        }
        let taken = match &now {
            Ok(pair) => pair.config(&self.cert, &self.key),
            Err(reason) => Err(anyhow::Error::msg(reason.clone())),
        };
        match taken {
            Ok(config) => {
                *self.config.write() = config;
                if !is_first {
                    tracing::info!(file = %self.cert.display(), "the certificate was replaced");
                }
            }
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the new certificate is not usable: the old one is shown until it is mended"
            ),
        }
        now
    }
}

impl Pair {
    fn read(cert: &Path, key: &Path) -> Result<Self> {
        Ok(Self {
            cert: read(cert)?,
            key: read(key)?,
        })
    }

    /// Also finds out whether the key is the certificate's.
    fn config(&self, cert: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
        let (cert, key) = (cert.display(), key.display());
        let chain = CertificateDer::pem_slice_iter(&self.cert)
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("{cert} holds no certificate in PEM"))?;
        ensure!(!chain.is_empty(), "{cert} holds no certificate in PEM");
        let private = PrivateKeyDer::from_pem_slice(&self.key)
            .with_context(|| format!("{key} holds no private key in PEM"))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .with_context(|| format!("{key} is not the key of the certificate {cert}"))?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Arc::new(config))
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(TLS_FILE_BYTES_MAX).read_to_end(&mut bytes))
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(bytes)
}

/// The certificate for trying and its key: the ones that are kept, or new ones.
fn self_signed(data: &DataDir, listen: IpAddr) -> Result<(PathBuf, PathBuf)> {
    let (cert, key) = data.self_signed();
    if cert.try_exists()? && key.try_exists()? {
        return Ok((cert, key));
    }
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.push("::1".to_owned());
    if !listen.is_unspecified() && !listen.is_loopback() {
        names.push(listen.to_string());
    }
    // A machine that does not say its name is called by its addresses.
    let host = std::fs::read_to_string(HOST_NAME).unwrap_or_default();
    let host = host.trim();
    if !host.is_empty() && host != "localhost" {
        names.push(host.to_owned());
    }
    let mut params = CertificateParams::new(names)?;
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "Hansard, self-signed for trying");
    let pair = KeyPair::generate()?;
    let made = params.self_signed(&pair)?;
    write_private(&key, pair.serialize_pem().as_bytes())?;
    write_private(&cert, made.pem().as_bytes())?;
    Ok((cert, key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(folder: &Path) -> DataDir {
        DataDir::create(folder).expect("a data directory")
    }

    fn asked_for(cert: &Path, key: &Path) -> TlsArguments {
        TlsArguments {
            tls_cert: Some(cert.to_owned()),
            tls_key: Some(key.to_owned()),
            tls_self_signed: false,
        }
    }

    const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

    #[test]
    fn a_pair_for_trying_is_made_once_and_its_key_is_private() {
        let folder = tempfile::tempdir().expect("a directory");
        let data = at(folder.path());
        let arguments = TlsArguments {
            tls_self_signed: true,
            ..TlsArguments::default()
        };
        let open = || {
            Tls::open(&arguments, &data, HERE)
                .expect("opens")
                .expect("TLS")
        };
        let first = open();
        assert_eq!(first.to_trust(), Some(&*data.self_signed().0));
        let key = data.self_signed().1.metadata().expect("there");
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
        let kept = read(&first.cert).expect("reads");
        assert_eq!(read(&open().cert).expect("reads"), kept);
    }

    #[test]
    fn a_pair_that_does_not_belong_together_is_refused_and_the_old_one_stays() {
        let folder = tempfile::tempdir().expect("a directory");
        let one = at(&folder.path().join("one"));
        let other = at(&folder.path().join("other"));
        let (cert, key) = self_signed(&one, HERE.ip()).expect("made");
        let (new_cert, new_key) = self_signed(&other, HERE.ip()).expect("made");
        let error = Tls::open(&asked_for(&cert, &new_key), &one, HERE).err();
        let error = error.expect("refused").to_string();
        assert!(
            error.contains("is not the key of the certificate"),
            "{error}"
        );

        let tls = Tls::open(&asked_for(&cert, &key), &one, HERE);
        let tls = tls.expect("opens").expect("TLS");
        let seen = tls.look(None);
        let before = Arc::clone(&tls.config.read());
        let is_as_before = || Arc::ptr_eq(&before, &tls.config.read());
        // Half of it is replaced: whoever copies two files does it one after the other.
        std::fs::copy(new_cert, &cert).expect("copied");
        let seen = tls.look(Some(seen));
        assert!(is_as_before(), "the old pair is shown");
        std::fs::copy(new_key, &key).expect("copied");
        drop(tls.look(Some(seen)));
        assert!(!is_as_before(), "the new pair is shown");
    }

    #[test]
    fn files_that_hold_something_else_are_named() {
        let folder = tempfile::tempdir().expect("a directory");
        let data = at(folder.path());
        let (cert, key) = self_signed(&data, HERE.ip()).expect("made");
        let refused = |arguments: &TlsArguments| {
            let error = Tls::open(arguments, &data, HERE).err().expect("refused");
            error.to_string()
        };
        let swapped = refused(&asked_for(&key, &cert));
        assert!(swapped.contains("holds no certificate"), "{swapped}");
        let no_key = refused(&asked_for(&cert, &cert));
        assert!(no_key.contains("holds no private key"), "{no_key}");
        let nowhere = refused(&asked_for(Path::new("/nowhere"), &key));
        assert!(nowhere.contains("/nowhere cannot be read"), "{nowhere}");
    }
}
