use std::sync::Arc;
use std::time::Duration;

use hansard_log::{EventLog, Tail};
use hansard_projector::Registry;
use hansard_store::Store;
use hansard_types::limits::{LOG_END_LOOKED_AT_MS, LOG_SILENT_MS_MAX};
use hansard_types::{LogId, error_chain};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::clock::LogTime;
use crate::commit::{AfterRound, Append, Failure, Finish};
use crate::mailbox::{Letter, Mailbox};
use crate::partition::{Ended, Partition, start};
use crate::recover::{Recovered, Recovery, may_pass};
use crate::round::Surroundings;
use crate::signals::Bus;
use crate::state::{Models, PartitionState};
use crate::{Backoff, IdSource, OpenError, SubmitError, metrics};

/// The first and the longest wait before a partition that has stopped is opened again.
const REOPEN_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How often the log's end is looked at, and how long that may take.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(LOG_END_LOOKED_AT_MS);
const ANSWERS_WITHIN: Duration = Duration::from_millis(LOG_SILENT_MS_MAX);
/// Looks that must find the log's end below ours: one can be answered by a member of a cluster that
/// does not know yet.
const LOOKS_MIN: u32 = 2;

/// What a keeper is told to do.
pub(crate) enum Instruction {
    /// Read models that were built again, and follow the log closely, take the place of the
    /// partition's. `done` is told once it is read from them.
    Swap {
        store: Arc<dyn Store>,
        done: oneshot::Sender<Result<(), String>>,
    },
    /// Open the partition again, though that could not help when it was tried last.
    Retry,
}

/// Owns a partition's tasks. When one of them fails or panics, or the log has lost what was
/// committed, the partition takes no commands, and is opened again as at a start: log and journal
/// are compared, and the read models brought to the log's end. That is tried for as long as the
/// process lives, unless it cannot help.
pub(crate) struct Keeper {
    pub(crate) log: LogId,
    pub(crate) recovery: Recovery,
    pub(crate) registry: Registry,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) models: Models,
    /// Where the partitions that are read besides it are read, from 0 on.
    pub(crate) others: Vec<Models>,
    pub(crate) instructions: mpsc::Receiver<Instruction>,
    pub(crate) mailbox: Mailbox,
    pub(crate) committed: watch::Sender<u64>,
    pub(crate) applied: watch::Sender<u64>,
    pub(crate) state: Arc<PartitionState>,
    /// The time of this log, also after it was opened again.
    pub(crate) time: Arc<LogTime>,
    pub(crate) signals: Bus,
    pub(crate) tail: Arc<Tail>,
    /// Called after each round, and whenever the partition was opened.
    pub(crate) after_round: Option<AfterRound>,
}

/// How the tasks have ended.
enum Worked {
    /// The mailbox is closed and drained.
    Closed,
    Failed(Failure),
    /// Nothing is under way: the read models can be replaced.
    Quiet(Instruction),
}

/// What came of opening a partition again.
enum Reopened {
    Open(Box<Recovered>),
    Failed(OpenError),
    /// It has other read models now.
    Replaced,
    /// Nobody can send anything any more.
    Closed,
}

impl Keeper {
    /// Runs until the mailbox is closed and drained.
    pub(crate) async fn run(mut self, opened: Recovered) {
        let mut opened = opened;
        let mut backoff = Backoff::between(REOPEN_AFTER.0, REOPEN_AFTER.1);
        loop {
            let begun = Instant::now();
            let failure = match self.work(opened).await {
                Worked::Closed => {
                    return self.state.stop("the server is shutting down".to_owned());
                }
                Worked::Failed(failure) => failure,
                Worked::Quiet(instruction) => match self.replace(instruction).await {
                    Ok(again) => {
                        opened = again;
                        continue;
                    }
                    Err(failure) => failure,
                },
            };
            tracing::error!(log = %self.log, reason = %failure.reason, "the partition stopped");
            self.state.stop(failure.reason.clone());
            // Nothing un-deposes a writer.
            if failure.is_for_good {
                while self.refuse().await {}
                return;
            }
            let wait = backoff.after(begun.elapsed());
            let Some(again) = self.reopened(&failure, &mut backoff, wait).await else {
                return;
            };
            opened = again;
            let end = opened.tip.at.sequence;
            tracing::info!(log = %self.log, end, "the partition is open again");
            ::metrics::counter!(metrics::REOPENED_TOTAL).increment(1);
            self.state.resume();
        }
    }

