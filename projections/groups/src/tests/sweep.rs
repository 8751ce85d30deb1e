//! Dissolving large groups and deleting accounts of many groups: what they cost, and what is seen
//! before everything is swept.

use hansard_events::{EventId, Identity, Provenance, encode};
use hansard_store::Counted;
use hansard_testkit::LOG;
use hansard_types::limits::{
    COMMUNITY_MEMBERS_MAX, GROUP_MEMBERS_ADDED_PER_CALL_MAX, SWEPT_ROWS_AT_ONCE,
    SWEPT_ROWS_PER_EVENT,
};
use hansard_types::{GroupId, Timestamp};

use super::*;

fn member(number: usize) -> UserId {
    user(&format!("member-{number:06}"))
}

fn numbered(number: usize) -> GroupId {
    group(&format!("group-{number:05}"))
}

/// Groups, and how often something was applied.
struct Fixture {
    store: MemoryStore,
    sequence: u64,
}

impl Fixture {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            sequence: 0,
        }
    }

    fn apply(&mut self, event: impl Into<Event>) {
        self.sequence += 1;
        apply(&self.store, self.sequence, event);
    }

    /// Rows that an event reads and changes.
    fn cost(&mut self, event: impl Into<Event>) -> (usize, usize) {
        self.sequence += 1;
        let event = event.into();
        let counted = Counted::new(&self.store);
        let changes = changes(&counted, self.sequence, &event);
        let cost = (counted.rows(), changes.len());
        let batch = changes.into_batch();
        self.store
            .write(batch, Durability::Process)
            .expect("writes");
        cost
    }

    fn with_members(&mut self, id: &GroupId, members: std::ops::Range<usize>) {
        let accounts: Vec<UserId> = members.map(member).collect();
        for accounts in accounts.chunks(GROUP_MEMBERS_ADDED_PER_CALL_MAX) {
            self.apply(MembersAdded {
                group_id: id.clone(),
                accounts: accounts.to_vec(),
                ..MembersAdded::sample()
            });
        }
    }

    fn reader(&self) -> Reader<'_> {
        Reader::new(&self.store, LOG)
    }

    fn is_swept(&self) -> bool {
        crate::sweep::SWEEP
            .is_idle(&self.store, LOG)
            .expect("readable")
    }

    /// Events that concern no group, until nothing is left to sweep: how many, and the most rows
    /// that one of them changed.
    fn sweep(&mut self) -> (usize, usize) {
        let (mut events, mut most) = (0, 0);
        while !self.is_swept() {
            let (_, rows) = self.cost(AccountDeleted {
                user_id: user("nobody"),
            });
            (events, most) = (events + 1, most.max(rows));
        }
        (events, most)
    }

    fn rows(&self, table: &str) -> usize {
        let dump = self.store.dump();
        dump.iter().filter(|(name, ..)| *name == table).count()
    }
}

#[test]
fn dissolving_a_group_of_a_hundred_thousand_is_a_small_event_and_little_work_for_each_later_one() {
    let mut fixture = Fixture::new();
    let members = usize::try_from(COMMUNITY_MEMBERS_MAX).expect("small") - 1;
    fixture.apply(created("one"));
    fixture.with_members(&group("one"), 0..members);
    let row = fixture.reader().group(&group("one")).expect("readable");
    assert_eq!(row.expect("there").member_count, COMMUNITY_MEMBERS_MAX);
    let event = GroupDissolved {
        group_id: group("one"),
    };
    let provenance = Provenance {
        actor: "administrator".to_owned(),
        correlation: None,
        causation: None,
    };
    let identity = Identity {
        id: EventId::from_u128(1),
        salt: [1; 16],
    };
    let encoded = encode(
        &event.clone().into(),
        identity,
        LOG,
        Timestamp(1),
        provenance,
        &[0; 32],
    );
    let (raw, _) = encoded.expect("encodes");
    assert!(raw.body().len() < 100, "{} bytes", raw.body().len());
    let (read, changed) = fixture.cost(event);
    assert!(read <= 3 * SWEPT_ROWS_AT_ONCE, "{read} rows read");
    // Besides: the group, its place in the list and their number, attributes, counters, the task.
    assert!(changed <= 2 * SWEPT_ROWS_AT_ONCE + 7, "{changed} changed");

    // Nobody sees anything of it from then on, though most rows are there.
    assert!(fixture.rows("groups.group_member") > members - SWEPT_ROWS_AT_ONCE);
    let (first, last) = (member(0), member(members - 1));
    for user in [&first, &last] {
        let reader = fixture.reader();
        assert_eq!(reader.joined(user, 10).expect("readable"), []);
        assert_eq!(reader.member(&group("one"), user).expect("readable"), None);
    }
    let roster = fixture.reader().members(&group("one"), 10);
    assert_eq!(roster.expect("readable"), []);

    let (events, most) = fixture.sweep();
    assert!(most <= 2 * SWEPT_ROWS_PER_EVENT + 2, "{most} rows changed");
    let slices = members.div_ceil(SWEPT_ROWS_PER_EVENT);
    assert!(
        events <= slices + 1,
        "{events} events for {members} members"
    );
    for table in [
        "groups.group_member",
        "groups.user_group",
        "groups.number_task",
    ] {
        assert_eq!(fixture.rows(table), 0, "{table}");
    }
}

