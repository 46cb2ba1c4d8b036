//! Navigation: the open conversation and its selection, jumps, and the scroll position in each
//! conversation. Only the user's own actions change what is open; arrivals never do.

use recado_shared::{ConversationId, Entry, Seq};

use crate::app::chats::focus::TerminalFocus;
use crate::app::conversation::log::CONTEXT;
use crate::app::conversation::state::UnreadMarker;
use crate::app::{Chats, Context, Effect, Scroll, Viewed};
use crate::model::{ItemId, Place};
use crate::store::StoreWrite;
use crate::strings;

/// A pane of a terminal that is too narrow for two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The contact list on the left.
    Contacts,
    /// The conversation and the composer.
    Conversation,
}

/// Most jumps that can be undone.
const MAX_JUMPS: usize = 50;

/// Most scrolls that follow a jump while it waits for the local store; more are left out.
const MAX_LATER: usize = 64;

#[derive(Debug)]
pub(crate) struct Navigation {
    pub(crate) open: Option<ConversationId>,
    pub(crate) pane: Pane,
    pub(crate) selection: Option<ItemId>,
    /// Where jumps came from, the last one at the end.
    jumps: Vec<(ConversationId, Origin)>,
    /// The link that was copied last, counted from 0 in this message.
    pub(crate) copied_link: Option<(ItemId, usize)>,
    /// What the last drawn frame showed of the open conversation.
    pub(crate) viewed: Option<Viewed>,
    /// The last entry or gap that it showed.
    pub(crate) shown: Option<Seq>,
    /// Where to scroll once it is loaded.
    pub(crate) jump: Option<Jump>,
    /// Scrolls by the user that follow the jump once the local store has answered.
    later: Vec<Scroll>,
    pub(crate) focus: TerminalFocus,
}

/// Where in a conversation a jump began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// It led to another conversation: this one keeps its place by itself.
    Elsewhere,
    Message(Seq),
    Place(Place),
}

/// A scroll to an entry that may not be loaded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// To the end of the log.
    Newest,
    /// To the top of the pane.
    Top(Seq),
    Show(Seq),
    /// Into sight with what is around it, and selected.
    Select(Seq),
    /// As [`Select`](Self::Select), to the first message from this place on.
    SelectFrom(Seq),
    /// This row of it to the top of the pane.
    Row(Seq, u16),
}

impl Jump {
    const fn seq(self) -> Seq {
        match self {
            Self::Newest => Seq(u64::MAX),
            Self::Top(seq)
            | Self::Show(seq)
            | Self::Select(seq)
            | Self::SelectFrom(seq)
            | Self::Row(seq, _) => seq,
        }
    }

    /// How many entries above it are wanted.
    const fn context(self) -> u64 {
        match self {
            Self::Newest | Self::Top(_) | Self::Show(_) | Self::Row(..) => 0,
            Self::Select(_) | Self::SelectFrom(_) => CONTEXT,
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
            copied_link: None,
            viewed: None,
            shown: None,
            jump: None,
            later: Vec::new(),
            focus: TerminalFocus::default(),
        }
    }
}

impl Navigation {
    /// Forgets what is on the screen.
    fn leave(&mut self) {
        self.selection = None;
        self.viewed = None;
        self.shown = None;
        self.jump = None;
        self.later.clear();
    }

    /// Cancels the selection at the end of a jump after another input, which must not act on it.
    pub(crate) fn keep_selection(&mut self) {
        if let Some(Jump::Select(seq) | Jump::SelectFrom(seq)) = self.jump {
            self.jump = Some(Jump::Show(seq));
        }
    }

    pub(crate) fn forget_item(&mut self, id: ConversationId) {
        if self.open == Some(id) {
            self.leave();
        }
    }

    pub(crate) fn forget(&mut self, exists: impl Fn(&ConversationId) -> bool) {
        self.leave();
        self.open = self.open.filter(&exists);
        self.jumps.retain(|(id, _)| exists(id));
    }
}

