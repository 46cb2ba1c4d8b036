//! The text of the input box in the editor of the user.

use recado_shared::Now;
use recado_shared::limits::MAX_BODY_LEN;

use crate::app::App;
use crate::app::conversation::state::Purpose;
use crate::app::effect::Effect;
use crate::strings;

impl App {
    /// Opens the text of the input box in the editor; with a selection, that of the selected message.
    pub(in crate::app) fn open_editor(&mut self) {
        if self.chats.navigation.selection.is_some() {
            self.parts().edit_selected();
            let open = self.chats.opened();
            if !open.is_some_and(|open| matches!(open.purpose, Purpose::Edit { .. })) {
                return;
            }
        }
        let Some(open) = self.chats.opened() else {
            return self.cx.notify(strings::editor::OPEN_FIRST);
        };
        let text = open.composer.text().to_owned();
        self.completion = None;
        self.input.edited = Some(open.id);
        self.chats.navigation.focus.set_handed_over(true);
        self.chats.save_all(&mut self.cx);
        self.cx.effects.push(Effect::OpenEditor(text));
    }

    /// Puts the edited text where it came from.
    pub(in crate::app) fn on_edited(&mut self, outcome: Result<String, String>, now: Now) {
        self.chats.navigation.focus.set_handed_over(false);
        self.note_input(now);
        let conversation = self.input.edited.take();
        let conversation = conversation.and_then(|id| self.chats.conversations.get_mut(&id));
        let text = match outcome {
            Ok(text) => text,
            Err(why) => return self.cx.notify(why),
        };
        let Some(conversation) = conversation.filter(|open| open.composer.text() != text) else {
            return;
        };
        let (id, fits) = (conversation.id, conversation.composer.set_text(&text));
        let len = conversation.composer.text().len();
        self.chats.unsaved.drafts.insert(id);
        self.chats.drafts.changed.insert(id);
        if !fits {
            self.cx.notify(strings::status::PASTE_CUT);
        } else if len > MAX_BODY_LEN {
            self.cx.notify(strings::editor::too_long(len, MAX_BODY_LEN));
        }
    }
}
