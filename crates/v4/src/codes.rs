//! Codes of the server API that no single service owns (reference: section 14): those of the gateway,
//! before a service is reached, and what a refusal is called where its service has no other word for
//! it. Each service has its own in its `codes.rs`.

use hansard_desk::usersig::SignatureFault;
use hansard_types::Reason;

// Of the gateway.
pub(crate) const HTTP_MALFORMED: u32 = 60002;
pub(crate) const JSON_MALFORMED: u32 = 60003;
pub(crate) const ACCOUNT_OR_SIGNATURE: u32 = 60004;
pub(crate) const APP_INVALID: u32 = 60006;
pub(crate) const TOO_MANY_CALLS: u32 = 60007;
pub(crate) const BODY_TIMEOUT: u32 = 60008;
pub(crate) const PATH_UNKNOWN: u32 = 60009;
pub(crate) const NOT_AN_ADMINISTRATOR: u32 = 60010;
pub(crate) const APP_MISSING: u32 = 60012;
pub(crate) const ACCOUNT_NOT_A_STRING: u32 = 60015;
pub(crate) const APP_UNKNOWN: u32 = 70020;

// Of several services.
pub(crate) const ACCOUNT_UNKNOWN: u32 = 70107;
pub(crate) const ANSWER_TOO_LARGE: u32 = 10018;
pub(crate) const PROFILE_TAG_UNKNOWN: u32 = 40009;
pub(crate) const PROFILE_VALUE_TOO_LONG: u32 = 40601;
pub(crate) const PROFILE_TYPE_DIFFERS: u32 = 40610;

/// What a refusal is called where its service does not say otherwise.
pub(crate) static REFUSALS: &[(Reason, u32)] = &[
    (Reason::AccountUnknown, ACCOUNT_UNKNOWN),
    (Reason::ProfileValueTooLong, PROFILE_VALUE_TOO_LONG),
    (Reason::ProfileTagUnknown, PROFILE_TAG_UNKNOWN),
    (Reason::ProfileTypeDiffers, PROFILE_TYPE_DIFFERS),
    (Reason::ProfileValueNotAllowed, 40605),
    (Reason::ProfileReadOnly, 40008),
    (Reason::AppExists, APP_INVALID),
    (Reason::PartitionsInvalid, APP_INVALID),
    (Reason::AppUnknown, APP_UNKNOWN),
    // Settings are changed over /v1 only.
    (Reason::FieldNameInvalid, APP_INVALID),
    (Reason::FieldsFull, APP_INVALID),
    (Reason::GroupFieldKeyInvalid, APP_INVALID),
    (Reason::GroupNoticesInvalid, APP_INVALID),
    (Reason::GroupFieldsFull, APP_INVALID),
    (Reason::FieldStays, APP_INVALID),
    (Reason::NotPermitted, NOT_AN_ADMINISTRATOR),
];

/// What the gateway calls a signature that does not hold (reference: section 2).
pub(crate) fn of_signature(fault: SignatureFault) -> u32 {
    match fault {
        SignatureFault::Empty => 70002,
        SignatureFault::Truncated => 70003,
        SignatureFault::Malformed => 70005,
        SignatureFault::AppUnknown => APP_UNKNOWN,
        SignatureFault::KeyDiffers => 70009,
        SignatureFault::IdentifierDiffers => 70013,
        SignatureFault::AppDiffers => 70014,
        SignatureFault::Expired => 70001,
        SignatureFault::Revoked => 70052,
    }
}
