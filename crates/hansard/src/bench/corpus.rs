//! Import and search on chat that was given.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use hansard_client::{Client, Options, SearchQuery, usersig};
use serde::{Deserialize, Serialize};

use super::figures::{Figures, Sample, float, micros};
use super::rig::{ADMIN, APP, SECRET};
use crate::clock::now;
use crate::import::{Batch, Limits, read_files};
use crate::term;

/// Queries that are measured, one after the other.
const QUERIES_MAX: usize = 1000;
const QUERIES_WITHIN: Duration = Duration::from_secs(20);
/// How long search may take to reach the end of the log.
const INDEXED_WITHIN: Duration = Duration::from_secs(300);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// What import and search came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Corpus {
    pub(super) import: Figures,
    /// From the last line's answer until everything was searchable.
    pub(super) searchable_after_seconds: f64,
    /// One query after the other.
    pub(super) search: Figures,
    pub(super) hits_mean: f64,
}

/// Only the text is looked at: queries are made of it.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    text: String,
}

pub(super) async fn measure(address: SocketAddr, files: &[PathBuf]) -> Result<Corpus> {
    let signature = usersig::generate(APP.0, SECRET, ADMIN, now().seconds(), 24 * 60 * 60);
    let client = Client::new(&Options::new(
        &format!("http://{address}"),
        APP.0,
        &signature,
    ))?;
    term::note("importing the corpus");
    let paths = files.to_vec();
    let batches = tokio::task::spawn_blocking(move || read_all(&paths)).await??;
    let queries = queries(&batches);
    let (import, position) = import(&client, batches).await?;
    let imported = Instant::now();
    wait_until_searchable(&client, &position).await?;
    let searchable_after_seconds = imported.elapsed().as_secs_f64();
    term::note("searching");
    let (mut latencies, mut hits) = (Vec::new(), 0);
    let begun = Instant::now();
    for q in queries {
        if begun.elapsed() > QUERIES_WITHIN {
            break;
        }
        let query = SearchQuery {
            q,
            limit: Some(20),
            ..SearchQuery::default()
        };
        let asked = Instant::now();
        hits += client.search(&query).await?.hits.len();
        latencies.push(micros(asked.elapsed()));
    }
    let count = u64::try_from(latencies.len())?;
    let search = Sample {
        count,
        elapsed: begun.elapsed(),
        latencies_us: latencies,
    };
    Ok(Corpus {
        import,
        searchable_after_seconds,
        search: Figures::of(&[search]),
        hits_mean: float(u64::try_from(hits)?) / float(count.max(1)),
    })
}

/// Before the clock runs: reading files is not what is measured.
fn read_all(files: &[PathBuf]) -> Result<Vec<Batch>> {
    let mut batches = Vec::new();
    read_files(files, Limits::default(), |batch| {
        batches.push(batch);
        ControlFlow::Continue(())
    })?;
    Ok(batches)
}

async fn import(client: &Client, batches: Vec<Batch>) -> Result<(Figures, String)> {
    let mut samples = Vec::new();
    let mut position = None;
    for batch in batches.into_iter().filter(|batch| !batch.lines.is_empty()) {
        let begun = Instant::now();
        let report = client.import(Bytes::from(batch.body)).await?;
        samples.push(Sample {
            count: report.lines,
            elapsed: begun.elapsed(),
            latencies_us: vec![micros(begun.elapsed())],
        });
        position = report.position.or(position);
    }
    // One rate for all of it: batches differ, and an import takes all of them.
    let whole = Sample {
        count: samples.iter().map(|sample| sample.count).sum(),
        elapsed: samples.iter().map(|sample| sample.elapsed).sum(),
        latencies_us: samples
            .iter()
            .flat_map(|sample| sample.latencies_us.clone())
            .collect(),
    };
    Ok((
        Figures::of(&[whole]),
        position.context("the corpus holds no line")?,
    ))
}

async fn wait_until_searchable(client: &Client, position: &str) -> Result<()> {
    let begun = Instant::now();
    let query = SearchQuery {
        q: "a".to_owned(),
        limit: Some(1),
        ..SearchQuery::default()
    };
    while begun.elapsed() < INDEXED_WITHIN {
        if client.search(&query).await?.searchable_to == position {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
    bail!(
        "search did not reach {position} within {} s",
        INDEXED_WITHIN.as_secs()
    )
}

/// A word, or two characters where words are not parted by spaces, of messages all over the corpus.
fn queries(batches: &[Batch]) -> Vec<String> {
    let lines: Vec<&[u8]> = batches
        .iter()
        .flat_map(|batch| batch.body.split(|byte| *byte == b'\n'))
        .collect();
    let step = (lines.len() / QUERIES_MAX).max(1);
    let mut seen = HashSet::new();
    let mut queries = Vec::new();
    for line in lines.into_iter().step_by(step) {
        let Ok(Line { text }) = serde_json::from_slice(line) else {
            continue;
        };
        let Some(query) = query_of(&text) else {
            continue;
        };
        if seen.insert(query.clone()) {
            queries.push(query);
        }
    }
    queries
}

fn query_of(text: &str) -> Option<String> {
    const LATIN_LETTERS_MIN: usize = 4;
    let word = text
        .split(|one: char| !one.is_alphanumeric())
        .max_by_key(|word| word.len())?;
    if word.is_ascii() {
        return (word.len() >= LATIN_LETTERS_MIN).then(|| word.to_owned());
    }
    let two: String = word.chars().take(2).collect();
    (two.chars().count() == 2).then_some(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_a_word_or_two_characters_of_a_message() {
        assert_eq!(query_of("how do I mount it?").as_deref(), Some("mount"));
        assert_eq!(query_of("오늘 회의는 3시").as_deref(), Some("회의"));
        assert_eq!(query_of("明天的会议改到三点").as_deref(), Some("明天"));
        assert_eq!(query_of("ok :)"), None);
    }
}
