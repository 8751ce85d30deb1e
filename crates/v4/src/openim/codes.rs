//! Codes of one-to-one messages.

use hansard_types::Reason as R;

pub(super) use crate::codes::ACCOUNT_UNKNOWN;
use crate::service::Service;

pub(super) const OPENIM_JSON: u32 = 90001;
pub(super) const MSG_BODY_INVALID: u32 = 90002;
pub(super) const TO_ACCOUNT_INVALID: u32 = 90003;
pub(super) const MSG_RANDOM_INVALID: u32 = 90005;
pub(super) const MSG_TIME_INVALID: u32 = 90006;
pub(super) const MSG_BODY_NOT_ARRAY: u32 = 90007;
pub(super) const FROM_ACCOUNT_INVALID: u32 = 90008;
pub(super) const MSG_ELEMENT_INVALID: u32 = 90010;
pub(super) const TOO_MANY_TO_ACCOUNTS: u32 = 90011;
pub(super) const TO_ACCOUNT_UNKNOWN: u32 = 90012;
pub(super) const MSG_LIFETIME_INVALID: u32 = 90026;
pub(super) const SYNC_MODE_INVALID: u32 = 90030;
pub(super) const PUSH_INFO_INVALID: u32 = 90043;
pub(super) const MSG_KEY_INVALID: u32 = 90054;
pub(super) const GROUP_ID_INVALID: u32 = 10015;
pub(super) const OPENIM_INTERNAL: u32 = 91000;

pub(super) static SERVICE: Service = Service {
    path: "openim",
    json: OPENIM_JSON,
    parameter: OPENIM_JSON,
    internal: OPENIM_INTERNAL,
    has_error_display: false,
    has_action_status: true,
    refusals: &[
        (R::AccountUnknown, FROM_ACCOUNT_INVALID),
        (R::SenderUnknown, FROM_ACCOUNT_INVALID),
        (R::RecipientUnknown, TO_ACCOUNT_INVALID),
        (R::MessageUnknown, 20022),
        (R::NoticeStays, 20023),
        (R::MessageAlreadyRecalled, 20023),
        (R::RecallTooLate, 20016),
        (R::ReceiptsNeedStored, OPENIM_JSON),
        (R::MessageTooLarge, 93000),
        (R::CustomElementTwice, MSG_ELEMENT_INVALID),
        (R::MediaWithoutSource, MSG_ELEMENT_INVALID),
        (R::ImageInvalid, MSG_ELEMENT_INVALID),
        (R::LocationInvalid, MSG_ELEMENT_INVALID),
        (R::MergedInvalid, MSG_ELEMENT_INVALID),
        (R::MergedTooLarge, 93000),
        (R::ElementExtraInvalid, MSG_ELEMENT_INVALID),
        (R::MessageTimeInvalid, MSG_TIME_INVALID),
        (R::SenderMuted, 20012),
        (R::SenderBlocked, 20007),
        (R::GroupUnknown, 10010),
        (R::TopicUnknown, 110_003),
        (R::GroupTypeForbids, 10007),
    ],
    exceptions: &[
        ("query_online_status", R::AccountUnknown, ACCOUNT_UNKNOWN),
        ("importmsg", R::RecipientUnknown, TO_ACCOUNT_UNKNOWN),
        ("batchsendmsg", R::RecipientUnknown, ACCOUNT_UNKNOWN),
        ("sendmsg", R::SenderUnknown, 20003),
        ("sendmsg", R::RecipientUnknown, TO_ACCOUNT_UNKNOWN),
    ],
};
