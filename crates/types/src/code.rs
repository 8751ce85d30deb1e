/// The table of reasons: its number, its stable name in words, and what is wrong, in a sentence for
/// whoever asked. A reason is one row here (decision 0004 says why this is a macro), and a row for
/// the code that a surface gives for it.
macro_rules! reasons {
    ($($reason:ident = $number:literal, $name:literal, $text:literal;)*) => {
        /// Why a command was refused: the domain's own stable numbers, in ranges by area. A surface
        /// maps each to the code its contract knows (`v4/src/<service>/codes.rs`). A number is never
        /// reused; the registry is `schemas/lock.json`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Reason {
            $($reason = $number,)*
        }

        impl Reason {
            /// Every reason, for the registry and the mapping's test.
            pub const ALL: &'static [Self] = &[$(Self::$reason,)*];

            /// The stable number.
            #[must_use]
            pub fn number(self) -> u16 {
                self as u16
            }

            /// The stable name in words.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$reason => $name,)*
                }
            }

            /// What is wrong, in a sentence for whoever asked.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$reason => $text,)*
                }
            }
        }
    };
}

reasons! {
    // 100..: accounts
    AccountUnknown = 100, "account_unknown", "there is no such account; import it first";
    SenderUnknown = 101, "sender_unknown", "the sender is no account; import it first";
    RecipientUnknown = 102, "recipient_unknown",
        "the other account does not exist; import it first";
    ProfileValueTooLong = 103, "profile_value_too_long",
        "a profile value is at most 500 bytes, a location 16";
    AdministratorStays = 104, "administrator_stays",
        "an administrator of the app cannot be deleted; take it off the list first";
    ProfileTagUnknown = 105, "profile_tag_unknown",
        "there is no such tag, or the app has not declared it";
    ProfileTypeDiffers = 106, "profile_type_differs", "the value is of another type than the tag's";
    ProfileValueNotAllowed = 107, "profile_value_not_allowed", "the tag does not take this value";
    ProfileReadOnly = 108, "profile_read_only", "the field may not be written by the caller";
    // 200..: messages
    MessageUnknown = 200, "message_unknown", "there is no such message";
    ReceiptsNeedStored = 210, "receipts_need_stored",
        "nobody confirms what is not stored";
    NoticeStays = 209, "notice_stays",
        "what the server says of a group's changes is neither recalled nor edited";
    ExtensionsOff = 211, "extensions_off",
        "the message takes no extensions: it was sent without SupportMessageExtension";
    ExtensionConflict = 212, "extension_conflict",
        "the extension has changed meanwhile: its number is another";
    ExtensionsFull = 213, "extensions_full",
        "a message has at most 300 extensions, deleted ones among them until all are cleared";
    ExtensionInvalid = 214, "extension_invalid",
        "an extension's key is 1 to 100 bytes, its value 1 to 1000";
    ExtensionChangesTooMany = 215, "extension_changes_too_many",
        "a message's extensions change at most 200 times in a minute";
    MessageAlreadyRecalled = 201, "message_already_recalled",
        "the message has been recalled before";
    MessageTooLarge = 202, "message_too_large", "a message is at most 12 KB";
    MessageTimeInvalid = 203, "message_time_invalid", "the message's time lies too far ahead";
    SenderMuted = 204, "sender_muted", "the sender is muted";
    SenderBlocked = 205, "sender_blocked", "the recipient has blocked the sender";
    RecallTooLate = 223, "recall_too_late",
        "the time is over in which an account may recall what it said";
    CustomElementTwice = 216, "custom_element_twice", "a message has at most one custom element";
    MediaWithoutSource = 217, "media_without_source",
        "an image, a sound, a file or a video needs a URL or a UUID";
    ImageInvalid = 218, "image_invalid",
        "an image has a known format (1, 2, 3, 4 or 255) and at most 3 sizes, each with a URL and a type of 1, 2 or 3";
    LocationInvalid = 219, "location_invalid",
        "a latitude is a number from -90 to 90, a longitude one from -180 to 180";
    MergedInvalid = 220, "merged_invalid",
        "merged messages are 1 to 300, as many as MsgNum says, with at most 5 abstracts of 100 characters";
    MergedTooLarge = 221, "merged_too_large", "merged messages are at most 256 KB together";
    ElementExtraInvalid = 222, "element_extra_invalid",
        "what an element has besides its own fields is a JSON object, as a text";
    // 300..: groups
    GroupUnknown = 300, "group_unknown", "there is no such group, or it has been dissolved";
    GroupIdTaken = 301, "group_id_taken", "the group id is taken";
    GroupIdTakenBySameOwner = 302, "group_id_taken_by_same_owner",
        "the group id is taken by a group of the same owner";
    GroupFull = 303, "group_full", "the group would have more members than it may";
    GroupTypeForbids = 304, "group_type_forbids", "groups of this type do not allow it";
    MemberUnknown = 305, "member_unknown", "the account is no member of the group";
    GroupMuted = 306, "group_muted", "the group is muted";
    OwnerStays = 307, "owner_stays", "the owner of a group of this type cannot be removed";
    GroupRoleForbids = 350, "group_role_forbids",
        "the account's role in the group does not allow it";
    GroupFieldUnknown = 351, "group_field_unknown",
        "the app has not declared this custom field (settings: group_fields, member_fields)";
    GroupFieldReadOnly = 352, "group_field_read_only",
        "the custom field may not be written by the caller";
    GroupFieldTooLong = 353, "group_field_too_long",
        "a custom field of a group is at most 512 bytes, of a member 64";
    NameCardTooLong = 354, "name_card_too_long", "a name card is at most 50 bytes";
    JoinRequestsRefused = 355, "join_requests_refused", "the group takes no requests to join";
    JoinRequestUnknown = 356, "join_request_unknown", "there is no such request to join";
    JoinRequestsFull = 357, "join_requests_full", "too many requests to join wait in the group";
    InvitationsRefused = 358, "invitations_refused", "the group takes nobody by invitation";
    AlreadyMember = 359, "already_member", "the account is a member already";
    JoinReasonTooLong = 360, "join_reason_too_long", "a reason to join is at most 300 bytes";
    MutedInGroup = 361, "muted_in_group", "the sender is muted in the group";
    GroupIdInvalid = 362, "group_id_invalid",
        "a group's own id must not begin @TGS#, and a Community's begins @TGS#_";
    MemberBanned = 330, "member_banned", "the account is banned from the group";
    BanReasonTooLong = 331, "ban_reason_too_long", "why someone is banned is at most 1000 bytes";
    AttributeKeyInvalid = 332, "attribute_key_invalid", "an attribute's key is 1 to 32 bytes";
    AttributeValueTooLong = 333, "attribute_value_too_long",
        "an attribute's value is at most 4000 bytes";
    AttributesFull = 334, "attributes_full", "a group has at most 16 attributes";
    AttributesTooLarge = 335, "attributes_too_large",
        "a group's attributes are at most 16000 bytes together";
    AttributeChangesTooMany = 336, "attribute_changes_too_many",
        "a group's attributes change at most 5 times in a second";
    AttributeUnknown = 337, "attribute_unknown", "there is no such attribute";
    CountersFull = 338, "counters_full", "a group has at most 20 counters";
    CounterKeyInvalid = 339, "counter_key_invalid", "a counter's key is 1 to 128 bytes";
    CounterOverflows = 340, "counter_overflows", "a counter is a whole number of 64 bits";
    GroupTimeInvalid = 341, "group_time_invalid",
        "the time lies before the group's creation, or has not come yet";
    VisitTimeInvalid = 342, "visit_time_invalid",
        "a visit of a live room lasts 10 to 3600 seconds unless it is renewed";
    TopicUnknown = 364, "topic_unknown", "there is no such topic in the group";
    TopicIdTaken = 365, "topic_id_taken", "the group has a topic of that id";
    TopicsFull = 366, "topics_full", "a community has at most 1000 topics";
    TopicsOff = 367, "topics_off", "the group has no topics: a Community has, once it supports them";
    TopicsRemain = 368, "topics_remain", "a group that has topics goes on supporting them";
    TopicTextInvalid = 369, "topic_text_invalid",
        "a topic has a name of at most 100 bytes; its introduction and notice are at most 400, the \
         link to its picture 500, its custom text 3000";
    MarkInvalid = 370, "mark_invalid", "a mark of an account in a live room is 1000 or more";
    MarksFull = 371, "marks_full",
        "a live room has at most 10 marks, and a mark at most 1000 accounts";
    GroupTextInvalid = 363, "group_text_invalid",
        "a group has a name of at most 100 bytes; its introduction and notice are at most 400, the \
         link to its picture 500";
    // 400..: apps
    AppExists = 400, "app_exists", "the app exists";
    AppUnknown = 401, "app_unknown", "there is no such app";
    FieldNameInvalid = 402, "field_name_invalid",
        "a custom field's name is 1 to 8 letters and its own";
    FieldsFull = 403, "fields_full", "an app declares at most 20 custom fields of a kind";
    FieldStays = 404, "field_stays",
        "a declared field keeps its name and type and is not taken back";
    GroupFieldKeyInvalid = 406, "group_field_key_invalid",
        "a custom field's key is 1 to 16 letters, digits and underscores, the first no digit, and \
         its own among groups and members";
    GroupFieldsFull = 407, "group_fields_full",
        "an app declares at most 10 custom fields of groups and 5 of members";
    GroupNoticesInvalid = 408, "group_notices_invalid",
        "an app says of a type of group and a kind of notice once how members are told, and keeps \
         none in live rooms";
    PartitionsInvalid = 405, "partitions_invalid", "an app's log has 1 to 64 partitions";
    // 500..: relations
    RelationWithSelf = 500, "relation_with_self", "an account has no relation with itself";
    RelationValueInvalid = 501, "relation_value_invalid",
        "a remark is at most 96 bytes, a wording 256, a friend group's name 1 to 30, a source \
         AddSource_Type_ and 1 to 8 letters, and a custom field is one that the app declares";
    AlreadyFriends = 502, "already_friends", "Err_SNS_FriendAdd_Friend_Exist";
    FriendUnknown = 503, "friend_unknown", "the other is not on the account's friend list";
    FriendListFull = 504, "friend_list_full", "the friend list is full (3000)";
    TheirFriendListFull = 505, "their_friend_list_full", "the other's friend list is full (3000)";
    FriendRequestsFull = 506, "friend_requests_full", "too many requests wait for the other (100)";
    FriendRequestUnknown = 507, "friend_request_unknown", "there is no such request";
    FriendRequestsForbidden = 508, "friend_requests_forbidden",
        "the account may not ask others to become friends";
    FriendRequestsRefused = 509, "friend_requests_refused", "the other takes no requests";
    BlockedByYou = 510, "blocked_by_you", "the account blocks the other";
    BlockedByThem = 511, "blocked_by_them", "the other blocks the account";
    AlreadyBlocked = 512, "already_blocked", "Err_SNS_BlackListAdd_Already_Exist";
    NotBlocked = 513, "not_blocked", "the account does not block the other";
    BlockListFull = 514, "block_list_full", "an account blocks at most 1000 others";
    FriendGroupsFull = 515, "friend_groups_full", "an account has at most 32 friend groups";
    FriendGroupUnknown = 516, "friend_group_unknown", "there is no such friend group";
    FriendGroupTaken = 517, "friend_group_taken", "there is a friend group of that name";
    // 600..: who acts
    NotPermitted = 600, "not_permitted", "the caller may not do this";
}
