//! A state made of maps, for tests: given, when, then.

use std::collections::{BTreeMap, BTreeSet};

use hansard_events::account::ProfileValue;
use hansard_events::app::{CustomField, GroupField, GroupLimits, MessageLimits};
use hansard_events::group::{
    GroupProfile, GroupType, JoinOption, MemberProfile, Role, TopicProfile,
};
use hansard_events::message::ContentDigest;
use hansard_events::relation::FriendDetails;
use hansard_types::{
    Actor, AppId, ConversationId, GroupId, Reason, Seq, Timestamp, TopicId, UserId,
};

use crate::message::Content;
use crate::{
    Account, App, Attributes, Command, Context, Decision, Extensions, Group, Head, JoinRequest,
    Lists, Marks, Member, Message, MessageKey, Profile, Rejection, Request, Said, Sent, Topic,
    View, ViewError, Visits, decide,
};

pub(crate) const NOW: Timestamp = Timestamp(1_794_000_000_500);

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid id")
}

pub(crate) fn group(id: &str) -> GroupId {
    GroupId::new(id).expect("a valid id")
}

pub(crate) fn topic_id(id: &str) -> TopicId {
    TopicId::new(id).expect("a valid id")
}

#[derive(Default)]
pub(crate) struct Given {
    accounts: BTreeMap<UserId, Account>,
    profiles: BTreeMap<UserId, Profile>,
    revoked: BTreeMap<UserId, u64>,
    app: Option<App>,
    groups: BTreeMap<GroupId, Group>,
    members: BTreeMap<(GroupId, UserId), Member>,
    group_bans: BTreeMap<(GroupId, UserId), Timestamp>,
    group_mutes: BTreeMap<(GroupId, UserId), Timestamp>,
    topics: BTreeMap<(GroupId, TopicId), Topic>,
    topic_mutes: BTreeMap<(GroupId, u64, UserId), Timestamp>,
    join_requests: BTreeMap<(GroupId, UserId), JoinRequest>,
    messages: BTreeMap<(ConversationId, Seq), Message>,
    keys: BTreeMap<(ConversationId, MessageKey), Seq>,
    recent: BTreeMap<(ConversationId, UserId, u32, ContentDigest), Seq>,
    imported: BTreeMap<(ConversationId, String), Seq>,
    read: BTreeMap<(ConversationId, UserId), Seq>,
    lists: BTreeMap<UserId, Lists>,
    friends: BTreeMap<(UserId, UserId), FriendDetails>,
    requests: BTreeMap<(UserId, UserId), Request>,
    blocks: BTreeSet<(UserId, UserId)>,
    deleted: Vec<(u64, UserId)>,
    /// Messages that want receipts, and who has confirmed them.
    receipts: BTreeMap<(ConversationId, Seq), BTreeSet<UserId>>,
    /// The second of every group is full.
    is_full: bool,
    /// Who is in live rooms, and until when.
    visits: BTreeMap<(GroupId, UserId), Timestamp>,
}

impl Given {
    pub(crate) fn accounts(mut self, ids: &[&str]) -> Self {
        for id in ids {
            self.accounts.insert(user(id), Account::default());
        }
        self
    }

    /// Deleted in the directory's partition, the first at 1, the next at 2 …
    pub(crate) fn deleted(mut self, ids: &[&str]) -> Self {
        self.deleted = (1..).zip(ids.iter().map(|id| user(id))).collect();
        self
    }

    pub(crate) fn change_account(mut self, id: &str, change: impl FnOnce(&mut Account)) -> Self {
        change(self.accounts.get_mut(&user(id)).expect("a given account"));
        self
    }

    pub(crate) fn profile(mut self, id: &str, tag: &str, value: ProfileValue) -> Self {
        let profile = self.profiles.entry(user(id)).or_default();
        profile.insert(tag.to_owned(), value);
        self
    }

    pub(crate) fn revoked(mut self, id: &str, issued_up_to_seconds: u64) -> Self {
        self.revoked.insert(user(id), issued_up_to_seconds);
        self
    }

    /// The app whose log this is.
    pub(crate) fn own_app(
        mut self,
        administrators: &[&str],
        profile_fields: Vec<CustomField>,
    ) -> Self {
        self.app = Some(App {
            administrators: administrators.iter().map(|id| user(id)).collect(),
            secret_fingerprint: String::new(),
            profile_fields,
            friend_fields: Vec::new(),
            group_fields: Vec::new(),
            member_fields: Vec::new(),
            group_notices: Vec::new(),
            group_limits: GroupLimits::default(),
            message_limits: MessageLimits::default(),
        });
        self
    }

