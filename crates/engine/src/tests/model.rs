//! A plain model of what the engine must do: sets and lists, no log, no store, no clock.
//!
//! There is one, and it knows every command: what it says is compared with every answer and with
//! every query.

use std::collections::{BTreeMap, BTreeSet};

use hansard_domain::group::AddOutcome;
use hansard_domain::message::ExtensionOutcome;
use hansard_domain::{Command, MessageKey, Reply};
use hansard_events::account::ProfileValue;
use hansard_events::app::{CustomField, GroupField, GroupLimits, MessageLimits};
use hansard_events::group::{
    GroupType, JoinOption, NoticeSetting, ReceiveOption, Role, TopicProfile,
};
use hansard_events::message::Element;
use hansard_events::relation::FriendDetails;
use hansard_types::{
    Actor, AppId, ConversationId, GroupId, Reason, Seq, Timestamp, TopicId, UserId,
};

mod accounts;
mod apps;
mod extensions;
mod extras;
mod groups;
mod live;
mod members;
mod messages;
mod notices;
mod relations;
mod rights;
mod topics;

use live::Live;
pub(super) use rights::{by_role, own_name};

/// A command, and who gives it.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) actor: Actor,
    pub(super) command: Command,
}

/// What the model says of a command: its answer, or the refusal.
pub(super) type Expected = Result<Answered, Reason>;

/// The part of an answer that does not depend on the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answered {
    Done,
    Sent { seq: Seq, duplicate: bool },
    Recalled(Vec<(Seq, Option<Reason>)>),
    Members(Vec<(UserId, AddOutcome)>),
    Member(AddOutcome),
    Counters(BTreeMap<String, i64>),
    Group(GroupId),
    Extended(Vec<ExtensionOutcome>),
    Topic(TopicId),
    Topics(Vec<(TopicId, Option<Reason>)>),
    Revoked { issued_up_to_seconds: u64 },
    Requested,
    Relations(Vec<(UserId, Option<Reason>)>),
    Read { up_to: Seq },
}

impl From<Reply> for Answered {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Done => Self::Done,
            Reply::Sent {
                seq,
                duplicate,
                sent_at: _,
                key: _,
            } => Self::Sent { seq, duplicate },
            Reply::Dropped { .. } => Self::Done,
            Reply::Recalled(results) => Self::Recalled(results),
            Reply::Members(outcomes) => Self::Members(outcomes),
            Reply::Member(outcome) => Self::Member(outcome),
            Reply::Counters(counters) => Self::Counters(counters),
            Reply::Group(group_id) => Self::Group(group_id),
            Reply::Extended(outcomes) => Self::Extended(outcomes),
            Reply::Topic(topic_id) => Self::Topic(topic_id),
            Reply::Topics(results) => Self::Topics(results),
            Reply::Revoked {
                issued_up_to_seconds,
            } => Self::Revoked {
                issued_up_to_seconds,
            },
            Reply::Requested => Self::Requested,
            Reply::Relations(outcomes) => Self::Relations(outcomes),
            Reply::Read { up_to } => Self::Read { up_to },
        }
    }
}

/// An app and its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct App {
    pub(super) administrators: Vec<UserId>,
    pub(super) secret_fingerprint: String,
    pub(super) profile_fields: Vec<CustomField>,
    pub(super) friend_fields: Vec<CustomField>,
    pub(super) group_fields: Vec<GroupField>,
    pub(super) member_fields: Vec<GroupField>,
    pub(super) group_notices: Vec<NoticeSetting>,
    pub(super) group_limits: GroupLimits,
    pub(super) message_limits: MessageLimits,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) profile: BTreeMap<String, ProfileValue>,
    /// For longer than a simulation lasts: the model has no clock.
    pub(super) c2c_muted: bool,
    pub(super) group_muted: bool,
}

/// A request to become friends that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) details: FriendDetails,
    pub(super) both: bool,
}

/// A group, dissolved or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) group_type: GroupType,
    pub(super) name: String,
    pub(super) owner: Option<UserId>,
    pub(super) introduction: String,
    pub(super) notification: String,
    pub(super) face_url: String,
    pub(super) max_members: u32,
    pub(super) apply_join_option: JoinOption,
    pub(super) invite_join_option: JoinOption,
    pub(super) mute_all: bool,
    pub(super) supports_topics: bool,
    pub(super) topics: BTreeMap<TopicId, TopicHere>,
    pub(super) dissolved: bool,
    /// `None`: when the command was decided.
    pub(super) created_at: Option<Timestamp>,
    pub(super) members: BTreeMap<UserId, Membership>,
    /// For longer than a simulation lasts.
    pub(super) muted: BTreeSet<UserId>,
    /// Likewise.
    pub(super) banned: BTreeSet<UserId>,
    pub(super) marks: BTreeMap<u32, BTreeSet<UserId>>,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) counters: BTreeMap<String, i64>,
    /// Who waits, why, and by whom it was invited.
    pub(super) waiting: BTreeMap<UserId, (String, Option<UserId>)>,
}

