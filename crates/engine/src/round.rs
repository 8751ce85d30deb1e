use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hansard_conversations::Recents;
use hansard_domain::account::ForgetAccounts;
use hansard_domain::{Command, Context, Rejection, Reply, Signal, decide};
use hansard_events::{Event, Origin, RawEvent, Recorded, encode};
use hansard_log::Unit;
use hansard_projector::Fold;
use hansard_store::{Cached, Changes, Layers, Overlay, Read, RowCache, Store};
use hansard_types::{Checkpoint, LogId, Position, Seq, Timestamp, error_chain, limits};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::clock::LogTime;
use crate::frequency::Frequency;
use crate::mailbox::{Answer, Letter};
use crate::state::Models;
use crate::view::StateView;
use crate::{IdSource, SubmitError};

/// What a decider needs besides the state.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) log: LogId,
    pub(crate) fold: Arc<Fold>,
    pub(crate) time: Arc<LogTime>,
    pub(crate) ids: Arc<dyn IdSource>,
    /// Where the partitions that are read besides it are read, from 0 on.
    pub(crate) others: Vec<Models>,
}

/// Where a partition stands: the end of everything that was decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tip {
    pub(crate) at: Checkpoint,
    /// The time of the last event: time never runs backwards in a log.
    pub(crate) time: Timestamp,
}

/// A decided round on its way to the committer.
pub(crate) struct Round {
    pub(crate) units: Vec<Unit>,
    /// What the events of the units say, in order.
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) changes: Arc<Changes>,
    /// Handed on once it is committed.
    pub(crate) signals: Vec<Signal>,
    pub(crate) letters: Vec<(Letter, Result<Answer, SubmitError>)>,
    /// Where the log stands once it is committed.
    pub(crate) tip: Tip,
}

impl Round {
    /// Nothing of it has happened.
    fn given_up(
        letters: &mut VecDeque<Letter>,
        letters_max: usize,
        reason: &str,
        tip: Tip,
    ) -> Self {
        let taken = letters.drain(..letters.len().min(letters_max));
        let refused = |letter| (letter, Err(SubmitError::Unavailable(reason.to_owned())));
        Self {
            units: Vec::new(),
            recorded: Vec::new(),
            changes: Arc::default(),
            signals: Vec::new(),
            letters: taken.map(refused).collect(),
            tip,
        }
    }
}

/// What a decider keeps in memory of the state that it decides on.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) rows: RowCache,
    /// Locked while it is read ahead: who needs it then waits for that, and nobody else.
    pub(crate) recents: Arc<Mutex<Recents>>,
    pub(crate) frequency: Mutex<Frequency>,
    reading: JoinSet<()>,
    ended: Arc<AtomicBool>,
}

impl Memory {
    /// Reads ahead, beside everything else, what the first round would have to read: minutes of
    /// messages, when many are sent.
    pub(crate) fn read_ahead(&mut self, store: &Arc<dyn Store>, log: LogId) {
        let (recents, ended) = (Arc::clone(&self.recents), Arc::clone(&self.ended));
        let store = Arc::clone(store);
        self.reading.spawn_blocking(move || {
            let go_on = || !ended.load(Ordering::Acquire);
            let mut recents = recents.lock();
            if let Err(error) = recents.load(&*store.snapshot(), log, &go_on) {
                // The round that needs it fails then, and says so to those who wait for it.
                tracing::warn!(%log, %error, "recent messages cannot be read ahead");
            }
        });
    }

    /// Ends what is being read ahead.
    pub(crate) async fn close(mut self) {
        self.ended.store(true, Ordering::Release);
        while let Some(ended) = self.reading.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "reading ahead failed");
            }
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