    /// Runs the tasks until they have ended.
    async fn work(&mut self, opened: Recovered) -> Worked {
        self.committed.send_replace(opened.writer.last());
        self.applied.send_replace(opened.tip.at.sequence);
        if let Some(after_round) = &self.after_round {
            after_round();
        }
        let lost = end_lost(
            Arc::clone(&opened.events),
            self.committed.subscribe(),
            Arc::clone(&self.state),
        );
        tokio::pin!(lost);
        let (quiet, when_quiet) = watch::channel(false);
        let mut tasks = self.start(opened, when_quiet);
        let mut ending = Ending::default();
        let mut swap = None;
        loop {
            // All are cancel-safe; `lost` goes on.
            tokio::select! {
                ended = tasks.join_next() => match ended {
                    Some(ended) => ending.note(ended, &self.state),
                    None => break,
                },
                Some(instruction) = self.instructions.recv(), if swap.is_none() => {
                    if let Instruction::Swap { .. } = &instruction {
                        quiet.send_replace(true);
                        swap = Some(instruction);
                    }
                }
                reason = &mut lost => {
                    self.state.stop(reason.clone());
                    // Whoever waits for the log would wait for ever. Their outcome is unknown, as
                    // after a crash: opening again finds out.
                    tasks.shutdown().await;
                    ending.failure.get_or_insert(Failure::may_pass(reason));
                    break;
                }
            }
        }
        self.state.no_rounds();
        match (ending.failure, swap) {
            (None, _) if ending.is_closed => Worked::Closed,
            (None, Some(instruction)) => Worked::Quiet(instruction),
            (None, None) => Worked::Failed(Failure::may_pass("a task has ended".to_owned())),
            (Some(failure), _) => Worked::Failed(failure),
        }
    }

    fn start(&self, opened: Recovered, quiet: watch::Receiver<bool>) -> JoinSet<Ended> {
        let Recovered {
            events: _,
            writer,
            tip,
            memory,
        } = opened;
        let (appender, sealer) = writer.into_halves();
        let append = Append {
            appender,
            state: Arc::clone(&self.state),
        };
        let fold = &self.recovery.fold;
        let inline = fold.versions();
        let finish = Finish {
            log: self.log,
            sealer,
            store: self.models.now(),
            committed: self.committed.clone(),
            applied: self.applied.clone(),
            state: Arc::clone(&self.state),
            registry: self.registry.clone(),
            inline: inline.into_iter().map(|(name, _)| name).collect(),
            signals: self.signals.clone(),
            tail: Arc::clone(&self.tail),
            after_round: self.after_round.clone(),
        };
        let partition = Partition {
            surroundings: Surroundings {
                log: self.log,
                fold: Arc::clone(fold),
                time: Arc::clone(&self.time),
                ids: Arc::clone(&self.ids),
                others: self.others.clone(),
            },
            store: self.models.now(),
            memory,
            tip,
            state: Arc::clone(&self.state),
        };
        start(partition, append, finish, Arc::clone(&self.mailbox), quiet)
    }

    /// Opens the partition on other read models; letters wait meanwhile.
    async fn replace(&self, instruction: Instruction) -> Result<Recovered, Failure> {
        let Instruction::Swap { store, done } = instruction else {
            return Err(Failure::may_pass("a task has ended".to_owned()));
        };
        match self.recovery.run(&store).await {
            Ok(recovered) => {
                self.models.replace(store);
                // Whoever wanted it may have gone.
                drop(done.send(Ok(())));
                Ok(recovered)
            }
            Err(error) => {
                let reason = format!("its read models were not replaced: {}", error_chain(&error));
                drop(done.send(Err(reason.clone())));
                Err(Failure::may_pass(reason))
            }
        }
    }

