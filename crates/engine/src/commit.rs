use std::sync::Arc;

use hansard_log::{AppendError, Appender, Sealer, Tail};
use hansard_projector::Registry;
use hansard_store::{Durability, Store};
use hansard_types::{Lack, LogId, error_chain};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::mailbox::{Answer, Letter};
use crate::round::Round;
use crate::signals::Bus;
use crate::state::PartitionState;
use crate::{SubmitError, metrics};

/// The first half of a commit: rounds get into the log, one after the other.
pub(crate) struct Append {
    pub(crate) appender: Appender,
    pub(crate) state: Arc<PartitionState>,
}

/// The second half: the journal, the read models, the answers. It works on one round while the
/// next is appended.
pub(crate) struct Finish {
    pub(crate) log: LogId,
    pub(crate) sealer: Sealer,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) committed: watch::Sender<u64>,
    pub(crate) applied: watch::Sender<u64>,
    pub(crate) state: Arc<PartitionState>,
    pub(crate) registry: Registry,
    pub(crate) inline: Vec<&'static str>,
    pub(crate) signals: Bus,
    /// Where those who follow the log find its end.
    pub(crate) tail: Arc<Tail>,
    /// Called once a round's read models are written, before anyone is answered.
    pub(crate) after_round: Option<AfterRound>,
}

/// What the control log's committer does besides: its settings are kept in memory.
pub(crate) type AfterRound = Arc<dyn Fn() + Send + Sync>;

/// Why a partition stopped.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    /// Opening the partition again cannot help.
    pub(crate) is_for_good: bool,
}

impl Failure {
    pub(crate) fn may_pass(reason: String) -> Self {
        Self {
            reason,
            is_for_good: false,
        }
    }
}

/// A round that is in the log, from `first`, or why it is not.
pub(crate) struct Appended {
    round: Round,
    first: Result<u64, Failure>,
}

impl Append {
    /// Runs until the decider hangs up. Once a round cannot be appended none is: the state that
    /// later rounds were decided on is not there.
    pub(crate) async fn run(
        mut self,
        mut rounds: mpsc::Receiver<Round>,
        appended: mpsc::Sender<Appended>,
    ) {
        while let Some(round) = rounds.recv().await {
            let first = self.append(&round).await;
            if appended.send(Appended { round, first }).await.is_err() {
                break;
            }
        }
    }

    async fn append(&mut self, round: &Round) -> Result<u64, Failure> {
        if let Some(reason) = self.state.stopped() {
            return Err(Failure::may_pass(reason));
        }
        if round.units.is_empty() {
            return Ok(0);
        }
        let begun = Instant::now();
        let first = self.appender.append(&round.units).await.map_err(|error| {
            let failure = stopped_by(&error);
            self.state.stop(failure.reason.clone());
            failure
        })?;
        ::metrics::histogram!(metrics::APPEND_SECONDS).record(begun.elapsed().as_secs_f64());
        Ok(first)
    }
}

impl Finish {
    /// Runs until nothing more is appended, and tells the decider of every round that is done; or
    /// until a round cannot be committed, and says why: the rounds behind it were decided on it,
    /// and are not committed either.
    pub(crate) async fn run(
        self,
        mut appended: mpsc::Receiver<Appended>,
        done: mpsc::Sender<()>,
    ) -> Option<Failure> {
        let failure = loop {
            let Appended { round, first } = appended.recv().await?;
            let outcome = match first {
                Err(failure) => Err((round.letters, failure)),
                Ok(first) => blocking(|| self.finish(first, round)),
            };
            // Not while the disk is waited for: those who wake up are run by this thread's worker.
            match outcome {
                Ok(letters) => answer(letters),
                Err((letters, failure)) => {
                    self.state.stop(failure.reason.clone());
                    answer_all(letters, &failure);
                    break failure;
                }
            }
            if done.send(()).await.is_err() {
                // What it has sent is committed all the same.
                tracing::debug!(log = %self.log, "the decider has gone");
            }
        };
        // Tells the decider to end, and then the appender.
        drop(done);
        while let Some(Appended { round, .. }) = appended.recv().await {
            answer_all(round.letters, &failure);
        }
        Some(failure)
    }

