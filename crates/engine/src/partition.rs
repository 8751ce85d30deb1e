use std::collections::VecDeque;
use std::sync::Arc;

use hansard_store::{Changes, Store};
use hansard_types::limits;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::SubmitError;
use crate::commit::{Append, Failure, Finish, blocking};
use crate::mailbox::Mailbox;
use crate::metrics;
use crate::round::{Memory, Round, Surroundings, Tip, decide_round};
use crate::state::PartitionState;

/// The one task that decides for a partition.
pub(crate) struct Partition {
    pub(crate) surroundings: Surroundings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) memory: Memory,
    pub(crate) tip: Tip,
    pub(crate) state: Arc<PartitionState>,
}

/// Which of a partition's tasks has ended, and how.
pub(crate) enum Ended {
    /// `closed`: nobody can send anything any more. Else a neighbour has gone.
    Decider {
        closed: bool,
    },
    Append,
    Finish(Option<Failure>),
}

/// Rounds that are decided and not answered yet: one waits, one is being appended, one brought to
/// disk. With fewer, the stages wait for each other; with more, rounds are smaller and cost more.
const ROUNDS_IN_FLIGHT_MAX: usize = 3;

/// Starts the three tasks. They end when the mailbox is closed and drained, or when one of them
/// fails; the set aborts them when it is dropped.
pub(crate) fn start(
    partition: Partition,
    append: Append,
    finish: Finish,
    mailbox: Mailbox,
    quiet: watch::Receiver<bool>,
) -> JoinSet<Ended> {
    let (rounds, to_append) = mpsc::channel(ROUNDS_IN_FLIGHT_MAX);
    let (appended, to_finish) = mpsc::channel(ROUNDS_IN_FLIGHT_MAX);
    let (done, finished) = mpsc::channel(ROUNDS_IN_FLIGHT_MAX);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        append.run(to_append, appended).await;
        Ended::Append
    });
    tasks.spawn(async move { Ended::Finish(finish.run(to_finish, done).await) });
    tasks.spawn(async move {
        let closed = partition.run(mailbox, rounds, finished, quiet).await;
        Ended::Decider { closed }
    });
    tasks
}

impl Partition {
    /// True when the mailbox is closed and drained; false when a neighbour has gone, or when
    /// `quiet` has turned true and everything that was taken is done.
    async fn run(
        mut self,
        mailbox: Mailbox,
        rounds: mpsc::Sender<Round>,
        mut finished: mpsc::Receiver<()>,
        mut quiet: watch::Receiver<bool>,
    ) -> bool {
        let mut mailbox = mailbox.lock().await;
        let mut in_flight: Vec<Arc<Changes>> = Vec::with_capacity(ROUNDS_IN_FLIGHT_MAX);
        let mut taken = Vec::new();
        // Taken, and not decided yet: what the round before had no room for.
        let mut letters = VecDeque::new();
        let closed = loop {
            if in_flight.len() == ROUNDS_IN_FLIGHT_MAX {
                if finished.recv().await.is_none() {
                    break false;
                }
                self.ended(&mut in_flight);
            }
            // Cancel-safe: `recv_many` takes letters only when it completes. A finished commit is
            // noticed here so that its changes do not outlive it while nobody sends anything.
            tokio::select! {
                biased;
                done = finished.recv(), if !in_flight.is_empty() => {
                    if done.is_none() { break false }
                    self.ended(&mut in_flight);
                    continue;
                }
                // A sender that is gone means the same.
                _ = quiet.wait_for(|quiet| *quiet), if letters.is_empty() => break false,
                count = mailbox.recv_many(&mut taken, limits::ROUND_COMMANDS_MAX),
                    if letters.is_empty() =>
                {
                    if count == 0 { break true }
                }
                else => {}
            }
            letters.extend(taken.drain(..));
            let begun = Instant::now();
            self.state.round_begun(begun);
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
                break false;
            }
        };
        // Taken and never decided: nothing of them has happened.
        let reason = self.state.stopped().unwrap_or_default();
        for letter in letters {
            letter.answer(Err(SubmitError::Unavailable(reason.clone())));
        }
        drop(rounds);
        while !in_flight.is_empty() && finished.recv().await.is_some() {
            self.ended(&mut in_flight);
        }
        self.memory.close().await;
        closed
    }

    /// The oldest round has its result.
    fn ended(&self, in_flight: &mut Vec<Arc<Changes>>) {
        in_flight.remove(0);
        self.state.round_ended();
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
