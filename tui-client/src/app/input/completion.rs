//! Completion of the word before the cursor: commands and their arguments, users after `@`, emoji
//! after `:`.

use std::cmp::Reverse;
use std::ops::Range;

use recado_shared::name::fold;
use recado_shared::rules::mention;
use recado_shared::{ConversationId, UserName};

use crate::app::chats::Chats;
use crate::app::command::{ArgumentKind, COMMANDS, CommandSpec, find};
use crate::app::conversation::state::Purpose;
use crate::app::input::frequent::Frequent;

/// The completion list of the composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionView<'a> {
    /// Labels, each with a detail that may be empty.
    pub rows: Vec<(&'a str, &'a str)>,
    /// The row that Enter accepts.
    pub chosen: Option<usize>,
}

const MAX_ROWS: usize = 50;

/// Letters after a `:` from which on emoji are offered: fewer are a smiley or a time.
const EMOJI_FROM: usize = 2;

const DAYS: &[&str] = &["today", "yesterday", "monday", "7d", "2w"];

const DURATIONS: &[&str] = &["10m", "30m", "1h", "8h", "1d", "1w"];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    insert: String,
    label: String,
    detail: String,
}

impl Row {
    fn new(label: String) -> Self {
        let insert = format!("{label} ");
        let detail = String::new();
        Self {
            insert,
            label,
            detail,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Completion {
    pub(super) conversation: ConversationId,
    pub(super) word: Range<usize>,
    rows: Vec<Row>,
    /// `None` while the word is empty, so that Enter sends.
    chosen: Option<usize>,
}

impl Completion {
    /// The completion at the cursor of the open conversation; `None` if nothing fits.
    pub(super) fn at_cursor(chats: &Chats, frequent: &Frequent) -> Option<Self> {
        let open = chats.opened()?;
        let composer = &open.composer;
        let (word, completable) = completable(composer.text(), composer.cursor())?;
        let is_editing = matches!(open.purpose, Purpose::Edit { .. });
        let mut rows = match completable {
            Completable::Command(_) | Completable::Argument(..) if is_editing => return None,
            Completable::Command(prefix) => commands(prefix, frequent),
            Completable::Mention(prefix) => people(chats, "@", prefix),
            Completable::Emoji(code) => emoji(code, frequent),
            Completable::Argument(kind, prefix) => arguments(chats, kind, prefix, frequent),
        };
        rows.truncate(MAX_ROWS);
        let has_begun = composer.text()[word.clone()].chars().nth(1).is_some()
            || matches!(completable, Completable::Argument(_, prefix) if !prefix.is_empty());
        (!rows.is_empty()).then_some(Self {
            conversation: open.id,
            word,
            rows,
            chosen: has_begun.then_some(0),
        })
    }

    pub(crate) fn view(&self) -> CompletionView<'_> {
        let rows = self.rows.iter();
        CompletionView {
            rows: rows
                .map(|row| (row.label.as_str(), row.detail.as_str()))
                .collect(),
            chosen: self.chosen,
        }
    }

    pub(super) fn step(&mut self, steps: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.chosen = Some(match self.chosen {
            None if steps < 0 => last,
            None => 0,
            Some(chosen) => chosen.saturating_add_signed(steps).min(last),
        });
    }

    pub(super) fn best(&self) -> Option<&str> {
        let row = self.rows.get(self.chosen.unwrap_or(0))?;
        Some(&row.insert)
    }

    /// The replacement by the chosen row; `None` if the text has it already or names a command.
    pub(super) fn replacement(&self, text: &str) -> Option<&str> {
        let row = self.rows.get(self.chosen?)?;
        let written = text.get(self.word.clone())?;
        let name = written.strip_prefix('/').filter(|_| self.word.start == 0);
        let bare = |text: &str| {
            text.trim_end()
                .trim_start_matches(['@', '＠', '#'])
                .to_lowercase()
        };
        let is_written = bare(written) == bare(&row.insert) || name.and_then(find).is_some();
        (!is_written).then_some(&row.insert)
    }
}

/// A completable word by its kind, without its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Completable<'a> {
    Command(&'a str),
    Argument(ArgumentKind, &'a str),
    Mention(&'a str),
    Emoji(&'a str),
}

fn completable(text: &str, cursor: usize) -> Option<(Range<usize>, Completable<'_>)> {
    let before = text.get(..cursor)?;
    let start = before.rfind(char::is_whitespace).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    let word = &before[start..];
    let range = start..cursor;
    if let Some(line) = before.strip_prefix('/')
        && !line.starts_with('/')
    {
        if start == 0 {
            return Some((range, Completable::Command(line)));
        }
        let mut words = line[..start - 1].split_whitespace();
        let spec = words.next().and_then(find)?;
        let kind = spec.arguments.get(words.count()).map(|a| a.kind);
        match kind {
            Some(ArgumentKind::Text | ArgumentKind::Number | ArgumentKind::Any) | None => {}
            Some(kind) => return Some((range, Completable::Argument(kind, word))),
        }
    }
    if let Some((at, name)) = mention::unfinished(word) {
        return Some((start + at..cursor, Completable::Mention(name)));
    }
    let code = word.strip_prefix(':')?;
    let is_code = code.starts_with(|c: char| c.is_ascii_alphabetic() || c == '+' || c == '-')
        && code.len() >= EMOJI_FROM
        && !code.contains(':');
    is_code.then_some((range, Completable::Emoji(code)))
}

fn starts_with(name: &str, prefix: &str) -> bool {
    fold(name).starts_with(&fold(prefix))
}

/// Commands whose names begin so, the frequent ones first.
fn commands(prefix: &str, frequent: &Frequent) -> Vec<Row> {
    let matches = COMMANDS
        .iter()
        .filter(|spec| starts_with(spec.name, prefix) || spec.aliases.contains(&prefix));
    let row = |spec: &CommandSpec| {
        let space = if spec.arguments.is_empty() { "" } else { " " };
        Row {
            insert: format!("/{}{space}", spec.name),
            label: spec.usage(),
            detail: spec.help.to_owned(),
        }
    };
    let mut rows: Vec<_> = matches.map(row).collect();
    rows.sort_by_key(|row| Reverse(frequent.count(&row.insert)));
    rows
}

/// Emoji whose shortcodes begin so, then those that have it inside; of both, the frequent ones first.
fn emoji(code: &str, frequent: &Frequent) -> Vec<Row> {
    let code = code.to_lowercase();
    let mut found: Vec<_> = emojis::iter()
        .flat_map(|emoji| emoji.shortcodes().map(move |name| (emoji, name)))
        .filter(|(_, name)| name.contains(&code))
        .collect();
    found.sort_by_key(|(emoji, name)| {
        let count = Reverse(frequent.count(emoji.as_str()));
        (!name.starts_with(&code), count, name.len(), *name)
    });
    let row = |(emoji, name): (&emojis::Emoji, &str)| Row {
        insert: emoji.as_str().to_owned(),
        ..Row::new(format!("{} :{name}:", emoji.as_str()))
    };
    found.into_iter().take(MAX_ROWS).map(row).collect()
}

fn words(all: &[&str], prefix: &str, frequent: &Frequent) -> Vec<Row> {
    let matches = all.iter().filter(|word| starts_with(word, prefix));
    let mut matches: Vec<_> = matches.collect();
    matches.sort_by_key(|word| Reverse(frequent.count(word)));
    let rows = matches.into_iter();
    rows.map(|word| Row::new((*word).to_owned())).collect()
}

fn arguments(chats: &Chats, kind: ArgumentKind, prefix: &str, frequent: &Frequent) -> Vec<Row> {
    let users = || people(chats, "", prefix.trim_start_matches('@'));
    match kind {
        ArgumentKind::Person => users(),
        ArgumentKind::Room => rooms(chats, prefix),
        ArgumentKind::PersonOrRoom => [users(), rooms(chats, prefix)].concat(),
        ArgumentKind::Emoji => emoji(prefix.trim_matches(':'), frequent),
        ArgumentKind::Duration => words(DURATIONS, prefix, frequent),
        ArgumentKind::Day => words(DAYS, prefix, frequent),
        ArgumentKind::Word(all) => words(all, prefix, frequent),
        ArgumentKind::Command => {
            let names: Vec<_> = COMMANDS.iter().map(|spec| spec.name).collect();
            words(&names, prefix.trim_start_matches('/'), frequent)
        }
        ArgumentKind::Any | ArgumentKind::Number | ArgumentKind::Text => Vec::new(),
    }
}

fn people(chats: &Chats, mark: &str, prefix: &str) -> Vec<Row> {
    let names = person_names(chats, prefix).into_iter();
    names
        .map(|name| Row::new(format!("{mark}{name}")))
        .collect()
}

/// Users whose names begin with `prefix`: the last authors here first, then in the order of the
/// contact list.
pub(crate) fn person_names(chats: &Chats, prefix: &str) -> Vec<String> {
    let entries = chats
        .opened()
        .into_iter()
        .flat_map(|c| c.log.loaded().rev());
    let authors = entries.map(|entry| chats.contacts.label(entry.author));
    let listed = chats.contacts.order.ids();
    let listed = listed.filter(|id| id.room().is_none());
    let listed = listed.map(|id| chats.title(id));
    let mine = chats.me.as_ref().map(|me| me.name.as_str());
    let mut names: Vec<String> = Vec::new();
    for name in authors.chain(listed) {
        // A label that is no user name cannot be completed.
        let is_name = starts_with(name, prefix) && UserName::new(name).is_ok();
        if is_name && Some(name) != mine && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        if names.len() >= MAX_ROWS {
            break;
        }
    }
    names
}

fn rooms(chats: &Chats, prefix: &str) -> Vec<Row> {
    let prefix = prefix.trim_start_matches('#');
    let names = chats.room_names();
    let names = names.iter().filter(|name| starts_with(name, prefix));
    names.map(|name| Row::new(format!("#{name}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(text: &str) -> Option<(Range<usize>, Completable<'_>)> {
        completable(text, text.len())
    }

    #[test]
    fn words_are_completed_by_where_they_stand() {
        for (text, expected) in [
            ("/", Some((0..1, Completable::Command("")))),
            ("/jo", Some((0..3, Completable::Command("jo")))),
            (
                "/join #t",
                Some((6..8, Completable::Argument(ArgumentKind::Room, "#t"))),
            ),
            (
                "/mute bob ",
                Some((10..10, Completable::Argument(ArgumentKind::Duration, ""))),
            ),
            (
                "/msg bob hi @ca",
                Some((12..15, Completable::Mention("ca"))),
            ),
            ("hi @", Some((3..4, Completable::Mention("")))),
            ("so :ta", Some((3..6, Completable::Emoji("ta")))),
            ("你好@爸", Some((6..10, Completable::Mention("爸")))),
            ("(＠ca", Some((1..6, Completable::Mention("ca")))),
            ("//jo", None),
            ("at 10:30", None),
            (":D", None),
            (":30", None),
            ("mail@home", None),
            ("/nosuch b", None),
            ("hello", None),
        ] {
            assert_eq!(at_end(text), expected, "{text}");
        }
        assert_eq!(
            completable("@bo and", 3),
            Some((0..3, Completable::Mention("bo")))
        );
    }

    #[test]
    fn emoji_come_best_first() {
        let mut frequent = Frequent::default();
        assert_eq!(emoji("tada", &frequent)[0].insert, "🎉");
        assert_eq!(emoji("+1", &frequent)[0].insert, "👍");
        assert!(emoji("face", &frequent).len() <= MAX_ROWS);
        assert_eq!(emoji("nosuchemoji", &frequent), []);
        // A frequent one that begins so comes before shorter names; one that has it inside (gift_heart)
        // does not.
        assert_ne!(emoji("heart", &frequent)[0].insert, "💓");
        frequent.note("💓");
        frequent.note("💝");
        frequent.note("💝");
        assert_eq!(emoji("heart", &frequent)[0].insert, "💓");
    }
}
