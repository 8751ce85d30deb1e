//! Recent contacts (reference: section 5).

mod get_list;

use crate::codes::Service::RecentContact;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[Endpoint::new::<get_list::GetList>(
    RecentContact,
    "get_list",
    &[],
    200,
)];
