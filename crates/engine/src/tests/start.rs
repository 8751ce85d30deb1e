//! What a start does, and what it does not wait for.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hansard_domain::app::CreateApp;
use hansard_domain::group::CreateGroup;
use hansard_domain::live::EnterRoom;
use hansard_domain::message::{Content, SendGroup};
use hansard_domain::{Command, Reply};
use hansard_events::group::{GroupProfileChange, GroupType};
use hansard_log::{EventLog, Journal};
use hansard_projector::Registry;
use hansard_store::MemoryStore;
use hansard_types::{AppId, GroupId, LogId, Seq, limits};
use tokio::sync::Barrier;

use crate::testing::{APP, LOG, MemoryLogs, TestEngine, World, fold, provenance, user};
use crate::{Engine, EngineOptions, LogProvider, SteadyClock};

/// Logs of apps that only open once so many are being opened.
struct Together {
    logs: MemoryLogs,
    all: Barrier,
}

#[async_trait]
impl LogProvider for Together {
    async fn open(&self, id: LogId) -> Result<Arc<dyn EventLog>, hansard_log::OpenError> {
        if !id.is_control() {
            self.all.wait().await;
        }
        self.logs.open(id).await
    }
}

fn app(number: u32) -> AppId {
    AppId(1000 + number)
}

async fn world_of(apps: u32) -> World {
    let world = World::default();
    let mut engine = world.open().await.expect("an empty world opens");
    for number in 0..apps {
        let command = CreateApp {
            app_id: app(number),
            administrators: vec![user("administrator")],
            secret_fingerprint: "test".to_owned(),
            partitions: 1,
        };
        let created = engine.create_app(command).await;
        created.expect("the app is new");
    }
    engine.shutdown().await;
    world
}

async fn opened(world: &World, logs: Arc<dyn LogProvider>) -> Engine {
    let options = EngineOptions {
        archive: None,
        store: world.store.clone(),
        fold: Arc::new(fold()),
        journal: Some(Arc::new(
            Journal::open(world.journal.path()).expect("a journal"),
        )),
        registry: Registry::default(),
        clock: Arc::new(SteadyClock::new(world.clock.clone())),
        ids: Arc::new(world.ids.clone()),
        progress: Arc::new(()),
        generations: None,
    };
    let opening = Engine::open(options, logs);
    let opened = tokio::time::timeout(Duration::from_secs(20), opening).await;
    opened.expect("in time").expect("it opens")
}

#[tokio::test]
async fn apps_are_opened_side_by_side() {
    let at_once = limits::PARTITIONS_OPENED_AT_ONCE_MAX;
    let apps = 2 * u32::try_from(at_once).expect("few");
    let world = world_of(apps).await;
    let logs = Together {
        logs: world.logs.clone(),
        all: Barrier::new(at_once),
    };
    let engine = opened(&world, Arc::new(logs)).await;
    let expected: Vec<AppId> = (0..apps).map(app).collect();
    assert_eq!(engine.handle().apps(), expected);
    for id in expected {
        assert!(
            engine.handle().committed(LogId::directory(id)).is_some(),
            "{id} is open"
        );
    }
    engine.shutdown().await;
}

fn group() -> GroupId {
    GroupId::new("team").expect("a valid id")
}

fn send(random: u32) -> Command {
    Command::SendGroup(SendGroup {
        topic_id: None,
        group_id: group(),
        from: user("alice"),
        content: Content::text("hello"),
        random,
        priority: 2,
        mentions: Vec::new(),
        targets: Vec::new(),
        online_only: false,
        wants_receipts: false,
        live: false,
        per_second: None,
    })
}

fn make(group_id: &GroupId, group_type: GroupType) -> Command {
    Command::CreateGroup(CreateGroup {
        group_id: group_id.clone(),
        group_type,
        owner: Some(user("alice")),
        profile: GroupProfileChange {
            name: Some("a group".to_owned()),
            ..GroupProfileChange::default()
        },
        members: Vec::new(),
        created_at: None,
    })
}

/// Read models are built of what is left of a live log; the room is in another, and is all there.
#[tokio::test]
async fn a_live_log_whose_beginning_has_aged_out_is_built_from_what_is_left() {
    let TestEngine {
        engine,
        handle,
        world,
    } = TestEngine::start().await;
    let (live, room) = (LogId::live(APP), GroupId::new("show").expect("a valid id"));
    let create = make(&room, GroupType::AvChatRoom);
    handle.submit(LOG, create, provenance()).await.expect("new");
    let enter = |who: &str| {
        Command::EnterRoom(EnterRoom {
            group_id: room.clone(),
            user: user(who),
            seconds: 600,
        })
    };
    let say = |random| {
        let Command::SendGroup(said) = send(random) else {
            panic!("it is one");
        };
        Command::SendGroup(SendGroup {
            group_id: room.clone(),
            live: true,
            ..said
        })
    };
    let commands = vec![enter("bob"), say(1), say(2), enter("carol"), say(3)];
    for answer in handle.submit_all(live, commands, provenance()).await {
        answer.expect("is taken");
    }
    engine.shutdown().await;
    world.logs.get(live).lose(1..=2);
    let world = World {
        store: Arc::new(MemoryStore::new()),
        journal: Arc::new(tempfile::tempdir().expect("a folder")),
        ..world
    };
    let mut engine = world.open().await.expect("opens");
    for round in 0..2 {
        let handle = engine.handle();
        let visitors = handle
            .read(APP, |reads| reads.visits().visitors(&room))
            .await;
        assert_eq!(
            visitors.expect("reads").expect("reads"),
            1,
            "carol is there"
        );
        let again = handle
            .submit(live, say(3), provenance())
            .await
            .expect("known");
        assert!(matches!(
            again.reply,
            Reply::Sent {
                seq: Seq(5),
                duplicate: true,
                ..
            }
        ));
        let next = handle.submit(live, say(10 + round), provenance()).await;
        assert_eq!(
            next.expect("goes on").position.sequence,
            6 + u64::from(round)
        );
        engine.shutdown().await;
        // Its checkpoint's event, and the one before it, have aged out.
        world.logs.get(live).lose(3..=6);
        engine = world.open().await.expect("opens again");
    }
    engine.shutdown().await;
}

#[tokio::test]
async fn a_retry_right_after_a_start_is_recognised() {
    let TestEngine {
        engine,
        handle,
        world,
    } = TestEngine::start().await;
    let create = make(&group(), GroupType::Public);
    let created = handle.submit(LOG, create, provenance()).await;
    created.expect("a new group");
    let mut first = Vec::new();
    for sent in handle
        .submit_all(LOG, (0..600).map(send).collect(), provenance())
        .await
    {
        let Reply::Sent { seq, sent_at, .. } = sent.expect("sent").reply else {
            panic!("a send was answered otherwise");
        };
        first.push((seq, sent_at));
    }
    engine.shutdown().await;

    let engine = world.open().await.expect("it opens");
    let handle = engine.handle();
    let end = *handle.committed(LOG).expect("the app").borrow();
    for random in [0, 31, 599] {
        let again = handle.submit(LOG, send(random), provenance()).await;
        let (seq, sent_at) = first[usize::try_from(random).expect("small")];
        let expected = Reply::Sent {
            seq,
            sent_at,
            key: None,
            duplicate: true,
        };
        assert_eq!(again.expect("recognised").reply, expected);
    }
    assert_eq!(*handle.committed(LOG).expect("the app").borrow(), end);
    engine.shutdown().await;
}
