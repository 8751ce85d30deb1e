//! What the compatible surface calls each refusal: one table from our reasons to the codes of the
//! server API (reference: section 14), by service and, where the contract differs, by endpoint.

use hansard_types::Reason;

/// A service of the server API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Service {
    Login,
    OpenIm,
    RecentContact,
    Group,
    Profile,
    Sns,
    Config,
}

// Codes of the gateway, before a service is reached.
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

// Accounts.
pub(crate) const ACCOUNT_PARAMETER: u32 = 70402;
pub(crate) const ACCOUNT_UNKNOWN: u32 = 70107;
pub(crate) const ACCOUNT_INTERNAL: u32 = 70500;
pub(crate) const PROFILE_TOO_LONG: u32 = 40601;

// Profiles.
pub(crate) const PROFILE_PARAMETER: u32 = 40001;
pub(crate) const PROFILE_ACCOUNTS_MISSING: u32 = 40002;
pub(crate) const PROFILE_ACCOUNT_UNKNOWN: u32 = 40003;
pub(crate) const PROFILE_INTERNAL: u32 = 40006;
pub(crate) const PROFILE_NOT_READABLE: u32 = 40007;
pub(crate) const PROFILE_TAG_UNKNOWN: u32 = 40009;
pub(crate) const PROFILE_VALUE_NOT_ALLOWED: u32 = 40605;
pub(crate) const PROFILE_TYPE_DIFFERS: u32 = 40610;

// Relations.
pub(crate) const SNS_PARAMETER: u32 = 30001;
pub(crate) const SNS_ACCOUNT_UNKNOWN: u32 = 30003;
pub(crate) const SNS_INTERNAL: u32 = 30006;
pub(crate) const REQUEST_PENDING: u32 = 30539;

// Mutes.
pub(crate) const CONFIG_JSON: u32 = 130001;
pub(crate) const GET_ACCOUNT_MISSING: u32 = 130002;
pub(crate) const GET_ACCOUNT_INVALID: u32 = 130003;
pub(crate) const SET_ACCOUNT_MISSING: u32 = 130004;
pub(crate) const SET_ACCOUNT_INVALID: u32 = 130005;
pub(crate) const NO_MUTE_GIVEN: u32 = 130008;
pub(crate) const CONFIG_INTERNAL: u32 = 130014;

// One-to-one messages.
pub(crate) const OPENIM_JSON: u32 = 90001;
pub(crate) const MSG_BODY_INVALID: u32 = 90002;
pub(crate) const TO_ACCOUNT_INVALID: u32 = 90003;
pub(crate) const MSG_RANDOM_INVALID: u32 = 90005;
pub(crate) const MSG_TIME_INVALID: u32 = 90006;
pub(crate) const MSG_BODY_NOT_ARRAY: u32 = 90007;
pub(crate) const FROM_ACCOUNT_INVALID: u32 = 90008;
pub(crate) const MSG_ELEMENT_INVALID: u32 = 90010;
pub(crate) const TOO_MANY_TO_ACCOUNTS: u32 = 90011;
pub(crate) const TO_ACCOUNT_UNKNOWN: u32 = 90012;
pub(crate) const MSG_LIFETIME_INVALID: u32 = 90026;
pub(crate) const PUSH_INFO_INVALID: u32 = 90043;
pub(crate) const MSG_KEY_INVALID: u32 = 90054;
pub(crate) const OPENIM_INTERNAL: u32 = 91000;

// Recent contacts.
pub(crate) const CONTACT_ACCOUNT_UNKNOWN: u32 = 50001;
pub(crate) const CONTACT_PARAMETER: u32 = 50002;
pub(crate) const CONTACT_INTERNAL: u32 = 50004;

// Groups.
pub(crate) const GROUP_INTERNAL: u32 = 10002;
pub(crate) const GROUP_PARAMETER: u32 = 10004;
pub(crate) const GROUP_TOO_MANY_ACCOUNTS: u32 = 10005;
pub(crate) const GROUP_FORBIDDEN: u32 = 10007;
pub(crate) const GROUP_UNKNOWN: u32 = 10010;
pub(crate) const GROUP_JSON: u32 = 10011;
pub(crate) const GROUP_ID_INVALID: u32 = 10015;
pub(crate) const GROUP_ANSWER_TOO_LARGE: u32 = 10018;
pub(crate) const GROUP_ACCOUNT_UNKNOWN: u32 = 10019;
pub(crate) const GROUP_MESSAGE_UNKNOWN: u32 = 10030;
pub(crate) const GROUP_MESSAGE_NOT_RECALLABLE: u32 = 10032;
pub(crate) const GROUP_TOO_MANY_MENTIONS: u32 = 10053;
pub(crate) const TOPICS_NOT_ENABLED: u32 = 11000;

