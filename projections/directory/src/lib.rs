//! Apps and accounts.