    /// After `own_app`: the custom fields of its groups and of their members.
    pub(crate) fn group_fields(
        mut self,
        group_fields: Vec<GroupField>,
        member_fields: Vec<GroupField>,
    ) -> Self {
        let app = self.app.as_mut().expect("a given app");
        app.group_fields = group_fields;
        app.member_fields = member_fields;
        self
    }

    /// A message of a group that wants receipts, and who has confirmed it.
    pub(crate) fn receipts(mut self, id: &str, seq: u64, confirmed: &[&str]) -> Self {
        let conversation = ConversationId::Group(group(id));
        let confirmed = confirmed.iter().map(|id| user(id)).collect();
        self.receipts.insert((conversation, Seq(seq)), confirmed);
        self
    }

    pub(crate) fn full(mut self) -> Self {
        self.is_full = true;
        self
    }

    /// After `own_app`.
    pub(crate) fn group_limits(mut self, limits: GroupLimits) -> Self {
        self.app.as_mut().expect("a given app").group_limits = limits;
        self
    }

    /// An account that is in a live room.
    pub(crate) fn visit(mut self, id: &str, who: &str, until: Timestamp) -> Self {
        self.visits.insert((group(id), user(who)), until);
        self
    }

    pub(crate) fn muted(mut self, id: &str, who: &str, until: Timestamp) -> Self {
        self.group_mutes.insert((group(id), user(who)), until);
        self.change_group(id, |group| group.mutes_until = group.mutes_until.max(until))
    }

    /// A topic of a group, which supports topics then.
    pub(crate) fn topic(mut self, id: &str, topic: &str) -> Self {
        let made = 100 + self.topics.len() as u64;
        let row = Topic {
            made,
            profile: TopicProfile {
                name: topic.to_owned(),
                ..TopicProfile::default()
            },
            created_at: Timestamp(2),
        };
        self.topics.insert((group(id), topic_id(topic)), row);
        self.change_group(id, |group| {
            group.topics += 1;
            group.profile.supports_topics = true;
        })
    }

    pub(crate) fn change_topic(
        mut self,
        id: &str,
        topic: &str,
        change: impl FnOnce(&mut TopicProfile),
    ) -> Self {
        let topic = self.topics.get_mut(&(group(id), topic_id(topic)));
        change(&mut topic.expect("a given topic").profile);
        self
    }

    pub(crate) fn muted_in_topic(
        mut self,
        id: &str,
        topic: &str,
        who: &str,
        until: Timestamp,
    ) -> Self {
        let made = self.topics[&(group(id), topic_id(topic))].made;
        self.topic_mutes.insert((group(id), made, user(who)), until);
        self.change_group(id, |group| group.mutes_until = group.mutes_until.max(until))
    }

    pub(crate) fn banned(mut self, id: &str, who: &str, until: Timestamp) -> Self {
        self.group_bans.insert((group(id), user(who)), until);
        self.change_group(id, |group| group.bans_until = group.bans_until.max(until))
    }

    pub(crate) fn waits(mut self, id: &str, who: &str, invited_by: Option<&str>) -> Self {
        let request = JoinRequest {
            reason: "please".to_owned(),
            invited_by: invited_by.map(user),
        };
        self.join_requests.insert((group(id), user(who)), request);
        self.change_group(id, |group| group.join_requests += 1)
    }

    pub(crate) fn group(
        mut self,
        id: &str,
        group_type: GroupType,
        members: &[(&str, Role)],
    ) -> Self {
        let owner = members.iter().find(|(_, role)| *role == Role::Owner);
        let mut profile = GroupProfile::blank(5, JoinOption::NeedPermission, JoinOption::Disabled);
        profile.name = id.to_owned();
        let row = Group {
            group_type,
            owner: owner.map(|(id, _)| user(id)),
            profile,
            member_count: u32::try_from(members.len()).expect("small"),
            created_at: Timestamp(1),
            dissolved: false,
            mutes_until: Timestamp(0),
            bans_until: Timestamp(0),
            join_requests: 0,
            topics: 0,
            made: 1,
        };
        self.groups.insert(group(id), row);
        for (member, role) in members {
            let row = Member {
                profile: MemberProfile::new(*role),
                joined_at: Timestamp(1),
            };
            self.members.insert((group(id), user(member)), row);
        }
        self
    }