impl Chats {
    pub(crate) fn restore_open(&mut self, id: ConversationId, cx: &mut Context) {
        if self.conversation_or_new(id).is_some() {
            self.enter(id, cx);
        }
    }

    /// Opens a conversation and remembers where the jump came from.
    pub(crate) fn jump_to(&mut self, id: ConversationId, cx: &mut Context) {
        if let Some(from) = self.navigation.open
            && from != id
        {
            let jump = (from, Origin::Elsewhere);
            self.navigation.jumps.retain(|other| *other != jump);
            self.note_jump(jump);
        }
        self.open(id, cx);
    }

    fn note_jump(&mut self, jump: (ConversationId, Origin)) {
        self.navigation.jumps.push(jump);
        if self.navigation.jumps.len() > MAX_JUMPS {
            self.navigation.jumps.remove(0);
        }
    }

    /// Shows another message of the open conversation, and remembers from which one.
    pub(crate) fn jump_to_message(&mut self, from: Seq, to: Seq, cx: &mut Context) {
        if let Some(open) = self.navigation.open {
            self.note_jump((open, Origin::Message(from)));
            self.navigation.selection = None;
            self.jump_in_log(Jump::Select(to), cx);
        }
    }

    /// Shows and selects an entry of a conversation, and remembers where the person was.
    pub(crate) fn jump_to_entry(&mut self, id: ConversationId, seq: Seq, cx: &mut Context) {
        self.jump_in(id, Jump::Select(seq), cx);
    }

    /// Shows and selects the first message of a conversation from a place on.
    pub(crate) fn jump_to_first_message(&mut self, id: ConversationId, seq: Seq, cx: &mut Context) {
        self.jump_in(id, Jump::SelectFrom(seq), cx);
    }

    fn jump_in(&mut self, id: ConversationId, jump: Jump, cx: &mut Context) {
        if self.navigation.open == Some(id) {
            let here = self.conversations.get(&id);
            let place = here.map_or(Place::Newest, |conversation| conversation.place);
            self.note_jump((id, Origin::Place(place)));
            self.navigation.pane = Pane::Conversation;
            self.navigation.selection = None;
        } else {
            self.jump_to(id, cx);
        }
        self.jump_in_log(jump, cx);
    }

    /// Opens a conversation: leaves the other one as it is, with its text and its place.
    pub(crate) fn open(&mut self, id: ConversationId, cx: &mut Context) {
        self.navigation.pane = Pane::Conversation;
        self.navigation.selection = None;
        if self.navigation.open == Some(id) || self.conversation_or_new(id).is_none() {
            return;
        }
        self.remember_place();
        // A room that the user has left is listed only while it is open.
        self.dirty.extend(self.navigation.open);
        if let Some(left) = self.open_conversation() {
            left.unread_marker = None;
            left.log.stay();
            left.trim(false);
        }
        self.save_all(cx);
        self.share_drafts(cx);
        cx.save(StoreWrite::Open(id));
        self.enter(id, cx);
        self.contacts.note_opened();
    }

    fn enter(&mut self, id: ConversationId, cx: &mut Context) {
        self.navigation.leave();
        let left = self.navigation.open.replace(id);
        if let Some(left) = left.filter(|left| *left != id)
            && let Some(conversation) = self.conversations.get_mut(&left)
        {
            conversation.trim(false);
        }
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        let count = conversation.unread();
        let first = conversation.first_unread();
        let is_at_newest = conversation.place == Place::Newest;
        conversation.unread_marker = first.map(|from| UnreadMarker { from, count });
        self.load_more(cx);
        if let Some(first) = first.filter(|_| is_at_newest) {
            self.jump_in_log(Jump::Show(first), cx);
        }
    }

    /// Notes the place of the open conversation as one that is to be saved.
    pub(crate) fn remember_place(&mut self) {
        if let Some(open) = self.navigation.open {
            self.unsaved.places.insert(open);
        }
    }

