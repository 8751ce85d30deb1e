use std::collections::VecDeque;
use std::sync::Arc;

use hansard_store::{Changes, Store};
use hansard_types::limits;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::commit::{Append, Finish, blocking};
use crate::handle::PartitionState;
use crate::mailbox::Letter;
use crate::metrics;
use crate::round::{Memory, Round, Surroundings, Tip, decide_round};

/// The one task that decides for a partition.
pub(crate) struct Partition {
    pub(crate) surroundings: Surroundings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) memory: Memory,
    pub(crate) tip: Tip,
    pub(crate) state: Arc<PartitionState>,
}

/// The running tasks of a partition.
pub(crate) struct Running {
    pub(crate) decider: JoinHandle<()>,
    pub(crate) append: JoinHandle<()>,
    pub(crate) finish: JoinHandle<()>,
}

/// Rounds that are decided and not answered yet: one waits, one is being appended, one brought to
/// disk. With fewer, the stages wait for each other; with more, rounds are smaller and cost more.
const ROUNDS_IN_FLIGHT_MAX: usize = 3;

/// Starts the three tasks. They end when the mailbox is closed and drained.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine owns these tasks: it joins them"
)]
pub(crate) fn start(
    partition: Partition,
    append: Append,
    finish: Finish,
    mailbox: mpsc::Receiver<Letter>,
) -> Running {
    let (rounds, to_append) = mpsc::channel(ROUNDS_IN_FLIGHT_MAX);
    let (appended, to_finish) = mpsc::channel(ROUNDS_IN_FLIGHT_MAX);
    let (done, finished) = mpsc::channel(ROUNDS_IN_FLIGHT_MAX);
    let append = tokio::spawn(append.run(to_append, appended));
    let finish = tokio::spawn(finish.run(to_finish, done));
    let decider = tokio::spawn(partition.run(mailbox, rounds, finished));
    Running {
        decider,
        append,
        finish,
    }
}

impl Partition {
    async fn run(
        mut self,
        mut mailbox: mpsc::Receiver<Letter>,
        rounds: mpsc::Sender<Round>,
        mut finished: mpsc::Receiver<()>,
    ) {
        let mut in_flight: Vec<Arc<Changes>> = Vec::with_capacity(ROUNDS_IN_FLIGHT_MAX);
        let mut taken = Vec::new();
        // Taken, and not decided yet: what the round before had no room for.
        let mut letters = VecDeque::new();
        loop {
            if in_flight.len() == ROUNDS_IN_FLIGHT_MAX {
                if finished.recv().await.is_none() {
                    break;
                }
                in_flight.remove(0);
            }
            // Cancel-safe: `recv_many` takes letters only when it completes. A finished commit is
            // noticed here so that its changes do not outlive it while nobody sends anything.
            tokio::select! {
                biased;
                done = finished.recv(), if !in_flight.is_empty() => {
                    if done.is_none() { break }
                    in_flight.remove(0);
                    continue;
                }
                count = mailbox.recv_many(&mut taken, limits::ROUND_COMMANDS_MAX),
                    if letters.is_empty() =>
                {
                    if count == 0 { break }
                }
                else => {}
            }
            letters.extend(taken.drain(..));
            let begun = Instant::now();
            let round = blocking(|| {
                decide_round(
                    &self.surroundings,
                    &*self.store,
                    &self.memory,
                    &in_flight,
                    &mut self.tip,
                    &mut letters,
                )
            });
            ::metrics::histogram!(metrics::ROUND_COMMANDS).record(to_f64(round.letters.len()));
            ::metrics::histogram!(metrics::ROUND_EVENTS).record(to_f64(round.units.len()));
            ::metrics::histogram!(metrics::DECIDE_SECONDS).record(begun.elapsed().as_secs_f64());
            in_flight.push(Arc::clone(&round.changes));
            if rounds.send(round).await.is_err() {
                break;
            }
        }
        drop(rounds);
        while !in_flight.is_empty() && finished.recv().await.is_some() {
            in_flight.remove(0);
        }
        self.memory.close().await;
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
