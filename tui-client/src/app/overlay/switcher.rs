//! What lies over the panes: the fuzzy switcher over people and commands, and the help.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use recado_shared::{ConversationId, Now, Seq};

use crate::app::App;
use crate::app::command::{self, Parsed};
use crate::app::composer::Composer;
use crate::app::input::action::Action;
use crate::app::overlay::catch_up::CatchUp;
use crate::app::overlay::confirm::Confirm;
use crate::app::overlay::panel::Panel;
use crate::app::overlay::picker::Picker;
use crate::app::overlay::search::Search;
use crate::app::overlay::switcher_rooms::FoundRooms;
use crate::app::view::screen::Pane;

/// Most rows that are shown; a longer list is searched, not scrolled.
const MAX_ROWS: usize = 200;

/// Longest query in bytes: no name is longer.
const MAX_QUERY: usize = 128;

/// What commands are called in the switcher.
const COMMANDS: &[(&str, Action)] = &[
    ("Catch up: all that is new", Action::CatchUp),
    ("Search this conversation", Action::SearchHere),
    ("Search everywhere", Action::SearchEverywhere),
    ("Next unread conversation", Action::NextUnread),
    ("Go back", Action::Back),
    ("First unread message", Action::FirstUnread),
    ("Newest message", Action::Newest),
    ("Send failed messages again", Action::Retry),
    ("Connect now", Action::Reconnect),
    ("Show the keys", Action::Help),
    ("Draw the screen again", Action::Redraw),
    ("Quit", Action::Quit),
];

/// What lies over the panes.
#[derive(Debug)]
pub(in crate::app) enum OverlayState {
    Switcher(Switcher),
    Help {
        scroll: u16,
    },
    /// What a message was before it was edited.
    Versions {
        conversation: ConversationId,
        seq: Seq,
        scroll: u16,
    },
    Panel(Panel),
    Confirm(Confirm),
    Picker(Picker),
    CatchUp(CatchUp),
    Search(Box<Search>),
}

/// Where a row leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Target {
    Conversation(ConversationId),
    Command(&'static str, Action),
    /// A command that is typed after a slash, by its place in the table.
    Slash(usize),
    /// A room that the user is not in, by its place among those that the server named.
    Found(usize),
}

/// A row that matches.
#[derive(Debug)]
pub(in crate::app) struct Match {
    pub(in crate::app) target: Target,
    /// Byte offsets of the characters that matched, ascending.
    pub(in crate::app) matched: Vec<usize>,
}

/// The switcher.
#[derive(Debug, Default)]
pub(in crate::app) struct Switcher {
    pub(in crate::app) query: Composer,
    pub(in crate::app) rows: Vec<Match>,
    pub(in crate::app) chosen: usize,
    /// The user went to the chosen row; it is not just the best one.
    pub(in crate::app) is_picked: bool,
    pub(in crate::app) found: FoundRooms,
}

impl OverlayState {
    /// Moves the chosen row, or scrolls.
    pub(in crate::app) fn step(&mut self, steps: i32) {
        match self {
            Self::Switcher(switcher) => {
                let steps = isize::try_from(steps).unwrap_or(0);
                switcher.pick(switcher.chosen.saturating_add_signed(steps));
            }
            Self::Help { scroll } | Self::Versions { scroll, .. } => {
                let steps = i16::try_from(steps).unwrap_or(i16::MAX);
                *scroll = scroll.saturating_add_signed(steps);
            }
            Self::Panel(panel) => panel.step(steps),
            Self::Picker(picker) => picker.step(steps),
            Self::CatchUp(list) => list.step(steps),
            Self::Search(search) => search.step(steps),
            Self::Confirm(_) => {}
        }
    }
}

impl Switcher {
    pub(in crate::app) fn choose(&mut self, index: usize) {
        self.chosen = index.min(self.rows.len().saturating_sub(1));
    }

    /// Chooses a row because the user said so.
    pub(in crate::app) fn pick(&mut self, index: usize) {
        self.choose(index);
        self.is_picked = true;
    }

