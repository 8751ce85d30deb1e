use std::sync::Arc;

use hansard_log::Writer;
use hansard_store::Store;
use hansard_types::limits;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::commit::Committer;
use crate::handle::PartitionState;
use crate::mailbox::Letter;
use crate::metrics;
use crate::round::{Round, Surroundings, Tip, decide_round};

/// The one task that decides for a partition.
pub(crate) struct Partition {
    pub(crate) surroundings: Surroundings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tip: Tip,
    pub(crate) state: Arc<PartitionState>,
}

/// The running tasks of a partition.
pub(crate) struct Running {
    pub(crate) decider: JoinHandle<()>,
    pub(crate) committer: JoinHandle<Writer>,
}

/// Starts both tasks. They end when the mailbox is closed and drained.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine owns these tasks: it joins them"
)]
pub(crate) fn start(
    partition: Partition,
    committer: Committer,
    mailbox: mpsc::Receiver<Letter>,
) -> Running {
    // One round is being committed while the next is decided: never more.
    let (rounds, to_commit) = mpsc::channel(1);
    let (done, committed) = mpsc::channel(1);
    let committer = tokio::spawn(committer.run(to_commit, done));
    let decider = tokio::spawn(partition.run(mailbox, rounds, committed));
    Running { decider, committer }
}

impl Partition {
    async fn run(
        mut self,
        mut mailbox: mpsc::Receiver<Letter>,
        rounds: mpsc::Sender<Round>,
        mut committed: mpsc::Receiver<()>,
    ) {
        let mut in_flight: Option<Arc<hansard_store::Changes>> = None;
        let mut letters = Vec::new();
        loop {
            // Cancel-safe: `recv_many` takes letters only when it completes. A finished commit is
            // noticed here so that its changes do not outlive it while nobody sends anything.
            tokio::select! {
                biased;
                taken = mailbox.recv_many(&mut letters, limits::ROUND_COMMANDS_MAX) => {
                    if taken == 0 { break }
                }
                finished = committed.recv(), if in_flight.is_some() => {
                    in_flight = None;
                    if finished.is_none() { break }
                    continue;
                }
            }
            let begun = Instant::now();
            let taken = std::mem::take(&mut letters);
            ::metrics::histogram!(metrics::ROUND_COMMANDS).record(to_f64(taken.len()));
            let changes = in_flight.as_deref();
            let round = decide_round(
                &self.surroundings,
                &*self.store,
                changes,
                &mut self.tip,
                taken,
            );
            ::metrics::histogram!(metrics::ROUND_EVENTS).record(to_f64(round.units.len()));
            ::metrics::histogram!(metrics::DECIDE_SECONDS).record(begun.elapsed().as_secs_f64());
            if in_flight.take().is_some() && committed.recv().await.is_none() {
                break;
            }
            in_flight = Some(Arc::clone(&round.changes));
            if rounds.send(round).await.is_err() {
                break;
            }
        }
        drop(rounds);
        if in_flight.is_some() && committed.recv().await.is_none() {
            tracing::error!(log = %self.surroundings.log, "the committer ended before its round");
        }
        self.state.stop("the server is shutting down".to_owned());
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts far below 2^52, for a histogram"
)]
fn to_f64(count: usize) -> f64 {
    count as f64
}

/// What followers wait on.
pub(crate) type Applied = watch::Receiver<u64>;
