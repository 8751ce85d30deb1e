//! Random commands, of every kind, from a stream of random numbers of their own.

use std::collections::{BTreeMap, BTreeSet};

use hansard_domain::account::{
    DeleteAccount, ImportAccount, MuteAccount, MuteFor, RevokeSignatures,
};
use hansard_domain::profile::ChangeProfile;
use hansard_domain::relation::{
    AddFriend, AddFriendGroups, AnswerRequest, Block, ClearFriends, DeleteFriend,
    DeleteFriendGroups, ImportFriend, LeaveFriendGroup, RenameFriendGroup, Unblock, UpdateFriend,
};
use hansard_domain::{Command, MessageKey};
use hansard_events::account::ProfileValue;
use hansard_events::app::Party;
use hansard_events::relation::FriendDetails;
use hansard_types::{GroupId, UserId, profile};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::testing::user;

mod apps;
mod groups;
mod messages;

/// The last one never becomes an account.
pub(super) const USERS: [&str; 6] = ["ann", "ben", "cho", "dai", "eva", "nobody"];
/// A group that is dissolved stays so: there are enough of them.
pub(super) const GROUPS: [&str; 8] = ["g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8"];
const FRIEND_GROUPS: [&str; 3] = ["work", "home", "家人"];
/// So many commands are remembered, to be sent again.
const REMEMBERED: usize = 24;

/// Makes the commands of a simulation.
pub(super) struct Maker {
    rng: ChaCha8Rng,
    /// How many accounts were imported to begin with.
    begun: usize,
    next_random: u32,
    /// Who sent what to whom.
    keys: Vec<(UserId, UserId, MessageKey)>,
    made: Vec<Command>,
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
            made: Vec::new(),
        }
    }

    /// A command for the app's own log.
    pub(super) fn command(&mut self) -> Command {
        if let Some(id) = USERS[..USERS.len() - 1].get(self.begun) {
            self.begun += 1;
            return self.import_account(id);
        }
        // What a client that got no answer does.
        if !self.made.is_empty() && self.rng.random_bool(0.05) {
            let again = self.rng.random_range(0..self.made.len());
            return self.made[again].clone();
        }
        let command = match self.rng.random_range(0..100) {
            0..14 => self.account(),
            14..40 => self.relation(),
            40..78 => self.message(),
            _ => self.membership(),
        };
        if self.made.len() == REMEMBERED {
            self.made.remove(0);
        }
        self.made.push(command.clone());
        command
    }

    fn yes(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.rng.random_range(0..items.len())].clone()
    }

    fn user(&mut self) -> UserId {
        user(self.of(&USERS))
    }

    fn users(&mut self, most: usize) -> Vec<UserId> {
        let count = self.rng.random_range(1..=most);
        (0..count).map(|_| self.user()).collect()
    }

    fn group(&mut self) -> GroupId {
        GroupId::new(self.of(&GROUPS)).expect("a valid id")
    }

    fn maybe<T>(&mut self, probability: f64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.yes(probability).then(|| make(self))
    }

    /// Two words, so that a change often changes nothing.
    fn word(&mut self) -> String {
        self.of(&["one", "two"]).to_owned()
    }

    fn party(&mut self) -> Party {
        self.of(&[Party::Admin, Party::Admin, Party::App])
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
            0..8 => {
                let id = self.of(&USERS[..USERS.len() - 1]);
                self.import_account(id)
            }
            8..10 => Command::DeleteAccount(DeleteAccount { user_id }),
            10..13 => Command::MuteAccount(MuteAccount {
                user_id,
                c2c: self.mute(),
                group: self.mute(),
            }),
            13 => Command::RevokeSignatures(RevokeSignatures {
                user_id,
                issued_up_to_seconds: 1_790_000_000 + self.rng.random_range(0..3),
            }),
            _ => {
                let mut fields = vec![self.field()];
                if self.yes(0.3) {
                    fields.push(self.field());
                }
                Command::ChangeProfile(ChangeProfile {
                    user_id,
                    fields,
                    by: self.party(),
                })
            }
        }
    }

    fn field(&mut self) -> (String, ProfileValue) {
        let text = |text: &str| ProfileValue::Text(text.to_owned());
        let (tag, value) = match self.rng.random_range(0..20) {
            0..10 => {
                let policies = [
                    "AllowAny",
                    "AllowAny",
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

    fn relation(&mut self) -> Command {
        let (one, other) = (self.user(), self.user());
        match self.rng.random_range(0..100) {
            0..24 => Command::AddFriend(AddFriend {
                from: one,
                to: other,
                details: self.details(),
                both: self.yes(0.5),
                forced: self.yes(0.2),
                by: self.party(),
            }),
            24..30 => Command::ImportFriend(ImportFriend {
                from: one,
                to: other,
                details: self.details(),
                added_at: None,
            }),
            30..38 => Command::UpdateFriend(UpdateFriend {
                from: one,
                to: other,
                remark: self.maybe(0.5, Self::word),
                groups: self.maybe(0.5, Self::friend_groups),
                custom: self.custom(),
                by: self.party(),
            }),
            38..45 => Command::DeleteFriend(DeleteFriend {
                from: one,
                to: other,
                both: self.yes(0.5),
            }),
            45..47 => Command::ClearFriends(ClearFriends {
                user: one,
                both: self.yes(0.5),
            }),
            47..62 => Command::AnswerRequest(AnswerRequest {
                by: one,
                from: other,
                accept: self.yes(0.6),
                remark: self.word(),
            }),
            62..67 => Command::Block(Block {
                user: one,
                blocked: other,
            }),
            67..76 => Command::Unblock(Unblock {
                user: one,
                blocked: other,
            }),
            76..83 => Command::AddFriendGroups(AddFriendGroups {
                user: one,
                groups: self.friend_groups(),
                friends: self.friends(),
            }),
            83..86 => Command::DeleteFriendGroups(DeleteFriendGroups {
                user: one,
                groups: self.friend_groups(),
            }),
            86..93 => Command::RenameFriendGroup(RenameFriendGroup {
                user: one,
                group: self.friend_group(),
                name: self.friend_group(),
            }),
            _ => Command::LeaveFriendGroup(LeaveFriendGroup {
                user: one,
                group: self.friend_group(),
                friends: self.friends(),
            }),
        }
    }
}
