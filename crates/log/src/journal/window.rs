//! Reading a file from front to back without a call for every few bytes.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

/// A part of a file in memory.
pub(super) struct Window<'f> {
    file: &'f File,
    /// Nothing is read from here on.
    end: u64,
    chunk: usize,
    at: u64,
    held: usize,
    bytes: Vec<u8>,
}

impl<'f> Window<'f> {
    pub(super) fn new(file: &'f File, end: u64, chunk: usize) -> Self {
        Self {
            file,
            end,
            chunk,
            at: 0,
            held: 0,
            bytes: Vec::new(),
        }
    }

    /// The bytes of a place: fewer when the file ends there, none when they do not read.
    pub(super) fn get(&mut self, at: u64, length: usize) -> &[u8] {
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = length.min(left);
        if self.inside(at, length).is_none() {
            // A bad sector behind what is asked for is not its fault.
            let _ = self.fill(at, length.max(self.chunk).min(left)) || self.fill(at, length);
        }
        let begin = self.inside(at, 0).unwrap_or(self.held);
        &self.bytes[begin..self.held.min(begin.saturating_add(length))]
    }

    /// Whether the file has ended there.
    pub(super) fn is_behind(&self, at: u64) -> bool {
        at >= self.end
    }

    fn inside(&self, at: u64, length: usize) -> Option<usize> {
        let begin = usize::try_from(at.checked_sub(self.at)?).ok()?;
        let end = begin.checked_add(length)?;
        (end <= self.held).then_some(begin)
    }

    /// False when not all of it reads.
    fn fill(&mut self, at: u64, length: usize) -> bool {
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        (self.at, self.held) = (at, 0);
        while self.held < length {
            let rest = &mut self.bytes[self.held..length];
            match self.file.read_at(rest, at + self.held as u64) {
                Ok(0) => return false,
                Ok(read) => self.held += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }
}
