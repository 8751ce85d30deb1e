//! `/v4/<service>/<command>`: the Tencent Cloud Chat server API (reference: tencent-chat.md).

mod element;
mod endpoint;
mod envelope;
mod field;
mod message_id;
mod shell;

mod group_open_http_svc;
mod im_open_login_svc;
mod openconfigsvr;
mod openim;
mod profile;
mod recentcontact;
mod sns;

#[cfg(test)]
mod contract;

use crate::metrics::Meter;

pub(crate) use endpoint::Endpoint;
pub(crate) use shell::{handle, not_yet};

/// Every endpoint, by service: the one place that routing, OpenAPI, metrics and the contract
/// test go by.
pub(crate) static SERVICES: [&[Endpoint]; 7] = [
    im_open_login_svc::ENDPOINTS,
    openim::ENDPOINTS,
    recentcontact::ENDPOINTS,
    group_open_http_svc::ENDPOINTS,
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
        .find(|(_, endpoint)| endpoint.service.path() == service && endpoint.answers_to(command))
}

/// The metrics of every endpoint, in the order of [`endpoints`], and of what reached none.
pub(crate) struct Meters {
    rows: Vec<Meter>,
    none: Meter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let meter =
            |endpoint: &'static Endpoint| Meter::new(endpoint.service.path(), endpoint.command);
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