    /// Whether the chosen row is meant even if it is a command: one that only resembles what is
    /// typed, perhaps the name of somebody who is not known yet, is not run.
    pub(in crate::app) fn is_sure(&self) -> bool {
        let query = self.query.text().trim();
        let title = match self.rows.get(self.chosen).map(|row| row.target) {
            Some(Target::Command(title, _)) => title,
            Some(Target::Slash(index)) => command::COMMANDS.get(index).map_or("", |s| s.name),
            Some(Target::Conversation(_) | Target::Found(_)) | None => return true,
        };
        self.is_picked || query.starts_with('/') || names_words(query, title)
    }
}

/// Adds to a query. Takes nothing, and returns whether it took it, if that is too long for
/// any name or more than a line: it was meant for somewhere else.
pub(in crate::app) fn insert(query: &mut Composer, text: &str) -> bool {
    let line = text.trim_end_matches(['\r', '\n']);
    let is_name = query.text().len() + line.len() <= MAX_QUERY;
    is_name && !line.contains(['\r', '\n']) && query.insert(line)
}

/// Whether words of a title are written out; the last of several may be only begun.
fn names_words(query: &str, title: &str) -> bool {
    let (query, title) = (query.to_lowercase(), title.to_lowercase());
    let words = || title.split(|c: char| !c.is_alphanumeric());
    let mut typed = query.split_whitespace();
    let Some(last) = typed.next_back() else {
        return false;
    };
    let mut before = typed.peekable();
    let is_begun = before.peek().is_some();
    let is_last = |word: &str| word == last || (is_begun && word.starts_with(last));
    before.all(|typed| words().any(|word| word == typed)) && words().any(is_last)
}

impl App {
    pub(in crate::app) fn toggle_switcher(&mut self) {
        if let Some(OverlayState::Switcher(_)) = self.overlay {
            self.show_overlay(None);
        } else {
            self.show_overlay(Some(OverlayState::Switcher(Switcher::default())));
            self.search_switcher();
        }
    }

    pub(in crate::app) fn toggle_help(&mut self) {
        self.show_overlay(match self.overlay {
            Some(OverlayState::Help { .. }) => None,
            Some(
                OverlayState::Switcher(_)
                | OverlayState::Versions { .. }
                | OverlayState::Panel(_)
                | OverlayState::Confirm(_)
                | OverlayState::Picker(_)
                | OverlayState::CatchUp(_)
                | OverlayState::Search(_),
            )
            | None => Some(OverlayState::Help { scroll: 0 }),
        });
    }

    pub(in crate::app) fn open_help(&mut self) {
        self.show_overlay(Some(OverlayState::Help { scroll: 0 }));
    }

    /// Everything that the switcher offers: who is unread first, then in the order of the contact
    /// list, the open conversation last; then rooms of the server, then commands.
    fn switcher_targets(&self) -> Vec<Target> {
        let mut people: Vec<_> = self
            .chats
            .contacts
            .order()
            .iter()
            .map(|&(id, _)| id)
            .collect();
        people.sort_by_key(|id| {
            let unread = self
                .chats
                .conversations
                .get(id)
                .is_some_and(|c| c.unread() > 0);
            (self.chats.nav.open == Some(*id), Reverse(unread))
        });
        let people = people.into_iter().map(Target::Conversation);
        let commands = COMMANDS
            .iter()
            .map(|&(title, action)| Target::Command(title, action));
        let slash = (0..command::COMMANDS.len()).map(Target::Slash);
        let found = self.found_rooms().map(Target::Found);
        people.chain(found).chain(commands).chain(slash).collect()
    }

    pub(in crate::app) fn target_label(&self, target: Target) -> &str {
        match target {
            Target::Conversation(id) => self.chats.title(id),
            Target::Command(title, _) => title,
            Target::Slash(index) => command::title(index),
            Target::Found(index) => self.found_label(index),
        }
    }

