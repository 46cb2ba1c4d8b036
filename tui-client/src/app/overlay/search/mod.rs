//! Searching everything that was ever received, here or everywhere, as one types.
//!
//! The local store answers, so that it works without a link. Only the answer to the newest
//! question counts, and what was taken back meanwhile is left out of it.

mod matching;
mod question;
mod view;

use std::ops::Range;

use jiff::tz::TimeZone;
use recado_shared::{Content, ConversationId, Entry, Now, Seq, Timestamp};

use self::question::{Field, wrong};
use crate::app::composer::Composer;
use crate::app::input::action::{Action, Edit, KeyContext};
use crate::app::input::completion;
use crate::app::overlay::switcher::OverlayState;
use crate::app::{App, Effect};
use crate::store::{Found, Hit, PendingState, Query};

/// Most hits that are shown; a longer list is narrowed by more words.
const MAX_HITS: u16 = 100;

/// Longest question in bytes.
const MAX_QUERY: usize = 512;

/// What is remembered from one search to the next.
#[derive(Debug, Default)]
pub(in crate::app) struct Searches {
    /// The number of the newest question.
    last: u32,
    /// What was asked last.
    text: String,
    /// The message that the person went to.
    place: Option<(ConversationId, Seq)>,
}

/// A hit with the bytes of its text that match.
#[derive(Debug)]
struct Shown {
    hit: Hit,
    matched: Vec<Range<usize>>,
}

/// How a question stands.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Nothing is asked.
    Empty,
    /// What is typed is no question, and why.
    Wrong(String),
    /// The answer to the question of this number is awaited.
    Waiting(u32),
    Answered,
}

/// The open search.
#[derive(Debug)]
pub(in crate::app) struct Search {
    /// Where to look; `None` is everywhere.
    scope: Option<ConversationId>,
    query: Composer,
    /// Whether the query is that of the last search: what is typed takes its place.
    is_kept: bool,
    /// The words of the question that was asked last.
    words: Vec<String>,
    state: State,
    hits: Vec<Shown>,
    has_more: bool,
    chosen: usize,
    /// The person wants to go to the first hit as soon as there is one.
    is_accepted: bool,
}

impl Search {
    pub(in crate::app) fn choose(&mut self, index: usize) {
        self.is_accepted = false;
        self.chosen = index.min(self.hits.len().saturating_sub(1));
    }

    pub(in crate::app) fn step(&mut self, steps: i32) {
        let steps = isize::try_from(steps).unwrap_or(0);
        self.choose(self.chosen.saturating_add_signed(steps));
    }
}

impl App {
    /// Searches the open conversation.
    pub(in crate::app) fn search_here(&mut self, now: Now) {
        if let Some(open) = self.chats.nav.open {
            return self.toggle_search(Some(open), now);
        }
        let key = self.search_everywhere_key();
        self.cx.notice = Some(format!("open a conversation first, or use {key}"));
    }

    /// Searches all conversations.
    pub(in crate::app) fn search_everywhere(&mut self, now: Now) {
        self.toggle_search(None, now);
    }

    fn search_everywhere_key(&self) -> String {
        let action = Action::SearchEverywhere;
        match self.input.keymap.key_of(KeyContext::Global, action) {
            key if key.is_empty() => "/search".to_owned(),
            key => key,
        }
    }

    /// Opens the search with what was asked last, looks somewhere else, or closes it.
    fn toggle_search(&mut self, scope: Option<ConversationId>, now: Now) {
        match &mut self.overlay {
            Some(OverlayState::Search(search)) if search.scope == scope => self.show_overlay(None),
            Some(OverlayState::Search(search)) => {
                search.scope = scope;
                self.ask_store(now);
            }
            Some(_) | None => {
                let text = self.searches.text.clone();
                self.open_search(scope, &text, true, now);
            }
        }
    }

    /// Opens the search with a question.
    pub(in crate::app) fn open_search(
        &mut self,
        scope: Option<ConversationId>,
        text: &str,
        is_kept: bool,
        now: Now,
    ) {
        self.show_overlay(Some(OverlayState::Search(Box::new(Search {
            scope,
            query: Composer::with_text(text),
            is_kept: is_kept && !text.is_empty(),
            words: Vec::new(),
            state: State::Empty,
            hits: Vec::new(),
            has_more: false,
            chosen: 0,
            is_accepted: false,
        }))));
        self.ask_store(now);
    }

    /// What is typed goes to the question, which is one line.
    pub(in crate::app) fn type_in_search(&mut self, text: &str, now: Now) {
        let Some(OverlayState::Search(search)) = &mut self.overlay else {
            return;
        };
        let line = text.replace(['\r', '\n', '\t'], " ");
        if std::mem::take(&mut search.is_kept) {
            search.query = Composer::default();
        }
        let has_room = search.query.text().len() + line.len() <= MAX_QUERY;
        if !has_room || !search.query.insert(&line) {
            self.cx.notice = Some("that is too long for a question: it was left out".to_owned());
        }
        self.ask_store(now);
    }