impl Service {
    /// Its part of the path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Login => "im_open_login_svc",
            Self::OpenIm => "openim",
            Self::RecentContact => "recentcontact",
            Self::Group => "group_open_http_svc",
            Self::Profile => "profile",
            Self::Sns => "sns",
            Self::Config => "openconfigsvr",
        }
    }

    /// A body that is no JSON object.
    pub(crate) fn json_code(self) -> u32 {
        match self {
            Self::Login => JSON_MALFORMED,
            Self::OpenIm => OPENIM_JSON,
            Self::RecentContact => CONTACT_PARAMETER,
            Self::Group => GROUP_JSON,
            Self::Profile => PROFILE_PARAMETER,
            Self::Sns => SNS_PARAMETER,
            Self::Config => CONFIG_JSON,
        }
    }

    /// A field that is wrong and has no code of its own.
    pub(crate) fn parameter_code(self) -> u32 {
        match self {
            Self::Login => ACCOUNT_PARAMETER,
            Self::OpenIm => OPENIM_JSON,
            Self::RecentContact => CONTACT_PARAMETER,
            Self::Group => GROUP_PARAMETER,
            Self::Profile => PROFILE_PARAMETER,
            Self::Sns => SNS_PARAMETER,
            Self::Config => CONFIG_JSON,
        }
    }

    /// It is not the caller's fault.
    pub(crate) fn internal_code(self) -> u32 {
        match self {
            Self::Login => ACCOUNT_INTERNAL,
            Self::OpenIm => OPENIM_INTERNAL,
            Self::RecentContact => CONTACT_INTERNAL,
            Self::Group => GROUP_INTERNAL,
            Self::Profile => PROFILE_INTERNAL,
            Self::Sns => SNS_INTERNAL,
            Self::Config => CONFIG_INTERNAL,
        }
    }

    /// Whether its answers carry `ErrorDisplay`.
    pub(crate) fn has_error_display(self) -> bool {
        match self {
            Self::RecentContact | Self::Profile | Self::Sns => true,
            Self::Login | Self::OpenIm | Self::Group | Self::Config => false,
        }
    }

    /// Whether its answers carry `ActionStatus`: the contract's samples of one service do not.
    pub(crate) fn has_action_status(self) -> bool {
        self != Self::Config
    }
}

/// Where a row of [`REFUSALS`] holds. A narrower one goes before a wider one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Endpoint(&'static str),
    Service(Service),
    Anywhere,
}

