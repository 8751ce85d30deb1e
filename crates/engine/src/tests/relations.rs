//! Random relationship commands, from a seed, against sets of pairs. A failing seed is named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hansard_domain::account::{DeleteAccount, ImportAccount};
use hansard_domain::profile::ChangeProfile;
use hansard_domain::relation::{
    AddFriend, AddFriendGroups, AnswerRequest, Block, ClearFriends, DeleteFriend,
    DeleteFriendGroups, ImportFriend, JoinFriendGroup, LeaveFriendGroup, RenameFriendGroup,
    Unblock, UpdateFriend,
};
use hansard_domain::{Command, Reply};
use hansard_events::account::ProfileValue;
use hansard_events::relation::FriendDetails;
use hansard_store::MemoryStore;
use hansard_types::{Reason, UserId, profile};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::testing::{APP, LOG, TestEngine, World, provenance, user};
use crate::{Reads, SubmitError};

const USERS: [&str; 5] = ["ann", "ben", "cho", "dai", "nobody"];
const GROUPS: [&str; 3] = ["work", "home", "家人"];

/// What the model says of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Done,
    Requested,
    Each(Vec<(UserId, Option<Reason>)>),
}

#[derive(Debug, Default)]
struct Model {
    accounts: BTreeSet<UserId>,
    policies: BTreeMap<UserId, String>,
    friends: BTreeSet<(UserId, UserId)>,
    /// Who is asked and who asks; whether for both, and into which groups.
    requests: BTreeMap<(UserId, UserId), (bool, Vec<String>)>,
    blocks: BTreeSet<(UserId, UserId)>,
    groups: BTreeSet<(UserId, String)>,
    /// Account, friend, group.
    members: BTreeSet<(UserId, UserId, String)>,
}

impl Model {
    fn is_friend(&self, user: &UserId, other: &UserId) -> bool {
        self.friends.contains(&(user.clone(), other.clone()))
    }

    fn blocks(&self, user: &UserId, other: &UserId) -> bool {
        self.blocks.contains(&(user.clone(), other.clone()))
    }

    fn pair(&self, one: &UserId, other: &UserId) -> Result<(), Reason> {
        if one == other {
            return Err(Reason::RelationWithSelf);
        }
        self.account(one)?;
        self.account(other)
    }

    fn account(&self, user: &UserId) -> Result<(), Reason> {
        let known = self.accounts.contains(user);
        known.then_some(()).ok_or(Reason::AccountUnknown)
    }

    fn put(&mut self, user: &UserId, other: &UserId, groups: &[String]) {
        if !self.friends.insert((user.clone(), other.clone())) {
            return;
        }
        for group in groups {
            self.groups.insert((user.clone(), group.clone()));
            self.members
                .insert((user.clone(), other.clone(), group.clone()));
        }
    }

    fn befriend(&mut self, from: &UserId, to: &UserId, both: bool, groups: &[String]) {
        self.put(from, to, groups);
        if both {
            self.put(to, from, &[]);
        }
        self.requests.remove(&(to.clone(), from.clone()));
        self.requests.remove(&(from.clone(), to.clone()));
    }

    fn part(&mut self, user: &UserId, other: &UserId) {
        self.friends.remove(&(user.clone(), other.clone()));
        self.members
            .retain(|(one, two, _)| (one, two) != (user, other));
    }

    fn add(&mut self, command: &AddFriend) -> Result<Outcome, Reason> {
        let (from, to) = (&command.from, &command.to);
        self.pair(from, to)?;
        if self.is_friend(from, to) && (!command.both || self.is_friend(to, from)) {
            return Err(Reason::AlreadyFriends);
        }
        if self.blocks(from, to) {
            return Err(Reason::BlockedByYou);
        }
        if self.blocks(to, from) {
            return Err(Reason::BlockedByThem);
        }
        let groups = command.details.groups.clone();
        let policy = self.policies.get(to).map_or("", String::as_str);
        match policy {
            "AllowType_Type_DenyAny" if !command.forced => Err(Reason::FriendRequestsRefused),
            "AllowType_Type_NeedConfirm" if !command.forced => {
                let place = (to.clone(), from.clone());
                self.requests.insert(place, (command.both, groups));
                Ok(Outcome::Requested)
            }
            _ => {
                self.befriend(from, to, command.both, &groups);
                Ok(Outcome::Done)
            }
        }
    }

