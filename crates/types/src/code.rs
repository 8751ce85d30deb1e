/// Why a command was refused: the domain's own stable numbers, in ranges by area. A surface maps
/// each to the code its contract knows (`v4/src/codes.rs`). A number is never reused; the
/// registry is `schemas/lock.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Reason {
    // 100..: accounts
    AccountUnknown = 100,
    SenderUnknown = 101,
    RecipientUnknown = 102,
    ProfileValueTooLong = 103,
    AdministratorStays = 104,
    ProfileTagUnknown = 105,
    ProfileTypeDiffers = 106,
    ProfileValueNotAllowed = 107,
    ProfileReadOnly = 108,
    // 200..: messages
    MessageUnknown = 200,
    MessageAlreadyRecalled = 201,
    MessageTooLarge = 202,
    MessageTimeInvalid = 203,
    SenderMuted = 204,
    SenderBlocked = 205,
    // 300..: groups
    GroupUnknown = 300,
    GroupIdTaken = 301,
    GroupIdTakenBySameOwner = 302,
    GroupFull = 303,
    GroupTypeForbids = 304,
    MemberUnknown = 305,
    GroupMuted = 306,
    OwnerStays = 307,
    // 400..: apps
    AppExists = 400,
    AppUnknown = 401,
    FieldNameInvalid = 402,
    FieldsFull = 403,
    FieldStays = 404,
    // 500..: relations
    RelationWithSelf = 500,
    RelationValueInvalid = 501,
    AlreadyFriends = 502,
    FriendUnknown = 503,
    FriendListFull = 504,
    TheirFriendListFull = 505,
    FriendRequestsFull = 506,
    FriendRequestUnknown = 507,
    FriendRequestsForbidden = 508,
    FriendRequestsRefused = 509,
    BlockedByYou = 510,
    BlockedByThem = 511,
    AlreadyBlocked = 512,
    NotBlocked = 513,
    BlockListFull = 514,
    FriendGroupsFull = 515,
    FriendGroupUnknown = 516,
    FriendGroupTaken = 517,
    // 600..: who acts
    NotPermitted = 600,
}

