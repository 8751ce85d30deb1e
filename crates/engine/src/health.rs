//! Whether the engine can do its work: one place gathers what every owned part says of itself.

use std::sync::atomic::Ordering;

use crate::clock::Jump;
use crate::{BELIEVED_AFTER, Handle, metrics};

/// Whether the engine can do its work, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub live: bool,
    pub ready: bool,
    pub reasons: Vec<String>,
    /// What an operator should see to though commands are taken.
    pub warnings: Vec<String>,
}

impl Handle {
    /// What is in the way of what: of all partitions, of one, of a projection that follows.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut reasons = Vec::new();
        let troubles = self.shared.troubles.read();
        reasons.extend(troubles.values().map(|one| one.reason.clone()));
        drop(troubles);
        for (log, door) in &*self.shared.doors.read() {
            let found = door.state.trouble().into_iter();
            reasons.extend(found.map(|reason| format!("{log}: {reason}")));
        }
        reasons.extend(self.shared.registry.troubles());
        if self.shared.closing.load(Ordering::Acquire) {
            reasons.push("the server is shutting down".to_owned());
        }
        reasons.sort();
        let mut warnings = self.time_warnings();
        warnings.extend(self.rebuild_warning());
        Health {
            live: true,
            ready: reasons.is_empty(),
            reasons,
            warnings,
        }
    }

    /// Read models that are damaged or built again: everything else goes on meanwhile.
    fn rebuild_warning(&self) -> Option<String> {
        let doors = self.shared.doors.read();
        let (mut applied, mut end, mut why) = (0, 0, None);
        for (log, door) in &*doors {
            let log_end = *door.reader.committed().borrow();
            end += log_end;
            if let Some(rebuild) = self.shared.registry.rebuild(*log) {
                applied += rebuild.applied;
                why = Some(rebuild.reason);
            }
        }
        match why {
            Some(why) => Some(format!(
                "the read models are built again from the log ({why}): {applied} of {end} events \
                 are done; what still reads is answered from the old ones"
            )),
            None => self.shared.models.now().damage(),
        }
    }

    /// Looks at the clock, which notices jumps, and measures how far it and the logs' times are
    /// apart; and at the followers, which notices those that do not move.
    pub fn observe(&self) {
        drop(self.shared.registry.troubles());
        let jump_ms = self.shared.clock.jump().map_or(0, |jump| jump.by_ms);
        ::metrics::gauge!(metrics::CLOCK_JUMP_SECONDS).set(seconds(jump_ms));
        let doors = self.shared.doors.read();
        let ahead = doors.values().filter_map(|door| door.time.ahead()).max();
        let ahead = ahead.unwrap_or_default().as_secs_f64();
        ::metrics::gauge!(metrics::LOG_AHEAD_SECONDS).set(ahead);
    }

    fn time_warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(Jump { by_ms, ago }) = self.shared.clock.jump() {
            warnings.push(format!(
                "the machine's clock jumped by {:.1} s, {} s ago: it is followed if it is still \
                 there {} s after that",
                seconds(by_ms),
                ago.as_secs(),
                BELIEVED_AFTER.as_secs()
            ));
        }
        for (log, door) in &*self.shared.doors.read() {
            warnings.extend(door.time.ahead().map(|ahead| {
                format!(
                    "{log}: its events' times are {} s ahead of the machine's clock, which is wrong \
                     or was: they pass at half their speed until it has caught up",
                    ahead.as_secs()
                )
            }));
        }
        warnings.sort();
        warnings
    }
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