/// A topic of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TopicHere {
    pub(super) profile: TopicProfile,
    /// For longer than a simulation lasts.
    pub(super) muted: BTreeSet<UserId>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) role: Role,
    pub(super) name_card: String,
    pub(super) receive: Option<ReceiveOption>,
}

impl Membership {
    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            name_card: String::new(),
            receive: None,
        }
    }
}

/// A message.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) sender: UserId,
    pub(super) random: u32,
    pub(super) elements: Vec<Element>,
    /// One-to-one messages only.
    pub(super) key: Option<MessageKey>,
    /// Whether the sender left it to us to number it.
    pub(super) numbered_by_us: bool,
    /// Where the command says it: else it is the clock's.
    pub(super) sent_at: Option<Timestamp>,
    pub(super) counted: bool,
    pub(super) imported: bool,
    pub(super) recalled: bool,
    /// The server's own, of what happened in a group.
    pub(super) is_notice: bool,
    /// What clients keep with it, if they may.
    pub(super) kept: Option<Kept>,
}

/// What clients keep with a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) latest: u64,
    pub(super) entries: BTreeMap<String, (String, u64)>,
}

/// A conversation.
#[derive(Debug, Default)]
pub(super) struct Talk {
    pub(super) said: Vec<Said>,
    pub(super) read: BTreeMap<UserId, u64>,
    /// Nothing up to here is unread to a user; [`Self::everyone`] to one that is not here.
    pub(super) floors: BTreeMap<UserId, u64>,
    pub(super) everyone: u64,
    /// What was said up to here is gone.
    pub(super) gone: u64,
    /// What was said when an account was deleted, which is not told to whoever has its name now.
    pub(super) cleared: BTreeMap<UserId, u64>,
    /// By import key; 0 for what is no message.
    pub(super) imported: BTreeMap<String, u64>,
}

/// A message for those who are there: where, whose, and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) conversation: ConversationId,
    pub(super) sender: UserId,
    pub(super) random: u32,
}