/// Every reason and its codes.
static REFUSALS: &[(Reason, Within, u32)] = {
    use Reason as R;
    use Within::{Anywhere, Endpoint, Service as In};
    &[
        (R::AccountUnknown, Anywhere, ACCOUNT_UNKNOWN),
        (
            R::AccountUnknown,
            Endpoint("query_online_status"),
            ACCOUNT_UNKNOWN,
        ),
        (R::AccountUnknown, In(Service::OpenIm), FROM_ACCOUNT_INVALID),
        (
            R::AccountUnknown,
            In(Service::RecentContact),
            CONTACT_ACCOUNT_UNKNOWN,
        ),
        (R::AccountUnknown, In(Service::Group), GROUP_ACCOUNT_UNKNOWN),
        (
            R::AccountUnknown,
            In(Service::Profile),
            PROFILE_ACCOUNT_UNKNOWN,
        ),
        (R::AccountUnknown, In(Service::Sns), SNS_ACCOUNT_UNKNOWN),
        (R::AccountUnknown, In(Service::Config), SET_ACCOUNT_INVALID),
        (
            R::AccountUnknown,
            Endpoint("getnospeaking"),
            GET_ACCOUNT_INVALID,
        ),
        (R::AdministratorStays, Anywhere, ACCOUNT_PARAMETER),
        (R::SenderUnknown, Anywhere, FROM_ACCOUNT_INVALID),
        (R::SenderUnknown, Endpoint("sendmsg"), 20003),
        (R::SenderUnknown, In(Service::Group), GROUP_ACCOUNT_UNKNOWN),
        (R::RecipientUnknown, Anywhere, TO_ACCOUNT_INVALID),
        (R::RecipientUnknown, Endpoint("sendmsg"), TO_ACCOUNT_UNKNOWN),
        (
            R::RecipientUnknown,
            In(Service::Group),
            GROUP_ACCOUNT_UNKNOWN,
        ),
        (R::ProfileValueTooLong, Anywhere, PROFILE_TOO_LONG),
        (R::ProfileTagUnknown, Anywhere, PROFILE_TAG_UNKNOWN),
        (R::ProfileTypeDiffers, Anywhere, PROFILE_TYPE_DIFFERS),
        (
            R::ProfileValueNotAllowed,
            Anywhere,
            PROFILE_VALUE_NOT_ALLOWED,
        ),
        (R::ProfileReadOnly, Anywhere, 40008),
        (R::MessageUnknown, Anywhere, 20022),
        (R::MessageUnknown, In(Service::Group), GROUP_MESSAGE_UNKNOWN),
        (R::MessageAlreadyRecalled, Anywhere, 20023),
        (
            R::MessageAlreadyRecalled,
            In(Service::Group),
            GROUP_MESSAGE_NOT_RECALLABLE,
        ),
        (R::MessageTooLarge, Anywhere, 93000),
        (R::MessageTooLarge, In(Service::Group), 80002),
        (R::MessageTimeInvalid, Anywhere, MSG_TIME_INVALID),
        (R::SenderMuted, Anywhere, 20012),
        (R::SenderMuted, In(Service::Group), 10017),
        (R::SenderBlocked, Anywhere, 20007),
        (R::RelationWithSelf, Anywhere, SNS_PARAMETER),
        (R::RelationValueInvalid, Anywhere, SNS_PARAMETER),
        (R::AlreadyFriends, Anywhere, SNS_PARAMETER),
        (R::FriendUnknown, Anywhere, SNS_PARAMETER),
        (R::FriendUnknown, Endpoint("friend_delete"), 31704),
        (R::FriendUnknown, Endpoint("group_add"), 32216),
        (R::FriendListFull, Anywhere, 30010),
        (R::TheirFriendListFull, Anywhere, 30014),
        (R::FriendRequestsFull, Anywhere, 30012),
        (R::FriendRequestUnknown, Anywhere, 30614),
        (R::FriendRequestsForbidden, Anywhere, 30009),
        (R::FriendRequestsRefused, Anywhere, 30516),
        (R::BlockedByYou, Anywhere, 30515),
        (R::BlockedByThem, Anywhere, 30525),
        (R::AlreadyBlocked, Anywhere, SNS_PARAMETER),
        (R::NotBlocked, Anywhere, SNS_PARAMETER),
        (R::BlockListFull, Anywhere, 30013),
        (R::FriendGroupsFull, Anywhere, 30011),
        (R::FriendGroupUnknown, Anywhere, SNS_PARAMETER),
        (R::FriendGroupTaken, Anywhere, SNS_PARAMETER),
        (R::GroupUnknown, Anywhere, GROUP_UNKNOWN),
        (R::GroupIdTaken, Anywhere, 10021),
        (R::GroupIdTakenBySameOwner, Anywhere, 10025),
        (R::GroupFull, Anywhere, 10014),
        (R::GroupTypeForbids, Anywhere, GROUP_FORBIDDEN),
        (
            R::GroupTypeForbids,
            Endpoint("delete_group_member"),
            GROUP_PARAMETER,
        ),
        (R::MemberUnknown, Anywhere, GROUP_ACCOUNT_UNKNOWN),
        (R::GroupMuted, Anywhere, 10017),
        (R::OwnerStays, Anywhere, GROUP_FORBIDDEN),
        (R::AppExists, Anywhere, APP_INVALID),
        (R::AppUnknown, Anywhere, APP_UNKNOWN),
        // Settings are changed over /v1 only.
        (R::FieldNameInvalid, Anywhere, APP_INVALID),
        (R::FieldsFull, Anywhere, APP_INVALID),
        (R::FieldStays, Anywhere, APP_INVALID),
    ]
};

/// What an endpoint calls a refusal.
pub(crate) fn of_refusal(reason: Reason, service: Service, command: &str) -> u32 {
    let mut found = (0, service.internal_code());
    for (_, within, code) in REFUSALS.iter().filter(|(row, ..)| *row == reason) {
        let rank = match within {
            Within::Endpoint(name) if *name == command => 3,
            Within::Service(name) if *name == service => 2,
            Within::Anywhere => 1,
            Within::Endpoint(_) | Within::Service(_) => 0,
        };
        if rank > found.0 {
            found = (rank, *code);
        }
    }
    found.1
}

