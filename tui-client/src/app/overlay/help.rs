//! The overlays that only scroll: the keys with the commands, and the earlier texts of a message.

use recado_shared::{ConversationId, Seq};

use super::traits::Overlay;
use crate::app::action::Hint;
use crate::app::action::{Action, KeyContext};
use crate::app::command::COMMANDS;
use crate::app::intent::Show;
use crate::app::parts::Parts;
use crate::app::reader::Reader;
use crate::app::view::screen;
use crate::strings;

const HINTS: &[Hint] = &[(Action::Cancel, strings::hints::CLOSE)];

fn scrolled(scroll: u16, lines: i32) -> u16 {
    scroll.saturating_add_signed(i16::try_from(lines).unwrap_or(i16::MAX))
}

/// The keys, then the commands.
#[derive(Debug, Default)]
pub(super) struct Help {
    scroll: u16,
}

impl Overlay for Help {
    fn context(&self) -> KeyContext {
        KeyContext::Help
    }

    fn hints(&self) -> &'static [Hint] {
        HINTS
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let commands = COMMANDS.iter().map(|spec| (spec.brief(), spec.help));
        let mut tables = app.keymap.tables();
        tables.push((strings::keys::COMMANDS, commands.collect()));
        screen::Overlay::Help {
            tables,
            scroll: self.scroll,
        }
    }

    fn step(&mut self, steps: i32) {
        self.scroll = scrolled(self.scroll, steps);
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
    }

    fn reopen(&mut self, show: &Show, app: &mut Parts<'_>) -> bool {
        let is_this = *show == Show::Help;
        if is_this {
            app.close();
        }
        is_this
    }

    fn insert(&mut self, _text: &str, app: &mut Parts<'_>) {
        app.notify(strings::status::CLOSE_HELP_FIRST);
    }
}

/// All texts of an edited message, each with its time.
#[derive(Debug)]
pub(super) struct Versions {
    conversation: ConversationId,
    seq: Seq,
    scroll: u16,
}

impl Versions {
    pub(super) fn new(conversation: ConversationId, seq: Seq) -> Self {
        Self {
            conversation,
            seq,
            scroll: 0,
        }
    }
}

impl Overlay for Versions {
    fn context(&self) -> KeyContext {
        KeyContext::Help
    }

    fn hints(&self) -> &'static [Hint] {
        HINTS
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let conversation = app.chats.conversations.get(&self.conversation);
        let entry = conversation.and_then(|c| Some((c, c.log.entry(self.seq)?)));
        screen::Overlay::Versions {
            texts: entry.map_or(Vec::new(), |(c, entry)| c.folding.versions(entry)),
            scroll: self.scroll,
        }
    }

    fn step(&mut self, steps: i32) {
        self.scroll = scrolled(self.scroll, steps);
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
    }
}