    /// An edit of the question.
    pub(in crate::app) fn edit_search(&mut self, edit: Edit, now: Now) {
        let Some(OverlayState::Search(search)) = &mut self.overlay else {
            return;
        };
        search.is_kept = false;
        search.is_accepted = false;
        let before = search.query.text().to_owned();
        search.query.edit(edit);
        if search.query.text() != before {
            self.ask_store(now);
        }
    }

    /// Tab: completes the name that is being written behind `from:` or `in:`.
    pub(in crate::app) fn complete_search(&mut self, now: Now) {
        let Some(OverlayState::Search(search)) = &self.overlay else {
            return;
        };
        let (text, cursor) = (search.query.text(), search.query.cursor());
        let word = text[..cursor].rfind(char::is_whitespace).map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
        let field = Field::of(&text[word..cursor]);
        let names = field.map_or(Vec::new(), |(field, value)| self.values(field, value));
        let (Some((_, value)), Some(name)) = (field, names.first()) else {
            self.cx.notice = Some("nothing to complete: write from: or in: and a name".to_owned());
            return;
        };
        let (range, with) = (cursor - value.len()..cursor, format!("{name} "));
        if let Some(OverlayState::Search(search)) = &mut self.overlay {
            search.is_kept = false;
            search.query.replace_word(range, &with);
        }
        self.ask_store(now);
    }

    /// The names that may be meant by the beginning of one.
    fn values(&self, field: Field, prefix: &str) -> Vec<String> {
        match field {
            Field::From => completion::person_names(&self.chats, prefix.trim_start_matches('@')),
            Field::In => {
                let bare = prefix.trim_start_matches('#').to_lowercase();
                let rooms = self.chats.conversations.keys();
                let rooms = rooms.filter_map(|id| Some(&self.chats.room_facts(*id)?.name));
                let rooms = rooms.filter(|name| name.as_str().to_lowercase().starts_with(&bare));
                let mut names: Vec<_> = rooms.map(|name| format!("#{name}")).collect();
                if !prefix.starts_with('#') {
                    names.extend(completion::person_names(
                        &self.chats,
                        prefix.trim_start_matches('@'),
                    ));
                }
                names
            }
            Field::Before | Field::After => Vec::new(),
        }
    }

    /// Puts what is typed to the store, if it is a question.
    fn ask_store(&mut self, now: Now) {
        let Some(OverlayState::Search(search)) = &self.overlay else {
            return;
        };
        let text = search.query.text().to_owned();
        let asked = self.query(&text, search.scope, now);
        self.searches.text = text;
        let mut words = Vec::new();
        let state = match asked {
            Ok(None) => State::Empty,
            Err(why) => State::Wrong(why),
            Ok(Some(query)) => {
                self.searches.last = self.searches.last.wrapping_add(1);
                let number = self.searches.last;
                words.clone_from(&query.words);
                self.cx
                    .effects
                    .push(Effect::Search(Query { number, ..query }));
                State::Waiting(number)
            }
        };
        let Some(OverlayState::Search(search)) = &mut self.overlay else {
            return;
        };
        search.is_accepted = false;
        search.words = words;
        if !matches!(state, State::Waiting(_)) {
            search.hits.clear();
            search.has_more = false;
            search.chosen = 0;
        }
        search.state = state;
    }

    /// The question that is typed; `None` if nothing is asked.
    fn query(
        &self,
        text: &str,
        scope: Option<ConversationId>,
        now: Now,
    ) -> Result<Option<Query>, String> {
        let question = question::read(text)?;
        if question.is_empty() {
            return Ok(None);
        }
        let from = question.from.map(|name| self.person_named(name));
        let place = question.place.map(|name| self.place_named(name));
        let day = |field, text: Option<&str>| {
            let day = text.map(|text| self.day_meant(field, text, now));
            day.transpose()
        };
        let (before, after) = (
            day(Field::Before, question.before)?,
            day(Field::After, question.after)?,
        );
        if let (Some(before), Some(after)) = (before, after)
            && before <= after
        {
            return Err("nothing lies between: the day of after: has to be the earlier one".into());
        }
        Ok(Some(Query {
            number: 0,
            words: question.words.iter().map(ToString::to_string).collect(),
            from: from.transpose()?,
            conversation: place.transpose()?.or(scope),
            before,
            after,
            limit: MAX_HITS,
        }))
    }

    fn person_named(&self, name: &str) -> Result<recado_shared::UserId, String> {
        let me = self
            .chats
            .user()
            .filter(|_| name.eq_ignore_ascii_case("me"));
        let found = me.or_else(|| self.chats.find_person_by_name(name));
        found.ok_or_else(|| {
            let none = format!("nobody known here is called {name}");
            self.unfinished(Field::From, name, &none)
        })
    }

