use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use crate::analyzer::{self, Mode};
use crate::query::{self, Clause};

/// Characters of the original text in a fragment.
const FRAGMENT_CHARS_MAX: usize = 200;
/// Of them, at most so many before the first match.
const LEAD_CHARS_MAX: usize = 60;
/// How far a cut may move to fall behind a space.
const SNAP_CHARS_MAX: usize = 20;

const CUT: char = '…';

/// See [`crate::Reader::highlight`].
pub(crate) fn fragment(query: &str, text: &str) -> String {
    let clauses = query::clauses(query).unwrap_or_default();
    let matches = matches(&clauses, text);
    let window = window(text, matches.first());
    let mut html = String::with_capacity(window.len() * 2);
    if window.start > 0 {
        html.push(CUT);
    }
    let mut at = window.start;
    for found in matches {
        let (from, to) = (found.start.max(at), found.end.min(window.end));
        if from >= to {
            continue;
        }
        escape(&text[at..from], &mut html);
        html.push_str("<em>");
        escape(&text[from..to], &mut html);
        html.push_str("</em>");
        at = to;
    }
    escape(&text[at..window.end], &mut html);
    if window.end < text.len() {
        html.push(CUT);
    }
    html
}

/// A position of the text: which of the query's terms are there, and where. At most a character
/// and the pair it begins share a position.
#[derive(Default)]
struct Slot {
    terms: Vec<(usize, Range<usize>)>,
}

impl Slot {
    fn range(&self, term: usize) -> Option<&Range<usize>> {
        let found = self.terms.iter().find(|(number, _)| *number == term);
        found.map(|(_, range)| range)
    }
}

/// The ranges that match a clause, in order, none touching the next.
fn matches(clauses: &[Clause], text: &str) -> Vec<Range<usize>> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (_, term) in clauses.iter().flat_map(|clause| &clause.terms) {
        let next = numbers.len();
        numbers.entry(term).or_insert(next);
    }
    let mut slots: Vec<Slot> = Vec::new();
    for term in analyzer::terms(text, Mode::Index) {
        slots.resize_with(term.position + 1, Slot::default);
        let number = numbers.get(term.text.as_str());
        if let (Some(number), Some(slot)) = (number, slots.last_mut()) {
            slot.terms.push((*number, term.from..term.to));
        }
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for clause in clauses {
        let wanted: Vec<(usize, usize)> = clause
            .terms
            .iter()
            .filter_map(|(offset, term)| Some((*offset, *numbers.get(term.as_str())?)))
            .collect();
        ranges.extend((0..slots.len()).filter_map(|start| match_at(&slots, start, &wanted)));
    }
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => merged.push(range),
        }
    }
    merged
}

/// From the first to the last term of a clause, when all of them are where it wants them.
fn match_at(slots: &[Slot], start: usize, wanted: &[(usize, usize)]) -> Option<Range<usize>> {
    let mut whole: Option<Range<usize>> = None;
    for (offset, term) in wanted {
        let range = slots.get(start + offset)?.range(*term)?;
        let from = whole.map_or(range.start, |whole| whole.start);
        whole = Some(from..range.end);
    }
    whole
}

/// The bytes to show: all of a short text, else some before the first match and more after it.
fn window(text: &str, first: Option<&Range<usize>>) -> Range<usize> {
    let back = |from: usize, chars: usize| {
        let before = text[..from].char_indices().rev();
        before.take(chars).last().map_or(from, |(at, _)| at)
    };
    let forward = |from: usize, chars: usize| {
        let after = text[from..].char_indices();
        after
            .skip(chars)
            .map(|(at, _)| from + at)
            .next()
            .unwrap_or(text.len())
    };
    let first = first.map_or(0, |range| range.start);
    let lead = back(first, LEAD_CHARS_MAX);
    let latest = back(text.len(), FRAGMENT_CHARS_MAX);
    let start = if lead <= latest {
        snap(text, lead, first)
    } else {
        latest
    };
    let start = whole(text, start);
    let end = whole(text, forward(start, FRAGMENT_CHARS_MAX));
    start..end
}

/// Behind the first space near `from`, if there is one before `limit`.
fn snap(text: &str, from: usize, limit: usize) -> usize {
    if from == 0 {
        return from;
    }
    let near = text[from..limit].char_indices().take(SNAP_CHARS_MAX);
    let mut spaces = near.filter(|(_, character)| character.is_whitespace());
    spaces
        .next()
        .map_or(from, |(at, space)| from + at + space.len_utf8())
}

/// Forward to where no mark is torn from its character.
fn whole(text: &str, from: usize) -> usize {
    if from == 0 {
        return from;
    }
    let rest = text[from..].char_indices();
    let mut starts = rest.filter(|(_, character)| !is_combining_mark(*character));
    starts.next().map_or(text.len(), |(at, _)| from + at)
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests;
