//! Ordered tables in column families: what read models are kept in.
//!
//! [`Read`] and [`Store`] are the contract; [`MemoryStore`] and `RocksStore` (feature `rocksdb`)
//! keep it and pass one conformance suite. An [`Overlay`] is a view of a store with changes that
//! are not written yet: deciders and projections work on one, and its [`Changes`] become one
//! atomic [`Batch`]. A [`RowCache`] keeps the rows that deciders read again and again.
//!
//! Not here: what the tables mean, and any transaction across processes.

mod cache;
mod changes;
mod error;
pub mod key;
mod memory;
mod patched;
#[cfg(feature = "rocksdb")]
mod rocks;
pub mod row;
mod rows;
mod table;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
#[cfg(any(test, feature = "conformance"))]
mod counted;

pub use cache::{Cached, RowCache};
pub use changes::{Changes, Layers, Overlay};
#[cfg(any(test, feature = "conformance"))]
pub use counted::Counted;
pub use error::{Error, Result};
pub use memory::{DumpRow, MemoryStore};
pub use patched::Patched;
#[cfg(feature = "rocksdb")]
pub use rocks::{RocksMemory, RocksOptions, RocksStore};
pub use rows::FallibleVisitor;
pub use table::{Access, Batch, Direction, Durability, KeyRange, Op, Read, Store, Table, Visitor};
