//! What one round takes.

use std::collections::VecDeque;
use std::sync::Arc;

use hansard_domain::Command;
use hansard_domain::account::ImportAccount;
use hansard_domain::group::{AddMembers, CreateGroup};
use hansard_events::RawEvent;
use hansard_events::group::GroupType;
use hansard_types::{GroupId, LogId, Timestamp, UserId, limits};
use tokio::sync::oneshot;

use crate::catch_up::start_of;
use crate::mailbox::Letter;
use crate::round::{Memory, Surroundings, Tip, decide_round};
use crate::testing::{APP, TestEngine, fold, provenance, user};

const MEMBERS: usize = 2000;
const GROUPS: usize = 160;

fn group(number: usize) -> GroupId {
    GroupId::new(&format!("group{number}")).expect("a valid id")
}

fn create(number: usize) -> Command {
    Command::CreateGroup(CreateGroup {
        group_id: group(number),
        group_type: GroupType::Public,
        name: "a group".to_owned(),
        owner: Some(user("alice")),
        introduction: String::new(),
        notification: String::new(),
        face_url: String::new(),
        max_members: None,
        apply_join_option: None,
        invite_join_option: None,
        members: Vec::new(),
        created_at: None,
    })
}

#[tokio::test]
async fn a_round_is_closed_when_its_events_are_large_and_leaves_the_rest() {
    let TestEngine {
        engine,
        handle,
        world,
    } = TestEngine::start().await;
    let members: Vec<UserId> = (0..MEMBERS)
        .map(|number| user(&format!("member-with-a-long-id-{number:010}")))
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
        .submit_all(APP, prepare.collect(), provenance())
        .await
    {
        result.expect("prepared");
    }
    engine.shutdown().await;

    let letter = |number: usize| Letter {
        command: Command::AddMembers(AddMembers {
            group_id: group(number),
            accounts: members.clone(),
            silent: true,
            imported: None,
        }),
        provenance: provenance(),
        answer: oneshot::channel().0,
    };
    let mut letters: VecDeque<Letter> = (0..GROUPS).map(letter).collect();
    let log = LogId::new(APP, 0);
    let surroundings = Surroundings {
        log,
        fold: Arc::new(fold()),
        clock: Arc::new(world.clock.clone()),
        ids: Arc::new(world.ids.clone()),
    };
    let at = start_of(&*world.store, log).expect("readable");
    let time = Timestamp(0);
    let mut tip = Tip { at, time };
    let memory = Memory::default();
    let round = decide_round(
        &surroundings,
        &*world.store,
        &memory,
        &[],
        &mut tip,
        &mut letters,
    );
    let sizes = round.units.iter().flatten().map(RawEvent::size_bytes);
    let (bytes, count) = (sizes.sum::<usize>(), round.letters.len());
    assert!(bytes >= limits::ROUND_BYTES_MAX, "{bytes} bytes");
    assert!(
        bytes < limits::ROUND_BYTES_MAX + limits::EVENT_BYTES_MAX,
        "{bytes} bytes"
    );
    assert!(!letters.is_empty());
    assert_eq!(count + letters.len(), GROUPS, "none is lost");
    assert_eq!(tip.at.sequence, at.sequence + count as u64);
}