    /// Whether [`step`](Self::step) leads to another conversation.
    pub(crate) fn has_step(&self, steps: isize) -> bool {
        let order = &self.contacts.order;
        let last = self.contacts.shown_len().saturating_sub(1);
        let end = order.get(if steps < 0 { 0 } else { last });
        end.is_some_and(|(id, _)| Some(id) != self.navigation.open)
    }

    /// Opens the neighbour of the open conversation in the contact list.
    pub(crate) fn step(&mut self, steps: isize, cx: &mut Context) {
        let order = &self.contacts.order;
        let Some(last) = self.contacts.shown_len().checked_sub(1) else {
            cx.notice = Some(strings::status::NO_CONTACTS.to_owned());
            return;
        };
        let here = self.navigation.open.and_then(|id| order.index_of(id));
        let index = match here {
            Some(index) => index.saturating_add_signed(steps).min(last),
            None if steps < 0 => last,
            None => 0,
        };
        let pane = self.navigation.pane;
        if let Some((id, _)) = order.get(index) {
            self.open(id, cx);
        }
        self.navigation.pane = pane;
    }

    /// Opens the conversation at a position of the contact list, counted from 0.
    pub(crate) fn open_position(&mut self, index: usize, cx: &mut Context) {
        match self.contacts.order.get(index) {
            Some((id, _)) => self.jump_to(id, cx),
            None => cx.notice = Some(strings::status::no_position(index + 1)),
        }
    }

    pub(crate) fn go_back(&mut self, cx: &mut Context) {
        while let Some((id, origin)) = self.navigation.jumps.pop() {
            let is_here = self.navigation.open == Some(id);
            if !self.conversations.contains_key(&id) || (is_here && origin == Origin::Elsewhere) {
                continue;
            }
            self.open(id, cx);
            match origin {
                Origin::Elsewhere => {}
                Origin::Message(seq) => self.jump_in_log(Jump::Select(seq), cx),
                Origin::Place(Place::At {
                    item: ItemId::Entry(seq),
                    row,
                }) => self.jump_in_log(Jump::Row(seq, row), cx),
                Origin::Place(_) => self.scroll_newest(cx),
            }
            return;
        }
        cx.notice = Some(strings::status::NOTHING_TO_GO_BACK_TO.to_owned());
    }

    /// Scrolls to the first message that is, or was on coming here, unread.
    pub(crate) fn scroll_first_unread(&mut self, cx: &mut Context) {
        let Some(conversation) = self.open_conversation() else {
            return;
        };
        let marker = conversation.unread_marker.map(|marker| marker.from);
        match marker.or_else(|| conversation.first_unread()) {
            Some(seq) => self.jump_in_log(Jump::Top(seq), cx),
            None => cx.notice = Some(strings::status::NOTHING_UNREAD_HERE.to_owned()),
        }
    }

    /// Scrolls to an entry of the open conversation, loading it first where it is not.
    pub(crate) fn jump_in_log(&mut self, jump: Jump, cx: &mut Context) {
        let Some(conversation) = self.open_conversation() else {
            return;
        };
        let id = conversation.id;
        let load = if jump == Jump::Newest {
            conversation.log.go_to_newest(id)
        } else {
            conversation.log.go_to(id, jump.seq(), jump.context())
        };
        self.navigation.jump = Some(jump);
        self.navigation.later.clear();
        match load {
            Some(load) => cx.load(load),
            None => self.finish_jump(id, cx),
        }
    }

