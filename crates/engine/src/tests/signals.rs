//! What those who are there are told, and when.

use std::sync::Arc;

use hansard_domain::account::ImportAccount;
use hansard_domain::app::CreateApp;
use hansard_domain::message::{Content, SendC2c};
use hansard_domain::{Command, Signal};
use hansard_types::{Reason, limits};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use crate::testing::{APP, LOG, TestEngine, World, provenance, user};
use crate::{AppSignal, SubmitError};

fn send(from: &str, random: u32, online_only: bool) -> Command {
    Command::SendC2c(SendC2c {
        from: user(from),
        to: user("bob"),
        content: Content::text("hello"),
        random,
        client_seq: Some(random),
        time_seconds: Some(1_790_000_000),
        hidden_from_sender: false,
        online_only,
        wants_receipts: false,
    })
}

fn randoms(signals: &mut Receiver<Arc<AppSignal>>) -> Vec<u32> {
    let mut randoms = Vec::new();
    while let Ok(told) = signals.try_recv() {
        assert_eq!(told.app, APP);
        let Signal::Message(message) = &told.signal else {
            panic!("not a message: {told:?}");
        };
        randoms.push(message.random);
    }
    randoms
}

#[tokio::test]
async fn signals_are_handed_on_in_order_by_the_time_they_are_answered_and_leave_no_trace() {
    let TestEngine { handle, .. } = TestEngine::start().await;
    let mut signals = handle.signals();
    let committed = handle.committed(LOG).expect("the app");
    let end = *committed.borrow();
    let commands = vec![
        send("alice", 1, true),
        send("alice", 2, false),
        send("carol", 3, true),
        send("nobody", 4, true),
    ];
    let results = handle.submit_all(LOG, commands, provenance()).await;
    let refused = results.last().and_then(|result| result.as_ref().err());
    let unknown = SubmitError::Rejected(Reason::SenderUnknown.into());
    assert_eq!(refused, Some(&unknown));
    assert_eq!(randoms(&mut signals), [1, 3]);
    assert_eq!(*committed.borrow(), end + 1, "one message was stored");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_a_round_that_is_not_committed() {
    let world = World::default();
    let mut engine = world.open().await.expect("opens");
    let app = CreateApp {
        app_id: APP,
        administrators: vec![user("administrator")],
        secret_fingerprint: "test".to_owned(),
        partitions: 1,
    };
    engine.create_app(app).await.expect("is new");
    let handle = engine.handle();
    let mut signals = handle.signals();
    // A journal whose folder has gone cannot be written.
    let away = world.journal.path().with_extension("away");
    std::fs::rename(world.journal.path(), &away).expect("renames");
    let import = |id: &str| {
        Command::ImportAccount(ImportAccount {
            user_id: user(id),
            nick: None,
            face_url: None,
        })
    };
    let commands = vec![import("alice"), import("bob"), send("alice", 2, true)];
    let results = handle.submit_all(LOG, commands, provenance()).await;
    assert!(results.iter().all(Result::is_err), "{results:?}");
    assert_eq!(randoms(&mut signals), Vec::<u32>::new());
    std::fs::rename(&away, world.journal.path()).expect("renames");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_told_how_much_it_has_missed() {
    let TestEngine { handle, .. } = TestEngine::start().await;
    let mut signals = handle.signals();
    let capacity = u32::try_from(limits::SIGNALS_WAITING_MAX).expect("small");
    let commands = (0..capacity + 2).map(|random| send("alice", random, true));
    for result in handle
        .submit_all(LOG, commands.collect(), provenance())
        .await
    {
        result.expect("taken");
    }
    assert_eq!(signals.try_recv().err(), Some(TryRecvError::Lagged(2)));
    assert_eq!(randoms(&mut signals).first(), Some(&2));
}
