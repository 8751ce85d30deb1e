//! The HTTP server: accepts connections until told to stop, then lets what was begun end.

mod seats;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hansard_http::Front;
use hansard_types::Lack;
use hansard_types::limits::TLS_HANDSHAKE_MS_MAX;
use hyper::body::{Body, Incoming};
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::seats::{Seat, Seats};
use super::tls::Tls;
use crate::descriptors::Descriptors;

/// How long a client may take to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How long a client may take to agree on TLS.
const HANDSHAKE_WITHIN: Duration = Duration::from_millis(TLS_HANDSHAKE_MS_MAX);
/// The pause when a connection cannot be accepted, for want of file descriptors mostly.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long answers that were given up may take to reach their callers.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The first byte of every TLS connection: a record of the kind handshake.
const TLS_BEGINS: u8 = 0x16;
/// What someone is told who speaks plain HTTP to a listener that speaks TLS.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\
    Content-Type: text/plain\r\nContent-Length: 43\r\n\r\nThis server speaks TLS: call it https://.\r\n";

/// Where connections come in.
pub(crate) struct Listener {
    tcp: TcpListener,
    tls: Option<Arc<Tls>>,
    connections_max: usize,
}

/// Connections that were accepted, and may still be answered.
pub(crate) struct Connections {
    tasks: JoinSet<()>,
}

/// Listens, or says what is in the way.
pub(crate) async fn bind(
    listen: SocketAddr,
    tls: Option<Arc<Tls>>,
    descriptors: Descriptors,
) -> Result<Listener> {
    let tcp = TcpListener::bind(listen).await.with_context(|| {
        format!(
            "{listen} cannot be listened on: is another server running there? give another \
             --listen ADDR:PORT"
        )
    })?;
    if is_exposed(listen, tls.is_some()) {
        tracing::warn!(
            %listen,
            "this machine is not the only one that can call, and there is no TLS: whatever lies \
             between reads signatures and messages; give --tls-cert and --tls-key, unless a proxy \
             that speaks TLS is all that reaches it"
        );
    }
    Ok(Listener {
        tcp,
        tls,
        connections_max: usize::try_from(descriptors.connections).unwrap_or(usize::MAX),
    })
}

/// Whether others could listen in.
fn is_exposed(listen: SocketAddr, tls: bool) -> bool {
    !tls && !listen.ip().to_canonical().is_loopback()
}

impl Listener {
    pub(crate) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// The certificate that clients must be told to trust, if so.
    pub(crate) fn to_trust(&self) -> Option<&Path> {
        self.tls.as_ref()?.to_trust()
    }
}

