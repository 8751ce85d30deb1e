//! Accounts (reference: section 3).

mod account_check;
mod account_delete;
mod account_import;
mod kick;
mod multiaccount_import;

use crate::codes::Service::Login;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<account_import::AccountImport>(Login, "account_import", &[], 200),
    Endpoint::new::<multiaccount_import::MultiaccountImport>(
        Login,
        "multiaccount_import",
        &[],
        100,
    ),
    Endpoint::new::<account_delete::AccountDelete>(Login, "account_delete", &[], 100),
    Endpoint::new::<account_check::AccountCheck>(Login, "account_check", &[], 100),
    Endpoint::new::<kick::Kick>(Login, "kick", &[], 200),
];
