//! What one round takes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_domain::group::{AddMembers, CreateGroup};
use hansard_domain::message::{Content, SendC2c, SendGroup};
use hansard_events::RawEvent;
use hansard_events::group::{GroupProfileChange, GroupType};
use hansard_store::Op;
use hansard_types::{GroupId, LogId, Timestamp, UserId, limits};
use tokio::sync::oneshot;

use crate::SteadyClock;
use crate::catch_up::start_of;
use crate::clock::LogTime;
use crate::mailbox::Letter;
use crate::round::{Memory, Round, Surroundings, Tip, decide_round};
use crate::testing::{APP, LOG, TestEngine, World, fold, provenance, user};

const MEMBERS: usize = 2000;
const GROUPS: usize = 16;

fn group(number: usize) -> GroupId {
    GroupId::new(&format!("group{number}")).expect("a valid id")
}

fn create(number: usize) -> Command {
    Command::CreateGroup(CreateGroup {
        group_id: group(number),
        group_type: GroupType::Public,
        owner: Some(user("alice")),
        profile: GroupProfileChange {
            name: Some("a group".to_owned()),
            ..GroupProfileChange::default()
        },
        members: Vec::new(),
        created_at: None,
    })
}

#[tokio::test]
async fn a_round_is_closed_when_its_events_are_large_and_leaves_the_rest() {
    const SENDS: usize = 1000;
    let TestEngine {
        engine: _engine,
        handle,
        world,
    } = TestEngine::start().await;
    for result in handle.submit_all(LOG, vec![create(0)], provenance()).await {
        result.expect("prepared");
    }
    let text = "x".repeat(limits::MESSAGE_BYTES_MAX - 256);
    let send = |number: usize| {
        letter(Command::SendGroup(SendGroup {
            topic_id: None,
            group_id: group(0),
            from: user("alice"),
            content: Content::text(&text),
            random: u32::try_from(number).expect("small"),
            priority: 2,
            mentions: Vec::new(),
            targets: Vec::new(),
            online_only: false,
            wants_receipts: false,
            live: false,
            per_second: None,
        }))
    };
    let mut letters: VecDeque<Letter> = (0..SENDS).map(send).collect();
    let (before, round) = decide(&world, &mut letters);
    let sizes = round.units.iter().flatten().map(RawEvent::size_bytes);
    let (bytes, count) = (sizes.sum::<usize>(), round.letters.len());
    assert!(bytes >= limits::ROUND_BYTES_MAX, "{bytes} bytes");
    assert!(
        bytes < limits::ROUND_BYTES_MAX + limits::EVENT_BYTES_MAX,
        "{bytes} bytes"
    );
    assert!(!letters.is_empty());
    assert_eq!(count + letters.len(), SENDS, "none is lost");
    assert_eq!(round.tip.at.sequence, before.at.sequence + count as u64);
}

#[tokio::test]
async fn a_round_is_closed_when_it_changes_many_rows_and_leaves_the_rest() {
    let TestEngine {
        engine,
        handle,
        world,
    } = TestEngine::start().await;
    let members: Vec<UserId> = (0..MEMBERS)
        .map(|number| user(&format!("member-{number:010}")))
        .collect();
    let import = |user_id: &UserId| {
        Command::ImportAccount(ImportAccount {
            user_id: user_id.clone(),
            nick: None,
            face_url: None,
        })
    };
    let prepare = members.iter().map(import).chain((0..GROUPS).map(create));
    for result in handle
        .submit_all(LOG, prepare.collect(), provenance())
        .await
    {
        result.expect("prepared");
    }
    engine.shutdown().await;

    let add = |number: usize| {
        letter(Command::AddMembers(AddMembers {
            group_id: group(number),
            accounts: members.clone(),
            silent: true,
            imported: None,
        }))
    };
    let mut letters: VecDeque<Letter> = (0..GROUPS).map(add).collect();
    let (_, round) = decide(&world, &mut letters);
    let (rows, count) = (round.changes.len(), round.letters.len());
    // A member is a row of the roster, one of the member's groups, and one of its reading.
    assert!(rows >= limits::ROUND_ROWS_MAX, "{rows} rows");
    assert!(rows < limits::ROUND_ROWS_MAX + 4 * MEMBERS, "{rows} rows");
    assert!(!letters.is_empty());
    assert_eq!(count + letters.len(), GROUPS, "none is lost");
}

