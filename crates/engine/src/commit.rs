use std::sync::Arc;

use hansard_log::{AppendError, Writer};
use hansard_projector::Registry;
use hansard_store::{Durability, Store};
use hansard_types::LogId;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::handle::PartitionState;
use crate::mailbox::{Answer, Letter};
use crate::round::Round;
use crate::{SubmitError, metrics};

/// Commits rounds, one after the other: the log, the journal, the read models, the answers.
pub(crate) struct Committer {
    pub(crate) log: LogId,
    pub(crate) writer: Writer,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) applied: watch::Sender<u64>,
    pub(crate) state: Arc<PartitionState>,
    pub(crate) registry: Registry,
    pub(crate) inline: Vec<&'static str>,
    /// Called once a round's read models are written, before anyone is answered.
    pub(crate) after_round: Option<AfterRound>,
}

/// What the control log's committer does besides: its settings are kept in memory.
pub(crate) type AfterRound = Box<dyn Fn() + Send + Sync>;

/// Why a partition takes no more commands.
struct Stopped {
    reason: String,
    /// Whether the round that failed may have happened.
    unknown: bool,
}

impl Committer {
    /// Runs until the decider hangs up, or a round cannot be committed. After that every round
    /// is answered with the reason: the state that later rounds were decided on is not there.
    pub(crate) async fn run(
        mut self,
        mut rounds: mpsc::Receiver<Round>,
        done: mpsc::Sender<()>,
    ) -> Writer {
        let mut stopped: Option<Stopped> = None;
        while let Some(round) = rounds.recv().await {
            if let Some(Stopped { reason, .. }) = &stopped {
                answer_all(round.letters, &SubmitError::Unavailable(reason.clone()));
            } else if let Err(failure) = self.commit(round).await {
                tracing::error!(log = %self.log, reason = %failure.reason, "the partition stopped");
                self.state.stop(failure.reason.clone());
                stopped = Some(failure);
            }
            if done.send(()).await.is_err() {
                break;
            }
        }
        self.writer
    }

    async fn commit(&mut self, round: Round) -> Result<(), Stopped> {
        let Round {
            units,
            changes,
            letters,
            tip,
        } = round;
        if units.is_empty() {
            answer(letters);
            return Ok(());
        }
        let begun = Instant::now();
        if let Err(error) = self.writer.append(&units).await {
            let failure = stopped_by(&error);
            let told = if failure.unknown {
                SubmitError::OutcomeUnknown(failure.reason.clone())
            } else {
                SubmitError::Unavailable(failure.reason.clone())
            };
            answer_all(letters, &told);
            return Err(failure);
        }
        ::metrics::histogram!(metrics::APPEND_SECONDS).record(begun.elapsed().as_secs_f64());
        let writing = Instant::now();
        if let Err(error) = self.store.write_changes(&changes, Durability::Process) {
            // The events are committed: only the answer is lost, a restart catches up.
            let reason = format!("the read models cannot be written ({error}): restart the server");
            answer_all(letters, &SubmitError::OutcomeUnknown(reason.clone()));
            return Err(Stopped {
                reason,
                unknown: true,
            });
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
        answer(letters);
        Ok(())
    }
}

fn answer(letters: Vec<(Letter, Result<Answer, SubmitError>)>) {
    for (letter, result) in letters {
        letter.answer(result);
    }
}

/// A refusal stays one, as far as it was decided on what is committed: after a failure nothing is
/// certain, so everyone is told the same.
fn answer_all(letters: Vec<(Letter, Result<Answer, SubmitError>)>, error: &SubmitError) {
    for (letter, _) in letters {
        letter.answer(Err(error.clone()));
    }
}

fn stopped_by(error: &AppendError) -> Stopped {
    let (reason, unknown) = match error {
        AppendError::Fenced { .. } => (
            format!("{error}. Stop the other server, then restart this one"),
            false,
        ),
        AppendError::Refused(_) | AppendError::Conflict { .. } => (error.to_string(), true),
        AppendError::Unknown(_) => (
            "the log did not answer before the server stopped".to_owned(),
            true,
        ),
        AppendError::Journal(source) => (
            format!("the journal failed ({source}): check the disk, then restart"),
            true,
        ),
    };
    Stopped { reason, unknown }
}
