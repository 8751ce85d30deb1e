//! How far a start is: what `/readyz` says until everything is ready.

use std::collections::BTreeMap;
use std::sync::Arc;

use hansard_http::WhyNot;
use hansard_log::server::ServerState;
use hansard_types::LogId;
use parking_lot::Mutex;
use tokio::sync::watch;

/// Told what a start is doing. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Stage(Arc<Mutex<Doing>>);

#[derive(Default)]
struct Doing {
    what: &'static str,
    nats: Option<watch::Receiver<ServerState>>,
    logs: BTreeMap<LogId, Way>,
}

/// How far a log is.
struct Way {
    what: &'static str,
    done: u64,
    total: u64,
}

impl Stage {
    pub(crate) fn begins(&self, what: &'static str) {
        self.0.lock().what = what;
    }

    /// A nats-server begins, whose state says how far it is.
    pub(crate) fn waits_for(&self, nats: watch::Receiver<ServerState>) {
        self.0.lock().nats = Some(nats);
    }

    pub(crate) fn log_is_at(&self, log: LogId, what: &'static str, done: u64, total: u64) {
        let way = Way { what, done, total };
        self.0.lock().logs.insert(log, way);
    }

    pub(crate) fn log_is_done(&self, log: LogId) {
        self.0.lock().logs.remove(&log);
    }

    /// What is asked for this.
    pub(crate) fn why_not(&self) -> WhyNot {
        let stage = self.clone();
        Arc::new(move || stage.reasons())
    }

    fn reasons(&self) -> Vec<String> {
        let doing = self.0.lock();
        let mut reasons = vec![doing.what.to_owned()];
        let nats = doing.nats.as_ref();
        reasons.extend(nats.and_then(|state| state.borrow().describe()));
        for (log, Way { what, done, total }) in &doing.logs {
            reasons.push(format!("{log}: {what}, {done} of {total} events"));
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use hansard_types::AppId;

    use super::*;

    #[test]
    fn a_start_says_what_it_does_and_how_far_each_log_is() {
        let stage = Stage::default();
        stage.begins("the journal is opened");
        let why_not = stage.why_not();
        assert_eq!(why_not(), ["the journal is opened"]);
        let (_server, state) = watch::channel(ServerState::Starting);
        stage.waits_for(state);
        let log = LogId::new(AppId(7), 0);
        stage.begins("the logs are opened");
        stage.log_is_at(log, "catching up", 3, 9);
        let said = why_not().join("; ");
        assert!(said.contains("nats-server is starting"), "{said}");
        assert!(said.contains("catching up, 3 of 9 events"), "{said}");
        stage.log_is_done(log);
        assert!(!why_not().join("; ").contains("catching up"));
    }
}
