//! The overlays that only scroll: the keys with the commands, and the earlier texts of a message.

use std::cell::Cell;

use recado_shared::{ConversationId, Seq};

use super::{ListMove, Overlay};
use crate::app::command::COMMANDS;
use crate::app::composer::Composer;
use crate::app::intent::Show;
use crate::app::keymap::HelpTable;
use crate::app::{Action, Edit, Hint, KeyContext, Parts, Reader, screen};
use crate::strings;

pub(super) fn keys() -> (KeyContext, Vec<Hint>) {
    let hints = vec![(Action::Cancel, strings::hints::CLOSE)];
    (KeyContext::Help, hints)
}

pub(super) fn scroll_by(scroll: &mut u16, list_move: ListMove) {
    if let ListMove::By(lines) = list_move {
        *scroll = scroll.saturating_add_signed(i16::try_from(lines).unwrap_or(i16::MAX));
    }
}

/// The help: a page of the keys that matter most, then all keys by topic, then the commands.
#[derive(Debug, Default)]
pub(super) struct Help {
    /// The row at the top. The view sets it to the last page where it is beyond that.
    scroll: Cell<u16>,
    /// The search within the help.
    query: Option<Composer>,
}

impl Help {
    /// The tables with only the rows that have the searched text in the keys, in what they do, or
    /// in the heading.
    fn found(tables: Vec<HelpTable>, text: &str) -> Vec<HelpTable> {
        let text = text.trim().to_lowercase();
        let has = |part: &str| part.to_lowercase().contains(&text);
        let mut found = Vec::new();
        // The first page repeats what follows.
        for (heading, mut rows) in tables.into_iter().skip(1) {
            rows.retain(|(keys, does)| has(heading) || has(keys) || has(does));
            if !rows.is_empty() {
                found.push((heading, rows));
            }
        }
        found
    }
}

impl Overlay for Help {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        if self.query.is_some() {
            let hints = vec![(Action::Cancel, strings::hints::ALL_KEYS)];
            return (KeyContext::Search, hints);
        }
        let (context, close) = keys();
        let search = vec![
            (Action::Find, strings::hints::SEARCH),
            (Action::Last, strings::hints::END),
        ];
        (context, [search, close].concat())
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let commands = COMMANDS.iter().map(|spec| (spec.brief(), spec.help));
        let mut tables = app.settings.keymap.tables();
        tables.push((strings::keys::COMMANDS, commands.collect()));
        let query = self.query.as_ref().map(Composer::text);
        screen::Overlay::Help {
            tables: match query {
                Some(text) if !text.trim().is_empty() => Self::found(tables, text),
                Some(_) | None => tables,
            },
            query,
            scroll: &self.scroll,
        }
    }

    fn step(&mut self, list_move: ListMove) {
        if let ListMove::To(row) = list_move {
            self.scroll.set(u16::try_from(row).unwrap_or(u16::MAX));
        }
        scroll_by(self.scroll.get_mut(), list_move);
    }

    fn toggle(&self) -> Option<Show> {
        Some(Show::Help)
    }

    /// Enter keeps what was found on the screen.
    fn accept(&mut self, _app: &mut Parts<'_>) {}

    /// Esc ends the search first.
    fn cancel(&mut self, app: &mut Parts<'_>) {
        self.scroll.set(0);
        if self.query.take().is_none() {
            app.close();
        }
    }

    fn act(&mut self, action: Action, _app: &mut Parts<'_>) {
        if action == Action::Find {
            self.query = Some(Composer::default());
            self.scroll.set(0);
        }
    }

    fn edit(&mut self, edit: Edit, app: &mut Parts<'_>) {
        if let Some(query) = &mut self.query {
            query.edit(edit, &mut app.memory.kills);
            self.scroll.set(0);
        }
    }

    fn insert(&mut self, text: &str, app: &mut Parts<'_>) {
        let Some(query) = &mut self.query else {
            return app.notify(strings::status::CLOSE_HELP_FIRST);
        };
        query.insert(&text.replace(['\r', '\n'], " "));
        self.scroll.set(0);
    }
}

#[derive(Debug)]
pub(super) struct Versions {
    pub(super) conversation: ConversationId,
    pub(super) seq: Seq,
    pub(super) scroll: u16,
}

impl Overlay for Versions {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        keys()
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let conversation = app.chats.conversations.get(&self.conversation);
        let entry = conversation.and_then(|c| Some((c, c.log.entry(self.seq)?)));
        screen::Overlay::Versions {
            texts: entry.map_or(Vec::new(), |(c, entry)| c.folding.versions(entry)),
            scroll: self.scroll,
        }
    }

    fn step(&mut self, list_move: ListMove) {
        scroll_by(&mut self.scroll, list_move);
    }
}