impl Heard {
    /// A backend's notice, which has no sender and no number.
    pub(super) fn notice(group_id: &GroupId) -> Self {
        Self {
            conversation: ConversationId::Group(group_id.clone()),
            sender: UserId::new("a notice").expect("a valid id"),
            random: 0,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Model {
    /// The app that everything but the apps is about.
    own: AppId,
    pub(super) apps: BTreeMap<AppId, App>,
    pub(super) accounts: BTreeMap<UserId, Person>,
    /// Accounts of which signatures were taken back, deleted since or not: up to which second.
    pub(super) revoked: BTreeMap<UserId, u64>,
    /// By whose list, and who is on it.
    pub(super) friends: BTreeMap<(UserId, UserId), FriendDetails>,
    /// By who is asked, and who asks.
    pub(super) requests: BTreeMap<(UserId, UserId), Request>,
    pub(super) blocks: BTreeSet<(UserId, UserId)>,
    /// The friend groups of accounts, in the order of their making.
    pub(super) friend_groups: BTreeMap<UserId, Vec<String>>,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) talks: BTreeMap<ConversationId, Talk>,
    pub(super) live: Live,
    /// What those who are there are told, and nobody keeps.
    heard: Vec<Heard>,
}

impl Model {
    /// What there is when an app was created.
    pub(super) fn of(own: AppId, app: App) -> Self {
        Self {
            own,
            apps: BTreeMap::from([(own, app)]),
            ..Self::default()
        }
    }

    /// What a command is answered with, and what it changes.
    pub(super) fn apply(&mut self, order: &Order) -> Expected {
        let Order { actor, command } = order;
        if !rights::is_permitted(actor, command) {
            return Err(Reason::NotPermitted);
        }
        let about = notices::about(command);
        let before = about.and_then(|(group, _)| self.groups.get(group).cloned());
        let answered = self.change(actor, command);
        if let (Some(about), Some(before), Ok(_)) = (about, before, &answered) {
            self.tell(actor, &before, about);
        }
        answered
    }

    fn change(&mut self, actor: &Actor, command: &Command) -> Expected {
        match command {
            Command::ImportAccount(command) => self.import_account(command),
            Command::DeleteAccount(command) => self.delete_account(&command.user_id),
            // What is deleted is gone from everywhere already.
            Command::ForgetAccounts(_) => Ok(Answered::Done),
            Command::MuteAccount(command) => self.mute(command),
            Command::RevokeSignatures(command) => self.revoke(command),
            Command::ChangeProfile(command) => self.change_profile(actor, command),
            Command::AddFriend(command) => self.add_friend(actor, command),
            Command::ImportFriend(command) => self.import_friend(command),
            Command::UpdateFriend(command) => self.update_friend(actor, command),
            Command::DeleteFriend(command) => self.delete_friend(command),
            Command::ClearFriends(command) => self.clear_friends(command),
            Command::AnswerRequest(command) => self.answer_request(command),
            Command::Block(command) => self.block(&command.user, &command.blocked),
            Command::Unblock(command) => self.unblock(&command.user, &command.blocked),
            Command::AddFriendGroups(command) => self.add_friend_groups(command),
            Command::DeleteFriendGroups(command) => self.delete_friend_groups(command),
            Command::RenameFriendGroup(command) => self.rename_friend_group(command),
            Command::JoinFriendGroup(command) => self.join_friend_group(command),
            Command::LeaveFriendGroup(command) => self.leave_friend_group(command),
            Command::SendC2c(command) => self.send_c2c(actor, command),
            Command::SendGroup(command) => self.send_group(actor, command),
            Command::ImportMessage(command) => self.import_message(command),
            Command::EditMessage(command) => self.edit(actor, command),
            Command::ChangeExtensions(command) => self.change_extensions(actor, command),
            Command::RecallC2c(command) => self.recall_c2c(actor, command),
            Command::RecallGroup(command) => self.recall_group(actor, command),
            Command::MarkRead(command) => self.mark_read(actor, command),
            Command::CreateGroup(command) => self.create_group(actor, command),
            Command::AddMembers(command) => self.add_members(actor, command),
            Command::RemoveMembers(command) => self.remove_members(actor, command),
            Command::QuitGroup(command) => self.quit_group(command),
            Command::JoinGroup(command) => self.join_group(command),
            Command::AnswerJoinRequest(command) => self.answer_join_request(actor, command),
            Command::ChangeMember(command) => self.change_member(actor, command),
            Command::MuteMembers(command) => self.mute_members(actor, command),
            Command::AppointAdmins(command) => self.appoint_admins(actor, command),
            Command::BanMembers(command) => self.ban_members(actor, command),
            Command::UnbanMembers(command) => self.unban_members(actor, command),
            Command::ImportMembers(command) => self.import_members(command),
            Command::ImportGroupMessages(command) => self.import_group_messages(command),
            Command::ChangeAttributes(command) => self.change_attributes(command),
            Command::ChangeCounters(command) => self.change_counters(command),
            Command::NotifyGroup(command) => self.notify_group(command),
            Command::RecallBySender(command) => self.recall_by_sender(command),
            Command::ConfirmRead(command) => self.confirm_read(command),
            Command::SetUnread(command) => self.set_unread(command),
            Command::ClearGroup(command) => self.clear_group(command),
            Command::ChangeOwner(command) => self.change_owner(actor, command),
            Command::ChangeGroupProfile(command) => self.change_group_profile(actor, command),
            Command::DissolveGroup(command) => self.dissolve_group(actor, &command.group_id),
            Command::MarkMembers(command) => self.mark_members(command),
            Command::CreateTopic(command) => self.create_topic(actor, command),
            Command::ChangeTopic(command) => self.change_topic(actor, command),
            Command::DestroyTopics(command) => self.destroy_topics(actor, command),
            Command::EnterRoom(command) => self.enter_room(actor, command),
            Command::LeaveRoom(command) => self.leave_room(command),
            // Nothing lasts so long.
            Command::EndVisits(_) => Ok(Answered::Done),
            Command::CreateApp(command) => self.create_app(command),
            Command::ChangeAppSettings(command) => self.change_app_settings(command),
        }
    }

    /// What those who are there were told since this was asked last.
    pub(super) fn take_heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }

    fn own_app(&self) -> &App {
        self.apps.get(&self.own).expect("the model begins with it")
    }
}
