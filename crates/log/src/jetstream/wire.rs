//! A connection that only publishes, and hears the answers.
//!
//! async-nats makes a map of every message's headers, sends it through a queue to another task and
//! writes it from there, which was a tenth of what a send cost. A log is written by one task that
//! has whole rounds at hand: here their events go into one buffer, and from there to the server.
//! Everything else (streams, reading) stays with async-nats.
//!
//! Source: the client protocol in NATS' documentation (`INFO`, `CONNECT`, `SUB`, `HPUB`, `MSG`,
//! `HMSG`, `PING`, `PONG`, `-ERR`).

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::ServerAddr;
use async_nats::rustls::pki_types::ServerName;
use async_nats::rustls::{ClientConfig, RootCertStore};
use futures::FutureExt as _;
use hansard_events::{EventRef, RawEvent};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Credentials;
use crate::event_log::is_header;

mod server_op;

pub(super) use server_op::Answer;
use server_op::{ServerOp, parse_op};

/// Events are collected up to here before they are written: the server works on them meanwhile.
const WRITE_BYTES: usize = 64 * 1024;
/// What is read at once, at least.
const READ_BYTES: usize = 8 * 1024;
/// What the server may say at once. Its answers are short; its greeting names a cluster's members.
const SAID_BYTES_MAX: usize = 1024 * 1024;
/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Why a connection is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the connection to nats-server failed")]
    Broken(#[from] io::Error),
    #[error("nats-server said: {0}")]
    Said(String),
    #[error("what nats-server sends is not its protocol")]
    Garbled,
}

/// Why an event is not sent: it would be refused, or taken for something else.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsendable {
    #[error("the header {0} of the event is malformed")]
    Header(String),
    #[error("the event is larger than the {0} bytes that nats-server takes")]
    TooLarge(usize),
}

/// Where a nats-server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    host: String,
    port: u16,
    /// Not without TLS, whether the server wants it or not.
    tls: bool,
}

impl Endpoint {
    pub(super) fn of(address: &ServerAddr) -> Self {
        Self {
            host: address.host().to_owned(),
            port: address.port(),
            tls: address.tls_required(),
        }
    }

    /// Another member of the same cluster, which is reached in the same way.
    pub(super) fn beside(&self, member: &ServerAddr) -> Self {
        let member = Self::of(member);
        Self {
            tls: self.tls,
            ..member
        }
    }
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// A connection. Whoever drops one of its futures before it has ended must drop the connection
/// too: half of an event may have been written.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// Events that are not written yet.
    unwritten: Vec<u8>,
    /// What has arrived and is not read yet.
    unread: Vec<u8>,
    payload_bytes_max: usize,
}

#[derive(Serialize)]
struct Connect<'a> {
    verbose: bool,
    pedantic: bool,
    name: &'a str,
    lang: &'a str,
    version: &'a str,
    protocol: u8,
    headers: bool,
    no_responders: bool,
    tls_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<&'a str>,
}

impl Wire {
    /// Connects, logs in and listens to everything below `inbox`.
    pub(super) async fn connect(
        endpoint: &Endpoint,
        credentials: Option<&Credentials>,
        inbox: &str,
    ) -> Result<Self, WireError> {
        let connecting = Self::greet(endpoint, credentials, inbox);
        timeout(CONNECT_WITHIN, connecting)
            .await
            .map_err(|_| io::Error::from(ErrorKind::TimedOut))?
    }

    async fn greet(
        endpoint: &Endpoint,
        credentials: Option<&Credentials>,
        inbox: &str,
    ) -> Result<Self, WireError> {
        let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
        stream.set_nodelay(true)?;
        let mut greeting = Wire::over(Box::new(stream), 0);
        let ServerOp::Info(info) = greeting.hear().await? else {
            return Err(WireError::Garbled);
        };
        let pinned = credentials.and_then(|one| one.certificate.as_deref());
        let tls = endpoint.tls || info.tls_required || pinned.is_some();
        let mut wire = if tls {
            Wire::over(encrypted(greeting, &endpoint.host, pinned).await?, 0)
        } else {
            greeting
        };
        wire.payload_bytes_max = info.max_payload;
        let connect = Connect {
            verbose: false,
            pedantic: false,
            name: "hansard log",
            lang: "rust",
            version: env!("CARGO_PKG_VERSION"),
            protocol: 1,
            headers: true,
            no_responders: true,
            tls_required: tls,
            user: credentials.map(|one| one.user.as_str()),
            pass: credentials.map(|one| one.password.as_str()),
        };
        let connect = serde_json::to_string(&connect).map_err(io::Error::other)?;
        let hello = format!("CONNECT {connect}\r\nSUB {inbox}.> 1\r\nPING\r\n");
        wire.unwritten.extend_from_slice(hello.as_bytes());
        wire.flush().await?;
        while !matches!(wire.hear().await?, ServerOp::Pong) {}
        Ok(wire)
    }

