//! Everything that can happen to the client.

use crossterm::event::KeyEvent;
use recado_shared::{ConversationId, ServerFrame};

use crate::model::{InviteLink, ItemId, Place};
use crate::net::NetEvent;
use crate::store::{LoadedEntries, RolledBack, SearchResult, Stored};

/// An input of [`App::handle`](crate::app::App::handle).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed or repeats.
    Key(KeyEvent),
    /// Text was pasted, line ends as the terminal sent them.
    Paste(String),
    /// The text of an [`Effect::Copy`](crate::app::Effect::Copy) is on its way.
    Copied(Clipboard),
    /// Something on the screen was clicked.
    Click(ClickTarget),
    /// The wheel turned over the conversation; lines, negative towards older.
    Wheel(i32),
    /// The terminal gained or lost the focus.
    Focus(bool),
    /// The answer of tmux to [`Effect::AskPane`](crate::app::Effect::AskPane).
    Pane {
        state: PaneState,
        /// Whether reports of the focus are complete (`focus-events`); `None` if that is not known.
        reports_focus: Option<bool>,
    },
    /// The driver drew the conversation and this is what could be seen. Sent only when it
    /// differs from the last report, or after a scroll.
    Viewed(Viewed),
    /// The network task has something.
    Net(NetEvent),
    /// The store read something.
    Loaded(LoadedEntries),
    /// The store answers a search.
    Found(SearchResult),
    /// The store rolled logs back.
    RolledBack(RolledBack),
    /// The store is done with this many entries of the changes that were saved.
    Stored(Stored),
    /// What to say of the theme that was asked for, or why it cannot be used.
    Theme(Result<String, String>),
    /// The wanted invite link, or why there is none.
    InviteLink(Result<InviteLink, String>),
    /// The text of an [`Effect::OpenEditor`](crate::app::Effect::OpenEditor) as it was saved, or why it is unchanged.
    Edited(Result<String, String>),
    /// The store failed; the text says how. Nothing more is kept on disk.
    StoreFailed(String),
    /// A frame is about to be drawn.
    Frame,
    /// The moment that [`App::next_deadline`](crate::app::App::next_deadline) named has come.
    Deadline,
    /// The program was told to stop by a signal.
    Terminate,
}

impl Event {
    /// Whether the user did it, looking at the screen.
    pub(super) const fn is_of_user(&self) -> bool {
        matches!(
            self,
            Self::Key(_) | Self::Paste(_) | Self::Click(_) | Self::Wheel(_)
        )
    }

    /// Whether the server sends it of its own accord, perhaps a thousand times a second.
    pub(super) const fn is_push(&self) -> bool {
        matches!(
            self,
            Self::Net(NetEvent::Frame(
                ServerFrame::Entry { .. }
                    | ServerFrame::Cursors { .. }
                    | ServerFrame::Presence { .. }
                    | ServerFrame::Typing { .. }
            ))
        )
    }
}

/// Whether the user can see the pane of tmux in which the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaneState {
    /// It is the active pane of a window that an attached client shows.
    Active,
    /// No client is attached, shows its window, or has it active.
    Hidden,
    /// tmux did not answer, or runs inside another multiplexer.
    Unknown,
}

/// Where a copied text went, as far as that can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipboard {
    /// To the terminal, which may ignore it.
    Terminal,
    /// To tmux as if it were the terminal; it passes the text on only if it is set so.
    TerminalBehindTmux,
    /// Into a paste buffer of tmux.
    Tmux,
    /// Into a paste buffer of tmux, which passes it on to terminals that take it.
    TmuxAndTerminal,
}

/// What a click can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClickTarget {
    /// A row of the contact list, or of the switcher's list of contacts.
    Contact(ConversationId),
    /// A message of the open conversation.
    Item(ItemId),
    /// The composer of the open conversation.
    Composer,
    /// A row of the switcher, counted from the top of its whole list.
    SwitcherRow(usize),
}

/// What the last drawn frame showed of the open conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewed {
    /// The conversation that was open then.
    pub conversation: ConversationId,
    /// The first and last items of which the end of the text was visible. `None` if there is none,
    /// as in the middle of a message that is taller than the pane.
    pub visible: Option<(ItemId, ItemId)>,
    /// Where the scroll stands.
    pub place: Place,
    /// Whether the first loaded item was on the screen, so that older ones are wanted.
    pub at_oldest: bool,
}
