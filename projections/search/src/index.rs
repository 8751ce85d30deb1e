use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hansard_events::conversation::ConversationCleared;
use hansard_events::group::{GroupDissolved, TopicsDestroyed};
use hansard_events::message::MessageRecalled;
use hansard_events::{ConversationEvent, Event, GroupEvent, MessageEvent, Recorded};
use hansard_types::{Checkpoint, ConversationId, Seq};
use parking_lot::RwLock;
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy};
use tantivy::query::{BooleanQuery, RangeQuery, RegexQuery, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{
    IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
};

use crate::analyzer::Analyzer;
use crate::reader::Committed;
use crate::schema::{self, Fields};
use crate::{Error, Reader, Result, text_of};

mod payload;
mod said;
mod sound;

use payload::{applied, is_unwritten, payload, version};
use said::Said;
pub use sound::Check;
use sound::MergeSound;

/// How an index is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Memory for documents that are not yet in a segment, bytes; at least 15 MB.
    pub heap_bytes: usize,
    /// Reads every file once and compares its checksum, which takes the longer the larger the
    /// index is: Tantivy may panic over a damaged one. Without it, [`Index::check`] does so beside
    /// what is going on, where it is needed.
    pub verify: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            heap_bytes: 50_000_000,
            verify: true,
        }
    }
}

/// What was applied since the index was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages indexed.
    pub added: u64,
    /// Messages recalled, whether or not they were in the index.
    pub removed: u64,
    /// Events that are not about messages, and messages without text.
    pub skipped: u64,
    /// Events that this release does not know.
    pub unknown: u64,
}

/// The writing side of an app's index; there is one at a time.
pub struct Index {
    dir: PathBuf,
    options: Options,
    index: tantivy::Index,
    /// `None` only after merging failed half-way.
    writer: Option<IndexWriter>,
    fields: Fields,
    reader: IndexReader,
    applied: BTreeMap<u16, Checkpoint>,
    committed: Committed,
    pending: usize,
    counts: Counts,
    /// What is to be checked, if anything is.
    check: Option<Check>,
    /// Nothing is merged before it turns true.
    sound: Arc<AtomicBool>,
}

