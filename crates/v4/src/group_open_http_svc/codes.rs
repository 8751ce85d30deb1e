//! Codes of groups.

use hansard_types::Reason as R;

pub(super) use crate::codes::ANSWER_TOO_LARGE;
use crate::service::Service;

pub(super) const GROUP_INTERNAL: u32 = 10002;
pub(super) const GROUP_PARAMETER: u32 = 10004;
pub(super) const GROUP_TOO_MANY_ACCOUNTS: u32 = 10005;
pub(super) const GROUP_FORBIDDEN: u32 = 10007;
pub(super) const GROUP_UNKNOWN: u32 = 10010;
pub(super) const GROUP_JSON: u32 = 10011;
pub(super) const GROUP_ID_INVALID: u32 = 10015;
pub(super) const GROUP_ACCOUNT_UNKNOWN: u32 = 10019;
pub(super) const GROUP_MESSAGE_UNKNOWN: u32 = 10030;
pub(super) const GROUP_MESSAGE_NOT_RECALLABLE: u32 = 10032;
pub(super) const ATTRIBUTES_TOO_MANY: u32 = 10047;
pub(super) const NO_RECEIPT: u32 = 10062;
pub(super) const COUNTERS_TOO_MANY: u32 = 10063;
pub(super) const GROUP_TOO_MANY_MENTIONS: u32 = 10053;

/// The service of one endpoint, which [`SERVICE`] has too.
pub(super) static ATTRIBUTES_SERVICE: Service = Service {
    path: "group_open_attr_http_svc",
    exceptions: &[],
    ..SERVICE_HERE
};

/// The service of topics.
pub(super) static MILLION_SERVICE: Service = Service {
    path: "million_group_open_http_svc",
    exceptions: &[],
    ..SERVICE_HERE
};

/// The service of live rooms.
pub(super) static LIVE_SERVICE: Service = Service {
    path: "group_open_avchatroom_http_svc",
    exceptions: &[],
    ..SERVICE_HERE
};

pub(super) static SERVICE: Service = SERVICE_HERE;

const SERVICE_HERE: Service = Service {
    path: "group_open_http_svc",
    json: GROUP_JSON,
    parameter: GROUP_PARAMETER,
    internal: GROUP_INTERNAL,
    has_error_display: false,
    has_action_status: true,
    refusals: &[
        (R::AccountUnknown, GROUP_ACCOUNT_UNKNOWN),
        (R::SenderUnknown, GROUP_ACCOUNT_UNKNOWN),
        (R::RecipientUnknown, GROUP_ACCOUNT_UNKNOWN),
        (R::MessageUnknown, GROUP_MESSAGE_UNKNOWN),
        (R::ReceiptsNeedStored, GROUP_PARAMETER),
        (R::NoticeStays, GROUP_MESSAGE_NOT_RECALLABLE),
        (R::MessageAlreadyRecalled, GROUP_MESSAGE_NOT_RECALLABLE),
        (R::RecallTooLate, 10031),
        (R::MessageTooLarge, 80002),
        (R::CustomElementTwice, GROUP_PARAMETER),
        (R::MediaWithoutSource, GROUP_PARAMETER),
        (R::ImageInvalid, GROUP_PARAMETER),
        (R::LocationInvalid, GROUP_PARAMETER),
        (R::MergedInvalid, GROUP_PARAMETER),
        (R::MergedTooLarge, 80002),
        (R::ElementExtraInvalid, GROUP_PARAMETER),
        (R::SenderMuted, 10017),
        (R::GroupUnknown, GROUP_UNKNOWN),
        (R::GroupIdTaken, 10021),
        (R::GroupIdTakenBySameOwner, 10025),
        (R::GroupFull, 10014),
        (R::GroupTypeForbids, GROUP_FORBIDDEN),
        (R::MemberUnknown, GROUP_ACCOUNT_UNKNOWN),
        (R::GroupMuted, 10017),
        (R::OwnerStays, GROUP_FORBIDDEN),
        (R::GroupRoleForbids, GROUP_FORBIDDEN),
        (R::GroupFieldUnknown, GROUP_PARAMETER),
        (R::GroupFieldReadOnly, GROUP_FORBIDDEN),
        (R::GroupFieldTooLong, GROUP_PARAMETER),
        (R::NameCardTooLong, GROUP_PARAMETER),
        (R::JoinRequestsRefused, GROUP_FORBIDDEN),
        (R::JoinRequestUnknown, GROUP_PARAMETER),
        (R::JoinRequestsFull, GROUP_FORBIDDEN),
        (R::InvitationsRefused, GROUP_FORBIDDEN),
        (R::AlreadyMember, 10013),
        (R::JoinReasonTooLong, GROUP_PARAMETER),
        (R::MutedInGroup, 10017),
        (R::GroupIdInvalid, GROUP_ID_INVALID),
        (R::GroupTextInvalid, GROUP_PARAMETER),
        (R::MarkInvalid, GROUP_PARAMETER),
        (R::MarksFull, GROUP_PARAMETER),
        (R::TopicUnknown, 110_003),
        (R::TopicIdTaken, 10025),
        (R::TopicsFull, 10037),
        (R::TopicsOff, 11000),
        (R::TopicsRemain, GROUP_PARAMETER),
        (R::TopicTextInvalid, GROUP_PARAMETER),
        (R::GroupTimeInvalid, GROUP_PARAMETER),
        (R::VisitTimeInvalid, GROUP_PARAMETER),
        (R::MessageTimeInvalid, GROUP_PARAMETER),
        (R::MemberBanned, GROUP_FORBIDDEN),
        (R::BanReasonTooLong, GROUP_PARAMETER),
        (R::AttributeKeyInvalid, 10045),
        (R::AttributeValueTooLong, 10046),
        (R::AttributesFull, ATTRIBUTES_TOO_MANY),
        (R::AttributesTooLarge, 10048),
        (R::AttributeChangesTooMany, 10049),
        (R::AttributeUnknown, 10050),
        (R::CountersFull, COUNTERS_TOO_MANY),
        (R::CounterKeyInvalid, GROUP_PARAMETER),
        (R::CounterOverflows, GROUP_PARAMETER),
    ],
    exceptions: &[("delete_group_member", R::GroupTypeForbids, GROUP_PARAMETER)],
};
