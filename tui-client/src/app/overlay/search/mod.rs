//! The search in all messages that this device received, of one conversation or everywhere. The
//! local store answers, so that it works offline. Only the answer to the newest question counts.

mod matching;
mod question;

use std::borrow::Cow;
use std::ops::Range;

use recado_shared::{Content, ConversationId, Entry, Seq, Timestamp, UserId};

use self::question::{Field, wrong};
use super::list::List;
use super::{ListMove, Overlay};
use crate::app::composer::Composer;
use crate::app::date;
use crate::app::effect::Effect;
use crate::app::input::completion;
use crate::app::intent::Show;
use crate::app::messages::body_of;
use crate::app::screen::{HitRow, ListView, Quote};
use crate::app::{Action, Edit, Hint, KeyContext, Parts, Reader, screen};
use crate::store::{PendingState, SearchHit, SearchQuery, SearchResult};
use crate::strings;

/// Most hits that are shown; a longer list is narrowed by more words.
const MAX_HITS: u16 = 100;

/// Longest question in bytes.
const MAX_QUERY: usize = 512;

#[derive(Debug)]
struct Shown {
    hit: SearchHit,
    matched: Vec<Range<usize>>,
}

impl Shown {
    fn place(&self) -> (ConversationId, Seq) {
        (self.hit.conversation, self.hit.entry.seq)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Empty,
    /// What is typed is no question, and why.
    Wrong(String),
    /// The answer to the question of this number is awaited.
    Waiting(u32),
    Answered,
}

#[derive(Debug)]
pub(super) struct Search {
    /// Where to look; `None` is everywhere.
    scope: Option<ConversationId>,
    query: Composer,
    /// Whether the query is that of the last search: what is typed takes its place.
    is_kept: bool,
    /// The words of the question that was asked last.
    words: Vec<String>,
    state: State,
    hits: List<Shown>,
    has_more: bool,
    /// The time before which words are not found yet, while the index is being built.
    missing_before: Option<Timestamp>,
    /// The user wants to go to the first hit as soon as there is one.
    is_accepted: bool,
}

impl Search {
    /// The word of the query before the cursor.
    fn word(&self) -> Option<&str> {
        let before = self.query.text().get(..self.query.cursor())?;
        before.rsplit(char::is_whitespace).next()
    }

    /// A search for `text`, or for the last question, which what is typed then replaces.
    pub(super) fn new(
        scope: Option<ConversationId>,
        text: Option<String>,
        app: &Parts<'_>,
    ) -> Self {
        let is_kept = text.is_none();
        let text = text.unwrap_or_else(|| app.memory.search_text.clone());
        Self {
            scope,
            query: Composer::with_text(&text),
            is_kept: is_kept && !text.is_empty(),
            words: Vec::new(),
            state: State::Empty,
            hits: List::default(),
            has_more: false,
            missing_before: None,
            is_accepted: false,
        }
    }

    fn completions(field: Field, prefix: &str, app: &Reader<'_>) -> Vec<String> {
        let people = || completion::person_names(app.chats, prefix.trim_start_matches('@'));
        match field {
            Field::From => people(),
            Field::In => {
                let bare = prefix.trim_start_matches('#').to_lowercase();
                let rooms = app.chats.conversations.keys();
                let rooms = rooms.filter_map(|id| Some(&app.chats.room_info(*id)?.name));
                let rooms = rooms.filter(|name| name.as_str().to_lowercase().starts_with(&bare));
                let mut names: Vec<_> = rooms.map(|name| format!("#{name}")).collect();
                if !prefix.starts_with('#') {
                    names.extend(people());
                }
                names
            }
            Field::Before | Field::After => Vec::new(),
        }
    }

    fn ask_store(&mut self, app: &mut Parts<'_>) {
        let asked = self.question(&app.reader());
        self.query.text().clone_into(&mut app.memory.search_text);
        self.words = Vec::new();
        self.state = match asked {
            Ok(None) => State::Empty,
            Err(why) => State::Wrong(why),
            Ok(Some(query)) => {
                let number = app.memory.search_number.wrapping_add(1);
                app.memory.search_number = number;
                self.words.clone_from(&query.words);
                let search = Effect::Search(SearchQuery { number, ..query });
                app.cx.effects.push(search);
                State::Waiting(number)
            }
        };
        self.is_accepted = false;
        if !matches!(self.state, State::Waiting(_)) {
            self.hits = List::default();
            self.has_more = false;
        }
    }

