//! Pages as they are, and as a parser of Markdown understands them.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use recado_shared::UserName;

use super::*;

#[test]
fn ordinary_text_stays_as_it_is() {
    for text in [
        "hello, it's 3.5 % - fine! (see a_b & c=d, no. 4, p. 12: x)",
        "https://example.org/a_b?c=1&2",
        "olá, 日本語 🦀",
    ] {
        assert_eq!(escape(text), text);
    }
}

#[test]
fn nothing_that_means_something_is_left() {
    for (text, expected) in [
        ("# heading", "\\# heading"),
        ("- item", "\\- item"),
        ("+ item", "\\+ item"),
        ("12. item", "12\\. item"),
        ("1) item", "1\\) item"),
        ("> quote", "\\> quote"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("***bold***", "\\*\\*\\*bold\\*\\*\\*"),
        ("__bold__ a_b_c", "\\_\\_bold\\_\\_ a_b_c"),
        ("```sh", "\\`\\`\\`sh"),
        ("~~~", "\\~\\~\\~"),
        ("<b>x</b>", "\\<b\\>x\\</b\\>"),
        ("<!-- x -->", "\\<!-- x --\\>"),
        ("[a](http://b)", "\\[a\\](http://b)"),
        ("![a](b)", "!\\[a\\](b)"),
        ("a|b", "a\\|b"),
        (":-:|:-:", "\\:-:\\|:-:"),
        ("&lt; &#60; a & b", "\\&lt; \\&#60; a & b"),
        ("\\*", "\\\\\\*"),
        ("    code", "\u{a0}\u{a0}\u{a0}\u{a0}code"),
        ("\tcode", "\u{a0}code"),
        ("  # no heading", "\u{a0}\u{a0}\\# no heading"),
        ("a\u{1b}[2J\r", "a\u{fffd}\\[2J\u{fffd}"),
        ("hard break  ", "hard break"),
    ] {
        assert_eq!(escape(text), expected, "{text:?}");
    }
}

#[test]
fn every_line_of_a_text_is_in_the_quote() {
    let text = "one\n\n**mallory** 14:03\n> x\u{2028}## Monday\n\n";
    let page = message(&Message {
        author: "bob",
        time: "14:02",
        text: Text::Said(text),
        is_edited: true,
        reactions: vec![("👍".to_owned(), 2), ("🎉".to_owned(), 1)],
        ..Message::default()
    });
    let expected = "**bob** 14:02\n\n\
        > one\n>\n> \\*\\*mallory\\*\\* 14:03  \n> \\> x  \n> \\## Monday\n>\n>\n\n\
        *edited* · 👍 2 · 🎉 1\n\n";
    assert_eq!(page, expected);
}

#[test]
fn replies_changes_and_what_is_gone() {
    let reply = |quote| {
        message(&Message {
            author: "a_",
            time: "1:00",
            text: Text::Said("yes"),
            quote: Some(quote),
            ..Message::default()
        })
    };
    let long = format!("\n{}\nmore", "x".repeat(MAX_QUOTE_CHARS + 1));
    let quoted = reply(Quote::of("b*b", &long));
    let cut = "x".repeat(MAX_QUOTE_CHARS);
    let expected = format!("**a\\_** 1:00\n\n> > **b\\*b**: {cut}…\n>\n> yes\n\n");
    assert_eq!(quoted, expected);
    assert!(reply(Quote::Deleted).contains("> > *a deleted message*\n>\n> yes\n"));
    assert!(reply(Quote::Unknown).contains("> > *an earlier message*\n>\n> yes\n"));
    let told = |text| {
        message(&Message {
            author: "bob",
            time: "1:00",
            text,
            ..Message::default()
        })
    };
    assert!(told(Text::Emote("waves")).contains("\n> \\* bob waves\n"));
    assert!(told(Text::Deleted(None)).contains("\n> *message deleted*\n"));
    let by = told(Text::Deleted(Some("*")));
    assert!(by.contains("\n> *message deleted by \\**\n"), "{by}");
}

/// What a parser takes a page for: the texts of quotes by how deep they are, and of what stands
/// outside of them. Anything that no page is to have is a mistake.
fn parsed(page: &str) -> Result<[String; 3], String> {
    let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
    let mut texts = [const { String::new() }; 3];
    let mut depth = 0;
    for event in Parser::new_ext(page, options) {
        match event {
            Event::Start(Tag::BlockQuote(None)) => depth += 1,
            Event::End(TagEnd::BlockQuote(None)) => depth -= 1,
            Event::Start(Tag::Paragraph | Tag::Strong | Tag::Emphasis)
            | Event::End(_)
            | Event::SoftBreak
            | Event::HardBreak => {}
            Event::Text(text) => texts[depth].push_str(&text),
            other => return Err(format!("{other:?} in {page}")),
        }
    }
    Ok(texts)
}

/// A text without white space, which a page may have more or less of.
fn dense(text: &str) -> String {
    let text = text.replace(['\n', '\u{2028}', '\u{2029}'], "");
    neutralise(&text).split_whitespace().collect()
}

/// Texts of what means something to Markdown or HTML.
fn hostile() -> impl Strategy<Value = String> {
    let parts = [
        "\n",
        "\n\n",
        " ",
        "    ",
        "\t",
        "#",
        "##",
        "*",
        "**",
        "_",
        "__",
        "`",
        "```",
        "~~~",
        "~~",
        "-",
        "---",
        "- [ ] ",
        "+",
        "=",
        "===",
        "1. ",
        "1) ",
        ">",
        "> ",
        "[",
        "](",
        "]",
        "(",
        ")",
        "![",
        "[^1]",
        "[^1]: ",
        ": ",
        "|",
        "|-|",
        ":-:",
        "<b>",
        "</p>",
        "<!--",
        "-->",
        "<",
        "&amp;",
        "&#10;",
        "&",
        "\\",
        "$",
        "$$",
        "^",
        "{#a .b}",
        "{",
        "}",
        "http://a.example",
        "[a]: b",
        "%",
        "+++",
        "[!NOTE]",
        "[[a|b]]",
        "||",
        "a",
        "é",
        "1",
        "\u{2028}",
        "\u{1b}",
        "**bob** 14:03",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..24)
        .prop_map(|parts| parts.concat())
}

/// What a person may be called.
fn name() -> impl Strategy<Value = String> {
    let is_name = |text: &String| UserName::new(text).is_ok();
    "[a-z0-9_.-]{1,6}".prop_filter("a name", is_name)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_is_anything_but_text(author in name(), text in hostile(), original in hostile()) {
        let quote = Quote::of(&author, &original);
        let Quote::Of { beginning, .. } = &quote else {
            unreachable!();
        };
        let expected = [
            dense(&format!("{author}14:02👍 1")),
            dense(&text),
            dense(&format!("{author}:{beginning}")),
        ];
        let page = message(&Message {
            author: &author,
            time: "14:02",
            text: Text::Said(&text),
            quote: Some(quote.clone()),
            reactions: vec![("👍".to_owned(), 1)],
            ..Message::default()
        });
        let found = parsed(&page).map_err(TestCaseError::fail)?;
        prop_assert_eq!(found.map(|text| dense(&text)), expected, "{}", page);
    }

    #[test]
    fn no_heading_or_note_is_more_than_that(text in hostile()) {
        for page in [title(&text, &text), day(&text), note(&format!("14:02 {text}"))] {
            let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
            for event in Parser::new_ext(&page, options) {
                let is_expected = matches!(
                    event,
                    Event::Start(Tag::Heading { .. } | Tag::Paragraph | Tag::Emphasis)
                        | Event::End(_)
                        | Event::Text(_)
                );
                prop_assert!(is_expected, "{:?} in {}", event, page);
            }
        }
    }
}
