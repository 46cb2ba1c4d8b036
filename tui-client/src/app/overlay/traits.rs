//! The trait of all overlays: what an open one is asked for.

use std::fmt::Debug;

use crate::app::action::{Action, Edit, Hint, KeyContext};
use crate::app::intent::{Delivery, Show};
use crate::app::parts::Parts;
use crate::app::reader::Reader;
use crate::app::view::screen;
use crate::store::{Loaded, SearchResult};
use crate::strings;

/// An open overlay. Only the first five methods have to be written.
pub(crate) trait Overlay: Debug + Send {
    /// The keymap context while it is open.
    fn context(&self) -> KeyContext;

    fn hints(&self) -> &'static [Hint];

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a>;

    /// Moves the chosen row, or scrolls by lines.
    fn step(&mut self, steps: i32);

    fn accept(&mut self, app: &mut Parts<'_>);

    /// Called once, after it opened.
    fn opened(&mut self, _app: &mut Parts<'_>) {}

    /// Asked before another overlay takes its place; `true` if that is done within this one,
    /// such as closing it by its own key.
    fn reopen(&mut self, _show: &Show, _app: &mut Parts<'_>) -> bool {
        false
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

    /// Chooses the row of a click, which is then accepted.
    fn choose(&mut self, _row: usize) {}

    /// Called after each event: brings its rows up to date and asks for what they lack.
    fn refresh(&mut self, _app: &mut Parts<'_>) {}

    /// An answer of the server, perhaps for an overlay that was open before.
    fn deliver(&mut self, _delivery: Delivery, _app: &mut Parts<'_>) {}

    /// A stretch of a log that the store read.
    fn loaded(&mut self, _loaded: &Loaded) {}

    /// The store's answer to a search.
    fn found(&mut self, _found: SearchResult, _app: &mut Parts<'_>) {}
}
