//! The overlays that only scroll: the keys with the commands, and the earlier texts of a message.

use recado_shared::{ConversationId, Seq};

use super::{ListMove, Overlay};
use crate::app::command::COMMANDS;
use crate::app::intent::Show;
use crate::app::{Action, Hint, KeyContext, Parts, Reader, screen};
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

#[derive(Debug, Default)]
pub(super) struct Help {
    scroll: u16,
}

impl Overlay for Help {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        keys()
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let commands = COMMANDS.iter().map(|spec| (spec.brief(), spec.help));
        let mut tables = app.settings.keymap.tables();
        tables.push((strings::keys::COMMANDS, commands.collect()));
        screen::Overlay::Help {
            tables,
            scroll: self.scroll,
        }
    }

    fn step(&mut self, list_move: ListMove) {
        scroll_by(&mut self.scroll, list_move);
    }

    fn toggle(&self) -> Option<Show> {
        Some(Show::Help)
    }

    fn insert(&mut self, _text: &str, app: &mut Parts<'_>) {
        app.notify(strings::status::CLOSE_HELP_FIRST);
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
