//! Who may give a command.

use hansard_domain::Command;
use hansard_events::app::Party;
use hansard_types::{Actor, UserId};

/// An operator's word makes apps and brings accounts; a take-over brings what was elsewhere; an
/// administrator may do everything in an app; an account, some things in its own name.
pub(super) fn is_permitted(actor: &Actor, command: &Command) -> bool {
    match actor {
        Actor::System => matches!(
            command,
            Command::CreateApp(_)
                | Command::ImportAccount(_)
                | Command::ForgetAccounts(_)
                | Command::EndVisits(_)
        ),
        Actor::Import(_) => matches!(
            command,
            Command::ImportAccount(_)
                | Command::ImportFriend(_)
                | Command::ImportMessage(_)
                | Command::CreateGroup(_)
                | Command::AddMembers(_)
                | Command::RemoveMembers(_)
                | Command::ImportMembers(_)
                | Command::ImportGroupMessages(_)
                | Command::CreateTopic(_)
        ),
        Actor::Administrator(_) => !matches!(
            command,
            Command::CreateApp(_) | Command::ForgetAccounts(_) | Command::EndVisits(_)
        ),
        Actor::Account(user) => own_name(command) == Some(user) || by_role(command),
    }
}

/// The account that may give the command itself.
pub(in crate::tests) fn own_name(command: &Command) -> Option<&UserId> {
    match command {
        Command::ChangeProfile(command) => Some(&command.user_id),
        Command::AddFriend(command) => Some(&command.from),
        Command::UpdateFriend(command) => Some(&command.from),
        Command::DeleteFriend(command) => Some(&command.from),
        Command::ClearFriends(command) => Some(&command.user),
        Command::AnswerRequest(command) => Some(&command.by),
        Command::Block(command) => Some(&command.user),
        Command::Unblock(command) => Some(&command.user),
        Command::AddFriendGroups(command) => Some(&command.user),
        Command::DeleteFriendGroups(command) => Some(&command.user),
        Command::RenameFriendGroup(command) => Some(&command.user),
        Command::JoinFriendGroup(command) => Some(&command.user),
        Command::LeaveFriendGroup(command) => Some(&command.user),
        Command::SendC2c(command) => Some(&command.from),
        Command::SendGroup(command) => Some(&command.from),
        Command::CreateGroup(command) => command.owner.as_ref(),
        Command::QuitGroup(command) => Some(&command.user),
        Command::JoinGroup(command) => Some(&command.user),
        Command::ConfirmRead(command) => Some(&command.reader),
        Command::ChangeExtensions(command) => Some(&command.by),
        Command::MarkRead(command) => Some(&command.reader),
        Command::EditMessage(command) => Some(&command.by),
        Command::RecallC2c(command) => Some(&command.from),
        Command::RecallGroup(command) => Some(&command.by),
        Command::EnterRoom(command) => Some(&command.user),
        Command::LeaveRoom(command) => Some(&command.user),
        Command::ImportAccount(_)
        | Command::DeleteAccount(_)
        | Command::ForgetAccounts(_)
        | Command::RevokeSignatures(_)
        | Command::MuteAccount(_)
        | Command::ImportFriend(_)
        | Command::ImportMessage(_)
        | Command::AddMembers(_)
        | Command::RemoveMembers(_)
        | Command::AnswerJoinRequest(_)
        | Command::ChangeMember(_)
        | Command::MuteMembers(_)
        | Command::AppointAdmins(_)
        | Command::BanMembers(_)
        | Command::UnbanMembers(_)
        | Command::ImportMembers(_)
        | Command::ImportGroupMessages(_)
        | Command::ChangeAttributes(_)
        | Command::ChangeCounters(_)
        | Command::RecallBySender(_)
        | Command::NotifyGroup(_)
        | Command::SetUnread(_)
        | Command::ClearGroup(_)
        | Command::ChangeOwner(_)
        | Command::ChangeGroupProfile(_)
        | Command::DissolveGroup(_)
        | Command::MarkMembers(_)
        | Command::CreateTopic(_)
        | Command::ChangeTopic(_)
        | Command::DestroyTopics(_)
        | Command::EndVisits(_)
        | Command::CreateApp(_)
        | Command::ChangeAppSettings(_) => None,
    }
}

/// What an account's role in a group decides.
pub(in crate::tests) fn by_role(command: &Command) -> bool {
    matches!(
        command,
        Command::AddMembers(_)
            | Command::RemoveMembers(_)
            | Command::AnswerJoinRequest(_)
            | Command::ChangeMember(_)
            | Command::MuteMembers(_)
            | Command::AppointAdmins(_)
            | Command::BanMembers(_)
            | Command::UnbanMembers(_)
            | Command::ChangeOwner(_)
            | Command::ChangeGroupProfile(_)
            | Command::DissolveGroup(_)
            | Command::CreateTopic(_)
            | Command::ChangeTopic(_)
            | Command::DestroyTopics(_)
    )
}

/// The account that acts for itself.
pub(super) fn account(actor: &Actor) -> Option<&UserId> {
    match actor {
        Actor::Account(user) => Some(user),
        Actor::System | Actor::Import(_) | Actor::Administrator(_) => None,
    }
}

pub(super) fn is_account(actor: &Actor) -> bool {
    matches!(actor, Actor::Account(_))
}

/// Whose rights to write custom fields the actor has.
pub(super) fn party(actor: &Actor) -> Party {
    if is_account(actor) {
        Party::App
    } else {
        Party::Admin
    }
}
