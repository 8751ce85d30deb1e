//! Accounts are deleted in the directory's partition; the others learn of it by events of their own.
//!
//! Each of them knows the last deletion that it has learned of, so a process that dies anywhere goes
//! on where it was. A partition that has something to decide looks for itself before; here is who
//! wakes those that have not.

use std::time::Duration;

use hansard_domain::Command;
use hansard_domain::account::ForgetAccounts;
use hansard_events::Origin;
use hansard_types::{AppId, LogId};
use tokio::time::sleep;

use crate::commit::blocking;
use crate::{Backoff, Handle, SubmitError};

/// The first and the longest wait before a partition is told again that could not be.
const AGAIN_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Runs until it is aborted, or the app's directory is gone.
pub(crate) async fn tell(handle: Handle, app: AppId) {
    let Some(mut applied) = handle.applied(LogId::directory(app)) else {
        return;
    };
    let mut told = 0;
    let mut backoff = Backoff::between(AGAIN_AFTER.0, AGAIN_AFTER.1);
    loop {
        applied.borrow_and_update();
        match forget_behind(&handle, app, told).await {
            Ok(up_to) => told = up_to,
            Err(error) => {
                tracing::warn!(%app, %error, "a partition is not told of deleted accounts yet");
                sleep(backoff.after(Duration::ZERO)).await;
                continue;
            }
        }
        if applied.changed().await.is_err() {
            return;
        }
    }
}

/// Tells every partition when there was a deletion after `told`; the last one's sequence.
async fn forget_behind(handle: &Handle, app: AppId, told: u64) -> Result<u64, SubmitError> {
    let last = blocking(|| handle.last_deletion(app));
    let last = last.map_err(|error| SubmitError::Unavailable(error.to_string()))?;
    if last <= told {
        return Ok(told);
    }
    // In the live one nothing is kept of an account.
    for log in handle.ordinary_logs(app).skip(1) {
        let by_system = Origin::system();
        let forget = Command::from(ForgetAccounts);
        handle.submit(log, forget, by_system).await?;
    }
    Ok(last)
}
