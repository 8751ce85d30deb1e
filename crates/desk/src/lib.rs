//! The desk between the surfaces and the engine: everyone comes in here, whatever they speak.
//!
//! The way of a command: a surface says who calls ([`Desk::admit`]: signature, revocation, role,
//! rate) and what for; the desk knows which partition it is for, puts the caller's name
//! on it, gives it to the engine, and says what its answer means ([`Error`]). The way of a read: the
//! desk waits until the read models show the position that the caller has seen
//! ([`Desk::wait_visible`]), and lets it read in the engine's bounded pool ([`Desk::read`]).
//!
//! A surface translates, and nothing else: what a caller may do is decided in the domain, from the
//! actor that the desk names.
//!
//! Invariants:
//! * a request is refused before anything is written, or its command was given to the engine;
//! * nobody is admitted by a signature that was taken back, from the moment that was answered;
//! * no signature or secret is ever logged.
//!
//! Not here: HTTP, sockets, or any other transport; codes and texts of a surface.

mod admission;
mod caller;
mod desk;
mod error;
mod ids;
pub mod json;
pub mod metrics;
mod query;
mod rate;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod usersig;

pub use caller::{Caller, Denied, Rate, Role, Secrets, Visitor};
pub use desk::{Desk, DeskOptions, VISIBLE_WITHIN};
pub use error::Error;
pub use hansard_engine::{Answer, AppSignal, Committed, EventsError, Health, LogError, Reads};
pub use query::Query;
