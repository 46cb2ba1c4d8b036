//! Completion in the composer: commands and their arguments, users after `@`, emoji after `:`.

use std::ops::Range;

use recado_shared::{ConversationId, UserName};

use crate::app::chats::Chats;
use crate::app::command::{COMMANDS, Kind, Spec, find};
use crate::app::context::Context;
use crate::app::conversation::state::Purpose;
use crate::app::input::Input;
use crate::app::session::Session;

/// What the composer offers while one writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionView<'a> {
    /// What can be written, and what it does.
    pub rows: Vec<(&'a str, &'a str)>,
    /// The row that Enter takes.
    pub chosen: Option<usize>,
}

/// Most rows that are offered; a longer list is narrowed by typing.
const MAX_ROWS: usize = 50;

/// Letters after a `:` from which on emoji are offered: fewer are a smiley or a time.
const EMOJI_FROM: usize = 2;

const DURATIONS: &[&str] = &["10m", "30m", "1h", "8h", "1d", "1w"];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// What replaces the word.
    insert: String,
    label: String,
    detail: String,
}

#[derive(Debug)]
pub(crate) struct Completion {
    conversation: ConversationId,
    /// The word that is replaced.
    word: Range<usize>,
    rows: Vec<Row>,
    /// Nothing is chosen where nothing of the word is written yet, so that Enter sends.
    chosen: Option<usize>,
}

impl Completion {
    pub(crate) fn view(&self) -> CompletionView<'_> {
        let rows = self.rows.iter();
        CompletionView {
            rows: rows
                .map(|row| (row.label.as_str(), row.detail.as_str()))
                .collect(),
            chosen: self.chosen,
        }
    }

    pub(crate) fn step(&mut self, steps: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.chosen = Some(match self.chosen {
            None if steps < 0 => last,
            None => 0,
            Some(chosen) => chosen.saturating_add_signed(steps).min(last),
        });
    }
}

