use std::collections::BTreeMap;

use hansard_events::Event;
use hansard_events::account::AccountDeleted;
use hansard_events::conversation::ConversationRead;
use hansard_events::group::{GroupDissolved, MembersAdded};
use hansard_events::message::{MessageRecalled, MessageSent};
use hansard_testkit::{Folded, LOG, group, message as sent, user};
use hansard_types::{ConversationId, Seq, Timestamp, UserId};
use proptest::prelude::*;

use crate::rows::SENDERS_PAGE;
use crate::{Contact, Conversations, Reader};

mod contacts;

fn team() -> ConversationId {
    ConversationId::Group(group("team"))
}

struct Fixture(Folded<Conversations>);

impl Fixture {
    fn new() -> Self {
        Self(Folded::new(Conversations))
    }

    fn apply(&mut self, event: impl Into<Event>) -> hansard_store::Result<()> {
        self.0.try_apply(event).map(|_| ())
    }

    fn reader(&self) -> Reader<'_> {
        Reader::new(&self.0.store, LOG)
    }
}

#[test]
fn a_hole_in_a_conversation_is_refused() {
    let mut fixture = Fixture::new();
    fixture
        .apply(sent(&team(), 1, "ann", 10))
        .expect("the first");
    assert!(fixture.apply(sent(&team(), 3, "ann", 11)).is_err());
    assert!(fixture.apply(sent(&team(), 1, "ann", 11)).is_err());
}

#[test]
fn notices_take_seqs_and_stand_with_the_message_before_them() {
    let mut fixture = Fixture::new();
    let told = |seq: u64| MembersAdded {
        notice: Some(Seq(seq)),
        ..added(&format!("user{seq}"))
    };
    for (seq, time) in [(1, 10), (3, 20), (5, 30)] {
        let message = sent(&team(), seq, "ann", time);
        fixture.apply(message).expect("a message");
        fixture.apply(told(seq + 1)).expect("a notice");
    }
    assert!(fixture.apply(told(9)).is_err(), "a hole");
    let reader = fixture.reader();
    let head = reader.head(&team()).expect("reads");
    assert_eq!((head.last_seq, head.last_shown_seq), (Seq(6), Seq(5)));
    let times = [1, 3, 5].map(|seq| {
        let row = reader.message(&team(), Seq(seq)).expect("reads");
        row.expect("is there").sent_at
    });
    assert_eq!(head.last_sent_at, times[2], "of what was said");
    let ends = times.map(|time| {
        let end = reader.last_where(&team(), |said| said.sent_at <= time);
        end.expect("reads")
    });
    assert_eq!(ends, [Seq(2), Seq(4), Seq(6)]);
    let said = reader.said_by(&team(), &user("ann"), 100).expect("reads");
    assert_eq!(said, [Seq(5), Seq(3), Seq(1)]);
    let unread = reader.unread(&team(), &user("user2")).expect("reads");
    assert_eq!(unread, 2, "what was said since it joined");
}

fn added(account: &str) -> MembersAdded {
    MembersAdded {
        group_id: group("team"),
        accounts: vec![user(account)],
        how: hansard_events::group::Joining::Invited,
        joined_at: Timestamp(5),
        silent: false,
        import_key: None,
        notice: None,
    }
}

#[test]
fn a_dissolved_group_leaves_no_row_and_its_neighbours_theirs() {
    let mut fixture = Fixture::new();
    let neighbour = ConversationId::Group(group("team-2"));
    let pages = SENDERS_PAGE + 3;
    for group_id in [group("team"), group("team-2")] {
        let conversation = ConversationId::Group(group_id.clone());
        let added = MembersAdded {
            group_id,
            import_key: Some("joined".to_owned()),
            ..added("ben")
        };
        fixture.apply(added).expect("applies");
        for seq in 1..=pages {
            let message = MessageSent {
                no_unread: seq == 1,
                import_key: (seq == 2).then(|| "second".to_owned()),
                ..sent(&conversation, seq, "ann", 10 + seq)
            };
            fixture.apply(message).expect("applies");
        }
        let read = ConversationRead {
            conversation: conversation.clone(),
            reader: user("ben"),
            up_to: Seq(3),
            read_at: Timestamp(100),
        };
        fixture.apply(read).expect("applies");
    }
    let facts = |fixture: &Fixture, conversation: &ConversationId| {
        let reader = fixture.reader();
        let ben = user("ben");
        (
            reader.head(conversation).expect("readable").last_seq.0,
            reader
                .timeline_down(conversation, Seq(1000), Seq(1), 1000)
                .expect("readable")
                .len() as u64,
            reader.unread(conversation, &ben).expect("readable"),
            reader
                .reader(conversation, &ben)
                .expect("readable")
                .read_seq
                .0,
            ["joined", "second"].map(|key| {
                let seq = reader.imported(conversation, key).expect("readable");
                seq.map(|seq| seq.0)
            }),
        )
    };
    let full = (pages, pages, pages - 3, 3, [Some(0), Some(2)]);
    assert_eq!(facts(&fixture, &team()), full);
    let dissolved = || GroupDissolved {
        group_id: group("team"),
    };
    for _ in 0..2 {
        fixture.apply(dissolved()).expect("applies");
        assert_eq!(facts(&fixture, &team()), (0, 0, 0, 0, [None, None]));
        assert_eq!(facts(&fixture, &neighbour), full);
    }
    let first = sent(&team(), 1, "cho", 500);
    fixture.apply(first).expect("the first of another group");
    assert_eq!(facts(&fixture, &team()), (1, 1, 1, 0, [None, None]));
}

