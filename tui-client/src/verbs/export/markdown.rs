//! Markdown for people, made of texts that may hold anything: what a person wrote stands in a block
//! quote, every line of it, and no character of it means anything to Markdown or HTML.

use std::fmt::Write as _;

use recado_shared::text::neutralise;

/// Longest part of a message that a reply quotes, in characters.
const MAX_QUOTE_CHARS: usize = 120;

#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    pub(super) author: &'a str,
    pub(super) time: &'a str,
    pub(super) text: Text<'a>,
    pub(super) quote: Option<Quote>,
    pub(super) is_edited: bool,
    pub(super) reactions: Vec<(String, usize)>,
}

#[derive(Debug)]
pub(super) enum Text<'a> {
    Said(&'a str),
    /// An emote, without its author.
    Emote(&'a str),
    /// Nothing any more; the user who deleted it, if known.
    Deleted(Option<&'a str>),
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Deleted(None)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    Of {
        author: String,
        beginning: String,
    },
    Deleted,
    /// It may not be read.
    Unknown,
}

impl Quote {
    pub(super) fn of(author: &str, text: &str) -> Self {
        let mut lines = lines(text).filter(|line| !line.trim().is_empty());
        let line = lines.next().unwrap_or_default();
        let mut beginning: String = line.chars().take(MAX_QUOTE_CHARS).collect();
        if beginning.len() < line.len() || lines.next().is_some() {
            beginning.push('…');
        }
        Self::Of {
            author: author.to_owned(),
            beginning,
        }
    }
}

pub(super) fn title(label: &str, about: &str) -> String {
    format!("# {}\n\n{}\n\n", escape(label), escape(about))
}

pub(super) fn day(day: &str) -> String {
    format!("## {}\n\n", escape(day))
}

pub(super) fn note(text: &str) -> String {
    format!("*{}*\n\n", escape(text))
}

pub(super) fn message(message: &Message<'_>) -> String {
    let mut page = format!("**{}** {}\n\n", escape(message.author), message.time);
    match &message.quote {
        None => {}
        Some(Quote::Of { author, beginning }) => {
            let (author, beginning) = (escape(author), escape(beginning));
            let _ = write!(page, "> > **{author}**: {beginning}\n>\n");
        }
        Some(Quote::Deleted) => page.push_str("> > *a deleted message*\n>\n"),
        Some(Quote::Unknown) => page.push_str("> > *an earlier message*\n>\n"),
    }
    match message.text {
        Text::Said(text) => quote_lines(&mut page, text),
        Text::Emote(text) => quote_lines(&mut page, &format!("* {} {text}", message.author)),
        Text::Deleted(None) => page.push_str("> *message deleted*\n"),
        Text::Deleted(Some(by)) => {
            let _ = writeln!(page, "> *message deleted by {}*", escape(by));
        }
    }
    page.push('\n');
    let edited = message.is_edited.then(|| "*edited*".to_owned());
    let reactions = message.reactions.iter();
    let reactions = reactions.map(|(emoji, count)| format!("{} {count}", escape(emoji)));
    let tail: Vec<String> = edited.into_iter().chain(reactions).collect();
    if !tail.is_empty() {
        let _ = write!(page, "{}\n\n", tail.join(" · "));
    }
    page
}

fn quote_lines(page: &mut String, text: &str) {
    let mut lines = lines(text).map(escape).peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            page.push_str(">\n");
            continue;
        }
        // Two spaces keep the end of the line, where the paragraph goes on.
        let goes_on = lines.peek().is_some_and(|next| !next.is_empty());
        let end = if goes_on { "  " } else { "" };
        let _ = writeln!(page, "> {line}{end}");
    }
}

/// The lines of a text, by everything that some program takes for a line's end.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\u{2028}', '\u{2029}'])
}

/// One line of text that reads the same and is nothing but text. It may stand at the beginning of
/// a line.
pub(super) fn escape(text: &str) -> String {
    let text = neutralise(text);
    let text = text.trim_end();
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut before: Option<char> = None;
    // Nothing but white space, or nothing but digits, has passed.
    let (mut is_start, mut is_number) = (true, false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_escaped = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '$' | '^' | '{' | '}' | '~' => true,
            '_' => !(is_letter(before) && is_letter(next)),
            '&' => next.is_some_and(|c| c == '#' || c.is_ascii_alphabetic()),
            '#' | '+' | '-' | '=' | ':' | '%' => is_start,
            '.' | ')' => is_number,
            _ => false,
        };
        if is_escaped {
            escaped.push('\\');
        }
        // Indented text would be code.
        escaped.push(if is_start && c == ' ' { '\u{a0}' } else { c });
        is_number = c.is_ascii_digit() && (is_start || is_number);
        is_start = is_start && c.is_whitespace();
        before = Some(c);
    }
    escaped
}

#[cfg(test)]
mod tests;
