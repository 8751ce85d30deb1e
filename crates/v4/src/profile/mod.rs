//! Profiles (reference: section 7).

mod codes;
mod portrait_get;
mod portrait_set;

use self::codes::SERVICE;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<portrait_set::PortraitSet>(&SERVICE, "portrait_set", &[], 200),
    Endpoint::new::<portrait_get::PortraitGet>(&SERVICE, "portrait_get", &[], 200),
];
