use std::collections::BTreeMap;

use hansard_events::Event;
use hansard_events::RelationEvent;
use hansard_events::account::ProfileValue;
use hansard_events::relation::{Befriended, FriendDetails};
use hansard_types::Reason;
use hansard_types::profile::{ADMIN_FORBID_TYPE, ALLOW_TYPE};

use super::*;
use crate::testing::{Given, user};
use crate::view::Request;
use crate::{Command, Reply};

fn details() -> FriendDetails {
    FriendDetails {
        source: "AddSource_Type_Web".to_owned(),
        ..FriendDetails::default()
    }
}

fn add() -> AddFriend {
    AddFriend {
        from: user("ann"),
        to: user("ben"),
        details: details(),
        both: true,
        forced: false,
    }
}

fn given() -> Given {
    Given::default().accounts(&["ann", "ben", "cho"])
}

fn adds(given: &Given, command: AddFriend) -> Result<Reply, Reason> {
    let decision = given.when(Command::AddFriend(command))?;
    Ok(decision.reply)
}

fn allow_type(given: Given, id: &str, allow: &str) -> Given {
    given.profile(id, ALLOW_TYPE, ProfileValue::Text(allow.to_owned()))
}

type Change = fn(&mut FriendDetails, &str);

#[test]
fn values_have_their_limits() {
    let with = |change: Change, text: &str| {
        let mut command = add();
        change(&mut command.details, text);
        adds(&given(), command)
    };
    let invalid = Err(Reason::RelationValueInvalid);
    let cases: [(Change, usize); 3] = [
        (|details, text| details.remark = text.to_owned(), 96),
        (|details, text| details.wording = text.to_owned(), 256),
        (|details, text| details.groups = vec![text.to_owned()], 30),
    ];
    for (change, most) in cases {
        assert_eq!(with(change, &"x".repeat(most)), Ok(Reply::Done), "{most}");
        assert_eq!(with(change, &"x".repeat(most + 1)), invalid, "{most}");
    }
    let source = |text: &str| with(|details, text| details.source = text.to_owned(), text);
    assert_eq!(source("AddSource_Type_abcdefgh"), Ok(Reply::Done));
    for bad in [
        "",
        "Web",
        "AddSource_Type_",
        "AddSource_Type_abcdefghi",
        "AddSource_Type_a1",
    ] {
        assert_eq!(source(bad), invalid, "{bad}");
    }
    assert_eq!(
        with(|details, _| details.groups = vec![String::new()], ""),
        invalid
    );
    let custom = |details: &mut FriendDetails, _: &str| {
        details.custom.insert("Met".to_owned(), "here".to_owned());
    };
    assert_eq!(with(custom, ""), invalid, "it is not declared");
}

#[test]
fn lists_are_full_at_their_limits() {
    let own = |friends: u32| given().lists("ann", |lists| lists.friends = friends);
    assert_eq!(adds(&own(2999), add()), Ok(Reply::Done));
    assert_eq!(adds(&own(3000), add()), Err(Reason::FriendListFull));
    let theirs = |friends: u32| given().lists("ben", |lists| lists.friends = friends);
    assert_eq!(adds(&theirs(2999), add()), Ok(Reply::Done));
    assert_eq!(adds(&theirs(3000), add()), Err(Reason::TheirFriendListFull));
    let single = AddFriend {
        both: false,
        ..add()
    };
    assert_eq!(adds(&theirs(3000), single), Ok(Reply::Done));

    let asked = |requests: u32| {
        let given = allow_type(given(), "ben", "AllowType_Type_NeedConfirm");
        given.lists("ben", |lists| lists.requests = requests)
    };
    assert_eq!(adds(&asked(99), add()), Ok(Reply::Requested));
    assert_eq!(adds(&asked(100), add()), Err(Reason::FriendRequestsFull));

    let block = |blocked: u32| {
        let given = given().lists("ann", |lists| lists.blocked = blocked);
        let (user, blocked) = (user("ann"), user("ben"));
        given
            .when(Command::Block(Block { user, blocked }))
            .map(|decision| decision.reply)
    };
    assert_eq!(block(999), Ok(Reply::Done));
    assert_eq!(block(1000), Err(Reason::BlockListFull));

    let groups = |count: usize, new: &[&str]| {
        let names = (0..count).map(|number| format!("g{number}")).collect();
        let given = given().lists("ann", |lists| lists.groups = names);
        let command = AddFriendGroups {
            user: user("ann"),
            groups: new.iter().map(|name| (*name).to_owned()).collect(),
            friends: Vec::new(),
        };
        given
            .when(Command::AddFriendGroups(command))
            .map(|decision| decision.events.len())
    };
    assert_eq!(groups(31, &["new"]), Ok(1));
    assert_eq!(groups(31, &["new", "newer"]), Err(Reason::FriendGroupsFull));
    assert_eq!(groups(32, &["new"]), Err(Reason::FriendGroupsFull));
    assert_eq!(groups(32, &["g0"]), Ok(0), "nothing changes");
}

