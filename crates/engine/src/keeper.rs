use std::sync::Arc;
use std::time::Duration;

use hansard_types::LogId;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::clock::LogTime;
use crate::commit::{AfterRound, Append, Failure, Finish, causes};
use crate::handle::PartitionState;
use crate::mailbox::Letter;
use crate::partition::{Ended, Partition, start};
use crate::recover::{Recovered, Recovery, may_pass};
use crate::round::{Memory, Surroundings};
use crate::signals::Bus;
use crate::{OpenError, SubmitError, metrics};

/// The first and the longest wait before a partition that has stopped is opened again.
const REOPEN_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A partition that worked for so long had been opened well: the next wait is the first again.
const WORKED_WELL: Duration = Duration::from_secs(30);

/// Letters on their way in. They outlive the decider that takes them.
pub(crate) type Mailbox = Arc<Mutex<mpsc::Receiver<Letter>>>;

/// Owns a partition's tasks. When one of them fails or panics the partition takes no commands, and
/// is opened again as at a start: log and journal are compared, and the read models brought to the
/// log's end. That is tried for as long as the process lives, unless it cannot help.
pub(crate) struct Keeper {
    pub(crate) log: LogId,
    pub(crate) recovery: Recovery,
    pub(crate) mailbox: Mailbox,
    pub(crate) committed: watch::Sender<u64>,
    pub(crate) applied: watch::Sender<u64>,
    pub(crate) state: Arc<PartitionState>,
    /// The time of this log, also after it was opened again.
    pub(crate) time: Arc<LogTime>,
    pub(crate) signals: Bus,
    /// Called after each round, and whenever the partition was opened.
    pub(crate) after_round: Option<AfterRound>,
}

/// What came of opening a partition again.
enum Reopened {
    Open(Box<Recovered>),
    Failed(OpenError),
    /// Nobody can send anything any more.
    Closed,
}

impl Keeper {
    /// Runs until the mailbox is closed and drained.
    pub(crate) async fn run(self, opened: Recovered) {
        let mut opened = opened;
        let mut wait = REOPEN_AFTER.0;
        loop {
            let begun = Instant::now();
            let Some(failure) = self.work(opened).await else {
                return self.state.stop("the server is shutting down".to_owned());
            };
            tracing::error!(log = %self.log, reason = %failure.reason, "the partition stopped");
            self.state.stop(failure.reason.clone());
            if begun.elapsed() > WORKED_WELL {
                wait = REOPEN_AFTER.0;
            }
            if failure.is_for_good {
                return self.refuse().await;
            }
            loop {
                match self.reopen(wait).await {
                    Reopened::Closed => return,
                    Reopened::Open(again) => {
                        opened = *again;
                        break;
                    }
                    Reopened::Failed(error) => {
                        let reason = format!("{}: {}", failure.reason, causes(&error));
                        tracing::warn!(log = %self.log, %reason, "the partition is not open yet");
                        self.state.replace(reason);
                        if !may_pass(&error) {
                            return self.refuse().await;
                        }
                    }
                }
                wait = (wait * 2).min(REOPEN_AFTER.1);
            }
            let end = opened.tip.at.sequence;
            tracing::info!(log = %self.log, end, "the partition is open again");
            ::metrics::counter!(metrics::REOPENED_TOTAL).increment(1);
            self.state.resume();
        }
    }

    /// Runs the tasks until they have ended; `None` when the mailbox is closed and drained.
    async fn work(&self, opened: Recovered) -> Option<Failure> {
        self.committed.send_replace(opened.writer.last());
        self.applied.send_replace(opened.tip.at.sequence);
        if let Some(after_round) = &self.after_round {
            after_round();
        }
        let mut tasks = self.start(opened);
        let mut failure: Option<Failure> = None;
        let mut is_closed = false;
        while let Some(ended) = tasks.join_next().await {
            let failed = match ended {
                Ok(Ended::Decider { closed }) => {
                    is_closed = closed;
                    None
                }
                Ok(Ended::Append) => None,
                Ok(Ended::Finish(failed)) => failed,
                Err(error) => Some(Failure::may_pass(format!("a task failed: {error}"))),
            };
            if let Some(failed) = failed {
                // The others end by themselves: each one's neighbour has gone.
                self.state.stop(failed.reason.clone());
                failure.get_or_insert(failed);
            }
        }
        match failure {
            None if is_closed => None,
            None => Some(Failure::may_pass("a task has ended".to_owned())),
            Some(failure) => Some(failure),
        }
    }

    fn start(&self, opened: Recovered) -> JoinSet<Ended> {
        let Recovered {
            writer,
            tip,
            memory,
        } = opened;
        let options = &self.recovery.options;
        let (appender, sealer) = writer.into_halves();
        let append = Append {
            appender,
            state: Arc::clone(&self.state),
        };
        let inline = options.fold.versions();
        let finish = Finish {
            log: self.log,
            sealer,
            store: Arc::clone(&options.store),
            committed: self.committed.clone(),
            applied: self.applied.clone(),
            state: Arc::clone(&self.state),
            registry: options.registry.clone(),
            inline: inline.into_iter().map(|(name, _)| name).collect(),
            signals: self.signals.clone(),
            after_round: self.after_round.clone(),
        };
        let partition = Partition {
            surroundings: Surroundings {
                log: self.log,
                fold: Arc::clone(&options.fold),
                time: Arc::clone(&self.time),
                ids: Arc::clone(&options.ids),
            },
            store: Arc::clone(&options.store),
            memory,
            tip,
            state: Arc::clone(&self.state),
        };
        start(partition, append, finish, Arc::clone(&self.mailbox))
    }

    /// Opens the partition after a while; whoever writes meanwhile is told why nothing happens.
    async fn reopen(&self, wait: Duration) -> Reopened {
        let opening = async {
            sleep(wait).await;
            self.recovery.run(Memory::default()).await
        };
        tokio::pin!(opening);
        let mut mailbox = self.mailbox.lock().await;
        loop {
            // Both are cancel-safe; `opening` goes on.
            tokio::select! {
                opened = &mut opening => return match opened {
                    Ok(opened) => Reopened::Open(Box::new(opened)),
                    Err(error) => Reopened::Failed(error),
                },
                letter = mailbox.recv() => match letter {
                    Some(letter) => self.turn_away(letter),
                    None => return Reopened::Closed,
                },
            }
        }
    }

    /// Answers everyone until nobody can ask any more.
    async fn refuse(&self) {
        let mut mailbox = self.mailbox.lock().await;
        while let Some(letter) = mailbox.recv().await {
            self.turn_away(letter);
        }
    }

    fn turn_away(&self, letter: Letter) {
        let reason = self.state.stopped().unwrap_or_default();
        letter.answer(Err(SubmitError::Unavailable(reason)));
    }
}
