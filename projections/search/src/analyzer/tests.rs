use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use super::*;
use crate::query;

/// `term@position`, in order.
fn shown(text: &str, mode: Mode) -> String {
    let terms = terms(text, mode).into_iter();
    let terms: Vec<String> = terms
        .map(|term| format!("{}@{}", term.text, term.position))
        .collect();
    terms.join(" ")
}

#[test]
fn words_are_terms_whatever_they_are_for() {
    for (text, expected) in [
        ("", ""),
        (" ,.!?\n", ""),
        ("Hello, World", "hello@0 world@1"),
        ("don't", "don@0 t@1"),
        (
            "snake_case ubuntu-10.04",
            "snake@0 case@1 ubuntu@2 10@3 04@4",
        ),
        ("3pm", "3pm@0"),
        ("Привет Ёлка", "привет@0 ёлка@1"),
        ("naïve Café", "naïve@0 café@1"),
        ("cafe\u{301}", "café@0"),
        ("ΟΔΟΣ οδος", "οδοσ@0 οδοσ@1"),
        ("İstanbul", "i\u{307}stanbul@0"),
        ("नमस्ते दुनिया", "नमस्ते@0 दुनिया@1"),
        ("שלום مرحبا", "שלום@0 مرحبا@1"),
        ("Ｈｅｌｌｏ　１２３", "hello@0 123@1"),
        ("ﬁne ⅸ ①", "fine@0 ix@1 1@2"),
        ("5㎏", "5kg@0"),
        ("co\u{AD}operate", "cooperate@0"),
        // A mark with nothing to stand on.
        ("\u{301} a", "a@0"),
        ("👍 ok 👨‍👩‍👧 🇰🇷 3️⃣", "ok@0 3@1"),
    ] {
        assert_eq!(shown(text, Mode::Index), expected, "{text} when indexing");
        assert_eq!(shown(text, Mode::Query), expected, "{text} when querying");
    }
}

#[test]
fn runs_are_characters_and_pairs_when_indexing_and_pairs_when_querying() {
    for (text, index, query) in [
        ("会", "会@0", "会@0"),
        ("会议", "会@0 会议@0 议@1", "会议@0"),
        ("会議室", "会@0 会議@0 議@1 議室@1 室@2", "会議@0 議室@1"),
        ("회의", "회@0 회의@0 의@1", "회의@0"),
        ("会，议", "会@0 议@1", "会@0 议@1"),
        ("食べる", "食@0 食べ@0 べ@1 べる@1 る@2", "食べ@0 べる@1"),
        ("カード", "カ@0 カー@0 ー@1 ード@1 ド@2", "カー@0 ード@1"),
        // Half-width kana with its voiced mark apart, and a letter that is four.
        ("ｶｰﾄﾞ", "カ@0 カー@0 ー@1 ード@1 ド@2", "カー@0 ード@1"),
        (
            "㍿",
            "株@0 株式@0 式@1 式会@1 会@2 会社@2 社@3",
            "株式@0 式会@1 会社@2",
        ),
        ("人々", "人@0 人々@0 々@1", "人々@0"),
        ("𠮷野家", "𠮷@0 𠮷野@0 野@1 野家@1 家@2", "𠮷野@0 野家@1"),
        // A variation selector and a joiner are not seen.
        ("葛\u{E0100}城", "葛@0 葛城@0 城@1", "葛城@0"),
        ("会\u{200D}议", "会@0 会议@0 议@1", "会议@0"),
        ("か\u{309A}き", "か@0 かき@0 き@1", "かき@0"),
        (
            "ㅋㅋ",
            "\u{110F}@0 \u{110F}\u{110F}@0 \u{110F}@1",
            "\u{110F}\u{110F}@0",
        ),
        ("回3点", "回@0 3@1 点@2", "回@0 3@1 点@2"),
        ("iPhone手机", "iphone@0 手@1 手机@1 机@2", "iphone@0 手机@1"),
        (
            "회의는3시",
            "회@0 회의@0 의@1 의는@1 는@2 3@3 시@4",
            "회의@0 의는@1 3@3 시@4",
        ),
    ] {
        assert_eq!(shown(text, Mode::Index), index, "{text} when indexing");
        assert_eq!(shown(text, Mode::Query), query, "{text} when querying");
        let decomposed: String = text.nfd().collect();
        assert_eq!(shown(&decomposed, Mode::Index), index, "{text} decomposed");
    }
}

