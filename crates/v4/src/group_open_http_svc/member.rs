//! Members in answers: the fields that a filter names.

use hansard_domain::group::rules::rules;
use hansard_events::group::{MemberProfile, Role};
use hansard_groups::{GroupRow, MemberRow};
use hansard_types::{ConversationId, GroupId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::profile::listed;
use crate::endpoint::{Failure, Reading};
use crate::field::FOR_GOOD;

/// A member's role, as requests name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum RoleName {
    Owner,
    Admin,
    Member,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Admin => Self::Admin,
            RoleName::Member => Self::Member,
        }
    }
}

/// The role that a request gives a member: only the owner's is got otherwise.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(super) enum GivenRole {
    Admin,
    Member,
}

impl From<GivenRole> for Role {
    fn from(role: GivenRole) -> Self {
        match role {
            GivenRole::Admin => Self::Admin,
            GivenRole::Member => Self::Member,
        }
    }
}

/// The fields of the members of one group, as a filter has them.
pub(super) struct Members<'a> {
    call: &'a Reading<'a>,
    id: &'a GroupId,
    conversation: ConversationId,
    group: &'a GroupRow,
    /// `None`: all of them.
    names: Option<&'a Vec<String>>,
    /// Custom fields. `None`: all of them where `names` is, else none.
    keys: Option<&'a Vec<String>>,
    now: Timestamp,
}

impl<'a> Members<'a> {
    pub(super) fn new(
        call: &'a Reading<'a>,
        (id, group): (&'a GroupId, &'a GroupRow),
        names: Option<&'a Vec<String>>,
        keys: Option<&'a Vec<String>>,
    ) -> Self {
        Self {
            call,
            id,
            conversation: ConversationId::Group(id.clone()),
            group,
            names,
            keys,
            now: call.log_now(),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.names
            .is_none_or(|names| names.iter().any(|one| one == name))
    }

    /// With `Member_Account`.
    pub(super) fn one(&self, user: &UserId, member: &MemberRow) -> Result<Value, Failure> {
        let mut fields = self.fields(user, member)?;
        fields.insert("Member_Account".to_owned(), json!(user));
        Ok(Value::Object(fields))
    }

    /// Of the group's own, without the account.
    pub(super) fn fields(
        &self,
        user: &UserId,
        member: &MemberRow,
    ) -> Result<Map<String, Value>, Failure> {
        let MemberProfile {
            role,
            name_card,
            receive,
            fields: custom,
        } = &member.profile;
        let receive = receive.unwrap_or(rules(self.group.group_type).receive);
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            if self.wants(name) {
                fields.insert(name.to_owned(), value);
            }
        };
        put("Role", json!(role));
        put("JoinTime", json!(member.joined_at.seconds()));
        put("MsgFlag", json!(receive));
        put("NameCard", json!(name_card));
        if self.wants("MsgSeq") || self.wants("LastSendMsgTime") {
            let (read, last_sent) = self.of_conversation(user)?;
            put("MsgSeq", read);
            put("LastSendMsgTime", last_sent);
        }
        if self.wants("MuteUntil") || self.wants("ShutUpUntil") {
            let until = self.muted_until(user)?;
            put("MuteUntil", json!(until));
            put("ShutUpUntil", json!(until));
        }
        if self.keys.is_some() || self.names.is_none() {
            let custom = listed(custom, self.keys);
            fields.insert("AppMemberDefinedData".to_owned(), custom);
        }
        Ok(fields)
    }

    fn of_conversation(&self, user: &UserId) -> Result<(Value, Value), Failure> {
        let conversations = self.call.conversations_with(&self.conversation);
        let reader = conversations.reader(&self.conversation, user);
        let reader = reader.map_err(Failure::broken)?;
        let mut last_sent = Timestamp(0);
        if self.wants("LastSendMsgTime") {
            let found = conversations.last_sent_by(&self.conversation, user);
            last_sent = found.map_err(Failure::broken)?;
        }
        Ok((json!(reader.read_seq), json!(last_sent.seconds())))
    }

    /// Unix seconds, 4294967295 for good; 0: it may speak.
    fn muted_until(&self, user: &UserId) -> Result<u64, Failure> {
        if self.group.mutes_until <= self.now {
            return Ok(0);
        }
        let until = self.call.groups_with(self.id).mute(self.id, user);
        Ok(mute_seconds(until.map_err(Failure::broken)?, self.now))
    }
}

/// A mute's end as the contract has it: Unix seconds, 4294967295 for good; 0 when it is over.
pub(super) fn mute_seconds(until: Timestamp, now: Timestamp) -> u64 {
    match until {
        until if until <= now => 0,
        Timestamp::FOREVER => FOR_GOOD.into(),
        until => until.seconds(),
    }
}