    /// Finds what matches the query, best first.
    pub(in crate::app) fn search_switcher(&mut self) {
        let Some(OverlayState::Switcher(switcher)) = &self.overlay else {
            return;
        };
        let query = switcher.query.text().trim();
        let targets = self.switcher_targets();
        let rows: Vec<_> = if query.is_empty() {
            let all = targets.into_iter().map(|target| Match {
                target,
                matched: Vec::new(),
            });
            all.take(MAX_ROWS).collect()
        } else {
            let labels: Vec<_> = targets.iter().map(|&t| self.target_label(t)).collect();
            let mut matches = fuzzy(query, &labels);
            // A letter or two are meant for a person; nobody is called like a command.
            matches.sort_by_key(|&(index, _)| match targets[index] {
                Target::Conversation(_) => 0,
                Target::Found(_) => 1,
                Target::Command(..) | Target::Slash(_) => 2,
            });
            let row = |(index, matched): (usize, Vec<usize>)| Match {
                target: targets[index],
                matched,
            };
            matches.into_iter().take(MAX_ROWS).map(row).collect()
        };
        if let Some(OverlayState::Switcher(switcher)) = &mut self.overlay {
            switcher.rows = rows;
            switcher.chosen = 0;
            switcher.is_picked = false;
        }
    }

    /// Puts what the chosen row is called where it can be added to.
    pub(in crate::app) fn complete_switcher(&mut self) {
        let Some(OverlayState::Switcher(switcher)) = &self.overlay else {
            return;
        };
        let Some(target) = switcher.rows.get(switcher.chosen).map(|row| row.target) else {
            return;
        };
        let text = match target {
            Target::Slash(index) => match command::COMMANDS.get(index) {
                Some(spec) => format!("/{} ", spec.name),
                None => return,
            },
            Target::Conversation(_) | Target::Command(..) | Target::Found(_) => {
                self.target_label(target).to_owned()
            }
        };
        if let Some(OverlayState::Switcher(switcher)) = &mut self.overlay {
            switcher.query = Composer::with_text(&text);
        }
        self.search_switcher();
        self.pick_target(target);
    }

    /// Chooses the row that leads there, if there is one.
    pub(in crate::app) fn pick_target(&mut self, target: Target) {
        if let Some(OverlayState::Switcher(switcher)) = &mut self.overlay
            && let Some(index) = switcher.rows.iter().position(|row| row.target == target)
        {
            switcher.pick(index);
        }
    }

    /// Goes where the chosen row leads.
    pub(in crate::app) fn accept_switcher(&mut self, now: Now) {
        let Some(OverlayState::Switcher(switcher)) = self.take_overlay() else {
            return;
        };
        // A whole command may be written here as well, where no composer is open for it.
        match command::parse(switcher.query.text().trim()) {
            Parsed::Command(Ok(command)) => return self.run_and_say(command, now),
            Parsed::Command(Err(why)) | Parsed::Unknown(why)
                if switcher.rows.is_empty() || switcher.query.text().trim().contains(' ') =>
            {
                self.cx.notice = Some(why);
                self.show_overlay(Some(OverlayState::Switcher(switcher)));
                return;
            }
            Parsed::Command(Err(_)) | Parsed::Unknown(_) | Parsed::Text => {}
        }
        if !switcher.is_sure() {
            let why = "nobody here has a name like that: Tab and Enter take the command";
            self.cx.notice = Some(why.to_owned());
            self.show_overlay(Some(OverlayState::Switcher(switcher)));
            return;
        }
        match switcher.rows.get(switcher.chosen).map(|row| row.target) {
            Some(Target::Conversation(id)) => self.chats.jump_to(id, &mut self.cx),
            Some(Target::Command(_, action)) => self.act(action, now),
            Some(Target::Slash(index)) => self.choose_command(index, now),
            Some(Target::Found(index)) => {
                let joined = switcher.found.room(index).map(|room| self.join(room));
                self.cx.notice = joined.and_then(Result::err).or(self.cx.notice.take());
            }
            None => self.cx.notice = Some("nobody here has a name like that".to_owned()),
        }
    }
}

