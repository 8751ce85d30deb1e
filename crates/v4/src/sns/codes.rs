//! Codes of relations.

use hansard_types::Reason as R;

use crate::service::Service;

pub(super) const SNS_PARAMETER: u32 = 30001;
pub(super) const SNS_ACCOUNT_UNKNOWN: u32 = 30003;
pub(super) const SNS_INTERNAL: u32 = 30006;
pub(super) const REQUEST_PENDING: u32 = 30539;

pub(super) static SERVICE: Service = Service {
    path: "sns",
    json: SNS_PARAMETER,
    parameter: SNS_PARAMETER,
    internal: SNS_INTERNAL,
    has_error_display: true,
    has_action_status: true,
    refusals: &[
        (R::AccountUnknown, SNS_ACCOUNT_UNKNOWN),
        (R::RelationWithSelf, SNS_PARAMETER),
        (R::RelationValueInvalid, SNS_PARAMETER),
        (R::AlreadyFriends, SNS_PARAMETER),
        (R::FriendUnknown, SNS_PARAMETER),
        (R::FriendListFull, 30010),
        (R::TheirFriendListFull, 30014),
        (R::FriendRequestsFull, 30012),
        (R::FriendRequestUnknown, 30614),
        (R::FriendRequestsForbidden, 30009),
        (R::FriendRequestsRefused, 30516),
        (R::BlockedByYou, 30515),
        (R::BlockedByThem, 30525),
        (R::AlreadyBlocked, SNS_PARAMETER),
        (R::NotBlocked, SNS_PARAMETER),
        (R::BlockListFull, 30013),
        (R::FriendGroupsFull, 30011),
        (R::FriendGroupUnknown, SNS_PARAMETER),
        (R::FriendGroupTaken, SNS_PARAMETER),
    ],
    exceptions: &[
        ("friend_delete", R::FriendUnknown, 31704),
        ("group_add", R::FriendUnknown, 32216),
    ],
};
