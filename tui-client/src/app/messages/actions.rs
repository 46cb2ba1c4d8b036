//! Actions on the selected message: reply, edit, delete, react, show earlier versions.

use recado_shared::{Content, ConversationId, Emoji, Entry, MessageBody, Role, Seq};

use crate::app::chats::Chats;
use crate::app::chats::position::Pane;
use crate::app::composer::Composer;
use crate::app::composer::markup::message_of;
use crate::app::context::Context;
use crate::app::conversation::originals::is_shown;
use crate::app::conversation::state::{Conversation, Purpose};
use crate::app::effect::Effect;
use crate::app::messages::selection::{self, body_of};
use crate::app::session::Session;
use crate::app::session::outbox::{MAX_OUTBOX, is_failed};
use crate::model::ItemId;
use crate::strings;

/// The first link in a text.
fn first_link(text: &str) -> Option<&str> {
    let start = ["https://", "http://"]
        .into_iter()
        .filter_map(|scheme| text.find(scheme))
        .min()?;
    let link = text[start..]
        .split(|c: char| c.is_whitespace() || "<>\"".contains(c))
        .next()?;
    let link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']);
    (link.len() > "https://".len()).then_some(link)
}

/// Sends what is written in the open conversation. Text that cannot be sent stays.
pub(crate) fn submit(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let is_full = session.outbox.is_full();
    let Some(conversation) = chats.open_conversation() else {
        return;
    };
    let text = message_of(conversation.composer.text().trim_end());
    if text.is_empty() {
        chats.navigation.pane = Pane::Conversation;
        return;
    }
    if let Some(reason) = silence_reason(conversation) {
        cx.notice = Some(reason);
        return;
    }
    let body = match MessageBody::new(text.as_ref()) {
        Ok(body) => body,
        Err(error) => {
            cx.notice = Some(error.to_string());
            return;
        }
    };
    if is_full {
        cx.notice = Some(strings::errors::outbox_full(MAX_OUTBOX));
        return;
    }
    conversation.unread_marker = None;
    let id = conversation.id;
    match std::mem::take(&mut conversation.purpose) {
        Purpose::New => {
            conversation.composer.take();
            session.queue(chats, id, Content::Message(body), cx);
        }
        Purpose::Reply(to) => {
            conversation.composer.take();
            session.queue(chats, id, Content::Reply { to, body }, cx);
        }
        Purpose::Edit { target, kept } => {
            conversation.composer = *kept;
            edit_message(chats, session, id, target, body, cx);
            return;
        }
    }
    chats.scroll_newest(cx);
}

/// The selected message of the open conversation, with its conversation; says what is missing
/// otherwise.
pub(crate) fn selected_message<'a>(
    chats: &'a Chats,
    session: &Session,
    what: &str,
    cx: &mut Context,
) -> Option<(ConversationId, &'a Entry)> {
    let reason = match (chats.navigation.open, chats.navigation.selection) {
        (Some(id), Some(ItemId::Entry(seq))) => {
            let conversation = chats.conversations.get(&id)?;
            let entry = conversation.log.entry(seq)?;
            let deletion = Content::Deletion { target: seq };
            let mut waiting = session.outbox.of(id);
            let is_being_deleted = waiting.any(|p| p.content == deletion && !is_failed(p));
            let is_deleted = is_being_deleted || conversation.folding.is_deleted(entry);
            if is_shown(&entry.content) && !is_deleted {
                return Some((id, entry));
            }
            strings::errors::MESSAGE_DELETED.to_owned()
        }
        (_, Some(ItemId::Pending(_))) => strings::errors::MESSAGE_NOT_SENT.to_owned(),
        (_, None) | (None, _) => strings::errors::select_first(what),
    };
    cx.notice = Some(reason);
    None
}

/// What is written next replies to the selected message.
pub(crate) fn reply_to_selected(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let Some((_, entry)) = selected_message(chats, session, strings::errors::REPLY_TO_IT, cx)
    else {
        return;
    };
    let original = entry.clone();
    chats.navigation.selection = None;
    chats.navigation.pane = Pane::Conversation;
    drop_purpose(chats);
    if let Some(conversation) = chats.open_conversation() {
        conversation.purpose = Purpose::Reply(original.seq);
        // It is quoted also when it is not loaded any more.
        conversation.keep_original(original);
    }
}

/// Puts the text of the selected own message into the composer; what is there comes back
/// afterwards.
pub(crate) fn edit_selected(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let me = chats.user();
    let Some((_, entry)) = selected_message(chats, session, strings::errors::EDIT_IT, cx) else {
        return;
    };
    if Some(entry.author) != me {
        cx.notice = Some(strings::errors::ONLY_AUTHOR_EDITS.to_owned());
        return;
    }
    let target = entry.seq;
    let text = current_text(chats, session, target);
    chats.navigation.selection = None;
    chats.navigation.pane = Pane::Conversation;
    drop_purpose(chats);
    if let Some(conversation) = chats.open_conversation() {
        let editing = Composer::with_text(&text);
        let kept = Box::new(std::mem::replace(&mut conversation.composer, editing));
        conversation.purpose = Purpose::Edit { target, kept };
    }
}

/// A message as it will read once everything in the outbox has arrived.
fn current_text(chats: &Chats, session: &Session, target: Seq) -> String {
    let Some(conversation) = chats.opened() else {
        return String::new();
    };
    let mut waiting = session.outbox.of(conversation.id).rev();
    // Of the contents that have a target, only edits have a body.
    let waiting =
        waiting.find(|p| p.content.target() == Some(target) && p.content.body().is_some());
    let waiting = waiting.map(|pending| body_of(&pending.content));
    let entry = conversation.log.entry(target);
    let text = waiting.or_else(|| Some(conversation.folding.text(entry?)));
    text.unwrap_or_default().to_owned()
}

