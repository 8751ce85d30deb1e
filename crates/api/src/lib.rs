//! The HTTP surfaces: `/v4` (the Tencent Cloud Chat server API, for backends that move here by
//! changing a base URL), `/v1` (ours: event streams, search, projections, import, settings),
//! health, metrics and OpenAPI.
//!
//! The only crate that names axum. It reads through the projections' readers and writes through
//! the engine; it never sees the log or the store.
//!
//! The way of a request: the shell authenticates, bounds and decodes it, the endpoint's file
//! makes a command of it, the engine decides and commits, and the endpoint writes the answer.
//! Adding an endpoint to `/v4` is one file with its types, documentation, call and tests, and one
//! row in its service's table; routing, OpenAPI, metrics and the contract test follow the table.
//!
//! Invariants:
//! * everything under `/v4` is answered with HTTP 200 and an envelope, also a panic of ours;
//! * a request is refused before anything is written, or its command was given to the engine;
//! * no message body, signature or secret is ever logged;
//! * every list, page, body and wait is bounded.
//!
//! Not here: what commands mean (domain), where state lives (engine), configuration (the binary).

mod codes;
mod front;
mod health;
mod ids;
mod json;
pub mod metrics;
mod openapi;
mod query;
mod rate;
mod state;
pub mod usersig;
mod v1;
mod v4;

#[cfg(test)]
mod testing;

pub use front::{Front, WhyNot};
pub use openapi::openapi;
pub use state::{ApiOptions, ApiState, SearchIndexes, Secrets, Surfaces, surfaces};
