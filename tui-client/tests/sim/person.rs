//! A simulated user at a client: keys, and a simple pane that shows a screenful.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use recado::app::screen::{Item, ItemId, Place, Screen};
use recado::app::{Scroll, Viewed};

/// Messages that fit into the pane.
pub(crate) const HEIGHT: usize = 6;

/// The scroll of the conversation pane.
#[derive(Debug, Default)]
pub(crate) struct Pane {
    shown: Option<recado_shared::ConversationId>,
    place: Place,
    reported: Option<Viewed>,
}

impl Pane {
    /// Where an item is, or the first entry after it, or else the end. Failed messages stand between
    /// the entries, which alone are ascending.
    fn find(ids: &[ItemId], item: ItemId) -> usize {
        let is_here = |id: &ItemId| match (item, *id) {
            (ItemId::Entry(wanted), ItemId::Entry(seq)) => seq >= wanted,
            (_, id) => id == item,
        };
        ids.iter().position(is_here).unwrap_or(ids.len())
    }

    /// Where the pane's window begins in a list of items.
    fn top(&self, ids: &[ItemId]) -> usize {
        let last = ids.len().saturating_sub(HEIGHT);
        match self.place {
            Place::Newest => last,
            Place::At { item, .. } => Self::find(ids, item).min(last),
        }
    }

    fn go(&mut self, ids: &[ItemId], top: usize) {
        let last = ids.len().saturating_sub(HEIGHT);
        self.place = match ids.get(top) {
            Some(&item) if top < last => Place::At { item, row: 0 },
            Some(_) | None => Place::Newest,
        };
    }

    pub(crate) fn scroll(&mut self, screen: &Screen<'_>, scroll: Scroll) {
        let Some(open) = &screen.conversation else {
            return;
        };
        self.show(open.id, open.place);
        self.reported = None;
        let ids: Vec<_> = open.items.iter().map(Item::id).collect();
        let top = self.top(&ids);
        let find = |item: ItemId| Self::find(&ids, item);
        match scroll {
            Scroll::Lines(lines) | Scroll::Pages(lines) => {
                let step = isize::try_from(lines).unwrap_or(0) * 4;
                self.go(&ids, top.saturating_add_signed(step));
            }
            Scroll::Newest => self.place = Place::Newest,
            Scroll::Top(item) => self.go(&ids, find(item)),
            Scroll::To(place) => self.place = place,
            Scroll::Show(item) | Scroll::Amid(item) => {
                let at = find(item);
                if at < top {
                    self.go(&ids, at);
                } else if at >= top + HEIGHT {
                    self.go(&ids, at + 1 - HEIGHT);
                }
            }
        }
    }

    fn show(&mut self, id: recado_shared::ConversationId, place: Place) {
        if self.shown != Some(id) {
            self.shown = Some(id);
            self.place = place;
        }
    }

    /// Draws, and reports what could be seen if that is news.
    pub(crate) fn draw(&mut self, screen: &Screen<'_>) -> Option<Viewed> {
        let open = screen.conversation.as_ref()?;
        self.show(open.id, open.place);
        let ids: Vec<_> = open.items.iter().map(Item::id).collect();
        let top = self.top(&ids);
        let end = (top + HEIGHT).min(ids.len());
        let is_entry = |id: &ItemId| matches!(id, ItemId::Entry(_));
        let last_entry = ids.iter().rposition(is_entry);
        // A failed message between entries says nothing about what was seen.
        let is_place = |at: &usize| last_entry.is_none_or(|last| *at > last) || is_entry(&ids[*at]);
        let mut shown = (top..end).filter(is_place).map(|at| ids[at]);
        let first = shown.next();
        let visible = first.map(|first| (first, shown.next_back().unwrap_or(first)));
        let viewed = Viewed {
            conversation: open.id,
            visible,
            place: self.place,
            at_oldest: top == 0,
        };
        let is_news = self.reported != Some(viewed);
        self.reported = Some(viewed);
        is_news.then_some(viewed)
    }
}

/// Keys by their names, separated by spaces.
pub(crate) fn keys(names: &str) -> Vec<KeyEvent> {
    let key = |name: &str| {
        let (modifiers, code) = match name.split_once('-') {
            Some(("alt", code)) => (KeyModifiers::ALT, code),
            Some(("ctrl", code)) => (KeyModifiers::CONTROL, code),
            Some(_) | None => (KeyModifiers::NONE, name),
        };
        let code = match code {
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "end" => KeyCode::End,
            "pageup" => KeyCode::PageUp,
            "pagedown" => KeyCode::PageDown,
            one => KeyCode::Char(one.chars().next().expect("a key has a name")),
        };
        KeyEvent::new(code, modifiers)
    };
    names.split(' ').map(key).collect()
}

/// The keys that type a text.
pub(crate) fn typed(text: &str) -> Vec<KeyEvent> {
    let key = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
    text.chars().map(key).collect()
}
