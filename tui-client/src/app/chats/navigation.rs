//! Which conversation is open, how one comes to another, and where the person is in it.
//!
//! Only the person's own acts change what is open; arrivals never do.

use recado_shared::{ConversationId, Now, Seq};

use crate::app::conversation::log::Part;
use crate::app::conversation::state::NewLine;
use crate::app::event::{ClickTarget, Viewed};
use crate::app::overlay::switcher::OverlayState;
use crate::app::view::screen::{ItemId, Pane, Place};
use crate::app::{App, Effect, Scroll};
use crate::store::Save;

/// Most jumps that can be undone.
const MAX_JUMPS: usize = 50;

/// Entries that are loaded above one that is gone to.
const CONTEXT: u64 = 50;

/// Where the person is.
#[derive(Debug)]
pub(in crate::app) struct Navigation {
    pub(in crate::app) open: Option<ConversationId>,
    pub(in crate::app) pane: Pane,
    pub(in crate::app) selection: Option<ItemId>,
    /// Where jumps came from, the last one at the end.
    jumps: Vec<(ConversationId, Origin)>,
    /// The message that is deleted by the same key again.
    pub(in crate::app) doomed: Option<ItemId>,
    /// What the last drawn frame showed of the open conversation.
    pub(in crate::app) viewed: Option<Viewed>,
    /// The last entry or gap that it showed.
    pub(in crate::app) shown: Option<Seq>,
    /// Where to scroll once it is loaded.
    pub(in crate::app) jump: Option<Jump>,
    pub(in crate::app) has_focus: bool,
}

/// Where in a conversation a jump began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// It led to another conversation: this one keeps its place by itself.
    Elsewhere,
    /// At a selected message.
    Message(Seq),
    /// At this place.
    Place(Place),
}

/// A scroll to an entry that may not be loaded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Jump {
    /// To the top of the pane.
    Top(Seq),
    /// Into sight.
    Show(Seq),
    /// Into sight with what is around it, and selected.
    Select(Seq),
    /// This row of it to the top of the pane.
    Row(Seq, u16),
}

impl Jump {
    const fn seq(self) -> Seq {
        match self {
            Self::Top(seq) | Self::Show(seq) | Self::Select(seq) | Self::Row(seq, _) => seq,
        }
    }

    /// How many entries above it are wanted.
    const fn context(self) -> u64 {
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
            doomed: None,
            viewed: None,
            shown: None,
            jump: None,
            has_focus: true,
        }
    }
}

impl Navigation {
    /// Nothing is known of what is on the screen.
    fn leave(&mut self) {
        self.selection = None;
        self.viewed = None;
        self.shown = None;
        self.jump = None;
    }

    /// The person does something else by now: what they type must not act on a message that is
    /// selected only when it comes.
    pub(in crate::app) fn keep_selection(&mut self) {
        if let Some(Jump::Select(seq)) = self.jump {
            self.jump = Some(Jump::Show(seq));
        }
    }

    /// The entries of a conversation are other ones than before.
    pub(in crate::app) fn forget_item(&mut self, id: ConversationId) {
        if self.open == Some(id) {
            self.leave();
        }
    }

    /// Only these conversations exist.
    pub(in crate::app) fn forget(&mut self, exists: impl Fn(&ConversationId) -> bool) {
        self.leave();
        self.open = self.open.filter(&exists);
        self.jumps.retain(|(id, _)| exists(id));
    }
}

impl App {
    /// Opens what was open when the program was last left.
    pub(in crate::app) fn restore_open(&mut self, id: ConversationId) {
        if self.conversation_or_new(id).is_some() {
            self.enter(id);
        }
    }

    /// Opens a conversation and remembers where the jump came from.
    pub(in crate::app) fn jump_to(&mut self, id: ConversationId) {
        if let Some(from) = self.chats.nav.open
            && from != id
        {
            let jump = (from, Origin::Elsewhere);
            self.chats.nav.jumps.retain(|other| *other != jump);
            self.note_jump(jump);
        }
        self.open(id);
    }

    fn note_jump(&mut self, jump: (ConversationId, Origin)) {
        self.chats.nav.jumps.push(jump);
        if self.chats.nav.jumps.len() > MAX_JUMPS {
            self.chats.nav.jumps.remove(0);
        }
    }

    /// Shows another message of the open conversation, and remembers from which one.
    pub(in crate::app) fn jump_to_message(&mut self, from: Seq, to: Seq) {
        if let Some(open) = self.chats.nav.open {
            self.note_jump((open, Origin::Message(from)));
            self.chats.nav.selection = None;
            self.jump_in_log(Jump::Select(to));
        }
    }