    fn import(&mut self, command: &ImportFriend) -> Result<Outcome, Reason> {
        let (from, to) = (&command.from, &command.to);
        self.pair(from, to)?;
        if self.is_friend(from, to) {
            self.regroup(from, to, &command.details.groups);
            return Ok(Outcome::Done);
        }
        if self.blocks(from, to) {
            return Err(Reason::BlockedByYou);
        }
        if self.blocks(to, from) {
            return Err(Reason::BlockedByThem);
        }
        self.befriend(from, to, false, &command.details.groups);
        Ok(Outcome::Done)
    }

    fn regroup(&mut self, from: &UserId, to: &UserId, groups: &[String]) {
        self.members
            .retain(|(one, two, _)| (one, two) != (from, to));
        for group in groups {
            self.groups.insert((from.clone(), group.clone()));
            self.members
                .insert((from.clone(), to.clone(), group.clone()));
        }
    }

    fn has_group(&self, user: &UserId, group: &str) -> bool {
        self.groups.contains(&(user.clone(), group.to_owned()))
    }

    fn forget(&mut self, user: &UserId) {
        let about = |one: &UserId, other: &UserId| one == user || other == user;
        self.friends.retain(|(one, other)| !about(one, other));
        self.requests.retain(|(one, other), _| !about(one, other));
        self.blocks.retain(|(one, other)| !about(one, other));
        self.members.retain(|(one, other, _)| !about(one, other));
        self.groups.retain(|(one, _)| one != user);
        self.policies.remove(user);
        self.accounts.remove(user);
    }

    fn each(&self, user: &UserId, friends: &[UserId]) -> Outcome {
        let outcome = |friend: &UserId| {
            let refused = (!self.is_friend(user, friend)).then_some(Reason::FriendUnknown);
            (friend.clone(), refused)
        };
        Outcome::Each(friends.iter().map(outcome).collect())
    }

    fn block(&mut self, user: &UserId, blocked: &UserId) -> Result<Outcome, Reason> {
        self.pair(user, blocked)?;
        if !self.blocks.insert((user.clone(), blocked.clone())) {
            return Err(Reason::AlreadyBlocked);
        }
        for (one, other) in [(user, blocked), (blocked, user)] {
            self.part(one, other);
            self.requests.remove(&(one.clone(), other.clone()));
        }
        Ok(Outcome::Done)
    }

    fn answer(&mut self, command: &AnswerRequest) -> Result<Outcome, Reason> {
        let (by, from) = (&command.by, &command.from);
        let request = self.requests.remove(&(by.clone(), from.clone()));
        let (both, groups) = request.ok_or(Reason::FriendRequestUnknown)?;
        if command.accept {
            self.befriend(from, by, both, &groups);
        }
        Ok(Outcome::Done)
    }

    fn rename(&mut self, command: &RenameFriendGroup) -> Result<Outcome, Reason> {
        let RenameFriendGroup { user, group, name } = command;
        if !self.has_group(user, group) {
            return Err(Reason::FriendGroupUnknown);
        }
        if group != name && self.has_group(user, name) {
            return Err(Reason::FriendGroupTaken);
        }
        self.groups.remove(&(user.clone(), group.clone()));
        self.groups.insert((user.clone(), name.clone()));
        let renamed = self.members.iter().map(|(one, other, old)| {
            let is_it = (one, old) == (user, group);
            let group = if is_it { name } else { old };
            (one.clone(), other.clone(), group.clone())
        });
        self.members = renamed.collect();
        Ok(Outcome::Done)
    }

    fn add_groups(&mut self, command: &AddFriendGroups) -> Result<Outcome, Reason> {
        let AddFriendGroups {
            user,
            groups,
            friends,
        } = command;
        self.account(user)?;
        for group in groups {
            self.groups.insert((user.clone(), group.clone()));
            for friend in friends {
                if self.is_friend(user, friend) {
                    let place = (user.clone(), friend.clone(), group.clone());
                    self.members.insert(place);
                }
            }
        }
        Ok(self.each(user, friends))
    }

