//! What one does with a selected message: reply, edit, delete, react, look at what it was.

use recado_shared::{Content, ConversationId, Emoji, Entry, MessageBody, Now, Role, Seq};

use crate::app::composer::Composer;
use crate::app::conversation::folding::is_shown;
use crate::app::conversation::state::Purpose;
use crate::app::overlay::switcher::OverlayState;
use crate::app::session::outbox::is_failed;
use crate::app::view::screen::{ItemId, Overlay, Pane};
use crate::app::{App, Effect};

impl App {
    /// The selected message of the open conversation, with its conversation; says what is missing
    /// otherwise.
    fn selected_message(&mut self, what: &str) -> Option<(ConversationId, &Entry)> {
        let why = match (self.chats.nav.open, self.chats.nav.selection) {
            (Some(id), Some(ItemId::Entry(seq))) => {
                let conversation = self.chats.conversations.get(&id)?;
                let entry = conversation.log.entry(seq)?;
                let deletion = Content::Deletion { target: seq };
                let mut waiting = self.session.outbox.of(id);
                let is_doomed = waiting.any(|p| p.content == deletion && !is_failed(p));
                let is_deleted = is_doomed || conversation.folding.is_deleted(entry);
                if is_shown(&entry.content) && !is_deleted {
                    return Some((id, entry));
                }
                "that message was deleted".to_owned()
            }
            (_, Some(ItemId::Pending(_))) => "that message is not sent yet".to_owned(),
            (_, None) | (None, _) => format!("select a message first, then {what}"),
        };
        self.cx.notice = Some(why);
        None
    }

    /// What is written next replies to the selected message.
    pub(in crate::app) fn reply_to_selected(&mut self) {
        let Some((_, entry)) = self.selected_message("reply to it") else {
            return;
        };
        let original = entry.clone();
        self.chats.nav.selection = None;
        self.chats.nav.pane = Pane::Conversation;
        self.drop_purpose();
        if let Some(conversation) = self.open_conversation() {
            conversation.purpose = Purpose::Reply(original.seq);
            // It is quoted also when it is not loaded any more.
            conversation.folding.keep_original(original);
        }
    }

    /// Puts the text of the selected own message into the composer; what is there comes back
    /// afterwards.
    pub(in crate::app) fn edit_selected(&mut self) {
        let me = self.user();
        let Some((_, entry)) = self.selected_message("edit it") else {
            return;
        };
        if Some(entry.author) != me {
            self.cx.notice = Some("only its author can edit a message".to_owned());
            return;
        }
        let target = entry.seq;
        let text = self.current_text(target);
        self.chats.nav.selection = None;
        self.chats.nav.pane = Pane::Conversation;
        self.drop_purpose();
        if let Some(conversation) = self.open_conversation() {
            let editing = Composer::with_text(&text);
            let kept = Box::new(std::mem::replace(&mut conversation.composer, editing));
            conversation.purpose = Purpose::Edit { target, kept };
        }
    }

    /// A message as it will read once everything in the outbox has arrived.
    fn current_text(&self, target: Seq) -> String {
        let Some(conversation) = self
            .chats
            .nav
            .open
            .and_then(|id| self.chats.conversations.get(&id))
        else {
            return String::new();
        };
        let mut waiting = self.session.outbox.of(conversation.id).rev();
        let waiting = waiting.find_map(|pending| match &pending.content {
            Content::Edit { target: at, body } if *at == target => Some(body.as_str()),
            Content::Edit { .. }
            | Content::ReactionAdded { .. }
            | Content::ReactionRemoved { .. }
            | Content::Message(_)
            | Content::Reply { .. }
            | Content::Emote(_)
            | Content::Deletion { .. }
            | Content::Room(_)
            | Content::Erased(_)
            | Content::AuthorRemoved => None,
        });
        let entry = conversation.log.entry(target);
        let text = waiting.or_else(|| Some(conversation.folding.text(entry?)));
        text.unwrap_or_default().to_owned()
    }

