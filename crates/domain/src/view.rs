use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use hansard_events::account::{Mutes, ProfileValue};
use hansard_events::app::{CustomField, GroupField, GroupLimits, MessageLimits};
use hansard_events::group::{GroupProfile, GroupType, MemberProfile, NoticeSetting, TopicProfile};
use hansard_events::message::{ContentDigest, Element};
use hansard_events::relation::FriendDetails;
use hansard_types::{AppId, ConversationId, GroupId, Seq, Timestamp, TopicId, UserId};

/// The state could not be read. Nothing was decided.
#[derive(Debug, thiserror::Error)]
#[error("the state could not be read")]
pub struct ViewError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// An account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    pub mutes: Mutes,
}

/// The fields of a profile that are set, by tag.
pub type Profile = BTreeMap<String, ProfileValue>;

/// An app and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub administrators: Vec<UserId>,
    pub secret_fingerprint: String,
    pub profile_fields: Vec<CustomField>,
    pub friend_fields: Vec<CustomField>,
    pub group_fields: Vec<GroupField>,
    pub member_fields: Vec<GroupField>,
    /// What members of groups are told of otherwise than the types have it.
    pub group_notices: Vec<NoticeSetting>,
    /// What groups are held to besides the limits of their types.
    pub group_limits: GroupLimits,
    /// What its accounts may do with messages.
    pub message_limits: MessageLimits,
}

/// A group. A dissolved one stays until a group is made that has its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which of the groups that had the id: the log's sequence of its making.
    pub made: u64,
    pub group_type: GroupType,
    pub owner: Option<UserId>,
    pub profile: GroupProfile,
    pub member_count: u32,
    pub created_at: Timestamp,
    pub dissolved: bool,
    /// No mute of anyone in the group or one of its topics ends after this.
    pub mutes_until: Timestamp,
    /// No ban of anyone from the group ends after this.
    pub bans_until: Timestamp,
    /// How many accounts wait to be let in.
    pub join_requests: u32,
    /// How many topics it has.
    pub topics: u32,
}

/// A topic of a community.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Which of the topics that had the id: the log's sequence of its making.
    pub made: u64,
    pub profile: TopicProfile,
    pub created_at: Timestamp,
}

/// What a message says, and its custom data.
pub type Said = (Vec<Element>, Option<String>);

/// Accounts by the mark that they have in a live room.
pub type Marks = BTreeMap<u32, BTreeSet<UserId>>;

/// Accounts by the live room that they are in.
pub type Visits = BTreeMap<GroupId, Vec<UserId>>;

/// A group's attributes, and how often they have changed lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    pub values: BTreeMap<String, String>,
    /// The Unix second of the last change.
    pub second: u64,
    /// How many changes it has seen.
    pub changes: u32,
}

/// Someone who waits to be let into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequest {
    pub reason: String,
    /// The member that invited; `None`: it asks itself.
    pub invited_by: Option<UserId>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub profile: MemberProfile,
    pub joined_at: Timestamp,
}

/// The end of a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// 0 before the first message.
    pub last_seq: Seq,
    pub last_sent_at: Timestamp,
}

/// What deciders need to know of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub sender: UserId,
    pub sent_at: Timestamp,
    pub recalled: bool,
    /// The server's own, of what happened in the group: nobody said it.
    pub is_notice: bool,
    /// Clients may keep keys and values with it.
    pub extensible: bool,
}

/// What clients keep with a message, and how often it has changed lately.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// The number of the last change.
    pub latest: u64,
    /// By key: the value, empty once deleted, and the number of its last change.
    pub entries: BTreeMap<String, (String, u64)>,
    /// The Unix minute of the last change.
    pub minute: u64,
    /// How many changes it has seen.
    pub changes: u32,
}

/// A message that is already there: what a retry is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub seq: Seq,
    pub sent_at: Timestamp,
}

/// What names a one-to-one message in the server API: `<MsgSeq>_<MsgRandom>_<MsgTimeStamp>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    pub client_seq: u32,
    pub random: u32,
    /// Whole seconds.
    pub time_seconds: u64,
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}_{}_{}",
            self.client_seq, self.random, self.time_seconds
        )
    }
}

