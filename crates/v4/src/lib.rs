//! `/v4/<service>/<command>`: the Tencent Cloud Chat server API (reference: tencent-chat.md), for
//! backends that move here by changing a base URL.
//!
//! A surface on the desk: it translates, and nothing else. The shell decodes a request's head, has
//! its caller admitted and reads its body; the endpoint's file makes a command of it, or a read, and
//! writes the answer. Adding an endpoint is one file with its types, documentation, call and tests,
//! and one row in its service's table; routing, OpenAPI, metrics and the contract test follow the
//! table.
//!
//! Invariants:
//! * everything is answered with an envelope, also a panic of ours;
//! * no message body, signature or secret is ever logged;
//! * every list, page and body is bounded.
//!
//! Not here: HTTP (the transport hands in a [`Head`] and a [`Body`]), who may do what (domain), what
//! a failure of the engine means (desk).

mod codes;
mod document;
mod element;
mod endpoint;
mod envelope;
mod field;
mod message_id;
mod push;
mod service;
mod shell;
mod topic_id;
mod typed;

mod group_open_http_svc;
mod im_open_login_svc;
mod openconfigsvr;
mod openim;
mod openim_msg_ext_http_svc;
mod profile;
mod recentcontact;
mod sns;

#[cfg(test)]
mod contract;
use hansard_desk::metrics::Meter;
#[cfg(test)]
use hansard_http::testing;

pub use document::paths;
pub(crate) use endpoint::Endpoint;
pub use shell::{Body, BodyBroken, Envelope, Head, V4, not_yet};

/// Every endpoint, by service: the one place that routing, OpenAPI, metrics and the contract
/// test go by.
pub(crate) static SERVICES: [&[Endpoint]; 11] = [
    im_open_login_svc::ENDPOINTS,
    openim::ENDPOINTS,
    openim_msg_ext_http_svc::ENDPOINTS,
    recentcontact::ENDPOINTS,
    group_open_http_svc::ENDPOINTS,
    group_open_http_svc::ATTRIBUTES,
    group_open_http_svc::LIVE,
    group_open_http_svc::MILLION,
    profile::ENDPOINTS,
    sns::ENDPOINTS,
    openconfigsvr::ENDPOINTS,
];

/// All rows of all services.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    SERVICES.iter().copied().flatten()
}

/// The endpoint at a path below `/v4/`, with its place in [`endpoints`].
pub(crate) fn find(path: &str) -> Option<(usize, &'static Endpoint)> {
    let (service, command) = path.split_once('/')?;
    endpoints()
        .enumerate()
        .find(|(_, endpoint)| endpoint.service.path == service && endpoint.answers_to(command))
}

/// The metrics of every endpoint, in the order of [`endpoints`], and of what reached none.
pub(crate) struct Meters {
    rows: Vec<Meter>,
    none: Meter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let meter =
            |endpoint: &'static Endpoint| Meter::new(endpoint.service.path, endpoint.command);
        Self {
            rows: endpoints().map(meter).collect(),
            none: Meter::new("none", "none"),
        }
    }

    pub(crate) fn of(&self, place: Option<usize>) -> &Meter {
        place
            .and_then(|index| self.rows.get(index))
            .unwrap_or(&self.none)
    }
}
