use hansard_events::group::{GroupType, JoinOption, Role};
use hansard_events::live::{LiveEntered, LiveLeft};
use hansard_events::message::MessageSent;
use hansard_events::{Event, LiveEvent, MessageEvent};
use hansard_types::{Actor, Reason, Seq, Timestamp};

use super::*;
use crate::message::{Content, SendGroup};
use crate::testing::{Given, NOW, group, user};

fn later(seconds: u64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1000)
}

fn show() -> Given {
    Given::default()
        .accounts(&["ann", "ben", "cho"])
        .group("show", GroupType::AvChatRoom, &[("ann", Role::Owner)])
        .change_group("show", |room| {
            room.profile.apply_join_option = JoinOption::FreeAccess;
        })
        .group("team", GroupType::Public, &[("ann", Role::Owner)])
}

fn enter(who: &str, seconds: u32) -> EnterRoom {
    EnterRoom {
        group_id: group("show"),
        user: user(who),
        seconds,
    }
}

fn leave(who: &str) -> LeaveRoom {
    LeaveRoom {
        group_id: group("show"),
        user: user(who),
    }
}

fn say(who: &str, id: &str, live: bool) -> SendGroup {
    SendGroup {
        topic_id: None,
        group_id: group(id),
        from: user(who),
        content: Content::text("hello"),
        random: 1,
        priority: 2,
        mentions: Vec::new(),
        targets: Vec::new(),
        online_only: false,
        wants_receipts: false,
        live,
        per_second: None,
    }
}

fn entered(given: &Given, command: EnterRoom) -> Option<LiveEntered> {
    let who = command.user.to_string();
    let decision = given.when_own(&who, command).expect("is taken");
    match decision.events.as_slice() {
        [] => None,
        [Event::Live(LiveEvent::Entered(event))] => Some(event.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_comes_in_stays_until_then_and_longer_when_it_comes_again() {
    let event = entered(&show(), enter("ben", 60)).expect("comes in");
    assert_eq!((event.until, event.room), (later(60), 1));
    let there = |seconds| show().visit("show", "ben", later(seconds));
    assert_eq!(entered(&there(31), enter("ben", 60)), None, "far from over");
    let again = entered(&there(30), enter("ben", 60)).expect("stays");
    assert_eq!(again.until, later(60));
}

#[test]
fn who_may_not_come_in_is_told_why() {
    let refused = |given: &Given, command: EnterRoom| {
        let who = command.user.to_string();
        given.when_own(&who, command).err()
    };
    for (seconds, reason) in [
        (9, Some(Reason::VisitTimeInvalid)),
        (10, None),
        (3600, None),
        (3601, Some(Reason::VisitTimeInvalid)),
    ] {
        assert_eq!(refused(&show(), enter("ben", seconds)), reason, "{seconds}");
    }
    let banned = show().banned("show", "ben", later(1));
    assert_eq!(
        refused(&banned, enter("ben", 60)),
        Some(Reason::MemberBanned)
    );
    assert_eq!(refused(&banned, enter("cho", 60)), None);
    let closed = show().change_group("show", |room| {
        room.profile.apply_join_option = JoinOption::Disabled;
    });
    assert_eq!(
        refused(&closed, enter("ben", 60)),
        Some(Reason::JoinRequestsRefused)
    );
    assert!(closed.when(enter("ben", 60)).is_ok(), "a backend may");
    let other = EnterRoom {
        group_id: group("team"),
        ..enter("ben", 60)
    };
    assert_eq!(refused(&show(), other), Some(Reason::GroupTypeForbids));
    assert_eq!(
        refused(&show(), enter("zoe", 60)),
        Some(Reason::AccountUnknown)
    );
}

#[test]
fn who_leaves_is_gone_and_who_is_not_there_has_left() {
    let there = show().visit("show", "ben", later(60));
    let decision = there.when_own("ben", leave("ben")).expect("leaves");
    let left = LiveLeft {
        group_id: group("show"),
        accounts: vec![user("ben")],
        lapsed: false,
    };
    assert_eq!(decision.events, [Event::from(left)]);
    let decision = show().when_own("ben", leave("ben")).expect("has left");
    assert_eq!(decision.events, []);
    let over = show().visit("show", "ben", NOW);
    let decision = over.when_own("ben", leave("ben")).expect("has left");
    assert_eq!(decision.events, [], "its time was over");
}

#[test]
fn the_log_says_whose_time_is_over() {
    let end = |given: Given| {
        let decision = given.when_by(&Actor::System, EndVisits).expect("is taken");
        decision.events
    };
    let given = show()
        .visit("show", "ben", NOW)
        .visit("show", "cho", later(1));
    let left = LiveLeft {
        group_id: group("show"),
        accounts: vec![user("ben")],
        lapsed: true,
    };
    assert_eq!(end(given), [Event::from(left)]);
    assert_eq!(end(show().visit("show", "cho", later(1))), []);
}

#[test]
fn who_is_there_speaks_and_its_messages_are_numbered_by_the_log() {
    let there = show().visit("show", "ben", later(1));
    let decision = there.when_own("ben", say("ben", "show", true));
    let decision = decision.expect("is said");
    let [Event::Message(MessageEvent::Sent(MessageSent { seq, room, .. }))] =
        decision.events.as_slice()
    else {
        panic!("{decision:?}");
    };
    assert_eq!((*seq, *room), (Seq(7), Some(1)));
    let refused = |given: &Given, who: &str, id: &str, live| {
        let said = given.when_own(who, say(who, id, live));
        said.err()
    };
    assert_eq!(refused(&there, "ann", "show", true), None, "the owner");
    let stranger = refused(&there, "cho", "show", true);
    assert_eq!(stranger, Some(Reason::MemberUnknown));
    let over = show().visit("show", "ben", NOW);
    let late = refused(&over, "ben", "show", true);
    assert_eq!(late, Some(Reason::MemberUnknown));
    let muted = there.muted("show", "ben", later(1));
    let silent = refused(&muted, "ben", "show", true);
    assert_eq!(silent, Some(Reason::MutedInGroup));
    // Of another type than who sends it took the group for.
    for (id, live) in [("show", false), ("team", true)] {
        let wrong = refused(&muted, "ann", id, live);
        assert_eq!(wrong, Some(Reason::GroupTypeForbids), "{id}");
    }
}
