//! Accounts (reference: section 3).

mod account_check;
mod account_delete;
mod account_import;
mod codes;
mod kick;
mod multiaccount_import;

use self::codes::SERVICE;
use crate::Endpoint;

pub(crate) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new::<account_import::AccountImport>(&SERVICE, "account_import", &[], 200),
    Endpoint::new::<multiaccount_import::MultiaccountImport>(
        &SERVICE,
        "multiaccount_import",
        &[],
        100,
    ),
    Endpoint::new::<account_delete::AccountDelete>(&SERVICE, "account_delete", &[], 100),
    Endpoint::new::<account_check::AccountCheck>(&SERVICE, "account_check", &[], 100),
    Endpoint::new::<kick::Kick>(&SERVICE, "kick", &[], 200),
];