#[test]
fn offsets_are_those_of_the_original_text() {
    for (text, expected) in [
        ("Ｈｉ！ you", vec!["Ｈｉ", "you"]),
        ("cafe\u{301}!", vec!["cafe\u{301}"]),
        ("㍿", vec!["㍿"; 7]),
        ("葛\u{E0100}城", vec!["葛\u{E0100}", "葛\u{E0100}城", "城"]),
        (
            "\u{1112}\u{116C}\u{110B}\u{1174}",
            vec![
                "\u{1112}\u{116C}",
                "\u{1112}\u{116C}\u{110B}\u{1174}",
                "\u{110B}\u{1174}",
            ],
        ),
    ] {
        let found = terms(text, Mode::Index);
        let found: Vec<&str> = found.iter().map(|term| &text[term.from..term.to]).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_long_word_is_cut_the_same_for_both() {
    let long = "é".repeat(5000);
    let index = terms(&long, Mode::Index);
    assert_eq!(index, terms(&long, Mode::Query));
    assert_eq!(index.len(), 1);
    assert_eq!(index[0].text.len(), WORD_BYTES_MAX);
    assert_eq!(index[0].to, long.len());
}

#[test]
fn tantivy_sees_the_same_terms() {
    let mut analyzer = Analyzer::default();
    for text in ["会议 at 3pm", "회의", ""] {
        let mut stream = analyzer.token_stream(text);
        let mut seen = Vec::new();
        while let Some(token) = stream.next() {
            seen.push((token.text.clone(), token.position));
        }
        let expected = terms(text, Mode::Index).into_iter();
        let expected: Vec<_> = expected.map(|term| (term.text, term.position)).collect();
        assert_eq!(seen, expected);
    }
}

/// Text as people and attackers write it.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(|c| c.to_string()),
        "[a-zA-Z0-9 '\"“”<&]{1,6}",
        "[가-힣ㄱ-ㅣ]{1,5}",
        "[\u{1100}-\u{1112}\u{1161}-\u{1175}\u{11A8}-\u{11C2}]{1,5}",
        "[一-龥ぁ-んァ-ヶー々]{1,5}",
        "[！-～ｦ-ﾟ]{1,5}",
        "[\u{300}-\u{36F}\u{200C}\u{200D}\u{FE0F}\u{E0100}\u{20E3}]{1,3}",
        "[㍿㎏①½ﬁİßς👍]{1,3}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_has_sane_terms(text in any_text()) {
        for mode in [Mode::Index, Mode::Query] {
            let mut last = (0, 0);
            for term in terms(&text, mode) {
                prop_assert!(term.from < term.to);
                prop_assert!(text.is_char_boundary(term.from) && text.is_char_boundary(term.to));
                prop_assert!(term.to <= text.len());
                prop_assert!(!term.text.is_empty() && term.text.len() <= WORD_BYTES_MAX);
                prop_assert!(last <= (term.position, term.from), "positions and offsets ascend");
                last = (term.position, term.from);
            }
        }
    }

    #[test]
    fn composed_and_decomposed_text_have_the_same_terms(text in any_text()) {
        let decomposed: String = text.nfd().collect();
        prop_assert_eq!(shown(&text, Mode::Index), shown(&decomposed, Mode::Index));
    }

    #[test]
    fn pieces_normalise_like_the_whole(text in any_text()) {
        let mut units = Vec::new();
        normalise(&text, &mut units);
        let pieces: String = units.iter().filter(|unit| unit.kind != Kind::Gap)
            .map(|unit| unit.character).collect();
        let mut whole = Vec::new();
        for lower in text.nfkc().flat_map(char::to_lowercase) {
            push(lower, 0, 1, &mut whole);
        }
        let whole: String = whole.iter().filter(|unit| unit.kind != Kind::Gap)
            .map(|unit| unit.character).collect();
        prop_assert_eq!(pieces, whole);
    }

    #[test]
    fn what_is_queried_is_always_among_what_is_indexed(text in any_text()) {
        let index = terms(&text, Mode::Index);
        for term in terms(&text, Mode::Query) {
            prop_assert!(index.iter().any(|other| other.text == term.text
                && other.position == term.position && other.from == term.from));
        }
    }

    #[test]
    fn any_query_is_clauses_or_an_error(text in any_text()) {
        for clause in query::clauses(&text).unwrap_or_default() {
            prop_assert_eq!(clause.terms.first().map(|(offset, _)| *offset), Some(0));
            prop_assert!(clause.terms.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
