//! `/v1`: what the server API has no words for: event streams, search, projections, import,
//! settings, and an account's own side: what it sends, and its relations.
//!
//! A surface on the desk: it translates, and nothing else. The bearer token is a UserSig of an
//! administrator of the app in the path or, for what is an account's own, of that account; who calls
//! is read from inside it.
//!
//! Invariants:
//! * what an account does here it does in its own name;
//! * no message body, signature or secret is ever logged;
//! * every list, page, body, stream and wait is bounded.
//!
//! Not here: who may do what (domain), what a failure of the engine means (desk).

mod access;
mod act;
mod asked;
mod document;
mod event_filter;
mod events;
mod extensions;
mod groups;
mod import;
mod import_line;
mod merged;
mod messages;
mod problem;
mod projections;
mod reading;
mod relations;
mod search;
mod settings;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use hansard_desk::Desk;
use hansard_projector::Registry;
use hansard_types::LogId;
use schemars::{Schema, SchemaGenerator};
use tokio::sync::{Semaphore, watch};

pub use document::paths;
pub use problem::Problem;

/// Imports at once; more wait.
const IMPORTS_AT_ONCE_MAX: usize = 4;

/// The search indexes of the apps.
pub trait SearchIndexes: Send + Sync + 'static {
    /// Of one partition; `None` when it has none, or it is not open yet.
    fn reader(&self, log: LogId) -> Option<hansard_search::Reader>;
    /// A search has failed, or it is time to look: the index may be damaged.
    fn doubt(&self, log: LogId);
}

/// What an operator can choose.
#[derive(Debug, Clone)]
pub struct V1Options {
    /// Event streams that may be open at once; one more is answered 503.
    pub followers_max: usize,
    /// Turns true when the server shuts down: event streams then end. Without it they end when
    /// the engine closes.
    pub shutdown: Option<watch::Receiver<bool>>,
}

impl Default for V1Options {
    fn default() -> Self {
        Self {
            followers_max: 256,
            shutdown: None,
        }
    }
}

/// What the surface is made of.
pub struct V1 {
    pub desk: Arc<Desk>,
    /// What the projections say of themselves.
    pub registry: Registry,
    pub search: Arc<dyn SearchIndexes>,
    pub options: V1Options,
}

/// What handlers share.
pub(crate) struct Shared {
    pub(crate) desk: Arc<Desk>,
    pub(crate) registry: Registry,
    pub(crate) search: Arc<dyn SearchIndexes>,
    pub(crate) followers: Arc<Semaphore>,
    pub(crate) shutdown: Option<watch::Receiver<bool>>,
    /// Imports wait for one another: each holds its body.
    pub(crate) imports: Semaphore,
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A parameter in the query.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

impl Parameter {
    const fn of(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
}

/// What the text of a parameter may be.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// At most so many bytes.
    Text(usize),
    /// 1 to this.
    Count(usize),
    Account,
    /// A place in the log: what it begins with is the partition.
    Position,
    OneOf(&'static [&'static str]),
    /// What no pattern says shorter than the parameter's own words.
    Other,
}

const fn optional(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        about,
        required: false,
        kind: Kind::Other,
    }
}

const fn required(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        about,
        required: true,
        kind: Kind::Other,
    }
}

/// One operation, for the documentation; [`routes`] routes it.
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) request: Option<(&'static str, SchemaOf)>,
    pub(crate) response: (&'static str, SchemaOf),
}

/// Every operation.
pub(crate) static OPERATIONS: &[&[Operation]] = &[
    events::OPERATIONS,
    search::OPERATIONS,
    projections::OPERATIONS,
    import::OPERATIONS,
    settings::OPERATIONS,
    messages::OPERATIONS,
    messages::acts::OPERATIONS,
    messages::history::OPERATIONS,
    extensions::OPERATIONS,
    merged::OPERATIONS,
    relations::OPERATIONS,
    groups::OPERATIONS,
];

fn all() -> Vec<(&'static str, MethodRouter<Arc<Shared>>)> {
    let mut all = vec![
        (events::PATH, get(events::read)),
        (search::PATH, get(search::messages)),
        (projections::PATH, get(projections::list)),
        (projections::RETRY, post(projections::retry)),
        (projections::REBUILD, post(projections::rebuild)),
        (import::PATH, post(import::lines)),
        (settings::PATH, get(settings::show).patch(settings::change)),
        (
            messages::PATH,
            get(messages::history::read)
                .post(messages::send)
                .patch(act::act::<messages::acts::Edit>),
        ),
        (messages::acts::RECALL, post(messages::acts::recall)),
        (
            messages::acts::CONFIRM,
            post(act::act::<messages::acts::Receipts>),
        ),
        (
            messages::acts::READ,
            post(act::act::<messages::acts::ReadUpTo>),
        ),
        (
            extensions::PATH,
            get(extensions::read).post(extensions::change),
        ),
        (merged::PATH, get(merged::read)),
        (relations::REQUESTS, get(relations::requests)),
        (relations::ACCEPT, post(relations::accept)),
        (relations::REFUSE, post(relations::refuse)),
        (relations::RENAME, post(relations::rename)),
        (relations::MEMBERS, post(relations::members)),
    ];
    all.extend(groups::routes());
    all
}

/// Every path that is answered.
pub fn router(surface: V1) -> Router {
    let V1 {
        desk,
        registry,
        search,
        options,
    } = surface;
    let shared = Shared {
        desk,
        registry,
        search,
        followers: Arc::new(Semaphore::new(options.followers_max)),
        shutdown: options.shutdown,
        imports: Semaphore::new(IMPORTS_AT_ONCE_MAX),
    };
    let routed = all()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        });
    routed.with_state(Arc::new(shared))
}

#[cfg(test)]
use hansard_http::testing;
#[cfg(test)]
mod tests;
