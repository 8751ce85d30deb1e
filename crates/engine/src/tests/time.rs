//! What a wrong clock does to what has been said, and what it does not.

use hansard_domain::account::{MuteAccount, MuteFor, RevokeSignatures};
use hansard_domain::message::{Content, SendC2c};
use hansard_domain::{Command, Reply};
use hansard_events::decode;
use hansard_log::EventLog as _;
use hansard_types::{LogId, Reason, Timestamp};

use crate::testing::{APP, LOG, TestEngine, World, provenance, user};
use crate::{BELIEVED_AFTER, Engine, Handle, SubmitError};

const HOUR_MS: u64 = 60 * 60 * 1000;
const DAY_MS: u64 = 24 * HOUR_MS;

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).expect("small")
}

async fn send(handle: &Handle, random: u32) -> Result<Timestamp, SubmitError> {
    let command = Command::SendC2c(SendC2c {
        from: user("alice"),
        to: user("bob"),
        content: Content::text("hello"),
        random,
        client_seq: None,
        time_seconds: None,
        hidden_from_sender: false,
        online_only: false,
        wants_receipts: false,
    });
    let answer = handle.submit(LOG, command, provenance()).await?;
    let Reply::Sent { sent_at, .. } = answer.reply else {
        panic!("a message was not answered as sent");
    };
    Ok(sent_at)
}

async fn mute(handle: &Handle, seconds: u32) {
    let command = Command::MuteAccount(MuteAccount {
        user_id: user("alice"),
        c2c: Some(MuteFor::Seconds(seconds)),
        group: None,
    });
    let muted = handle.submit(LOG, command, provenance()).await;
    muted.expect("muted");
}

fn is_muted(sent: Result<Timestamp, SubmitError>) -> bool {
    match sent {
        Ok(_) => false,
        Err(SubmitError::Rejected(rejection)) => {
            assert_eq!(rejection.reason, Reason::SenderMuted);
            true
        }
        Err(error) => panic!("{error}"),
    }
}

/// Lets time pass with a look at the clock every second, as the server does.
fn pass(world: &World, handle: &Handle, seconds: u64) {
    for _ in 0..seconds {
        world.clock.advance_ms(1000);
        handle.observe();
    }
}

async fn times(world: &World) -> Vec<Timestamp> {
    let log = world.logs.get(LogId::new(APP, 0));
    let events = log.read(1, usize::MAX).await.expect("readable");
    let time = |stored: &hansard_log::StoredEvent| {
        let recorded = decode(stored.sequence, &stored.event);
        recorded.expect("decodes").envelope.time
    };
    events.iter().map(time).collect()
}

#[tokio::test]
async fn a_day_s_jump_of_a_second_changes_no_time_and_no_mute() {
    for by_ms in [signed(DAY_MS), -signed(DAY_MS)] {
        let test = TestEngine::start().await;
        let (handle, clock) = (&test.handle, &test.world.clock);
        let before = send(handle, 1).await.expect("sent");
        mute(handle, 30).await;
        clock.jump_ms(by_ms);
        clock.advance_ms(500);
        assert!(is_muted(send(handle, 2).await), "still");
        let warnings = handle.health().warnings;
        assert!(
            warnings.iter().any(|text| text.contains("jumped by")),
            "{warnings:?}"
        );
        clock.advance_ms(500);
        clock.jump_ms(-by_ms);
        pass(&test.world, handle, 29);
        let after = send(handle, 3).await.expect("the mute is over");
        assert_eq!(after, Timestamp(before.0 + 30_000));
        assert_eq!(handle.health().warnings, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_an_hour_is_followed_and_mutes_still_end() {
    let test = TestEngine::start().await;
    let (handle, world) = (&test.handle, &test.world);
    let day = handle.now();
    world.clock.jump_ms(-signed(HOUR_MS));
    pass(world, handle, BELIEVED_AFTER.as_secs() + 1);
    assert_eq!(handle.now(), Timestamp(day.0 + 61_000 - HOUR_MS));
    let health = handle.health();
    assert!(health.ready, "commands are taken");
    let text = "its events' times are";
    assert!(
        health.warnings.iter().any(|one| one.contains(text)),
        "{:?}",
        health.warnings
    );
    mute(handle, 60).await;
    pass(world, handle, 119);
    assert!(is_muted(send(handle, 1).await));
    pass(world, handle, 2);
    assert!(!is_muted(send(handle, 2).await), "half as fast, not never");
    world.clock.advance_ms(2 * HOUR_MS);
    let sent = send(handle, 3).await.expect("sent");
    assert_eq!(sent, handle.now(), "caught up");
    assert_eq!(handle.health().warnings, Vec::<String>::new());
}

async fn restart(engine: Engine, world: &World) -> Engine {
    engine.shutdown().await;
    world.open().await.expect("opens")
}

#[tokio::test]
async fn a_start_while_the_clock_is_a_day_ahead_is_got_over() {
    let TestEngine { engine, world, .. } = TestEngine::start().await;
    world.clock.jump_ms(signed(DAY_MS));
    let engine = restart(engine, &world).await;
    let wrong = send(&engine.handle(), 1).await.expect("sent");
    world.clock.jump_ms(-signed(DAY_MS));
    let engine = restart(engine, &world).await;
    let handle = engine.handle();
    assert!(handle.now() < wrong, "the clock is right again");
    let warnings = handle.health().warnings;
    assert!(
        warnings.iter().any(|text| text.contains("86400 s ahead")),
        "{warnings:?}"
    );
    mute(&handle, 60).await;
    pass(&world, &handle, 119);
    assert!(is_muted(send(&handle, 2).await));
    pass(&world, &handle, 1);
    assert!(!is_muted(send(&handle, 3).await));
    let now = handle.now().seconds();
    let command = Command::RevokeSignatures(RevokeSignatures {
        user_id: user("alice"),
        issued_up_to_seconds: now,
    });
    let revoked = handle.submit(LOG, command, provenance()).await;
    revoked.expect("revoked");
    let up_to = handle.signatures_revoked_up_to(APP, &user("alice"));
    assert_eq!(up_to.expect("readable"), Some(now), "not those of tomorrow");
    world.clock.advance_ms(2 * DAY_MS);
    let sent = send(&handle, 4).await.expect("sent");
    assert_eq!(sent, handle.now(), "caught up");
    assert!(times(&world).await.is_sorted(), "time never ran backwards");
    engine.shutdown().await;
}