#[test]
fn a_recalled_message_keeps_its_place_and_loses_its_content() {
    let mut fixture = Fixture::new();
    fixture.apply(sent(&team(), 1, "ann", 10)).expect("applies");
    fixture.apply(sent(&team(), 2, "ben", 11)).expect("applies");
    let recall = MessageRecalled {
        conversation: team(),
        seqs: vec![Seq(1), Seq(99)],
        recalled_by: user("administrator"),
        reason: Some("wrong group".to_owned()),
    };
    fixture
        .apply(recall)
        .expect("a seq that is not there is passed over");
    let row = fixture
        .reader()
        .message(&team(), Seq(1))
        .expect("readable")
        .expect("there");
    assert!(row.elements.is_empty());
    assert_eq!(row.cloud_custom_data, None);
    assert_eq!(
        row.recall.expect("recalled").reason.as_deref(),
        Some("wrong group")
    );
    assert_eq!(
        fixture.reader().head(&team()).expect("readable").last_seq,
        Seq(2)
    );
}

#[test]
fn history_by_time_pages_without_gaps_or_doubles() {
    let mut fixture = Fixture::new();
    let pair = ConversationId::c2c(&user("ann"), &user("ben"));
    // Two messages at the same time, and one whose own time lies before an earlier one's.
    for (seq, time) in [(1, 100), (2, 100), (3, 50), (4, 200)] {
        fixture
            .apply(sent(&pair, seq, "ann", time))
            .expect("applies");
    }
    let reader = fixture.reader();
    let mut places = Vec::new();
    let mut before = None;
    loop {
        let page = reader
            .times_down(&pair, Timestamp(0), Timestamp(u64::MAX), before, 1)
            .expect("readable");
        let Some(last) = page.last() else { break };
        before = Some(*last);
        places.extend(page);
    }
    let seqs: Vec<u64> = places.iter().map(|(_, seq)| seq.0).collect();
    assert_eq!(seqs, [4, 2, 1, 3]);
    assert_eq!(
        reader.last_seq_at(&pair, Timestamp(100)).expect("readable"),
        Seq(3)
    );
    assert_eq!(
        reader.last_seq_at(&pair, Timestamp(49)).expect("readable"),
        Seq(0)
    );
}

#[derive(Debug, Clone)]
enum Act {
    Send { sender: usize, counted: bool },
    Recall { back: u64 },
    Read { reader: usize, back: u64 },
    Join { user: usize },
}

const USERS: [&str; 3] = ["ann", "ben", "cho"];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..3_usize, prop::bool::weighted(0.8))
            .prop_map(|(sender, counted)| Act::Send { sender, counted }),
        1 => (0..6_u64).prop_map(|back| Act::Recall { back }),
        1 => (0..3_usize, 0..6_u64).prop_map(|(reader, back)| Act::Read { reader, back }),
        1 => (0..3_usize).prop_map(|user| Act::Join { user }),
    ];
    prop::collection::vec(act, 0..120)
}