/// What the word before the cursor may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted<'a> {
    /// The name of a command.
    Command(&'a str),
    Argument(Kind, &'a str),
    Mention(&'a str),
    Emoji(&'a str),
}

/// The word before the cursor and what it may become.
fn wanted(text: &str, cursor: usize) -> Option<(Range<usize>, Wanted<'_>)> {
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
            return Some((range, Wanted::Command(line)));
        }
        let mut words = line[..start - 1].split_whitespace();
        let spec = words.next().and_then(find)?;
        let kind = spec.arguments.get(words.count()).map(|a| a.kind);
        match kind {
            Some(Kind::Text | Kind::Any) | None => {}
            Some(kind) => return Some((range, Wanted::Argument(kind, word))),
        }
    }
    if let Some(name) = word.strip_prefix('@') {
        return Some((range, Wanted::Mention(name)));
    }
    let code = word.strip_prefix(':')?;
    let is_code = code.starts_with(|c: char| c.is_ascii_alphabetic() || c == '+' || c == '-')
        && code.len() >= EMOJI_FROM
        && !code.contains(':');
    is_code.then_some((range, Wanted::Emoji(code)))
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.to_lowercase().starts_with(&prefix.to_lowercase())
}

fn commands(prefix: &str) -> Vec<Row> {
    let matches = COMMANDS
        .iter()
        .filter(|spec| starts_with(spec.name, prefix) || spec.aliases.contains(&prefix));
    let row = |spec: &Spec| Row {
        insert: if spec.arguments.is_empty() {
            format!("/{}", spec.name)
        } else {
            format!("/{} ", spec.name)
        },
        label: spec.usage(),
        detail: spec.help.to_owned(),
    };
    matches.map(row).collect()
}

/// Emoji whose shortcodes begin so, then those that have it inside.
fn emoji(code: &str) -> Vec<Row> {
    let code = code.to_lowercase();
    let mut found: Vec<_> = emojis::iter()
        .flat_map(|emoji| emoji.shortcodes().map(move |name| (emoji, name)))
        .filter(|(_, name)| name.contains(&code))
        .collect();
    found.sort_by_key(|(_, name)| (!name.starts_with(&code), name.len(), *name));
    let row = |(emoji, name): (&emojis::Emoji, &str)| Row {
        insert: emoji.as_str().to_owned(),
        label: format!("{} :{name}:", emoji.as_str()),
        detail: String::new(),
    };
    found.into_iter().take(MAX_ROWS).map(row).collect()
}

fn words(all: &[&str], prefix: &str) -> Vec<Row> {
    let matches = all.iter().filter(|word| starts_with(word, prefix));
    let row = |word: &&str| plain(word, &format!("{word} "));
    matches.map(row).collect()
}

fn plain(label: &str, insert: &str) -> Row {
    Row {
        insert: insert.to_owned(),
        label: label.to_owned(),
        detail: String::new(),
    }
}

impl Input {
    /// Offers what fits the word that is written now, or nothing.
    fn refresh_completion(&mut self, chats: &mut Chats) {
        self.completion = None;
        let Some(open) = chats.opened() else {
            return;
        };
        let conversation = open.id;
        let composer = &open.composer;
        let Some((word, wanted)) = wanted(composer.text(), composer.cursor()) else {
            return;
        };
        let is_command = matches!(wanted, Wanted::Command(_) | Wanted::Argument(..));
        if is_command && matches!(open.purpose, Purpose::Edit { .. }) {
            return;
        }
        let mut rows = match wanted {
            Wanted::Command(prefix) => commands(prefix),
            Wanted::Mention(prefix) => people(chats, "@", prefix),
            Wanted::Emoji(code) => emoji(code),
            Wanted::Argument(kind, prefix) => arguments(chats, kind, prefix),
        };
        rows.truncate(MAX_ROWS);
        let has_begun = composer.text()[word.clone()].chars().nth(1).is_some()
            || matches!(wanted, Wanted::Argument(_, prefix) if !prefix.is_empty());
        if !rows.is_empty() {
            self.completion = Some(Completion {
                conversation,
                word,
                rows,
                chosen: has_begun.then_some(0),
            });
        }
    }

    /// Moves the chosen row. Returns whether there is a list.
    pub(crate) fn step_completion(
        &mut self,
        chats: &mut Chats,
        steps: isize,
        cx: &mut Context,
    ) -> bool {
        self.check_completion(chats, cx);
        let is_open = self.completion.is_some();
        if let Some(completion) = &mut self.completion {
            completion.step(steps);
        }
        is_open
    }

    /// Drops the list where its word is not written any more.
    pub(super) fn check_completion(&mut self, chats: &mut Chats, cx: &mut Context) {
        let is_here = self.completion.as_ref().is_some_and(|completion| {
            !cx.is_covered
                && chats.navigation.selection.is_none()
                && chats.navigation.open == Some(completion.conversation)
        });
        if !is_here {
            self.completion = None;
        }
    }

    /// Tab: takes the chosen or first row, or opens the list. Returns whether there is one.
    pub(crate) fn complete(
        &mut self,
        chats: &mut Chats,
        session: &mut Session,
        cx: &mut Context,
    ) -> bool {
        let is_writing = !cx.is_covered && chats.navigation.selection.is_none();
        if self.completion.is_none() && is_writing {
            self.refresh_completion(chats);
        }
        let Some(completion) = self.completion.take() else {
            return false;
        };
        let row = completion.rows.get(completion.chosen.unwrap_or(0));
        if let Some(insert) = row.map(|row| row.insert.clone()) {
            self.insert_completion(chats, session, completion.word, &insert, cx);
        }
        true
    }

    /// Enter: takes the chosen row, unless just that is written already. Returns whether it did.
    pub(crate) fn accept_completion(
        &mut self,
        chats: &mut Chats,
        session: &mut Session,
        cx: &mut Context,
    ) -> bool {
        self.check_completion(chats, cx);
        let Some(completion) = self.completion.take() else {
            return false;
        };
        let row = completion.chosen.and_then(|at| completion.rows.get(at));
        let Some(insert) = row.map(|row| row.insert.clone()) else {
            return false;
        };
        let Some(open) = chats.open_conversation() else {
            return false;
        };
        let written = open.composer.text().get(completion.word.clone());
        let is_command = |word: &str| {
            let name = word
                .strip_prefix('/')
                .filter(|_| completion.word.start == 0);
            name.is_some_and(|name| find(name).is_some())
        };
        let is_exact = |word: &str| {
            let bare = |text: &str| {
                text.trim_end()
                    .trim_start_matches(['@', '#'])
                    .to_lowercase()
            };
            bare(word) == bare(&insert) || is_command(word)
        };
        if written.is_none_or(is_exact) {
            return false;
        }
        self.insert_completion(chats, session, completion.word, &insert, cx);
        true
    }

    fn insert_completion(
        &mut self,
        chats: &mut Chats,
        session: &mut Session,
        word: Range<usize>,
        insert: &str,
        cx: &mut Context,
    ) {
        if let Some(open) = chats.open_conversation() {
            open.composer.replace_word(word, insert);
        }
        self.note_edited(chats, session, cx);
    }

    /// The text of the open conversation's composer is another one.
    pub(crate) fn note_edited(
        &mut self,
        chats: &mut Chats,
        session: &mut Session,
        cx: &mut Context,
    ) {
        if let Some(id) = chats.navigation.open {
            chats.unsaved.draft(id);
            chats.drafts.change(id);
        }
        self.refresh_completion(chats);
        session.hint_typing(chats, cx);
    }
}

fn arguments(chats: &Chats, kind: Kind, prefix: &str) -> Vec<Row> {
    match kind {
        Kind::Person => people(chats, "", prefix.trim_start_matches('@')),
        Kind::Room => rooms(chats, prefix),
        Kind::PersonOrRoom => {
            let mut rows = people(chats, "", prefix.trim_start_matches('@'));
            rows.extend(rooms(chats, prefix));
            rows
        }
        Kind::Emoji => emoji(prefix.trim_matches(':')),
        Kind::Duration => words(DURATIONS, prefix),
        Kind::Word(all) => words(all, prefix),
        Kind::Command => {
            let names: Vec<_> = COMMANDS.iter().map(|spec| spec.name).collect();
            words(&names, prefix.trim_start_matches('/'))
        }
        Kind::Any | Kind::Text => Vec::new(),
    }
}

/// People whose names begin so: who wrote here last first, then in the order of the list.
fn people(chats: &Chats, mark: &str, prefix: &str) -> Vec<Row> {
    let open = chats.opened();
    let authors = open.into_iter().flat_map(|c| c.log.loaded().rev());
    let authors = authors.map(|entry| chats.contacts.label(entry.author));
    let listed = chats.contacts.order().iter();
    let listed = listed.filter(|(id, _)| id.room().is_none());
    let listed = listed.map(|&(id, _)| chats.title(id));
    let mine = chats.me.as_ref().map(|me| me.name.as_str());
    let mut rows: Vec<Row> = Vec::new();
    for name in authors.chain(listed) {
        // A label that is no user name cannot be completed.
        let is_name = starts_with(name, prefix) && UserName::new(name).is_ok();
        let label = format!("{mark}{name}");
        if is_name && Some(name) != mine && !rows.iter().any(|row| row.label == label) {
            let insert = format!("{label} ");
            rows.push(plain(&label, &insert));
        }
        if rows.len() >= MAX_ROWS {
            break;
        }
    }
    rows
}

/// The names of people that begin so, likewise.
pub(crate) fn person_names(chats: &Chats, prefix: &str) -> Vec<String> {
    let rows = people(chats, "", prefix).into_iter();
    rows.map(|row| row.label).collect()
}

fn rooms(chats: &Chats, prefix: &str) -> Vec<Row> {
    let prefix = prefix.trim_start_matches('#');
    let names = chats.room_names();
    let names = names.iter().filter(|name| starts_with(name, prefix));
    names
        .map(|name| plain(&format!("#{name}"), &format!("#{name} ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(text: &str) -> Option<(Range<usize>, Wanted<'_>)> {
        wanted(text, text.len())
    }

    #[test]
    fn words_are_completed_by_where_they_stand() {
        for (text, expected) in [
            ("/", Some((0..1, Wanted::Command("")))),
            ("/jo", Some((0..3, Wanted::Command("jo")))),
            ("/join #t", Some((6..8, Wanted::Argument(Kind::Room, "#t")))),
            (
                "/mute bob ",
                Some((10..10, Wanted::Argument(Kind::Duration, ""))),
            ),
            ("/msg bob hi @ca", Some((12..15, Wanted::Mention("ca")))),
            ("hi @", Some((3..4, Wanted::Mention("")))),
            ("so :ta", Some((3..6, Wanted::Emoji("ta")))),
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
        assert_eq!(wanted("@bo and", 3), Some((0..3, Wanted::Mention("bo"))));
    }

    #[test]
    fn emoji_come_best_first() {
        assert_eq!(emoji("tada")[0].insert, "🎉");
        assert_eq!(emoji("+1")[0].insert, "👍");
        assert!(emoji("face").len() <= MAX_ROWS);
        assert_eq!(emoji("nosuchemoji"), []);
    }
}