/// Accepts connections until `shutdown` turns true.
pub(crate) async fn serve(
    listener: Listener,
    front: Front,
    mut shutdown: watch::Receiver<bool>,
) -> Connections {
    let service = TowerToHyperService::new(front);
    let Listener {
        tcp,
        tls,
        connections_max,
    } = listener;
    let mut followers = JoinSet::new();
    if let Some(tls) = &tls {
        followers.spawn(Arc::clone(tls).follow_files());
    }
    let mut tasks = JoinSet::new();
    let mut seats = Seats::new(connections_max);
    loop {
        while let Some(ended) = tasks.try_join_next_with_id() {
            seats.leave(&ended);
        }
        let room = seats.has_room();
        if !room {
            seats.ask_one_to_leave();
        }
        // Every wait is cancel-safe: a connection is either accepted or still in the queue.
        let accepted = tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return Connections { tasks },
            accepted = tcp.accept(), if room => accepted,
            Some(ended) = tasks.join_next_with_id(), if !room => {
                seats.leave(&ended);
                continue;
            }
            () = tokio::time::sleep(seats::ASK_AGAIN_AFTER), if !room => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let seat = Arc::new(Seat::new());
                let connection = Connection {
                    seat: Arc::clone(&seat),
                    shutdown: shutdown.clone(),
                };
                let acceptor = tls.as_ref().map(|tls| tls.acceptor());
                let task = tasks.spawn(connection.run(stream, acceptor, service.clone()));
                seats.take(task.id(), seat);
            }
            Err(error) => {
                let advice = Lack::of(&error);
                let advice = (advice != Lack::Unknown).then(|| advice.advice());
                tracing::warn!(%error, advice, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

/// What a connection knows of the server around it.
struct Connection {
    seat: Arc<Seat>,
    shutdown: watch::Receiver<bool>,
}

impl Connection {
    async fn run<S, B>(mut self, stream: TcpStream, tls: Option<TlsAcceptor>, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        // Answers are small: waiting to fill a packet only delays them.
        drop(stream.set_nodelay(true));
        let Some(acceptor) = tls else {
            return self.answer(TokioIo::new(stream), service).await;
        };
        let busy = Seat::begin(&self.seat);
        let agreed = tokio::select! {
            agreed = tokio::time::timeout(HANDSHAKE_WITHIN, handshake(stream, acceptor)) => agreed,
            () = ending(&mut self.shutdown) => return,
        };
        drop(busy);
        match agreed {
            Ok(Ok(stream)) => self.answer(TokioIo::new(stream), service).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS was agreed on"),
            Err(_elapsed) => tracing::debug!("a client took too long to agree on TLS"),
        }
    }

    /// Answers requests until the client goes, the server ends, or the seat is needed.
    async fn answer<I, S, B>(self, io: I, service: S)
    where
        I: Read + Write + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { seat, mut shutdown } = self;
        let taken = Arc::clone(&seat);
        let answering = service_fn(move |request| {
            let turn = Seat::begin(&taken);
            let answer = service.call(request);
            async move {
                let answer = answer.await;
                if let Ok(answer) = &answer
                    && answer.body().size_hint().exact().is_none()
                {
                    turn.never_ends();
                }
                answer
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            // Head and body of an answer in one write: on loopback 3 % of a send.
            .writev(false);
        let connection = http.serve_connection(io, answering);
        tokio::pin!(connection);
        // `connection` goes on after either of the others: nothing is lost by taking turns.
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = ending(&mut shutdown) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = seat.asked_to_leave() => {
                connection.as_mut().graceful_shutdown();
                // One that has sent half a request would stay for as long as that may take.
                match tokio::time::timeout(LAST_WORDS, &mut connection).await {
                    Ok(ended) => ended,
                    Err(_elapsed) if seat.is_idle() => return,
                    Err(_elapsed) => connection.await,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
    }
}

/// Returns when no new requests are taken.
async fn ending(shutdown: &mut watch::Receiver<bool>) {
    // Whoever would say so is gone: that is an end, too.
    drop(shutdown.wait_for(|stop| *stop).await);
}

/// Agrees on TLS. Whoever speaks plain HTTP is told so in plain HTTP.
async fn handshake(
    mut stream: TcpStream,
    acceptor: TlsAcceptor,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    let peeked = stream.peek(&mut first).await?;
    if peeked == 1 && first[0] != TLS_BEGINS {
        stream.write_all(SPEAK_TLS).await?;
        stream.shutdown().await?;
        // Closing on what was not read would take the answer back. The caller limits how long.
        while stream.read(&mut [0; 1024]).await? > 0 {}
        return Err(std::io::Error::other("it spoke no TLS"));
    }
    acceptor.accept(stream).await
}

impl Connections {
    /// Lets every connection answer what it was asked, and no more; true when all have ended.
    pub(crate) async fn drain(self, first: Duration, then: impl Future<Output = ()>) -> bool {
        let Self { mut tasks } = self;
        let in_time = all_ended(&mut tasks, first).await;
        // Ends what the rest is waiting for.
        then.await;
        let ended = in_time || all_ended(&mut tasks, LAST_WORDS).await;
        tasks.shutdown().await;
        ended
    }
}

async fn all_ended(tasks: &mut JoinSet<()>, within: Duration) -> bool {
    let ending = async { while tasks.join_next().await.is_some() {} };
    tokio::time::timeout(within, ending).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_listens_to_others_without_tls_is_warned() {
        let exposed = |listen: &str, tls| is_exposed(listen.parse().expect("an address"), tls);
        assert!(exposed("0.0.0.0:80", false));
        assert!(exposed("[::]:80", false));
        assert!(exposed("10.0.0.1:80", false));
        assert!(!exposed("0.0.0.0:443", true));
        for here in [
            "127.0.0.1:80",
            "127.8.0.1:80",
            "[::1]:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert!(!exposed(here, false), "{here}");
        }
    }

    #[test]
    fn the_plain_answer_says_its_own_length() {
        let text = std::str::from_utf8(SPEAK_TLS).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let length = format!("Content-Length: {}", body.len());
        assert!(head.contains(&length), "{}", body.len());
    }
}
