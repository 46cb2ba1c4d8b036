//! The switcher: finds conversations, rooms, actions and slash commands by a few letters.

use std::cmp::Reverse;

use recado_shared::{ConversationId, Request, RoomId, RoomName, RoomSummary};

use super::fuzzy::fuzzy;
use super::list::List;
use super::{ListMove, Overlay, hints};
use crate::app::command::{self, Parsed, PendingRequest};
use crate::app::composer::Composer;
use crate::app::conversation::state::Conversation;
use crate::app::intent::{Delivery, Intent, Show};
use crate::app::screen::{ListView, Pane, SwitcherRow};
use crate::app::{Action, Edit, Hint, KeyContext, Parts, Reader, screen};
use crate::strings;

/// Most rows that are shown; a longer list is searched, not scrolled.
const MAX_ROWS: usize = 200;

/// Most rooms that the server is asked for; a longer list is narrowed by typing.
const MAX_FOUND: u16 = 20;

/// Longest query in bytes: no name is longer.
const MAX_QUERY: usize = 128;

const COMMANDS: &[(&str, Action)] = &[
    (strings::overlays::UNREAD_OVERVIEW, Action::UnreadOverview),
    (strings::overlays::SEARCH_HERE, Action::SearchHere),
    (
        strings::overlays::SEARCH_EVERYWHERE,
        Action::SearchEverywhere,
    ),
    (strings::overlays::NEXT_UNREAD, Action::NextUnread),
    (strings::overlays::BACK, Action::Back),
    (strings::overlays::FIRST_UNREAD, Action::FirstUnread),
    (strings::overlays::NEWEST, Action::Newest),
    (strings::overlays::RETRY, Action::Retry),
    (strings::overlays::RECONNECT, Action::Reconnect),
    (strings::overlays::HELP, Action::Help),
    (strings::overlays::REDRAW, Action::Redraw),
    (strings::overlays::QUIT, Action::Quit),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Conversation(ConversationId),
    /// A room that the user is not in, one of those that the server named.
    Found(RoomId),
    Command(&'static str, Action),
    /// A command that is typed after a slash, by its place in the table.
    Slash(usize),
}

#[derive(Debug)]
struct Match {
    target: Target,
    /// Byte offsets of the characters that matched, ascending.
    matched: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Switcher {
    query: Composer,
    list: List<Match>,
    /// Whether the user went to the chosen row; it is not just the best match.
    is_picked: bool,
    found: FoundRooms,
}

impl Switcher {
    pub(super) fn new(query: &str) -> Self {
        Self {
            query: Composer::with_text(query),
            list: List::default(),
            is_picked: false,
            found: FoundRooms::default(),
        }
    }

    fn chosen(&self) -> Option<Target> {
        self.list.chosen().map(|row| row.target)
    }

    fn pick_target(&mut self, target: Target) {
        let mut rows = self.list.rows.iter();
        if let Some(index) = rows.position(|row| row.target == target) {
            self.step(ListMove::To(index));
        }
    }

    /// Whether the chosen row is meant even if it is a command: one that only resembles what is
    /// typed, perhaps the name of a user who is not known yet, is not run.
    fn is_sure(&self) -> bool {
        let query = self.query.text().trim();
        let title = match self.chosen() {
            Some(Target::Command(title, _)) => title,
            Some(Target::Slash(index)) => command::COMMANDS[index].name,
            Some(Target::Conversation(_) | Target::Found(_)) | None => return true,
        };
        self.is_picked || query.starts_with('/') || names_words(query, title)
    }

    /// Everything that can be found: unread conversations first, then in the order of the contact
    /// list, the open one last; then rooms of the server, then commands.
    fn targets(&self, app: &Reader<'_>) -> Vec<Target> {
        let chats = app.chats;
        let mut known: Vec<_> = chats.contacts.order.ids().collect();
        known.sort_by_key(|id| {
            let unread = chats.conversations.get(id).is_some_and(|c| c.unread() > 0);
            (chats.navigation.open == Some(*id), Reverse(unread))
        });
        let known = known.into_iter().map(Target::Conversation);
        let commands = COMMANDS.iter();
        let commands = commands.map(|&(title, action)| Target::Command(title, action));
        let slash = (0..command::COMMANDS.len()).map(Target::Slash);
        let found = self.found.unlisted(app).map(Target::Found);
        known.chain(found).chain(commands).chain(slash).collect()
    }

    fn label<'a>(&'a self, target: Target, app: &Reader<'a>) -> &'a str {
        match target {
            Target::Conversation(id) => app.chats.title(id),
            Target::Command(title, _) => title,
            Target::Slash(index) => command::title(index),
            Target::Found(room) => self.found.get(room).map_or("", |found| &found.label),
        }
    }

    fn search(&mut self, app: &Reader<'_>) {
        let query = self.query.text().trim();
        let targets = self.targets(app);
        let mut matches: Vec<_> = if query.is_empty() {
            let all = 0..targets.len();
            all.map(|index| (index, Vec::new())).collect()
        } else {
            let labels: Vec<_> = targets.iter().map(|&t| self.label(t, app)).collect();
            fuzzy(query, &labels)
        };
        // One or two letters usually mean a user, not a command.
        matches.sort_by_key(|&(index, _)| match targets[index] {
            Target::Conversation(_) => 0,
            Target::Found(_) => 1,
            Target::Command(..) | Target::Slash(_) => 2,
        });
        let rows = matches.into_iter().take(MAX_ROWS);
        let rows = rows.map(|(index, matched)| Match {
            target: targets[index],
            matched,
        });
        self.list = List::new(rows.collect());
        self.is_picked = false;
    }

    fn row<'a>(&'a self, found: &Match, app: &Reader<'a>) -> SwitcherRow<'a> {
        let (presence, unread, key) = match found.target {
            Target::Conversation(id) => {
                let known = app.chats.conversations.get(&id);
                let unread = known.map_or(0, Conversation::unread);
                (app.presence_in(id), unread, String::new())
            }
            Target::Slash(_) => (None, 0, String::new()),
            Target::Found(room) => {
                let members = self.found.get(room).map_or(0, |found| found.room.members);
                (None, 0, strings::overlays::join(members))
            }
            Target::Command(_, action) => (
                None,
                0,
                app.settings.keymap.key_of(KeyContext::Global, action),
            ),
        };
        SwitcherRow {
            label: self.label(found.target, app),
            presence,
            unread,
            key,
            matched: found.matched.clone(),
        }
    }

    /// Runs a slash command, or puts its beginning where its arguments can be written.
    fn choose_command(index: usize, app: &mut Parts<'_>) {
        let spec = &command::COMMANDS[index];
        let line = format!("/{}", spec.name);
        if !spec.needs_arguments() {
            if let Parsed::Command(Ok(command)) = command::parse(&line) {
                app.run_and_say(&line, command);
            }
            return;
        }
        let line = line + " ";
        match app.chats.open_conversation() {
            Some(open) if open.composer.is_empty() => {
                open.composer.insert(&line);
                app.chats.navigation.pane = Pane::Conversation;
                app.notify(strings::commands::usage_with_help(&spec.usage(), spec.help));
            }
            Some(_) => {
                let why = strings::overlays::COMPOSER_IN_USE;
                app.notify(format!("{why} {line}"));
            }
            None => app.show(Show::Switcher(line)),
        }
    }

    /// Takes over rooms that the server named; what the user chose stays chosen.
    fn take_found(&mut self, answer: (String, bool), rooms: Vec<RoomSummary>, app: &Reader<'_>) {
        let is_kept = self.is_picked || self.is_sure();
        let chosen = self.chosen().filter(|_| is_kept);
        self.found.take(answer, rooms);
        self.search(app);
        if let Some(target) = chosen {
            self.pick_target(target);
        }
    }
}

impl Overlay for Switcher {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        let is_command = self.query.text().trim_start().starts_with('/');
        let has_row = is_command || self.list.chosen().is_some();
        (KeyContext::Switcher, hints(strings::hints::OPEN, has_row))
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let (title, none) = (strings::overlays::GO_TO, strings::overlays::NO_TARGET);
        screen::Overlay::Switcher(ListView {
            query: Some(&self.query),
            ..self.list.view(title, none, |row| self.row(row, app))
        })
    }

    fn step(&mut self, list_move: ListMove) {
        self.list.step(list_move);
        self.is_picked = true;
    }

    fn toggle(&self) -> Option<Show> {
        Some(Show::Switcher(String::new()))
    }

    fn opened(&mut self, app: &mut Parts<'_>) {
        self.search(&app.reader());
    }

    fn edit(&mut self, edit: Edit, app: &mut Parts<'_>) {
        self.query.edit(edit, &mut app.memory.kills);
        self.search(&app.reader());
    }

    fn insert(&mut self, text: &str, app: &mut Parts<'_>) {
        if !insert(&mut self.query, text) {
            app.notify(strings::status::NOT_A_NAME);
        }
        self.search(&app.reader());
    }

    /// Puts the name of the chosen row into the query, where it can be added to.
    fn complete(&mut self, app: &mut Parts<'_>) -> bool {
        let Some(target) = self.chosen() else {
            return true;
        };
        let text = match target {
            Target::Slash(index) => format!("/{} ", command::COMMANDS[index].name),
            Target::Conversation(_) | Target::Command(..) | Target::Found(_) => {
                self.label(target, &app.reader()).to_owned()
            }
        };
        self.query = Composer::with_text(&text);
        self.search(&app.reader());
        self.pick_target(target);
        true
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        let query = self.query.text().trim();
        // A whole command may be written here as well, where no composer is open for it.
        match command::parse(query) {
            Parsed::Command(Ok(command)) => {
                app.close();
                return app.run_and_say(query, command);
            }
            Parsed::Command(Err(why)) | Parsed::Unknown(why)
                if self.list.rows.is_empty() || query.contains(' ') =>
            {
                return app.notify(why);
            }
            Parsed::Command(Err(_)) | Parsed::Unknown(_) | Parsed::Text => {}
        }
        if !self.is_sure() {
            return app.notify(strings::overlays::NO_TARGET_BUT_COMMANDS);
        }
        app.close();
        match self.chosen() {
            Some(Target::Conversation(id)) => app.chats.jump_to(id, app.cx),
            Some(Target::Command(_, action)) => app.cx.intents.push_back(Intent::Act(action)),
            Some(Target::Slash(index)) => Self::choose_command(index, app),
            Some(Target::Found(room)) => {
                let joined = app.join(room);
                app.notify_failure(joined);
            }
            None => app.notify(strings::overlays::NO_TARGET),
        }
    }

    fn refresh(&mut self, app: &mut Parts<'_>) {
        self.found.ask(self.query.text().trim(), app);
    }

    fn deliver(&mut self, delivery: Delivery, app: &mut Parts<'_>) {
        match delivery {
            Delivery::Rooms(prefix, rooms, has_more)
                if self.found.asked.as_ref() == Some(&prefix) =>
            {
                self.take_found((prefix, has_more), rooms, &app.reader());
            }
            Delivery::NoRooms => self.found.give_up(),
            Delivery::Rooms(..)
            | Delivery::Page(..)
            | Delivery::NoPage
            | Delivery::DevicesChanged => {}
        }
    }
}

#[derive(Debug)]
struct FoundRoom {
    room: RoomSummary,
    label: String,
}

/// Rooms that the user can join and that begin as what is typed. The server is asked while the
/// user types, one question at a time.
#[derive(Debug, Default)]
struct FoundRooms {
    rooms: Vec<FoundRoom>,
    /// The beginning that these rooms have, and whether there are more.
    answered: Option<(String, bool)>,
    /// The beginning that the server is being asked about.
    asked: Option<String>,
}

impl FoundRooms {
    fn get(&self, room: RoomId) -> Option<&FoundRoom> {
        self.rooms.iter().find(|found| found.room.room == room)
    }

    fn unlisted(&self, app: &Reader<'_>) -> impl Iterator<Item = RoomId> {
        let listed = &app.chats.contacts.order;
        let is_listed = |room| listed.contains(ConversationId::Room(room));
        let rooms = self.rooms.iter().map(|found| found.room.room);
        rooms.filter(move |&room| !is_listed(room))
    }

    /// Asks for rooms that begin as what is typed, unless they are known.
    fn ask(&mut self, typed: &str, app: &mut Parts<'_>) {
        let Ok(name) = RoomName::new(typed) else {
            return;
        };
        let prefix = name.as_str().to_lowercase();
        let is_known = |(known, has_more): &(String, bool)| {
            prefix == *known || (!has_more && prefix.starts_with(known.as_str()))
        };
        let is_known = self.answered.as_ref().is_some_and(is_known);
        if self.asked.is_some() || is_known || !app.session.link.is_synced() {
            return;
        }
        self.asked = Some(prefix.clone());
        let request = Request::FindRooms {
            prefix: prefix.clone(),
            after: None,
            limit: MAX_FOUND,
        };
        // The link is up, so that it cannot be refused.
        let _ = app.ask_for(request, PendingRequest::Switcher(prefix));
    }

    /// Takes over the answer to what was asked: the beginning, and whether there are more.
    fn take(&mut self, answer: (String, bool), rooms: Vec<RoomSummary>) {
        self.asked = None;
        self.answered = Some(answer);
        let found = |room: RoomSummary| FoundRoom {
            label: format!("#{}", room.name),
            room,
        };
        self.rooms = rooms.into_iter().map(found).collect();
    }

    fn give_up(&mut self) {
        if let Some(prefix) = self.asked.take() {
            self.answered = Some((prefix, true));
        }
    }
}

/// Adds to a query. Takes nothing, and returns whether it took it, if that is too long for
/// any name or more than a line: it was meant for somewhere else.
pub(super) fn insert(query: &mut Composer, text: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_query_as_long_as_allowed_is_harmless() {
        let long = "x".repeat(MAX_QUERY);
        assert_eq!(fuzzy(&long, &["bob"]), []);
        assert_eq!(fuzzy(&long, &[long.as_str()]).len(), 1);
    }
}
