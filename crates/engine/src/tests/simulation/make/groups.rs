use hansard_domain::Command;
use hansard_domain::account::MuteFor;
use hansard_domain::group::{
    AddMembers, AnswerJoinRequest, ChangeGroupProfile, ChangeMember, ChangeOwner, CreateGroup,
    DissolveGroup, JoinGroup, MuteMembers, QuitGroup, RemoveMembers,
};
use hansard_events::group::{
    FirstMember, GroupProfileChange, GroupType, JoinOption, MemberChange, ReceiveOption, Role,
};
use hansard_types::{GroupId, Timestamp, UserId};

use rand::Rng;

use super::Maker;

/// When groups were made elsewhere: before what is imported into them.
const MADE_SECONDS: u64 = 1_779_000_000;

const TYPES: [GroupType; 10] = [
    GroupType::AvChatRoom,
    GroupType::Public,
    GroupType::Public,
    GroupType::Public,
    GroupType::Work,
    GroupType::Work,
    GroupType::Meeting,
    GroupType::AvChatRoom,
    GroupType::Community,
    GroupType::Community,
];

impl Maker {
    pub(super) fn membership(&mut self) -> Command {
        if self.yes(0.8)
            && let Some(asked) = self.asked.take()
        {
            return self.answer(asked);
        }
        match self.rng.random_range(0..100) {
            0..20 => Command::CreateGroup(self.create_group()),
            20..38 => Command::AddMembers(AddMembers {
                group_id: self.group(),
                accounts: self.users(3),
                silent: self.yes(0.2),
                imported: self.imported("join"),
            }),
            38..50 => Command::RemoveMembers(RemoveMembers {
                group_id: self.group(),
                accounts: self.users(2),
                silent: self.yes(0.2),
                reason: self.maybe(0.2, Self::word),
                imported: self.imported("leave"),
            }),
            50..62 => Command::ChangeGroupProfile(self.change_group_profile()),
            62..77 => self.member(),
            77..97 => self.extra(),
            _ => Command::DissolveGroup(DissolveGroup {
                group_id: self.group(),
            }),
        }
    }

    /// The time and key of a line from elsewhere.
    fn imported(&mut self, what: &str) -> Option<(Timestamp, String)> {
        self.maybe(0.3, |maker| {
            let line = maker.rng.random_range(0..6);
            let time = Timestamp::from_seconds(1_780_000_000 + line);
            (time, format!("{what}{line}"))
        })
    }

    /// Few, so that groups are full.
    fn max_members(&mut self) -> u32 {
        self.rng.random_range(1..7)
    }

    fn join_option(&mut self) -> JoinOption {
        use JoinOption::{Disabled, FreeAccess, NeedPermission};
        self.of(&[FreeAccess, NeedPermission, Disabled])
    }

    fn create_group(&mut self) -> CreateGroup {
        let group_type = self.of(&TYPES);
        let is_community = group_type == GroupType::Community;
        let few = if group_type == GroupType::AvChatRoom {
            0.1
        } else {
            0.5
        };
        let count = if self.yes(few) {
            self.rng.random_range(1..4)
        } else {
            0
        };
        let members = (0..count).map(|_| {
            let user_id = self.user();
            FirstMember::new(user_id, self.of(&[Role::Member, Role::Admin]))
        });
        let members = members.collect();
        CreateGroup {
            group_id: self.group(),
            group_type,
            owner: self.maybe(0.8, Self::leader),
            profile: GroupProfileChange {
                name: Some(self.word()),
                introduction: self.maybe(0.1, Self::word),
                max_members: self.maybe(0.3, Self::max_members),
                apply_join_option: self.maybe(0.3, Self::join_option),
                invite_join_option: self.maybe(0.3, Self::join_option),
                supports_topics: self
                    .yes(if is_community { 0.9 } else { 0.02 })
                    .then_some(true),
                ..GroupProfileChange::default()
            },
            members,
            created_at: self.maybe(0.4, |_| Timestamp::from_seconds(MADE_SECONDS)),
        }
    }

    fn change_group_profile(&mut self) -> ChangeGroupProfile {
        ChangeGroupProfile {
            group_id: self.group(),
            change: GroupProfileChange {
                name: self.maybe(0.3, Self::word),
                introduction: self.maybe(0.2, Self::word),
                notification: self.maybe(0.2, Self::word),
                face_url: self.maybe(0.2, Self::word),
                max_members: self.maybe(0.2, Self::max_members),
                apply_join_option: self.maybe(0.2, Self::join_option),
                invite_join_option: self.maybe(0.2, Self::join_option),
                mute_all: self.maybe(0.3, |maker| maker.yes(0.4)),
                supports_topics: self.maybe(0.1, |maker| maker.yes(0.5)),
                ..GroupProfileChange::default()
            },
            shown_as: None,
        }
    }

    fn answer(&mut self, (group_id, user): (GroupId, UserId)) -> Command {
        Command::AnswerJoinRequest(AnswerJoinRequest {
            group_id,
            user,
            accept: self.yes(0.6),
            reason: self.word(),
        })
    }

    fn member(&mut self) -> Command {
        let group_id = self.group();
        match self.rng.random_range(0..100) {
            0..36 => {
                let user = self.user();
                self.asked = Some((group_id.clone(), user.clone()));
                Command::JoinGroup(JoinGroup {
                    group_id,
                    user,
                    reason: self.word(),
                })
            }
            36..44 => {
                let asked = (group_id, self.user());
                self.answer(asked)
            }
            44..56 => Command::QuitGroup(QuitGroup {
                group_id,
                user: self.user(),
            }),
            56..74 => Command::ChangeMember(ChangeMember {
                group_id,
                user_id: self.user(),
                change: MemberChange {
                    role: self.maybe(0.4, |maker| maker.of(&[Role::Member, Role::Admin])),
                    name_card: self.maybe(0.4, Self::word),
                    receive: self.maybe(0.3, |maker| {
                        maker.of(&[ReceiveOption::AcceptAndNotify, ReceiveOption::Discard])
                    }),
                    ..MemberChange::default()
                },
            }),
            74..88 => Command::MuteMembers(MuteMembers {
                topic_id: self.topic_or_group(),
                group_id,
                accounts: self.users(2),
                // Of seconds the model could not say whether the clock has moved.
                mute: self.of(&[MuteFor::Good, MuteFor::Good, MuteFor::Seconds(0)]),
            }),
            _ => Command::ChangeOwner(ChangeOwner {
                group_id,
                owner: self.user(),
                shown_as: None,
            }),
        }
    }
}