/// The composer is for a new message again. Returns whether it was for something else.
pub(crate) fn drop_purpose(chats: &mut Chats) -> bool {
    let Some(conversation) = chats.open_conversation() else {
        return false;
    };
    match std::mem::take(&mut conversation.purpose) {
        Purpose::New => false,
        Purpose::Reply(_) => true,
        Purpose::Edit { kept, .. } => {
            conversation.composer = *kept;
            true
        }
    }
}

/// Sends another text of a message, if it is another one.
fn edit_message(
    chats: &mut Chats,
    session: &mut Session,
    id: ConversationId,
    target: Seq,
    body: MessageBody,
    cx: &mut Context,
) {
    if current_text(chats, session, target) == body.as_str() {
        cx.notice = Some(strings::errors::SAME_TEXT.to_owned());
    } else {
        session.queue(chats, id, Content::Edit { target, body }, cx);
    }
}

/// Deletes the selected message for all members, at the second time.
pub(crate) fn delete_selected(
    chats: &mut Chats,
    session: &mut Session,
    was_marked: Option<ItemId>,
    cx: &mut Context,
) {
    let me = chats.user();
    let Some((id, entry)) = selected_message(chats, session, strings::errors::DELETE_IT, cx) else {
        return;
    };
    let (target, is_own) = (entry.seq, Some(entry.author) == me);
    let is_message = entry.content.is_message();
    let role = chats.room_info(id).map_or(Role::Member, |info| info.role);
    if !is_message || !(is_own || role >= Role::Moderator) {
        let reason = strings::errors::ONLY_AUTHOR_DELETES;
        cx.notice = Some(reason.to_owned());
        return;
    }
    let item = ItemId::Entry(target);
    if was_marked == Some(item) {
        session.queue(chats, id, Content::Deletion { target }, cx);
    } else {
        chats.navigation.marked_for_deletion = Some(item);
        let reason = strings::errors::DELETE_AGAIN;
        cx.notice = Some(reason.to_owned());
    }
}

/// Reacts to a message of the open conversation, or takes the same reaction back.
pub(crate) fn react(
    chats: &mut Chats,
    session: &mut Session,
    target: Seq,
    emoji: Emoji,
    cx: &mut Context,
) {
    let (Some(id), Some(me)) = (chats.navigation.open, chats.user()) else {
        return;
    };
    let Some(conversation) = chats.conversations.get(&id) else {
        return;
    };
    let added = Content::ReactionAdded {
        target,
        emoji: emoji.clone(),
    };
    let has_reaction = conversation.folding.has_reaction(target, &emoji, me);
    let removed = Content::ReactionRemoved { target, emoji };
    let waiting = session
        .outbox
        .of(id)
        .rev()
        .map(|pending| &pending.content)
        .find(|content| **content == added || **content == removed);
    let is_on = waiting.map_or(has_reaction, |content| *content == added);
    session.queue(chats, id, if is_on { removed } else { added }, cx);
}

/// What the selected message was before it was edited, for the overlay that shows it.
pub(crate) fn edited_message(
    chats: &mut Chats,
    session: &mut Session,
    cx: &mut Context,
) -> Option<(ConversationId, Seq)> {
    let (id, entry) = selected_message(chats, session, strings::errors::SHOW_VERSIONS, cx)?;
    let seq = entry.seq;
    let conversation = chats.conversations.get(&id)?;
    let entry = conversation.log.entry(seq);
    if let Some(entry) = entry.filter(|entry| chats.is_hidden(conversation, entry)) {
        let name = chats.name_of(entry.author);
        cx.notice = Some(format!("{name}: {}", conversation.folding.text(entry)));
        return None;
    }
    if entry.is_none_or(|entry| conversation.folding.last_edit(entry.seq).is_none()) {
        cx.notice = Some(strings::errors::NO_EARLIER_VERSIONS.to_owned());
        return None;
    }
    Some((id, seq))
}

/// Copies the first link of the selected message.
pub(crate) fn copy_link(chats: &mut Chats, session: &mut Session, cx: &mut Context) {
    let text = chats
        .navigation
        .selection
        .and_then(|item| selection::message_text(chats, session, item));
    match text.and_then(first_link).map(str::to_owned) {
        Some(link) => {
            cx.notice = Some(strings::errors::copied(&link));
            cx.effects.push(Effect::Copy(link));
        }
        None => cx.notice = Some(strings::errors::NO_LINK.to_owned()),
    }
}

/// Enter on a selected message: shows what it replies to, else goes back to writing.
pub(crate) fn accept_selected(chats: &mut Chats, cx: &mut Context) {
    if !jump_to_original(chats, cx) {
        chats.navigation.selection = None;
    }
}

fn jump_to_original(chats: &mut Chats, cx: &mut Context) -> bool {
    let Some(ItemId::Entry(from)) = chats.navigation.selection else {
        return false;
    };
    let open = chats.opened();
    let entry = open.and_then(|conversation| conversation.log.entry(from));
    let Some(to) = entry.and_then(|entry| entry.content.reply_to()) else {
        return false;
    };
    chats.jump_to_message(from, to, cx);
    true
}

/// Why nothing can be written there, with what to do about it.
fn silence_reason(conversation: &Conversation) -> Option<String> {
    let room = conversation.room()?;
    strings::errors::cannot_write(room.membership(), room.label())
}

#[cfg(test)]
mod tests {
    use super::first_link;

    #[test]
    fn links_end_where_people_end_them() {
        let text = "see (https://a.example/b?c=1), or http://d.example";
        assert_eq!(first_link(text), Some("https://a.example/b?c=1"));
        assert_eq!(first_link("https:// nothing"), None);
        assert_eq!(first_link("no link"), None);
    }
}
