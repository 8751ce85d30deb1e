//! Deleting accounts and emptying lists of many friends: what it costs, and what is seen before
//! everything is swept.

use std::collections::BTreeSet;

use hansard_events::Event;
use hansard_events::account::AccountDeleted;
use hansard_events::relation::{Befriending, FriendsCleared, Unfriended};
use hansard_testkit::{Cost, Folded, LOG};
use hansard_types::limits::{FRIENDS_MAX, SWEPT_ROWS_AT_ONCE, SWEPT_ROWS_PER_EVENT};
use proptest::prelude::*;

use super::*;
use crate::Directory;

fn user(number: usize) -> UserId {
    UserId::new(&format!("user-{number:05}")).expect("a valid id")
}

struct Fixture(Folded<Directory>);

impl Fixture {
    fn new() -> Self {
        Self(Folded::new(Directory))
    }

    /// Applies an event: the rows that it read and changed.
    fn apply(&mut self, event: impl Into<Event>) -> (usize, usize) {
        let Cost { read, changed } = self.0.apply(event);
        (read, changed)
    }

    fn befriend(&mut self, from: usize, to: usize, both: bool) {
        self.apply(Befriended {
            from: user(from),
            to: user(to),
            details: FriendDetails::default(),
            both,
            how: Befriending::Forced,
            remark_of_to: String::new(),
            befriended_at: Timestamp(5),
        });
    }

    fn reader(&self) -> Reader<'_> {
        Reader::new(&self.0.store, LOG)
    }

    fn friends(&self, of: usize) -> Vec<UserId> {
        let friends = self.reader().friends(&user(of), 0, usize::MAX);
        let friends = friends.expect("readable").into_iter();
        friends.map(|(id, _)| id).collect()
    }

    fn lists(&self, of: usize) -> ListsRow {
        self.reader().lists(&user(of)).expect("readable")
    }

    fn is_swept(&self) -> bool {
        sweep::SWEEP.is_idle(&self.0.store, LOG).expect("readable")
    }

    /// Events that concern nobody, until nothing is left: the most rows that one changed.
    fn sweep(&mut self) -> usize {
        let mut most = 0;
        while !self.is_swept() {
            let (_, rows) = self.apply(AccountDeleted {
                user_id: user(99_999),
            });
            most = most.max(rows);
        }
        most
    }

    /// Rows whose key or value names an account.
    fn rows_of(&self, of: usize) -> usize {
        let id = user(of);
        let holds = |bytes: &[u8]| {
            bytes
                .windows(id.as_str().len())
                .any(|part| part == id.as_str().as_bytes())
        };
        let dump = self.0.store.dump();
        let rows = dump.iter();
        rows.filter(|(_, key, value)| holds(key) || holds(value))
            .count()
    }
}

#[test]
fn an_account_with_three_thousand_friends_is_forgotten_at_once_and_swept_bit_by_bit() {
    let friends = usize::try_from(FRIENDS_MAX).expect("small");
    let mut fixture = Fixture::new();
    for other in 1..=friends {
        fixture.befriend(0, other, true);
    }
    let deleted = AccountDeleted { user_id: user(0) };
    let (read, changed) = fixture.apply(deleted);
    assert!(read <= 10 * SWEPT_ROWS_AT_ONCE, "{read} rows read");
    assert!(changed <= 3 * SWEPT_ROWS_AT_ONCE + 9, "{changed} changed");
    assert!(!fixture.is_swept());

    assert_eq!(
        (fixture.friends(0), fixture.friends(friends)),
        (vec![], vec![])
    );
    assert_eq!(fixture.lists(0), ListsRow::default());
    for (one, other) in [(0, friends), (friends, 0), (0, 1), (1, 0)] {
        let friend = fixture.reader().friend(&user(one), &user(other));
        assert_eq!(friend.expect("readable"), None, "{one} {other}");
    }
    // Whoever has the name now begins anew: also with someone whose old row is not swept.
    fixture.befriend(0, 1, true);
    assert_eq!(fixture.friends(0), [user(1)]);
    assert_eq!((fixture.lists(0).friends, fixture.lists(1).friends), (1, 1));
    let most = fixture.sweep();
    assert!(most <= 3 * SWEPT_ROWS_PER_EVENT + 8, "{most} rows changed");
    assert_eq!(
        (fixture.friends(0), fixture.friends(1)),
        (vec![user(1)], vec![user(0)])
    );
    assert_eq!(
        (fixture.lists(0).friends, fixture.lists(0).friend_of),
        (1, 1)
    );
    assert_eq!(
        (fixture.lists(1).friends, fixture.lists(1).friend_of),
        (1, 1)
    );
    let last = fixture.lists(friends);
    assert_eq!((last.friends, last.friend_of), (0, 0));
    fixture.apply(AccountDeleted { user_id: user(0) });
    fixture.sweep();
    assert_eq!(
        fixture.rows_of(0),
        2,
        "nothing is left but that it was deleted, twice"
    );
}