    /// Opens the partition again, as often as that takes; `None` when nobody can send anything any
    /// more.
    async fn reopened(
        &mut self,
        failure: &Failure,
        backoff: &mut Backoff,
        wait: Duration,
    ) -> Option<Recovered> {
        let mut wait = wait;
        loop {
            match self.reopen(wait).await {
                Reopened::Closed => return None,
                Reopened::Open(again) => return Some(*again),
                Reopened::Replaced => wait = Duration::ZERO,
                Reopened::Failed(error) => {
                    let reason = format!("{}: {}", failure.reason, error_chain(&error));
                    tracing::warn!(log = %self.log, %reason, "the partition is not open yet");
                    self.state.replace(reason);
                    if !may_pass(&error) && !self.refuse().await {
                        return None;
                    }
                    wait = backoff.after(Duration::ZERO);
                }
            }
        }
    }

    /// Opens the partition after a while; whoever writes meanwhile is told why nothing happens.
    async fn reopen(&mut self, wait: Duration) -> Reopened {
        let store = self.models.now();
        let opening = async {
            sleep(wait).await;
            self.recovery.run(&store).await
        };
        tokio::pin!(opening);
        let mut mailbox = self.mailbox.lock().await;
        loop {
            // All are cancel-safe; `opening` goes on.
            tokio::select! {
                opened = &mut opening => return match opened {
                    Ok(opened) => Reopened::Open(Box::new(opened)),
                    Err(error) => Reopened::Failed(error),
                },
                Some(instruction) = self.instructions.recv() => {
                    if replaced(&self.models, instruction) {
                        return Reopened::Replaced;
                    }
                }
                letter = mailbox.recv() => match letter {
                    Some(letter) => turn_away(&self.state, letter),
                    None => return Reopened::Closed,
                },
            }
        }
    }

    /// Answers everyone that nothing happens; true when that may have changed, false when nobody
    /// can ask any more.
    async fn refuse(&mut self) -> bool {
        let mut mailbox = self.mailbox.lock().await;
        loop {
            tokio::select! {
                Some(instruction) = self.instructions.recv() => {
                    replaced(&self.models, instruction);
                    return true;
                }
                letter = mailbox.recv() => match letter {
                    Some(letter) => turn_away(&self.state, letter),
                    None => return false,
                },
            }
        }
    }
}

/// What the tasks of a partition have ended with.
#[derive(Default)]
struct Ending {
    failure: Option<Failure>,
    is_closed: bool,
}

impl Ending {
    fn note(&mut self, ended: Result<Ended, JoinError>, state: &PartitionState) {
        let failed = match ended {
            Ok(Ended::Decider { closed }) => {
                self.is_closed = closed;
                None
            }
            Ok(Ended::Append) => None,
            Ok(Ended::Finish(failed)) => failed,
            Err(error) => Some(Failure::may_pass(format!("a task failed: {error}"))),
        };
        if let Some(failed) = failed {
            // The others end by themselves: each one's neighbour has gone.
            state.stop(failed.reason.clone());
            self.failure.get_or_insert(failed);
        }
    }
}

/// Of a partition that is not open: whether it has other read models now. They hold everything that
/// was committed.
fn replaced(models: &Models, instruction: Instruction) -> bool {
    match instruction {
        Instruction::Swap { store, done } => {
            models.replace(store);
            drop(done.send(Ok(())));
            true
        }
        Instruction::Retry => false,
    }
}

fn turn_away(state: &PartitionState, letter: Letter) {
    let reason = state.stopped().unwrap_or_default();
    letter.answer(Err(SubmitError::Unavailable(reason)));
}

/// Looks at the log's end for ever; returns, and says so, when it is below what was committed: the
/// log has lost its end, or is another one.
async fn end_lost(
    events: Arc<dyn EventLog>,
    committed: watch::Receiver<u64>,
    state: Arc<PartitionState>,
) -> String {
    let mut tick = interval(LOOKED_AT_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut below = 0;
    loop {
        tick.tick().await;
        // Before the log is asked: it only grows.
        let wanted = *committed.borrow();
        match timeout(ANSWERS_WITHIN, events.last()).await {
            Ok(Ok(end)) if end < wanted => {
                state.log_answered();
                below += 1;
                if below >= LOOKS_MIN {
                    return format!(
                        "the log ends at event {end}, but {wanted} were committed: it has lost \
                         its end, or was made again"
                    );
                }
            }
            Ok(Ok(_)) => {
                state.log_answered();
                below = 0;
            }
            Ok(Err(error)) => state.log_is_silent(error_chain(&error)),
            Err(_elapsed) => state.log_is_silent("it was asked where it ends".to_owned()),
        }
    }
}