    /// The note in place of hits; `missing` is the day before which there may be some.
    fn no_results(&self, missing: Option<&str>, app: &Reader<'_>) -> Cow<'static, str> {
        match missing {
            Some(day) => Cow::Owned(strings::overlays::no_results_yet(day)),
            None if self.scope.is_some() => {
                let key = app.search_everywhere_key();
                Cow::Owned(strings::overlays::no_results_here(&key))
            }
            None => Cow::Borrowed(strings::overlays::NO_RESULTS),
        }
    }

    fn question(&self, app: &Reader<'_>) -> Result<Option<SearchQuery>, String> {
        let question = question::read(self.query.text())?;
        if question.is_empty() {
            return Ok(None);
        }
        let day = |field, text: Option<&str>| {
            let day = text.map(|text| read_day(field, text, app));
            day.transpose()
        };
        let before = day(Field::Before, question.before)?;
        let after = day(Field::After, question.after)?;
        let range = before.zip(after);
        if range.is_some_and(|(before, after)| before <= after) {
            return Err(strings::overlays::EMPTY_RANGE.into());
        }
        let from = question.from.map(|name| find_user(name, app));
        let place = question.place.map(|name| find_conversation(name, app));
        Ok(Some(SearchQuery {
            number: 0,
            words: question.words.iter().map(ToString::to_string).collect(),
            from: from.transpose()?,
            conversation: place.transpose()?.or(self.scope),
            before,
            after,
            limit: MAX_HITS,
        }))
    }

    /// Leaves out hits that were deleted since the store found them.
    fn check_hits(&mut self, app: &Reader<'_>) {
        let is_gone = |shown: &Shown| is_unreadable(shown.hit.conversation, &shown.hit.entry, app);
        let before = self.hits.rows.iter().take(self.hits.index);
        let chosen = self.hits.index - before.filter(|shown| is_gone(shown)).count();
        self.hits.rows.retain(|shown| !is_gone(shown));
        self.hits.step(ListMove::To(chosen));
    }
}

impl Overlay for Search {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        let has_field = self.word().and_then(Field::of).is_some();
        let has_older = self.hits.index + 1 < self.hits.rows.len();
        let hints = [
            (
                self.hits.chosen().is_some(),
                Action::Submit,
                strings::hints::GO_THERE,
            ),
            (has_older, Action::SelectNext, strings::hints::OLDER),
            (has_field, Action::Complete, strings::hints::COMPLETE),
            (true, Action::Cancel, strings::hints::CLOSE),
        ];
        let hints = hints.into_iter().filter(|(is_useful, ..)| *is_useful);
        let hints = hints.map(|(_, action, does)| (action, does)).collect();
        (KeyContext::Search, hints)
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let title = match self.scope {
            Some(id) => strings::overlays::search_in(app.chats.title(id)),
            None => strings::overlays::SEARCH_EVERYWHERE.to_owned(),
        };
        let missing = self.missing_before.and_then(|time| day_of(time, app));
        let title = match &missing {
            Some(day) => strings::overlays::search_while_indexing(&title, day),
            None => title,
        };
        let note = match &self.state {
            State::Empty => Cow::Borrowed(strings::overlays::SEARCH_HELP),
            State::Wrong(why) => Cow::Borrowed(why.as_str()),
            State::Waiting(_) => Cow::Borrowed(strings::overlays::SEARCHING),
            State::Answered => self.no_results(missing.as_deref(), app),
        };
        screen::Overlay::Search(ListView {
            query: Some(&self.query),
            is_replaced: self.is_kept,
            has_more: self.has_more,
            ..self.hits.view(title, note, |shown| hit_row(shown, app))
        })
    }

    fn step(&mut self, list_move: ListMove) {
        self.is_accepted = false;
        self.hits.step(list_move);
    }

    fn opened(&mut self, app: &mut Parts<'_>) {
        self.ask_store(app);
    }

    /// Its key closes the search; that of the other scope looks there.
    fn reopen(&mut self, show: &Show, app: &mut Parts<'_>) -> bool {
        let Show::Search(scope, None) = show else {
            return false;
        };
        if self.scope == *scope {
            app.close();
        } else {
            self.scope = *scope;
            self.ask_store(app);
        }
        true
    }

    fn edit(&mut self, edit: Edit, app: &mut Parts<'_>) {
        self.is_kept = false;
        self.is_accepted = false;
        let before = self.query.text().to_owned();
        self.query.edit(edit, &mut app.memory.kills);
        if self.query.text() != before {
            self.ask_store(app);
        }
    }

    fn insert(&mut self, text: &str, app: &mut Parts<'_>) {
        let line = text.replace(['\r', '\n', '\t'], " ");
        if std::mem::take(&mut self.is_kept) {
            self.query = Composer::default();
        }
        let has_room = self.query.text().len() + line.len() <= MAX_QUERY;
        if !has_room || !self.query.insert(&line) {
            app.notify(strings::overlays::QUERY_TOO_LONG);
        }
        self.ask_store(app);
    }

