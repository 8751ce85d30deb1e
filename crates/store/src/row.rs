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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Access;

    static TABLE: Table = Table {
        name: "test.key_row",
        kind: 1,
        access: Access::Point,
    };

    #[test]
    fn a_row_reads_back_and_a_wrong_one_names_its_table() {
        let row = (7_u64, Some("text".to_owned()), vec![1_u8, 2]);
        let bytes = encode(&TABLE, &row).expect("encodes");
        assert_eq!(
            decode::<(u64, Option<String>, Vec<u8>)>(&TABLE, &bytes).expect("reads"),
            row
        );
        let error = decode::<String>(&TABLE, &bytes).expect_err("it is no text");
        assert!(error.to_string().contains(TABLE.name), "{error}");
    }
}
