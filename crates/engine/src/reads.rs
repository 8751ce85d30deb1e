//! Where read models are read: on a bounded number of threads that nothing else waits for.

use std::sync::Arc;

use hansard_conversations::Contact;
use hansard_events::partition_of;
use hansard_groups::Membership;
use hansard_store::Store;
use hansard_types::limits::{READS_AT_ONCE_MAX, READS_WAITING_MAX};
use hansard_types::{AppId, ConversationId, GroupId, LogId, UserId};
use tokio::sync::Semaphore;

use crate::commit::blocking;
use crate::{SubmitError, metrics};

/// The readers of one app's read models. What can touch many rows is reached through one of these
/// only, and [`Handle::read`](crate::Handle::read) is where they come from: a list that is read on
/// one of the runtime's workers does not compile.
///
/// What an account has everywhere is gathered over the partitions here.
#[derive(Clone, Copy)]
pub struct Reads<'a> {
    app: AppId,
    /// Where each ordinary partition is read, at least the first.
    stores: &'a [Arc<dyn Store>],
    /// Where the live partition is read.
    live: &'a dyn Store,
}

impl<'a> Reads<'a> {
    pub(crate) fn new(stores: &'a [Arc<dyn Store>], live: &'a dyn Store, app: AppId) -> Self {
        assert!(!stores.is_empty(), "an app has a partition");
        Self { app, stores, live }
    }

    /// Who is in live rooms.
    #[must_use]
    pub fn visits(&self) -> hansard_groups::Reader<'a> {
        hansard_groups::Reader::new(self.live, LogId::live(self.app))
    }

    fn partitions(&self) -> impl Iterator<Item = (&'a dyn hansard_store::Read, LogId)> + use<'a> {
        let app = self.app;
        (0..)
            .zip(self.stores)
            .map(move |(partition, store)| (&**store as _, LogId::new(app, partition)))
    }

    fn home(&self, conversation: &ConversationId) -> (&'a dyn hansard_store::Read, LogId) {
        let partitions = u16::try_from(self.stores.len()).expect("a bounded number");
        let partition = partition_of(conversation, partitions);
        let store = &self.stores[usize::from(partition)];
        (&**store, LogId::new(self.app, partition))
    }

    #[must_use]
    pub fn directory(&self) -> hansard_directory::Reader<'a> {
        hansard_directory::Reader::new(&*self.stores[0], LogId::directory(self.app))
    }

    /// The groups of the partition that this one lives in.
    #[must_use]
    pub fn groups_with(&self, group: &GroupId) -> hansard_groups::Reader<'a> {
        let (store, log) = self.home(&ConversationId::Group(group.clone()));
        hansard_groups::Reader::new(store, log)
    }

    /// The conversations of the partition that this one lives in.
    #[must_use]
    pub fn conversations_with(
        &self,
        conversation: &ConversationId,
    ) -> hansard_conversations::Reader<'a> {
        let (store, log) = self.home(conversation);
        hansard_conversations::Reader::new(store, log)
    }

    /// The groups of each partition, in order.
    pub fn groups_everywhere(&self) -> impl Iterator<Item = hansard_groups::Reader<'a>> {
        let partitions = self.partitions();
        partitions.map(|(store, log)| hansard_groups::Reader::new(store, log))
    }

    /// The groups a user is a member of, by id, at most `groups_max`.
    ///
    /// # Errors
    /// Here and below: when a store fails.
    pub fn joined(
        &self,
        user: &UserId,
        groups_max: usize,
    ) -> hansard_store::Result<Vec<Membership>> {
        let mut joined = Vec::new();
        for groups in self.groups_everywhere() {
            joined.extend(groups.joined(user, groups_max)?);
        }
        if self.stores.len() > 1 {
            joined.sort_by(|one, other| one.group_id.cmp(&other.group_id));
            joined.truncate(groups_max);
        }
        Ok(joined)
    }

    /// An account's one-to-one conversations, the latest first, at most `contacts_max`: from the
    /// first one of the second `from` on, if it is given. Those in which nothing is shown come last.
    pub fn contacts(
        &self,
        user: &UserId,
        from: Option<u64>,
        contacts_max: usize,
    ) -> hansard_store::Result<Vec<Contact>> {
        let mut contacts = Vec::new();
        for (store, log) in self.partitions() {
            let reader = hansard_conversations::Reader::new(store, log);
            contacts.extend(reader.contacts(user, from, contacts_max)?);
        }
        if self.stores.len() > 1 {
            let order = |one: &Contact, other: &Contact| {
                let by_time = other.shown_seconds.cmp(&one.shown_seconds);
                by_time.then_with(|| one.peer.cmp(&other.peer))
            };
            contacts.sort_by(order);
            contacts.truncate(contacts_max);
        }
        Ok(contacts)
    }

    /// How many one-to-one messages the user has not read, all conversations together; bounded in
    /// each partition as [`hansard_conversations::Reader::unread_of_all`] says.
    pub fn unread_of_all(&self, user: &UserId) -> hansard_store::Result<u64> {
        let mut all = 0;
        for (store, log) in self.partitions() {
            all += hansard_conversations::Reader::new(store, log).unread_of_all(user)?;
        }
        Ok(all)
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
