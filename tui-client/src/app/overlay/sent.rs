//! The list of what the user sent, newest first, to write it again. It is made of the messages that are
//! in memory, so that an edited one is as it is and a deleted one is not there.

use std::collections::BTreeSet;

use recado_shared::{Content, MessageId};

use super::fuzzy::fuzzy;
use super::list::List;
use super::switcher::insert;
use super::{ListMove, Overlay, hints};
use crate::app::composer::Composer;
use crate::app::composer::markup::escaped;
use crate::app::intent::Show;
use crate::app::screen::{ListView, SwitcherRow};
use crate::app::{Edit, Hint, KeyContext, Parts, Reader, screen};
use crate::strings;

/// Most texts that are listed.
const MAX_TEXTS: usize = 500;

#[derive(Debug)]
struct Match {
    index: usize,
    /// Byte offsets of the characters that matched, ascending.
    matched: Vec<usize>,
}

#[derive(Debug, Default)]
pub(super) struct SentMessages {
    query: Composer,
    texts: Vec<String>,
    list: List<Match>,
}

impl SentMessages {
    fn search(&mut self) {
        let query = self.query.text().trim();
        let texts: Vec<_> = self.texts.iter().map(String::as_str).collect();
        let found = if query.is_empty() {
            (0..texts.len()).map(|index| (index, Vec::new())).collect()
        } else {
            // By time: the newest that matches is most likely meant.
            let mut found = fuzzy(query, &texts);
            found.sort_by_key(|(index, _)| *index);
            found
        };
        let row = |(index, matched)| Match { index, matched };
        self.list = List::new(found.into_iter().map(row).collect());
    }
}

impl Overlay for SentMessages {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        let has_row = self.list.chosen().is_some();
        (KeyContext::Switcher, hints(strings::hints::WRITE, has_row))
    }

    fn view<'a>(&'a self, _app: &Reader<'a>) -> screen::Overlay<'a> {
        let row = |row: &'a Match| SwitcherRow {
            label: &self.texts[row.index],
            presence: None,
            unread: 0,
            key: String::new(),
            matched: row.matched.clone(),
        };
        let (title, none) = (strings::overlays::SENT_TITLE, strings::overlays::NONE_SENT);
        screen::Overlay::Switcher(ListView {
            query: Some(&self.query),
            ..self.list.view(title, none, row)
        })
    }

    fn opened(&mut self, app: &mut Parts<'_>) {
        self.texts = sent_texts(&app.reader());
        self.search();
    }

    /// Its own key goes on to older ones, as in a shell.
    fn reopen(&mut self, show: &Show, _app: &mut Parts<'_>) -> bool {
        let is_own = *show == Show::SentMessages;
        if is_own {
            self.step(ListMove::By(1));
        }
        is_own
    }

    fn step(&mut self, list_move: ListMove) {
        self.list.step(list_move);
    }

    fn edit(&mut self, edit: Edit, app: &mut Parts<'_>) {
        self.query.edit(edit, &mut app.memory.kills);
        self.search();
    }

    fn insert(&mut self, text: &str, app: &mut Parts<'_>) {
        if !insert(&mut self.query, text) {
            app.notify(strings::status::PASTE_CUT);
        }
        self.search();
    }

    fn complete(&mut self, _app: &mut Parts<'_>) -> bool {
        self.step(ListMove::By(1));
        true
    }

    /// Puts the text into the input box; undo brings back what was there.
    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
        let text = self
            .list
            .chosen()
            .map(|row| escaped(&self.texts[row.index]));
        let open = app.chats.open_conversation();
        let (Some(text), Some(open)) = (text, open) else {
            return app.notify(strings::overlays::NONE_SENT);
        };
        let _ = open.composer.set_text(&text);
        let id = open.id;
        app.chats.unsaved.drafts.insert(id);
        app.chats.drafts.changed.insert(id);
    }
}

/// The texts of the user's own messages, newest first and each once.
fn sent_texts(app: &Reader<'_>) -> Vec<String> {
    let me = app.chats.user();
    let own = app.chats.conversations.values().flat_map(|conversation| {
        let folding = &conversation.folding;
        let entries = conversation.log.loaded();
        let is_own = move |entry: &&_| is_listed(entry, me) && !folding.is_deleted(entry);
        let entries = entries.filter(is_own);
        entries.map(move |entry| (entry.id, folding.text(entry)))
    });
    let queued = app.session.outbox.all();
    let queued = queued.filter_map(|pending| Some((pending.id, text_of(&pending.content)?)));
    let mut all: Vec<(MessageId, &str)> = own.chain(queued).collect();
    all.sort_by(|left, right| right.cmp(left));
    let mut seen = BTreeSet::new();
    let texts = all.into_iter().map(|(_, text)| text);
    let texts = texts.filter(|text| !text.is_empty() && seen.insert(*text));
    texts.take(MAX_TEXTS).map(str::to_owned).collect()
}

fn is_listed(entry: &recado_shared::Entry, me: Option<recado_shared::UserId>) -> bool {
    Some(entry.author) == me && text_of(&entry.content).is_some()
}

/// The text of a plain message or a reply.
fn text_of(content: &Content) -> Option<&str> {
    if let Content::Message(body) | Content::Reply { body, .. } = content {
        Some(body.as_str())
    } else {
        None
    }
}
