//! Accounts and their profiles.

use hansard_domain::account::{ImportAccount, MuteAccount, MuteFor, RevokeSignatures};
use hansard_domain::profile::ChangeProfile;
use hansard_events::account::ProfileValue;
use hansard_events::app::Party;
use hansard_types::{Actor, Reason, UserId, profile};

use super::apps::check_custom;
use super::rights::party;
use super::{Answered, App, Expected, Model, Person};

impl Model {
    pub(super) fn known(&self, user: &UserId, reason: Reason) -> Result<&Person, Reason> {
        self.accounts.get(user).ok_or(reason)
    }

    fn person(&mut self, user: &UserId) -> Result<&mut Person, Reason> {
        self.accounts.get_mut(user).ok_or(Reason::AccountUnknown)
    }

    pub(super) fn import_account(&mut self, command: &ImportAccount) -> Expected {
        let person = self.accounts.entry(command.user_id.clone()).or_default();
        let given = [
            (profile::NICK, &command.nick),
            (profile::IMAGE, &command.face_url),
        ];
        for (tag, text) in given {
            if let Some(text) = text {
                let text = ProfileValue::Text(text.clone());
                person.profile.insert(tag.to_owned(), text);
            }
        }
        Ok(Answered::Done)
    }

    pub(super) fn delete_account(&mut self, user: &UserId) -> Expected {
        self.known(user, Reason::AccountUnknown)?;
        if self.own_app().administrators.contains(user) {
            return Err(Reason::AdministratorStays);
        }
        self.accounts.remove(user);
        self.forget_relations(user);
        self.leave_all_groups(user);
        for (conversation, talk) in &mut self.talks {
            if conversation.peer_of(user).is_some() {
                talk.cleared.insert(user.clone(), talk.said.len() as u64);
            }
        }
        Ok(Answered::Done)
    }

    pub(super) fn mute(&mut self, command: &MuteAccount) -> Expected {
        let person = self.person(&command.user_id)?;
        let muted =
            |mute: Option<MuteFor>, before| mute.map_or(before, |it| it != MuteFor::Seconds(0));
        person.c2c_muted = muted(command.c2c, person.c2c_muted);
        person.group_muted = muted(command.group, person.group_muted);
        Ok(Answered::Done)
    }

    pub(super) fn revoke(&mut self, command: &RevokeSignatures) -> Expected {
        self.known(&command.user_id, Reason::AccountUnknown)?;
        let issued_up_to_seconds = command.issued_up_to_seconds;
        let up_to = self.revoked.entry(command.user_id.clone()).or_default();
        *up_to = issued_up_to_seconds.max(*up_to);
        Ok(Answered::Revoked {
            issued_up_to_seconds,
        })
    }

    pub(super) fn change_profile(&mut self, actor: &Actor, command: &ChangeProfile) -> Expected {
        self.known(&command.user_id, Reason::AccountUnknown)?;
        for (tag, value) in &command.fields {
            check(self.own_app(), tag, value, party(actor))?;
        }
        let person = self.person(&command.user_id)?;
        person.profile.extend(command.fields.iter().cloned());
        Ok(Answered::Done)
    }
}

/// Of the tags that the simulation writes.
fn check(app: &App, tag: &str, value: &ProfileValue, by: Party) -> Result<(), Reason> {
    if let Some(name) = tag.strip_prefix(profile::CUSTOM_PREFIX) {
        let unknown = Reason::ProfileTagUnknown;
        return check_custom(&app.profile_fields, name, value, by, unknown);
    }
    match (tag, value) {
        (profile::ADMIN_FORBID_TYPE, _) if by != Party::Admin => Err(Reason::ProfileReadOnly),
        (profile::ADMIN_FORBID_TYPE | profile::ALLOW_TYPE, ProfileValue::Text(_))
        | ("Tag_Profile_IM_Level", ProfileValue::Number(_)) => Ok(()),
        (profile::ADMIN_FORBID_TYPE | profile::ALLOW_TYPE, ProfileValue::Number(_))
        | ("Tag_Profile_IM_Level", ProfileValue::Text(_)) => Err(Reason::ProfileTypeDiffers),
        (_, _) => Err(Reason::ProfileTagUnknown),
    }
}
