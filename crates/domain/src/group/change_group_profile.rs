use hansard_events::group::{JoinOption, ProfileChanged};
use hansard_types::{GroupId, Reason};

use super::existing;
use super::rules::rules;
use crate::{Context, Decided, Decision, View};

/// Changes fields of a group's profile: an absent one stays as it is.
#[derive(Debug, Clone)]
pub struct ChangeGroupProfile {
    pub group_id: GroupId,
    pub name: Option<String>,
    pub introduction: Option<String>,
    pub notification: Option<String>,
    pub face_url: Option<String>,
    pub max_members: Option<u32>,
    pub apply_join_option: Option<JoinOption>,
    pub invite_join_option: Option<JoinOption>,
    pub mute_all: Option<bool>,
}

impl ChangeGroupProfile {
    pub(crate) fn decide(&self, view: &dyn View, _context: &Context<'_>) -> Decided {
        fn changed<T: Clone + PartialEq>(new: &Option<T>, old: &T) -> Option<T> {
            new.clone().filter(|value| value != old)
        }
        let group = existing(view, &self.group_id)?;
        let members_max = rules(group.group_type).members_max;
        if self.max_members.is_some_and(|max| max < group.member_count) {
            return Err(Reason::GroupFull.into());
        }
        let max_members = self.max_members.map(|max| max.min(members_max));
        let event = ProfileChanged {
            group_id: self.group_id.clone(),
            name: changed(&self.name, &group.name),
            introduction: changed(&self.introduction, &group.introduction),
            notification: changed(&self.notification, &group.notification),
            face_url: changed(&self.face_url, &group.face_url),
            max_members: changed(&max_members, &group.max_members),
            apply_join_option: changed(&self.apply_join_option, &group.apply_join_option),
            invite_join_option: changed(&self.invite_join_option, &group.invite_join_option),
            mute_all: changed(&self.mute_all, &group.mute_all),
        };
        let unchanged = ProfileChanged {
            group_id: self.group_id.clone(),
            name: None,
            introduction: None,
            notification: None,
            face_url: None,
            max_members: None,
            apply_join_option: None,
            invite_join_option: None,
            mute_all: None,
        };
        if event == unchanged {
            return Ok(Decision::nothing(()));
        }
        Ok(Decision::event(event, ()))
    }
}
