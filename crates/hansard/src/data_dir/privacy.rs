//! Nobody but its owner gets at what a server keeps: every conversation is in it.
//!
//! What this process and its children make is private by their umask; what older releases, copies
//! and other hands have left is made private when a server starts.

use std::fs::{DirEntry, Permissions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use hansard_log::files::{FILE_MODE, FOLDER_MODE};
use hansard_types::limits::FILES_MADE_PRIVATE_MAX;
use rustix::fs::Mode;
use rustix::process::{geteuid, umask};

/// What others have no right to.
const OTHERS: u32 = 0o077;

/// From here on this process, and every process that it starts, makes files and folders for its
/// user only. RocksDB, Tantivy and nats-server leave the mode of their files to the umask.
pub(crate) fn mask() {
    umask(Mode::from_raw_mode(OTHERS));
}

/// Closes a data directory to others. Not one of somebody else: that user could exchange what we
/// put there, the secrets of the apps among it.
pub(super) fn close(root: &Path) -> Result<()> {
    let shown = root.display();
    let there = root
        .metadata()
        .with_context(|| format!("the data directory {shown} cannot be read"))?;
    check_owner(root, there.uid(), geteuid().as_raw())?;
    if there.mode() & OTHERS == 0 {
        return Ok(());
    }
    std::fs::set_permissions(root, Permissions::from_mode(FOLDER_MODE))
        .with_context(|| format!("the data directory {shown} is open to others: chmod 700 {shown}"))
}

fn check_owner(root: &Path, owner: u32, us: u32) -> Result<()> {
    if owner != us {
        let shown = root.display();
        bail!(
            "the data directory {shown} belongs to user {owner}, and this server runs as user \
             {us}: chown {us} {shown}, or give another --data-dir"
        );
    }
    Ok(())
}

/// Makes everything in a data directory private, and says how much was not. The directory itself is
/// closed by then, so this may take its time beside a server that works.
pub(crate) fn tighten(root: &Path) {
    match tighten_within(root, FILES_MADE_PRIVATE_MAX) {
        Ok(0) => {}
        Ok(changed) => tracing::info!(changed, "files that others could read were made private"),
        Err(error) => tracing::error!(
            error = format!("{error:#}"),
            "not everything in the data directory could be made private"
        ),
    }
}

/// How many files and folders were not private.
fn tighten_within(root: &Path, files_max: usize) -> Result<usize> {
    let mut folders = vec![root.to_owned()];
    let (mut seen, mut changed) = (0, 0);
    while let Some(folder) = folders.pop() {
        let entries = match folder.read_dir() {
            Ok(entries) => entries,
            // Merged, compacted or rolled over meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&folder, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| failed(&folder, error))?;
            seen += 1;
            if seen > files_max {
                bail!("{} holds more than {files_max} files", root.display());
            }
            match tighten_one(&entry, folder == root, &mut folders) {
                Ok(was_open) => changed += usize::from(was_open),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&entry.path(), error)),
            }
        }
    }
    Ok(changed)
}

/// Makes one entry private; true when it was not. A folder is put on the list.
fn tighten_one(entry: &DirEntry, at_top: bool, folders: &mut Vec<PathBuf>) -> Result<bool, Error> {
    let path = entry.path();
    // A part of the data directory may lie on another disk; links further down are not ours.
    let is_link = entry.file_type()?.is_symlink();
    if is_link && !at_top {
        return Ok(false);
    }
    let there = path.metadata()?;
    let mode = if there.is_dir() {
        FOLDER_MODE
    } else {
        FILE_MODE
    };
    let is_open = there.mode() & OTHERS != 0;
    if is_open {
        std::fs::set_permissions(&path, Permissions::from_mode(mode))?;
    }
    if there.is_dir() {
        folders.push(path);
    }
    Ok(is_open)
}

fn failed(path: &Path, error: Error) -> anyhow::Error {
    anyhow::Error::from(error).context(format!(
        "{} cannot be made private: chmod it, or chown it to the user that runs the server",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::data_dir::DataDir;

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("there").mode() & 0o777
    }

    fn open_to_all(path: &Path) {
        fs::set_permissions(path, Permissions::from_mode(0o777)).expect("its mode is set");
    }

    #[test]
    fn a_root_that_somebody_made_open_is_closed() {
        let folder = tempfile::tempdir().expect("a directory");
        open_to_all(folder.path());
        drop(DataDir::create(folder.path()).expect("taken"));
        assert_eq!(mode(folder.path()), 0o700);
    }

    #[test]
    fn a_root_of_somebody_else_is_refused_with_what_to_do() {
        let root = Path::new("/srv/data");
        check_owner(root, 7, 7).expect("ours");
        let refused = check_owner(root, 1000, 7).expect_err("theirs").to_string();
        assert!(refused.contains("chown 7 /srv/data"), "{refused}");
    }

    #[test]
    fn what_others_could_read_is_made_private_once() {
        let folder = tempfile::tempdir().expect("a directory");
        let root = folder.path().join("data");
        fs::create_dir_all(root.join("journal/one")).expect("made");
        let file = root.join("journal/one/1.seg");
        fs::write(&file, b"").expect("written");
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir(&elsewhere).expect("made");
        symlink(&elsewhere, root.join("nats")).expect("linked");
        symlink("/nowhere", root.join("journal/dangling")).expect("linked");
        for path in [
            &root.join("journal"),
            &root.join("journal/one"),
            &file,
            &elsewhere,
        ] {
            open_to_all(path);
        }
        assert_eq!(tighten_within(&root, 100).expect("made private"), 4);
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(&root.join("journal/one")), 0o700);
        assert_eq!(mode(&elsewhere), 0o700, "a part that lies on another disk");
        assert_eq!(tighten_within(&root, 100).expect("private"), 0);
        assert!(tighten_within(&root, 2).is_err(), "it says that it gave up");
    }
}
