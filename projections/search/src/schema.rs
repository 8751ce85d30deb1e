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

/// What is searchable of a message, a line each: its texts, the description of a custom element or
/// a place, a file's name, and of merged messages their title and what they say; `None` when it has
/// none. Highlights are made on the same text.
#[must_use]
pub fn text_of(elements: &[Element]) -> Option<String> {
    let mut lines: Vec<&str> = Vec::new();
    add_lines(elements, &mut lines);
    lines.retain(|line| !line.trim().is_empty());
    if lines.is_empty() {
        None
    } else {
        Some(lines.join("\n"))
    }
}

fn add_lines<'a>(elements: &'a [Element], lines: &mut Vec<&'a str>) {
    for element in elements {
        match element {
            Element::Text { text, extra: _ } => lines.push(text),
            Element::Custom { desc, .. } => lines.push(desc),
            Element::Location(location) => lines.push(&location.description),
            Element::File(file) => lines.push(&file.name),
            Element::Merged(merged) => {
                lines.push(&merged.title);
                for message in &merged.messages {
                    add_lines(&message.elements, lines);
                }
            }
            Element::Face { .. } | Element::Sound(_) | Element::Image(_) | Element::Video(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use hansard_events::message::{File, Location, Merged, MergedMessage};
    use hansard_types::UserId;

    use super::*;

    #[test]
    fn texts_and_descriptions_are_searchable_and_nothing_else() {
        let text = Element::text;
        let custom = |desc: &str| Element::Custom {
            data: "data".to_owned(),
            desc: desc.to_owned(),
            ext: "ext".to_owned(),
            sound: "sound".to_owned(),
            extra: "{\"a\":\"extra\"}".to_owned(),
        };
        let face = Element::Face {
            index: 1,
            data: "smile".to_owned(),
            extra: String::new(),
        };
        let place = Element::Location(Location {
            description: "four".to_owned(),
            latitude: "0".to_owned(),
            longitude: "0".to_owned(),
            extra: String::new(),
        });
        let file = Element::File(File {
            url: "url".to_owned(),
            name: "five.pdf".to_owned(),
            ..File::default()
        });
        let merged = Element::Merged(Merged {
            title: "six".to_owned(),
            abstracts: vec!["abstract".to_owned()],
            messages: vec![MergedMessage {
                sender: UserId::new("alice").expect("an id"),
                recipient: None,
                group_id: None,
                seq: None,
                random: None,
                sent_at_seconds: None,
                elements: vec![text("seven")],
                cloud_custom_data: None,
                extra: String::new(),
            }],
            ..Merged::default()
        });
        let all = [
            text("one"),
            face.clone(),
            custom("two"),
            text(" "),
            text("three"),
            place,
            file,
            merged,
        ];
        let found = "one\ntwo\nthree\nfour\nfive.pdf\nsix\nseven";
        assert_eq!(text_of(&all).as_deref(), Some(found));
        assert_eq!(text_of(&[face, custom("")]), None);
        assert_eq!(text_of(&[]), None);
    }
}
