//! What belongs together in a data directory, and the journal that must be there.

use std::io::ErrorKind;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use hansard_log::{Damage, Journal, JournalOptions};
use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::data_dir::{DataDir, write_private};

/// The layout of the data directory.
const FORMAT: u32 = 2;

/// `hansard.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The journal's own name; `None` while the server ran without one (`--durability interval`).
    pub(crate) journal: Option<String>,
}

impl Manifest {
    /// `None` in a new data directory.
    pub(crate) fn read(data: &DataDir) -> Result<Option<Self>> {
        let path = data.manifest();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", path.display()));
            }
        };
        let manifest: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} does not read: restore it from a copy", path.display()))?;
        if manifest.format != FORMAT {
            bail!(
                "{} has layout {}, this release reads layout {FORMAT}: run the release that wrote it",
                data.root().display(),
                manifest.format
            );
        }
        Ok(Some(manifest))
    }

    pub(crate) fn write(data: &DataDir, journal: Option<String>) -> Result<()> {
        let text = serde_json::to_string_pretty(&Self {
            format: FORMAT,
            journal,
        })?;
        write_private(&data.manifest(), format!("{text}\n").as_bytes())
    }
}

/// A journal, and whether the log's end counts as the truth where it holds nothing.
pub(crate) struct Opened {
    pub(crate) journal: Arc<Journal>,
    pub(crate) accept_missing: bool,
}

/// Opens the journal that belongs to the data directory; another one, or none, is refused.
pub(crate) fn open_journal(
    data: &DataDir,
    options: JournalOptions,
    accept_missing: bool,
) -> Result<Opened> {
    let expected = Manifest::read(data)?.map(|manifest| manifest.journal);
    let path = data.journal();
    let advice = "Restore it from a copy if you can. If it is lost for good, start once with \
                  --accept-missing-journal: what the log holds then counts as the truth, and \
                  events that a power loss took from its end are lost";
    let expected = match expected {
        None => None,
        // The server ran without a journal until now.
        Some(None) => {
            set_aside(data)?;
            return begin(data, options, true);
        }
        Some(Some(expected)) => Some(expected),
    };
    if !Journal::is_at(&path) {
        if expected.is_some() && !accept_missing {
            bail!("the journal {} is missing. {advice}", path.display());
        }
        set_aside(data)?;
        return begin(data, options, accept_missing);
    }
    let opened = open(data, options.clone());
    let Some(expected) = expected else {
        return begin_with(data, opened?, accept_missing);
    };
    let problem = match opened {
        // What is damaged in it is mended from the stream when its log is opened.
        Ok(journal) if journal.incarnation() == expected => {
            return Ok(Opened {
                journal,
                accept_missing,
            });
        }
        // Taken, so that it is closed before it is moved.
        Ok(other) => format!(
            "the journal {} ({}) is of another data directory",
            path.display(),
            other.incarnation()
        ),
        Err(error) => format!("the journal does not open ({error:#})"),
    };
    if !accept_missing {
        bail!("{problem}. {advice}");
    }
    set_aside(data)?;
    begin(data, options, true)
}

/// The first damage that costs events; the log of the server names all of it.
pub(crate) fn damage(journal: &Journal) -> Option<Damage> {
    let logs = journal.logs().into_iter();
    let mut damage = logs.flat_map(|log| journal.damage(log));
    damage.find(|one| !one.events.is_empty())
}

/// Whether the server has been running with a journal.
pub(crate) fn has_journal(data: &DataDir) -> Result<bool> {
    Ok(Manifest::read(data)?.is_some_and(|manifest| manifest.journal.is_some()))
}

/// Ends the use of a journal: from now on there is none.
pub(crate) fn without_journal(data: &DataDir) -> Result<()> {
    set_aside(data)?;
    Manifest::write(data, None)
}

fn begin(data: &DataDir, options: JournalOptions, accept_missing: bool) -> Result<Opened> {
    begin_with(data, open(data, options)?, accept_missing)
}

