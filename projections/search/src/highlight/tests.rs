use proptest::prelude::*;

use super::*;

#[test]
fn matches_are_marked_and_everything_is_escaped() {
    for (query, text, expected) in [
        ("hello", "Hello, world", "<em>Hello</em>, world"),
        (
            "world hello",
            "Hello, world",
            "<em>Hello</em>, <em>world</em>",
        ),
        ("会议", "明天的会议改到三点", "明天的<em>会议</em>改到三点"),
        ("회의", "오늘회의는3시", "오늘<em>회의</em>는3시"),
        ("的", "明天的会议", "明天<em>的</em>会议"),
        ("会", "会议", "<em>会</em>议"),
        // Pairs are marked where the run matches, not wherever they are.
        ("大学生", "大学里的大学生", "大学里的<em>大学生</em>"),
        ("大学 学生", "大学生", "<em>大学生</em>"),
        (
            "\"part time\"",
            "time part, part-time",
            "time part, <em>part-time</em>",
        ),
        ("hello", "Ｈｅｌｌｏ！", "<em>Ｈｅｌｌｏ</em>！"),
        ("株式", "前㍿後", "前<em>㍿</em>後"),
        (
            "b",
            "<b>&'\"</b>",
            "&lt;<em>b</em>&gt;&amp;&#39;&quot;&lt;/<em>b</em>&gt;",
        ),
        ("absent", "<script>", "&lt;script&gt;"),
        ("", "text", "text"),
        ("a", "", ""),
    ] {
        assert_eq!(fragment(query, text), expected, "{query} in {text}");
    }
    let decomposed = "\u{1112}\u{116C}\u{110B}\u{1174}";
    assert_eq!(
        fragment("회의", decomposed),
        format!("<em>{decomposed}</em>")
    );
}

#[test]
fn a_long_text_is_cut_around_the_first_match() {
    let text = format!("{}needle {}", "hay ".repeat(500), "straw ".repeat(500));
    let shown = fragment("needle", &text);
    assert!(shown.starts_with("…hay "), "{shown}");
    assert!(shown.contains("<em>needle</em> straw"), "{shown}");
    assert!(shown.ends_with('…'), "{shown}");
    assert!(
        shown.chars().count() <= FRAGMENT_CHARS_MAX + "<em></em>……".len(),
        "{shown}"
    );

    let at_the_end = format!("{}会议", "天".repeat(5000));
    let shown = fragment("会议", &at_the_end);
    assert_eq!(
        shown,
        format!("…{}<em>会议</em>", "天".repeat(FRAGMENT_CHARS_MAX - 2))
    );

    let run = "天".repeat(300);
    assert_eq!(
        fragment(&run, &format!("{run}{run}")),
        format!("<em>{}</em>…", "天".repeat(FRAGMENT_CHARS_MAX))
    );
}

#[test]
fn a_cut_does_not_tear_a_mark_from_its_letter() {
    let text = "e\u{301}".repeat(400);
    let shown = fragment("absent", &text);
    assert_eq!(
        shown.trim_end_matches('…').chars().count() % 2,
        0,
        "{shown}"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_bounded_fragment_of_safe_html(
        query in "[a-c가나天地 \"]{0,8}",
        text in "([a-c가나天地 <>&\"'\u{301}㍿Ａ]|\\PC){0,400}",
    ) {
        let shown = fragment(&query, &text);
        let plain = shown.replace("<em>", "").replace("</em>", "");
        prop_assert!(!plain.contains(['<', '>', '"', '\'']));
        prop_assert_eq!(shown.matches("<em>").count(), shown.matches("</em>").count());
        let plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
            .replace("&#39;", "'").replace("&amp;", "&");
        prop_assert!(text.contains(plain.trim_start_matches('…').trim_end_matches('…')));
    }
}