proptest! {
    #[test]
    fn unread_is_what_an_independent_recount_says(acts in acts()) {
        let mut fixture = Fixture::new();
        let mut said: Vec<(usize, bool)> = Vec::new();
        let mut floors: BTreeMap<usize, u64> = BTreeMap::new();
        for act in acts {
            let last = said.len() as u64;
            match act {
                Act::Send { sender, counted } => {
                    let event = MessageSent {
                        no_unread: !counted,
                        ..sent(&team(), last + 1, USERS[sender], 10 + last)
                    };
                    fixture.apply(event).expect("applies");
                    said.push((sender, counted));
                }
                Act::Recall { back } if back < last => {
                    let seq = last - back;
                    let event = MessageRecalled {
                        conversation: team(),
                        seqs: vec![Seq(seq)],
                        recalled_by: user("administrator"),
                        reason: None,
                    };
                    fixture.apply(event).expect("applies");
                    said[usize::try_from(seq - 1).expect("small")].1 = false;
                }
                Act::Read { reader, back } => {
                    let up_to = last.saturating_sub(back);
                    let event = ConversationRead {
                        conversation: team(),
                        reader: user(USERS[reader]),
                        up_to: Seq(up_to),
                        read_at: Timestamp(5),
                    };
                    fixture.apply(event).expect("applies");
                    let floor = floors.entry(reader).or_default();
                    *floor = up_to.max(*floor);
                }
                Act::Join { user: joins } => {
                    let event = added(USERS[joins]);
                    fixture.apply(event).expect("applies");
                    let floor = floors.entry(joins).or_default();
                    *floor = last.max(*floor);
                }
                Act::Recall { .. } => {}
            }
        }
        for (index, id) in USERS.iter().enumerate() {
            let floor = floors.get(&index).copied().unwrap_or(0);
            let expected = said
                .iter()
                .enumerate()
                .filter(|(at, (sender, counted))| {
                    *at as u64 + 1 > floor && *sender != index && *counted
                })
                .count() as u64;
            let unread = fixture.reader().unread(&team(), &user(id)).expect("readable");
            prop_assert_eq!(unread, expected, "{}", id);
        }
    }
}

#[test]
fn own_messages_are_told_apart_over_many_pages() {
    let by_ann = |seq: u64| !seq.is_multiple_of(3);
    for last in [SENDERS_PAGE - 1, 3 * SENDERS_PAGE, 3 * SENDERS_PAGE + 1] {
        let mut fixture = Fixture::new();
        for seq in 1..=last {
            let sender = if by_ann(seq) { "ann" } else { "ben" };
            fixture
                .apply(sent(&team(), seq, sender, seq))
                .expect("applies");
        }
        for up_to in 0..=last {
            let event = ConversationRead {
                conversation: team(),
                reader: user("ann"),
                up_to: Seq(up_to),
                read_at: Timestamp(5),
            };
            fixture.apply(event).expect("applies");
            let expected = (up_to + 1..=last).filter(|seq| !by_ann(*seq)).count() as u64;
            let unread = fixture.reader().unread(&team(), &user("ann"));
            assert_eq!(unread.expect("readable"), expected, "{up_to} of {last}");
        }
    }
}

#[test]
fn a_deleted_account_begins_anew_and_its_peers_keep_what_they_have() {
    let mut fixture = Fixture::new();
    let (ann, ben, cho) = (user("ann"), user("ben"), user("cho"));
    let (shown, hidden) = (
        ConversationId::c2c(&ann, &ben),
        ConversationId::c2c(&ann, &cho),
    );
    for seq in 1..=3 {
        fixture
            .apply(sent(&shown, seq, "ben", seq * 1000))
            .expect("applies");
    }
    let quiet = MessageSent {
        no_last: true,
        ..sent(&hidden, 1, "cho", 4000)
    };
    fixture.apply(quiet).expect("applies");
    let unread = |fixture: &Fixture, conversation: &ConversationId, of: &UserId| {
        let unread = fixture.reader().unread(conversation, of);
        unread.expect("readable")
    };
    assert_eq!(unread(&fixture, &shown, &ann), 3);
    assert_eq!(unread(&fixture, &hidden, &ann), 1);
    let inbox = |fixture: &Fixture, of: &UserId| {
        let contacts = fixture.reader().contacts(of, None, 10).expect("readable");
        let shown = contacts.into_iter().filter(|one| one.shown_seconds > 0);
        shown.map(|one| one.peer).collect::<Vec<_>>()
    };
    assert_eq!(
        inbox(&fixture, &ann),
        std::slice::from_ref(&ben),
        "what is shown"
    );
    let deleted = AccountDeleted {
        user_id: ann.clone(),
    };
    fixture.apply(deleted).expect("applies");
    assert_eq!(inbox(&fixture, &ann), []);
    assert_eq!(inbox(&fixture, &ben), std::slice::from_ref(&ann));
    for conversation in [&shown, &hidden] {
        assert_eq!(unread(&fixture, conversation, &ann), 0);
    }
    let floor = |fixture: &Fixture| {
        let floor = fixture.reader().clear_seq(&shown, &ann);
        floor.expect("readable")
    };
    assert_eq!(floor(&fixture), Seq(3));
    fixture
        .apply(sent(&shown, 4, "ben", 5000))
        .expect("applies");
    assert_eq!(floor(&fixture), Seq(3));
    assert_eq!(unread(&fixture, &shown, &ann), 1);
    assert_eq!(inbox(&fixture, &ann), [ben]);
}
