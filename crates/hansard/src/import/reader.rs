//! From files to batches of lines.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use flate2::bufread::MultiGzDecoder;
use hansard_types::limits;

/// What every gzip stream begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER_BYTES: usize = 1 << 16;

/// What one call carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) lines_max: usize,
    pub(crate) bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lines_max: limits::IMPORT_LINES_PER_CALL_MAX,
            bytes_max: limits::IMPORT_BODY_BYTES_MAX,
        }
    }
}

/// Lines of one file, for one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// Which of the files.
    pub(crate) file: usize,
    /// The number in the file, from 1, of every line of the body.
    pub(crate) lines: Vec<u64>,
    pub(crate) body: Vec<u8>,
    /// Lines that are longer than a whole call may be.
    pub(crate) too_long: Vec<u64>,
    /// Bytes read so far from all files, as they are on disk.
    pub(crate) bytes_read: u64,
}

impl Batch {
    fn of(file: usize) -> Self {
        Self {
            file,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.too_long.is_empty()
    }
}

/// Reads files one after the other, `-` being the standard input, and hands out batches until
/// told to stop. Empty lines are left out.
pub(crate) fn read_files(
    files: &[PathBuf],
    limits: Limits,
    mut take: impl FnMut(Batch) -> ControlFlow<()>,
) -> Result<()> {
    let count = Rc::new(Cell::new(0));
    for (file, path) in files.iter().enumerate() {
        let mut source =
            open(path, &count).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut line = 0;
        let mut batch = Batch::of(file);
        let mut text = Vec::new();
        loop {
            let found = next_line(&mut source, &mut text, limits.bytes_max);
            let found = found
                .with_context(|| format!("{} cannot be read after line {line}", path.display()))?;
            let Some(fits) = found else { break };
            line += 1;
            if !fits {
                batch.too_long.push(line);
                continue;
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let full = batch.lines.len() >= limits.lines_max
                || batch.body.len() + text.len() > limits.bytes_max;
            if full {
                batch.bytes_read = count.get();
                if take(std::mem::replace(&mut batch, Batch::of(file))).is_break() {
                    return Ok(());
                }
            }
            batch.lines.push(line);
            batch.body.extend_from_slice(&text);
        }
        batch.bytes_read = count.get();
        if !batch.is_empty() && take(batch).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads one line, with a line feed at its end whether the file has one or not. `None` at the end
/// of the file; `Some(false)` for a line that does not fit, which is skipped.
fn next_line(
    source: &mut dyn BufRead,
    text: &mut Vec<u8>,
    bytes_max: usize,
) -> std::io::Result<Option<bool>> {
    text.clear();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let read = source.take(limit).read_until(b'\n', text)?;
    if read == 0 {
        return Ok(None);
    }
    if text.last() == Some(&b'\n') {
        return Ok(Some(true));
    }
    if read < bytes_max {
        text.push(b'\n');
        return Ok(Some(true));
    }
    source.skip_until(b'\n')?;
    Ok(Some(false))
}

/// Opens a file and sees through gzip, whatever the file is called.
fn open(path: &Path, count: &Rc<Cell<u64>>) -> std::io::Result<Box<dyn BufRead>> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path)?)
    };
    let counted = Counted {
        source,
        count: Rc::clone(count),
    };
    let mut plain = BufReader::with_capacity(BUFFER_BYTES, counted);
    if plain.fill_buf()?.starts_with(&GZIP) {
        return Ok(Box::new(BufReader::with_capacity(
            BUFFER_BYTES,
            MultiGzDecoder::new(plain),
        )));
    }
    Ok(Box::new(plain))
}

struct Counted {
    source: Box<dyn Read>,
    count: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.count
            .set(self.count.get() + u64::try_from(read).unwrap_or(0));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn batches(content: &[u8], limits: Limits) -> Result<Vec<Batch>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("lines");
        std::fs::write(&path, content)?;
        let mut batches = Vec::new();
        read_files(&[path], limits, |batch| {
            batches.push(batch);
            ControlFlow::Continue(())
        })?;
        Ok(batches)
    }

    fn limits(lines_max: usize, bytes_max: usize) -> Limits {
        Limits {
            lines_max,
            bytes_max,
        }
    }

    fn bodies(batches: &[Batch]) -> Vec<&[u8]> {
        batches.iter().map(|batch| batch.body.as_slice()).collect()
    }

    #[test]
    fn a_batch_ends_at_its_number_of_lines() {
        let read = batches(b"a\nb\nc\nd\ne", limits(2, 100)).expect("read");
        assert_eq!(bodies(&read), [b"a\nb\n".as_slice(), b"c\nd\n", b"e\n"]);
        let lines: Vec<_> = read.iter().map(|batch| batch.lines.clone()).collect();
        assert_eq!(lines, [vec![1, 2], vec![3, 4], vec![5]]);
    }

    #[test]
    fn a_batch_ends_before_its_number_of_bytes_is_passed() {
        let read = batches(b"aaa\nbbb\nccc\n", limits(100, 8)).expect("read");
        assert_eq!(bodies(&read), [b"aaa\nbbb\n".as_slice(), b"ccc\n"]);
    }

    #[test]
    fn empty_lines_are_left_out_and_counted() {
        let read = batches(b"\n\na\r\n  \nb\n", limits(10, 100)).expect("read");
        assert_eq!(read[0].lines, [3, 5]);
        assert_eq!(bodies(&read), [b"a\r\nb\n".as_slice()]);
        assert!(batches(b"\n\n", limits(10, 100)).expect("read").is_empty());
        assert!(batches(b"", limits(10, 100)).expect("read").is_empty());
    }

    #[test]
    fn a_line_that_does_not_fit_is_named_and_skipped() {
        let read = batches(b"a\n123456789\nb\n", limits(10, 8)).expect("read");
        assert_eq!(read[0].too_long, [2]);
        assert_eq!(bodies(&read), [b"a\nb\n".as_slice()]);
        let last = batches(b"123456789", limits(10, 8)).expect("read");
        assert_eq!(
            (last[0].too_long.as_slice(), last[0].lines.len()),
            ([1].as_slice(), 0)
        );
    }

    #[test]
    fn gzip_is_seen_through_and_a_torn_one_is_an_error() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"a\nb\n").expect("written");
        let bytes = gzip.finish().expect("finished");
        let read = batches(&bytes, limits(10, 100)).expect("read");
        assert_eq!(bodies(&read), [b"a\nb\n".as_slice()]);
        assert_eq!(read[0].bytes_read, bytes.len() as u64);
        assert!(batches(&bytes[..bytes.len() - 6], limits(10, 100)).is_err());
    }
}
