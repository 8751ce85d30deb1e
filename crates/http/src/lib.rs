//! HTTP for the surfaces: where each is mounted, how much of a body is read, health, metrics and the
//! OpenAPI document.
//!
//! Invariants:
//! * everything under `/v4` is answered with HTTP 200 and an envelope;
//! * every body is bounded in size and time; one that nobody wants is read, so that its sender sees
//!   the answer.
//!
//! Not here: what a request means (`v4`, `v1`), connections and TLS (the binary).

mod body;
mod front;
mod health;
mod openapi;
mod surfaces;
#[cfg(feature = "testing")]
pub mod testing;

pub use front::{Front, WhyNot};
pub use health::Metrics;
pub use openapi::openapi;
pub use surfaces::{ApiState, Surfaces, surfaces};
