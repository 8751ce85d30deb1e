use std::sync::Arc;

use hansard_domain::account::{ImportAccount, RevokeSignatures};
use hansard_domain::message::{Content, SendC2c};
use hansard_engine::testing::{APP, TestEngine, user};
use hansard_types::{Actor, Position, Reason};

use super::*;
use crate::Secrets;
use crate::testing::{SECRET, sign};
use crate::{DeskOptions, Error};

struct OneSecret;

impl Secrets for OneSecret {
    fn secret(&self, app: AppId) -> Option<Arc<str>> {
        (app == APP).then(|| SECRET.into())
    }
}

async fn desk(rate_limits: bool) -> (TestEngine, Desk) {
    let engine = TestEngine::start().await;
    let options = DeskOptions { rate_limits };
    let desk = Desk::new(engine.handle.clone(), Arc::new(OneSecret), options);
    (engine, desk)
}

fn enter(desk: &Desk, id: &str, role: Role) -> Result<Caller, Denied> {
    let signature = sign(APP, SECRET, id, desk.now().seconds(), 3600);
    enter_with(desk, &signature, role)
}

fn enter_with(desk: &Desk, signature: &str, role: Role) -> Result<Caller, Denied> {
    desk.admit(Visitor {
        app: APP,
        identifier: None,
        signature,
        role,
        rate: Some(Rate {
            command: "sendmsg",
            per_second: 2,
        }),
        request_id: "request".to_owned(),
    })
}

fn send(from: &str, to: &str) -> SendC2c {
    SendC2c {
        from: user(from),
        to: user(to),
        content: Content::text("hello"),
        random: 1,
        client_seq: None,
        time_seconds: None,
        hidden_from_sender: false,
        online_only: false,
        wants_receipts: false,
    }
}

#[tokio::test]
async fn who_comes_in_as_what_is_looked_at_at_the_door() {
    let (_engine, desk) = desk(false).await;
    let admitted = enter(&desk, "administrator", Role::Administrator).expect("admitted");
    assert_eq!(
        admitted.actor(),
        Actor::Administrator(user("administrator"))
    );
    let admitted = enter(&desk, "alice", Role::Account).expect("admitted");
    assert_eq!(admitted.actor(), Actor::Account(user("alice")));
    let denied = |id, role| enter(&desk, id, role).err();
    assert_eq!(
        denied("alice", Role::Administrator),
        Some(Denied::NotAnAdministrator)
    );
    assert_eq!(
        denied("nobody", Role::Account),
        Some(Denied::AccountUnknown)
    );
    assert_eq!(denied("a\u{7}", Role::Account), Some(Denied::NotAUserId));
    let fault = enter_with(&desk, "", Role::Account).err();
    assert_eq!(fault, Some(SignatureFault::Empty.into()));
}

#[tokio::test]
async fn a_signature_that_was_taken_back_admits_nobody() {
    let (_engine, desk) = desk(false).await;
    let administrator = enter(&desk, "administrator", Role::Administrator).expect("admitted");
    let command = RevokeSignatures {
        user_id: user("alice"),
        issued_up_to_seconds: desk.now().seconds(),
    };
    let revoked = desk.submit(&administrator, command).await.expect("taken");
    assert_eq!(revoked.reply.issued_up_to_seconds, desk.now().seconds());
    let denied = enter(&desk, "alice", Role::Account).err();
    assert_eq!(denied, Some(SignatureFault::Revoked.into()));
}

#[tokio::test]
async fn a_rate_holds_when_rates_are_on() {
    let (_engine, desk) = desk(true).await;
    let called = || enter(&desk, "alice", Role::Account).err();
    assert_eq!((called(), called()), (None, None));
    assert_eq!(called(), Some(Denied::TooManyCalls));
}

#[tokio::test]
async fn a_command_is_answered_in_kind_and_decided_by_who_gives_it() {
    let (_engine, desk) = desk(false).await;
    let administrator = enter(&desk, "administrator", Role::Administrator).expect("admitted");
    let alice = enter(&desk, "alice", Role::Account).expect("admitted");
    let sent = desk.submit(&administrator, send("bob", "alice")).await;
    let sent = sent.expect("in anyone's name");
    assert_eq!((sent.reply.seq.0, sent.reply.duplicate), (1, false));
    let answers = desk
        .submit_each(&alice, vec![send("alice", "bob"), send("bob", "alice")])
        .await;
    assert_eq!(answers[0].as_ref().map(|sent| sent.reply.seq.0), Ok(2));
    let refused = answers[1].as_ref().err();
    assert_eq!(refused, Some(&Error::Refused(Reason::NotPermitted)));
    let import = ImportAccount {
        user_id: user("dan"),
        nick: None,
        face_url: None,
    };
    let imported = desk.import(&administrator, vec![import.into()]).await;
    assert!(imported.iter().all(Result::is_ok), "{imported:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_for_what_its_caller_has_written() {
    let (_engine, desk) = desk(false).await;
    let alice = enter(&desk, "alice", Role::Account).expect("admitted");
    let sent = desk.submit(&alice, send("alice", "bob")).await;
    let position = sent.expect("sent").position;
    assert_eq!(desk.wait_visible(APP, &position.into()).await, Ok(()));
    let ahead = Position::new(0, position.sequence + 1);
    let late = desk.wait_visible(APP, &ahead.into()).await;
    assert_eq!(late, Err(Error::NotYetVisible(ahead)));
}
