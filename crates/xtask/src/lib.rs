//! Repository chores, as a library so that the tests run the same code as the command.
//!
//! Not here: anything that the product runs, and checks of the source itself (those are tests:
//! `tests/it/house.rs`).
//!
//! Invariant: what is generated depends on the code and on what is committed only, so that anyone
//! who runs it gets the same bytes.

pub mod schemas;
