//! What everyone who keeps files of the log does with a file system.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{Result, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Messages are nobody's business but the server's.
pub const FILE_MODE: u32 = 0o600;
pub const FOLDER_MODE: u32 = 0o700;

/// Makes a folder for its owner only, and those above it that are missing.
///
/// # Errors
/// When it cannot be made, or is somebody else's.
pub fn make_folder(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)?;
    keep_private(path, FOLDER_MODE)
}

/// Gives a file or folder its mode, whatever the umask took or left.
///
/// # Errors
/// When it is not there, or somebody else's.
pub fn keep_private(path: &Path, mode: u32) -> Result<()> {
    let is = fs::metadata(path)?;
    if is.permissions().mode() & 0o7777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Brings a folder's entries to disk: a file whose name is lost is lost.
///
/// # Errors
/// When it cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)?.sync_all()
}

/// Replaces a file as a whole, for its owner only; on disk, with its name, when this returns.
///
/// # Errors
/// When it cannot be written; then what was there still is.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    keep_private(&new, FILE_MODE)?;
    fs::rename(new, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}