    /// Shows and selects an entry of a conversation, and remembers where the person was.
    pub(in crate::app) fn jump_to_entry(&mut self, id: ConversationId, seq: Seq) {
        if self.chats.nav.open == Some(id) {
            let here = self.chats.conversations.get(&id);
            let place = here.map_or(Place::Newest, |conversation| conversation.place);
            self.note_jump((id, Origin::Place(place)));
            self.chats.nav.pane = Pane::Conversation;
            self.chats.nav.selection = None;
        } else {
            self.jump_to(id);
        }
        self.jump_in_log(Jump::Select(seq));
    }

    /// Opens a conversation: leaves the other one as it is, with its text and its place.
    pub(in crate::app) fn open(&mut self, id: ConversationId) {
        self.chats.nav.pane = Pane::Conversation;
        self.chats.nav.selection = None;
        if self.chats.nav.open == Some(id) || self.conversation_or_new(id).is_none() {
            return;
        }
        self.remember_place();
        if let Some(left) = self.open_conversation() {
            left.new_line = None;
            left.trim(false);
        }
        self.save_all();
        self.share_drafts();
        self.save(Save::Open(id));
        self.enter(id);
        self.chats.contacts.mark_stale();
    }

    fn enter(&mut self, id: ConversationId) {
        self.chats.nav.leave();
        self.chats.nav.open = Some(id);
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return;
        };
        let unread = conversation.unread();
        let first = conversation.first_unread();
        let is_at_newest = conversation.place == Place::Newest;
        conversation.new_line = first.map(|from| NewLine {
            from,
            count: unread,
        });
        self.load_more();
        if let Some(first) = first.filter(|_| is_at_newest) {
            self.jump_in_log(Jump::Show(first));
        }
    }

    /// Notes the place of the open conversation as one that is to be saved.
    pub(in crate::app) fn remember_place(&mut self) {
        if let Some(id) = self.chats.nav.open {
            self.chats.unsaved.place(id);
        }
    }

    /// Opens the neighbour of the open conversation in the contact list.
    pub(in crate::app) fn step(&mut self, steps: isize) {
        let order = self.chats.contacts.order();
        let Some(last) = order.len().checked_sub(1) else {
            self.cx.notice = Some("nobody is here yet: invite somebody".to_owned());
            return;
        };
        let here = order
            .iter()
            .position(|&(id, _)| Some(id) == self.chats.nav.open);
        let index = match here {
            Some(index) => index.saturating_add_signed(steps).min(last),
            None if steps < 0 => last,
            None => 0,
        };
        let pane = self.chats.nav.pane;
        self.open(order[index].0);
        self.chats.nav.pane = pane;
    }

    /// Opens the conversation at a position of the contact list, counted from 0.
    pub(in crate::app) fn open_position(&mut self, index: usize) {
        match self.chats.contacts.order().get(index) {
            Some(&(id, _)) => self.jump_to(id),
            None => self.cx.notice = Some(format!("the list has no position {}", index + 1)),
        }
    }

    /// Returns to where the last jump came from.
    pub(in crate::app) fn go_back(&mut self) {
        while let Some((id, origin)) = self.chats.nav.jumps.pop() {
            let is_here = self.chats.nav.open == Some(id);
            if !self.chats.conversations.contains_key(&id)
                || (is_here && origin == Origin::Elsewhere)
            {
                continue;
            }
            self.open(id);
            match origin {
                Origin::Elsewhere => {}
                Origin::Message(seq) => self.jump_in_log(Jump::Select(seq)),
                Origin::Place(Place::At {
                    item: ItemId::Entry(seq),
                    row,
                }) => self.jump_in_log(Jump::Row(seq, row)),
                Origin::Place(
                    Place::Newest
                    | Place::At {
                        item: ItemId::Pending(_),
                        ..
                    },
                ) => self.scroll_newest(),
            }
            return;
        }
        self.cx.notice = Some("there is nothing to go back to".to_owned());
    }

    /// Scrolls to the first message that is, or was on coming here, unread.
    pub(in crate::app) fn scroll_first_unread(&mut self) {
        let Some(conversation) = self.open_conversation() else {
            return;
        };
        let line = conversation.new_line.map(|line| line.from);
        match line.or_else(|| conversation.first_unread()) {
            Some(seq) => self.jump_in_log(Jump::Top(seq)),
            None => self.cx.notice = Some("nothing is unread here".to_owned()),
        }
    }

    /// Scrolls to an entry of the open conversation, loading it first where it is not.
    pub(in crate::app) fn jump_in_log(&mut self, jump: Jump) {
        let Some(conversation) = self.open_conversation() else {
            return;
        };
        let id = conversation.id;
        let load = conversation.log.go_to(id, jump.seq(), jump.context());
        self.chats.nav.jump = Some(jump);
        match load {
            Some(load) => self.cx.effects.push(Effect::Load(load)),
            None => self.finish_jump(id),
        }
    }

    /// Scrolls to where a jump leads, as far as that is here. While it leads into a gap it stays,
    /// and is finished by the page that fills the gap, unless the person scrolls meanwhile.
    pub(in crate::app) fn finish_jump(&mut self, id: ConversationId) {
        if self.chats.nav.open != Some(id) {
            return;
        }
        let Some(jump) = self.chats.nav.jump.take() else {
            return;
        };
        let Some(conversation) = self.chats.conversations.get(&id) else {
            return;
        };
        let wanted = jump.seq();
        let at_or_after = |part: Part<'_>| match part {
            Part::Entry(entry) => (entry.seq >= wanted).then_some((entry.seq, false)),
            Part::Gap(gap) => (gap.last >= wanted).then_some((gap.first, true)),
        };
        let found = conversation.log.parts().find_map(at_or_after);
        if let Some((seq, is_gap)) = found {
            self.chats.nav.jump = Some(jump).filter(|_| is_gap);
            // What the last frame showed may be out of sight in the next one.
            self.chats.nav.shown = None;
            let item = ItemId::Entry(seq);
            self.cx.effects.push(Effect::Scroll(match jump {
                Jump::Top(_) => Scroll::Top(item),
                Jump::Show(_) => Scroll::Show(item),
                Jump::Select(_) => Scroll::Amid(item),
                Jump::Row(_, row) => Scroll::To(Place::At { item, row }),
            }));
            if jump == Jump::Select(seq) && !is_gap {
                self.select(item);
            }
        }
    }

    /// Whether the person looks at the oldest part of what is loaded there.
    pub(in crate::app) fn wants_older(&self, id: ConversationId) -> bool {
        let is_at_oldest = |viewed: &Viewed| viewed.conversation == id && viewed.at_oldest;
        self.chats.nav.viewed.as_ref().is_some_and(is_at_oldest)
    }

    /// Reads from the local store what the person is about to see.
    pub(in crate::app) fn load_more(&mut self) {
        let Some(id) = self.chats.nav.open else {
            return;
        };
        let at_oldest = self.wants_older(id);
        let viewed = self.chats.nav.viewed.and_then(|viewed| viewed.visible);
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return;
        };
        let last = conversation.log.last_loaded();
        let at_newest = viewed
            .zip(last)
            .is_some_and(|((_, visible), last)| match visible {
                ItemId::Entry(seq) => conversation.shown_through(seq) >= last,
                ItemId::Pending(_) => true,
            });
        if let Some(load) = conversation.log.wanted(id, at_oldest, at_newest) {
            self.cx.effects.push(Effect::Load(load));
        }
    }

    pub(in crate::app) fn on_click(&mut self, target: ClickTarget, now: Now) {
        self.note_input(now);
        match target {
            ClickTarget::Contact(id) => {
                self.overlay = None;
                self.jump_to(id);
            }
            ClickTarget::Item(item) => self.select(item),
            ClickTarget::Composer => {
                self.overlay = None;
                self.chats.nav.selection = None;
                self.chats.nav.pane = Pane::Conversation;
            }
            ClickTarget::SwitcherRow(index) => {
                if let Some(OverlayState::Switcher(switcher)) = &mut self.overlay {
                    switcher.pick(index);
                    self.accept_switcher(now);
                } else if let Some(OverlayState::Picker(picker)) = &mut self.overlay {
                    picker.choose(index);
                    self.accept_picker(now);
                } else if let Some(OverlayState::Panel(panel)) = &mut self.overlay {
                    panel.choose(index);
                    self.accept_panel(now);
                } else if let Some(OverlayState::CatchUp(list)) = &mut self.overlay {
                    list.choose(index);
                    self.accept_catch_up();
                } else if let Some(OverlayState::Search(search)) = &mut self.overlay {
                    search.choose(index);
                    self.accept_search();
                }
            }
        }
    }

    pub(in crate::app) fn on_wheel(&mut self, lines: i32, now: Now) {
        self.note_input(now);
        match &mut self.overlay {
            Some(overlay) => overlay.step(lines),
            None => self.scroll(Scroll::Lines(lines)),
        }
    }

    /// Scrolls as the person wishes, which ends a jump that waits for its entry.
    pub(in crate::app) fn scroll(&mut self, scroll: Scroll) {
        self.chats.nav.jump = None;
        self.cx.effects.push(Effect::Scroll(scroll));
    }

    pub(in crate::app) fn on_focus(&mut self, has_focus: bool, now: Now) {
        self.chats.nav.has_focus = has_focus;
        if has_focus {
            self.note_input(now);
        }
    }
}
