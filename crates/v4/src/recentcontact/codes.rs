//! Codes of recent contacts.

use hansard_types::Reason as R;

use crate::service::Service;

pub(super) const CONTACT_ACCOUNT_UNKNOWN: u32 = 50001;
pub(super) const CONTACT_PARAMETER: u32 = 50002;
pub(super) const CONTACT_INTERNAL: u32 = 50004;

pub(super) static SERVICE: Service = Service {
    path: "recentcontact",
    json: CONTACT_PARAMETER,
    parameter: CONTACT_PARAMETER,
    internal: CONTACT_INTERNAL,
    has_error_display: true,
    has_action_status: true,
    refusals: &[(R::AccountUnknown, CONTACT_ACCOUNT_UNKNOWN)],
    exceptions: &[],
};
