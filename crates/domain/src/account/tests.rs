use hansard_events::account::{
    AccountDeleted, AccountImported, AccountMuted, AccountsForgotten, Forgotten, ProfileValue,
    SignaturesRevoked,
};
use hansard_events::{AccountEvent, Event};
use hansard_types::{Actor, Reason, Timestamp, profile};

use super::*;
use crate::testing::{Given, NOW, user};
use crate::{Command, Decision, Reply};

fn only(decision: &Decision) -> Option<&AccountEvent> {
    match decision.events.as_slice() {
        [] => None,
        [Event::Account(event)] => Some(event),
        other => panic!("not one event of an account: {other:?}"),
    }
}

fn delete(id: &str) -> Command {
    Command::DeleteAccount(DeleteAccount { user_id: user(id) })
}

#[test]
fn an_account_is_deleted_once_and_an_administrator_never() {
    let given = Given::default()
        .accounts(&["ann", "root"])
        .own_app(&["root"], Vec::new());
    let deleted = given.when(delete("ann")).expect("taken");
    let expected = AccountDeleted {
        user_id: user("ann"),
    };
    assert_eq!(only(&deleted), Some(&AccountEvent::Deleted(expected)));
    assert_eq!(given.when(delete("zoe")), Err(Reason::AccountUnknown));
    assert_eq!(given.when(delete("root")), Err(Reason::AdministratorStays));
}

#[test]
fn signatures_are_revoked_up_to_the_second_and_once_in_it() {
    let issued_up_to_seconds = NOW.seconds();
    let revoke = Command::RevokeSignatures(RevokeSignatures {
        user_id: user("ann"),
        issued_up_to_seconds,
    });
    let reply = Reply::Revoked {
        issued_up_to_seconds,
    };
    let earlier = Given::default()
        .accounts(&["ann"])
        .revoked("ann", issued_up_to_seconds - 1);
    let decision = earlier.when(revoke.clone()).expect("taken");
    let expected = SignaturesRevoked {
        user_id: user("ann"),
        issued_up_to_seconds,
    };
    assert_eq!(
        only(&decision),
        Some(&AccountEvent::SignaturesRevoked(expected))
    );
    assert_eq!(decision.reply, reply);
    let again = earlier.revoked("ann", issued_up_to_seconds);
    assert_eq!(again.when(revoke.clone()), Ok(Decision::nothing(reply)));
    assert_eq!(Given::default().when(revoke), Err(Reason::AccountUnknown));
}

fn mute(c2c: Option<MuteFor>, group: Option<MuteFor>) -> Command {
    Command::MuteAccount(MuteAccount {
        user_id: user("ann"),
        c2c,
        group,
    })
}

fn muted(decision: &Decision) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
    let event = only(decision)?;
    let AccountEvent::Muted(AccountMuted {
        user_id: _,
        c2c_until,
        group_until,
    }) = event
    else {
        panic!("not a mute: {event:?}");
    };
    Some((*c2c_until, *group_until))
}

#[test]
fn a_mute_names_exactly_what_changed() {
    let in_ms = |ms: u64| Some(Timestamp(NOW.0 + ms));
    let forever = Some(Timestamp::FOREVER);
    let (good, lift) = (Some(MuteFor::Good), Some(MuteFor::Seconds(0)));
    let hour = Some(MuteFor::Seconds(3600));
    // What was before, what is asked, what the event says.
    let table = [
        (Timestamp(0), hour, Some(in_ms(3_600_000))),
        (NOW, hour, Some(in_ms(3_600_000))),
        (Timestamp(0), good, Some(forever)),
        (Timestamp::FOREVER, good, None),
        (Timestamp::FOREVER, lift, Some(Some(Timestamp(0)))),
        (Timestamp(0), lift, None),
        (NOW, lift, None),
        (Timestamp(NOW.0 + 1), lift, Some(Some(Timestamp(0)))),
        (Timestamp(0), None, None),
    ];
    for (before, asked, expected) in table {
        let given = Given::default()
            .accounts(&["ann"])
            .change_account("ann", |account| {
                account.mutes.c2c = before;
                account.mutes.group = before;
            });
        let row = format!("{before:?} {asked:?}");
        let c2c = given.when(mute(asked, None)).expect("taken");
        assert_eq!(muted(&c2c), expected.map(|end| (end, None)), "{row}");
        let group = given.when(mute(None, asked)).expect("taken");
        assert_eq!(muted(&group), expected.map(|end| (None, end)), "{row}");
        let both = given.when(mute(asked, asked)).expect("taken");
        assert_eq!(muted(&both), expected.map(|end| (end, end)), "{row}");
    }
    let nobody = Given::default().when(mute(good, None));
    assert_eq!(nobody, Err(Reason::AccountUnknown));
}

#[test]
fn an_import_says_only_what_the_profile_does_not() {
    let nick = ProfileValue::Text("Ann".to_owned());
    let given = Given::default()
        .accounts(&["ann"])
        .profile("ann", profile::NICK, nick);
    let import = |nick: &str, face_url: &str| {
        given.when(Command::ImportAccount(ImportAccount {
            user_id: user("ann"),
            nick: Some(nick.to_owned()),
            face_url: Some(face_url.to_owned()),
        }))
    };
    let decision = import("Ann", "picture").expect("taken");
    let expected = AccountImported {
        user_id: user("ann"),
        nick: None,
        face_url: Some("picture".to_owned()),
    };
    assert_eq!(only(&decision), Some(&AccountEvent::Imported(expected)));
}

#[test]
fn a_partition_learns_of_deleted_accounts_once_and_says_which() {
    let given = Given::default().deleted(&["ann", "ben"]);
    let system = Actor::System;
    let decision = given.when_by(&system, ForgetAccounts).expect("permitted");
    let forgotten = |id, deleted_at| Forgotten {
        user_id: user(id),
        deleted_at,
    };
    let expected = AccountsForgotten {
        accounts: vec![forgotten("ann", 1), forgotten("ben", 2)],
    };
    assert_eq!(only(&decision), Some(&AccountEvent::Forgotten(expected)));
    let nothing = Given::default().when_by(&system, ForgetAccounts);
    assert_eq!(nothing.expect("permitted").events, Vec::new());
}
