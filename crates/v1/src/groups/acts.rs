//! What an account does in groups.

use std::collections::BTreeMap;

use hansard_desk::{Caller, Desk};
use hansard_domain::account::MuteFor;
use hansard_domain::group::{
    AddMembers, AnswerJoinRequest, ChangeGroupProfile, ChangeMember, ChangeOwner, CreateGroup,
    DissolveGroup, JoinGroup, MuteMembers, QuitGroup, RemoveMembers,
};
use hansard_domain::live::{EnterRoom, LeaveRoom};
use hansard_events::group::{
    FirstMember, GroupProfileChange, GroupType, MemberChange, ReceiveOption, Role,
};
use hansard_types::limits::{
    GROUP_MEMBERS_ADDED_PER_CALL_MAX, GROUP_MEMBERS_AT_CREATION_MAX,
    GROUP_MEMBERS_REMOVED_PER_CALL_MAX, GROUP_MUTES_PER_CALL_MAX, RECALL_REASON_BYTES_MAX,
    VISIT_SECONDS,
};
use hansard_types::{GroupId, TopicId, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Problem;
use crate::access::refused;
use crate::act::{Act, bounded, short};

/// The caller becomes the owner.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Creation {
    /// Absent: random. One of the caller's own must not begin `@TGS#`, a Community's must begin
    /// `@TGS#_`.
    group_id: Option<GroupId>,
    #[serde(rename = "type")]
    group_type: GroupType,
    name: String,
    /// Besides the name; what is absent is as the type has it.
    #[serde(default)]
    profile: GroupProfileChange,
    /// Besides the caller, at most 100.
    #[serde(default)]
    #[schemars(length(max = GROUP_MEMBERS_AT_CREATION_MAX))]
    members: Vec<UserId>,
}

impl Act for Creation {
    const NAME: &'static str = "create_group";
    const SUMMARY: &'static str = "Creates a group of the caller's";
    type Command = CreateGroup;

    fn command(self, caller: &Caller, desk: &Desk) -> Result<CreateGroup, Problem> {
        if self.members.len() > GROUP_MEMBERS_AT_CREATION_MAX {
            let detail = format!("members holds at most {GROUP_MEMBERS_AT_CREATION_MAX}");
            return Err(Problem::invalid(detail));
        }
        let profile = GroupProfileChange {
            name: Some(self.name),
            ..self.profile
        };
        let group_id = desk.group_id(self.group_type, self.group_id);
        let members = self.members.into_iter();
        Ok(CreateGroup {
            group_id: group_id.map_err(refused)?,
            group_type: self.group_type,
            owner: Some(caller.user.clone()),
            profile,
            members: members
                .map(|user| FirstMember::new(user, Role::Member))
                .collect(),
            created_at: None,
        })
    }
}

/// What is named changes.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ProfileEdit {
    group_id: GroupId,
    profile: GroupProfileChange,
}

impl Act for ProfileEdit {
    const NAME: &'static str = "change_group_profile";
    const SUMMARY: &'static str = "Changes a group's profile";
    type Command = ChangeGroupProfile;

