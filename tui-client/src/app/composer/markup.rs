//! The notation of messages in the composer: a doubled slash at the start, and emoji shortcodes.

use std::borrow::Cow;

/// A text without blank lines before and blanks after what can be seen. The first visible line
/// keeps its indentation.
pub(crate) fn trimmed(text: &str) -> &str {
    let text = text.trim_end();
    let visible = text.len() - text.trim_start().len();
    let line_ends = ['\n', '\u{2028}', '\u{2029}'];
    let line = text[..visible]
        .char_indices()
        .rev()
        .find(|(_, c)| line_ends.contains(c));
    &text[line.map_or(0, |(at, c)| at + c.len_utf8())..]
}

/// The text of a message as it is sent: without the slash that says it is no command, and with
/// the emoji that shortcodes stand for.
pub(crate) fn message_of(text: &str) -> Cow<'_, str> {
    let text = match text.strip_prefix('/') {
        Some(escaped) if escaped.starts_with('/') => escaped,
        Some(_) | None => text,
    };
    with_emoji(text)
}

/// Text as it has to be in a composer to be sent as it is.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if text.starts_with('/') {
        Cow::Owned(format!("/{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Replaces every `:shortcode:` that stands alone between white space.
fn with_emoji(text: &str) -> Cow<'_, str> {
    if !text.contains(':') {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let code = word.strip_prefix(':').and_then(|w| w.strip_suffix(':'));
        match code.and_then(emojis::get_by_shortcode) {
            Some(emoji) => {
                replaced.push_str(emoji.as_str());
                replaced.push_str(&piece[word.len()..]);
            }
            None => replaced.push_str(piece),
        }
    }
    Cow::Owned(replaced)
}
