use std::collections::{BTreeMap, BTreeSet};

use hansard_events::account::AccountDeleted;
use hansard_events::group::{
    FirstMember, GroupCreated, GroupDissolved, MembersAdded, MembersRemoved, Role,
};
use hansard_events::{Event, Sample};
use hansard_projector::Projection;
use hansard_store::{Changes, Durability, MemoryStore, Overlay, Read, Store};
use hansard_testkit::{LOG, group, recorded, user};
use hansard_types::UserId;
use proptest::prelude::*;

use crate::{Groups, Reader};

mod sweep;

const GROUPS: [&str; 2] = ["one", "two"];
const USERS: [&str; 4] = ["ann", "ben", "cho", "dai"];

fn apply(store: &MemoryStore, sequence: u64, event: impl Into<Event>) {
    let changes = changes(store, sequence, &event.into());
    store
        .write(changes.into_batch(), Durability::Process)
        .expect("writes");
}

/// What an event changes.
fn changes(store: &dyn Read, sequence: u64, event: &Event) -> Changes {
    let recorded = recorded(sequence, event.clone());
    let mut state = Overlay::new(store);
    Groups
        .apply(LOG, &recorded, event, &mut state)
        .expect("applies");
    state.into_changes()
}

fn created(id: &str) -> GroupCreated {
    let owner = FirstMember::new(user("owner"), Role::Owner);
    GroupCreated {
        group_id: group(id),
        owner: Some(user("owner")),
        members: vec![owner],
        ..GroupCreated::sample()
    }
}

#[derive(Debug, Clone)]
enum Act {
    Add(usize, Vec<usize>),
    Remove(usize, Vec<usize>),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let users = || prop::collection::vec(0..USERS.len(), 1..4);
    let act = prop_oneof![
        (0..GROUPS.len(), users()).prop_map(|(group, users)| Act::Add(group, users)),
        (0..GROUPS.len(), users()).prop_map(|(group, users)| Act::Remove(group, users)),
    ];
    prop::collection::vec(act, 0..60)
}

proptest! {
    #[test]
    fn rosters_counts_and_lists_of_groups_agree(acts in acts()) {
        let store = MemoryStore::new();
        let mut model: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut sequence = 0;
        for id in GROUPS {
            sequence += 1;
            apply(&store, sequence, created(id));
            model.insert(id, BTreeSet::from(["owner"]));
        }
        for act in acts {
            sequence += 1;
            let (Act::Add(at, users) | Act::Remove(at, users)) = &act;
            let accounts: Vec<UserId> = users.iter().map(|at| user(USERS[*at])).collect();
            let roster = model.get_mut(GROUPS[*at]).expect("a group of the model");
            for at in users {
                match act {
                    Act::Add(..) => roster.insert(USERS[*at]),
                    Act::Remove(..) => roster.remove(USERS[*at]),
                };
            }
            let group_id = group(GROUPS[*at]);
            match act {
                Act::Add(..) => {
                    let event = MembersAdded { group_id, accounts, ..MembersAdded::sample() };
                    apply(&store, sequence, event);
                }
                Act::Remove(..) => {
                    let event = MembersRemoved { group_id, accounts, ..MembersRemoved::sample() };
                    apply(&store, sequence, event);
                }
            }
        }
        let reader = Reader::new(&store, LOG);
        for (id, roster) in &model {
            let row = reader.group(&group(id)).expect("readable").expect("there");
            prop_assert_eq!(row.member_count as usize, roster.len());
            let members = reader.members(&group(id), usize::MAX).expect("readable");
            let members: BTreeSet<String> =
                members.into_iter().map(|(id, _)| id.to_string()).collect();
            prop_assert_eq!(members, roster.iter().map(|id| (*id).to_owned()).collect());
        }
        for id in USERS {
            let joined = reader.joined(&user(id), 10).expect("readable");
            let joined: Vec<String> =
                joined.into_iter().map(|one| one.group_id.to_string()).collect();
            let expected: Vec<String> = model
                .iter()
                .filter(|(_, roster)| roster.contains(id))
                .map(|(group, _)| (*group).to_owned())
                .collect();
            prop_assert_eq!(joined, expected);
        }
    }
}

