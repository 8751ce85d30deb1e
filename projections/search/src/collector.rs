use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use hansard_types::{Seq, Timestamp, UserId};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{ColumnValues, StrColumn, TermOrdHit};
use tantivy::error::DataCorruption;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use crate::schema::{CONVERSATION, SENDER, SENT_AT, SEQ};
use crate::{Cursor, Hit, Query, cursor};

/// Counts every match and keeps the first `keep` of them in the order of hits.
pub(crate) struct Newest {
    after: Timestamp,
    before: Option<Timestamp>,
    /// As written, in byte order; `None` means all.
    conversations: Option<Vec<String>>,
    cursor: Option<Cursor>,
    keep: usize,
}

/// A match, with its conversation as written: the order compares that.
pub(crate) struct Found {
    written: String,
    pub(crate) hit: Hit,
}

#[derive(Default)]
pub(crate) struct Matches {
    pub(crate) total: u64,
    pub(crate) found: Vec<Found>,
}

impl Newest {
    pub(crate) fn new(query: &Query, keep: usize) -> Self {
        let conversations = query.conversations.as_ref().map(|allowed| {
            let mut written: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            written.sort_unstable();
            written.dedup();
            written
        });
        Self {
            after: query.after.unwrap_or_default(),
            before: query.before,
            conversations,
            cursor: query.cursor.clone(),
            keep,
        }
    }

    fn allowed(&self, column: &StrColumn) -> tantivy::Result<Option<Vec<bool>>> {
        let Some(conversations) = &self.conversations else {
            return Ok(None);
        };
        let dictionary = column.dictionary();
        let mut allowed = vec![false; dictionary.num_terms()];
        for conversation in conversations {
            let ordinal = dictionary.term_ord(conversation)?;
            let flag = ordinal.and_then(|ordinal| allowed.get_mut(usize::try_from(ordinal).ok()?));
            if let Some(flag) = flag {
                *flag = true;
            }
        }
        Ok(Some(allowed))
    }

    fn start(&self, column: &StrColumn) -> tantivy::Result<Option<Start>> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let written = cursor.conversation.to_string();
        let (conversation, seq) = match column.dictionary().term_ord_or_next(&written)? {
            TermOrdHit::Exact(ordinal) => (ordinal, Some(cursor.seq.0)),
            TermOrdHit::Next(ordinal) => (ordinal, None),
        };
        Ok(Some(Start {
            sent_at: cursor.sent_at.0,
            conversation,
            seq,
        }))
    }
}

impl Collector for Newest {
    type Fruit = Matches;
    type Child = Segment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<Segment> {
        let columns = segment.fast_fields();
        let text = |name| {
            columns
                .str(name)?
                .ok_or_else(|| damaged("a column is missing"))
        };
        let conversation: StrColumn = text(CONVERSATION)?;
        let sender: StrColumn = text(SENDER)?;
        Ok(Segment {
            sent_at: columns.column_first_or_default(SENT_AT)?,
            seq: columns.column_first_or_default(SEQ)?,
            ordinal: conversation.ords().clone().first_or_default_col(0),
            after: self.after.0,
            before: self.before.map(|before| before.0),
            allowed: self.allowed(&conversation)?,
            start: self.start(&conversation)?,
            conversation,
            sender,
            keep: self.keep,
            total: 0,
            first: BinaryHeap::with_capacity(self.keep + 1),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Matches>>) -> tantivy::Result<Matches> {
        let mut all = Matches::default();
        for segment in segments {
            let segment = segment?;
            all.total += segment.total;
            all.found.extend(segment.found);
        }
        all.found.sort_unstable_by(|a, b| {
            let place = |found: &Found| (found.hit.sent_at, found.hit.seq);
            let ((a_time, a_seq), (b_time, b_seq)) = (place(a), place(b));
            cursor::order(a_time, &a.written, a_seq).cmp(&cursor::order(b_time, &b.written, b_seq))
        });
        all.found.truncate(self.keep);
        Ok(all)
    }
}

/// Where the page begins, in a segment's own numbers.
struct Start {
    sent_at: u64,
    /// The cursor's conversation, or the next one that the segment has.
    conversation: u64,
    /// `None` when the segment does not have the cursor's conversation.
    seq: Option<u64>,
}

impl Start {
    fn is_before(&self, place: &Place) -> bool {
        match place.sent_at.0.cmp(&self.sent_at) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => match place.conversation.cmp(&self.conversation) {
                Ordering::Less => false,
                Ordering::Greater => true,
                Ordering::Equal => self.seq.is_none_or(|seq| place.seq.0 < seq),
            },
        }
    }
}

/// A match's place in the order of hits, within a segment: its conversations are numbered in
/// byte order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    sent_at: Reverse<u64>,
    conversation: u64,
    seq: Reverse<u64>,
    document: DocId,
}

