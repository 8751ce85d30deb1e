//! Accounts.

mod delete_account;
mod forget_accounts;
mod import_account;
mod mute_account;
mod revoke_signatures;
#[cfg(test)]
mod tests;

pub use delete_account::DeleteAccount;
pub use forget_accounts::ForgetAccounts;
pub use import_account::ImportAccount;
pub use mute_account::{MuteAccount, MuteFor};
pub use revoke_signatures::RevokeSignatures;
