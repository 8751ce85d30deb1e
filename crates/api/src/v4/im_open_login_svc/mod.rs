//! Accounts (reference: section 3).

mod account_check;
mod account_import;
mod multiaccount_import;

use crate::codes::Service::Login;
use crate::v4::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<account_import::AccountImport>(Login, "account_import", &[], 200),
    Endpoint::new::<multiaccount_import::MultiaccountImport>(
        Login,
        "multiaccount_import",
        &[],
        100,
    ),
    Endpoint::new::<account_check::AccountCheck>(Login, "account_check", &[], 100),
];