pub(crate) struct Segment {
    sent_at: Arc<dyn ColumnValues<u64>>,
    seq: Arc<dyn ColumnValues<u64>>,
    ordinal: Arc<dyn ColumnValues<u64>>,
    conversation: StrColumn,
    sender: StrColumn,
    after: u64,
    before: Option<u64>,
    allowed: Option<Vec<bool>>,
    start: Option<Start>,
    keep: usize,
    total: u64,
    /// The last of those kept is on top.
    first: BinaryHeap<Place>,
}

impl Segment {
    fn is_allowed(&self, document: DocId) -> bool {
        let Some(allowed) = &self.allowed else {
            return true;
        };
        let ordinal = usize::try_from(self.ordinal.get_val(document)).ok();
        ordinal.and_then(|ordinal| allowed.get(ordinal)) == Some(&true)
    }

    fn hits(self) -> tantivy::Result<Vec<Found>> {
        let (mut written, mut sender) = (String::new(), String::new());
        let mut found = Vec::with_capacity(self.first.len());
        for place in self.first.into_sorted_vec() {
            let sender_ordinal = self.sender.ords().first(place.document);
            let sender_ordinal = sender_ordinal.ok_or_else(|| damaged("a sender is missing"))?;
            self.conversation
                .ord_to_str(place.conversation, &mut written)?;
            self.sender.ord_to_str(sender_ordinal, &mut sender)?;
            let hit = Hit {
                conversation: written.parse().map_err(|_| damaged("not a conversation"))?,
                seq: Seq(place.seq.0),
                sender: UserId::new(&sender).map_err(|_| damaged("not a sender"))?,
                sent_at: Timestamp(place.sent_at.0),
            };
            let written = written.clone();
            found.push(Found { written, hit });
        }
        Ok(found)
    }
}

impl SegmentCollector for Segment {
    type Fruit = tantivy::Result<Matches>;

    fn collect(&mut self, document: DocId, _: Score) {
        let sent_at = self.sent_at.get_val(document);
        let is_in_time = sent_at >= self.after && self.before.is_none_or(|before| sent_at < before);
        if !is_in_time || !self.is_allowed(document) {
            return;
        }
        self.total += 1;
        let is_full = self.first.len() >= self.keep;
        let last = self.first.peek();
        if is_full && last.is_none_or(|last| sent_at < last.sent_at.0) {
            return;
        }
        let place = Place {
            sent_at: Reverse(sent_at),
            conversation: self.ordinal.get_val(document),
            seq: Reverse(self.seq.get_val(document)),
            document,
        };
        if self
            .start
            .as_ref()
            .is_some_and(|start| !start.is_before(&place))
        {
            return;
        }
        self.first.push(place);
        if self.first.len() > self.keep {
            self.first.pop();
        }
    }

    fn harvest(self) -> tantivy::Result<Matches> {
        Ok(Matches {
            total: self.total,
            found: self.hits()?,
        })
    }
}

fn damaged(what: &str) -> TantivyError {
    TantivyError::DataCorruption(DataCorruption::comment_only(what))
}
