//! Where read models are read: on a bounded number of threads that nothing else waits for.

use hansard_store::Read;
use hansard_types::LogId;
use hansard_types::limits::{READS_AT_ONCE_MAX, READS_WAITING_MAX};
use tokio::sync::Semaphore;

use crate::commit::blocking;
use crate::{SubmitError, metrics};

/// The readers of one partition's read models. What can touch many rows is reached through one of these
/// only, and [`Handle::read`](crate::Handle::read) is where they come from: a list that is read on
/// one of the runtime's workers does not compile.
#[derive(Clone, Copy)]
pub struct Reads<'a> {
    store: &'a dyn Read,
    log: LogId,
}

impl<'a> Reads<'a> {
    pub(crate) fn new(store: &'a dyn Read, log: LogId) -> Self {
        Self { store, log }
    }

    #[must_use]
    pub fn directory(&self) -> hansard_directory::Reader<'a> {
        hansard_directory::Reader::new(self.store, self.log)
    }

    #[must_use]
    pub fn groups(&self) -> hansard_groups::Reader<'a> {
        hansard_groups::Reader::new(self.store, self.log)
    }

    #[must_use]
    pub fn conversations(&self) -> hansard_conversations::Reader<'a> {
        hansard_conversations::Reader::new(self.store, self.log)
    }
}

/// Lets a bounded number of reads run, and a bounded number wait for them.
pub(crate) struct ReadPool {
    running: Semaphore,
    /// Those that run and those that wait.
    admitted: Semaphore,
}

impl Default for ReadPool {
    fn default() -> Self {
        Self::of(READS_AT_ONCE_MAX, READS_WAITING_MAX)
    }
}

impl ReadPool {
    fn of(at_once: usize, waiting: usize) -> Self {
        Self {
            running: Semaphore::new(at_once),
            admitted: Semaphore::new(at_once + waiting),
        }
    }

    /// Runs a read once it is its turn. The runtime's worker that it runs on hands its other tasks
    /// to another thread first.
    ///
    /// # Errors
    /// [`SubmitError::Busy`] when too many wait already.
    pub(crate) async fn run<T>(&self, work: impl FnOnce() -> T) -> Result<T, SubmitError> {
        let Ok(_admitted) = self.admitted.try_acquire() else {
            ::metrics::counter!(metrics::READS_BUSY_TOTAL).increment(1);
            return Err(SubmitError::Busy);
        };
        // Cancel-safe: who stops waiting leaves the queue.
        let turn = self.running.acquire().await;
        let _turn = turn.expect("the pool is never closed");
        Ok(blocking(work))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_few_reads_run_at_once_a_few_wait_and_one_more_is_told_so() {
        const AT_ONCE: usize = 2;
        const WAITING: usize = 3;
        let pool = ReadPool::of(AT_ONCE, WAITING);
        let done = AtomicUsize::new(0);
        let read = || {
            pool.run(|| {
                done.fetch_add(1, Ordering::SeqCst);
            })
        };
        // As if reads that run and do not end had every turn.
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(read())).collect();
        let held = pool.running.acquire_many(2).await.expect("open");
        let permits = pool.admitted.acquire_many(2).await.expect("open");
        for one in &mut waiting {
            assert!(is_pending(one).await, "it waits for its turn");
        }
        assert_eq!(read().await, Err(SubmitError::Busy), "one too many");
        assert_eq!(done.load(Ordering::SeqCst), 0);
        drop((held, permits));
        for one in waiting {
            assert_eq!(one.await, Ok(()));
        }
        assert_eq!(done.load(Ordering::SeqCst), WAITING);
        assert_eq!(read().await, Ok(()), "there is room again");
    }

    /// Whether a future is not done at once.
    async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            let polled = std::pin::Pin::new(&mut *future).poll(context);
            std::task::Poll::Ready(polled.is_pending())
        })
        .await
    }
}