/// Decides letters, in order, on top of the store and of the rounds that are still being
/// committed, oldest first. `memory` has been told of all of them, and is of this one.
///
/// A command that cannot be decided, or whose event cannot be folded, because a row of the state
/// does not read, fails alone: what the others of its round decided does not hold it.
///
/// The letters that the round has no room for are left: those after `ROUND_BYTES_MAX` of events or
/// `ROUND_ROWS_MAX` of changed rows.
pub(crate) fn decide_round(
    surroundings: &Surroundings,
    store: &dyn Read,
    memory: &Memory,
    in_flight: &[Arc<Changes>],
    tip: &mut Tip,
    letters: &mut VecDeque<Letter>,
) -> Round {
    let layers = Layers {
        base: store,
        changes: in_flight,
    };
    let cached = Cached {
        cache: &memory.rows,
        base: &layers,
    };
    // One state of them for the whole round: at least what was committed there when the commands
    // came in, which the handle sees to.
    let others: Vec<_> = surroundings.others.iter().map(Models::now).collect();
    let others: Vec<_> = others.iter().map(|store| store.snapshot()).collect();
    let others: Vec<&dyn Read> = others.iter().map(|other| &**other as _).collect();
    let state = State {
        own: &cached,
        others: &others,
    };
    let mut failed = Vec::new();
    let mut letters_max = usize::MAX;
    loop {
        match attempt(surroundings, state, memory, *tip, letters, letters_max) {
            Ok(mut round) => {
                *tip = round.tip;
                memory.rows.note(&round.changes);
                round.letters.append(&mut failed);
                return round;
            }
            // What it had folded by half is in the changes: the letters before it are decided
            // again without it, and those behind it in the next round.
            Err(unfolded) => {
                let Unfolded {
                    before,
                    letter,
                    reason,
                } = *unfolded;
                tracing::error!(log = %surroundings.log, %reason, "a command failed");
                letters_max = before.len();
                for (letter, _) in before.into_iter().rev() {
                    letters.push_front(letter);
                }
                failed.push((letter, Err(SubmitError::Unavailable(reason))));
            }
        }
    }
}

/// What a round is decided on.
#[derive(Clone, Copy)]
struct State<'a> {
    own: &'a dyn Read,
    /// Other partitions, from 0 on.
    others: &'a [&'a dyn Read],
}

type Answered = Vec<(Letter, Result<Answer, SubmitError>)>;

/// A letter whose event could not be folded, and those that were decided before it.
struct Unfolded {
    before: Answered,
    letter: Letter,
    reason: String,
}

/// Decides at most `letters_max` letters.
fn attempt(
    surroundings: &Surroundings,
    state: State<'_>,
    memory: &Memory,
    tip: Tip,
    letters: &mut VecDeque<Letter>,
    letters_max: usize,
) -> Result<Round, Box<Unfolded>> {
    let mut deciding = Deciding {
        surroundings,
        recents: &memory.recents,
        frequency: &memory.frequency,
        state: Overlay::new(state.own),
        others: state.others,
        units: Vec::with_capacity(letters.len()),
        recorded: Vec::with_capacity(letters.len()),
        signals: Vec::new(),
        bytes: 0,
        tip,
        now: surroundings.time.at_least(tip.time),
    };
    if let Err(reason) = deciding.forget() {
        tracing::error!(log = %surroundings.log, %reason, "a round was given up");
        return Ok(Round::given_up(letters, letters_max, &reason, tip));
    }
    let mut answered = Vec::with_capacity(letters.len());
    while answered.len() < letters_max
        && deciding.bytes < limits::ROUND_BYTES_MAX
        && deciding.state.changes().len() < limits::ROUND_ROWS_MAX
        && let Some(letter) = letters.pop_front()
    {
        match deciding.decide_letter(&letter) {
            Ok(result) => answered.push((letter, result)),
            Err(reason) => {
                return Err(Box::new(Unfolded {
                    before: answered,
                    letter,
                    reason,
                }));
            }
        }
    }
    let signals = std::mem::take(&mut deciding.signals);
    let recorded = std::mem::take(&mut deciding.recorded);
    Ok(match deciding.finish() {
        Ok((units, changes, reached)) => Round {
            units,
            recorded,
            changes: Arc::new(changes),
            signals,
            letters: answered,
            tip: reached,
        },
        Err(reason) => {
            tracing::error!(log = %surroundings.log, %reason, "a round was given up");
            Round {
                units: Vec::new(),
                recorded: Vec::new(),
                changes: Arc::default(),
                signals: Vec::new(),
                letters: given_up(answered, &reason),
                tip,
            }
        }
    })
}

/// Nothing of the round has happened; what was refused stays refused.
fn given_up(letters: Answered, reason: &str) -> Answered {
    let refuse = |(letter, result)| match result {
        Err(refused) => (letter, Err(refused)),
        Ok(Answer { .. }) => (letter, Err(SubmitError::Unavailable(reason.to_owned()))),
    };
    letters.into_iter().map(refuse).collect()
}

