//! Looks at the machine's clock, so that a jump is noticed when it happens and not when the next
//! command comes.

use std::time::Duration;

use hansard_engine::Handle;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks for ever.
pub(crate) async fn watch(engine: Handle) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        engine.observe();
    }
}
