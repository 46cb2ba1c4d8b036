//! The place of the user among the conversations: the open one, its selection, and the way back.

use recado_shared::{ConversationId, Seq};

use crate::app::event::Viewed;
use crate::model::{ItemId, Place};

/// A pane of a terminal that is too narrow for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The contact list on the left.
    Contacts,
    /// The conversation and the composer.
    Conversation,
}

/// Most jumps that can be undone.
pub(super) const MAX_JUMPS: usize = 50;

/// Entries that are loaded above one that is gone to.
pub(super) const CONTEXT: u64 = 50;

/// Where the person is.
#[derive(Debug)]
pub(crate) struct Navigation {
    pub(crate) open: Option<ConversationId>,
    pub(crate) pane: Pane,
    pub(crate) selection: Option<ItemId>,
    /// Where jumps came from, the last one at the end.
    pub(super) jumps: Vec<(ConversationId, Origin)>,
    /// The message that is deleted by the same key again.
    pub(crate) marked_for_deletion: Option<ItemId>,
    /// What the last drawn frame showed of the open conversation.
    pub(crate) viewed: Option<Viewed>,
    /// The last entry or gap that it showed.
    pub(crate) shown: Option<Seq>,
    /// Where to scroll once it is loaded.
    pub(crate) jump: Option<Jump>,
    pub(crate) has_focus: bool,
}

/// Where in a conversation a jump began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It led to another conversation: this one keeps its place by itself.
    Elsewhere,
    /// At a selected message.
    Message(Seq),
    Place(Place),
}

/// A scroll to an entry that may not be loaded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// To the top of the pane.
    Top(Seq),
    Show(Seq),
    /// Into sight with what is around it, and selected.
    Select(Seq),
    /// This row of it to the top of the pane.
    Row(Seq, u16),
}

impl Jump {
    pub(super) const fn seq(self) -> Seq {
        match self {
            Self::Top(seq) | Self::Show(seq) | Self::Select(seq) | Self::Row(seq, _) => seq,
        }
    }

    /// How many entries above it are wanted.
    pub(super) const fn context(self) -> u64 {
        match self {
            Self::Top(_) | Self::Show(_) | Self::Row(..) => 0,
            Self::Select(_) => CONTEXT,
        }
    }
}

impl Default for Navigation {
    fn default() -> Self {
        Self {
            open: None,
            pane: Pane::Conversation,
            selection: None,
            jumps: Vec::new(),
            marked_for_deletion: None,
            viewed: None,
            shown: None,
            jump: None,
            has_focus: true,
        }
    }
}

impl Navigation {
    /// Nothing is known of what is on the screen.
    pub(super) fn leave(&mut self) {
        self.selection = None;
        self.viewed = None;
        self.shown = None;
        self.jump = None;
    }

    /// The person does something else by now: what they type must not act on a message that is
    /// selected only when it comes.
    pub(crate) fn keep_selection(&mut self) {
        if let Some(Jump::Select(seq)) = self.jump {
            self.jump = Some(Jump::Show(seq));
        }
    }

    /// The entries of a conversation are other ones than before.
    pub(crate) fn forget_item(&mut self, id: ConversationId) {
        if self.open == Some(id) {
            self.leave();
        }
    }

    /// Only these conversations exist.
    pub(crate) fn forget(&mut self, exists: impl Fn(&ConversationId) -> bool) {
        self.leave();
        self.open = self.open.filter(&exists);
        self.jumps.retain(|(id, _)| exists(id));
    }
}