    /// Gives the letters back, to be answered; `Err` says why nothing more is committed.
    fn finish(&self, first: u64, round: Round) -> Result<Letters, (Letters, Failure)> {
        let Round {
            units,
            recorded,
            changes,
            signals,
            letters,
            tip,
        } = round;
        if units.is_empty() {
            self.signals.tell(self.log.app, signals);
            return Ok(letters);
        }
        let sealing = Instant::now();
        if let Err(error) = self.sealer.seal(first, &units) {
            return Err((letters, stopped_by(&error)));
        }
        // Before anyone hears of it: who is at the end never has to look further.
        let events = units.into_iter().flatten();
        self.tail.push(recorded.into_iter().zip(events));
        self.committed.send_replace(tip.at.sequence);
        ::metrics::histogram!(metrics::SEAL_SECONDS).record(sealing.elapsed().as_secs_f64());
        let writing = Instant::now();
        if let Err(error) = self.store.write_changes(&changes, Durability::Process) {
            // The events are committed: only the answer is lost, opening again catches up.
            let advice = Lack::of(&error).advice();
            let error = error_chain(&error);
            let reason = format!("the read models cannot be written ({error}): {advice}");
            return Err((letters, Failure::may_pass(reason)));
        }
        ::metrics::histogram!(metrics::WRITE_SECONDS).record(writing.elapsed().as_secs_f64());
        self.applied.send_replace(tip.at.sequence);
        for name in &self.inline {
            self.registry.update(self.log, name, |status| {
                status.applied = tip.at.sequence;
                status.log_end = tip.at.sequence;
                status.applied_time = tip.time;
            });
        }
        if let Some(after_round) = &self.after_round {
            after_round();
        }
        self.signals.tell(self.log.app, signals);
        Ok(letters)
    }
}

/// Letters with the answers that they get once their round is committed.
type Letters = Vec<(Letter, Result<Answer, SubmitError>)>;

/// Waits for the disk without keeping other tasks waiting. A runtime of one thread (tests) has
/// nobody to hand them to.
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    let flavor = tokio::runtime::Handle::current().runtime_flavor();
    if matches!(flavor, tokio::runtime::RuntimeFlavor::CurrentThread) {
        work()
    } else {
        tokio::task::block_in_place(work)
    }
}

fn answer(letters: Letters) {
    for (letter, result) in letters {
        letter.answer(result);
    }
}

/// A refusal stays one, as far as it was decided on what is committed: after a failure nothing is
/// certain, so everyone is told the same.
fn answer_all(letters: Letters, failure: &Failure) {
    for (letter, _) in letters {
        letter.answer(Err(SubmitError::OutcomeUnknown(failure.reason.clone())));
    }
}

/// Whatever stops a partition leaves the outcome of its round unknown: a prefix of the round may
/// be in the log, also when another writer has fenced the rest off.
fn stopped_by(error: &AppendError) -> Failure {
    let reason = match error {
        AppendError::Fenced { .. } => {
            format!("{error}. Stop the other server, then restart this one")
        }
        AppendError::Refused(_) | AppendError::Conflict { .. } => error.to_string(),
        AppendError::Unknown(_) => "the log did not answer before the server stopped".to_owned(),
        AppendError::Journal(source) => {
            let advice = Lack::of(source).advice();
            format!("the journal failed ({}): {advice}", error_chain(source))
        }
    };
    Failure {
        reason,
        is_for_good: matches!(error, AppendError::Fenced { .. }),
    }
}

#[cfg(test)]
mod tests {
    use hansard_log::JournalError;

    use super::*;

    #[test]
    fn a_journal_without_descriptors_does_not_send_anyone_to_the_disk() {
        let failed = |code| {
            stopped_by(&AppendError::Journal(JournalError::File {
                path: "/data/journal/1.seg".to_owned(),
                source: std::io::Error::from_raw_os_error(code),
            }))
            .reason
        };
        let text = failed(24);
        assert!(text.contains("no file descriptors left"), "{text}");
        assert!(text.contains("/data/journal/1.seg"), "{text}");
        assert!(!text.contains("check the disk"), "{text}");
        let text = failed(28);
        assert!(text.contains("the disk is full: make room"), "{text}");
        assert!(failed(5).contains("check the disk"), "{}", failed(5));
    }
}
