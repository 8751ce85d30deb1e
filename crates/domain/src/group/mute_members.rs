use hansard_events::group::{MembersMuted, NoticeKind, Role, TopicMembersMuted};
use hansard_types::{GroupId, Reason, Timestamp, TopicId, UserId};

use super::notices::notice;
use super::rules::{check, check_rank, rules};
use super::{existing, topic_in};
use crate::account::MuteFor;
use crate::{Context, Decided, Decision, Halt, View};

/// For how long accounts may not speak in a group, or in one of its topics. Who is no member is muted for when it comes
/// (back); the owner never is.
#[derive(Debug, Clone)]
pub struct MuteMembers {
    pub group_id: GroupId,
    /// Absent: the whole group.
    pub topic_id: Option<TopicId>,
    pub accounts: Vec<UserId>,
    pub mute: MuteFor,
}

impl MuteMembers {
    pub(crate) fn decide(&self, view: &dyn View, context: &Context<'_>) -> Decided {
        let group = existing(view, &self.group_id)?;
        let mutes_members = rules(group.group_type).mutes_members;
        let acting = check(mutes_members, view, context, &self.group_id)?;
        let topic = self.topic_id.as_ref();
        let topic = topic.map(|id| Ok::<_, Halt>((id, topic_in(view, &self.group_id, id)?.made)));
        let topic = topic.transpose()?;
        let mut accounts: Vec<UserId> = Vec::with_capacity(self.accounts.len());
        let mut until = Timestamp(0);
        for user in &self.accounts {
            view.account(user)?.ok_or(Reason::AccountUnknown)?;
            let role = view.member(&self.group_id, user)?;
            let role = role.map(|member| member.profile.role);
            if role == Some(Role::Owner) {
                return Err(Reason::GroupRoleForbids.into());
            }
            if let Some(role) = role {
                check_rank(acting, role)?;
            }
            let before = match topic {
                None => view.group_mute(&self.group_id, user)?,
                Some((_, made)) => view.topic_mute(&self.group_id, made, user)?,
            };
            let after = self.mute.new_end(before, context.now);
            if after != before && !accounts.contains(user) {
                accounts.push(user.clone());
                until = after;
            }
        }
        if accounts.is_empty() {
            return Ok(Decision::nothing(()));
        }
        if let Some((topic_id, _)) = topic {
            let event = TopicMembersMuted {
                group_id: self.group_id.clone(),
                topic_id: topic_id.clone(),
                accounts,
                until,
            };
            return Ok(Decision::event(event, ()));
        }
        let told = (&self.group_id, &group);
        let event = MembersMuted {
            notice: notice(view, context, told, &[NoticeKind::MemberMuted])?,
            group_id: self.group_id.clone(),
            accounts,
            until,
        };
        Ok(Decision::event(event, ()))
    }
}
