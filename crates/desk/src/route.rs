//! Which log a command is for: a surface names an app, and what it wants. What reads a log itself
//! names partition 0 as well.

use hansard_domain::Command;
use hansard_types::{AppId, LogId};

/// The log of a command. Apps and their settings are the control log's; everything else of an app is
/// in its partition 0, the only one that there is yet.
pub(crate) fn log_of(app: AppId, command: &Command) -> LogId {
    if matches!(
        command,
        Command::CreateApp(_) | Command::ChangeAppSettings(_)
    ) {
        LogId::CONTROL
    } else {
        LogId::new(app, 0)
    }
}
