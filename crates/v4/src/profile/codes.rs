//! Codes of profiles.

use hansard_types::Reason as R;

pub(super) use crate::codes::{PROFILE_TAG_UNKNOWN, PROFILE_TYPE_DIFFERS};
use crate::service::Service;

pub(super) const PROFILE_PARAMETER: u32 = 40001;
pub(super) const PROFILE_ACCOUNTS_MISSING: u32 = 40002;
pub(super) const PROFILE_ACCOUNT_UNKNOWN: u32 = 40003;
pub(super) const PROFILE_INTERNAL: u32 = 40006;
pub(super) const PROFILE_NOT_READABLE: u32 = 40007;

pub(super) static SERVICE: Service = Service {
    path: "profile",
    json: PROFILE_PARAMETER,
    parameter: PROFILE_PARAMETER,
    internal: PROFILE_INTERNAL,
    has_error_display: true,
    has_action_status: true,
    refusals: &[(R::AccountUnknown, PROFILE_ACCOUNT_UNKNOWN)],
    exceptions: &[],
};
