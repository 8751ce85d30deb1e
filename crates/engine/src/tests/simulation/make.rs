//! Random commands, of every kind, from a stream of random numbers of their own.

use std::collections::{BTreeMap, BTreeSet};

use hansard_domain::account::{
    DeleteAccount, ForgetAccounts, ImportAccount, MuteAccount, MuteFor, RevokeSignatures,
};
use hansard_domain::profile::ChangeProfile;
use hansard_domain::relation::{
    AddFriend, AddFriendGroups, AnswerRequest, Block, ClearFriends, DeleteFriend,
    DeleteFriendGroups, ImportFriend, JoinFriendGroup, LeaveFriendGroup, RenameFriendGroup,
    Unblock, UpdateFriend,
};
use hansard_domain::{Command, MessageKey};
use hansard_events::account::ProfileValue;
use hansard_events::relation::FriendDetails;
use hansard_types::{Actor, GroupId, TopicId, UserId, profile};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::model::{Order, by_role, own_name};
use crate::testing::user;

mod apps;
mod extras;
mod groups;
mod messages;
mod topics;

/// The last one never becomes an account.
pub(super) const USERS: [&str; 6] = ["ann", "ben", "cho", "dai", "eva", "nobody"];
/// Few: a dissolved group's id is soon used again.
pub(super) const GROUPS: [&str; 3] = ["g1", "g2", "g3"];
const FRIEND_GROUPS: [&str; 3] = ["work", "home", "家人"];
/// So many commands are remembered, to be sent again: also after their group was dissolved and made
/// anew.
const REMEMBERED: usize = 100;
const PAIRS: usize = 3;

