//! Bytes of terminals in, events out.

#![allow(
    clippy::disallowed_methods,
    reason = "tests choose the time that they give to the parser"
)]

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{INTRODUCER_TIMEOUT, InputParser, MAX_PASTE_LEN, MAX_REPLIES, MAX_SEQUENCE_LEN, Reply};
use crate::app::keymap::Key;

/// The events of reads that follow each other at once, and of the wait after them.
fn parse(reads: &[&[u8]]) -> Vec<Event> {
    let mut parser = InputParser::default();
    let mut events = feed(&mut parser, reads);
    events.extend(wait(&mut parser));
    events
}

fn feed(parser: &mut InputParser, reads: &[&[u8]]) -> Vec<Event> {
    for read in reads {
        parser.feed(read, Instant::now());
    }
    std::iter::from_fn(|| parser.pop()).collect()
}

/// Lets all deadlines pass.
fn wait(parser: &mut InputParser) -> Vec<Event> {
    while let Some(deadline) = parser.deadline() {
        parser.expire(deadline);
    }
    std::iter::from_fn(|| parser.pop()).collect()
}

/// Writes events shortly: `a`, `Alt+Up`, `"pasted"`, `focus`.
fn describe(events: &[Event]) -> String {
    let described = events.iter().map(|event| match event {
        Event::Key(key) => Key::from_event(*key).map_or(format!("{key:?}"), |key| key.to_string()),
        Event::Paste(text) => format!("{text:?}"),
        Event::FocusGained => "focus".to_owned(),
        Event::FocusLost => "blur".to_owned(),
        Event::Mouse(mouse) => format!("{:?}@{},{}", mouse.kind, mouse.column, mouse.row),
        Event::Resize(..) => unreachable!("no bytes stand for it"),
    });
    described.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_events(cases: &[(&str, &str)]) {
    for (bytes, events) in cases {
        assert_eq!(describe(&parse(&[bytes.as_bytes()])), *events, "{bytes:?}");
    }
}

#[test]
fn keys_of_common_terminals_are_known() {
    assert_events(&[
        // xterm, and tmux with the settings it has by default.
        ("a", "a"),
        ("Aé\u{1f600}", "A é \u{1f600}"),
        ("\x1bOP", "F1"),
        (
            "\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F",
            "Up Down Right Left Home End",
        ),
        (
            "\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF",
            "Up Down Right Left Home End",
        ),
        (
            "\x1b[1;3A\x1b[1;5D\x1b[1;5F\x1b[1;2P",
            "Alt+Up Ctrl+Left Ctrl+End Shift+F1",
        ),
        (
            "\x1b[5~\x1b[6~\x1b[3~\x1b[3;5~\x1b[2~",
            "PageUp PageDown Delete Ctrl+Delete Insert",
        ),
        (
            "\x1b[Z\t\r\x7f\x08\0",
            "Shift+Tab Tab Enter Backspace Ctrl+H Ctrl+Space",
        ),
        ("\x0b\x11\n\x1f", "Ctrl+K Ctrl+Q Ctrl+J Ctrl+7"),
        (
            "\x1bf\x1b1\x1b/\x1b<\x1bF",
            "Alt+F Alt+1 Alt+/ Alt+< Alt+Shift+F",
        ),
        (
            "\x1b\r\x1b\x7f\x1b\x06",
            "Alt+Enter Alt+Backspace Ctrl+Alt+F",
        ),
        ("\x1b\u{e9}", "Alt+\u{e9}"),
        ("\x1b[1;5R", "Ctrl+F3"),
        ("\x1b[27;5;107~\x1b[27;2;13~", "Ctrl+K Shift+Enter"),
        // PuTTY, rxvt, the Linux console, GNU screen.
        ("\x1b[11~\x1b[15~\x1b[17~\x1b[24~", "F1 F5 F6 F12"),
        ("\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "Home End Home End"),
        (
            "\x1b\x1b[A\x1b\x1bOB\x1b\x1b[5~",
            "Alt+Up Alt+Down Alt+PageUp",
        ),
        ("\x1b[a\x1bOa\x1bOd", "Shift+Up Ctrl+Up Ctrl+Left"),
        (
            "\x1b[3^\x1b[3$\x1b[3@\x1b[11^",
            "Ctrl+Delete Shift+Delete Ctrl+Shift+Delete Ctrl+F1",
        ),
        ("\x1b[[A\x1b[[E", "F1 F5"),
        ("\x1bO5A\x1bO1;5P", "Ctrl+Up Ctrl+F1"),
        ("\x1bOM\x1bOp\x1bOn\x1bOk", "Shift+Enter 0 . +"),
        // kitty.
        (
            "\x1b[107;5u\x1b[13;2u\x1b[27u\x1b[102;3u",
            "Ctrl+K Shift+Enter Esc Alt+F",
        ),
        ("\x1b[107:75;6u\x1b[44:60;4u", "Ctrl+Shift+K Alt+<"),
        (
            "\x1b[127;5u\x1b[9;2u\x1b[57399u\x1b[57414u",
            "Ctrl+Backspace Shift+Tab 0 Enter",
        ),
        (
            "\x1b[1;5A\x1b[1;3:1B\x1b[P\x1b[107;69u",
            "Ctrl+Up Alt+Down F1 Ctrl+K",
        ),
    ]);
}

#[test]
fn shortcuts_work_in_other_scripts() {
    assert_events(&[
        ("\x1b[1083::107;5u", "Ctrl+K"),
        ("\x1b[1081::113;5u", "Ctrl+Q"),
        ("\x1b[1092::97;3u", "Alt+A"),
        ("\x1b[1083:1051:107;6u", "Ctrl+Shift+K"),
        ("\x1b[1073:1041:44;4u", "Alt+<"),
        ("\x1b[954::107;5:1u", "Ctrl+K"),
        // Text stays as it is, and so do letters of another Latin layout.
        ("\x1b[1083:1051:107;2u", "\u{41b}"),
        ("\x1b[107::118;5u", "Ctrl+K"),
    ]);
}

#[test]
fn escape_before_a_key_is_two_keys_or_one_with_alt() {
    assert_events(&[
        ("\x1b", "Esc"),
        ("\x1b\x1b", "Esc Esc"),
        ("\x1b\x1bf", "Esc Alt+F"),
        ("\x1b\x1b\x1b[A", "Esc Alt+Up"),
        ("\x1b\x1b[<0;5;7M", "Esc Down(Left)@4,6"),
        ("\x1b\x1b[I", "Esc focus"),
        ("\x1b\x1b[200~x\x1b[201~", "Esc \"x\""),
        ("\x1b[", ""),
        ("\x1b_", "Alt+_"),
        ("\x1b_\x1b_", "Alt+_ Alt+_"),
        ("\x1bO", "Alt+Shift+O"),
    ]);
    let mut parser = InputParser::default();
    let now = Instant::now();
    parser.feed(b"\x1b", now);
    parser.expire(now + Duration::from_millis(49));
    assert_eq!(parser.pop(), None);
    parser.feed(b"[", now);
    parser.feed(b"A", now);
    assert_eq!(describe(&feed(&mut parser, &[])), "Up");
}

#[test]
fn mouse_reports_of_all_forms_are_known_and_focus() {
    assert_events(&[
        ("\x1b[<0;5;7M\x1b[<0;5;7m", "Down(Left)@4,6 Up(Left)@4,6"),
        ("\x1b[<64;1;1M\x1b[<65;1;1M", "ScrollUp@0,0 ScrollDown@0,0"),
        ("\x1b[M %'", "Down(Left)@4,6"),
        ("\x1b[M`!!", "ScrollUp@0,0"),
        ("\x1b[32;5;7M", "Down(Left)@4,6"),
        ("\x1b[<200;1;1M\x1b[<1M\x1b[M \x01", "Ctrl+A"),
        ("\x1b[I\x1b[O", "focus blur"),
    ]);
}

#[test]
fn replies_and_unknown_sequences_are_dropped_whole() {
    let long_reply = format!("\x1b_G{}\x1b\\x", "i=1,".repeat(50_000));
    let long_sequence = format!("\x1b[{}mx", "1;".repeat(MAX_SEQUENCE_LEN));
    for bytes in [
        "\x1b[?64;1;2c",
        "\x1b[>41;354;0c",
        "\x1b[0n",
        "\x1b[12;40R",
        "\x1b[?1004;1$y",
        "\x1b[?1u",
        "\x1b[=5;6x",
        "\x1b[;A",
        "\x1b[1;A",
        "\x1b[99999999999999999999;5u",
        "\x1b[8;5u",
        "\x1b[57441;2u",
        "\x1b[2 q",
        "\x1b[>4;1m",
        "\x1b[201~",
        "\x1b[300~",
        "\x1bOw\x1bO\x7e".get(3..).unwrap(),
        "\x1b[[Z",
        "\x1b]11;rgb:2828/2828/2828\x1b\\",
        "\x1b]11;rgb:2828/2828/2828\x07",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1b]\x1b\\",
        "\x1bP1$r4:3m\x1b\\",
        "\x1bP>|XTerm(390)\x1b\\",
        "\x1b_Gi=31;OK\x1b\\",
        "\x1b^private\x1b\\",
        "\x1bXstring\r\nof lines\x1b\\",
        "\x1bP\u{442}\u{435}\u{43a}\u{441}\u{442}\x1b\\",
        &long_reply[..long_reply.len() - 1],
        &long_sequence[..long_sequence.len() - 1],
    ] {
        assert_eq!(
            describe(&parse(&[bytes.as_bytes(), b"x"])),
            "x",
            "{bytes:?}"
        );
        let split: Vec<&[u8]> = bytes
            .as_bytes()
            .chunks(1)
            .chain([b"x".as_slice()])
            .collect();
        assert_eq!(describe(&parse(&split)), "x", "{bytes:?} in single bytes");
    }
}

#[test]
fn answers_of_the_terminal_are_no_keys_and_leave_the_typing_around_them_whole() {
    let background = |bytes: &str| {
        let mut parser = InputParser::default();
        let text = format!("a{bytes}b");
        let mut events = String::new();
        for byte in text.bytes() {
            events += &describe(&feed(&mut parser, &[&[byte]]));
        }
        assert_eq!(events, "ab", "{bytes:?}");
        parser.pop_reply()
    };
    for (bytes, reply) in [
        (
            "\x1b]11;rgb:2828/ffff/0000\x1b\\",
            Some(Reply::Background([0x28, 0xff, 0])),
        ),
        (
            "\x1b]11;rgb:fd/f6/e3\x07",
            Some(Reply::Background([0xfd, 0xf6, 0xe3])),
        ),
        ("\x1b[2;3R", Some(Reply::Cursor { row: 2, column: 3 })),
        ("\x1b]11;?\x07", None),
        ("\x1b]11;rgb:x\x07", None),
        ("\x1b]11;\x07", None),
        ("\x1b]10;rgb:2828/2828/2828\x07", None),
        ("\x1b[99999;3R", None),
    ] {
        assert_eq!(background(bytes), reply, "{bytes:?}");
    }
    assert_eq!(describe(&parse(&[b"\x1b[1;5R"])), "Ctrl+F3");
    let mut parser = InputParser::default();
    parser.feed(&b"\x1b[2;2R".repeat(2 * MAX_REPLIES), Instant::now());
    assert_eq!(
        std::iter::from_fn(|| parser.pop_reply()).count(),
        MAX_REPLIES
    );
}

#[test]
fn an_unfinished_sequence_ends_in_time_and_blocks_no_key() {
    for bytes in [
        "\x1b[",
        "\x1b\x1b[",
        "\x1b[1;5",
        "\x1b[?1",
        "\x1b[<0;1",
        "\x1b[M !",
        "\x1b[[",
        "\x1bO1;",
        "\x1b]11;rgb:28",
        "\x1b]11;rgb:28\x1b",
        "\x1bP1$r",
        "\x1b_Gi=1",
    ] {
        let mut parser = InputParser::default();
        assert_eq!(
            describe(&feed(&mut parser, &[bytes.as_bytes()])),
            "",
            "{bytes:?}"
        );
        let now = Instant::now();
        let deadline = parser.deadline().unwrap();
        assert!(deadline > now + INTRODUCER_TIMEOUT && deadline < now + Duration::from_secs(1));
        assert_eq!(describe(&wait(&mut parser)), "", "{bytes:?}");
        assert_eq!(describe(&feed(&mut parser, &[b"x"])), "x", "{bytes:?}");
        // Without the wait, a control byte ends it and is a key.
        let key = describe(&parse(&[bytes.as_bytes(), b"\x11"]));
        let is_alt = bytes.ends_with('\x1b');
        assert_eq!(
            key,
            if is_alt { "Ctrl+Alt+Q" } else { "Ctrl+Q" },
            "{bytes:?}"
        );
    }
}

#[test]
fn invalid_bytes_are_no_other_keys_and_cut_characters_are_completed() {
    for (reads, events) in [
        (vec!["é".as_bytes()], "é"),
        (vec![b"\xc3".as_slice(), b"\xa9"], "é"),
        (vec![b"\xf0\x9f", b"\x98", b"\x80a"], "\u{1f600} a"),
        (vec![b"\x1b\xc3", b"\xa9"], "Alt+é"),
        (vec![b"\xffa"], "\u{fffd} a"),
        (vec![b"\xe9a"], "\u{fffd} a"),
        (vec![b"\xe2\x82\x1b[A"], "\u{fffd} Up"),
        (vec![b"\xe2\x82"], "\u{fffd}"),
        (vec![b"\xc0\xaf\x80"], "\u{fffd} \u{fffd} \u{fffd}"),
        (
            vec![b"\xf0\x80\x80\x80\r"],
            "\u{fffd} \u{fffd} \u{fffd} \u{fffd} Enter",
        ),
    ] {
        assert_eq!(describe(&parse(&reads)), events, "{reads:?}");
    }
}

#[test]
fn a_paste_in_brackets_is_one_text() {
    assert_events(&[
        ("\x1b[200~two\rlines\r\x1b[201~", "\"two\\rlines\\r\""),
        ("\x1b[200~\x1b[A\x11\x1b[201~x", "\"\\u{1b}[A\\u{11}\" x"),
        ("\x1b[200~\x1b[201~x", "x"),
        ("a\x1b[200~b\x1b[201~\r", "a \"b\" Enter"),
    ]);
    let reads = [b"\x1b[200~caf\xc3".as_slice(), b"\xa9\x1b[2", b"01~"];
    assert_eq!(describe(&parse(&reads)), "\"café\"");
}

#[test]
fn a_long_paste_is_given_on_in_parts() {
    let text = "é".repeat(MAX_PASTE_LEN);
    let bytes = format!("\x1b[200~{text}\x1b[201~");
    let mut parser = InputParser::default();
    let mut parts = Vec::new();
    for read in bytes.as_bytes().chunks(4095) {
        parts.extend(feed(&mut parser, &[read]));
        assert!(parser.buffer.len() < MAX_PASTE_LEN);
    }
    let part = |event: &Event| match event {
        Event::Paste(part) => part.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(parts.len(), 3);
    assert_eq!(parts.iter().map(part).collect::<String>(), text);
}

#[test]
fn a_paste_without_its_end_blocks_no_key_and_sends_nothing() {
    let mut parser = InputParser::default();
    assert_eq!(describe(&feed(&mut parser, &[b"\x1b[200~one\r"])), "");
    assert_eq!(describe(&wait(&mut parser)), "\"one\\r\"");
    // The rest comes late, with and without the closing bracket.
    assert_eq!(describe(&feed(&mut parser, &[b"two\r"])), "\"two\\r\"");
    assert_eq!(
        describe(&feed(&mut parser, &[b"/nick x\r\x1b[201~"])),
        "\"/nick x\\r\""
    );
    assert_eq!(describe(&feed(&mut parser, &[b"hi\r"])), "h i Enter");
    for key in [b"\x11".as_slice(), b"a", b"\r", b"\x1b[A"] {
        feed(&mut parser, &[b"\x1b[200~one"]);
        wait(&mut parser);
        feed(&mut parser, &[key]);
        assert_eq!(describe(&feed(&mut parser, &[b"hi\r"])), "h i Enter");
    }
}

#[test]
fn what_arrives_together_with_more_text_is_text() {
    for (reads, events) in [
        // A line and Enter may be typed by a program.
        (vec!["hello\r"], "h e l l o Enter"),
        (vec!["hello", "\r"], "h e l l o Enter"),
        (vec!["one\r", "two\r"], "o n e Enter t w o Enter"),
        (vec!["/ro\t"], "/ r o Tab"),
        (vec!["\r\r"], "Enter Enter"),
        (vec!["\x0bbob\r"], "Ctrl+K b o b Enter"),
        // A paste of several lines is one message.
        (vec!["u1\ru2\r"], "\"u1\\ru2\" Enter"),
        (vec!["u1\r\nu2\r\n"], "\"u1\\r\\nu2\" Enter"),
        (vec!["u1\ru2"], "\"u1\\ru2\""),
        (vec!["u1\r\r\ru2\r\r"], "\"u1\\r\\r\\ru2\" Enter"),
        (vec!["\rx"], "\"\\rx\""),
        (vec!["a\tb"], "\"a\\tb\""),
        (vec!["u1\r/nick hacked\r"], "\"u1\\r/nick hacked\" Enter"),
        (vec!["/nick hacked\ru2\r"], "\"/nick hacked\\ru2\" \"\\r\""),
        (vec!["u1\r\u{44e}\r"], "\"u1\\r\u{44e}\" Enter"),
        // In several reads too.
        (
            vec!["u1\ru2\r", "u3", "\r", "u4\r"],
            "\"u1\\ru2\" \"\\ru3\" \"\\ru4\" Enter",
        ),
        (vec!["u1\ru2\r", "\x1b[A"], "\"u1\\ru2\" Enter Up"),
        (vec!["u1\ru2", "\x1b[A", "x\r"], "\"u1\\ru2\" Up x Enter"),
    ] {
        let reads: Vec<&[u8]> = reads.iter().map(|read| read.as_bytes()).collect();
        assert_eq!(describe(&parse(&reads)), events, "{reads:?}");
    }
    let cut = [b"u1\r\xd1".as_slice(), b"\x8e\r"];
    assert_eq!(describe(&parse(&cut)), "\"u1\\r\u{44e}\" Enter");
    // A long line may be the first of a paste.
    let line = "x".repeat(300);
    let reads = [format!("{line}\r"), "y\r".to_owned()];
    let reads: Vec<&[u8]> = reads.iter().map(String::as_bytes).collect();
    assert_eq!(describe(&parse(&reads)), format!("{line:?} \"\\ry\" Enter"));
    assert_eq!(describe(&parse(&reads[..1])), format!("{line:?} Enter"));
    let command = format!("/msg bob {line}\r");
    assert!(describe(&parse(&[command.as_bytes()])).ends_with("Enter"));
}

#[test]
fn typing_after_a_paste_is_typing() {
    let mut parser = InputParser::default();
    feed(&mut parser, &[b"u1\ru2\r"]);
    assert_eq!(describe(&wait(&mut parser)), "Enter");
    assert_eq!(describe(&feed(&mut parser, &[b"hi\r"])), "h i Enter");
}

/// Whole pieces of input, none of which has an Enter or a Tab before text.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let sequences: [&[u8]; 23] = [
        b"\x1b[A",
        b"\x1b\x1b[A",
        b"\x1b[1;5D",
        b"\x1b[1083::107;5u",
        b"\x1b[<0;5;7M",
        b"\x1b[M %'",
        b"\x1b[32;5;7M",
        b"\x1b[200~two\rlines\x1b[201~",
        b"\x1b]11;rgb:28/28/28\x07",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[?64;1c",
        b"\x1b[3$",
        b"\x1b[[A",
        b"\x1bOa",
        b"\x1bO1;5P",
        b"\x1b[I",
        b"\x1bf",
        b"\x1b\xc3\xa9",
        b"\x0b",
        b"\x7f",
        b"\xff",
        b"\xe2\x82",
    ];
    prop_oneof![
        select(sequences.map(<[u8]>::to_vec).to_vec()),
        "[a-zé\u{4e2d}]{1,4}".prop_map(String::into_bytes),
    ]
}

/// Splits bytes at these places.
fn split<'a>(bytes: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places
        .iter()
        .map(|place| place.index(bytes.len() + 1))
        .collect();
    places.sort_unstable();
    let mut reads = Vec::new();
    let mut start = 0;
    for place in places {
        reads.push(&bytes[start..place]);
        start = place;
    }
    reads.push(&bytes[start..]);
    reads
}

