//! Whether a nats-server that someone else runs brings its files to disk while the journal still
//! holds what they miss.

use std::time::Duration;

use anyhow::{Result, bail};
use hansard_log::{JetStream, ServerSettings};
use hansard_types::limits::NATS_SYNC_INTERVAL_MS_MAX;

/// The longest time between two syncs.
const SYNC_INTERVAL_MAX: Duration = Duration::from_millis(NATS_SYNC_INTERVAL_MS_MAX);

/// Refuses a server that syncs too seldom, and says so when it does not tell.
pub(crate) async fn check(server: &JetStream) -> Result<()> {
    let settings = server.settings().await;
    if settings.is_empty() {
        tracing::warn!(
            "nats-server does not tell this login how often it brings its files to disk: its \
             sync_interval must be {} s at most (by default it is 2 minutes), or a power loss may \
             take more than the journal holds. To have that checked at each start, export \
             $SYS.REQ.SERVER.PING.JSZ of its system account to this login's account, see the README",
            SYNC_INTERVAL_MAX.as_secs()
        );
        return Ok(());
    }
    refuse(&settings)
}

fn refuse(settings: &[ServerSettings]) -> Result<()> {
    for ServerSettings {
        server,
        sync_interval,
    } in settings
    {
        if *sync_interval > SYNC_INTERVAL_MAX {
            bail!(
                "nats-server {server} brings its files to disk every {} s only (sync_interval), \
                 and the journal holds what was acknowledged for {} s: a power loss could take \
                 events for good. Set jetstream {{ sync_interval }} there to {} s or less, or \
                 start with --durability interval if that may be",
                sync_interval.as_secs(),
                2 * SYNC_INTERVAL_MAX.as_secs(),
                SYNC_INTERVAL_MAX.as_secs()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(seconds: u64) -> ServerSettings {
        ServerSettings {
            server: "n1".to_owned(),
            sync_interval: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn the_default_passes_and_one_of_a_cluster_that_syncs_too_seldom_does_not() {
        assert!(refuse(&[every(120), every(0)]).is_ok(), "0: always");
        let refused = refuse(&[every(120), every(600)]).expect_err("refused");
        let text = refused.to_string();
        for part in ["n1", "600 s", "150 s or less", "--durability interval"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
