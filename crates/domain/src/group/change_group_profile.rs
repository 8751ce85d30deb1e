use hansard_events::group::{GroupProfileChange, ProfileChanged};
use hansard_types::{GroupId, Reason, UserId};

use super::notices::notice;
use super::rules::{Who, acting, check, rules};
use super::{check_shown, existing, fields, members_max};
use crate::view::Group;
use crate::{Context, Decided, Decision, Halt, View};

/// Changes fields of a group's profile.
#[derive(Debug, Clone)]
pub struct ChangeGroupProfile {
    pub group_id: GroupId,
    pub change: GroupProfileChange,
    /// In whose name, if not the actor's.
    pub shown_as: Option<UserId>,
}

impl ChangeGroupProfile {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        check_shown(view, self.shown_as.as_ref())?;
        self.check(view, context, &group)?;
        let mut wanted = self.change.clone();
        if wanted
            .max_members
            .is_some_and(|max| max < group.member_count)
        {
            return Err(Reason::GroupFull.into());
        }
        if let Some(max) = &mut wanted.max_members {
            *max = members_max(view, group.group_type)?.min(*max);
        }
        let change = group.profile.diff(wanted);
        if change.is_empty() {
            return Ok(Decision::nothing(()));
        }
        let told = (&self.group_id, &group);
        let event = ProfileChanged {
            notice: notice(view, context, told, &change.notice_kinds())?,
            group_id: self.group_id.clone(),
            change,
            shown_as: self.shown_as.clone(),
        };
        Ok(Decision::event(event, ()))
    }

    /// Names, texts and pictures are one thing, everything else of a profile another.
    fn check(&self, view: &dyn View, context: &Context<'_>, group: &Group) -> Result<(), Halt> {
        let rules = rules(group.group_type);
        if self.change.has_bad_text() {
            return Err(Reason::GroupTextInvalid.into());
        }
        let who = if self.change.settings().is_empty() {
            rules.edits_texts
        } else {
            rules.edits_settings
        };
        // Custom fields say by themselves who writes them.
        let role = if self.change.is_fields_only() {
            acting(view, context, &self.group_id)?
        } else {
            check(who, view, context, &self.group_id)?
        };
        if self.change.history_before_join.is_some() && !rules.chooses_history {
            return Err(Reason::GroupTypeForbids.into());
        }
        match self.change.supports_topics {
            Some(_) if rules.makes_topics == Who::Nobody => {
                return Err(Reason::GroupTypeForbids.into());
            }
            Some(false) if group.topics > 0 => return Err(Reason::TopicsRemain.into()),
            Some(_) | None => {}
        }
        fields::check_of_group(view, context, role, &self.change.fields)
    }
}