struct Deciding<'a> {
    surroundings: &'a Surroundings,
    recents: &'a Mutex<Recents>,
    frequency: &'a Mutex<Frequency>,
    state: Overlay<'a>,
    others: &'a [&'a dyn Read],
    units: Vec<Unit>,
    recorded: Vec<Recorded>,
    signals: Vec<Signal>,
    /// Of all events in `units`.
    bytes: usize,
    tip: Tip,
    now: Timestamp,
}

impl Deciding<'_> {
    /// Accounts that were deleted in the directory's partition are gone here before anything is
    /// decided on a directory that does not have them any more.
    fn forget(&mut self) -> Result<(), String> {
        // In a live partition nothing is kept of an account.
        if self.others.is_empty() || self.surroundings.log.is_live() {
            return Ok(());
        }
        let by_system = Origin::system();
        let forget = Command::from(ForgetAccounts);
        loop {
            let units = self.units.len();
            match self.decide_command(&forget, &by_system)? {
                Ok(_) if self.units.len() == units => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(error_chain(&error)),
            }
        }
    }

    fn decide_letter(&mut self, letter: &Letter) -> Result<Result<Answer, SubmitError>, String> {
        self.decide_command(&letter.command, &letter.origin)
    }

    /// `Err` when an event could not be folded: the state is of no use then.
    fn decide_command(
        &mut self,
        command: &Command,
        origin: &Origin,
    ) -> Result<Result<Answer, SubmitError>, String> {
        let outcome = {
            let next = Seq(self.tip.at.sequence + 1);
            let log = self.surroundings.log;
            let memory = (self.recents, self.frequency);
            let view = StateView::new(&self.state, self.others, log, memory, next);
            let context = Context {
                now: self.now,
                actor: &origin.actor,
            };
            decide(command, &view, &context)
        };
        let decision = match outcome {
            Ok(Ok(decision)) => decision,
            Ok(Err(Rejection { reason })) => {
                return Ok(Err(SubmitError::Rejected(Rejection { reason })));
            }
            // Nothing was decided.
            Err(error) => {
                let reason = error_chain(&error);
                tracing::error!(log = %self.surroundings.log, %reason, "a command failed");
                return Ok(Err(SubmitError::Unavailable(reason)));
            }
        };
        let mut unit: Unit = Vec::with_capacity(decision.events.len());
        for event in decision.events {
            unit.push(self.record(event, origin)?);
        }
        if !unit.is_empty() {
            let bytes: usize = unit.iter().map(RawEvent::size_bytes).sum();
            self.bytes += bytes;
            self.units.push(unit);
        }
        self.signals.extend(decision.signals);
        Ok(Ok(self.answer(decision.reply)))
    }

    fn answer(&self, reply: Reply) -> Answer {
        let position = Position::new(self.surroundings.log.partition, self.tip.at.sequence);
        Answer { reply, position }
    }

    /// Encodes an event for the next sequence and folds it.
    fn record(&mut self, event: Event, origin: &Origin) -> Result<RawEvent, String> {
        let log = self.surroundings.log;
        let identity = self.surroundings.ids.next(self.now);
        let chain = &self.tip.at.chain;
        let (raw, envelope) = encode(&event, identity, log, self.now, origin.provenance(), chain)
            .map_err(|error| format!("an event does not encode: {error}"))?;
        if raw.body().len() > limits::EVENT_BYTES_MAX {
            return Err(format!(
                "an event of {} bytes is too large",
                raw.body().len()
            ));
        }
        let sequence = self.tip.at.sequence + 1;
        let recorded = Recorded {
            sequence,
            envelope,
            event: Some(event),
            erased: false,
        };
        let fold = &self.surroundings.fold;
        fold.apply(log, &mut self.tip.at, &recorded, &mut self.state)
            .map_err(|error| error_chain(&error))?;
        self.tip.time = self.now;
        self.recorded.push(recorded);
        Ok(raw)
    }

    fn finish(mut self) -> Result<(Vec<Unit>, Changes, Tip), String> {
        if !self.units.is_empty() {
            let (log, at) = (self.surroundings.log, self.tip.at);
            self.surroundings
                .fold
                .write_checkpoint(log, &at, &mut self.state)
                .map_err(|error| error_chain(&error))?;
        }
        Ok((self.units, self.state.into_changes(), self.tip))
    }
}
