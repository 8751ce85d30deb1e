//! Names, permissions and fsyncs: what the journal does with a file system.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{JournalError, Result, segment};
pub(super) use crate::files::FILE_MODE;
use crate::files::{self, FOLDER_MODE};

/// The file with the journal's own name.
pub(super) const INCARNATION: &str = "incarnation";
/// What stands behind the name of a file or folder that is not read any more.
const SET_ASIDE: &str = ".set-aside-";

/// What a journal may do with its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    /// Nothing is changed, while another process may be writing.
    Read,
}

pub(super) fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> JournalError {
    move |source| JournalError::File {
        path: path.display().to_string(),
        source,
    }
}

/// Whether an error says that a file is not there (any more).
pub(super) fn is_gone(error: &JournalError) -> bool {
    matches!(error, JournalError::File { source, .. } if source.kind() == ErrorKind::NotFound)
}

/// Makes a folder, and those above it that are missing.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    files::make_folder(path).map_err(file_error(path))
}

/// Makes the folder of one log. The journal's own folder must be there: one that vanished while it
/// is in use is an error, not a place for a second journal.
pub(super) fn make_log_folder(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file_error(path)(error)),
    }
    keep_private(path, FOLDER_MODE)
}

/// Brings an existing folder to the permissions that it should have.
pub(super) fn keep_folder_private(path: &Path) -> Result<()> {
    keep_private(path, FOLDER_MODE)
}

/// Whatever the umask took or left.
pub(super) fn keep_private(path: &Path, mode: u32) -> Result<()> {
    files::keep_private(path, mode).map_err(file_error(path))
}

/// Brings a folder's entries to disk.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    files::sync_folder(folder).map_err(file_error(folder))
}

/// Where the files of a folder begin, in order; nothing where there is no folder.
pub(super) fn firsts(folder: &Path) -> Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error(folder)(error)),
    };
    let mut firsts = Vec::new();
    for entry in entries {
        let name = entry.map_err(file_error(folder))?.file_name();
        firsts.extend(name.to_str().and_then(segment::first_of));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Gives a file or folder a name that is never read again, and says which.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!("{name}{SET_ASIDE}");
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut newest = 0_u64;
    for entry in fs::read_dir(parent).map_err(file_error(parent))? {
        let other = entry.map_err(file_error(parent))?.file_name();
        let number = other.to_str().and_then(|name| name.strip_prefix(&prefix));
        newest = newest.max(number.and_then(|text| text.parse().ok()).unwrap_or(0));
    }
    let aside = parent.join(format!("{prefix}{}", newest + 1));
    fs::rename(path, &aside).map_err(file_error(path))?;
    sync_folder(parent)?;
    tracing::warn!(from = %path.display(), to = %aside.display(), "set aside, to be looked at");
    Ok(aside)
}

/// Reads the journal's name.
pub(super) fn incarnation(root: &Path) -> Result<String> {
    let path = root.join(INCARNATION);
    let text = fs::read_to_string(&path).map_err(file_error(&path))?;
    Ok(text.trim().to_owned())
}

/// Reads the journal's name, or makes one.
#[expect(
    clippy::disallowed_methods,
    reason = "a journal's own name, no event's"
)]
pub(super) fn incarnation_or_new(root: &Path) -> Result<String> {
    match incarnation(root) {
        Err(error) if is_gone(&error) => {}
        read => {
            keep_private(&root.join(INCARNATION), FILE_MODE)?;
            return read;
        }
    }
    let path = root.join(INCARNATION);
    let new = Uuid::now_v7().to_string();
    files::replace(&path, new.as_bytes()).map_err(file_error(&path))?;
    Ok(new)
}
