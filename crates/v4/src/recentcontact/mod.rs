//! Recent contacts (reference: section 5).

mod codes;
mod get_list;

use self::codes::SERVICE;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[Endpoint::new::<get_list::GetList>(
    &SERVICE,
    "get_list",
    &[],
    200,
)];
