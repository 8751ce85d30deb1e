use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::account::{
    AccountDeleted, AccountImported, AccountMuted, AccountProfileChanged, AccountsForgotten,
    SignaturesRevoked,
};
use crate::app::{AppCreated, AppSettingsChanged};
use crate::codec::CodecError;
use crate::conversation::{ConversationCleared, ConversationRead, ReceiptsSent, UnreadSet};
use crate::group::{
    AttributesChanged, CountersChanged, GroupCreated, GroupDissolved, JoinRefused, JoinRequested,
    MemberChanged, MembersAdded, MembersBanned, MembersImported, MembersMarked, MembersMuted,
    MembersRemoved, MembersUnbanned, OwnerChanged, ProfileChanged, RoomAdminsChanged, TopicChanged,
    TopicCreated, TopicMembersMuted, TopicsDestroyed,
};
use crate::live::{LiveEntered, LiveLeft};
use crate::message::{ExtensionsChanged, MessageEdited, MessageRecalled, MessageSent};
use crate::relation::{
    Befriended, Blocked, FriendChanged, FriendGroupLeft, FriendGroupRenamed, FriendGroupsAdded,
    FriendGroupsDeleted, FriendRequested, FriendsCleared, RequestRefused, Unblocked, Unfriended,
};

/// What an event's body must offer.
pub trait Sample: Serialize + DeserializeOwned + JsonSchema {
    /// One example with every field set: it feeds the schemas, the golden vectors and the docs.
    fn sample() -> Self;
    /// What the subject's bucket is taken from: the conversation, group, account or app that the
    /// event is about. Events about the same thing keep their order within a bucket.
    fn bucket_key(&self) -> String;
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Descriptor {
    /// The stable wire name, `family.event`.
    pub name: &'static str,
    pub family: &'static str,
    /// The newest schema version, from 1.
    pub version: u16,
    /// The release that first wrote it.
    pub since: &'static str,
    /// What it says, in one sentence.
    pub summary: &'static str,
    pub schema: fn() -> schemars::Schema,
    pub sample: fn() -> Event,
}

macro_rules! catalogue {
    ($($(#[$family_doc:meta])* $family:ident($family_enum:ident) $family_name:literal {
        $($(#[doc = $summary:literal])+ $variant:ident($body:ty)
            $name:literal v $version:literal since $since:literal,)+
    })+) => {
        $(
            $(#[$family_doc])*
            #[derive(Debug, Clone, PartialEq)]
            pub enum $family_enum {
                $($(#[doc = $summary])+ $variant($body),)+
            }
        )+

        /// A fact: one of the families, which a projection takes or leaves as a whole.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $($(#[$family_doc])* $family($family_enum),)+
        }

        $($(
            impl From<$body> for Event {
                fn from(body: $body) -> Self {
                    Self::$family($family_enum::$variant(body))
                }
            }
        )+)+

        /// Every event this release writes.
        pub static CATALOGUE: &[Descriptor] = &[
            $($(Descriptor {
                name: concat!($family_name, ".", $name),
                family: $family_name,
                version: $version,
                since: $since,
                summary: concat!($($summary),+),
                schema: || schemars::schema_for!($body),
                sample: || Event::from(<$body>::sample()),
            },)+)+
        ];

        impl Event {
            /// Its wire name, `family.event`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $($(Self::$family($family_enum::$variant(_)) =>
                        concat!($family_name, ".", $name),)+)+
                }
            }

            /// The schema version that this release writes.
            #[must_use]
            pub fn version(&self) -> u16 {
                match self {
                    $($(Self::$family($family_enum::$variant(_)) => $version,)+)+
                }
            }

            /// What the subject's bucket is taken from.
            #[must_use]
            pub fn bucket_key(&self) -> String {
                match self {
                    $($(Self::$family($family_enum::$variant(body)) => body.bucket_key(),)+)+
                }
            }

            pub(crate) fn encode_body(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
                match self {
                    $($(Self::$family($family_enum::$variant(body)) =>
                        crate::codec::write_body(body, out),)+)+
                }
            }

            /// `None` for a name or version that this release does not know.
            pub(crate) fn decode_body(
                name: &str,
                version: u16,
                body: &[u8],
            ) -> Result<Option<Self>, CodecError> {
                match (name, version) {
                    $($((concat!($family_name, ".", $name), $version) =>
                        Ok(Some(Self::from(crate::codec::from_bytes::<$body>(body)?))),)+)+
                    _ => Ok(None),
                }
            }
        }
    };
}

