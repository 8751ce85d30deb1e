//! Rows: positional MessagePack, compact and disposable. A row's layout may change with its
//! projection's version; events never go through here.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result, Table};

/// Writes a row.
///
/// # Errors
/// [`Error::Row`], which would be a mistake of ours.
#[expect(clippy::disallowed_methods, reason = "this is the row codec")]
pub fn encode<T: Serialize>(table: &'static Table, row: &T) -> Result<Vec<u8>> {
    rmp_serde::to_vec(row).map_err(|error| Error::Row {
        table: table.name,
        reason: error.to_string(),
    })
}

/// Reads a row back.
///
/// # Errors
/// [`Error::Row`] when the bytes are not such a row.
#[expect(clippy::disallowed_methods, reason = "this is the row codec")]
pub fn decode<T: DeserializeOwned>(table: &'static Table, bytes: &[u8]) -> Result<T> {
    rmp_serde::from_slice(bytes).map_err(|error| Error::Row {
        table: table.name,
        reason: error.to_string(),
    })
}
