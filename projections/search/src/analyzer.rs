//! How text becomes terms.
//!
//! NFKC and lower case first, so full-width, decomposed and ligature forms are one. Then words for
//! scripts that separate them; over a run of Han, Kana and Hangul (mixed, as Japanese writes them)
//! every character and every pair of neighbours when indexing, only the pairs when querying (the
//! character itself when it stands alone).
//!
//! Positions count words and characters, and a pair sits at its first character's position. So the
//! pairs of a queried run are a phrase: they match the run itself, anywhere in a text, and not the
//! same pairs scattered over it.
//!
//! Offsets are byte offsets into the text as it was given. Normalisation works on pieces that
//! cannot combine with their neighbours, and every character that comes out of a piece has the
//! piece's range: a match always covers whole characters of the original.

use tantivy_tokenizer_api::{Token, TokenStream, Tokenizer};
use unicode_normalization::char::{
    canonical_combining_class, decompose_compatible, is_combining_mark,
};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// A longer word is cut here, when indexing and when querying, so it is still found.
const WORD_BYTES_MAX: usize = 128;

/// What the terms are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Index,
    Query,
}

/// A term of a text with the run it came from: a word is a run of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) text: String,
    pub(crate) position: usize,
    /// Bytes of the original text.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) run: usize,
}

/// The terms of a text, in order of position.
pub(crate) fn terms(text: &str, mode: Mode) -> Vec<Term> {
    let mut units = Vec::new();
    normalise(text, &mut units);
    let mut stream = Stream::new(&units, mode);
    let mut terms = Vec::new();
    while stream.advance() {
        let Token {
            offset_from,
            offset_to,
            position,
            text,
            position_length: _,
        } = &stream.token;
        terms.push(Term {
            text: text.clone(),
            position: *position,
            from: *offset_from,
            to: *offset_to,
            run: stream.run,
        });
    }
    terms
}

/// The analyzer as Tantivy uses it, for indexing.
#[derive(Clone, Default)]
pub(crate) struct Analyzer {
    /// Kept between texts for its memory only.
    units: Vec<Unit>,
}

impl Tokenizer for Analyzer {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.units.clear();
        normalise(text, &mut self.units);
        Stream::new(&self.units, Mode::Index)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Part of a word.
    Word,
    /// Of a script whose runs are cut into pairs.
    Paired,
    /// Ends words and runs.
    Gap,
}

/// A normalised character and where it came from.
#[derive(Debug, Clone, Copy)]
struct Unit {
    character: char,
    kind: Kind,
    from: usize,
    to: usize,
}

/// Walks over the units and makes terms of them.
pub(crate) struct Stream<'a> {
    units: &'a [Unit],
    mode: Mode,
    /// The next unit to look at.
    next: usize,
    /// The pair that begins at `next` is due, at the position of the character just returned.
    pair_due: bool,
    position: usize,
    run: usize,
    token: Token,
}

impl<'a> Stream<'a> {
    fn new(units: &'a [Unit], mode: Mode) -> Self {
        Self {
            units,
            mode,
            next: 0,
            pair_due: false,
            position: 0,
            run: 0,
            token: Token::default(),
        }
    }

    fn kind(&self, index: usize) -> Option<Kind> {
        self.units.get(index).map(|unit| unit.kind)
    }

    /// Sets the token to `units[next..end]`.
    fn emit(&mut self, end: usize) {
        let units = &self.units[self.next..end];
        let (Some(first), Some(last)) = (units.first(), units.last()) else {
            return;
        };
        self.token.offset_from = first.from;
        self.token.offset_to = last.to;
        self.token.position = self.position;
        self.token.text.clear();
        for unit in units {
            if self.token.text.len() + unit.character.len_utf8() > WORD_BYTES_MAX {
                break;
            }
            self.token.text.push(unit.character);
        }
    }

    fn step_to(&mut self, next: usize) {
        self.next = next;
        self.position += 1;
    }

    fn word(&mut self) {
        let rest = &self.units[self.next..];
        let length = rest.iter().take_while(|unit| unit.kind == Kind::Word);
        let end = self.next + length.count();
        self.run += 1;
        self.emit(end);
        self.step_to(end);
    }