impl App {
    /// Does a command, or puts its beginning where its arguments can be written.
    fn choose_command(&mut self, index: usize, now: Now) {
        let Some(spec) = command::COMMANDS.get(index) else {
            return;
        };
        let line = format!("/{}", spec.name);
        if !spec.needs_arguments() {
            if let Parsed::Command(Ok(command)) = command::parse(&line) {
                self.run_and_say(command, now);
            }
            return;
        }
        let line = line + " ";
        match self.chats.open_conversation() {
            Some(open) if open.composer.is_empty() => {
                open.composer.insert(&line);
                self.chats.nav.pane = Pane::Conversation;
                self.cx.notice = Some(format!("{}: {}", spec.usage(), spec.help));
            }
            Some(_) => {
                let why = "there is text in the composer: send or cut it first, then choose";
                self.cx.notice = Some(format!("{why} {line}"));
            }
            None => {
                let mut switcher = Switcher::default();
                switcher.query.insert(&line);
                self.show_overlay(Some(OverlayState::Switcher(switcher)));
                self.search_switcher();
            }
        }
    }
}

/// The labels that match, best first and then in their order, each with the byte offsets of the
/// characters that matched, ascending. A label that is the query comes before one that begins so.
pub(in crate::app) fn fuzzy(query: &str, labels: &[&str]) -> Vec<(usize, Vec<usize>)> {
    let mut config = Config::DEFAULT;
    config.prefer_prefix = true;
    let mut matcher = Matcher::new(config);
    let (case, normalization) = (CaseMatching::Ignore, Normalization::Never);
    let atom = Atom::new(query, case, normalization, AtomKind::Fuzzy, false);
    let (mut buffer, mut indices) = (Vec::new(), Vec::new());
    let mut found: Vec<_> = labels
        .iter()
        .enumerate()
        .filter_map(|(index, label)| {
            indices.clear();
            let score = atom.indices(
                Utf32Str::new(label, &mut buffer),
                &mut matcher,
                &mut indices,
            )?;
            let is_whole = label.chars().count() == indices.len();
            let chars = label.char_indices().zip(0u32..);
            let offsets = chars
                .filter(|(_, place)| indices.contains(place))
                .map(|((offset, _), _)| offset)
                .collect();
            Some((Reverse((score, is_whole)), index, offsets))
        })
        .collect();
    found.sort_by_key(|&(rank, ..)| rank);
    let found = found.into_iter();
    found.map(|(_, index, offsets)| (index, offsets)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_come_best_first_with_their_bytes() {
        let labels = ["carol", "bob", "Robert"];
        assert_eq!(fuzzy("bob", &labels), [(1, vec![0, 1, 2])]);
        assert_eq!(fuzzy("rob", &labels)[0], (2, vec![0, 1, 2]));
        assert_eq!(fuzzy("zz", &labels), []);
    }

    #[test]
    fn commands_are_named_by_whole_words() {
        for (query, is_named) in [
            ("everywhere", true),
            ("Search", true),
            ("search ever", true),
            ("ever", false),
            ("s", false),
            ("", false),
            ("search bob", false),
        ] {
            assert_eq!(names_words(query, "Search everywhere"), is_named, "{query}");
        }
    }

    #[test]
    fn names_of_any_writing_system_are_found() {
        let labels = ["Дмитрий", "ひろし", "Zoë"];
        assert_eq!(fuzzy("ми", &labels), [(0, vec![2, 4])]);
        assert_eq!(fuzzy("ろし", &labels), [(1, vec![3, 6])]);
        assert_eq!(fuzzy("ë", &labels), [(2, vec![2])]);
    }

    #[test]
    fn a_query_as_long_as_allowed_is_harmless() {
        let long = "x".repeat(MAX_QUERY);
        assert_eq!(fuzzy(&long, &["bob"]), []);
        assert_eq!(fuzzy(&long, &[long.as_str()]).len(), 1);
    }
}
