//! What a projection is, and how events are folded into read models.
//!
//! There is one fold: [`Fold::apply`] runs in the commit path, in catch-up after a crash and in a
//! rebuild. An inline projection writes to the same batch as the checkpoint, so a read model and
//! the position it has applied never disagree. An async projection ([`AsyncProjection`]) follows
//! the log on its own and keeps its checkpoint with its data ([`follow()`]).
//!
//! Not here: the log (events arrive through a [`Source`]), and what any projection builds.
//!
//! Invariants: sequences are applied one by one, none twice, none skipped; an event that cannot
//! be applied stops the projection, loudly; no projection knows the time.

mod async_projection;
mod fold;
mod pace;
mod status;
pub mod sweep;

pub use async_projection::{
    ApplyError, AsyncProjection, Ended, FollowOptions, Source, SourceError, follow,
};
pub use fold::{Fold, FoldError, Projection, TABLES, checkpoint};
pub use status::{NoSuchProjection, Order, Ordered, Rebuild, Registry, State, Status};

/// Whatever went wrong inside a projection.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