    fn delete(&mut self, command: &DeleteFriend) -> Result<Outcome, Reason> {
        let DeleteFriend { from, to, both } = command;
        self.pair(from, to)?;
        let there = self.is_friend(from, to) || (*both && self.is_friend(to, from));
        if !there {
            return Err(Reason::FriendUnknown);
        }
        self.part(from, to);
        if *both {
            self.part(to, from);
        }
        Ok(Outcome::Done)
    }

    fn clear(&mut self, command: &ClearFriends) -> Result<Outcome, Reason> {
        self.account(&command.user)?;
        for id in USERS {
            self.part(&command.user, &user(id));
            if command.both {
                self.part(&user(id), &command.user);
            }
        }
        Ok(Outcome::Done)
    }

    fn delete_groups(&mut self, command: &DeleteFriendGroups) -> Result<Outcome, Reason> {
        self.account(&command.user)?;
        let gone =
            |user: &UserId, group: &String| *user == command.user && command.groups.contains(group);
        self.groups.retain(|(user, group)| !gone(user, group));
        self.members.retain(|(user, _, group)| !gone(user, group));
        Ok(Outcome::Done)
    }

    fn join(&mut self, command: &JoinFriendGroup) -> Result<Outcome, Reason> {
        let JoinFriendGroup {
            user,
            group,
            friends,
        } = command;
        if !self.has_group(user, group) {
            return Err(Reason::FriendGroupUnknown);
        }
        for friend in friends {
            if self.is_friend(user, friend) {
                let member = (user.clone(), friend.clone(), group.clone());
                self.members.insert(member);
            }
        }
        Ok(self.each(user, friends))
    }

    fn leave(&mut self, command: &LeaveFriendGroup) -> Result<Outcome, Reason> {
        let LeaveFriendGroup {
            user,
            group,
            friends,
        } = command;
        if !self.has_group(user, group) {
            return Err(Reason::FriendGroupUnknown);
        }
        self.members.retain(|(one, friend, name)| {
            (one, name) != (user, group) || !friends.contains(friend)
        });
        Ok(self.each(user, friends))
    }

    fn apply(&mut self, command: &Command) -> Result<Outcome, Reason> {
        match command {
            Command::ImportAccount(command) => {
                self.accounts.insert(command.user_id.clone());
            }
            Command::DeleteAccount(command) => {
                self.account(&command.user_id)?;
                self.forget(&command.user_id);
            }
            Command::ChangeProfile(command) => {
                self.account(&command.user_id)?;
                for (_, value) in &command.fields {
                    if let ProfileValue::Text(text) = value {
                        self.policies.insert(command.user_id.clone(), text.clone());
                    }
                }
            }
            Command::AddFriend(command) => return self.add(command),
            Command::ImportFriend(command) => return self.import(command),
            Command::UpdateFriend(command) => {
                if !self.is_friend(&command.from, &command.to) {
                    return Err(Reason::FriendUnknown);
                }
                if let Some(groups) = &command.groups {
                    self.regroup(&command.from, &command.to, groups);
                }
            }
            Command::DeleteFriend(command) => return self.delete(command),
            Command::ClearFriends(command) => return self.clear(command),
            Command::AnswerRequest(command) => return self.answer(command),
            Command::Block(command) => return self.block(&command.user, &command.blocked),
            Command::Unblock(command) => {
                self.pair(&command.user, &command.blocked)?;
                let pair = (command.user.clone(), command.blocked.clone());
                if !self.blocks.remove(&pair) {
                    return Err(Reason::NotBlocked);
                }
            }
            Command::AddFriendGroups(command) => return self.add_groups(command),
            Command::DeleteFriendGroups(command) => return self.delete_groups(command),
            Command::RenameFriendGroup(command) => return self.rename(command),
            Command::JoinFriendGroup(command) => return self.join(command),
            Command::LeaveFriendGroup(command) => return self.leave(command),
            Command::RevokeSignatures(_)
            | Command::MuteAccount(_)
            | Command::SendC2c(_)
            | Command::SendGroup(_)
            | Command::ImportMessage(_)
            | Command::RecallC2c(_)
            | Command::RecallGroup(_)
            | Command::MarkRead(_)
            | Command::CreateGroup(_)
            | Command::AddMembers(_)
            | Command::RemoveMembers(_)
            | Command::ChangeGroupProfile(_)
            | Command::DissolveGroup(_)
            | Command::CreateApp(_)
            | Command::ChangeAppSettings(_) => panic!("the test makes no {command:?}"),
        }
        Ok(Outcome::Done)
    }
}

