//! Views above the panes that take the keys while they are open. One type per overlay behind the
//! trait [`Overlay`]; the app does not know which one is open.

mod announcements;
mod confirm;
mod fuzzy;
mod help;
mod invite_link;
mod list;
pub(crate) mod open;
mod panel;
mod picker;
mod search;
mod sent;
mod switcher;
mod unread_overview;

use std::fmt::Debug;

pub(crate) use self::list::ListMove;
use super::intent::{Delivery, Show};
use super::{Action, Edit, Hint, KeyContext, Parts, Reader, screen};
use crate::store::{LoadedEntries, SearchResult};
use crate::strings;

/// The hints of a list whose chosen row, if there is one, Enter accepts, and that Esc closes.
fn hints(accept: &'static str, has_row: bool) -> Vec<Hint> {
    let accept = has_row.then_some((Action::Submit, accept));
    let close = (Action::Cancel, strings::hints::CLOSE);
    accept.into_iter().chain([close]).collect()
}

/// An open overlay. Only the first three methods have to be written.
pub(crate) trait Overlay: Debug + Send {
    /// The keymap context while it is open, and the keys worth showing.
    fn keys(&self) -> (KeyContext, Vec<Hint>);

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a>;

    /// Chooses another row, or scrolls by lines.
    fn step(&mut self, list_move: ListMove);

    /// Enter, or a click on the chosen row.
    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
    }

    /// Esc, which closes it.
    fn cancel(&mut self, app: &mut Parts<'_>) {
        app.close();
    }

    /// The [`Show`] that opens it, and closes it again.
    fn toggle(&self) -> Option<Show> {
        None
    }

    /// Called once, after it opened.
    fn opened(&mut self, _app: &mut Parts<'_>) {}

    /// Asked before another overlay takes its place; `true` if that is done within this one.
    fn reopen(&mut self, show: &Show, app: &mut Parts<'_>) -> bool {
        let is_toggle = self.toggle().as_ref() == Some(show);
        if is_toggle {
            app.close();
        }
        is_toggle
    }

    /// An edit of the query. Up and Down come as [`step`](Self::step).
    fn edit(&mut self, _edit: Edit, _app: &mut Parts<'_>) {}

    /// Typed or pasted text.
    fn insert(&mut self, _text: &str, app: &mut Parts<'_>) {
        app.notify(strings::status::CLOSE_FIRST);
    }

    /// Tab; `false` if there is nothing to complete here.
    fn complete(&mut self, _app: &mut Parts<'_>) -> bool {
        false
    }

    /// Another action that this overlay has a key for.
    fn act(&mut self, _action: Action, _app: &mut Parts<'_>) {}

    /// Called after each event: brings its rows up to date and asks for what they lack.
    fn refresh(&mut self, _app: &mut Parts<'_>) {}

    /// An answer of the server, perhaps for an overlay that was open before.
    fn deliver(&mut self, _delivery: Delivery, _app: &mut Parts<'_>) {}

    fn loaded(&mut self, _loaded: &LoadedEntries) {}

    fn found(&mut self, _found: SearchResult, _app: &mut Parts<'_>) {}
}
