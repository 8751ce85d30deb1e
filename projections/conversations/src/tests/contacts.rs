//! Lists of contacts and totals of the unread: right, and what they cost.

use hansard_store::{Counted, Durability, Overlay, Store as _};
use hansard_types::limits;

use super::*;

fn pair(one: &str, other: &str) -> ConversationId {
    ConversationId::c2c(&user(one), &user(other))
}

/// A fixture in which `ann` has heard from so many others, one a second.
fn heard_from(others: u64) -> Fixture {
    let mut fixture = Fixture::new();
    for number in 1..=others {
        let other = format!("peer-{number:06}");
        let event = sent(&pair("ann", &other), 1, &other, number * 1000);
        fixture.apply(event).expect("applies");
    }
    fixture
}

#[test]
fn a_page_of_recent_contacts_costs_its_length_whatever_the_account_has() {
    let mut fixture = heard_from(10_000);
    // An old one speaks again, and an older message is imported later: it stays in its place.
    let again = sent(&pair("ann", "peer-000005"), 2, "ann", 20_000_000);
    fixture.apply(again).expect("applies");
    let old = sent(&pair("ann", "peer-009999"), 2, "ann", 1000);
    fixture.apply(old).expect("applies");
    let counted = Counted::new(&fixture.0.store);
    let reader = Reader::new(&counted, LOG);
    let page = reader.contacts(&user("ann"), None, 100).expect("readable");
    assert_eq!(counted.rows(), 100);
    let mut expected = vec![Contact {
        peer: user("peer-000005"),
        shown_seconds: 20_000,
    }];
    expected.extend((0..99).map(|back| Contact {
        peer: user(&format!("peer-{:06}", 10_000 - back)),
        shown_seconds: 10_000 - back,
    }));
    assert_eq!(page, expected);
    let counted = Counted::new(&fixture.0.store);
    let next = Reader::new(&counted, LOG).contacts(&user("ann"), Some(9902), 101);
    assert_eq!(next.expect("readable").first(), page.last());
    assert_eq!(counted.rows(), 101, "a page further down costs the same");
}

#[test]
fn a_second_of_sends_moves_an_entry_once_and_a_later_one_moves_it_by_two_rows_each() {
    let mut fixture = heard_from(1);
    let conversation = pair("ann", "peer-000001");
    let rows_of = |fixture: &mut Fixture, event: MessageSent| {
        let mut state = Overlay::new(&fixture.0.store);
        crate::apply::sent(LOG, &event, 1, &mut state).expect("applies");
        let rows = state.changes().len();
        fixture.apply(event).expect("applies");
        rows
    };
    // The message, its key, its time and the head.
    let same_second = sent(&conversation, 2, "ann", 1999);
    assert_eq!(rows_of(&mut fixture, same_second), 4);
    let next_second = sent(&conversation, 3, "ann", 2000);
    assert_eq!(rows_of(&mut fixture, next_second), 4 + 2 * 2);
    let not_shown = MessageSent {
        no_last: true,
        ..sent(&conversation, 4, "ann", 3000)
    };
    assert_eq!(rows_of(&mut fixture, not_shown), 4);
}

#[test]
fn deleting_an_account_with_ten_thousand_conversations_is_two_ranges() {
    let fixture = heard_from(10_000);
    let counted = Counted::new(&fixture.0.store);
    let mut state = Overlay::new(&counted);
    crate::gone::account_deleted(LOG, &user("ann"), &mut state);
    assert_eq!((counted.rows(), state.changes().len()), (0, 2));
}

#[test]
fn a_total_counts_what_its_limits_allow_and_no_more() {
    let mut fixture = Fixture::new();
    let conversation = pair("ann", "ben");
    let last = limits::UNREAD_SPAN_MAX + 500;
    // Only the end of a long conversation is looked at: one that is made up says as much.
    let head = crate::HeadRow {
        last_seq: Seq(last),
        ..crate::HeadRow::default()
    };
    let mut state = Overlay::new(&fixture.0.store);
    let encoded = hansard_store::row::encode(&crate::rows::HEAD, &head).expect("encodes");
    let key = crate::rows::conversation_key(LOG, &conversation);
    state.put(&crate::rows::HEAD, key, encoded);
    let inbox = crate::rows::InboxRow { clear_seq: Seq(0) };
    let encoded = hansard_store::row::encode(&crate::rows::INBOX, &inbox).expect("encodes");
    let key = crate::rows::inbox_key(LOG, &user("ann"), &user("ben"));
    state.put(&crate::rows::INBOX, key, encoded);
    let batch = state.into_changes().into_batch();
    fixture
        .0
        .store
        .write(batch, Durability::Process)
        .expect("writes");
    let unread = fixture.reader().unread(&conversation, &user("ann"));
    assert_eq!(unread.expect("readable"), limits::UNREAD_SPAN_MAX);
    let read = ConversationRead {
        conversation: conversation.clone(),
        reader: user("ann"),
        up_to: Seq(last - 7),
        read_at: Timestamp(5),
    };
    fixture.apply(read).expect("applies");
    let unread = fixture.reader().unread(&conversation, &user("ann"));
    assert_eq!(unread.expect("readable"), 7);
}

#[derive(Debug, Clone)]
enum Act {
    Send {
        from: usize,
        to: usize,
        seconds: u64,
        shown: bool,
    },
    Read {
        reader: usize,
        peer: usize,
        back: u64,
    },
    Delete {
        user: usize,
    },
}