/// The text is not `<MsgSeq>_<MsgRandom>_<MsgTimeStamp>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a MsgKey is written <MsgSeq>_<MsgRandom>_<MsgTimeStamp>")]
pub struct MessageKeyError;

impl FromStr for MessageKey {
    type Err = MessageKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn number<T: FromStr>(part: Option<&str>) -> Result<T, MessageKeyError> {
            let digits = part.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            digits
                .and_then(|text| text.parse().ok())
                .ok_or(MessageKeyError)
        }
        let mut parts = text.split('_');
        let key = Self {
            client_seq: number(parts.next())?,
            random: number(parts.next())?,
            time_seconds: number(parts.next())?,
        };
        if parts.next().is_some() {
            Err(MessageKeyError)
        } else {
            Ok(key)
        }
    }
}

/// How much there is on an account's lists, and its friend groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists {
    pub friends: u32,
    /// Accounts that have this one on their friend list.
    pub friend_of: u32,
    /// Requests that wait for this account.
    pub requests: u32,
    pub blocked: u32,
    pub groups: Vec<String>,
}

/// A request that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub details: FriendDetails,
    pub both: bool,
}

/// The state of one app as a decider sees it: everything committed, and what the round has
/// decided so far.
pub trait View {
    /// # Errors
    /// Every method: [`ViewError`] when the state cannot be read.
    fn account(&self, user: &UserId) -> Result<Option<Account>, ViewError>;
    /// The fields of an account's profile; empty when there is no such account.
    fn profile(&self, user: &UserId) -> Result<Profile, ViewError>;
    /// The last second whose signatures of the account no longer hold; `None`: all hold.
    fn signatures_revoked_up_to(&self, user: &UserId) -> Result<Option<u64>, ViewError>;
    /// Any app: on the control log.
    fn app(&self, app: AppId) -> Result<Option<App>, ViewError>;
    /// The app whose log this is.
    fn own_app(&self) -> Result<Option<App>, ViewError>;
    /// A custom field of profiles that the app has declared, by its name without the prefix.
    fn profile_field(&self, name: &str) -> Result<Option<CustomField>, ViewError> {
        let fields = self.own_app()?.map(|app| app.profile_fields);
        Ok(field_called(name, fields))
    }
    /// A custom field of friends that the app has declared, by its name without the prefix.
    fn friend_field(&self, name: &str) -> Result<Option<CustomField>, ViewError> {
        let fields = self.own_app()?.map(|app| app.friend_fields);
        Ok(field_called(name, fields))
    }
    /// At most `accounts_max` accounts that were deleted since this partition learned of the last
    /// one, in order, each with its deletion's sequence. None in the directory's own partition.
    fn deleted_accounts(&self, accounts_max: usize) -> Result<Vec<(u64, UserId)>, ViewError>;
    fn lists(&self, user: &UserId) -> Result<Lists, ViewError>;
    /// What an account keeps about a friend; `None` when the other is not on its list.
    fn friend(&self, user: &UserId, other: &UserId) -> Result<Option<FriendDetails>, ViewError>;
    /// The request that waits for `to`.
    fn request(&self, to: &UserId, from: &UserId) -> Result<Option<Request>, ViewError>;
    fn blocks(&self, user: &UserId, other: &UserId) -> Result<bool, ViewError>;
    fn group(&self, group: &GroupId) -> Result<Option<Group>, ViewError>;
    fn member(&self, group: &GroupId, user: &UserId) -> Result<Option<Member>, ViewError>;
    /// What an account that waits to be let into a group asked; `None` when it does not wait.
    fn join_request(
        &self,
        group: &GroupId,
        user: &UserId,
    ) -> Result<Option<JoinRequest>, ViewError>;
    /// Until when an account may not speak in a group, member or not; a time that is over, or 0:
    /// it may.
    fn group_mute(&self, group: &GroupId, user: &UserId) -> Result<Timestamp, ViewError>;
    fn topic(&self, group: &GroupId, topic: &TopicId) -> Result<Option<Topic>, ViewError>;
    /// As [`View::group_mute`], of one topic alone: `made` says which of a group's.
    fn topic_mute(&self, group: &GroupId, made: u64, user: &UserId)
    -> Result<Timestamp, ViewError>;
    /// Until when an account is kept out of a group; a time that is over, or 0: it may come in.
    fn group_ban(&self, group: &GroupId, user: &UserId) -> Result<Timestamp, ViewError>;
    /// Whether an account is in a live room at a time; `room` says in which of those that had the
    /// id. Of live partitions, as [`View::visits_over`].
    fn is_visitor(
        &self,
        room: (&GroupId, u64),
        user: &UserId,
        at: Timestamp,
    ) -> Result<bool, ViewError>;
    /// Visits of live rooms whose time is over, by room, at most `visits_max`.
    fn visits_over(&self, at: Timestamp, visits_max: usize) -> Result<Visits, ViewError>;
    /// The log's sequence that the next event gets: of live partitions a message's seq.
    fn next_sequence(&self) -> Seq;
    /// The marks of a live room, each with the accounts that have it.
    fn marks(&self, group: &GroupId) -> Result<Marks, ViewError>;
    fn attributes(&self, group: &GroupId) -> Result<Attributes, ViewError>;
    fn counters(&self, group: &GroupId) -> Result<BTreeMap<String, i64>, ViewError>;
    /// Whether one more message of a priority, 1 high to 4 lowest, fits in a group's second; it is in
    /// it then. `per_second`: how many do.
    fn admits(&self, group: &GroupId, priority: u8, per_second: u32, now: Timestamp) -> bool;
    /// How many messages a reader has not read.
    fn unread(&self, conversation: &ConversationId, reader: &UserId) -> Result<u64, ViewError>;
    /// Up to where a reader must have read for that many to be unread, or as many as there are.
    fn seq_before_unread(
        &self,
        conversation: &ConversationId,
        reader: &UserId,
        unread: u64,
    ) -> Result<Seq, ViewError>;
    /// The messages of an account among so many of the latest, the newest first.
    fn said_by(
        &self,
        conversation: &ConversationId,
        sender: &UserId,
        latest: u64,
    ) -> Result<Vec<Seq>, ViewError>;
    /// Up to where a conversation was cleared.
    fn cleared_up_to(&self, conversation: &ConversationId) -> Result<Seq, ViewError>;
    fn head(&self, conversation: &ConversationId) -> Result<Head, ViewError>;
    fn message(
        &self,
        conversation: &ConversationId,
        seq: Seq,
    ) -> Result<Option<Message>, ViewError>;
    /// What a message says, and its custom data; `None`: there is none, or it was recalled.
    fn content(&self, conversation: &ConversationId, seq: Seq) -> Result<Option<Said>, ViewError>;
    /// What clients keep with a message.
    fn extensions(&self, conversation: &ConversationId, seq: Seq) -> Result<Extensions, ViewError>;
    /// Whether a reader has confirmed a message; `None`: it wants no receipts.
    fn has_confirmed(
        &self,
        conversation: &ConversationId,
        seq: Seq,
        reader: &UserId,
    ) -> Result<Option<bool>, ViewError>;
    /// One-to-one: the message that has this key, whoever of the two sent it.
    fn message_by_key(
        &self,
        conversation: &ConversationId,
        key: MessageKey,
    ) -> Result<Option<Sent>, ViewError>;
    /// Groups: the sender's last message with this random number and content, if it was sent
    /// within the window of deduplication before `now`; also one of a dissolved group.
    fn recent_message(
        &self,
        conversation: &ConversationId,
        sender: &UserId,
        random: u32,
        content: ContentDigest,
        now: Timestamp,
    ) -> Result<Option<Sent>, ViewError>;
    /// Whether something with this import key is in the conversation already; the seq is 0 for
    /// what is no message.
    fn imported(
        &self,
        conversation: &ConversationId,
        import_key: &str,
    ) -> Result<Option<Seq>, ViewError>;
    fn read_position(
        &self,
        conversation: &ConversationId,
        reader: &UserId,
    ) -> Result<Seq, ViewError>;
    /// One-to-one: the highest seq among the messages whose time is not after `time`; 0 if none.
    fn last_seq_at(&self, conversation: &ConversationId, time: Timestamp)
    -> Result<Seq, ViewError>;
}

fn field_called(name: &str, fields: Option<Vec<CustomField>>) -> Option<CustomField> {
    fields?.into_iter().find(|field| field.name == name)
}
