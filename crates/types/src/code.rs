/// Why a command was refused: the domain's own stable numbers, in ranges by area. A surface maps
/// each to the code its contract knows (`api/src/codes.rs`). A number is never reused; the
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
        }
    }
}