fn begin_with(data: &DataDir, journal: Arc<Journal>, accept_missing: bool) -> Result<Opened> {
    Manifest::write(data, Some(journal.incarnation().to_owned()))?;
    Ok(Opened {
        journal,
        accept_missing,
    })
}

fn open(data: &DataDir, options: JournalOptions) -> Result<Arc<Journal>> {
    Ok(Arc::new(Journal::open_with(data.journal(), options)?))
}

/// Keeps what is there under another name: it is not ours to throw away.
fn set_aside(data: &DataDir) -> Result<()> {
    let path = data.journal();
    if !path.try_exists()? {
        return Ok(());
    }
    let aside = path.with_file_name(format!("journal.set-aside-{}", now().seconds()));
    std::fs::rename(&path, &aside)
        .with_context(|| format!("{} cannot be moved to {}", path.display(), aside.display()))?;
    tracing::warn!(to = %aside.display(), "the old journal was set aside");
    Ok(())
}

#[cfg(test)]
mod tests {
    use hansard_types::LogId;

    use super::*;

    fn data() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().expect("a directory");
        let data = DataDir::create(&folder.path().join("data")).expect("made");
        (folder, data)
    }

    #[test]
    fn a_journal_is_recognised_when_it_is_opened_again() {
        let (_folder, data) = data();
        let first = open_journal(&data, JournalOptions::default(), false)
            .expect("begun")
            .journal
            .incarnation()
            .to_owned();
        let again = open_journal(&data, JournalOptions::default(), false)
            .expect("opened")
            .journal
            .incarnation()
            .to_owned();
        assert_eq!(first, again);
    }

    #[test]
    fn a_missing_journal_is_refused_until_that_is_accepted() {
        let (_folder, data) = data();
        drop(open_journal(&data, JournalOptions::default(), false).expect("begun"));
        std::fs::remove_dir_all(data.journal()).expect("removed");
        let refused = open_journal(&data, JournalOptions::default(), false)
            .err()
            .expect("refused")
            .to_string();
        assert!(refused.contains("--accept-missing-journal"), "{refused}");
        assert!(
            open_journal(&data, JournalOptions::default(), true)
                .expect("accepted")
                .accept_missing
        );
        assert!(
            open_journal(&data, JournalOptions::default(), false).is_ok(),
            "and that is remembered"
        );
    }

    #[test]
    fn the_journal_of_another_data_directory_is_refused() {
        let (_one, data) = data();
        drop(open_journal(&data, JournalOptions::default(), false).expect("begun"));
        Manifest::write(&data, Some("another".to_owned())).expect("written");
        assert!(open_journal(&data, JournalOptions::default(), false).is_err());
        open_journal(&data, JournalOptions::default(), true).expect("accepted");
        let aside = std::fs::read_dir(data.root())
            .expect("read")
            .filter_map(Result::ok);
        let kept = aside.filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("journal.set-aside-")
        });
        assert_eq!(kept.count(), 1);
    }

    #[test]
    fn a_damaged_journal_opens_and_says_what_is_damaged() {
        let (_folder, data) = data();
        drop(open_journal(&data, JournalOptions::default(), false).expect("begun"));
        let log = data.journal().join(LogId::CONTROL.stream_name());
        std::fs::create_dir(&log).expect("made");
        std::fs::write(
            log.join("00000000000000000001.seg"),
            b"nonsense, all of it\n",
        )
        .expect("written");
        let opened = open_journal(&data, JournalOptions::default(), false).expect("opens");
        let said = damage(&opened.journal).expect("is damaged").to_string();
        assert!(
            said.contains("00000000000000000001.seg") && said.contains("events from 1 on"),
            "{said}"
        );
    }

    #[test]
    fn a_journal_begins_after_a_time_without_one() {
        let (_folder, data) = data();
        drop(open_journal(&data, JournalOptions::default(), false).expect("begun"));
        without_journal(&data).expect("ended");
        assert!(
            open_journal(&data, JournalOptions::default(), false)
                .expect("begun again")
                .accept_missing
        );
    }
}