/// What was said between two, in order: sender, seconds, shown.
type Talk = Vec<(usize, u64, bool)>;

const PEOPLE: usize = 4;

fn person(number: usize) -> UserId {
    user(&format!("person{number}"))
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let pair = || (0..PEOPLE, 1..PEOPLE).prop_map(|(one, step)| (one, (one + step) % PEOPLE));
    let act = prop_oneof![
        8 => (pair(), 1..40_u64, prop::bool::weighted(0.8)).prop_map(
            |((from, to), seconds, shown)| Act::Send { from, to, seconds, shown }
        ),
        2 => (pair(), 0..4_u64)
            .prop_map(|((reader, peer), back)| Act::Read { reader, peer, back }),
        1 => (0..PEOPLE).prop_map(|user| Act::Delete { user }),
    ];
    prop::collection::vec(act, 0..80)
}

/// Everything that was said, and each one's floor in each conversation.
#[derive(Default)]
struct Model {
    talks: BTreeMap<(usize, usize), Talk>,
    /// By whose it is and the peer: up to where the conversation is not theirs, and is read.
    clear: BTreeMap<(usize, usize), usize>,
    read: BTreeMap<(usize, usize), usize>,
}

impl Model {
    fn key(one: usize, other: usize) -> (usize, usize) {
        (one.min(other), one.max(other))
    }

    fn talk(&self, one: usize, other: usize) -> &[(usize, u64, bool)] {
        self.talks
            .get(&Self::key(one, other))
            .map_or(&[], Vec::as_slice)
    }

    fn clear_of(&self, user: usize, peer: usize) -> usize {
        self.clear.get(&(user, peer)).copied().unwrap_or(0)
    }

    fn unread(&self, user: usize, peer: usize) -> u64 {
        let read = self.read.get(&(user, peer)).copied().unwrap_or(0);
        let floor = self.clear_of(user, peer).max(read);
        let after = self.talk(user, peer).iter().skip(floor);
        after.filter(|(sender, ..)| *sender != user).count() as u64
    }

    /// The latest first; those in which nothing is shown last.
    fn contacts(&self, user: usize) -> Vec<Contact> {
        let mut contacts = Vec::new();
        for peer in (0..PEOPLE).filter(|peer| *peer != user) {
            let talk = self.talk(user, peer);
            let own = talk.get(self.clear_of(user, peer)..).unwrap_or_default();
            if own.is_empty() {
                continue;
            }
            // The conversation has one place, whoever began anew in it.
            let shown = talk.iter().filter(|(.., shown)| *shown);
            let latest = shown.map(|(_, seconds, _)| *seconds).max();
            let is_shown = own.iter().any(|(.., shown)| *shown);
            contacts.push(Contact {
                peer: person(peer),
                shown_seconds: latest.filter(|_| is_shown).unwrap_or(0),
            });
        }
        contacts.sort_by(|one, other| {
            let key = |one: &Contact| (std::cmp::Reverse(one.shown_seconds), one.peer.clone());
            key(one).cmp(&key(other))
        });
        contacts
    }
}

proptest! {
    #[test]
    fn contacts_and_totals_are_what_an_independent_recount_says(acts in acts()) {
        let mut fixture = Fixture::new();
        let mut model = Model::default();
        for act in acts {
            match act {
                Act::Send { from, to, seconds, shown } => {
                    let conversation = ConversationId::c2c(&person(from), &person(to));
                    let talk = model.talks.entry(Model::key(from, to)).or_default();
                    talk.push((from, seconds, shown));
                    let seq = talk.len() as u64;
                    let event = MessageSent {
                        no_last: !shown,
                        ..sent(&conversation, seq, person(from).as_str(), seconds * 1000 + seq)
                    };
                    fixture.apply(event).expect("applies");
                }
                Act::Read { reader, peer, back } => {
                    let last = model.talk(reader, peer).len() as u64;
                    let up_to = last.saturating_sub(back);
                    let event = ConversationRead {
                        conversation: ConversationId::c2c(&person(reader), &person(peer)),
                        reader: person(reader),
                        up_to: Seq(up_to),
                        read_at: Timestamp(5),
                    };
                    fixture.apply(event).expect("applies");
                    let read = model.read.entry((reader, peer)).or_default();
                    *read = usize::try_from(up_to).expect("small").max(*read);
                }
                Act::Delete { user } => {
                    let event = AccountDeleted { user_id: person(user) };
                    fixture.apply(event).expect("applies");
                    for peer in 0..PEOPLE {
                        let said = model.talk(user, peer).len();
                        model.clear.insert((user, peer), said);
                    }
                }
            }
        }
        for number in 0..PEOPLE {
            let of = person(number);
            let contacts = fixture.reader().contacts(&of, None, 10).expect("readable");
            prop_assert_eq!(contacts, model.contacts(number), "{}", &of);
            let peers = || (0..PEOPLE).filter(|peer| *peer != number);
            for peer in peers() {
                let conversation = ConversationId::c2c(&of, &person(peer));
                let unread = fixture.reader().unread(&conversation, &of).expect("readable");
                prop_assert_eq!(unread, model.unread(number, peer), "{} {}", number, peer);
            }
            let total = fixture.reader().unread_of_all(&of).expect("readable");
            let sum: u64 = peers().map(|peer| model.unread(number, peer)).sum();
            prop_assert_eq!(total, sum, "the total is the sum over the peers");
        }
    }
}
