//! Global mutes (reference: section 10). The answers of this service carry no `ActionStatus`.

mod getnospeaking;
mod setnospeaking;

use crate::codes::Service::Config;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<setnospeaking::SetNoSpeaking>(Config, "setnospeaking", &[], 200),
    Endpoint::new::<getnospeaking::GetNoSpeaking>(Config, "getnospeaking", &[], 200),
];
