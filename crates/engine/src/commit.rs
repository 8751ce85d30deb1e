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

impl Committer {
    /// Runs until the decider hangs up, or a round cannot be committed. After that every round
    /// is answered with the reason: the state that later rounds were decided on is not there.
    pub(crate) async fn run(
        mut self,
        mut rounds: mpsc::Receiver<Round>,
        done: mpsc::Sender<()>,
    ) -> Writer {
        let mut stopped: Option<String> = None;
        while let Some(round) = rounds.recv().await {
            if let Some(reason) = &stopped {
                answer_all(round.letters, &SubmitError::Unavailable(reason.clone()));
            } else if let Err(reason) = self.commit(round).await {
                tracing::error!(log = %self.log, %reason, "the partition stopped");
                self.state.stop(reason.clone());
                stopped = Some(reason);
            }
            if done.send(()).await.is_err() {
                break;
            }
        }
        self.writer
    }

    /// `Err` says why nothing can be committed any more.
    async fn commit(&mut self, round: Round) -> Result<(), String> {
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
            let reason = stopped_by(&error);
            answer_all(letters, &SubmitError::OutcomeUnknown(reason.clone()));
            return Err(reason);
        }
        ::metrics::histogram!(metrics::APPEND_SECONDS).record(begun.elapsed().as_secs_f64());
        let writing = Instant::now();
        if let Err(error) = self.store.write_changes(&changes, Durability::Process) {
            // The events are committed: only the answer is lost, a restart catches up.
            let reason = format!("the read models cannot be written ({error}): restart the server");
            answer_all(letters, &SubmitError::OutcomeUnknown(reason.clone()));
            return Err(reason);
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

/// Whatever stops a partition leaves the outcome of its round unknown: a prefix of the round may
/// be in the log, also when another writer has fenced the rest off.
fn stopped_by(error: &AppendError) -> String {
    match error {
        AppendError::Fenced { .. } => {
            format!("{error}. Stop the other server, then restart this one")
        }
        AppendError::Refused(_) | AppendError::Conflict { .. } => error.to_string(),
        AppendError::Unknown(_) => "the log did not answer before the server stopped".to_owned(),
        AppendError::Journal(source) => {
            format!("the journal failed ({source}): check the disk, then restart")
        }
    }
}
