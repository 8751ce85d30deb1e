//! Codes of accounts.

use hansard_types::Reason as R;

use crate::codes::JSON_MALFORMED;
pub(super) use crate::codes::{ACCOUNT_UNKNOWN, PROFILE_VALUE_TOO_LONG};
use crate::service::Service;

pub(super) const ACCOUNT_PARAMETER: u32 = 70402;
pub(super) const ACCOUNT_INTERNAL: u32 = 70500;

pub(super) static SERVICE: Service = Service {
    path: "im_open_login_svc",
    json: JSON_MALFORMED,
    parameter: ACCOUNT_PARAMETER,
    internal: ACCOUNT_INTERNAL,
    has_error_display: false,
    has_action_status: true,
    refusals: &[(R::AdministratorStays, ACCOUNT_PARAMETER)],
    exceptions: &[],
};