impl Index {
    /// Opens the index in a directory, or makes one there.
    ///
    /// # Errors
    /// [`Error::Locked`] when it is being written; [`Error::VersionDiffers`],
    /// [`Error::SchemaDiffers`] and [`Error::Damaged`] when it has to be rebuilt.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Reader)> {
        let (schema, fields) = schema::build();
        let directory = directory(dir)?;
        let exists = tantivy::Index::exists(&directory).map_err(TantivyError::from);
        let index = if exists.map_err(|error| explain(dir, error))? {
            tantivy::Index::open(directory)
        } else {
            tantivy::Index::create(directory, schema.clone(), IndexSettings::default())
        };
        let index = index.map_err(|error| explain(dir, error))?;
        let meta = index.load_metas().map_err(|error| explain(dir, error))?;
        let applied = applied(dir, &meta)?;
        if meta.schema != schema {
            return Err(Error::SchemaDiffers {
                dir: dir.to_owned(),
            });
        }
        let sound = Arc::new(AtomicBool::new(false));
        let check = Check::of(dir, &index, &meta, &sound);
        if options.verify {
            check.run(|| true)?;
        }
        let analyzer = TextAnalyzer::from(Analyzer::default());
        index.tokenizers().register(schema::ANALYZER, analyzer);
        let writer = writer(dir, &index, &options, &sound)?;
        // Now that nobody else writes it.
        let check = check.unless_closed()?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
        let reader = reader.try_into().map_err(|error| explain(dir, error))?;
        let is_new = applied.is_none();
        let applied = applied.unwrap_or_default();
        let mut opened = Self {
            dir: dir.to_owned(),
            options,
            index,
            writer: Some(writer),
            fields,
            reader,
            committed: Arc::new(RwLock::new(applied.clone())),
            applied,
            pending: 0,
            counts: Counts::default(),
            check,
            sound,
        };
        if is_new {
            opened.commit_always()?;
        }
        let reader = Reader {
            reader: opened.reader.clone(),
            fields,
            committed: Arc::clone(&opened.committed),
            dir: dir.to_owned(),
            sound: Arc::clone(&opened.sound),
        };
        Ok((opened, reader))
    }

    /// The version of the index in a directory: `None` when there is none, or none of ours. What
    /// is not [`crate::VERSION`] is to be rebuilt beside it.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it cannot be read.
    pub fn version_on_disk(dir: &Path) -> Result<Option<u32>> {
        if !dir.is_dir() {
            return Ok(None);
        }
        let directory = directory(dir)?;
        let exists = tantivy::Index::exists(&directory).map_err(TantivyError::from);
        if !exists.map_err(|error| explain(dir, error))? {
            return Ok(None);
        }
        let index = tantivy::Index::open(directory).map_err(|error| explain(dir, error))?;
        let meta = index.load_metas().map_err(|error| explain(dir, error))?;
        if is_unwritten(&meta) {
            return Ok(None);
        }
        Ok(version(&meta))
    }

    /// What the last durable commit had applied of a partition; `None` before the first event.
    #[must_use]
    pub fn checkpoint(&self, partition: u16) -> Option<Checkpoint> {
        self.committed.read().get(&partition).copied()
    }

    /// Adds and removes documents, in memory and temporary files: durable and visible only after
    /// [`Self::commit`]. An event that was applied before changes nothing.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] when an event is missing before this one.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<()> {
        let applied = self.apply_next(recorded);
        self.doubt(applied)
    }

    fn apply_next(&mut self, recorded: &Recorded) -> Result<()> {
        let Recorded {
            sequence,
            envelope,
            event,
            erased: _,
        } = recorded;
        let partition = envelope.log.partition;
        let last = self.applied.get(&partition).map_or(0, |last| last.sequence);
        if *sequence <= last {
            return Ok(());
        }
        if *sequence != last + 1 {
            return Err(Error::OutOfOrder {
                partition,
                expected: last + 1,
                given: *sequence,
            });
        }
        match event {
            Some(Event::Message(MessageEvent::Sent(sent))) => self.add(&Said::of(sent))?,
            Some(Event::Message(MessageEvent::Edited(edited))) => {
                self.remove_one(&edited.conversation, edited.seq)?;
                self.add(&Said::edited(edited))?;
            }
            Some(Event::Message(MessageEvent::Recalled(recalled))) => self.remove(recalled)?,
            Some(Event::Group(event)) => self.apply_group(event)?,
            Some(Event::Conversation(ConversationEvent::Cleared(event))) => self.clear(event)?,
            Some(
                Event::Account(_)
                | Event::Message(MessageEvent::ExtensionsChanged(_))
                | Event::Conversation(
                    ConversationEvent::Read(_)
                    | ConversationEvent::UnreadSet(_)
                    | ConversationEvent::ReceiptsSent(_),
                )
                | Event::Relation(_)
                | Event::Live(_)
                | Event::App(_),
            ) => self.counts.skipped += 1,
            None => self.counts.unknown += 1,
        }
        let checkpoint = Checkpoint {
            sequence: *sequence,
            chain: envelope.chain,
        };
        self.applied.insert(partition, checkpoint);
        Ok(())
    }

    /// Makes what was applied durable and searchable. After a crash before its end, the index is
    /// as the commit before left it.
    ///
    /// # Errors
    /// When the medium fails: open the index again before going on.
    pub fn commit(&mut self) -> Result<()> {
        if *self.committed.read() == self.applied {
            return Ok(());
        }
        let committed = self.commit_always();
        self.doubt(committed)
    }

    /// The check that is due, once: an index that was not closed in order may be damaged. Until it
    /// has found nothing, segments are not merged: that would give damage a checksum of its own.
    #[must_use]
    pub fn check(&mut self) -> Option<Check> {
        self.check.take()
    }

    /// Notes that the files are as they should be: the next [`Index::open`] then has nothing to
    /// check. What was not committed is lost, and so are merges that are under way.
    ///
    /// # Errors
    /// When the medium fails: the next one checks then.
    pub fn close(mut self) -> Result<()> {
        drop(self.writer.take());
        sound::close(&self.dir, &self.sound)
    }

    /// After a failure nothing is certain: what is there is checked before it is built on.
    fn doubt<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(Error::Engine(_)) = &result {
            self.sound.store(false, Ordering::Release);
        }
        result
    }

    /// Documents added or removed since the last commit.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// What was applied since the index was opened, committed or not.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Commits, then rewrites every segment that has deleted documents, so that the terms of
    /// recalled messages leave the files now. A search under way keeps the files it reads until
    /// the next commit after it.
    ///
    /// # Errors
    /// When the medium fails: open the index again before going on.
    pub fn merge_deleted(&mut self) -> Result<()> {
        self.commit()?;
        // A segment that is being merged in the background cannot be merged again: let those end.
        if let Some(writer) = self.writer.take() {
            writer.set_merge_policy(Box::new(NoMergePolicy));
            writer.wait_merging_threads()?;
        }
        let mut writer = writer(&self.dir, &self.index, &self.options, &self.sound)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for segment in self.index.searchable_segment_metas()? {
            if segment.has_deletes() {
                writer.merge(&[segment.id()]).wait()?;
            }
        }
        writer.set_merge_policy(Box::new(MergeSound::new(&self.sound)));
        // The reader's old segments would keep their files alive.
        self.reader.reload()?;
        writer.garbage_collect_files().wait()?;
        self.writer = Some(writer);
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter> {
        let closed = || TantivyError::SystemError("the writer is closed".to_owned());
        Ok(self.writer.as_mut().ok_or_else(closed)?)
    }

    fn add(&mut self, sent: &Said<'_>) -> Result<()> {
        let Some(text) = text_of(sent.elements) else {
            self.counts.skipped += 1;
            return Ok(());
        };
        let fields = self.fields;
        let conversation = sent.conversation.to_string();
        let key = schema::key(&conversation, sent.seq);
        let mut document = TantivyDocument::new();
        document.add_text(fields.text, text);
        document.add_bytes(fields.key, &key);
        document.add_text(fields.conversation, conversation);
        document.add_u64(fields.seq, sent.seq.0);
        document.add_text(fields.sender, sent.sender.as_str());
        document.add_u64(fields.sent_at, sent.sent_at.0);
        // No delete of the same key before it, although that would make adding idempotent by
        // itself: it halves the rate (each delete is looked up in every segment), and the
        // sequences, committed together with the documents, already let no event in twice.
        self.writer()?.add_document(document)?;
        self.pending += 1;
        self.counts.added += 1;
        Ok(())
    }

    fn remove(&mut self, recalled: &MessageRecalled) -> Result<()> {
        for seq in &recalled.seqs {
            self.remove_one(&recalled.conversation, *seq)?;
        }
        Ok(())
    }

    fn remove_one(&mut self, conversation: &ConversationId, seq: Seq) -> Result<()> {
        let key = schema::key(&conversation.to_string(), seq);
        let term = Term::from_field_bytes(self.fields.key, &key);
        self.writer()?.delete_term(term);
        self.pending += 1;
        self.counts.removed += 1;
        Ok(())
    }

    /// What was said up to a message is found no more.
    fn clear(&mut self, cleared: &ConversationCleared) -> Result<()> {
        let conversation = cleared.conversation.to_string();
        let said_there = Term::from_field_text(self.fields.conversation, &conversation);
        let said_there = TermQuery::new(said_there, IndexRecordOption::Basic);
        let bound = |seq: u64| Bound::Included(Term::from_field_u64(self.fields.seq, seq));
        let before = RangeQuery::new(bound(0), bound(cleared.up_to.0));
        let both = BooleanQuery::intersection(vec![Box::new(said_there), Box::new(before)]);
        self.writer()?.delete_query(Box::new(both))?;
        self.pending += 1;
        Ok(())
    }

    /// What was said in a dissolved group is found no more. A group that has its id later is told
    /// apart by the order of the log: what is added after a delete stays.
    fn apply_group(&mut self, event: &GroupEvent) -> Result<()> {
        match event {
            GroupEvent::Dissolved(GroupDissolved { group_id }) => {
                let conversation = ConversationId::Group(group_id.clone()).to_string();
                let term = Term::from_field_text(self.fields.conversation, &conversation);
                self.writer()?.delete_term(term);
                // And of its topics: what is percent-encoded holds no other sign of a pattern.
                let group = conversation
                    .trim_start_matches("group:")
                    .replace('.', "\\.");
                let topics = format!("topic:{group}:.*");
                let query = RegexQuery::from_pattern(&topics, self.fields.conversation)?;
                self.writer()?.delete_query(Box::new(query))?;
                self.pending += 1;
            }
            GroupEvent::TopicsDestroyed(TopicsDestroyed { group_id, topics }) => {
                for topic in topics {
                    let conversation = ConversationId::in_group(group_id, Some(topic)).to_string();
                    let term = Term::from_field_text(self.fields.conversation, &conversation);
                    self.writer()?.delete_term(term);
                }
                self.pending += 1;
            }
            GroupEvent::Created(_)
            | GroupEvent::MembersAdded(_)
            | GroupEvent::MembersRemoved(_)
            | GroupEvent::ProfileChanged(_)
            | GroupEvent::MemberChanged(_)
            | GroupEvent::MembersMuted(_)
            | GroupEvent::OwnerChanged(_)
            | GroupEvent::RoomAdminsChanged(_)
            | GroupEvent::JoinRequested(_)
            | GroupEvent::JoinRefused(_)
            | GroupEvent::MembersBanned(_)
            | GroupEvent::MembersUnbanned(_)
            | GroupEvent::MembersImported(_)
            | GroupEvent::AttributesChanged(_)
            | GroupEvent::MembersMarked(_)
            | GroupEvent::TopicCreated(_)
            | GroupEvent::TopicChanged(_)
            | GroupEvent::TopicMembersMuted(_)
            | GroupEvent::CountersChanged(_) => self.counts.skipped += 1,
        }
        Ok(())
    }

    fn commit_always(&mut self) -> Result<()> {
        let payload = payload(&self.applied);
        let mut prepared = self.writer()?.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.reader.reload()?;
        // Only now: what a reader says is searchable must be.
        self.committed.write().clone_from(&self.applied);
        self.pending = 0;
        Ok(())
    }
}

