use std::collections::BTreeMap;

use hansard_conversations::{Reader as Conversations, Recents};
use hansard_directory::Reader as Directory;
use hansard_domain::{
    Account, App, Attributes, Extensions, Group, Head, JoinRequest, Lists, Marks, Member, Message,
    MessageKey, Profile, Request, Said, Sent, Topic, View, ViewError, Visits,
};
use hansard_events::message::{ContentDigest, decode_elements};
use hansard_events::partition_of;
use hansard_events::relation::FriendDetails;
use hansard_groups::Reader as Groups;
use hansard_store::Read;
use hansard_types::{AppId, ConversationId, GroupId, LogId, Seq, Timestamp, TopicId, UserId};
use parking_lot::Mutex;

use crate::frequency::Frequency;

/// The deciders' view of one partition: the projections' readers side by side.
pub struct StateView<'a> {
    log: LogId,
    state: &'a dyn Read,
    recents: &'a Mutex<Recents>,
    frequency: &'a Mutex<Frequency>,
    directory: Directory<'a>,
    /// What this partition itself knows of the directory's.
    own: Directory<'a>,
    /// The list of apps is the control log's.
    control: Directory<'a>,
    /// Other partitions, from 0 on.
    others: &'a [&'a dyn Read],
    /// The sequence that the next event gets.
    next: Seq,
    conversations: Conversations<'a>,
}

impl<'a> StateView<'a> {
    /// `recents` and `frequency` are the partition's, and of no other state than this one. `others`
    /// is where other partitions are read, from 0 on: those that this one reads. `next` is the
    /// sequence that the next event gets.
    #[must_use]
    pub fn new(
        state: &'a dyn Read,
        others: &'a [&'a dyn Read],
        log: LogId,
        (recents, frequency): (&'a Mutex<Recents>, &'a Mutex<Frequency>),
        next: Seq,
    ) -> Self {
        let directory = others.first().copied().unwrap_or(state);
        Self {
            log,
            state,
            recents,
            frequency,
            directory: Directory::new(directory, LogId::directory(log.app)),
            own: Directory::new(state, log),
            control: Directory::new(state, LogId::CONTROL),
            others,
            next,
            conversations: Conversations::new(state, log),
        }
    }
}

impl StateView<'_> {
    /// Where a group lives: of a live room, in another partition than this one.
    fn groups(&self, group: &GroupId) -> Groups<'_> {
        if !self.log.is_live() {
            return Groups::new(self.state, self.log);
        }
        let partitions = u16::try_from(self.others.len()).expect("a bounded number");
        let home = partition_of(&ConversationId::Group(group.clone()), partitions);
        let log = LogId::new(self.log.app, home);
        Groups::new(self.others[usize::from(home)], log)
    }

    /// Who is in live rooms.
    fn visits(&self) -> Groups<'_> {
        Groups::new(self.state, self.log)
    }
}

fn broken(error: hansard_store::Error) -> ViewError {
    ViewError(Box::new(error))
}