catalogue! {
    /// Accounts of an app.
    Account(AccountEvent) "account" {
        /// An account was imported, or its nickname or picture set by importing it again.
        Imported(AccountImported) "imported" v 1 since "0.1.0",
        /// An account was deleted with its profile, relations and memberships.
        Deleted(AccountDeleted) "deleted" v 1 since "0.1.0",
        /// A partition has learned which accounts were deleted.
        Forgotten(AccountsForgotten) "forgotten" v 1 since "0.1.0",
        /// Every UserSig of an account that was issued up to then stopped working.
        SignaturesRevoked(SignaturesRevoked) "signatures_revoked" v 1 since "0.1.0",
        /// An account may not speak until then, or may again.
        Muted(AccountMuted) "muted" v 1 since "0.1.0",
        /// Fields of an account's profile changed; exactly those that the body names.
        ProfileChanged(AccountProfileChanged) "profile_changed" v 1 since "0.1.0",
    }
    /// Who knows whom: friends, requests, blocks, friend groups.
    Relation(RelationEvent) "relation" {
        /// An account asked another one to become friends, and has to wait for its answer.
        Requested(FriendRequested) "requested" v 1 since "0.1.0",
        /// A request was refused.
        RequestRefused(RequestRefused) "request_refused" v 1 since "0.1.0",
        /// Two accounts became friends, or one a friend of the other.
        Befriended(Befriended) "befriended" v 1 since "0.1.0",
        /// Two accounts are friends no more, or one is off the other's list.
        Unfriended(Unfriended) "unfriended" v 1 since "0.1.0",
        /// An account has no friends any more.
        FriendsCleared(FriendsCleared) "friends_cleared" v 1 since "0.1.0",
        /// What an account keeps about a friend changed; exactly the fields that the body names.
        FriendChanged(FriendChanged) "friend_changed" v 1 since "0.1.0",
        /// An account blocked another one, which ends friendship and requests of the two.
        Blocked(Blocked) "blocked" v 1 since "0.1.0",
        /// An account no longer blocks another one.
        Unblocked(Unblocked) "unblocked" v 1 since "0.1.0",
        /// Friend groups were made, or friends put into them.
        GroupsAdded(FriendGroupsAdded) "groups_added" v 1 since "0.1.0",
        /// Friend groups were deleted; their friends stay friends.
        GroupsDeleted(FriendGroupsDeleted) "groups_deleted" v 1 since "0.1.0",
        /// A friend group has another name.
        GroupRenamed(FriendGroupRenamed) "group_renamed" v 1 since "0.1.0",
        /// Friends were taken out of a friend group.
        GroupLeft(FriendGroupLeft) "group_left" v 1 since "0.1.0",
    }
    /// Messages of a conversation.
    Message(MessageEvent) "message" {
        /// A message was sent and took the next seq of its conversation.
        Sent(MessageSent) "sent" v 1 since "0.1.0",
        /// A message says something else from now on; it keeps its seq.
        Edited(MessageEdited) "edited" v 1 since "0.1.0",
        /// What clients keep with a message changed; exactly what the body names.
        ExtensionsChanged(ExtensionsChanged) "extensions_changed" v 1 since "0.1.0",
        /// Messages were recalled: they keep their seq and lose their content.
        Recalled(MessageRecalled) "recalled" v 1 since "0.1.0",
    }
    /// What readers did in a conversation.
    Conversation(ConversationEvent) "conversation" {
        /// A reader has read a conversation up to a seq.
        Read(ConversationRead) "read" v 1 since "0.1.0",
        /// How many messages of a conversation a reader has not read was set.
        UnreadSet(UnreadSet) "unread_set" v 1 since "0.1.0",
        /// A reader has confirmed messages that asked for it.
        ReceiptsSent(ReceiptsSent) "receipts_sent" v 1 since "0.1.0",
        /// What was said in a conversation up to a message is gone, for everyone.
        Cleared(ConversationCleared) "cleared" v 1 since "0.1.0",
    }
    /// Groups and their members.
    Group(GroupEvent) "group" {
        /// A group was created with its first members.
        Created(GroupCreated) "created" v 1 since "0.1.0",
        /// Accounts became members of a group.
        MembersAdded(MembersAdded) "members_added" v 1 since "0.1.0",
        /// Accounts stopped being members of a group.
        MembersRemoved(MembersRemoved) "members_removed" v 1 since "0.1.0",
        /// Fields of a group's profile changed; exactly those that the body names.
        ProfileChanged(ProfileChanged) "profile_changed" v 1 since "0.1.0",
        /// Accounts wait to be let into a group.
        JoinRequested(JoinRequested) "join_requested" v 1 since "0.1.0",
        /// An account was not let into a group.
        JoinRefused(JoinRefused) "join_refused" v 1 since "0.1.0",
        /// What a member is, and what is kept of it, changed; exactly what the body names.
        MemberChanged(MemberChanged) "member_changed" v 1 since "0.1.0",
        /// Accounts may not speak in a group for some time, or may again.
        MembersMuted(MembersMuted) "members_muted" v 1 since "0.1.0",
        /// Accounts were removed from a group, and do not come in again for some time.
        MembersBanned(MembersBanned) "members_banned" v 1 since "0.1.0",
        /// Accounts may come into a group again.
        MembersUnbanned(MembersUnbanned) "members_unbanned" v 1 since "0.1.0",
        /// Accounts became members of a group as they were elsewhere.
        MembersImported(MembersImported) "members_imported" v 1 since "0.1.0",
        /// Attributes of a group changed; exactly those that the body names.
        AttributesChanged(AttributesChanged) "attributes_changed" v 1 since "0.1.0",
        /// Counters of a group changed; exactly those that the body names.
        CountersChanged(CountersChanged) "counters_changed" v 1 since "0.1.0",
        /// A group has another owner.
        OwnerChanged(OwnerChanged) "owner_changed" v 1 since "0.1.0",
        /// Accounts became administrators of a live room, or are no longer.
        RoomAdminsChanged(RoomAdminsChanged) "room_admins_changed" v 1 since "0.1.0",
        /// Accounts have marks in a live room, or no longer.
        MembersMarked(MembersMarked) "members_marked" v 1 since "0.1.0",
        /// A community has a topic more.
        TopicCreated(TopicCreated) "topic_created" v 1 since "0.1.0",
        /// Fields of a topic changed; exactly those that the body names.
        TopicChanged(TopicChanged) "topic_changed" v 1 since "0.1.0",
        /// Topics are gone with what was said in them.
        TopicsDestroyed(TopicsDestroyed) "topics_destroyed" v 1 since "0.1.0",
        /// Accounts may not speak in a topic for some time, or may again.
        TopicMembersMuted(TopicMembersMuted) "topic_members_muted" v 1 since "0.1.0",
        /// A group was dissolved; its id is free for another group.
        Dissolved(GroupDissolved) "dissolved" v 1 since "0.1.0",
    }
    /// Comings and goings of live rooms.
    Live(LiveEvent) "live" {
        /// An account is in a live room, or stays in it for longer.
        Entered(LiveEntered) "entered" v 1 since "0.1.0",
        /// Accounts are no longer in a live room.
        Left(LiveLeft) "left" v 1 since "0.1.0",
    }
    /// The list of apps and their settings (the control log).
    App(AppEvent) "app" {
        /// An app was created.
        Created(AppCreated) "created" v 1 since "0.1.0",
        /// Settings of an app changed; exactly those that the body names.
        SettingsChanged(AppSettingsChanged) "settings_changed" v 1 since "0.1.0",
    }
}
