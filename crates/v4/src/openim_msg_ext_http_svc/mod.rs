//! Message extensions: keys and values that clients keep with messages that were sent with
//! `SupportMessageExtension` 1 (reference: sections 4.11 and 9.2).

mod get;
mod set;
#[cfg(test)]
mod tests;

use hansard_types::{ConversationId, Reason as R, UserId};

use crate::Endpoint;
use crate::endpoint::Call;
use crate::service::Service;
use crate::typed::OrEmpty;

const PARAMETER: u32 = 10004;

static SERVICE: Service = Service {
    path: "openim_msg_ext_http_svc",
    json: PARAMETER,
    parameter: PARAMETER,
    internal: 10002,
    has_error_display: false,
    has_action_status: true,
    refusals: &[
        (R::AccountUnknown, PARAMETER),
        (R::SenderUnknown, PARAMETER),
        (R::RecipientUnknown, PARAMETER),
        (R::GroupUnknown, 10010),
        (R::GroupTypeForbids, 10007),
        (R::TopicUnknown, 110_003),
        (R::MessageUnknown, 23004),
        (R::MessageAlreadyRecalled, 23004),
        (R::ExtensionConflict, 23001),
        (R::ExtensionsOff, 23002),
        (R::ExtensionChangesTooMany, 23003),
        (R::ExtensionsFull, PARAMETER),
        (R::ExtensionInvalid, PARAMETER),
    ],
    exceptions: &[],
};

/// The conversation of two accounts; `from` absent: the calling administrator's.
fn between(call: &Call<'_>, from: OrEmpty<UserId>, to: &UserId) -> ConversationId {
    let from = from.0.unwrap_or_else(|| call.caller.user.clone());
    ConversationId::c2c(&from, to)
}

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<set::SetKeyValues>(&SERVICE, "set_key_values", &[], 200),
    Endpoint::new::<get::GetKeyValues>(&SERVICE, "get_key_values", &[], 200),
    Endpoint::new::<set::GroupSetKeyValues>(&SERVICE, "group_set_key_values", &[], 200),
    Endpoint::new::<get::GroupGetKeyValues>(&SERVICE, "group_get_key_values", &[], 200),
];