#[test]
fn a_dissolved_group_keeps_its_profile_and_loses_its_members() {
    let store = MemoryStore::new();
    apply(&store, 1, created("one"));
    let dissolved = GroupDissolved {
        group_id: group("one"),
    };
    apply(&store, 2, dissolved.clone());
    apply(&store, 3, dissolved);
    let reader = Reader::new(&store, LOG);
    let row = reader
        .group(&group("one"))
        .expect("readable")
        .expect("there");
    assert!(row.dissolved);
    assert_eq!(row.member_count, 0);
    assert!(
        reader
            .joined(&user("owner"), 10)
            .expect("readable")
            .is_empty()
    );
}

#[test]
fn a_group_that_has_the_id_of_a_dissolved_one_has_none_of_its_members() {
    let store = MemoryStore::new();
    apply(&store, 1, created("one"));
    let others: Vec<UserId> = (0..50)
        .map(|number| user(&format!("u{number:02}")))
        .collect();
    let added = |accounts: &[UserId]| MembersAdded {
        group_id: group("one"),
        accounts: accounts.to_vec(),
        ..MembersAdded::sample()
    };
    apply(&store, 2, added(&others));
    let dissolved = GroupDissolved {
        group_id: group("one"),
    };
    apply(&store, 3, dissolved);
    apply(&store, 4, created("one"));
    apply(&store, 5, added(&others[..1]));
    let reader = Reader::new(&store, LOG);
    // While rows of the earlier one are left, and when none is.
    for sequence in 6..100 {
        let row = reader.group(&group("one")).expect("readable");
        let row = row.expect("there");
        assert_eq!((row.dissolved, row.member_count), (false, 2));
        let members = reader.members(&group("one"), 100).expect("readable");
        assert_eq!(members.len(), 2, "the owner and one other");
        for (other, groups) in others.iter().zip([1, 0, 0]) {
            let joined = reader.joined(other, 10).expect("readable");
            assert_eq!(joined.len(), groups, "{other}");
        }
        apply(&store, sequence, added(&[]));
    }
    assert!(sweep_is_idle(&store), "nothing is left of the earlier one");
}

fn sweep_is_idle(store: &MemoryStore) -> bool {
    crate::sweep::SWEEP.is_idle(store, LOG).expect("readable")
}

#[test]
fn removing_the_owner_leaves_the_group_without_one() {
    let store = MemoryStore::new();
    apply(&store, 1, created("one"));
    let event = MembersRemoved {
        group_id: group("one"),
        accounts: vec![user("owner")],
        ..MembersRemoved::sample()
    };
    apply(&store, 2, event);
    let row = Reader::new(&store, LOG)
        .group(&group("one"))
        .expect("readable")
        .expect("there");
    assert_eq!(row.owner, None);
}

#[test]
fn a_deleted_account_is_in_no_group_and_owns_none() {
    let store = MemoryStore::new();
    apply(&store, 1, created("one"));
    apply(&store, 2, created("two"));
    let added = MembersAdded {
        group_id: group("one"),
        accounts: vec![user("ann")],
        ..MembersAdded::sample()
    };
    apply(&store, 3, added);
    for (sequence, id) in [(4, "owner"), (5, "ann"), (6, "nobody")] {
        let deleted = AccountDeleted { user_id: user(id) };
        apply(&store, sequence, deleted);
    }
    let reader = Reader::new(&store, LOG);
    for id in GROUPS {
        let row = reader.group(&group(id)).expect("readable").expect("there");
        assert_eq!((row.owner, row.member_count), (None, 0), "{id}");
        let members = reader.members(&group(id), 10).expect("readable");
        assert_eq!(members, [], "{id}");
    }
    assert_eq!(reader.joined(&user("owner"), 10).expect("readable"), []);
}
