//! Global mutes (reference: section 10). The answers of this service carry no `ActionStatus`.

mod codes;
mod getnospeaking;
mod setnospeaking;

use self::codes::SERVICE;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<setnospeaking::SetNoSpeaking>(&SERVICE, "setnospeaking", &[], 200),
    Endpoint::new::<getnospeaking::GetNoSpeaking>(&SERVICE, "getnospeaking", &[], 200),
];