    pub(super) fn over(stream: Box<dyn Stream>, payload_bytes_max: usize) -> Self {
        Self {
            stream,
            unwritten: Vec::with_capacity(2 * WRITE_BYTES),
            unread: Vec::with_capacity(READ_BYTES),
            payload_bytes_max,
        }
    }

    /// Takes an event, and lines of headers besides its own; [`flush`](Self::flush) sends what is
    /// left.
    pub(super) async fn publish(
        &mut self,
        event: &RawEvent,
        reply: Option<&str>,
        besides: &str,
    ) -> Result<Result<(), Unsendable>, WireError> {
        let event = event.view();
        let put = put(
            &mut self.unwritten,
            event,
            reply,
            besides,
            self.payload_bytes_max,
        );
        if self.unwritten.len() >= WRITE_BYTES {
            self.flush().await?;
        }
        Ok(put)
    }

    pub(super) async fn flush(&mut self) -> Result<(), WireError> {
        self.stream.write_all(&self.unwritten).await?;
        self.stream.flush().await?;
        self.unwritten.clear();
        Ok(())
    }

    /// The next answer.
    pub(super) async fn answer(&mut self) -> Result<Answer, WireError> {
        loop {
            if let ServerOp::Answer(answer) = self.hear().await? {
                return Ok(answer);
            }
        }
    }

    /// Reads what has come while nobody listened, and tells the server that we are still there if
    /// it asked: an error when it has given up on us.
    pub(super) async fn catch_up(&mut self) -> Result<(), WireError> {
        while let Some(read) = self.stream.read_buf(&mut self.unread).now_or_never() {
            if read? == 0 {
                return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
            }
            if self.unread.len() > SAID_BYTES_MAX {
                return Err(WireError::Garbled);
            }
        }
        while self.take().await?.is_some() {}
        Ok(())
    }

    async fn hear(&mut self) -> Result<ServerOp, WireError> {
        loop {
            if let Some(op) = self.take().await? {
                return Ok(op);
            }
            if self.unread.len() > SAID_BYTES_MAX {
                return Err(WireError::Garbled);
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
            }
        }
    }

    /// The first whole thing of what has arrived.
    async fn take(&mut self) -> Result<Option<ServerOp>, WireError> {
        let Some((op, length)) = parse_op(&self.unread)? else {
            return Ok(None);
        };
        self.unread.drain(..length);
        match &op {
            ServerOp::Ping => {
                self.stream.write_all(b"PONG\r\n").await?;
                self.stream.flush().await?;
            }
            ServerOp::Error(text) => return Err(WireError::Said(text.clone())),
            ServerOp::Info(_) | ServerOp::Pong | ServerOp::Ok | ServerOp::Answer(_) => {}
        }
        Ok(Some(op))
    }
}

/// The same connection from here on encrypted: with the one certificate that the server may show,
/// or those that this machine trusts (`SSL_CERT_FILE` names others), as async-nats does it.
async fn encrypted(
    greeting: Wire,
    host: &str,
    pinned: Option<&Path>,
) -> Result<Box<dyn Stream>, WireError> {
    let Wire { stream, unread, .. } = greeting;
    if !unread.is_empty() {
        return Err(WireError::Garbled);
    }
    let mut trusted = RootCertStore::empty();
    match pinned {
        Some(certificate) => trusted
            .add(crate::peer::certificate(certificate)?)
            .map_err(io::Error::other)?,
        None => {
            trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::new(config));
    Ok(Box::new(connector.connect(name, stream).await?))
}

/// Writes an event as the server reads it; writes nothing of one that cannot be sent.
fn put(
    out: &mut Vec<u8>,
    event: EventRef<'_>,
    reply: Option<&str>,
    besides: &str,
    payload_bytes_max: usize,
) -> Result<(), Unsendable> {
    const VERSION: &str = "NATS/1.0\r\n";
    let mut head = VERSION.len() + besides.len() + "\r\n".len();
    for (name, value) in event.headers() {
        if !is_header(name, value) {
            return Err(Unsendable::Header(name.to_owned()));
        }
        head += name.len() + value.len() + ": \r\n".len();
    }
    let EventRef { subject, body, .. } = event;
    let total = head + body.len();
    if total > payload_bytes_max {
        return Err(Unsendable::TooLarge(payload_bytes_max));
    }
    let (space, reply) = reply.map_or(("", ""), |reply| (" ", reply));
    out.reserve(total + subject.len() + reply.len() + 64);
    write!(
        out,
        "HPUB {subject}{space}{reply} {head} {total}\r\n{VERSION}"
    )
    .expect("writing to a vector does not fail");
    for (name, value) in event.headers() {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    for part in [besides.as_bytes(), b"\r\n", body, b"\r\n"] {
        out.extend_from_slice(part);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
