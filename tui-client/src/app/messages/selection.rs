//! A selected message, and what one does with it.

use recado_shared::{Content, Entry, MessageBody, MessageId};

use crate::app::chats::Chats;
use crate::app::composer::markup::escaped;
use crate::app::context::Context;
use crate::app::conversation::state::Conversation;
use crate::app::effect::{Effect, Scroll};
use crate::app::session::Session;
use crate::app::session::outbox::is_failed;
use crate::model::ItemId;
use crate::store::PendingState;
use crate::strings;

/// The text of what an entry holds; empty where it has none.
pub(crate) fn body_of(content: &Content) -> &str {
    content.body().map_or("", MessageBody::as_str)
}

/// The text of a message of the open conversation.
pub(crate) fn message_text<'a>(
    chats: &'a Chats,
    session: &'a Session,
    item: ItemId,
) -> Option<&'a str> {
    let conversation = chats.conversations.get(&chats.navigation.open?)?;
    match item {
        ItemId::Entry(seq) => {
            let entry = conversation.log.entry(seq)?;
            let is_message = entry.content.is_message();
            is_message.then(|| conversation.folding.text(entry))
        }
        ItemId::Pending(id) => {
            let queued = session.outbox.find(id)?;
            let pending = &queued.pending;
            let is_here = pending.conversation == conversation.id && pending.content.is_message();
            is_here.then(|| body_of(&queued.pending.content))
        }
    }
}

/// The message above another one, or the newest.
fn above(session: &Session, conversation: &Conversation, item: Option<ItemId>) -> Option<ItemId> {
    let is_above = |id: ItemId| item.is_none_or(|item| id < item);
    let mut pending = session.outbox.of(conversation.id).rev();
    let pending = pending.find(|p| p.content.is_message() && is_above(ItemId::Pending(p.id)));
    let entry = || {
        let mut loaded = conversation.log.loaded().rev();
        loaded.find(|e| e.content.is_message() && is_above(ItemId::Entry(e.seq)))
    };
    match pending {
        Some(pending) if conversation.log.follows_newest() => Some(ItemId::Pending(pending.id)),
        Some(_) | None => entry().map(|entry| ItemId::Entry(entry.seq)),
    }
}

/// The message below another one.
fn below(session: &Session, conversation: &Conversation, item: ItemId) -> Option<ItemId> {
    let mut loaded = conversation.log.loaded();
    let is_below = |entry: &&Entry| entry.content.is_message() && ItemId::Entry(entry.seq) > item;
    if let Some(entry) = loaded.find(is_below) {
        return Some(ItemId::Entry(entry.seq));
    }
    let mut pending = session.outbox.of(conversation.id);
    pending
        .find(|p| p.content.is_message() && ItemId::Pending(p.id) > item)
        .map(|pending| ItemId::Pending(pending.id))
}

pub(crate) fn select_newest(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let open = chats.opened();
    let newest = open.and_then(|conversation| above(session, conversation, None));
    move_selection(chats, newest, cx);
}

pub(crate) fn select_previous(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let open = chats.opened();
    let selected = chats.navigation.selection;
    let above = open.and_then(|conversation| above(session, conversation, selected));
    move_selection(chats, above, cx);
}

/// Selects the message below; below the newest one is the composer.
pub(crate) fn select_next(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let open = chats.opened();
    let below = open
        .zip(chats.navigation.selection)
        .and_then(|(conversation, selected)| below(session, conversation, selected));
    match below {
        Some(item) => move_selection(chats, Some(item), cx),
        None => chats.navigation.selection = None,
    }
}

fn move_selection(chats: &mut Chats, item: Option<ItemId>, cx: &mut Context) {
    if let Some(item) = item {
        chats.navigation.selection = Some(item);
        chats.scroll(Scroll::Show(item), cx);
    }
}

pub(crate) fn copy_selected(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let text = chats
        .navigation
        .selection
        .and_then(|item| message_text(chats, session, item));
    match text.map(str::to_owned) {
        Some(text) => {
            cx.effects.push(Effect::Copy(text));
            cx.notice = Some(strings::errors::COPIED.to_owned());
        }
        None => cx.notice = Some(strings::errors::SELECT_TO_COPY.to_owned()),
    }
}

/// Sends the selected failed message again, or all failed ones of the open conversation.
pub(crate) fn retry(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let Some(open) = chats.navigation.open else {
        return;
    };
    let selected = selected_waiting(chats, session);
    let is_meant = |id: MessageId| selected.is_none_or(|selected| selected == id);
    let failed: Vec<_> = session
        .outbox
        .of(open)
        .filter(|pending| is_failed(pending) && is_meant(pending.id))
        .map(|pending| pending.id)
        .collect();
    if failed.is_empty() {
        cx.notice = Some(strings::errors::NOTHING_FAILED.to_owned());
    }
    for id in failed {
        session.set_pending(id, PendingState::Waiting, cx);
    }
}

/// What waits in the outbox where the selection stands: a message, or the last thing that is
/// done with one.
fn selected_waiting(chats: &Chats, session: &Session) -> Option<MessageId> {
    match chats.navigation.selection? {
        ItemId::Pending(id) => Some(id),
        ItemId::Entry(seq) => {
            let mut waiting = session.outbox.of(chats.navigation.open?).rev();
            let last = waiting.find(|pending| pending.content.target() == Some(seq));
            last.map(|pending| pending.id)
        }
    }
}

/// Takes the selected message, or what is done with it, out of the outbox, its text back into the composer.
pub(crate) fn take_back(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let Some(id) = selected_waiting(chats, session) else {
        cx.notice = Some(strings::errors::ONLY_UNSENT.to_owned());
        return;
    };
    let Some(queued) = session.outbox.find(id) else {
        chats.navigation.selection = None;
        return;
    };
    let may_have_arrived = queued.was_sent && !is_failed(&queued.pending);
    if may_have_arrived && session.link.is_up() {
        let reason = strings::errors::BEING_SENT;
        cx.notice = Some(reason.to_owned());
        return;
    }
    // Without a link this stays unknown, and the outbox must not be a trap.
    if may_have_arrived && session.outbox.warn(id) {
        let reason = strings::errors::MAY_HAVE_ARRIVED;
        cx.notice = Some(reason.to_owned());
        return;
    }
    let Some(pending) = session.outbox.remove(id) else {
        return;
    };
    chats.navigation.selection = None;
    let Some(conversation) = chats.conversations.get_mut(&pending.conversation) else {
        return;
    };
    if let Some(body) = pending.content.body() {
        if !conversation.composer.is_empty() {
            conversation.composer.insert("\n");
        }
        conversation.composer.insert(&escaped(body.as_str()));
    }
    chats.drafts.change(pending.conversation);
    session.remove_pending(chats, id, pending.conversation, cx);
}

/// Drops a selection whose message is not loaded any more.
pub(crate) fn check_selection(chats: &mut Chats, session: &mut Session) {
    if let Some(item) = chats.navigation.selection
        && message_text(chats, session, item).is_none()
    {
        chats.navigation.selection = None;
    }
}
