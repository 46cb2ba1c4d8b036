//! The announcements of the operator that were not seen before, in full.

use recado_shared::Timestamp;

use super::help::{keys, scroll_by};
use super::{ListMove, Overlay};
use crate::app::intent::Show;
use crate::app::{Hint, KeyContext, Parts, Reader, screen};

#[derive(Debug, Default)]
pub(super) struct Announcements {
    texts: Vec<(Timestamp, String)>,
    scroll: u16,
}

impl Overlay for Announcements {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        keys()
    }

    fn view<'a>(&'a self, _app: &Reader<'a>) -> screen::Overlay<'a> {
        let texts = self.texts.iter();
        screen::Overlay::Announcements {
            texts: texts.map(|(time, text)| (*time, text.as_str())).collect(),
            scroll: self.scroll,
        }
    }

    fn step(&mut self, list_move: ListMove) {
        scroll_by(&mut self.scroll, list_move);
    }

    fn opened(&mut self, app: &mut Parts<'_>) {
        self.texts = app.session.announcements.take(app.cx);
    }

    fn toggle(&self) -> Option<Show> {
        Some(Show::Announcements)
    }
}
