//! A nats-server's recovery can lose what it finds damaged. What only its blocks hold is linked to
//! before it starts, so that the bytes stay on disk.
//!
//! ```text
//! <nats>/kept/<stream>/<block>      hard links of <nats>/jetstream/<account>/streams/<stream>/msgs
//! ```

use std::fs;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use hansard_types::LogId;

use crate::{Copies, files};

mod index;

const KEPT: &str = "kept";
const BLOCK: &str = "blk";

/// Whether our own copies hold everything that was ever acknowledged: then a stream that is lost is
/// made again from them.
#[must_use]
pub fn is_held(copies: &Copies) -> bool {
    let has_journal = copies.journal().is_some();
    let last = copies.last();
    has_journal && last.is_some_and(|last| copies.missing(1..=last).is_empty())
}

/// Links the blocks of every log that is not held elsewhere. Returns how many links there are new.
///
/// # Errors
/// When a folder cannot be read or a link not made.
pub fn keep(nats: &Path, is_held: impl Fn(LogId) -> bool) -> Result<usize> {
    let mut linked = 0;
    for (log, folder) in streams(nats)? {
        // What ages out has no other copy that the blocks would be needed for.
        if log.is_live() || is_held(log) {
            continue;
        }
        let kept = folder_of(nats, log);
        files::make_folder(&kept)?;
        for block in entries(&folder.join("msgs"))? {
            if block
                .extension()
                .is_some_and(|extension| extension == BLOCK)
            {
                linked += usize::from(link(&block, &kept)?);
            }
        }
    }
    Ok(linked)
}

/// Links a block, beside an older one of the same name that is another file by now.
fn link(block: &Path, kept: &Path) -> Result<bool> {
    let name = block.file_name().unwrap_or_default();
    let mut target = kept.join(name);
    for number in 1.. {
        match fs::hard_link(block, &target) {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if fs::metadata(&target)?.ino() == fs::metadata(block)?.ino() {
                    return Ok(false);
                }
                target = kept.join(name).with_extension(format!("{BLOCK}.{number}"));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Brings what nats-server knows of each log's blocks up to date before it starts, so that it need
/// not read all of them. What goes wrong costs time only.
pub(crate) fn bring_indexes_up_to_date(nats: &Path) {
    let streams = streams(nats).unwrap_or_default();
    for (log, folder) in streams {
        match index::bring_up_to_date(&folder, &log.stream_name()) {
            Ok(Some(events)) => tracing::info!(%log, events, "added to the index of its blocks"),
            Ok(None) => {}
            Err(error) => tracing::warn!(%log, %error, "the index of its blocks stays as it is"),
        }
    }
}

/// Lets go of what was kept of a log, once it is held elsewhere or the stream was found whole.
///
/// # Errors
/// When a link cannot be removed.
pub fn let_go(nats: &Path, log: LogId) -> Result<()> {
    match fs::remove_dir_all(folder_of(nats, log)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Takes the folder of a stream out of the way that nats-server does not know, though it is there:
/// its description is damaged. A stream of that name that is made now would find the old blocks, and
/// be unknown again after the next start. Returns where it is kept.
///
/// # Errors
/// When it cannot be moved.
pub fn set_aside(nats: &Path, log: LogId) -> Result<Option<PathBuf>> {
    let found = streams(nats)?.into_iter().find(|(id, _)| *id == log);
    let Some((_, folder)) = found else {
        return Ok(None);
    };
    let kept = folder_of(nats, log);
    files::make_folder(&kept)?;
    let mut number = 1;
    while kept.join(format!("stream-{number}")).try_exists()? {
        number += 1;
    }
    let target = kept.join(format!("stream-{number}"));
    fs::rename(folder, &target)?;
    Ok(Some(target))
}

/// The logs that have a folder in a nats-server's store.
///
/// # Errors
/// When a folder cannot be read.
pub fn logs(nats: &Path) -> Result<Vec<LogId>> {
    Ok(streams(nats)?.into_iter().map(|(log, _)| log).collect())
}

fn folder_of(nats: &Path, log: LogId) -> PathBuf {
    nats.join(KEPT).join(log.stream_name())
}

/// The folders of the logs' streams in a nats-server's store.
fn streams(nats: &Path) -> Result<Vec<(LogId, PathBuf)>> {
    let mut streams = Vec::new();
    for account in entries(&nats.join("jetstream").join("jetstream"))? {
        for stream in entries(&account.join("streams"))? {
            let name = stream.file_name().and_then(|name| name.to_str());
            if let Some(log) = name.and_then(LogId::of_stream) {
                streams.push((log, stream));
            }
        }
    }
    Ok(streams)
}

/// What is in a folder; nothing when it is not there.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    read.map(|entry| entry.map(|entry| entry.path())).collect()
}

#[cfg(test)]
mod tests {
    use hansard_types::AppId;

    use super::*;

    #[test]
    fn what_nats_server_deletes_is_still_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let nats = folder.path();
        let log = LogId::new(AppId(7), 0);
        let msgs = nats.join("jetstream/jetstream/$G/streams/HANSARD_7_0/msgs");
        fs::create_dir_all(&msgs).expect("made");
        fs::write(msgs.join("1.blk"), b"one").expect("written");
        fs::write(msgs.join("index.db"), b"index").expect("written");
        assert_eq!(keep(nats, |_| true).expect("looked"), 0, "held elsewhere");
        assert_eq!(keep(nats, |_| false).expect("kept"), 1);
        assert_eq!(keep(nats, |_| false).expect("kept"), 0, "once");
        fs::remove_file(msgs.join("1.blk")).expect("removed");
        fs::write(msgs.join("1.blk"), b"another").expect("written");
        assert_eq!(keep(nats, |_| false).expect("kept"), 1, "beside the older");
        let read = |name: &str| fs::read(folder_of(nats, log).join(name)).expect("is there");
        assert_eq!(read("1.blk"), b"one");
        assert_eq!(read("1.blk.1"), b"another");
        let_go(nats, log).expect("let go");
        assert!(!folder_of(nats, log).try_exists().expect("looked"));
    }
}
