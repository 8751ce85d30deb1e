//! The HTTP server: accepts connections until told to stop, then lets what was begun end.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hansard_api::ApiState;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a client may take to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Connections open at once; one more waits in the listener's queue.
const CONNECTIONS_MAX: usize = 10_000;
/// The pause when a connection cannot be accepted, for want of file descriptors mostly.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long answers that were given up may take to reach their callers.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Connections that were accepted, and may still be answered.
pub(crate) struct Connections {
    graceful: GracefulShutdown,
    tasks: JoinSet<()>,
}

/// Listens, or says what is in the way.
pub(crate) async fn bind(listen: std::net::SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).await.with_context(|| {
        format!(
            "{listen} cannot be listened on: is another server running there? give another \
             --listen ADDR:PORT"
        )
    })
}

/// Accepts connections until `shutdown` turns true.
pub(crate) async fn serve(
    listener: TcpListener,
    state: ApiState,
    mut shutdown: watch::Receiver<bool>,
) -> Connections {
    let service = TowerToHyperService::new(hansard_api::surfaces(state));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        // Head and body of an answer in one write: on loopback 3 % of a send.
        .writev(false);
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let room = tasks.len() < CONNECTIONS_MAX;
        // Every wait is cancel-safe: a connection is either accepted or still in the queue.
        let accepted = tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return Connections { graceful, tasks },
            accepted = listener.accept(), if room => accepted,
            _ = tasks.join_next(), if !room => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                // Answers are small: waiting to fill a packet only delays them.
                drop(stream.set_nodelay(true));
                let connection = http.serve_connection(TokioIo::new(stream), service.clone());
                let watched = graceful.watch(connection);
                tasks.spawn(async move {
                    if let Err(error) = watched.await {
                        tracing::debug!(%error, "a connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

impl Connections {
    /// Lets every connection answer what it was asked, and no more; true when all have ended.
    pub(crate) async fn drain(self, first: Duration, then: impl Future<Output = ()>) -> bool {
        let Self {
            graceful,
            mut tasks,
        } = self;
        let drained = graceful.shutdown();
        tokio::pin!(drained);
        let in_time = tokio::time::timeout(first, &mut drained).await.is_ok();
        // Ends what the rest is waiting for.
        then.await;
        let ended = in_time || tokio::time::timeout(LAST_WORDS, &mut drained).await.is_ok();
        tasks.shutdown().await;
        ended
    }
}