    /// Scrolls to where a jump leads, as far as that is here. While it leads into a gap it stays,
    /// and is finished by the page that fills the gap, unless the person scrolls meanwhile.
    pub(crate) fn finish_jump(&mut self, id: ConversationId, cx: &mut Context) {
        if self.navigation.open != Some(id) {
            return;
        }
        let Some(jump) = self.navigation.jump else {
            return;
        };
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        if conversation.log.is_moving() {
            return;
        }
        let wanted = jump;
        let jump = if let Jump::SelectFrom(seq) = wanted {
            Jump::Select(conversation.log.message_from(seq))
        } else {
            wanted
        };
        self.navigation.jump = None;
        // What the last frame showed may be out of sight in the next one.
        self.navigation.shown = None;
        if jump == Jump::Newest {
            conversation.place = Place::Newest;
            cx.effects.push(Effect::Scroll(Scroll::Newest));
        } else if let Some((seq, is_gap)) = conversation.log.part_at(jump.seq()) {
            let item = ItemId::Entry(seq);
            conversation.jumped_to = Some(seq);
            // The first unread message comes by itself, after the newest ones.
            let is_by_user = !matches!(jump, Jump::Show(_));
            conversation.awaited = (is_gap && is_by_user).then_some(jump.seq());
            self.navigation.jump = Some(wanted).filter(|_| is_gap);
            cx.effects.push(Effect::Scroll(match jump {
                Jump::Newest => Scroll::Newest,
                Jump::Top(_) => Scroll::Top(item),
                Jump::Show(_) => Scroll::Show(item),
                Jump::Select(_) | Jump::SelectFrom(_) => Scroll::Amid(item),
                Jump::Row(_, row) => Scroll::To(Place::At { item, row }),
            }));
            let entry = conversation.log.entry(seq);
            let is_message = entry.is_some_and(|entry| entry.content.is_message());
            if jump == Jump::Select(seq) && !is_gap && is_message && !cx.is_covered {
                self.navigation.selection = Some(item);
            }
        }
        self.unsaved.places.insert(id);
        for scroll in std::mem::take(&mut self.navigation.later) {
            self.scroll(scroll, cx);
        }
    }

    /// Whether the person looks at the oldest part of what is loaded there.
    pub(crate) fn wants_older(&self, id: ConversationId) -> bool {
        let is_at_oldest = |viewed: &Viewed| viewed.conversation == id && viewed.at_oldest;
        self.navigation.viewed.as_ref().is_some_and(is_at_oldest)
    }

    /// Reads from the local store what the person is about to see.
    pub(super) fn load_more(&mut self, cx: &mut Context) {
        let Some(id) = self.navigation.open else {
            return;
        };
        let at_oldest = self.wants_older(id);
        let viewed = self.navigation.viewed.and_then(|viewed| viewed.visible);
        let Some(conversation) = self.conversations.get_mut(&id) else {
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
            cx.load(load);
        }
    }

    /// Scrolls as the person wishes, which ends a jump that waits for an entry of the server. A jump
    /// that waits for the local store comes first.
    pub(crate) fn scroll(&mut self, scroll: Scroll, cx: &mut Context) {
        let is_moving = self.opened().is_some_and(|open| open.log.is_moving());
        if is_moving && self.navigation.jump.is_some() {
            if self.navigation.later.len() < MAX_LATER {
                self.navigation.later.push(scroll);
            }
            return;
        }
        self.navigation.jump = None;
        cx.effects.push(Effect::Scroll(scroll));
    }

    /// Moves the selection of an own message from the outbox to its entry.
    pub(crate) fn follow_accepted(&mut self, id: ConversationId, entry: &Entry) {
        if self.navigation.open == Some(id)
            && self.navigation.selection == Some(ItemId::Pending(entry.id))
        {
            self.navigation.selection = Some(ItemId::Entry(entry.seq));
        }
    }

    /// Scrolls to the first message that the user may see.
    pub(crate) fn scroll_oldest(&mut self, cx: &mut Context) {
        if let Some(conversation) = self.opened() {
            let first = conversation.log.first;
            self.jump_in_log(Jump::Top(first), cx);
        }
    }

    pub(crate) fn scroll_newest(&mut self, cx: &mut Context) {
        self.jump_in_log(Jump::Newest, cx);
    }
}