#[test]
fn who_is_added_decides_unless_it_is_forced() {
    let open = |allow: &str| allow_type(given(), "ben", allow);
    assert_eq!(
        adds(&open("AllowType_Type_AllowAny"), add()),
        Ok(Reply::Done)
    );
    let deny = open("AllowType_Type_DenyAny");
    assert_eq!(adds(&deny, add()), Err(Reason::FriendRequestsRefused));
    let forced = AddFriend {
        forced: true,
        ..add()
    };
    assert_eq!(adds(&deny, forced.clone()), Ok(Reply::Done));
    let forbidden = given().profile(
        "ann",
        ADMIN_FORBID_TYPE,
        ProfileValue::Text("AdminForbid_Type_SendOut".to_owned()),
    );
    assert_eq!(
        adds(&forbidden, add()),
        Err(Reason::FriendRequestsForbidden)
    );
    assert_eq!(adds(&forbidden, forced.clone()), Ok(Reply::Done));
    for (blocker, other, reason) in [
        ("ann", "ben", Reason::BlockedByYou),
        ("ben", "ann", Reason::BlockedByThem),
    ] {
        let given = given().blocks(blocker, other);
        assert_eq!(adds(&given, add()), Err(reason));
        assert_eq!(
            adds(&given, forced.clone()),
            Err(reason),
            "a block is a block"
        );
    }
}

#[test]
fn a_retry_adds_nothing_and_half_a_friendship_is_completed_by_one_event() {
    let friends = given().friend("ann", "ben", &[]).friend("ben", "ann", &[]);
    assert_eq!(adds(&friends, add()), Err(Reason::AlreadyFriends));
    let half = given().friend("ann", "ben", &[]);
    let single = AddFriend {
        both: false,
        ..add()
    };
    assert_eq!(adds(&half, single), Err(Reason::AlreadyFriends));
    let decision = half
        .when(Command::AddFriend(add()))
        .expect("the other half");
    assert!(matches!(
        decision.events.as_slice(),
        [Event::Relation(RelationEvent::Befriended(Befriended {
            both: true,
            ..
        }))]
    ));
    let waits = allow_type(given(), "ben", "AllowType_Type_NeedConfirm").request(
        "ben",
        "ann",
        Request {
            details: details(),
            both: true,
        },
    );
    let again = waits.when(Command::AddFriend(add())).expect("a retry");
    assert_eq!((again.events.len(), again.reply), (0, Reply::Requested));
}

#[test]
fn a_change_names_exactly_what_changed() {
    let given = given().friend("ann", "ben", &["work"]);
    let update = |remark: Option<&str>, groups: Option<&[&str]>| {
        let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let command = UpdateFriend {
            from: user("ann"),
            to: user("ben"),
            remark: remark.map(str::to_owned),
            groups: groups.map(strings),
            custom: BTreeMap::new(),
        };
        let decision = given
            .when(Command::UpdateFriend(command))
            .expect("a friend");
        match decision.events.as_slice() {
            [] => None,
            [Event::Relation(RelationEvent::FriendChanged(event))] => {
                Some((event.remark.clone(), event.groups.clone()))
            }
            events => panic!("not a change: {events:?}"),
        }
    };
    assert_eq!(update(Some(""), Some(&["work"])), None);
    assert_eq!(
        update(Some("벤"), Some(&["work"])),
        Some((Some("벤".to_owned()), None))
    );
    assert_eq!(update(None, Some(&[])), Some((None, Some(Vec::new()))));
}

#[test]
fn an_account_cannot_force_its_friendship_on_another() {
    let forced = AddFriend {
        forced: true,
        ..add()
    };
    assert!(given().when(forced.clone()).is_ok());
    assert_eq!(given().when_own("ann", forced), Err(Reason::NotPermitted));
}

#[test]
fn friends_join_a_group_that_exists_and_no_other() {
    let join = |group: &str, friends: &[&str]| JoinFriendGroup {
        user: user("ann"),
        group: group.to_owned(),
        friends: friends.iter().map(|id| user(id)).collect(),
    };
    let given = given()
        .friend("ann", "ben", &[])
        .lists("ann", |lists| lists.groups = vec!["work".to_owned()]);
    let decision = given
        .when_own("ann", join("work", &["ben", "cho"]))
        .expect("taken");
    let expected = vec![
        (user("ben"), None),
        (user("cho"), Some(Reason::FriendUnknown)),
    ];
    assert_eq!(decision.reply, Reply::Relations(expected));
    assert_eq!(decision.events.len(), 1);
    assert_eq!(
        given.when_own("ann", join("family", &[])),
        Err(Reason::FriendGroupUnknown)
    );
}