#[derive(Debug, Clone)]
enum Act {
    Befriend(usize, usize, bool),
    Unfriend(usize, usize, bool),
    Block(usize, usize),
    Clear(usize, bool),
    Delete(usize),
}

/// More than one slice sweeps: the account 0 has this many friends, and is a friend of as many.
const MANY: usize = SWEPT_ROWS_AT_ONCE + 40;

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = || prop_oneof![3 => Just(0_usize), 2 => 1..4_usize, 2 => MANY - 4..=MANY];
    let act = prop_oneof![
        5 => (who(), who(), any::<bool>())
            .prop_map(|(one, other, both)| Act::Befriend(one, other, both)),
        3 => (who(), who(), any::<bool>())
            .prop_map(|(one, other, both)| Act::Unfriend(one, other, both)),
        1 => (who(), who()).prop_map(|(one, other)| Act::Block(one, other)),
        2 => (who(), any::<bool>()).prop_map(|(who, both)| Act::Clear(who, both)),
        2 => who().prop_map(Act::Delete),
    ];
    prop::collection::vec(act, 1..12)
}

/// Who has whom on its list, and who blocks whom.
#[derive(Debug, Default)]
struct Model {
    friends: BTreeSet<(usize, usize)>,
    blocks: BTreeSet<(usize, usize)>,
}

impl Model {
    fn count(pairs: &BTreeSet<(usize, usize)>, of: impl Fn(&(usize, usize)) -> bool) -> u32 {
        u32::try_from(pairs.iter().filter(|pair| of(pair)).count()).expect("small")
    }
}

fn apply(fixture: &mut Fixture, model: &mut Model, act: &Act) {
    match *act {
        Act::Befriend(one, other, both) if one != other => {
            model.friends.insert((one, other));
            if both {
                model.friends.insert((other, one));
            }
            fixture.befriend(one, other, both);
        }
        Act::Unfriend(one, other, both) if one != other => {
            model.friends.remove(&(one, other));
            if both {
                model.friends.remove(&(other, one));
            }
            fixture.apply(Unfriended {
                from: user(one),
                to: user(other),
                both,
            });
        }
        Act::Block(one, other) if one != other => {
            model.friends.remove(&(one, other));
            model.friends.remove(&(other, one));
            model.blocks.insert((one, other));
            fixture.apply(Blocked {
                user: user(one),
                blocked: user(other),
                blocked_at: Timestamp(5),
            });
        }
        Act::Befriend(..) | Act::Unfriend(..) | Act::Block(..) => {}
        Act::Clear(who, both) => {
            model
                .friends
                .retain(|(one, other)| *one != who && !(both && *other == who));
            fixture.apply(FriendsCleared {
                user: user(who),
                both,
            });
        }
        Act::Delete(who) => {
            for pairs in [&mut model.friends, &mut model.blocks] {
                pairs.retain(|(one, other)| *one != who && *other != who);
            }
            fixture.apply(AccountDeleted { user_id: user(who) });
        }
    }
}

fn check(fixture: &Fixture, model: &Model) {
    for who in [0, 1, 2, 3, MANY - 1, MANY] {
        let expected = model.friends.iter().filter(|(one, _)| *one == who);
        let expected: Vec<UserId> = expected.map(|(_, other)| user(*other)).collect();
        assert_eq!(fixture.friends(who), expected, "friends of {who}");
        let page = fixture.reader().friends(&user(who), 1, 2);
        let page = page.expect("readable").into_iter().map(|(id, _)| id);
        let on_page: Vec<UserId> = expected.into_iter().skip(1).take(2).collect();
        assert_eq!(page.collect::<Vec<_>>(), on_page, "a page of {who}");
        for other in [0, 1, MANY] {
            let blocks = fixture.reader().blocks(&user(who), &user(other));
            let expected = model.blocks.contains(&(who, other));
            assert_eq!(blocks.expect("readable"), expected, "{who} blocks {other}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_seen_while_rows_are_swept_is_what_a_model_says(acts in acts()) {
        let (mut fixture, mut model) = (Fixture::new(), Model::default());
        for other in 1..=MANY {
            apply(&mut fixture, &mut model, &Act::Befriend(0, other, true));
        }
        for act in acts {
            apply(&mut fixture, &mut model, &act);
            check(&fixture, &model);
        }
        fixture.sweep();
        check(&fixture, &model);
        for who in 0..=MANY {
            let lists = fixture.lists(who);
            let expected = (
                Model::count(&model.friends, |(one, _)| *one == who),
                Model::count(&model.friends, |(_, other)| *other == who),
                Model::count(&model.blocks, |(one, _)| *one == who),
            );
            let counted = (lists.friends, lists.friend_of, lists.blocked);
            prop_assert_eq!(counted, expected, "counts of {} once all is swept", who);
        }
    }
}
