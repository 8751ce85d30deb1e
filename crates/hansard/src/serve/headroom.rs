//! Refuses writes while the disk is nearly full: JetStream freezes on a full disk until it is
//! restarted, so it must not get there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use hansard_engine::{Handle, Hindrance};
use rustix::fs::statvfs;

use super::telemetry::{DISK_FREE_BYTES, float};

const CHECK_EVERY: Duration = Duration::from_secs(2);

/// Free bytes of the disk that holds a path.
pub(crate) fn free_bytes(path: &Path) -> Result<u64> {
    let disk = statvfs(path)
        .with_context(|| format!("the disk of {} cannot be measured", path.display()))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Why no writes are taken with so much room, if so.
fn reason(free: u64, least: u64, root: &Path) -> Option<String> {
    const MIB: u64 = 1024 * 1024;
    (free < least).then(|| {
        format!(
            "the disk of {} is nearly full: {} MiB are free, {} MiB must be",
            root.display(),
            free / MIB,
            least / MIB
        )
    })
}

/// Watches the disk: below `least` free bytes no writes are taken.
pub(crate) struct Headroom {
    root: PathBuf,
    least: u64,
    engine: Handle,
    paused: bool,
}

impl Headroom {
    /// Has looked once, before the first write is taken.
    pub(crate) fn of(root: PathBuf, least: u64, engine: Handle) -> Self {
        let mut headroom = Self {
            root,
            least,
            engine,
            paused: false,
        };
        headroom.look();
        headroom
    }

    /// Watches for ever.
    pub(crate) async fn watch(mut self) {
        let mut tick = tokio::time::interval(CHECK_EVERY);
        loop {
            tick.tick().await;
            self.look();
        }
    }

    fn look(&mut self) {
        let free = match free_bytes(&self.root) {
            Ok(free) => free,
            Err(error) => {
                tracing::error!(%error, "the free disk space is not known");
                return;
            }
        };
        metrics::gauge!(DISK_FREE_BYTES).set(float(free));
        let reason = reason(free, self.least, &self.root);
        if reason.is_some() == self.paused {
            return;
        }
        self.paused = reason.is_some();
        match &reason {
            Some(reason) => tracing::error!(%reason, "writes are refused"),
            None => tracing::info!("there is room again: writes are taken"),
        }
        self.engine.pause_writes(Hindrance::Disk, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_has_a_reason_that_says_how_much() {
        const MIB: u64 = 1024 * 1024;
        let root = Path::new("/data");
        assert_eq!(reason(512 * MIB, 512 * MIB, root), None);
        let text = reason(511 * MIB, 512 * MIB, root).expect("a reason");
        assert!(text.contains("511 MiB are free, 512 MiB must be"), "{text}");
    }
}