/// A reason in a sentence.
pub(crate) fn text_of(reason: Reason) -> &'static str {
    match reason {
        Reason::AccountUnknown => "there is no such account; import it first",
        Reason::SenderUnknown => "the sender is no account; import it first",
        Reason::RecipientUnknown => "the other account does not exist; import it first",
        Reason::ProfileValueTooLong => "a profile value is at most 500 bytes, a location 16",
        Reason::AdministratorStays => {
            "an administrator of the app cannot be deleted; take it off the list first"
        }
        Reason::ProfileTagUnknown => "there is no such tag, or the app has not declared it",
        Reason::ProfileTypeDiffers => "the value is of another type than the tag's",
        Reason::ProfileValueNotAllowed => "the tag does not take this value",
        Reason::ProfileReadOnly => "the field may not be written by the caller",
        Reason::MessageUnknown => "there is no such message",
        Reason::MessageAlreadyRecalled => "the message has been recalled before",
        Reason::MessageTooLarge => "a message is at most 12 KB",
        Reason::MessageTimeInvalid => "the message's time lies too far ahead",
        Reason::SenderMuted => "the sender is muted",
        Reason::SenderBlocked => "the recipient has blocked the sender",
        Reason::RelationWithSelf => "an account has no relation with itself",
        Reason::RelationValueInvalid => {
            "a remark is at most 96 bytes, a wording 256, a friend group's name 1 to 30, a source \
             AddSource_Type_ and 1 to 8 letters, and a custom field is one that the app declares"
        }
        Reason::AlreadyFriends => "Err_SNS_FriendAdd_Friend_Exist",
        Reason::FriendUnknown => "the other is not on the account's friend list",
        Reason::FriendListFull => "the friend list is full (3000)",
        Reason::TheirFriendListFull => "the other's friend list is full (3000)",
        Reason::FriendRequestsFull => "too many requests wait for the other (100)",
        Reason::FriendRequestUnknown => "there is no such request",
        Reason::FriendRequestsForbidden => "the account may not ask others to become friends",
        Reason::FriendRequestsRefused => "the other takes no requests",
        Reason::BlockedByYou => "the account blocks the other",
        Reason::BlockedByThem => "the other blocks the account",
        Reason::AlreadyBlocked => "Err_SNS_BlackListAdd_Already_Exist",
        Reason::NotBlocked => "the account does not block the other",
        Reason::BlockListFull => "an account blocks at most 1000 others",
        Reason::FriendGroupsFull => "an account has at most 32 friend groups",
        Reason::FriendGroupUnknown => "there is no such friend group",
        Reason::FriendGroupTaken => "there is a friend group of that name",
        Reason::GroupUnknown => "there is no such group, or it has been dissolved",
        Reason::GroupIdTaken => "the group id is taken",
        Reason::GroupIdTakenBySameOwner => "the group id is taken by a group of the same owner",
        Reason::GroupFull => "the group would have more members than it may",
        Reason::GroupTypeForbids => "groups of this type do not allow it",
        Reason::MemberUnknown => "the account is no member of the group",
        Reason::GroupMuted => "the group is muted",
        Reason::OwnerStays => "the owner of a group of this type cannot be removed",
        Reason::AppExists => "the app exists",
        Reason::AppUnknown => "there is no such app",
        Reason::FieldNameInvalid => "a custom field's name is 1 to 8 letters and its own",
        Reason::FieldsFull => "an app declares at most 20 custom fields of a kind",
        Reason::FieldStays => "a declared field keeps its name and type and is not taken back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_code() {
        for reason in Reason::ALL {
            let rows = REFUSALS.iter().filter(|(row, ..)| row == reason);
            let anywhere = rows
                .filter(|(_, within, _)| *within == Within::Anywhere)
                .count();
            assert_eq!(anywhere, 1, "{}", reason.name());
        }
    }

    #[test]
    fn the_narrowest_row_holds() {
        let sender = Reason::SenderUnknown;
        assert_eq!(of_refusal(sender, Service::OpenIm, "sendmsg"), 20003);
        assert_eq!(
            of_refusal(sender, Service::OpenIm, "admin_msgwithdraw"),
            90008
        );
        assert_eq!(of_refusal(sender, Service::Group, "send_group_msg"), 10019);
        let forbids = Reason::GroupTypeForbids;
        assert_eq!(
            of_refusal(forbids, Service::Group, "add_group_member"),
            10007
        );
        assert_eq!(
            of_refusal(forbids, Service::Group, "delete_group_member"),
            10004
        );
    }
}
