//! Codes of mutes.

use hansard_types::Reason as R;

use crate::service::Service;

pub(super) const CONFIG_JSON: u32 = 130001;
pub(super) const GET_ACCOUNT_MISSING: u32 = 130002;
pub(super) const GET_ACCOUNT_INVALID: u32 = 130003;
pub(super) const SET_ACCOUNT_MISSING: u32 = 130004;
pub(super) const SET_ACCOUNT_INVALID: u32 = 130005;
pub(super) const NO_MUTE_GIVEN: u32 = 130008;
pub(super) const CONFIG_INTERNAL: u32 = 130014;

pub(super) static SERVICE: Service = Service {
    path: "openconfigsvr",
    json: CONFIG_JSON,
    parameter: CONFIG_JSON,
    internal: CONFIG_INTERNAL,
    has_error_display: false,
    has_action_status: false,
    refusals: &[(R::AccountUnknown, SET_ACCOUNT_INVALID)],
    exceptions: &[("getnospeaking", R::AccountUnknown, GET_ACCOUNT_INVALID)],
};
