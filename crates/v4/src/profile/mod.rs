//! Profiles (reference: section 7).

mod portrait_get;
mod portrait_set;

use crate::codes::Service::Profile;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<portrait_set::PortraitSet>(Profile, "portrait_set", &[], 200),
    Endpoint::new::<portrait_get::PortraitGet>(Profile, "portrait_get", &[], 200),
];
