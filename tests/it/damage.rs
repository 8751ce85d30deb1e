//! One file of the log is damaged: nothing is lost, it is said what was damaged, and it is mended.
//! The rows of `ops/runbooks/damage.md`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::harness::{APP, SECRET, Server, copy_tree, eventually, run, run_ok};

/// Small files, so that there are many.
const ARGUMENTS: [&str; 2] = ["--journal-segment", "1"];
const MESSAGES: u32 = 2600;
/// Of some 22 MB: an imported round is larger than a file, which then holds one.
const ARCHIVED_MIN: usize = 5;

/// A data directory whose server and nats-server were killed, and what its log holds.
struct Base {
    folder: tempfile::TempDir,
    events: u64,
    chain: String,
}

impl Base {
    async fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let lines = folder.path().join("chat.jsonl");
        fs::write(&lines, chat())?;
        let mut server = Server::start_with(&data, &ARGUMENTS).await?;
        let url = server.url.clone();
        let app = APP.to_string();
        run_ok(&[
            "import",
            "--url",
            &url,
            "--app",
            &app,
            "--secret",
            SECRET,
            &lines.to_string_lossy(),
        ])?;
        let archive = data.join("archive").join(format!("HANSARD_{APP}_0"));
        eventually("the journal's full files are archived", async || {
            let segments = files(&archive, "arc").ok()?;
            (segments.len() >= ARCHIVED_MIN).then_some(())
        })
        .await?;
        server.kill_nats()?;
        server.kill()?;
        drop(server);
        let audit = audit(&data)?;
        ensure!(audit["whole"] == true, "{audit}");
        Ok(Self {
            events: sequence(&audit["last"])?,
            chain: audit["chain"].as_str().context("a chain value")?.to_owned(),
            folder,
        })
    }

    /// A copy of it, with something damaged.
    fn damaged(&self, name: &str, damage: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let data = self.folder.path().join(name);
        copy_tree(&self.folder.path().join("data"), &data)?;
        damage(&data)?;
        Ok(data)
    }

    /// The next start mends it: everything is there under the same positions, in both copies, and
    /// writing goes on.
    async fn is_mended(&self, name: &str, data: &Path) -> Result<()> {
        let server = Server::start_with(data, &ARGUMENTS).await;
        let server = server.with_context(|| format!("{name}: the server starts"))?;
        server.import_account("afterwards").await?;
        ensure!(server.stop().await?.success(), "{name}: a clean end");
        let last = self.events.to_string();
        let replayed = run_ok(&[
            "replay",
            "--data-dir",
            &data.to_string_lossy(),
            "--app",
            &APP.to_string(),
            "--since",
            &format!("0:{last}"),
            "--until",
            &format!("0:{last}"),
            "--json",
        ])?;
        let event: Value = serde_json::from_str(&replayed)?;
        ensure!(
            event["hansardchain"] == json!(self.chain),
            "{name}: the event at the old end hashes to what it did: {event}"
        );
        let audit = audit(data)?;
        ensure!(audit["whole"] == true, "{name}: {audit}");
        let scrub = scrub(data).with_context(|| format!("{name}: the scrub"))?;
        ensure!(scrub["whole"] == true, "{name}: {scrub}");
        ensure!(
            scrub["events"].as_u64() > Some(self.events),
            "{name}: {scrub}"
        );
        fs::remove_dir_all(data)?;
        Ok(())
    }
}

/// Messages of 8 KB each, no two alike.
fn chat() -> String {
    let mut lines = String::new();
    for number in 0..MESSAGES {
        let words: String = (0..900_u32)
            .map(|word| {
                format!(
                    "{:x} ",
                    word.wrapping_mul(2_654_435_761).rotate_left(number % 32) ^ number
                )
            })
            .collect();
        let line = json!({
            "type": "message", "kind": "group", "conversation": "damage",
            "sender": format!("user{}", number % 7),
            "at": 1_700_000_000_000_u64 + u64::from(number) * 1000, "text": words,
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    lines
}

fn sequence(position: &Value) -> Result<u64> {
    let text = position.as_str().context("a position")?;
    let (_, sequence) = text.split_once(':').context("a position")?;
    Ok(sequence.parse()?)
}

fn told(command: &[&str], data: &Path) -> Result<Value> {
    let (data, app) = (data.to_string_lossy(), APP.to_string());
    let rest = ["--data-dir", &data, "--app", &app, "--json"];
    let output = run(&[command, &rest].concat())?;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(&text)
        .with_context(|| format!("{text} {}", String::from_utf8_lossy(&output.stderr)))
}

fn audit(data: &Path) -> Result<Value> {
    told(&["audit", "verify"], data)
}

fn scrub(data: &Path) -> Result<Value> {
    told(&["audit", "scrub"], data)
}

/// A folder somewhere below, by its name.
fn below(root: &Path, name: &str) -> Result<PathBuf> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                if path.file_name().is_some_and(|found| found == name) {
                    return Ok(path);
                }
                folders.push(path);
            }
        }
    }
    anyhow::bail!("there is no {name} in {}", root.display())
}

