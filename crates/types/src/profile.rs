//! The fields of a profile: every standard tag and its rule, in one table (reference: section 7).

use crate::limits::{PROFILE_LOCATION_BYTES_MAX, PROFILE_VALUE_BYTES_MAX};

/// The nickname; `Nick` of an import.
pub const NICK: &str = "Tag_Profile_IM_Nick";
/// The picture's URL; `FaceUrl` of an import.
pub const IMAGE: &str = "Tag_Profile_IM_Image";
/// How requests to become a friend are answered.
pub const ALLOW_TYPE: &str = "Tag_Profile_IM_AllowType";
/// Whether the account may ask others to become friends; the app's clients may not change it.
pub const ADMIN_FORBID_TYPE: &str = "Tag_Profile_IM_AdminForbidType";
/// What the tag of a custom field begins with; its declared name follows.
pub const CUSTOM_PREFIX: &str = "Tag_Profile_Custom_";
/// What the tag of a friend's custom field begins with.
pub const FRIEND_CUSTOM_PREFIX: &str = "Tag_SNS_Custom_";

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldRule {
    /// An unsigned number of 32 bits.
    Number,
    Text {
        bytes_max: usize,
    },
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

const SHORT_TEXT: FieldRule = FieldRule::Text {
    bytes_max: PROFILE_VALUE_BYTES_MAX,
};

/// Every standard tag and what it takes.
pub static STANDARD_FIELDS: &[(&str, FieldRule)] = &[
    (NICK, SHORT_TEXT),
    (
        "Tag_Profile_IM_Gender",
        FieldRule::OneOf(&[
            "Gender_Type_Unknown",
            "Gender_Type_Female",
            "Gender_Type_Male",
        ]),
    ),
    ("Tag_Profile_IM_BirthDay", FieldRule::Number),
    (
        "Tag_Profile_IM_Location",
        FieldRule::Text {
            bytes_max: PROFILE_LOCATION_BYTES_MAX,
        },
    ),
    ("Tag_Profile_IM_SelfSignature", SHORT_TEXT),
    (
        ALLOW_TYPE,
        FieldRule::OneOf(&[
            "AllowType_Type_NeedConfirm",
            "AllowType_Type_AllowAny",
            "AllowType_Type_DenyAny",
        ]),
    ),
    ("Tag_Profile_IM_Language", FieldRule::Number),
    (IMAGE, SHORT_TEXT),
    ("Tag_Profile_IM_MsgSettings", FieldRule::Number),
    (
        ADMIN_FORBID_TYPE,
        FieldRule::OneOf(&["AdminForbid_Type_None", "AdminForbid_Type_SendOut"]),
    ),
    ("Tag_Profile_IM_Level", FieldRule::Number),
    ("Tag_Profile_IM_Role", FieldRule::Number),
];

/// What a standard tag takes; `None` when there is no such tag.
#[must_use]
pub fn standard_rule(tag: &str) -> Option<FieldRule> {
    let row = STANDARD_FIELDS.iter().find(|(name, _)| *name == tag);
    row.map(|(_, rule)| *rule)
}