    /// Whether a term came of the character at `next`.
    fn paired(&mut self) -> bool {
        let here = self.next;
        let is_first = here == 0 || self.kind(here - 1) != Some(Kind::Paired);
        let is_last = self.kind(here + 1) != Some(Kind::Paired);
        if is_first {
            self.run += 1;
        }
        match self.mode {
            Mode::Index => {
                self.emit(here + 1);
                if is_last {
                    self.step_to(here + 1);
                } else {
                    self.pair_due = true;
                }
                true
            }
            Mode::Query => {
                let length = if is_last { 1 } else { 2 };
                let has_term = is_first || !is_last;
                if has_term {
                    self.emit(here + length);
                }
                self.step_to(here + 1);
                has_term
            }
        }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        if self.pair_due {
            self.pair_due = false;
            self.emit(self.next + 2);
            self.step_to(self.next + 1);
            return true;
        }
        while let Some(kind) = self.kind(self.next) {
            match kind {
                Kind::Gap => self.next += 1,
                Kind::Word => {
                    self.word();
                    return true;
                }
                Kind::Paired => {
                    if self.paired() {
                        return true;
                    }
                }
            }
        }
        false
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

fn normalise(text: &str, units: &mut Vec<Unit>) {
    let mut characters = text.char_indices().peekable();
    while let Some((from, first)) = characters.next() {
        let mut to = from + first.len_utf8();
        let mut is_single = true;
        while let Some((at, next)) = characters.next_if(|(_, next)| !starts_piece(*next)) {
            to = at + next.len_utf8();
            is_single = false;
        }
        if is_single && is_normal(first) {
            push(first.to_ascii_lowercase(), from, to, units);
            continue;
        }
        for composed in text[from..to].nfkc() {
            for lower in composed.to_lowercase() {
                push(lower, from, to, units);
            }
        }
    }
}

fn push(character: char, from: usize, to: usize, units: &mut Vec<Unit>) {
    let last = units.last_mut();
    let kind = match (classify(character), last) {
        (Class::Mark, Some(last)) if last.kind == Kind::Word => Kind::Word,
        // What cannot be typed apart from its character belongs to it.
        (Class::Mark | Class::Ignored, Some(last)) if last.kind != Kind::Gap => {
            last.to = to;
            return;
        }
        (Class::Mark | Class::Ignored, _) => return,
        (Class::Gap, Some(last)) if last.kind == Kind::Gap => return,
        (Class::Gap, _) => Kind::Gap,
        (Class::Word, _) => Kind::Word,
        (Class::Paired, _) => Kind::Paired,
    };
    // The final form of sigma depends on where it stands in the word; a term should not.
    let character = if character == 'ς' { 'σ' } else { character };
    units.push(Unit {
        character,
        kind,
        from,
        to,
    });
}

/// Whether a character never combines with what stands before it.
fn starts_piece(character: char) -> bool {
    if is_normal(character) {
        return true;
    }
    let mut first = None;
    decompose_compatible(character, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(character);
    canonical_combining_class(first) == 0
        && is_nfkc_quick(std::iter::once(first)) != IsNormalized::Maybe
}

/// The common characters that NFKC leaves alone and that have no other case than ASCII's.
fn is_normal(character: char) -> bool {
    character.is_ascii()
        || matches!(character,
            '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'
            | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'
            | '\u{3001}' | '\u{3002}')
}

enum Class {
    Word,
    Paired,
    /// Goes on with the word or character before it.
    Mark,
    /// Neither seen nor a separator.
    Ignored,
    Gap,
}

fn classify(character: char) -> Class {
    if character.is_ascii() {
        return if character.is_ascii_alphanumeric() {
            Class::Word
        } else {
            Class::Gap
        };
    }
    if is_paired(character) {
        return Class::Paired;
    }
    if is_ignored(character) {
        return Class::Ignored;
    }
    if is_combining_mark(character) {
        return Class::Mark;
    }
    if character.is_alphanumeric() {
        Class::Word
    } else {
        Class::Gap
    }
}

/// Han, Hiragana, Katakana, Hangul and Bopomofo, after NFKC (which turns half-width forms,
/// compatibility letters and radicals into these).
fn is_paired(character: char) -> bool {
    matches!(character,
        // Han, its iteration marks, numerals and extensions.
        '\u{2E80}'..='\u{2FD5}' | '\u{3005}' | '\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3038}'..='\u{303B}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFD}'
        // Kana with the long vowel and iteration marks.
        | '\u{3041}'..='\u{3096}' | '\u{309D}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{1AFF0}'..='\u{1B16F}'
        // Hangul syllables and letters.
        | '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97C}' | '\u{AC00}'..='\u{D7FB}'
        // Bopomofo.
        | '\u{3105}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}')
}

/// Soft hyphen, joiners, direction marks, variation selectors, keycaps and other enclosing marks.
fn is_ignored(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{34F}' | '\u{180B}'..='\u{180F}' | '\u{200C}'..='\u{200F}'
        | '\u{2060}' | '\u{20DD}'..='\u{20E4}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
pub(crate) mod tests;