    /// Completes the name that is being written behind `from:` or `in:`.
    fn complete(&mut self, app: &mut Parts<'_>) -> bool {
        let cursor = self.query.cursor();
        let field = self.word().and_then(Field::of);
        let names = field.map_or(Vec::new(), |(field, value)| {
            Self::completions(field, value, &app.reader())
        });
        let (Some((_, value)), Some(name)) = (field, names.first()) else {
            app.notify(strings::overlays::NOTHING_TO_COMPLETE);
            return true;
        };
        let (range, with) = (cursor - value.len()..cursor, format!("{name} "));
        self.is_kept = false;
        self.query.replace_word(range, &with);
        self.ask_store(app);
        true
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        if let State::Waiting(_) = self.state {
            self.is_accepted = true;
            return;
        }
        match (self.hits.chosen(), &self.state) {
            (Some(shown), _) => {
                let (id, seq) = shown.place();
                app.memory.search_place = Some((id, seq));
                app.close();
                app.chats.jump_to_entry(id, seq, app.cx);
            }
            (None, State::Wrong(why)) => app.notify(why.as_str()),
            (None, State::Empty | State::Waiting(_) | State::Answered) => {
                app.notify(strings::overlays::NO_RESULT_CHOSEN);
            }
        }
    }

    fn refresh(&mut self, app: &mut Parts<'_>) {
        self.check_hits(&app.reader());
    }

    fn found(&mut self, found: SearchResult, app: &mut Parts<'_>) {
        if self.state != State::Waiting(found.number) {
            return;
        }
        self.state = State::Answered;
        self.has_more = found.more;
        self.missing_before = found.missing_before;
        let shown = |hit: SearchHit| Shown {
            matched: matching::matches(&hit.text, &self.words),
            hit,
        };
        self.hits = List::new(found.hits.into_iter().map(shown).collect());
        let place = app.memory.search_place.filter(|_| self.is_kept);
        let mut hits = self.hits.rows.iter();
        if let Some(last) = hits.position(|shown| Some(shown.place()) == place) {
            self.hits.step(ListMove::To(last));
        }
        self.check_hits(&app.reader());
        if self.is_accepted {
            self.accept(app);
        }
    }
}

fn find_user(name: &str, app: &Reader<'_>) -> Result<UserId, String> {
    let me = app.chats.user().filter(|_| name.eq_ignore_ascii_case("me"));
    let found = me.or_else(|| app.chats.find_person_by_name(name));
    found.ok_or_else(|| {
        let none = strings::overlays::no_user(name);
        unfinished(Field::From, name, &none, app)
    })
}

fn find_conversation(name: &str, app: &Reader<'_>) -> Result<ConversationId, String> {
    let here = app.chats.navigation.open;
    let here = here.filter(|_| name.eq_ignore_ascii_case("here"));
    let room = || app.chats.find_room_by_name(name);
    let direct = || {
        let user = app.chats.find_person_by_name(name)?;
        Some(ConversationId::direct(app.chats.user()?, user))
    };
    here.or_else(room).or_else(direct).ok_or_else(|| {
        let none = strings::overlays::no_room_or_user(name);
        unfinished(Field::In, name, &none, app)
    })
}

/// What to say of a name that may only be half written.
fn unfinished(field: Field, name: &str, none: &str, app: &Reader<'_>) -> String {
    let names = Search::completions(field, name, app);
    match names.as_slice() {
        [] => wrong(field, none),
        [one] => strings::overlays::complete_one(field.name(), one),
        [first, .., last] => {
            strings::overlays::complete_several(field.name(), first, last, names.len())
        }
    }
}

/// The day of a time in the user's time zone; `None` for one that no calendar has.
fn day_of(time: Timestamp, app: &Reader<'_>) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(time.0).ok()?).ok()?;
    let day = app.settings.time_zone.to_datetime(time).date();
    Some(day.strftime("%-d %b %Y").to_string())
}

/// The beginning of a day in the user's time zone.
fn read_day(field: Field, text: &str, app: &Reader<'_>) -> Result<Timestamp, String> {
    let beginning = date::beginning(text, app.now.wall, &app.settings.time_zone);
    let none = || wrong(field, &strings::overlays::not_a_date(text));
    beginning.ok_or_else(none)
}

/// Whether a message is not to be read here: it was taken back, or will be by what waits in
/// the outbox; its author is blocked; its conversation cannot be opened.
fn is_unreadable(id: ConversationId, entry: &Entry, app: &Reader<'_>) -> bool {
    let Some(conversation) = app.chats.conversations.get(&id) else {
        return true;
    };
    let target = entry.seq;
    let mut waiting = app.session.outbox.of(id);
    conversation.folding.is_deleted(entry)
        || app.chats.is_hidden(conversation, entry)
        || waiting.any(|pending| {
            pending.content == Content::Deletion { target }
                && pending.state == PendingState::Waiting
        })
}

fn hit_row<'a>(shown: &'a Shown, app: &Reader<'a>) -> HitRow<'a> {
    let hit = &shown.hit;
    let quote = |entry: &'a Option<Entry>| {
        let entry = entry.as_ref()?;
        let is_there = !is_unreadable(hit.conversation, entry, app);
        is_there.then(|| Quote {
            author: app.chats.name_of(entry.author),
            text: body_of(&entry.content),
        })
    };
    HitRow {
        author: app.chats.name_of(hit.entry.author),
        is_own: Some(hit.entry.author) == app.chats.user(),
        place: app.chats.title(hit.conversation),
        time: hit.entry.time,
        text: &hit.text,
        matched: &shown.matched,
        before: quote(&hit.before),
        after: quote(&hit.after),
    }
}