fn directory(dir: &Path) -> Result<MmapDirectory> {
    std::fs::create_dir_all(dir).map_err(|source| Error::Directory {
        dir: dir.to_owned(),
        source,
    })?;
    MmapDirectory::open(dir).map_err(|error| explain(dir, error.into()))
}

fn writer(
    dir: &Path,
    index: &tantivy::Index,
    options: &Options,
    sound: &Arc<AtomicBool>,
) -> Result<IndexWriter> {
    // Every thread makes segments of its own; one keeps up with the log.
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(options.heap_bytes)
        .build();
    let writer = index.writer_with_options(options);
    let writer = writer.map_err(|error| explain(dir, error))?;
    writer.set_merge_policy(Box::new(MergeSound::new(sound)));
    Ok(writer)
}

/// What an error while opening means for the operator.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not named here stays as it is"
)]
fn explain(dir: &Path, error: TantivyError) -> Error {
    let dir = dir.to_owned();
    match error {
        TantivyError::LockFailure(..) => Error::Locked { dir },
        TantivyError::DataCorruption(_)
        | TantivyError::OpenReadError(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::DeserializeError(_) => Error::Damaged {
            dir,
            what: error.to_string(),
        },
        TantivyError::IoError(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof
            ) =>
        {
            Error::Damaged {
                dir,
                what: error.to_string(),
            }
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests;