/// Makes the commands of a simulation.
pub(super) struct Maker {
    rng: ChaCha8Rng,
    /// How many accounts were imported to begin with.
    begun: usize,
    next_random: u32,
    /// Who sent what to whom.
    keys: Vec<(UserId, UserId, MessageKey)>,
    /// Who last had to do with whom: what one command begins the next ones end.
    pairs: Vec<(UserId, UserId)>,
    /// Who last asked to join what.
    asked: Option<(GroupId, UserId)>,
    made: Vec<Order>,
}

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Apart from the faults' numbers: a fault more changes no command.
        rng.set_stream(1);
        Self {
            rng,
            begun: 0,
            next_random: 0,
            keys: Vec::new(),
            pairs: Vec::new(),
            asked: None,
            made: Vec::new(),
        }
    }

    /// Whether the accounts are being imported.
    pub(super) fn is_beginning(&self) -> bool {
        self.begun < USERS.len() - 1
    }

    /// A command for the app's own logs.
    pub(super) fn order(&mut self) -> Order {
        if let Some(id) = USERS[..USERS.len() - 1].get(self.begun) {
            self.begun += 1;
            return Order {
                actor: administrator(),
                command: self.import_account(id),
            };
        }
        // What a client that got no answer does.
        if !self.made.is_empty() && self.rng.random_bool(0.08) {
            let again = self.rng.random_range(0..self.made.len());
            return self.made[again].clone();
        }
        let command = self.command();
        let mut order = self.given(command);
        let by_system = matches!(
            order.command,
            Command::ForgetAccounts(_) | Command::EndVisits(_)
        );
        if by_system && self.yes(0.5) {
            order.actor = Actor::System;
        }
        if self.made.len() == REMEMBERED {
            self.made.remove(0);
        }
        self.made.push(order.clone());
        order
    }

    fn command(&mut self) -> Command {
        match self.rng.random_range(0..122) {
            110.. => self.topic(),
            102..110 => self.visit(),
            100..102 => ForgetAccounts.into(),
            0..11 => self.account(),
            11..33 => self.relation(),
            33..60 => self.message(),
            _ => self.membership(),
        }
    }

    /// By whom: mostly an administrator, or the account that may; at times one that may not.
    fn given(&mut self, command: Command) -> Order {
        let by_role = by_role(&command).then(|| self.leader());
        let own = own_name(&command).cloned().or(by_role);
        let actor = match self.rng.random_range(0..100) {
            0..4 => Actor::System,
            4..12 => Actor::Import(user("administrator")),
            12..19 => Actor::Account(self.user()),
            19..61 => own.map_or_else(administrator, Actor::Account),
            _ => administrator(),
        };
        Order { actor, command }
    }

    fn yes(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.rng.random_range(0..items.len())].clone()
    }

    fn user(&mut self) -> UserId {
        let accounts = &USERS[..USERS.len() - 1];
        let id = if self.yes(0.06) {
            "nobody"
        } else {
            self.of(accounts)
        };
        user(id)
    }

    /// Mostly one of two: who owns groups is who acts in them.
    fn leader(&mut self) -> UserId {
        if self.yes(0.3) {
            return self.user();
        }
        user(self.of(&USERS[..2]))
    }

    fn users(&mut self, most: usize) -> Vec<UserId> {
        let count = self.rng.random_range(1..=most);
        (0..count).map(|_| self.user()).collect()
    }

    fn group(&mut self) -> GroupId {
        GroupId::new(self.of(&GROUPS)).expect("a valid id")
    }

    /// Few, for the same reason.
    fn topic_id(&mut self) -> TopicId {
        TopicId::new(self.of(&["t1", "t2"])).expect("a valid id")
    }

    /// Where something is said in a group.
    fn topic_or_group(&mut self) -> Option<TopicId> {
        self.maybe(0.2, Self::topic_id)
    }

    fn maybe<T>(&mut self, probability: f64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.yes(probability).then(|| make(self))
    }

    /// Two words, so that a change often changes nothing.
    fn word(&mut self) -> String {
        self.of(&["one", "two"]).to_owned()
    }

    fn import_account(&mut self, id: &str) -> Command {
        Command::ImportAccount(ImportAccount {
            user_id: user(id),
            nick: self.maybe(0.2, Self::word),
            face_url: self.maybe(0.1, Self::word),
        })
    }

    fn mute(&mut self) -> Option<MuteFor> {
        let kinds = [
            None,
            Some(MuteFor::Good),
            // Longer than any simulation.
            Some(MuteFor::Seconds(1_000_000)),
            Some(MuteFor::Seconds(0)),
            Some(MuteFor::Seconds(0)),
        ];
        self.of(&kinds)
    }

    fn account(&mut self) -> Command {
        let user_id = self.user();
        match self.rng.random_range(0..20) {
            0..7 => {
                let id = self.of(&USERS[..USERS.len() - 1]);
                self.import_account(id)
            }
            7 => Command::DeleteAccount(DeleteAccount { user_id }),
            8..11 => Command::MuteAccount(MuteAccount {
                user_id,
                c2c: self.mute(),
                group: self.mute(),
            }),
            11 => Command::RevokeSignatures(RevokeSignatures {
                user_id,
                issued_up_to_seconds: 1_790_000_000 + self.rng.random_range(0..3),
            }),
            _ => {
                let mut fields = vec![self.field()];
                if self.yes(0.3) {
                    fields.push(self.field());
                }
                Command::ChangeProfile(ChangeProfile { user_id, fields })
            }
        }
    }

    fn field(&mut self) -> (String, ProfileValue) {
        let text = |text: &str| ProfileValue::Text(text.to_owned());
        let (tag, value) = match self.rng.random_range(0..20) {
            0..10 => {
                let policies = [
                    "AllowAny",
                    "NeedConfirm",
                    "NeedConfirm",
                    "NeedConfirm",
                    "DenyAny",
                ];
                let policy = format!("AllowType_Type_{}", self.of(&policies));
                (profile::ALLOW_TYPE, ProfileValue::Text(policy))
            }
            10..13 => {
                let value = self.of(&["AdminForbid_Type_None", "AdminForbid_Type_SendOut"]);
                (profile::ADMIN_FORBID_TYPE, text(value))
            }
            13..15 => {
                let level = self.rng.random_range(0..3);
                ("Tag_Profile_IM_Level", ProfileValue::Number(level))
            }
            15 => ("Tag_Profile_IM_Level", text("high")),
            16 => ("Tag_Profile_IM_Nothing", text("none")),
            _ => {
                let names = ["Tag_Profile_Custom_Team", "Tag_Profile_Custom_Rank"];
                (self.of(&names), text("red"))
            }
        };
        (tag.to_owned(), value)
    }

    fn friend_group(&mut self) -> String {
        self.of(&FRIEND_GROUPS).to_owned()
    }

    fn friend_groups(&mut self) -> Vec<String> {
        let count = self.rng.random_range(0..3);
        let groups: BTreeSet<_> = (0..count).map(|_| self.friend_group()).collect();
        groups.into_iter().collect()
    }

    fn friends(&mut self) -> Vec<UserId> {
        let count = self.rng.random_range(0..3);
        let friends: BTreeSet<_> = (0..count).map(|_| self.user()).collect();
        friends.into_iter().collect()
    }

    fn custom(&mut self) -> BTreeMap<String, String> {
        if self.yes(0.85) {
            return BTreeMap::new();
        }
        let (name, value) = (self.of(&["Met", "Class"]), self.of(&["", "here", "there"]));
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    fn details(&mut self) -> FriendDetails {
        let mut custom = self.custom();
        custom.retain(|_, value| !value.is_empty());
        FriendDetails {
            source: "AddSource_Type_Web".to_owned(),
            remark: self.maybe(0.3, Self::word).unwrap_or_default(),
            wording: self.maybe(0.3, Self::word).unwrap_or_default(),
            groups: self.friend_groups(),
            custom,
        }
    }

    fn pair(&mut self) -> (UserId, UserId) {
        if !self.pairs.is_empty() && self.yes(0.85) {
            let index = self.rng.random_range(0..self.pairs.len());
            return self.pairs[index].clone();
        }
        if self.pairs.len() == PAIRS {
            self.pairs.remove(0);
        }
        let one = self.user();
        let mut other = self.user();
        if other == one {
            other = self.user();
        }
        let pair = (one, other);
        self.pairs.push(pair.clone());
        pair
    }

    fn relation(&mut self) -> Command {
        let (one, other) = self.pair();
        match self.rng.random_range(0..100) {
            0..24 => Command::AddFriend(AddFriend {
                from: one,
                to: other,
                details: self.details(),
                both: self.yes(0.5),
                forced: self.yes(0.2),
            }),
            24..29 => Command::ImportFriend(ImportFriend {
                from: one,
                to: other,
                details: self.details(),
                added_at: None,
            }),
            29..36 => Command::UpdateFriend(UpdateFriend {
                from: one,
                to: other,
                remark: self.maybe(0.5, Self::word),
                groups: self.maybe(0.5, Self::friend_groups),
                custom: self.custom(),
            }),
            36..41 => Command::DeleteFriend(DeleteFriend {
                from: one,
                to: other,
                both: self.yes(0.5),
            }),
            41..43 => Command::ClearFriends(ClearFriends {
                user: one,
                both: self.yes(0.5),
            }),
            43..63 => Command::AnswerRequest(AnswerRequest {
                by: other,
                from: one,
                accept: self.yes(0.6),
                remark: self.word(),
            }),
            63..67 => Command::Block(Block {
                user: one,
                blocked: other,
            }),
            67..77 => Command::Unblock(Unblock {
                user: one,
                blocked: other,
            }),
            _ => self.change_friend_groups(one),
        }
    }

    fn change_friend_groups(&mut self, one: UserId) -> Command {
        match self.rng.random_range(0..20) {
            0..6 => Command::AddFriendGroups(AddFriendGroups {
                user: one,
                groups: self.friend_groups(),
                friends: self.friends(),
            }),
            6..8 => Command::DeleteFriendGroups(DeleteFriendGroups {
                user: one,
                groups: self.friend_groups(),
            }),
            8..13 => Command::RenameFriendGroup(RenameFriendGroup {
                user: one,
                group: self.friend_group(),
                name: self.friend_group(),
            }),
            13..16 => Command::JoinFriendGroup(JoinFriendGroup {
                user: one,
                group: self.friend_group(),
                friends: self.friends(),
            }),
            _ => Command::LeaveFriendGroup(LeaveFriendGroup {
                user: one,
                group: self.friend_group(),
                friends: self.friends(),
            }),
        }
    }
}

fn administrator() -> Actor {
    Actor::Administrator(user("administrator"))
}
