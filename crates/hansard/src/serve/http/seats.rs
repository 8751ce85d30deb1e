//! Who is connected, and who goes when there is no room: the one that has been silent longest.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinError};
use tokio::time::Instant;

/// How long a connection must have been silent before it may be asked to leave: whoever calls again
/// and again keeps its connection.
const SILENT_FOR: Duration = Duration::from_secs(1);
/// How soon another one is looked for when nobody could be asked.
pub(super) const ASK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// All connections by their task.
pub(super) struct Seats {
    most: usize,
    taken: HashMap<Id, Arc<Seat>>,
}

/// One connection, as far as that it may have to go.
pub(super) struct Seat {
    begun: Instant,
    /// Requests that are being answered.
    requests: AtomicU32,
    /// Since when nothing is being answered, from `begun`.
    silent_since_ms: AtomicU64,
    asked: AtomicBool,
    leave: Notify,
}

/// A request that is being answered.
pub(super) struct Turn(Arc<Seat>);

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            taken: HashMap::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.taken.len() < self.most
    }

    pub(super) fn take(&mut self, task: Id, seat: Arc<Seat>) {
        self.taken.insert(task, seat);
    }

    pub(super) fn leave(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let task = match ended {
            Ok((task, ())) => *task,
            Err(error) => {
                tracing::error!(%error, "a connection failed");
                error.id()
            }
        };
        self.taken.remove(&task);
    }

    /// Asks the connection to leave that has been silent longest, unless one is on its way.
    pub(super) fn ask_one_to_leave(&self) {
        let is_leaving = |seat: &Seat| seat.asked.load(Ordering::Relaxed) && seat.is_idle();
        if self.taken.values().any(|seat| is_leaving(seat)) {
            return;
        }
        let silent = self.taken.values().filter_map(|seat| {
            let silent_for = seat.silent_for()?;
            let may_go = silent_for >= SILENT_FOR && !seat.asked.load(Ordering::Relaxed);
            may_go.then_some((silent_for, seat))
        });
        if let Some((_, seat)) = silent.max_by_key(|(silent_for, _)| *silent_for) {
            seat.asked.store(true, Ordering::Relaxed);
            seat.leave.notify_one();
        }
    }
}

impl Seat {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            requests: AtomicU32::new(0),
            silent_since_ms: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            leave: Notify::new(),
        }
    }

    pub(super) fn begin(seat: &Arc<Self>) -> Turn {
        seat.requests.fetch_add(1, Ordering::Relaxed);
        Turn(Arc::clone(seat))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    pub(super) async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }

    /// How long nothing has been answered; `None` while something is.
    fn silent_for(&self) -> Option<Duration> {
        let since = Duration::from_millis(self.silent_since_ms.load(Ordering::Relaxed));
        self.is_idle()
            .then(|| self.begun.elapsed().saturating_sub(since))
    }
}

impl Turn {
    /// An answer that goes on for nobody knows how long: its connection is not silent any more.
    pub(super) fn never_ends(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Self(seat) = self;
        let now = u64::try_from(seat.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        seat.silent_since_ms.store(now, Ordering::Relaxed);
        seat.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    async fn is_asked(seat: &Seat) -> bool {
        tokio::time::timeout(Duration::ZERO, seat.asked_to_leave())
            .await
            .is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_been_silent_longest_makes_room() {
        let mut tasks = JoinSet::<()>::new();
        let mut seats = Seats::new(3);
        let mut all = Vec::new();
        for _ in 0..3 {
            assert!(seats.has_room());
            let seat = Arc::new(Seat::new());
            seats.take(tasks.spawn(std::future::pending()).id(), Arc::clone(&seat));
            all.push(seat);
        }
        assert!(!seats.has_room());
        let answering = Seat::begin(&all[0]);
        seats.ask_one_to_leave();
        for seat in &all {
            assert!(!is_asked(seat).await, "nobody has been silent for long");
        }
        tokio::time::advance(SILENT_FOR).await;
        // This one has just been answered.
        drop(Seat::begin(&all[1]));
        seats.ask_one_to_leave();
        seats.ask_one_to_leave();
        assert!(is_asked(&all[2]).await, "it has been silent longest");
        assert!(!is_asked(&all[0]).await, "it is being answered");
        assert!(!is_asked(&all[1]).await, "one leaves at a time");
        drop(answering);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_never_silent() {
        let seat = Arc::new(Seat::new());
        Seat::begin(&seat).never_ends();
        tokio::time::advance(SILENT_FOR * 100).await;
        assert_eq!(seat.silent_for(), None);
    }
}
