use hansard_events::message::Element;
use hansard_types::Seq;
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
};

/// The analyzer's name in the schema.
pub(crate) const ANALYZER: &str = "hansard";

pub(crate) const CONVERSATION: &str = "conversation";
pub(crate) const SEQ: &str = "seq";
pub(crate) const SENDER: &str = "sender";
pub(crate) const SENT_AT: &str = "sent_at";

/// The fields of a message's document. None is stored: what a hit says comes from the columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// What was said, as terms and positions.
    pub(crate) text: Field,
    /// What identifies the document ([`key`]).
    pub(crate) key: Field,
    pub(crate) conversation: Field,
    pub(crate) seq: Field,
    pub(crate) sender: Field,
    /// Milliseconds, as a plain number: Tantivy's dates count nanoseconds, which would overflow
    /// for times that an import may bring.
    pub(crate) sent_at: Field,
}

pub(crate) fn build() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    // Nothing is ranked, so field lengths are not needed.
    let words = TextFieldIndexing::default()
        .set_tokenizer(ANALYZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(false);
    let exact = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let name = TextOptions::default()
        .set_indexing_options(exact)
        .set_fast("raw");
    let fields = Fields {
        text: builder.add_text_field("text", TextOptions::default().set_indexing_options(words)),
        key: builder.add_bytes_field("key", BytesOptions::default().set_indexed()),
        conversation: builder.add_text_field(CONVERSATION, name.clone()),
        seq: builder.add_u64_field(SEQ, FAST),
        sender: builder.add_text_field(SENDER, name),
        sent_at: builder.add_u64_field(SENT_AT, FAST),
    };
    (builder.build(), fields)
}

/// A document's identity: no written conversation holds a zero byte, so no two are the same.
pub(crate) fn key(conversation: &str, seq: Seq) -> Vec<u8> {
    let mut key = Vec::with_capacity(conversation.len() + 9);
    key.extend_from_slice(conversation.as_bytes());
    key.push(0);
    key.extend_from_slice(&seq.0.to_be_bytes());
    key
}

/// What is searchable of a message: its texts and the description of a custom element, a line
/// each; `None` when it has none. Highlights are made on the same text.
#[must_use]
pub fn text_of(elements: &[Element]) -> Option<String> {
    let mut lines: Vec<&str> = Vec::new();
    for element in elements {
        match element {
            Element::Text { text } => lines.push(text),
            Element::Face { index: _, data: _ } => {}
            Element::Custom {
                data: _,
                desc,
                ext: _,
                sound: _,
            } => lines.push(desc),
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    if lines.is_empty() {
        None
    } else {
        Some(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_descriptions_are_searchable_and_nothing_else() {
        let text = |text: &str| Element::Text {
            text: text.to_owned(),
        };
        let custom = |desc: &str| Element::Custom {
            data: "data".to_owned(),
            desc: desc.to_owned(),
            ext: "ext".to_owned(),
            sound: "sound".to_owned(),
        };
        let face = Element::Face {
            index: 1,
            data: "smile".to_owned(),
        };
        let all = [
            text("one"),
            face.clone(),
            custom("two"),
            text(" "),
            text("three"),
        ];
        assert_eq!(text_of(&all).as_deref(), Some("one\ntwo\nthree"));
        assert_eq!(text_of(&[face, custom("")]), None);
        assert_eq!(text_of(&[]), None);
    }
}
