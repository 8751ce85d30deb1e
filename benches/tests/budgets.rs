//! What the parts may cost, in counts that are the same on every machine. Who needs more raises a
//! number here and says in the commit what for; who needs less lowers it.

use allocation_counter::measure;
use hansard_benches::{
    Chat, LOG, Search, TEXT, c2c_page, contacts_page, group_page, join, mark_read, send_c2c,
    send_group, unread,
};
use hansard_domain::Command;
use hansard_log::Journal;
use hansard_store::{Counted, Read};

/// A random number that no message of the chat has.
const RANDOM: u32 = 4_000_000;

/// What a command costs on its way into the read models.
#[derive(Debug, PartialEq, Eq)]
struct Write {
    /// Rows that deciding looks up or scans, and folding.
    rows_decided: usize,
    rows_folded: usize,
    /// Keys and ranges that change.
    rows_written: usize,
    /// Subject, headers and body of the event.
    event_bytes: usize,
    allocations_decided: u64,
    allocations_encoded: u64,
    /// The memory that encoding asks for: an event that is written more than once is in it more
    /// than once.
    bytes_encoded: u64,
    allocations_folded: u64,
}

impl Write {
    fn of(chat: &Chat, command: &Command) -> Self {
        // The first decision reads what was sent lately, which a partition has at hand.
        drop(chat.decide(&chat.store, command));
        let deciding = Counted::new(&chat.store);
        let mut events = Vec::new();
        let decided = measure(|| events = chat.decide(&deciding, command).events);
        let event = events.pop().expect("a command makes an event");
        assert_eq!(events.len(), 0, "a command makes one event");
        let mut encoded = None;
        let encoding = measure(|| encoded = Some(chat.encode(&event)));
        let (raw, envelope) = encoded.expect("it was encoded");
        let decoded = chat.decode(&raw).event;
        assert_eq!(decoded.as_ref(), Some(&event), "it is read back");
        let recorded = chat.recorded(event, envelope);
        let folding = Counted::new(&chat.store);
        let mut changes = None;
        let folded = measure(|| changes = Some(chat.fold(&folding, &recorded)));
        Self {
            rows_decided: deciding.rows(),
            rows_folded: folding.rows(),
            rows_written: changes.map_or(0, |changes| changes.len()),
            event_bytes: raw.size_bytes(),
            allocations_decided: decided.count_total,
            allocations_encoded: encoding.count_total,
            bytes_encoded: encoding.bytes_total,
            allocations_folded: folded.count_total,
        }
    }

    fn is_within(&self, budget: &Self) -> bool {
        let Self {
            rows_decided,
            rows_folded,
            rows_written,
            event_bytes,
            allocations_decided,
            allocations_encoded,
            bytes_encoded,
            allocations_folded,
        } = budget;
        self.rows_decided <= *rows_decided
            && self.rows_folded <= *rows_folded
            && self.rows_written <= *rows_written
            && self.event_bytes <= *event_bytes
            && self.allocations_decided <= *allocations_decided
            && self.allocations_encoded <= *allocations_encoded
            && self.bytes_encoded <= *bytes_encoded
            && self.allocations_folded <= *allocations_folded
    }
}

#[test]
fn commands_stay_within_their_budgets() {
    let chat = Chat::new();
    let table = [
        (
            "a send to a group of 110",
            send_group(1, RANDOM),
            Write {
                rows_decided: 5,
                rows_folded: 4,
                rows_written: 3,
                event_bytes: 870,
                allocations_decided: 20,
                allocations_encoded: 7,
                bytes_encoded: 910,
                allocations_folded: 35,
            },
        ),
        (
            "a one-to-one send",
            send_c2c(0, 1, RANDOM),
            Write {
                rows_decided: 5,
                rows_folded: 6,
                rows_written: 4,
                event_bytes: 880,
                allocations_decided: 13,
                allocations_encoded: 7,
                bytes_encoded: 910,
                allocations_folded: 38,
            },
        ),
        (
            "a join",
            join(chat.newcomer()),
            Write {
                rows_decided: 5,
                rows_folded: 6,
                rows_written: 4,
                event_bytes: 530,
                allocations_decided: 16,
                allocations_encoded: 5,
                bytes_encoded: 900,
                allocations_folded: 34,
            },
        ),
        (
            "a read marker",
            mark_read(),
            Write {
                rows_decided: 4,
                rows_folded: 3,
                rows_written: 1,
                event_bytes: 530,
                allocations_decided: 10,
                allocations_encoded: 7,
                bytes_encoded: 920,
                allocations_folded: 9,
            },
        ),
    ];
    let mut over = Vec::new();
    for (what, command, budget) in table {
        let spent = Write::of(&chat, &command);
        if !spent.is_within(&budget) {
            over.push(format!(
                "{what}: {spent:#?} where {budget:#?} is the budget"
            ));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

#[test]
fn an_event_goes_into_the_journal_as_it_is() {
    let chat = Chat::new();
    let events = chat.decide(&chat.store, &send_group(1, RANDOM)).events;
    let (raw, _) = chat.encode(&events[0]);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::open(folder.path()).expect("opens");
    let append = |sequence| {
        let round = journal.append(LOG, sequence, &[&raw]);
        round.expect("is written");
    };
    append(1);
    assert_eq!(measure(|| append(2)).count_total, 0, "there is room for it");
}

type Page = fn(&dyn Read) -> usize;

#[test]
fn pages_cost_about_their_length() {
    let chat = Chat::new();
    // The page, its length, the rows that it may read, the allocations it may make.
    let table: [(&str, Page, usize, usize, u64); 4] = [
        (
            "a group's history",
            |state| group_page(state).len(),
            20,
            22,
            80,
        ),
        (
            "a one-to-one history",
            |state| c2c_page(state).len(),
            100,
            201,
            570,
        ),
        (
            "contacts",
            |state| contacts_page(state).len(),
            100,
            100,
            120,
        ),
        // A page of senders holds 32 of them.
        (
            "what is unread",
            |state| usize::try_from(unread(state)).expect("few"),
            101,
            9,
            25,
        ),
    ];
    let mut over = Vec::new();
    for (what, read, expected, rows_max, allocations_max) in table {
        let counted = Counted::new(&chat.store);
        let mut found = 0;
        let spent = measure(|| found = read(&counted)).count_total;
        assert_eq!(found, expected, "{what}");
        if counted.rows() > rows_max || spent > allocations_max {
            over.push(format!(
                "{what}: {} rows and {spent} allocations, where {rows_max} and {allocations_max} \
                 are the budget",
                counted.rows()
            ));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

#[test]
fn analysing_a_message_allocates_little() {
    const ALLOCATIONS_MAX: u64 = 170;
    let search = Search::new();
    let mut marked = String::new();
    let spent = measure(|| marked = search.highlight(TEXT)).count_total;
    assert!(marked.contains("<em>会议室</em>"), "{marked}");
    assert!(spent <= ALLOCATIONS_MAX, "{spent} allocations");
}
