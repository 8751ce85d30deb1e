use std::fmt;

use hansard_types::limits::{SEARCH_PAGE_MAX, SEARCH_QUERY_BYTES_MAX};
use hansard_types::{ConversationId, Timestamp, UserId};
use tantivy::Term;
use tantivy::query::{BooleanQuery, PhraseQuery, TermQuery};
use tantivy::schema::IndexRecordOption;

use crate::analyzer::{self, Mode};
use crate::schema::Fields;
use crate::{Cursor, Error, Result};

/// Hits on a page that does not say how many.
const LIMIT_DEFAULT: usize = 20;

/// What to look for. All of it must hold. `Debug` hides the text.
#[derive(Clone)]
pub struct Query {
    /// Every word, and every run of Han, Kana and Hangul as it stands, in any order; text in
    /// double quotes as one phrase.
    pub text: String,
    pub conversation: Option<ConversationId>,
    /// The conversations that a viewer may see; `None` means all, an empty list none.
    pub conversations: Option<Vec<ConversationId>>,
    pub sender: Option<UserId>,
    /// Sent at this time or later.
    pub after: Option<Timestamp>,
    /// Sent earlier than this.
    pub before: Option<Timestamp>,
    /// Hits on the page, at most [`SEARCH_PAGE_MAX`]; 0 asks for the total only.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

impl Query {
    /// A text, looked for everywhere.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn page(&self) -> usize {
        self.limit.min(SEARCH_PAGE_MAX)
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: String::new(),
            conversation: None,
            conversations: None,
            sender: None,
            after: None,
            before: None,
            limit: LIMIT_DEFAULT,
            cursor: None,
        }
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("text_bytes", &self.text.len())
            .field("conversation", &self.conversation)
            .field("conversations", &self.conversations.as_ref().map(Vec::len))
            .field("sender", &self.sender)
            .field("after", &self.after)
            .field("before", &self.before)
            .field("limit", &self.limit)
            .field("cursor", &self.cursor)
            .finish()
    }
}

/// Terms at fixed distances from the first, which is at 0: a word, a run of pairs, a phrase.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) terms: Vec<(usize, String)>,
}

/// What a query's text asks for, each once.
///
/// The pairs of a run are one clause and must stand next to each other: 大学生 as "大学 and 学生
/// somewhere" would find 学生在大学里. Different words and runs may stand anywhere, because where a
/// writer puts spaces and punctuation, above all in Korean, is not what a searcher means.
pub(crate) fn clauses(text: &str) -> Result<Vec<Clause>> {
    if text.len() > SEARCH_QUERY_BYTES_MAX {
        return Err(Error::QueryEmpty);
    }
    let mut clauses = Vec::new();
    for (piece, is_quoted) in pieces(text) {
        let mut run = None;
        let mut start = 0;
        for term in analyzer::terms(piece, Mode::Query) {
            if run.is_none() || (run != Some(term.run) && !is_quoted) {
                clauses.push(Clause { terms: Vec::new() });
                start = term.position;
            }
            run = Some(term.run);
            if let Some(clause) = clauses.last_mut() {
                clause.terms.push((term.position - start, term.text));
            }
        }
    }
    let mut distinct: Vec<Clause> = Vec::with_capacity(clauses.len());
    for clause in clauses {
        if !distinct.contains(&clause) {
            distinct.push(clause);
        }
    }
    if distinct.is_empty() {
        return Err(Error::QueryEmpty);
    }
    Ok(distinct)
}

/// Splits at double quotes as keyboards of our languages type them; a quote that is not closed
/// quotes nothing.
fn pieces(text: &str) -> Vec<(&str, bool)> {
    let is_quote = |c: char| matches!(c, '"' | '“' | '”' | '„' | '＂');
    let parts: Vec<&str> = text.split(is_quote).collect();
    let last = parts.len() - 1;
    parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| (part, index % 2 == 1 && index < last))
        .collect()
}

/// The part of a query that the inverted index answers; times and the viewer's conversations are
/// checked on the columns while collecting.
pub(crate) fn compile(query: &Query, fields: &Fields) -> Result<BooleanQuery> {
    let mut all: Vec<Box<dyn tantivy::query::Query>> = Vec::new();
    for clause in clauses(&query.text)? {
        let mut terms: Vec<(usize, Term)> = clause
            .terms
            .iter()
            .map(|(offset, text)| (*offset, Term::from_field_text(fields.text, text)))
            .collect();
        if terms.len() > 1 {
            all.push(Box::new(PhraseQuery::new_with_offset(terms)));
        } else if let Some((_, term)) = terms.pop() {
            all.push(exactly(term));
        }
    }
    if let Some(conversation) = &query.conversation {
        let written = conversation.to_string();
        all.push(exactly(Term::from_field_text(
            fields.conversation,
            &written,
        )));
    }
    if let Some(sender) = &query.sender {
        all.push(exactly(Term::from_field_text(
            fields.sender,
            sender.as_str(),
        )));
    }
    Ok(BooleanQuery::intersection(all))
}

fn exactly(term: Term) -> Box<dyn tantivy::query::Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let Ok(clauses) = clauses(text) else {
            return "nothing".to_owned();
        };
        let clause = |clause: &Clause| {
            let terms = clause.terms.iter();
            let terms: Vec<String> = terms
                .map(|(offset, text)| format!("{text}@{offset}"))
                .collect();
            terms.join(" ")
        };
        clauses.iter().map(clause).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_text_becomes_words_runs_and_phrases() {
        for (text, expected) in [
            ("Hello world", "hello@0 | world@0"),
            ("hello HELLO", "hello@0"),
            ("\"hello world\" again", "hello@0 world@1 | again@0"),
            ("“hello world” again", "hello@0 world@1 | again@0"),
            ("\"hello world", "hello@0 | world@0"),
            ("a\"b\"c\"d e", "a@0 | b@0 | c@0 | d@0 | e@0"),
            ("大学生", "大学@0 学生@1"),
            ("的", "的@0"),
            ("회의는3시", "회의@0 의는@1 | 3@0 | 시@0"),
            ("\"회의는3시\"", "회의@0 의는@1 3@3 시@4"),
            ("\"回 会议 a\"", "回@0 会议@1 a@3"),
            ("\"\"", "nothing"),
            ("\"", "nothing"),
            ("", "nothing"),
            (" ，。👍 ", "nothing"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_at_the_limit_is_taken_and_a_byte_more_is_refused() {
        let long = "ab ".repeat(SEARCH_QUERY_BYTES_MAX / 3);
        assert!(clauses(&long).is_ok());
        let longer = format!("{long}cde");
        assert!(matches!(clauses(&longer), Err(Error::QueryEmpty)));
    }

    #[test]
    fn debug_hides_what_is_searched_for() {
        assert!(!format!("{:?}", Query::new("secret")).contains("secret"));
    }
}