struct Maker(ChaCha8Rng);

impl Maker {
    fn user(&mut self) -> UserId {
        user(USERS[self.0.random_range(0..USERS.len())])
    }

    fn group(&mut self) -> String {
        GROUPS[self.0.random_range(0..GROUPS.len())].to_owned()
    }

    fn groups(&mut self) -> Vec<String> {
        let mut groups: BTreeSet<String> = BTreeSet::new();
        for _ in 0..self.0.random_range(0..3) {
            groups.insert(self.group());
        }
        groups.into_iter().collect()
    }

    fn friends(&mut self) -> Vec<UserId> {
        let mut friends: BTreeSet<UserId> = BTreeSet::new();
        for _ in 0..self.0.random_range(0..3) {
            friends.insert(self.user());
        }
        friends.into_iter().collect()
    }

    fn details(&mut self) -> FriendDetails {
        FriendDetails {
            source: "AddSource_Type_Web".to_owned(),
            groups: self.groups(),
            ..FriendDetails::default()
        }
    }

    fn account_command(&mut self) -> Command {
        let user_id = self.user();
        match self.0.random_range(0..10) {
            0 => Command::DeleteAccount(DeleteAccount { user_id }),
            1..6 => {
                let policies = ["AllowAny", "NeedConfirm", "NeedConfirm", "DenyAny"];
                let policy = policies[self.0.random_range(0..policies.len())];
                let value = ProfileValue::Text(format!("AllowType_Type_{policy}"));
                Command::ChangeProfile(ChangeProfile {
                    user_id,
                    fields: vec![(profile::ALLOW_TYPE.to_owned(), value)],
                })
            }
            _ => import_account(USERS[self.0.random_range(0..4)]),
        }
    }

    fn command(&mut self) -> Command {
        let (one, other) = (self.user(), self.user());
        let (yes, rare) = (self.0.random_bool(0.5), self.0.random_bool(0.2));
        match self.0.random_range(0..100) {
            0..10 => self.account_command(),
            10..32 => Command::AddFriend(AddFriend {
                from: one,
                to: other,
                details: self.details(),
                both: yes,
                forced: rare,
            }),
            32..38 => Command::ImportFriend(ImportFriend {
                from: one,
                to: other,
                details: self.details(),
                added_at: None,
            }),
            38..43 => Command::UpdateFriend(UpdateFriend {
                from: one,
                to: other,
                remark: None,
                groups: Some(self.groups()),
                custom: BTreeMap::new(),
            }),
            43..51 => Command::DeleteFriend(DeleteFriend {
                from: one,
                to: other,
                both: yes,
            }),
            51..53 => Command::ClearFriends(ClearFriends {
                user: one,
                both: yes,
            }),
            53..68 => Command::AnswerRequest(AnswerRequest {
                by: one,
                from: other,
                accept: yes,
                remark: String::new(),
            }),
            68..74 => Command::Block(Block {
                user: one,
                blocked: other,
            }),
            74..80 => Command::Unblock(Unblock {
                user: one,
                blocked: other,
            }),
            _ => self.friend_group_command(one),
        }
    }

    fn friend_group_command(&mut self, user: UserId) -> Command {
        match self.0.random_range(0..20) {
            0..7 => Command::AddFriendGroups(AddFriendGroups {
                user,
                groups: self.groups(),
                friends: self.friends(),
            }),
            7..10 => Command::DeleteFriendGroups(DeleteFriendGroups {
                user,
                groups: self.groups(),
            }),
            10..15 => Command::RenameFriendGroup(RenameFriendGroup {
                user,
                group: self.group(),
                name: self.group(),
            }),
            15..17 => Command::JoinFriendGroup(JoinFriendGroup {
                user,
                group: self.group(),
                friends: self.friends(),
            }),
            _ => Command::LeaveFriendGroup(LeaveFriendGroup {
                user,
                group: self.group(),
                friends: self.friends(),
            }),
        }
    }
}

fn import_account(id: &str) -> Command {
    Command::ImportAccount(ImportAccount {
        user_id: user(id),
        nick: None,
        face_url: None,
    })
}