/// What a send costs is what it writes: a row for each message, and few for the rest of the round.
#[tokio::test]
async fn a_round_of_sends_writes_a_row_for_each_message_and_few_besides() {
    const SENDS: usize = 128;
    let TestEngine {
        engine: _engine,
        handle,
        world,
    } = TestEngine::start().await;
    for result in handle
        .submit_all(LOG, vec![create(0), create(1)], provenance())
        .await
    {
        result.expect("prepared");
    }
    let send = |number: usize| {
        letter(Command::SendGroup(SendGroup {
            topic_id: None,
            group_id: group(number % 2),
            from: user("alice"),
            content: Content::text("hello"),
            random: u32::try_from(number).expect("small"),
            priority: 2,
            mentions: Vec::new(),
            targets: Vec::new(),
            online_only: false,
            wants_receipts: false,
            live: false,
            per_second: None,
        }))
    };
    let mut letters: VecDeque<Letter> = (0..SENDS).map(send).collect();
    let (_, round) = decide(&world, &mut letters);
    assert_eq!(round.units.len(), SENDS);
    let expected = BTreeMap::from([
        ("conversations.seq_message", SENDS),
        ("conversations.conversation_head", 2),
        ("conversations.seq_senders", SENDS / 32),
        // Who has sent, once a page.
        ("conversations.user_reader", 2),
        ("conversations.number_recent", SENDS / 32),
        ("conversations.app_recent_end", 1),
        ("projector.partition_checkpoint", 1),
    ]);
    assert_eq!(rows(&round), expected);
}

/// One-to-one, each message has its key and its place in time, and two lists of contacts move.
#[tokio::test]
async fn a_round_of_one_to_one_sends_writes_three_rows_for_each_and_few_besides() {
    const SENDS: usize = 128;
    let TestEngine {
        engine: _engine,
        handle,
        world,
    } = TestEngine::start().await;
    let send = |number: usize, seconds: Option<u64>| {
        Command::SendC2c(SendC2c {
            from: user("alice"),
            to: user("bob"),
            content: Content::text("hello"),
            random: u32::try_from(number).expect("small"),
            client_seq: Some(u32::try_from(number).expect("small")),
            time_seconds: seconds,
            hidden_from_sender: false,
            online_only: false,
            wants_receipts: false,
        })
    };
    let earlier = send(SENDS, Some(1_793_000_000));
    for result in handle.submit_all(LOG, vec![earlier], provenance()).await {
        result.expect("prepared");
    }
    let mut letters: VecDeque<Letter> = (0..SENDS)
        .map(|number| letter(send(number, None)))
        .collect();
    let (_, round) = decide(&world, &mut letters);
    assert_eq!(round.units.len(), SENDS);
    let expected = BTreeMap::from([
        ("conversations.seq_message", SENDS),
        ("conversations.key_seq", SENDS),
        ("conversations.time_seq", SENDS),
        ("conversations.conversation_head", 1),
        ("conversations.seq_senders", SENDS / 32),
        // Of each of the two, the place before and the place after.
        ("conversations.user_contact", 4),
        ("projector.partition_checkpoint", 1),
    ]);
    assert_eq!(rows(&round), expected);
}

/// How many rows of each table a round changes.
fn rows(round: &Round) -> BTreeMap<&'static str, usize> {
    let mut rows = BTreeMap::new();
    for op in round.changes.as_ref().clone().into_batch().ops {
        let (Op::Put { table, .. } | Op::Delete { table, .. } | Op::DeleteRange { table, .. }) = op;
        *rows.entry(table.name).or_default() += 1;
    }
    rows
}

fn letter(command: Command) -> Letter {
    Letter {
        command,
        origin: provenance(),
        answer: oneshot::channel().0,
    }
}

/// Decides one round on what is stored, and where it began.
fn decide(world: &World, letters: &mut VecDeque<Letter>) -> (Tip, Round) {
    let log = LogId::new(APP, 0);
    let clock = Arc::new(SteadyClock::new(world.clock.clone()));
    let surroundings = Surroundings {
        log,
        fold: Arc::new(fold()),
        time: Arc::new(LogTime::after(log, clock, Timestamp(0))),
        ids: Arc::new(world.ids.clone()),
        others: Vec::new(),
    };
    let before = Tip {
        at: start_of(&*world.store, log).expect("readable"),
        time: Timestamp(0),
    };
    let mut tip = before;
    let memory = Memory::default();
    let round = decide_round(
        &surroundings,
        &*world.store,
        &memory,
        &[],
        &mut tip,
        letters,
    );
    (before, round)
}
