//! Everything the client can do to the world.

use recado_shared::ClientFrame;

use crate::model::{InviteTerms, ItemId, Place};
use crate::store::{SearchQuery, StoreRead, StoreWrite};

/// An output of [`App::handle`](crate::app::App::handle), to be carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a frame. It may get lost: the outbox and the cursors are repeated after `Welcome`.
    Send(ClientFrame),
    /// Try to connect now rather than at the end of the back-off.
    Reconnect,
    /// Ask the server for a sign of life, so that a link that died meanwhile is found out.
    CheckLink,
    /// Change the local store.
    Save(StoreWrite),
    /// Read from the local store; answered by [`Event::Loaded`](crate::app::Event::Loaded).
    Load(StoreRead),
    /// Search the whole store; answered by [`Event::Found`](crate::app::Event::Found).
    Search(SearchQuery),
    /// Scroll the open conversation; always answered by [`Event::Viewed`](crate::app::Event::Viewed).
    Scroll(Scroll),
    /// Copy text; answered by [`Event::Copied`](crate::app::Event::Copied).
    Copy(String),
    /// Find or make an invite link; answered by [`Event::InviteLink`](crate::app::Event::InviteLink).
    MakeInviteLink(InviteTerms),
    /// Ask tmux whether the user can see this pane; answered by [`Event::Pane`](crate::app::Event::Pane). At most one question
    /// waits for its answer.
    AskPane,
    /// Ring the terminal's bell for a message while the terminal has no focus.
    Bell,
    /// Draw with the theme of this name, or say which one is in force; answered by
    /// [`Event::Theme`](crate::app::Event::Theme).
    SetTheme(Option<String>),
    /// Draw every cell again.
    Redraw,
    /// Edit a text in the user's editor, which takes the terminal; answered by
    /// [`Event::Edited`](crate::app::Event::Edited).
    OpenEditor(String),
    /// Hand the terminal back to the shell until the program is continued.
    Suspend,
    /// Leave the program after all earlier effects.
    Quit,
}

/// How the view of the open conversation moves. The view knows heights; the app does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// By lines, negative towards older.
    Lines(i32),
    /// By the height of the pane less two lines, negative towards older.
    Pages(i32),
    /// To the newest item, and stay there as more arrive.
    Newest,
    /// So that this item is visible, moving no more than needed.
    Show(ItemId),
    /// So that this item is at the top.
    Top(ItemId),
    /// So that this item is visible, with what is around it.
    Amid(ItemId),
    /// To where the scroll stood before.
    To(Place),
}