#[test]
fn an_account_that_is_deleted_out_of_three_thousand_groups_is_in_none_at_once() {
    const GROUPS: usize = 3000;
    let mut fixture = Fixture::new();
    for number in 0..GROUPS {
        fixture.apply(GroupCreated {
            group_id: numbered(number),
            ..created("one")
        });
    }
    let (read, changed) = fixture.cost(AccountDeleted {
        user_id: user("owner"),
    });
    assert!(read <= 8 * SWEPT_ROWS_AT_ONCE, "{read} rows read");
    assert!(changed <= 3 * SWEPT_ROWS_AT_ONCE + 3, "{changed} changed");
    assert!(!fixture.is_swept());

    let owner = user("owner");
    let last = numbered(GROUPS - 1);
    let joined = fixture.reader().joined(&owner, GROUPS);
    assert_eq!(joined.expect("readable"), []);
    let row = fixture.reader().group(&last).expect("readable");
    assert_eq!(row.expect("there").owner, None);
    assert_eq!(fixture.reader().members(&last, 10).expect("readable"), []);

    // An account of that name, imported anew, comes into one group and is in that one only.
    let back = MembersAdded {
        group_id: last.clone(),
        accounts: vec![owner.clone()],
        ..MembersAdded::sample()
    };
    fixture.apply(back);
    let seen = |fixture: &Fixture| {
        let reader = fixture.reader();
        let joined = reader.joined(&owner, GROUPS).expect("readable");
        let joined: Vec<GroupId> = joined.into_iter().map(|one| one.group_id).collect();
        let row = reader.group(&last).expect("readable").expect("there");
        (joined, row.member_count, row.owner)
    };
    assert_eq!(seen(&fixture), (vec![last.clone()], 1, None));
    let (_, most) = fixture.sweep();
    assert!(most <= 3 * SWEPT_ROWS_PER_EVENT + 3, "{most} rows changed");
    assert_eq!(seen(&fixture), (vec![last.clone()], 1, None));
    let first = fixture.reader().group(&numbered(0)).expect("readable");
    assert_eq!(first.expect("there").member_count, 0);
    assert_eq!(fixture.rows("groups.user_void"), 0);
    assert_eq!(fixture.rows("groups.user_group"), 1);
}

#[derive(Debug, Clone)]
enum Late {
    Add(usize, usize),
    Remove(usize, usize),
    Dissolve(usize),
    Delete(usize),
}

const MANY: usize = SWEPT_ROWS_AT_ONCE + 60;

fn late() -> impl Strategy<Value = Vec<Late>> {
    // The ends of what one slice takes, and what is behind it.
    let at = || prop_oneof![0..4_usize, MANY - 8..MANY];
    let act = prop_oneof![
        4 => (at(), 0..3_usize).prop_map(|(group, user)| Late::Add(group, user)),
        2 => (at(), 0..3_usize).prop_map(|(group, user)| Late::Remove(group, user)),
        1 => at().prop_map(Late::Dissolve),
        1 => (0..3_usize).prop_map(Late::Delete),
    ];
    prop::collection::vec(act, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_seen_while_rows_are_swept_is_what_a_model_says(acts in late()) {
        let mut fixture = Fixture::new();
        // Of each group who is in it; `None` once it is dissolved.
        let mut model: BTreeMap<usize, Option<BTreeSet<usize>>> = BTreeMap::new();
        for number in 0..MANY {
            let members = (0..3).map(|at| FirstMember::new(member(at), Role::Member));
            fixture.apply(GroupCreated {
                group_id: numbered(number),
                owner: None,
                members: members.collect(),
                ..created("one")
            });
            model.insert(number, Some(BTreeSet::from([0, 1, 2])));
        }
        for act in acts {
            match act {
                Late::Add(at, who) => {
                    // Deciders add nobody to a group that is dissolved.
                    let Some(Some(roster)) = model.get_mut(&at) else { continue };
                    roster.insert(who);
                    fixture.apply(MembersAdded {
                        group_id: numbered(at),
                        accounts: vec![member(who)],
                        ..MembersAdded::sample()
                    });
                }
                Late::Remove(at, who) => {
                    let Some(Some(roster)) = model.get_mut(&at) else { continue };
                    roster.remove(&who);
                    fixture.apply(MembersRemoved {
                        group_id: numbered(at),
                        accounts: vec![member(who)],
                        ..MembersRemoved::sample()
                    });
                }
                Late::Dissolve(at) => {
                    model.insert(at, None);
                    fixture.apply(GroupDissolved { group_id: numbered(at) });
                }
                Late::Delete(who) => {
                    for roster in model.values_mut().flatten() {
                        roster.remove(&who);
                    }
                    fixture.apply(AccountDeleted { user_id: member(who) });
                }
            }
            check(&fixture, &model);
        }
        fixture.sweep();
        check(&fixture, &model);
        for (at, roster) in &model {
            let row = fixture.reader().group(&numbered(*at)).expect("readable").expect("there");
            let count = roster.as_ref().map_or(0, BTreeSet::len);
            prop_assert_eq!(row.member_count as usize, count, "once all is swept");
        }
    }
}

fn check(fixture: &Fixture, model: &BTreeMap<usize, Option<BTreeSet<usize>>>) {
    let reader = fixture.reader();
    for who in 0..3 {
        let joined = reader.joined(&member(who), usize::MAX).expect("readable");
        let joined: Vec<GroupId> = joined.into_iter().map(|one| one.group_id).collect();
        let expected = model
            .iter()
            .filter(|(_, roster)| roster.as_ref().is_some_and(|roster| roster.contains(&who)));
        let expected: Vec<GroupId> = expected.map(|(at, _)| numbered(*at)).collect();
        assert_eq!(joined, expected, "groups of {who}");
    }
    for at in [0, 1, MANY - 2, MANY - 1] {
        let members = reader.members(&numbered(at), 10).expect("readable");
        let members: Vec<UserId> = members.into_iter().map(|(id, _)| id).collect();
        let roster = model.get(&at).cloned().flatten().unwrap_or_default();
        let expected: Vec<UserId> = roster.into_iter().map(member).collect();
        assert_eq!(members, expected, "members of {at}");
    }
}