    /// The composer is for a new message again. Returns whether it was for something else.
    pub(in crate::app) fn drop_purpose(&mut self) -> bool {
        let Some(conversation) = self.open_conversation() else {
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
    pub(in crate::app) fn edit_message(
        &mut self,
        id: ConversationId,
        target: Seq,
        body: MessageBody,
        now: Now,
    ) {
        if self.current_text(target) == body.as_str() {
            self.cx.notice = Some("the text is the same as before".to_owned());
        } else {
            self.queue(id, Content::Edit { target, body }, now);
        }
    }

    /// Deletes the selected message for everybody, at the second time.
    pub(in crate::app) fn delete_selected(&mut self, was_doomed: Option<ItemId>, now: Now) {
        let me = self.user();
        let Some((id, entry)) = self.selected_message("delete it") else {
            return;
        };
        let (target, is_own) = (entry.seq, Some(entry.author) == me);
        let is_message = entry.content.is_message();
        let role = self.room_facts(id).map_or(Role::Member, |facts| facts.role);
        if !is_message || !(is_own || role >= Role::Moderator) {
            let why = "only its author, or a moderator of the room, can delete a message";
            self.cx.notice = Some(why.to_owned());
            return;
        }
        let item = ItemId::Entry(target);
        if was_doomed == Some(item) {
            self.queue(id, Content::Deletion { target }, now);
        } else {
            self.chats.nav.doomed = Some(item);
            let why = "press the key again to delete this message for everybody";
            self.cx.notice = Some(why.to_owned());
        }
    }

    /// Reacts to a message of the open conversation, or takes the same reaction back.
    pub(in crate::app) fn react(&mut self, target: Seq, emoji: Emoji, now: Now) {
        let (Some(id), Some(me)) = (self.chats.nav.open, self.user()) else {
            return;
        };
        let Some(conversation) = self.chats.conversations.get(&id) else {
            return;
        };
        let waiting = self
            .session
            .outbox
            .of(id)
            .rev()
            .find_map(|pending| match &pending.content {
                Content::ReactionAdded {
                    target: at,
                    emoji: e,
                } => (*at == target && *e == emoji).then_some(true),
                Content::ReactionRemoved {
                    target: at,
                    emoji: e,
                } => (*at == target && *e == emoji).then_some(false),
                Content::Edit { .. }
                | Content::Message(_)
                | Content::Reply { .. }
                | Content::Emote(_)
                | Content::Deletion { .. }
                | Content::Room(_)
                | Content::Erased(_)
                | Content::AuthorRemoved => None,
            });
        let is_on =
            waiting.unwrap_or_else(|| conversation.folding.has_reaction(target, &emoji, me));
        let content = if is_on {
            Content::ReactionRemoved { target, emoji }
        } else {
            Content::ReactionAdded { target, emoji }
        };
        self.queue(id, content, now);
    }

    /// Opens the picker of reactions for the selected message.
    pub(in crate::app) fn react_to_selected(&mut self) {
        if let Some((_, entry)) = self.selected_message("react to it") {
            let target = entry.seq;
            self.open_picker(target);
        }
    }

    /// Shows what the selected message was before it was edited.
    pub(in crate::app) fn show_versions(&mut self) {
        let Some((id, entry)) = self.selected_message("look at what it was") else {
            return;
        };
        let seq = entry.seq;
        let Some(conversation) = self.chats.conversations.get(&id) else {
            return;
        };
        let entry = conversation.log.entry(seq);
        if let Some(entry) = entry.filter(|entry| self.is_hidden(conversation, entry)) {
            let name = self.name_of(entry.author);
            self.cx.notice = Some(format!("{name}: {}", conversation.folding.text(entry)));
            return;
        }
        let is_edited = entry.is_some_and(|entry| conversation.folding.is_edited(entry));
        if is_edited {
            self.overlay = Some(OverlayState::Versions {
                conversation: id,
                seq,
                scroll: 0,
            });
        } else {
            self.cx.notice = Some("that message was not edited".to_owned());
        }
    }

    /// All texts of a message, each with its time.
    pub(in crate::app) fn versions_view(
        &self,
        id: ConversationId,
        seq: Seq,
        scroll: u16,
    ) -> Overlay<'_> {
        let conversation = self.chats.conversations.get(&id);
        let entry = conversation.and_then(|c| Some((c, c.log.entry(seq)?)));
        Overlay::Versions {
            texts: entry.map_or(Vec::new(), |(c, entry)| c.folding.versions(entry)),
            scroll,
        }
    }

    /// Copies the first link of the selected message.
    pub(in crate::app) fn copy_link(&mut self) {
        let text = self
            .chats
            .nav
            .selection
            .and_then(|item| self.message_text(item));
        match text.and_then(first_link).map(str::to_owned) {
            Some(link) => {
                self.cx.notice = Some(format!("copied: {link}"));
                self.cx.effects.push(Effect::Copy(link));
            }
            None => self.cx.notice = Some("that message has no link".to_owned()),
        }
    }

    /// Enter on a selected message: shows what it replies to, else goes back to writing.
    pub(in crate::app) fn accept_selected(&mut self) {
        if !self.jump_to_original() {
            self.chats.nav.selection = None;
        }
    }

    fn jump_to_original(&mut self) -> bool {
        let Some(ItemId::Entry(from)) = self.chats.nav.selection else {
            return false;
        };
        let open = self
            .chats
            .nav
            .open
            .and_then(|id| self.chats.conversations.get(&id));
        let entry = open.and_then(|conversation| conversation.log.entry(from));
        let Some(to) = entry.and_then(|entry| entry.content.reply_to()) else {
            return false;
        };
        self.jump_to_message(from, to);
        true
    }
}

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
