//! What the members of a group are told of among its messages: written down once more, from what
//! has changed.

use hansard_domain::Command;
use hansard_events::group::GroupType;
use hansard_types::{Actor, ConversationId, GroupId, UserId};

use super::{Group, Model, Said};

/// The group that a command may tell of, and in whose name it is if not the actor's; `None`: it
/// tells nothing.
pub(super) fn about(command: &Command) -> Option<(&GroupId, Option<&UserId>)> {
    match command {
        Command::AddMembers(one) if !one.silent && one.imported.is_none() => {
            Some((&one.group_id, None))
        }
        Command::RemoveMembers(one) if !one.silent && one.imported.is_none() => {
            Some((&one.group_id, None))
        }
        Command::QuitGroup(one) => Some((&one.group_id, None)),
        Command::JoinGroup(one) => Some((&one.group_id, None)),
        Command::AnswerJoinRequest(one) => Some((&one.group_id, None)),
        Command::ChangeMember(one) => Some((&one.group_id, None)),
        Command::MuteMembers(one) if one.topic_id.is_none() => Some((&one.group_id, None)),
        Command::BanMembers(one) => Some((&one.group_id, None)),
        Command::ChangeOwner(one) => Some((&one.group_id, one.shown_as.as_ref())),
        Command::ChangeGroupProfile(one) => Some((&one.group_id, one.shown_as.as_ref())),
        Command::ImportAccount(_)
        | Command::DeleteAccount(_)
        | Command::ForgetAccounts(_)
        | Command::RevokeSignatures(_)
        | Command::MuteAccount(_)
        | Command::ChangeProfile(_)
        | Command::AddFriend(_)
        | Command::ImportFriend(_)
        | Command::UpdateFriend(_)
        | Command::DeleteFriend(_)
        | Command::ClearFriends(_)
        | Command::AnswerRequest(_)
        | Command::Block(_)
        | Command::Unblock(_)
        | Command::AddFriendGroups(_)
        | Command::DeleteFriendGroups(_)
        | Command::RenameFriendGroup(_)
        | Command::JoinFriendGroup(_)
        | Command::LeaveFriendGroup(_)
        | Command::SendC2c(_)
        | Command::SendGroup(_)
        | Command::ImportMessage(_)
        | Command::EditMessage(_)
        | Command::ChangeExtensions(_)
        | Command::RecallC2c(_)
        | Command::RecallGroup(_)
        | Command::ImportGroupMessages(_)
        | Command::NotifyGroup(_)
        | Command::RecallBySender(_)
        | Command::ConfirmRead(_)
        | Command::SetUnread(_)
        | Command::ClearGroup(_)
        | Command::MarkRead(_)
        | Command::CreateGroup(_)
        | Command::AddMembers(_)
        | Command::RemoveMembers(_)
        | Command::AppointAdmins(_)
        | Command::UnbanMembers(_)
        | Command::ImportMembers(_)
        | Command::ChangeAttributes(_)
        | Command::ChangeCounters(_)
        | Command::DissolveGroup(_)
        | Command::MarkMembers(_)
        | Command::CreateTopic(_)
        | Command::ChangeTopic(_)
        | Command::DestroyTopics(_)
        | Command::MuteMembers(_)
        | Command::EnterRoom(_)
        | Command::LeaveRoom(_)
        | Command::EndVisits(_)
        | Command::CreateApp(_)
        | Command::ChangeAppSettings(_) => None,
    }
}

impl Model {
    /// Puts the notice of what has changed of a group among its messages, if one is kept.
    pub(super) fn tell(
        &mut self,
        actor: &Actor,
        before: &Group,
        (group_id, shown_as): (&GroupId, Option<&UserId>),
    ) {
        let by = match actor {
            Actor::Administrator(user) | Actor::Account(user) => user,
            Actor::System | Actor::Import(_) => return,
        };
        let after = &self.groups[group_id];
        if is_kept(before, after) {
            let conversation = ConversationId::Group(group_id.clone());
            let talk = self.talks.entry(conversation).or_default();
            talk.said.push(Said::notice(shown_as.unwrap_or(by)));
        }
    }
}

fn is_kept(before: &Group, after: &Group) -> bool {
    let texts = |group: &Group| {
        let Group {
            name,
            introduction,
            notification,
            face_url,
            owner,
            members,
            ..
        } = group;
        // Of a Work group the owner may leave: that is told as a leaving.
        let owner = owner.clone().filter(|user| members.contains_key(user));
        let texts = [name, introduction, notification, face_url].map(Clone::clone);
        (texts, owner)
    };
    let who = |group: &Group| -> Vec<UserId> { group.members.keys().cloned().collect() };
    let is_of_profile = texts(before) != texts(after) && who(before) == who(after);
    let is_of_roster = who(before) != who(after);
    let roles = |group: &Group| -> Vec<_> {
        let roles = group.members.iter();
        roles.map(|(user, one)| (user.clone(), one.role)).collect()
    };
    let is_of_members = before.muted != after.muted || roles(before) != roles(after);
    match after.group_type {
        GroupType::AvChatRoom => false,
        GroupType::Meeting => is_of_profile,
        GroupType::Work | GroupType::Public | GroupType::Community => {
            is_of_profile || is_of_roster || is_of_members
        }
    }
}

impl Said {
    fn notice(by: &UserId) -> Self {
        Self {
            sender: by.clone(),
            random: 0,
            elements: Vec::new(),
            key: None,
            numbered_by_us: false,
            sent_at: None,
            counted: false,
            imported: false,
            recalled: false,
            is_notice: true,
            kept: None,
        }
    }
}