/// Text that was typed or pasted.
fn texts(events: &[Event]) -> String {
    let text = |event: &Event| match event {
        Event::Key(KeyEvent {
            code: KeyCode::Char(c),
            modifiers,
            ..
        }) if (*modifiers - KeyModifiers::SHIFT).is_empty() => c.to_string(),
        Event::Paste(text) => text.clone(),
        _ => String::new(),
    };
    events.iter().map(text).collect()
}

proptest! {
    #[test]
    fn reads_may_end_anywhere(
        pieces in vec(piece(), 0..12),
        places in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes = pieces.concat();
        prop_assert_eq!(parse(&split(&bytes, &places)), parse(&[&bytes]));
    }

    #[test]
    fn pasted_lines_stay_one_message_wherever_reads_end(
        lines in vec("[a-z]{1,8}", 2..6),
        places in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = lines.join("\r") + "\r";
        // The first read has to show that it is a paste.
        let shown = lines[0].len() + 2;
        let reads = [vec![&bytes.as_bytes()[..shown]], split(&bytes.as_bytes()[shown..], &places)];
        let events = parse(&reads.concat());
        prop_assert_eq!(texts(&events), lines.join("\r"));
        let enter = Event::Key(KeyCode::Enter.into());
        let enters = events.iter().filter(|event| **event == enter).count();
        prop_assert_eq!((enters, events.last()), (1, Some(&enter)));
    }

    #[test]
    fn no_byte_of_a_sequence_becomes_text(
        introducer in select(vec!["\x1b[", "\x1b[?", "\x1b[>", "\x1b[=", "\x1b[<"]),
        body in "[0-9;:?<>= !\"#%&'()*+,./-]{0,200}",
        last in "[A-Zafghijklmnpqrstvwxyz|}]",
        places in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        // Three bytes follow this introducer, whatever they are.
        prop_assume!(!(introducer == "\x1b[" && body.is_empty() && last == "M"));
        let bytes = format!("{introducer}{body}{last}");
        prop_assert_eq!(texts(&parse(&split(bytes.as_bytes(), &places))), "");
    }

    #[test]
    fn no_byte_of_a_string_becomes_text(
        introducer in select(vec!["\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX"]),
        body in "[ -~é\r\n\t]{0,300}",
        places in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = format!("{introducer}{body}\x1b\\");
        prop_assert_eq!(parse(&split(bytes.as_bytes(), &places)), []);
    }

    #[test]
    fn any_bytes_are_taken_and_leave_the_keyboard_usable(
        reads in vec(vec(prop_oneof![any::<u8>(), select(b"\x1b[O]P_M<200~1;$\\\r".to_vec())], 0..40), 0..8),
    ) {
        let mut parser = InputParser::default();
        let reads: Vec<&[u8]> = reads.iter().map(Vec::as_slice).collect();
        feed(&mut parser, &reads);
        wait(&mut parser);
        prop_assert_eq!(describe(&feed(&mut parser, &[b"\x11"])), "Ctrl+Q");
    }
}

#[test]
fn clicks_have_no_other_button() {
    let events = parse(&[b"\x1b[<0;1;1M"]);
    let Event::Mouse(mouse) = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(mouse.kind, MouseEventKind::Down(MouseButton::Left));
}