/// Every query about every account.
fn compare(engine: &TestEngine, model: &Model, after: &str) {
    let store = engine.handle.store(APP);
    let directory = Reads::new(&*store, APP).directory();
    for id in USERS {
        let one = user(id);
        let lists = directory.lists(&one).expect("readable");
        let friends = directory.friends(&one, 0, usize::MAX).expect("readable");
        let requests = directory.requests(&one, 0, usize::MAX).expect("readable");
        let blocked = directory.blocked(&one, 0, usize::MAX).expect("readable");
        let counted = (lists.friends, lists.requests, lists.blocked);
        let small = |count: usize| u32::try_from(count).expect("few");
        let listed = (
            small(friends.len()),
            small(requests.len()),
            small(blocked.len()),
        );
        assert_eq!(counted, listed, "{id} after {after}");
        let of = model.friends.iter().filter(|(_, other)| *other == one);
        assert_eq!(lists.friend_of, small(of.count()), "{id} after {after}");
        let groups: BTreeSet<_> = lists
            .groups
            .iter()
            .map(|g| (one.clone(), g.clone()))
            .collect();
        let known = model.groups.iter().filter(|(user, _)| *user == one);
        assert_eq!(groups, known.cloned().collect(), "{id} after {after}");
        let members: BTreeSet<_> = friends
            .iter()
            .flat_map(|(friend, row)| {
                let groups = row.details.groups.iter();
                groups.map(|group| (one.clone(), friend.clone(), group.clone()))
            })
            .collect();
        let known = model.members.iter().filter(|(user, ..)| *user == one);
        assert_eq!(members, known.cloned().collect(), "{id} after {after}");
        for other in USERS.map(user) {
            let is_friend = directory.friend(&one, &other).expect("readable").is_some();
            assert_eq!(
                is_friend,
                model.is_friend(&one, &other),
                "{id} after {after}"
            );
            assert_eq!(
                is_friend,
                friends.iter().any(|(friend, _)| *friend == other)
            );
            let waits = directory.request(&one, &other).expect("readable");
            let place = (one.clone(), other.clone());
            let expected = model.requests.get(&place).cloned();
            let waits = waits.map(|row| (row.both, row.details.groups));
            assert_eq!(waits, expected, "{id} after {after}");
            let blocks = directory.blocks(&one, &other).expect("readable");
            assert_eq!(blocks, model.blocks(&one, &other), "{id} after {after}");
        }
    }
}

async fn run(seed: u64, commands: usize) {
    let engine = TestEngine::start().await;
    let mut model = Model::default();
    let mut maker = Maker(ChaCha8Rng::seed_from_u64(seed));
    for number in 0..commands {
        let command = match USERS.get(..4).and_then(|known| known.get(number)) {
            Some(id) => import_account(id),
            None => maker.command(),
        };
        let answered = engine.handle.submit(LOG, command.clone(), provenance());
        let actual = match answered.await {
            Ok(answer) if answer.reply == Reply::Requested => Ok(Outcome::Requested),
            Ok(answer) => Ok(if let Reply::Relations(each) = answer.reply {
                Outcome::Each(each)
            } else {
                Outcome::Done
            }),
            Err(SubmitError::Rejected(rejection)) => Err(rejection.reason),
            Err(error) => panic!("seed {seed}: a healthy engine answers: {error}"),
        };
        let after = format!("seed {seed}, command {number}: {command:?}");
        assert_eq!(actual, model.apply(&command), "{after}");
        compare(&engine, &model, &after);
    }
    rebuild(engine, seed).await;
}

/// The read models are the fold of the log: a rebuild makes the same bytes.
async fn rebuild(engine: TestEngine, seed: u64) {
    let TestEngine {
        engine,
        handle: _,
        world,
    } = engine;
    engine.shutdown().await;
    let rebuilt = World {
        store: Arc::new(MemoryStore::new()),
        ..world.clone()
    };
    let again = rebuilt.open().await.expect("the log can be folded again");
    again.shutdown().await;
    assert_eq!(rebuilt.store.dump(), world.store.dump(), "seed {seed}");
}

#[tokio::test]
async fn random_relations_agree_with_sets_of_pairs_and_with_a_rebuild() {
    for seed in 0..40 {
        run(seed, 150).await;
    }
}