    fn command(self, _: &Caller, _: &Desk) -> Result<ChangeGroupProfile, Problem> {
        Ok(ChangeGroupProfile {
            group_id: self.group_id,
            change: self.profile,
            shown_as: None,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Dissolution {
    group_id: GroupId,
}

impl Act for Dissolution {
    const NAME: &'static str = "dissolve_group";
    const SUMMARY: &'static str = "Dissolves a group";
    type Command = DissolveGroup;

    fn command(self, _: &Caller, _: &Desk) -> Result<DissolveGroup, Problem> {
        Ok(DissolveGroup {
            group_id: self.group_id,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Entry {
    group_id: GroupId,
    /// Why, for who reviews it; at most 300 bytes.
    #[serde(default)]
    reason: String,
}

impl Act for Entry {
    const NAME: &'static str = "join_group";
    const SUMMARY: &'static str = "Joins a group, or asks to, as the group has it";
    type Command = JoinGroup;

    fn command(self, caller: &Caller, _: &Desk) -> Result<JoinGroup, Problem> {
        Ok(JoinGroup {
            group_id: self.group_id,
            user: caller.user.clone(),
            reason: self.reason,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Leave {
    group_id: GroupId,
}

impl Act for Leave {
    const NAME: &'static str = "quit_group";
    const SUMMARY: &'static str = "Leaves a group";
    type Command = QuitGroup;

    fn command(self, caller: &Caller, _: &Desk) -> Result<QuitGroup, Problem> {
        Ok(QuitGroup {
            group_id: self.group_id,
            user: caller.user.clone(),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Invitation {
    group_id: GroupId,
    #[schemars(length(min = 1, max = GROUP_MEMBERS_ADDED_PER_CALL_MAX))]
    accounts: Vec<UserId>,
}

impl Act for Invitation {
    const NAME: &'static str = "invite_to_group";
    const SUMMARY: &'static str = "Brings accounts into a group, as the group lets members invite";
    type Command = AddMembers;

    fn command(self, _: &Caller, _: &Desk) -> Result<AddMembers, Problem> {
        bounded("accounts", &self.accounts, GROUP_MEMBERS_ADDED_PER_CALL_MAX)?;
        Ok(AddMembers {
            group_id: self.group_id,
            accounts: self.accounts,
            silent: false,
            imported: None,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Removal {
    group_id: GroupId,
    #[schemars(length(min = 1, max = GROUP_MEMBERS_REMOVED_PER_CALL_MAX))]
    accounts: Vec<UserId>,
    /// At most 100 bytes.
    reason: Option<String>,
}

impl Act for Removal {
    const NAME: &'static str = "remove_from_group";
    const SUMMARY: &'static str = "Removes members from a group";
    type Command = RemoveMembers;

    fn command(self, _: &Caller, _: &Desk) -> Result<RemoveMembers, Problem> {
        bounded(
            "accounts",
            &self.accounts,
            GROUP_MEMBERS_REMOVED_PER_CALL_MAX,
        )?;
        short("reason", self.reason.as_ref(), RECALL_REASON_BYTES_MAX)?;
        Ok(RemoveMembers {
            group_id: self.group_id,
            accounts: self.accounts,
            silent: false,
            reason: self.reason,
            imported: None,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RequestAnswer {
    group_id: GroupId,
    /// Who waits.
    account: UserId,
    accept: bool,
    /// For who is refused; at most 300 bytes.
    #[serde(default)]
    reason: String,
}

impl Act for RequestAnswer {
    const NAME: &'static str = "answer_join_request";
    const SUMMARY: &'static str = "Lets who waits into a group, or refuses";
    type Command = AnswerJoinRequest;

    fn command(self, _: &Caller, _: &Desk) -> Result<AnswerJoinRequest, Problem> {
        Ok(AnswerJoinRequest {
            group_id: self.group_id,
            user: self.account,
            accept: self.accept,
            reason: self.reason,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Transfer {
    group_id: GroupId,
    /// A member.
    owner: UserId,
}

impl Act for Transfer {
    const NAME: &'static str = "transfer_group";
    const SUMMARY: &'static str = "Makes another member the owner";
    type Command = ChangeOwner;

    fn command(self, _: &Caller, _: &Desk) -> Result<ChangeOwner, Problem> {
        Ok(ChangeOwner {
            group_id: self.group_id,
            owner: self.owner,
            shown_as: None,
        })
    }
}

/// What is named changes.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct MemberEdit {
    group_id: GroupId,
    /// Absent: the caller.
    account: Option<UserId>,
    /// `Admin` or `Member`.
    role: Option<Role>,
    /// At most 50 bytes.
    name_card: Option<String>,
    receive: Option<ReceiveOption>,
    /// Custom fields that the app declares; an empty value takes one away.
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

impl Act for MemberEdit {
    const NAME: &'static str = "change_group_member";
    const SUMMARY: &'static str = "Changes what a member of a group is";
    type Command = ChangeMember;

    fn command(self, caller: &Caller, _: &Desk) -> Result<ChangeMember, Problem> {
        Ok(ChangeMember {
            group_id: self.group_id,
            user_id: self.account.unwrap_or_else(|| caller.user.clone()),
            change: MemberChange {
                role: self.role,
                name_card: self.name_card,
                receive: self.receive,
                fields: self.fields,
            },
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Mute {
    group_id: GroupId,
    /// One of the group's topics; absent: the whole group.
    topic_id: Option<TopicId>,
    #[schemars(length(min = 1, max = GROUP_MUTES_PER_CALL_MAX))]
    accounts: Vec<UserId>,
    /// 0: they may speak; absent: for good.
    seconds: Option<u32>,
}

impl Act for Mute {
    const NAME: &'static str = "mute_in_group";
    const SUMMARY: &'static str = "Mutes accounts in a group, or lets them speak again";
    type Command = MuteMembers;

    fn command(self, _: &Caller, _: &Desk) -> Result<MuteMembers, Problem> {
        bounded("accounts", &self.accounts, GROUP_MUTES_PER_CALL_MAX)?;
        Ok(MuteMembers {
            topic_id: self.topic_id,
            group_id: self.group_id,
            accounts: self.accounts,
            mute: self.seconds.map_or(MuteFor::Good, MuteFor::Seconds),
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RoomEntry {
    /// A live room.
    group_id: GroupId,
    /// How long the caller stays unless it comes again, 10 to 3600; 300 when absent.
    #[serde(default = "visit_seconds")]
    #[schemars(range(min = *VISIT_SECONDS.start(), max = *VISIT_SECONDS.end()))]
    seconds: u32,
}

fn visit_seconds() -> u32 {
    300
}

impl Act for RoomEntry {
    const NAME: &'static str = "enter_room";
    const SUMMARY: &'static str = "Comes into a live room, or stays in it for longer";
    type Command = EnterRoom;

    fn command(self, caller: &Caller, _: &Desk) -> Result<EnterRoom, Problem> {
        Ok(EnterRoom {
            group_id: self.group_id,
            user: caller.user.clone(),
            seconds: self.seconds,
        })
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RoomLeave {
    /// A live room.
    group_id: GroupId,
}

impl Act for RoomLeave {
    const NAME: &'static str = "leave_room";
    const SUMMARY: &'static str = "Leaves a live room";
    type Command = LeaveRoom;

    fn command(self, caller: &Caller, _: &Desk) -> Result<LeaveRoom, Problem> {
        Ok(LeaveRoom {
            group_id: self.group_id,
            user: caller.user.clone(),
        })
    }
}