impl View for StateView<'_> {
    fn account(&self, user: &UserId) -> Result<Option<Account>, ViewError> {
        let row = self.directory.account(user).map_err(broken)?;
        Ok(row.map(|row| Account { mutes: row.mutes }))
    }

    fn profile(&self, user: &UserId) -> Result<Profile, ViewError> {
        self.directory.profile(user).map_err(broken)
    }

    fn signatures_revoked_up_to(&self, user: &UserId) -> Result<Option<u64>, ViewError> {
        self.directory
            .signatures_revoked_up_to(user)
            .map_err(broken)
    }

    fn deleted_accounts(&self, accounts_max: usize) -> Result<Vec<(u64, UserId)>, ViewError> {
        // In a live partition nothing is kept of an account.
        if self.log == LogId::directory(self.log.app) || self.log.is_live() {
            return Ok(Vec::new());
        }
        let after = self.own.forgotten_up_to().map_err(broken)?;
        let deleted = self.directory.deleted_after(after, accounts_max);
        deleted.map_err(broken)
    }

    fn app(&self, app: AppId) -> Result<Option<App>, ViewError> {
        let row = self.control.app(app).map_err(broken)?;
        Ok(row.map(|row| App {
            administrators: row.administrators,
            secret_fingerprint: row.secret_fingerprint,
            profile_fields: row.profile_fields,
            friend_fields: row.friend_fields,
            group_fields: row.group_fields,
            member_fields: row.member_fields,
            group_notices: row.group_notices,
            group_limits: row.group_limits,
            message_limits: row.message_limits,
        }))
    }

    fn own_app(&self) -> Result<Option<App>, ViewError> {
        self.app(self.log.app)
    }

    fn lists(&self, user: &UserId) -> Result<Lists, ViewError> {
        let row = self.directory.lists(user).map_err(broken)?;
        Ok(Lists {
            friends: row.friends,
            friend_of: row.friend_of,
            requests: row.requests,
            blocked: row.blocked,
            groups: row.groups,
        })
    }

    fn friend(&self, user: &UserId, other: &UserId) -> Result<Option<FriendDetails>, ViewError> {
        let row = self.directory.friend(user, other).map_err(broken)?;
        Ok(row.map(|row| row.details))
    }

    fn request(&self, to: &UserId, from: &UserId) -> Result<Option<Request>, ViewError> {
        let row = self.directory.request(to, from).map_err(broken)?;
        Ok(row.map(|row| Request {
            details: row.details,
            both: row.both,
        }))
    }

    fn blocks(&self, user: &UserId, other: &UserId) -> Result<bool, ViewError> {
        self.directory.blocks(user, other).map_err(broken)
    }

    fn group(&self, group: &GroupId) -> Result<Option<Group>, ViewError> {
        let row = self.groups(group).group(group).map_err(broken)?;
        Ok(row.map(|row| Group {
            made: row.roster,
            group_type: row.group_type,
            owner: row.owner,
            profile: row.profile,
            member_count: row.member_count,
            created_at: row.created_at,
            dissolved: row.dissolved,
            mutes_until: row.mutes_until,
            bans_until: row.bans_until,
            join_requests: row.requests,
            topics: row.topics,
        }))
    }

    fn member(&self, group: &GroupId, user: &UserId) -> Result<Option<Member>, ViewError> {
        let row = self.groups(group).member(group, user).map_err(broken)?;
        Ok(row.map(|row| Member {
            profile: row.profile,
            joined_at: row.joined_at,
        }))
    }

    fn join_request(
        &self,
        group: &GroupId,
        user: &UserId,
    ) -> Result<Option<JoinRequest>, ViewError> {
        let row = self.groups(group).request(group, user).map_err(broken)?;
        Ok(row.map(|row| JoinRequest {
            reason: row.reason,
            invited_by: row.invited_by,
        }))
    }

    fn group_mute(&self, group: &GroupId, user: &UserId) -> Result<Timestamp, ViewError> {
        self.groups(group).mute(group, user).map_err(broken)
    }

    fn topic(&self, group: &GroupId, topic: &TopicId) -> Result<Option<Topic>, ViewError> {
        let row = self.groups(group).topic(group, topic).map_err(broken)?;
        Ok(row.map(|row| Topic {
            made: row.made,
            profile: row.profile,
            created_at: row.created_at,
        }))
    }

    fn topic_mute(
        &self,
        group: &GroupId,
        made: u64,
        user: &UserId,
    ) -> Result<Timestamp, ViewError> {
        let until = self.groups(group).topic_mute(group, made, user);
        until.map_err(broken)
    }

    fn group_ban(&self, group: &GroupId, user: &UserId) -> Result<Timestamp, ViewError> {
        self.groups(group).ban(group, user).map_err(broken)
    }

    fn is_visitor(
        &self,
        (group, room): (&GroupId, u64),
        user: &UserId,
        at: Timestamp,
    ) -> Result<bool, ViewError> {
        let visit = self.visits().visit(group, user, at).map_err(broken)?;
        Ok(visit.is_some_and(|visit| visit.room == room))
    }

    fn visits_over(&self, at: Timestamp, visits_max: usize) -> Result<Visits, ViewError> {
        self.visits().visits_over(at, visits_max).map_err(broken)
    }

    fn next_sequence(&self) -> Seq {
        self.next
    }

    fn marks(&self, group: &GroupId) -> Result<Marks, ViewError> {
        self.groups(group).marks(group).map_err(broken)
    }

    fn attributes(&self, group: &GroupId) -> Result<Attributes, ViewError> {
        let row = self.groups(group).attributes(group).map_err(broken)?;
        Ok(Attributes {
            values: row.values,
            second: row.second,
            changes: row.changes,
        })
    }

    fn counters(&self, group: &GroupId) -> Result<BTreeMap<String, i64>, ViewError> {
        self.groups(group).counters(group).map_err(broken)
    }

    fn admits(&self, group: &GroupId, priority: u8, per_second: u32, now: Timestamp) -> bool {
        let mut frequency = self.frequency.lock();
        frequency.admits(group, priority, per_second, now)
    }

    fn unread(&self, conversation: &ConversationId, reader: &UserId) -> Result<u64, ViewError> {
        self.conversations
            .unread(conversation, reader)
            .map_err(broken)
    }

    fn seq_before_unread(
        &self,
        conversation: &ConversationId,
        reader: &UserId,
        unread: u64,
    ) -> Result<Seq, ViewError> {
        self.conversations
            .seq_before_unread(conversation, reader, unread)
            .map_err(broken)
    }

    fn said_by(
        &self,
        conversation: &ConversationId,
        sender: &UserId,
        latest: u64,
    ) -> Result<Vec<Seq>, ViewError> {
        self.conversations
            .said_by(conversation, sender, latest)
            .map_err(broken)
    }

    fn cleared_up_to(&self, conversation: &ConversationId) -> Result<Seq, ViewError> {
        let head = self.conversations.head(conversation).map_err(broken)?;
        Ok(head.clear_seq)
    }

    fn head(&self, conversation: &ConversationId) -> Result<Head, ViewError> {
        let (last_seq, last_sent_at) = self.conversations.last(conversation).map_err(broken)?;
        Ok(Head {
            last_seq,
            last_sent_at,
        })
    }

    fn message(
        &self,
        conversation: &ConversationId,
        seq: Seq,
    ) -> Result<Option<Message>, ViewError> {
        let row = self
            .conversations
            .message(conversation, seq)
            .map_err(broken)?;
        Ok(row.map(|row| Message {
            sender: row.sender,
            sent_at: row.sent_at,
            recalled: row.recall.is_some(),
            is_notice: row.is_notice,
            extensible: row.extensible,
        }))
    }

    fn content(&self, conversation: &ConversationId, seq: Seq) -> Result<Option<Said>, ViewError> {
        let row = self.conversations.message(conversation, seq);
        let row = row
            .map_err(broken)?
            .filter(|row| row.recall.is_none() && !row.is_notice);
        let Some(row) = row else {
            return Ok(None);
        };
        let elements = decode_elements(&row.elements);
        let elements = elements.map_err(|error| ViewError(Box::new(error)))?;
        Ok(Some((elements, row.cloud_custom_data)))
    }

    fn extensions(&self, conversation: &ConversationId, seq: Seq) -> Result<Extensions, ViewError> {
        let row = self.conversations.extensions(conversation, seq);
        let row = row.map_err(broken)?;
        Ok(Extensions {
            latest: row.latest,
            entries: row.entries,
            minute: row.minute,
            changes: row.changes,
        })
    }

    fn has_confirmed(
        &self,
        conversation: &ConversationId,
        seq: Seq,
        reader: &UserId,
    ) -> Result<Option<bool>, ViewError> {
        let wanted = self.conversations.receipt(conversation, seq);
        if wanted.map_err(broken)?.is_none() {
            return Ok(None);
        }
        let confirmed = self.conversations.has_confirmed(conversation, seq, reader);
        confirmed.map(Some).map_err(broken)
    }

    fn message_by_key(
        &self,
        conversation: &ConversationId,
        key: MessageKey,
    ) -> Result<Option<Sent>, ViewError> {
        let MessageKey {
            client_seq,
            random,
            time_seconds,
        } = key;
        let found = self
            .conversations
            .seq_by_key(conversation, client_seq, random, time_seconds);
        let Some(seq) = found.map_err(broken)? else {
            return Ok(None);
        };
        let message = self
            .conversations
            .message(conversation, seq)
            .map_err(broken)?;
        Ok(message.map(|message| Sent {
            seq,
            sent_at: message.sent_at,
        }))
    }

    fn recent_message(
        &self,
        conversation: &ConversationId,
        sender: &UserId,
        random: u32,
        content: ContentDigest,
        now: Timestamp,
    ) -> Result<Option<Sent>, ViewError> {
        let wanted = (conversation, sender, random, content);
        let found = self.recents.lock().find(self.state, self.log, wanted, now);
        let found = found.map_err(broken)?;
        Ok(found.map(|(seq, sent_at)| Sent { seq, sent_at }))
    }

    fn imported(
        &self,
        conversation: &ConversationId,
        import_key: &str,
    ) -> Result<Option<Seq>, ViewError> {
        self.conversations
            .imported(conversation, import_key)
            .map_err(broken)
    }

    fn read_position(
        &self,
        conversation: &ConversationId,
        reader: &UserId,
    ) -> Result<Seq, ViewError> {
        Ok(self
            .conversations
            .reader(conversation, reader)
            .map_err(broken)?
            .read_seq)
    }

    fn last_seq_at(
        &self,
        conversation: &ConversationId,
        time: Timestamp,
    ) -> Result<Seq, ViewError> {
        self.conversations
            .last_seq_at(conversation, time)
            .map_err(broken)
    }
}
