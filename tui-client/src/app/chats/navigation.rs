//! Navigation: the open conversation, jumps between conversations, and the place in each.
//!
//! Only the person's own acts change what is open; arrivals never do.

use recado_shared::{ConversationId, Entry, Seq};

use crate::app::chats::Chats;
use crate::app::chats::position::{Jump, MAX_JUMPS, Origin, Pane};
use crate::app::context::Context;
use crate::app::conversation::log::Part;
use crate::app::conversation::state::UnreadMarker;
use crate::app::effect::{Effect, Scroll};
use crate::app::event::Viewed;
use crate::model::{ItemId, Place};
use crate::store::StoreWrite;
use crate::strings;

impl Chats {
    /// Opens what was open when the program was last left.
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
        if self.navigation.open == Some(id) {
            let here = self.conversations.get(&id);
            let place = here.map_or(Place::Newest, |conversation| conversation.place);
            self.note_jump((id, Origin::Place(place)));
            self.navigation.pane = Pane::Conversation;
            self.navigation.selection = None;
        } else {
            self.jump_to(id, cx);
        }
        self.jump_in_log(Jump::Select(seq), cx);
    }

    /// Opens a conversation: leaves the other one as it is, with its text and its place.
    pub(crate) fn open(&mut self, id: ConversationId, cx: &mut Context) {
        self.navigation.pane = Pane::Conversation;
        self.navigation.selection = None;
        if self.navigation.open == Some(id) || self.conversation_or_new(id).is_none() {
            return;
        }
        self.remember_place();
        if let Some(left) = self.open_conversation() {
            left.unread_marker = None;
            left.trim(false);
        }
        self.save_all(cx);
        self.share_drafts(cx);
        cx.save(StoreWrite::Open(id));
        self.enter(id, cx);
        self.contacts.mark_stale();
    }

    fn enter(&mut self, id: ConversationId, cx: &mut Context) {
        self.navigation.leave();
        self.navigation.open = Some(id);
        let Some(conversation) = self.conversations.get_mut(&id) else {
            return;
        };
        let unread = conversation.unread();
        let first = conversation.first_unread();
        let is_at_newest = conversation.place == Place::Newest;
        conversation.unread_marker = first.map(|from| UnreadMarker {
            from,
            count: unread,
        });
        self.load_more(cx);
        if let Some(first) = first.filter(|_| is_at_newest) {
            self.jump_in_log(Jump::Show(first), cx);
        }
    }

    /// Notes the place of the open conversation as one that is to be saved.
    pub(crate) fn remember_place(&mut self) {
        if let Some(id) = self.navigation.open {
            self.unsaved.place(id);
        }
    }

    /// Opens the neighbour of the open conversation in the contact list.
    pub(crate) fn step(&mut self, steps: isize, cx: &mut Context) {
        let order = self.contacts.order();
        let Some(last) = order.len().checked_sub(1) else {
            cx.notice = Some(strings::status::NO_CONTACTS.to_owned());
            return;
        };
        let here = order
            .iter()
            .position(|&(id, _)| Some(id) == self.navigation.open);
        let index = match here {
            Some(index) => index.saturating_add_signed(steps).min(last),
            None if steps < 0 => last,
            None => 0,
        };
        let pane = self.navigation.pane;
        self.open(order[index].0, cx);
        self.navigation.pane = pane;
    }

    /// Opens the conversation at a position of the contact list, counted from 0.
    pub(crate) fn open_position(&mut self, index: usize, cx: &mut Context) {
        match self.contacts.order().get(index) {
            Some(&(id, _)) => self.jump_to(id, cx),
            None => cx.notice = Some(strings::status::no_position(index + 1)),
        }
    }

    /// Returns to where the last jump came from.
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
                Origin::Place(
                    Place::Newest
                    | Place::At {
                        item: ItemId::Pending(_),
                        ..
                    },
                ) => self.scroll_newest(cx),
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
        let line = conversation.unread_marker.map(|line| line.from);
        match line.or_else(|| conversation.first_unread()) {
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
        let load = conversation.log.go_to(id, jump.seq(), jump.context());
        self.navigation.jump = Some(jump);
        match load {
            Some(load) => cx.effects.push(Effect::Load(load)),
            None => self.finish_jump(id, cx),
        }
    }

    /// Scrolls to where a jump leads, as far as that is here. While it leads into a gap it stays,
    /// and is finished by the page that fills the gap, unless the person scrolls meanwhile.
    pub(crate) fn finish_jump(&mut self, id: ConversationId, cx: &mut Context) {
        if self.navigation.open != Some(id) {
            return;
        }
        let Some(jump) = self.navigation.jump.take() else {
            return;
        };
        let Some(conversation) = self.conversations.get(&id) else {
            return;
        };
        let wanted = jump.seq();
        let at_or_after = |part: Part<'_>| match part {
            Part::Entry(entry) => (entry.seq >= wanted).then_some((entry.seq, false)),
            Part::Gap(gap) => (gap.last >= wanted).then_some((gap.first, true)),
        };
        let found = conversation.log.parts().find_map(at_or_after);
        if let Some((seq, is_gap)) = found {
            self.navigation.jump = Some(jump).filter(|_| is_gap);
            // What the last frame showed may be out of sight in the next one.
            self.navigation.shown = None;
            let item = ItemId::Entry(seq);
            cx.effects.push(Effect::Scroll(match jump {
                Jump::Top(_) => Scroll::Top(item),
                Jump::Show(_) => Scroll::Show(item),
                Jump::Select(_) => Scroll::Amid(item),
                Jump::Row(_, row) => Scroll::To(Place::At { item, row }),
            }));
            let entry = conversation.log.entry(seq);
            let is_message = entry.is_some_and(|entry| entry.content.is_message());
            if jump == Jump::Select(seq) && !is_gap && is_message && !cx.is_covered {
                self.navigation.selection = Some(item);
            }
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
            cx.effects.push(Effect::Load(load));
        }
    }

    /// Scrolls as the person wishes, which ends a jump that waits for its entry.
    pub(crate) fn scroll(&mut self, scroll: Scroll, cx: &mut Context) {
        self.navigation.jump = None;
        cx.effects.push(Effect::Scroll(scroll));
    }

    /// An own message got its place: what pointed at it in the outbox points at the entry.
    pub(crate) fn follow_accepted(&mut self, id: ConversationId, entry: &Entry) {
        if self.navigation.open == Some(id)
            && self.navigation.selection == Some(ItemId::Pending(entry.id))
        {
            self.navigation.selection = Some(ItemId::Entry(entry.seq));
        }
    }

    /// Shows the newest messages and stays there.
    pub(crate) fn scroll_newest(&mut self, cx: &mut Context) {
        if let Some(conversation) = self.open_conversation() {
            let id = conversation.id;
            let load = conversation.log.go_to_newest(id);
            cx.effects.extend(load.map(Effect::Load));
        }
        self.scroll(Scroll::Newest, cx);
    }
}