fn stream(data: &Path) -> Result<PathBuf> {
    below(
        &data.join("nats").join("jetstream"),
        &format!("HANSARD_{APP}_0"),
    )
}

/// The files of a folder with an extension, in the order of their numbers.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    let number = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let digits: String = stem.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().unwrap_or(0)
    };
    files.sort_by_key(number);
    Ok(files)
}

#[derive(Clone, Copy)]
enum Damage {
    Flip,
    Truncate,
    Zero,
    Delete,
}

const DAMAGES: [(&str, Damage); 4] = [
    ("flip", Damage::Flip),
    ("truncate", Damage::Truncate),
    ("zero", Damage::Zero),
    ("delete", Damage::Delete),
];

impl Damage {
    fn to(self, path: &Path) -> Result<()> {
        let mut bytes = fs::read(path)?;
        let middle = bytes.len() / 2;
        match self {
            Self::Flip => {
                *bytes.get_mut(middle).context("it is not empty")? ^= 0x10;
                fs::write(path, bytes)?;
            }
            Self::Truncate => fs::write(path, &bytes[..middle])?,
            Self::Zero => fs::write(path, vec![0; bytes.len()])?,
            Self::Delete => fs::remove_file(path)?,
        }
        Ok(())
    }
}

/// First, a middle one, and last.
fn some<T: Clone>(all: &[T]) -> Vec<(&'static str, T)> {
    let places = [
        ("first", 0),
        ("middle", all.len() / 2),
        ("last", all.len().saturating_sub(1)),
    ];
    let mut some: Vec<(&str, T)> = Vec::new();
    let mut taken = Vec::new();
    for (name, at) in places {
        if let Some(one) = all.get(at).filter(|_| !taken.contains(&at)) {
            taken.push(at);
            some.push((name, one.clone()));
        }
    }
    some
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_block_of_the_stream_costs_nothing() -> Result<()> {
    let base = Base::new().await?;
    let blocks = files(
        &stream(&base.folder.path().join("data"))?.join("msgs"),
        "blk",
    )?;
    ensure!(blocks.len() > 2, "several blocks: {}", blocks.len());
    for (place, block) in some(&blocks) {
        for (what, damage) in DAMAGES {
            let name = format!("{place}-{what}");
            // Of a block in the middle all of it; of the others what differs from that.
            let differs = matches!(
                (place, damage),
                ("first", Damage::Flip | Damage::Delete)
                    | ("last", Damage::Flip | Damage::Truncate | Damage::Delete)
            );
            if place != "middle" && !differs {
                continue;
            }
            let file = block.file_name().context("a name")?;
            let data = base.damaged(&name, |data| {
                damage.to(&stream(data)?.join("msgs").join(file))
            })?;
            // Reading our own files is not disturbed by it.
            ensure!(audit(&data)?["whole"] == true, "{name}");
            base.is_mended(&name, &data).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_its_description_or_its_index_costs_nothing() -> Result<()> {
    let base = Base::new().await?;
    for (file, damages) in [
        ("meta.inf", &DAMAGES[..]),
        ("meta.sum", &DAMAGES[..1]),
        ("msgs/index.db", &DAMAGES[..1]),
    ] {
        for (what, damage) in damages {
            let name = format!("{}-{what}", file.replace('/', "-"));
            let data = base.damaged(&name, |data| {
                let path = stream(data)?.join(file);
                // After a kill there may be no index.
                if path.try_exists()? {
                    damage.to(&path)
                } else {
                    Ok(())
                }
            })?;
            base.is_mended(&name, &data).await?;
        }
    }
    let gone = base.damaged("gone", |data| Ok(fs::remove_dir_all(stream(data)?)?))?;
    base.is_mended("the whole stream is gone", &gone).await?;
    let all = base.damaged("all", |data| Ok(fs::remove_dir_all(data.join("nats"))?))?;
    base.is_mended("nats-server's folder is gone", &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_the_archive_is_located_and_costs_nothing() -> Result<()> {
    let base = Base::new().await?;
    let folder = Path::new("archive").join(format!("HANSARD_{APP}_0"));
    let segments = files(&base.folder.path().join("data").join(&folder), "arc")?;
    ensure!(
        segments.len() >= ARCHIVED_MIN,
        "several segments: {}",
        segments.len()
    );
    for (place, segment) in some(&segments) {
        for (what, damage) in DAMAGES {
            // Of one in the middle all of it; of the others what differs from that.
            if place != "middle" && !matches!(damage, Damage::Flip | Damage::Delete) {
                continue;
            }
            let name = format!("{place}-{what}");
            let file = segment
                .file_name()
                .context("a name")?
                .to_string_lossy()
                .into_owned();
            let data = base.damaged(&name, |data| damage.to(&data.join(&folder).join(&file)))?;
            let audit = audit(&data)?;
            // The newest events of the archive are still in the journal.
            let is_covered = place == "last" && what == "delete" && audit["whole"] == true;
            ensure!(audit["whole"] == false || is_covered, "{name}: {audit}");
            if !is_covered {
                let (events, _) = file.split_once('.').context("a name")?;
                let (first, last) = events.split_once('-').context("a range")?;
                let (first, last): (u64, u64) = (first.parse()?, last.parse()?);
                let damage = &audit["damage"][0];
                let named = (sequence(&damage["first"])?, sequence(&damage["last"])?);
                ensure!(first <= named.0 && named.1 <= last, "{name}: {audit}");
            }
            let mended = scrub(&data)?;
            ensure!(
                mended["whole"] == true || mended["mended"] == true,
                "{name}: {mended}"
            );
            base.is_mended(&name, &data).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_the_journal_costs_nothing() -> Result<()> {
    let base = Base::new().await?;
    let folder = Path::new("journal").join(format!("HANSARD_{APP}_0"));
    let segments = files(&base.folder.path().join("data").join(&folder), "seg")?;
    for (place, segment) in some(&segments) {
        for (what, damage) in DAMAGES {
            // Of one in the middle all of it; of the others what differs from that.
            if place != "middle" && !matches!(damage, Damage::Flip | Damage::Delete) {
                continue;
            }
            let name = format!("{place}-{what}");
            let file = segment.file_name().context("a name")?;
            let data = base.damaged(&name, |data| damage.to(&data.join(&folder).join(file)))?;
            base.is_mended(&name, &data).await?;
        }
    }
    Ok(())
}

/// A running server finds damage by itself, and its next start mends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_scrubs_and_mends() -> Result<()> {
    let base = Base::new().await?;
    let folder = Path::new("archive").join(format!("HANSARD_{APP}_0"));
    let data = base.damaged("running", |data| {
        let segments = files(&data.join(&folder), "arc")?;
        Damage::Flip.to(segments.first().context("a segment")?)
    })?;
    let arguments = [&ARGUMENTS[..], &["--scrub-every", "1s"]].concat();
    let server = Server::start_with(&data, &arguments).await?;
    eventually("the archive is mended", async || {
        let audit = audit(&data).ok()?;
        (audit["whole"] == true).then_some(())
    })
    .await?;
    ensure!(
        server.log_tail().contains("written again"),
        "{}",
        server.log_tail()
    );
    ensure!(server.stop().await?.success(), "a clean end");
    base.is_mended("running", &data).await
}

/// Both copies are damaged in the same place: what is lost is named, and nothing is overwritten.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_neither_copy_is_named() -> Result<()> {
    let base = Base::new().await?;
    let folder = Path::new("archive").join(format!("HANSARD_{APP}_0"));
    let data = base.damaged("both", |data| {
        let segments = files(&data.join(&folder), "arc")?;
        fs::remove_file(segments.first().context("a segment")?)?;
        let journal = data.join("journal").join(format!("HANSARD_{APP}_0"));
        fs::remove_file(files(&journal, "seg")?.first().context("a file")?)?;
        let blocks = files(&stream(data)?.join("msgs"), "blk")?;
        fs::remove_file(blocks.first().context("a block")?)?;
        Ok(())
    })?;
    let mut server = Server::spawn(&data, &ARGUMENTS)?;
    ensure!(!server.wait_ended().await?.success(), "it is refused");
    let said = server.log_tail();
    ensure!(said.contains("has lost events 1 to"), "{said}");
    ensure!(said.contains("Restore the archive's files"), "{said}");
    Ok(())
}

/// An id may end in a space, and the account may act: the chain holds what was written.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_id_ends_in_a_space_breaks_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = Server::start(&data).await?;
    server.import_account("ann").await?;
    server.import_account("ben ").await?;
    let confirm = json!({
        "From_Account": "ben ",
        "ProfileItem": [{
            "Tag": "Tag_Profile_IM_AllowType", "Value": "AllowType_Type_NeedConfirm",
        }],
    });
    server.v4_ok("profile/portrait_set", &confirm).await?;
    let add = json!({
        "From_Account": "ann",
        "AddFriendItem": [{ "To_Account": "ben ", "AddSource": "AddSource_Type_Web" }],
    });
    server.v4("sns/friend_add", &add).await?;
    let url = format!("{}/v1/apps/{APP}/friend-requests/accept", server.url);
    let answer = reqwest::Client::new()
        .post(url)
        .bearer_auth(crate::harness::usersig("ben "))
        .body(json!({ "from": "ann" }).to_string())
        .send()
        .await?;
    ensure!(answer.status().is_success(), "{}", answer.status());
    let events = server.events().await?;
    ensure!(
        events.iter().any(|event| event["hansardactor"] == "ben "),
        "the surface shows who it was"
    );
    ensure!(server.stop().await?.success(), "a clean end");
    ensure!(audit(&data)?["whole"] == true, "our own files");
    ensure!(scrub(&data)?["whole"] == true, "and the stream");
    let server = Server::start(&data).await?;
    ensure!(
        server.events().await?.len() >= events.len(),
        "it starts again"
    );
    Ok(())
}