    pub(crate) fn change_group(mut self, id: &str, change: impl FnOnce(&mut Group)) -> Self {
        change(self.groups.get_mut(&group(id)).expect("a given group"));
        self
    }

    /// A message that says "hello"; its random is its seq, its one-to-one key
    /// `<seq>_<seq>_<seconds>`.
    pub(crate) fn message(mut self, conversation: &str, seq: u64, sender: &str) -> Self {
        let conversation: ConversationId = conversation.parse().expect("a valid conversation");
        let (number, sent_at) = (
            u32::try_from(seq).expect("small"),
            Timestamp(1_790_000_000_000),
        );
        let message = Message {
            sender: user(sender),
            sent_at,
            recalled: false,
            is_notice: false,
            extensible: true,
        };
        let key = MessageKey {
            client_seq: number,
            random: number,
            time_seconds: sent_at.seconds(),
        };
        self.messages
            .insert((conversation.clone(), Seq(seq)), message);
        self.keys.insert((conversation.clone(), key), Seq(seq));
        let content = Content::text("hello").digest();
        self.recent
            .insert((conversation, user(sender), number, content), Seq(seq));
        self
    }

    /// As after the group was dissolved: what is recent is remembered.
    pub(crate) fn without_messages(mut self, conversation: &str) -> Self {
        let conversation: ConversationId = conversation.parse().expect("a valid conversation");
        self.messages.retain(|(of, _), _| *of != conversation);
        self
    }

    /// A message of now, in the place of one that is recent.
    pub(crate) fn said_again(mut self, conversation: &str, seq: u64, sender: &str) -> Self {
        let message = Message {
            sender: user(sender),
            sent_at: NOW,
            recalled: false,
            is_notice: false,
            extensible: true,
        };
        let conversation = conversation.parse().expect("a valid conversation");
        self.messages.insert((conversation, Seq(seq)), message);
        self
    }

    pub(crate) fn recalled(mut self, conversation: &str, seq: u64) -> Self {
        let conversation = conversation.parse().expect("a valid conversation");
        let message = self.messages.get_mut(&(conversation, Seq(seq)));
        message.expect("a given message").recalled = true;
        self
    }

    pub(crate) fn imported(mut self, conversation: &str, key: &str, seq: u64) -> Self {
        let conversation = conversation.parse().expect("a valid conversation");
        self.imported
            .insert((conversation, key.to_owned()), Seq(seq));
        self
    }

    pub(crate) fn read(mut self, conversation: &str, reader: &str, seq: u64) -> Self {
        let conversation = conversation.parse().expect("a valid conversation");
        self.read.insert((conversation, user(reader)), Seq(seq));
        self
    }

    pub(crate) fn lists(mut self, id: &str, change: impl FnOnce(&mut Lists)) -> Self {
        change(self.lists.entry(user(id)).or_default());
        self
    }

    pub(crate) fn friend(mut self, id: &str, other: &str, groups: &[&str]) -> Self {
        let details = FriendDetails {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..FriendDetails::default()
        };
        self.friends.insert((user(id), user(other)), details);
        self
    }

    pub(crate) fn request(mut self, to: &str, from: &str, request: Request) -> Self {
        self.requests.insert((user(to), user(from)), request);
        self
    }

    pub(crate) fn blocks(mut self, id: &str, other: &str) -> Self {
        self.blocks.insert((user(id), user(other)));
        self
    }

    /// Decides for the role that may give the command in anyone's name, which never fails here.
    pub(crate) fn when(&self, command: impl Into<Command>) -> Result<Decision, Reason> {
        self.when_by(&Actor::Administrator(user("administrator")), command)
    }

    /// As an account in its own name.
    pub(crate) fn when_own(
        &self,
        id: &str,
        command: impl Into<Command>,
    ) -> Result<Decision, Reason> {
        self.when_by(&Actor::Account(user(id)), command)
    }

    pub(crate) fn when_by(
        &self,
        actor: &Actor,
        command: impl Into<Command>,
    ) -> Result<Decision, Reason> {
        let context = Context { now: NOW, actor };
        let outcome = decide(&command.into(), self, &context).expect("maps do not fail");
        outcome.map_err(|Rejection { reason }| reason)
    }
}