impl Reason {
    /// Every reason, for the registry and the mapping's test.
    pub const ALL: &'static [Self] = &[
        Self::AccountUnknown,
        Self::SenderUnknown,
        Self::RecipientUnknown,
        Self::ProfileValueTooLong,
        Self::AdministratorStays,
        Self::ProfileTagUnknown,
        Self::ProfileTypeDiffers,
        Self::ProfileValueNotAllowed,
        Self::ProfileReadOnly,
        Self::MessageUnknown,
        Self::MessageAlreadyRecalled,
        Self::MessageTooLarge,
        Self::MessageTimeInvalid,
        Self::SenderMuted,
        Self::SenderBlocked,
        Self::GroupUnknown,
        Self::GroupIdTaken,
        Self::GroupIdTakenBySameOwner,
        Self::GroupFull,
        Self::GroupTypeForbids,
        Self::MemberUnknown,
        Self::GroupMuted,
        Self::OwnerStays,
        Self::AppExists,
        Self::AppUnknown,
        Self::FieldNameInvalid,
        Self::FieldsFull,
        Self::FieldStays,
        Self::RelationWithSelf,
        Self::RelationValueInvalid,
        Self::AlreadyFriends,
        Self::FriendUnknown,
        Self::FriendListFull,
        Self::TheirFriendListFull,
        Self::FriendRequestsFull,
        Self::FriendRequestUnknown,
        Self::FriendRequestsForbidden,
        Self::FriendRequestsRefused,
        Self::BlockedByYou,
        Self::BlockedByThem,
        Self::AlreadyBlocked,
        Self::NotBlocked,
        Self::BlockListFull,
        Self::FriendGroupsFull,
        Self::FriendGroupUnknown,
        Self::FriendGroupTaken,
        Self::NotPermitted,
    ];

    /// The stable number.
    #[must_use]
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The stable name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountUnknown => "account_unknown",
            Self::SenderUnknown => "sender_unknown",
            Self::RecipientUnknown => "recipient_unknown",
            Self::ProfileValueTooLong => "profile_value_too_long",
            Self::AdministratorStays => "administrator_stays",
            Self::ProfileTagUnknown => "profile_tag_unknown",
            Self::ProfileTypeDiffers => "profile_type_differs",
            Self::ProfileValueNotAllowed => "profile_value_not_allowed",
            Self::ProfileReadOnly => "profile_read_only",
            Self::MessageUnknown => "message_unknown",
            Self::MessageAlreadyRecalled => "message_already_recalled",
            Self::MessageTooLarge => "message_too_large",
            Self::MessageTimeInvalid => "message_time_invalid",
            Self::SenderMuted => "sender_muted",
            Self::SenderBlocked => "sender_blocked",
            Self::GroupUnknown => "group_unknown",
            Self::GroupIdTaken => "group_id_taken",
            Self::GroupIdTakenBySameOwner => "group_id_taken_by_same_owner",
            Self::GroupFull => "group_full",
            Self::GroupTypeForbids => "group_type_forbids",
            Self::MemberUnknown => "member_unknown",
            Self::GroupMuted => "group_muted",
            Self::OwnerStays => "owner_stays",
            Self::AppExists => "app_exists",
            Self::AppUnknown => "app_unknown",
            Self::FieldNameInvalid => "field_name_invalid",
            Self::FieldsFull => "fields_full",
            Self::FieldStays => "field_stays",
            Self::RelationWithSelf => "relation_with_self",
            Self::RelationValueInvalid => "relation_value_invalid",
            Self::AlreadyFriends => "already_friends",
            Self::FriendUnknown => "friend_unknown",
            Self::FriendListFull => "friend_list_full",
            Self::TheirFriendListFull => "their_friend_list_full",
            Self::FriendRequestsFull => "friend_requests_full",
            Self::FriendRequestUnknown => "friend_request_unknown",
            Self::FriendRequestsForbidden => "friend_requests_forbidden",
            Self::FriendRequestsRefused => "friend_requests_refused",
            Self::BlockedByYou => "blocked_by_you",
            Self::BlockedByThem => "blocked_by_them",
            Self::AlreadyBlocked => "already_blocked",
            Self::NotBlocked => "not_blocked",
            Self::BlockListFull => "block_list_full",
            Self::FriendGroupsFull => "friend_groups_full",
            Self::FriendGroupUnknown => "friend_group_unknown",
            Self::FriendGroupTaken => "friend_group_taken",
            Self::NotPermitted => "not_permitted",
        }
    }

    /// What is wrong, in a sentence for whoever asked.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::AccountUnknown => "there is no such account; import it first",
            Self::SenderUnknown => "the sender is no account; import it first",
            Self::RecipientUnknown => "the other account does not exist; import it first",
            Self::ProfileValueTooLong => "a profile value is at most 500 bytes, a location 16",
            Self::AdministratorStays => {
                "an administrator of the app cannot be deleted; take it off the list first"
            }
            Self::ProfileTagUnknown => "there is no such tag, or the app has not declared it",
            Self::ProfileTypeDiffers => "the value is of another type than the tag's",
            Self::ProfileValueNotAllowed => "the tag does not take this value",
            Self::ProfileReadOnly => "the field may not be written by the caller",
            Self::MessageUnknown => "there is no such message",
            Self::MessageAlreadyRecalled => "the message has been recalled before",
            Self::MessageTooLarge => "a message is at most 12 KB",
            Self::MessageTimeInvalid => "the message's time lies too far ahead",
            Self::SenderMuted => "the sender is muted",
            Self::SenderBlocked => "the recipient has blocked the sender",
            Self::RelationWithSelf => "an account has no relation with itself",
            Self::RelationValueInvalid => {
                "a remark is at most 96 bytes, a wording 256, a friend group's name 1 to 30, a source \
                 AddSource_Type_ and 1 to 8 letters, and a custom field is one that the app declares"
            }
            Self::AlreadyFriends => "Err_SNS_FriendAdd_Friend_Exist",
            Self::FriendUnknown => "the other is not on the account's friend list",
            Self::FriendListFull => "the friend list is full (3000)",
            Self::TheirFriendListFull => "the other's friend list is full (3000)",
            Self::FriendRequestsFull => "too many requests wait for the other (100)",
            Self::FriendRequestUnknown => "there is no such request",
            Self::FriendRequestsForbidden => "the account may not ask others to become friends",
            Self::FriendRequestsRefused => "the other takes no requests",
            Self::BlockedByYou => "the account blocks the other",
            Self::BlockedByThem => "the other blocks the account",
            Self::AlreadyBlocked => "Err_SNS_BlackListAdd_Already_Exist",
            Self::NotBlocked => "the account does not block the other",
            Self::BlockListFull => "an account blocks at most 1000 others",
            Self::FriendGroupsFull => "an account has at most 32 friend groups",
            Self::FriendGroupUnknown => "there is no such friend group",
            Self::FriendGroupTaken => "there is a friend group of that name",
            Self::GroupUnknown => "there is no such group, or it has been dissolved",
            Self::GroupIdTaken => "the group id is taken",
            Self::GroupIdTakenBySameOwner => "the group id is taken by a group of the same owner",
            Self::GroupFull => "the group would have more members than it may",
            Self::GroupTypeForbids => "groups of this type do not allow it",
            Self::MemberUnknown => "the account is no member of the group",
            Self::GroupMuted => "the group is muted",
            Self::OwnerStays => "the owner of a group of this type cannot be removed",
            Self::AppExists => "the app exists",
            Self::AppUnknown => "there is no such app",
            Self::FieldNameInvalid => "a custom field's name is 1 to 8 letters and its own",
            Self::FieldsFull => "an app declares at most 20 custom fields of a kind",
            Self::FieldStays => "a declared field keeps its name and type and is not taken back",
            Self::NotPermitted => "the caller may not do this",
        }
    }
}