    fn place_named(&self, name: &str) -> Result<ConversationId, String> {
        let here = self
            .chats
            .nav
            .open
            .filter(|_| name.eq_ignore_ascii_case("here"));
        let room = || self.chats.find_room_by_name(name);
        let direct = || {
            let user = self.chats.find_person_by_name(name)?;
            Some(ConversationId::direct(self.chats.user()?, user))
        };
        here.or_else(room).or_else(direct).ok_or_else(|| {
            let none = format!("no room or person known here is called {name}");
            self.unfinished(Field::In, name, &none)
        })
    }

    /// What to say of a name that may only be half written.
    fn unfinished(&self, field: Field, name: &str, none: &str) -> String {
        let names = self.values(field, name);
        match names.as_slice() {
            [] => wrong(field, none),
            [one] => format!("{}:{one}? Tab completes it", field.name()),
            [first, .., last] => {
                let or = if names.len() > 2 { "… or" } else { "or" };
                format!("{}:{first} {or} {last}? Tab completes it", field.name())
            }
        }
    }

    /// The beginning of the day that is written, where the user lives.
    fn day_meant(&self, field: Field, text: &str, now: Now) -> Result<Timestamp, String> {
        let zone = &self.settings.time_zone;
        let beginning = || {
            let millis = i64::try_from(now.wall.0).ok()?;
            let today = jiff::Timestamp::from_millisecond(millis).ok()?;
            let today = zone.to_datetime(today).date();
            beginning_of(question::day(text, today)?, zone)
        };
        let none = || wrong(field, &format!("{text} is no day"));
        beginning().ok_or_else(none)
    }

    /// The store answered.
    pub(in crate::app) fn on_found(&mut self, found: Found) {
        let wanted = self.searches.place;
        let Some(OverlayState::Search(search)) = &mut self.overlay else {
            return;
        };
        if search.state != State::Waiting(found.number) {
            return;
        }
        search.state = State::Answered;
        search.has_more = found.more;
        let shown = |hit: Hit| Shown {
            matched: matching::matches(&hit.text, &search.words),
            hit,
        };
        search.hits = found.hits.into_iter().map(shown).collect();
        let is_it = |shown: &Shown| Some((shown.hit.conversation, shown.hit.entry.seq)) == wanted;
        let kept = search.hits.iter().position(is_it);
        search.chosen = kept.filter(|_| search.is_kept).unwrap_or(0);
        let is_accepted = search.is_accepted;
        self.check_hits();
        if is_accepted {
            self.accept_search();
        }
    }

    /// Leaves out of the list what was taken back since the store found it.
    pub(in crate::app) fn check_hits(&mut self) {
        let Some(OverlayState::Search(search)) = &self.overlay else {
            return;
        };
        let is_gone = |shown: &Shown| self.is_gone(shown.hit.conversation, &shown.hit.entry);
        let gone: Vec<bool> = search.hits.iter().map(is_gone).collect();
        if !gone.contains(&true) {
            return;
        }
        let Some(OverlayState::Search(search)) = &mut self.overlay else {
            return;
        };
        let before = gone.iter().take(search.chosen).filter(|gone| **gone);
        let chosen = search.chosen - before.count();
        let mut gone = gone.into_iter();
        search.hits.retain(|_| !gone.next().unwrap_or(false));
        search.chosen = chosen.min(search.hits.len().saturating_sub(1));
    }

    /// Whether a message is not to be read here: it was taken back, or will be by what waits in
    /// the outbox; its author is blocked; its conversation cannot be opened.
    fn is_gone(&self, id: ConversationId, entry: &Entry) -> bool {
        let Some(conversation) = self.chats.conversations.get(&id) else {
            return true;
        };
        let target = entry.seq;
        let mut waiting = self.session.outbox.of(id);
        conversation.folding.is_deleted(entry)
            || self.chats.is_hidden(conversation, entry)
            || waiting.any(|pending| {
                pending.content == Content::Deletion { target }
                    && pending.state == PendingState::Waiting
            })
    }

    /// Goes to the chosen message; going back leads to where the person is.
    pub(in crate::app) fn accept_search(&mut self) {
        let Some(OverlayState::Search(search)) = &mut self.overlay else {
            return;
        };
        if let State::Waiting(_) = search.state {
            search.is_accepted = true;
            return;
        }
        let chosen = search.hits.get(search.chosen);
        let chosen = chosen.map(|shown| (shown.hit.conversation, shown.hit.entry.seq));
        match (chosen, &search.state) {
            (Some((id, seq)), _) => {
                self.searches.place = chosen;
                self.show_overlay(None);
                self.chats.jump_to_entry(id, seq, &mut self.cx);
            }
            (None, State::Wrong(why)) => self.cx.notice = Some(why.clone()),
            (None, State::Empty | State::Waiting(_) | State::Answered) => {
                self.cx.notice = Some("there is no message to go to".to_owned());
            }
        }
    }
}

/// When a day begins; the first moment that there is, for one before that.
fn beginning_of(day: jiff::civil::Date, zone: &TimeZone) -> Option<Timestamp> {
    let start = day.to_zoned(zone.clone()).ok()?.timestamp();
    Some(Timestamp(
        u64::try_from(start.as_millisecond()).unwrap_or(0),
    ))
}
