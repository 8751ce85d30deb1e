//! Visits of live rooms end by themselves: the log says so within moments of it.

use std::time::Duration;

use hansard_domain::live::EndVisits;
use hansard_events::Origin;
use hansard_types::{AppId, LogId};
use tokio::time::{MissedTickBehavior, interval};

use crate::commit::blocking;
use crate::{Handle, SubmitError};

/// How often visits that are over are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs until it is aborted.
pub(crate) async fn end(handle: Handle, app: AppId) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = end_all(&handle, app).await {
            tracing::debug!(%app, %error, "visits that are over are not ended yet");
        }
    }
}

async fn end_all(handle: &Handle, app: AppId) -> Result<(), SubmitError> {
    let log = LogId::live(app);
    loop {
        let over = blocking(|| handle.has_visits_over(app));
        if !over.map_err(|error| SubmitError::Unavailable(error.to_string()))? {
            return Ok(());
        }
        let by_system = Origin::system();
        handle.submit(log, EndVisits.into(), by_system).await?;
    }
}