impl View for Given {
    fn account(&self, user: &UserId) -> Result<Option<Account>, ViewError> {
        Ok(self.accounts.get(user).copied())
    }

    fn profile(&self, user: &UserId) -> Result<Profile, ViewError> {
        Ok(self.profiles.get(user).cloned().unwrap_or_default())
    }

    fn signatures_revoked_up_to(&self, user: &UserId) -> Result<Option<u64>, ViewError> {
        Ok(self.revoked.get(user).copied())
    }

    fn deleted_accounts(&self, accounts_max: usize) -> Result<Vec<(u64, UserId)>, ViewError> {
        Ok(self.deleted.iter().take(accounts_max).cloned().collect())
    }

    fn own_app(&self) -> Result<Option<App>, ViewError> {
        Ok(self.app.clone())
    }

    fn app(&self, _app: AppId) -> Result<Option<App>, ViewError> {
        Ok(self.app.clone())
    }

    fn lists(&self, user: &UserId) -> Result<Lists, ViewError> {
        Ok(self.lists.get(user).cloned().unwrap_or_default())
    }

    fn friend(&self, user: &UserId, other: &UserId) -> Result<Option<FriendDetails>, ViewError> {
        Ok(self.friends.get(&(user.clone(), other.clone())).cloned())
    }

    fn request(&self, to: &UserId, from: &UserId) -> Result<Option<Request>, ViewError> {
        Ok(self.requests.get(&(to.clone(), from.clone())).cloned())
    }

    fn blocks(&self, user: &UserId, other: &UserId) -> Result<bool, ViewError> {
        Ok(self.blocks.contains(&(user.clone(), other.clone())))
    }

    fn group(&self, group: &GroupId) -> Result<Option<Group>, ViewError> {
        Ok(self.groups.get(group).cloned())
    }

    fn member(&self, group: &GroupId, user: &UserId) -> Result<Option<Member>, ViewError> {
        Ok(self.members.get(&(group.clone(), user.clone())).cloned())
    }

    fn join_request(
        &self,
        group: &GroupId,
        user: &UserId,
    ) -> Result<Option<JoinRequest>, ViewError> {
        let key = (group.clone(), user.clone());
        Ok(self.join_requests.get(&key).cloned())
    }

    fn group_mute(&self, group: &GroupId, user: &UserId) -> Result<Timestamp, ViewError> {
        let until = self.group_mutes.get(&(group.clone(), user.clone()));
        Ok(until.copied().unwrap_or_default())
    }

    fn topic(&self, group: &GroupId, topic: &TopicId) -> Result<Option<Topic>, ViewError> {
        Ok(self.topics.get(&(group.clone(), topic.clone())).cloned())
    }

    fn topic_mute(
        &self,
        group: &GroupId,
        made: u64,
        user: &UserId,
    ) -> Result<Timestamp, ViewError> {
        let until = self.topic_mutes.get(&(group.clone(), made, user.clone()));
        Ok(until.copied().unwrap_or_default())
    }

    fn group_ban(&self, group: &GroupId, user: &UserId) -> Result<Timestamp, ViewError> {
        let until = self.group_bans.get(&(group.clone(), user.clone()));
        Ok(until.copied().unwrap_or_default())
    }

    fn is_visitor(
        &self,
        (group, _): (&GroupId, u64),
        user: &UserId,
        at: Timestamp,
    ) -> Result<bool, ViewError> {
        let until = self.visits.get(&(group.clone(), user.clone()));
        Ok(until.is_some_and(|until| *until > at))
    }

    fn visits_over(&self, at: Timestamp, visits_max: usize) -> Result<Visits, ViewError> {
        let over = self.visits.iter().filter(|(_, until)| **until <= at);
        let mut visits = Visits::new();
        for ((group, user), _) in over.take(visits_max) {
            visits.entry(group.clone()).or_default().push(user.clone());
        }
        Ok(visits)
    }

    fn next_sequence(&self) -> Seq {
        Seq(7)
    }

    fn marks(&self, _group: &GroupId) -> Result<Marks, ViewError> {
        Ok(Marks::new())
    }

    fn attributes(&self, _group: &GroupId) -> Result<Attributes, ViewError> {
        Ok(Attributes::default())
    }

