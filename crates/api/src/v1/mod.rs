//! `/v1`: what the server API has no words for.
//!
//! The bearer token is a UserSig of an administrator of the app in the path or, for relations, of
//! the account whose they are; who calls is read from inside it.

mod access;
mod event_filter;
mod events;
mod import;
mod import_line;
pub(crate) mod problem;
mod projections;
mod relations;
mod search;
mod settings;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use schemars::{Schema, SchemaGenerator};

use crate::state::Shared;

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A parameter in the query.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) required: bool,
}

const fn optional(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        about,
        required: false,
    }
}

const fn required(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        about,
        required: true,
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
    relations::OPERATIONS,
];

fn all() -> [(&'static str, MethodRouter<Arc<Shared>>); 12] {
    [
        (events::PATH, get(events::read)),
        (search::PATH, get(search::messages)),
        (projections::PATH, get(projections::list)),
        (projections::RETRY, post(projections::retry)),
        (projections::REBUILD, post(projections::rebuild)),
        (import::PATH, post(import::lines)),
        (settings::PATH, get(settings::show).patch(settings::change)),
        (relations::REQUESTS, get(relations::requests)),
        (relations::ACCEPT, post(relations::accept)),
        (relations::REFUSE, post(relations::refuse)),
        (relations::RENAME, post(relations::rename)),
        (relations::MEMBERS, post(relations::members)),
    ]
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    all()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        })
}

#[cfg(test)]
mod tests;