    fn counters(&self, _group: &GroupId) -> Result<BTreeMap<String, i64>, ViewError> {
        Ok(BTreeMap::new())
    }

    fn admits(&self, _: &GroupId, _: u8, _: u32, _: Timestamp) -> bool {
        !self.is_full
    }

    /// All that others said after the read position.
    fn unread(&self, conversation: &ConversationId, reader: &UserId) -> Result<u64, ViewError> {
        let read = self.read_position(conversation, reader)?;
        let unread = self.messages.iter().filter(|((of, seq), message)| {
            of == conversation && *seq > read && message.sender != *reader
        });
        Ok(unread.count() as u64)
    }

    fn seq_before_unread(
        &self,
        conversation: &ConversationId,
        _reader: &UserId,
        unread: u64,
    ) -> Result<Seq, ViewError> {
        let last = self.head(conversation)?.last_seq;
        Ok(Seq(last.0.saturating_sub(unread)))
    }

    fn said_by(
        &self,
        conversation: &ConversationId,
        sender: &UserId,
        _latest: u64,
    ) -> Result<Vec<Seq>, ViewError> {
        let own = self.messages.iter().rev();
        let own = own.filter(|((of, _), message)| of == conversation && message.sender == *sender);
        Ok(own.map(|((_, seq), _)| *seq).collect())
    }

    fn cleared_up_to(&self, _conversation: &ConversationId) -> Result<Seq, ViewError> {
        Ok(Seq(0))
    }

    fn head(&self, conversation: &ConversationId) -> Result<Head, ViewError> {
        let mut seqs = self
            .messages
            .iter()
            .filter(|((id, _), _)| id == conversation);
        let last = seqs
            .next_back()
            .map(|((_, seq), message)| (*seq, message.sent_at));
        let (last_seq, last_sent_at) = last.unwrap_or_default();
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
        Ok(self.messages.get(&(conversation.clone(), seq)).cloned())
    }

    fn content(&self, conversation: &ConversationId, seq: Seq) -> Result<Option<Said>, ViewError> {
        let message = self.messages.get(&(conversation.clone(), seq));
        let there = message.filter(|message| !message.recalled);
        Ok(there.map(|_| (Content::text("hello").elements, None)))
    }

    fn extensions(&self, _: &ConversationId, _: Seq) -> Result<Extensions, ViewError> {
        Ok(Extensions::default())
    }

    fn has_confirmed(
        &self,
        conversation: &ConversationId,
        seq: Seq,
        reader: &UserId,
    ) -> Result<Option<bool>, ViewError> {
        let readers = self.receipts.get(&(conversation.clone(), seq));
        Ok(readers.map(|readers| readers.contains(reader)))
    }

    fn message_by_key(
        &self,
        conversation: &ConversationId,
        key: MessageKey,
    ) -> Result<Option<Sent>, ViewError> {
        let seq = self.keys.get(&(conversation.clone(), key));
        Ok(seq.map(|seq| Sent {
            seq: *seq,
            sent_at: Timestamp(1_790_000_000_000),
        }))
    }

    fn recent_message(
        &self,
        conversation: &ConversationId,
        sender: &UserId,
        random: u32,
        content: ContentDigest,
        _now: Timestamp,
    ) -> Result<Option<Sent>, ViewError> {
        let said = (conversation.clone(), sender.clone(), random, content);
        let seq = self.recent.get(&said);
        Ok(seq.map(|seq| Sent {
            seq: *seq,
            sent_at: Timestamp(1_790_000_000_000),
        }))
    }

    fn imported(
        &self,
        conversation: &ConversationId,
        import_key: &str,
    ) -> Result<Option<Seq>, ViewError> {
        Ok(self
            .imported
            .get(&(conversation.clone(), import_key.to_owned()))
            .copied())
    }

    fn read_position(
        &self,
        conversation: &ConversationId,
        reader: &UserId,
    ) -> Result<Seq, ViewError> {
        Ok(self
            .read
            .get(&(conversation.clone(), reader.clone()))
            .copied()
            .unwrap_or_default())
    }

    fn last_seq_at(
        &self,
        conversation: &ConversationId,
        time: Timestamp,
    ) -> Result<Seq, ViewError> {
        let earlier = self
            .messages
            .iter()
            .filter(|((id, _), message)| id == conversation && message.sent_at <= time);
        Ok(earlier.map(|((_, seq), _)| *seq).max().unwrap_or_default())
    }
}
