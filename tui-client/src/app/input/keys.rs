//! From a key to what it does here. Only dispatch: the acts themselves live with what they act on.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use recado_shared::Now;

use crate::app::input::action::{Action, Edit, KeyContext};
use crate::app::overlay::switcher::{self, OverlayState, Switcher};
use crate::app::view::screen::{ItemId, Pane};
use crate::app::{App, Effect, Scroll};

impl App {
    pub(in crate::app) fn on_key(&mut self, key: KeyEvent, now: Now) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        self.note_input(now);
        match self.input.keymap.action(self.context(), key) {
            Some(action) => self.act(action, now),
            None => {
                if let Some(c) = printable(key) {
                    self.type_text(c.encode_utf8(&mut [0; 4]), now);
                }
            }
        }
    }

    pub(in crate::app) fn on_paste(&mut self, text: &str, now: Now) {
        self.note_input(now);
        self.type_text(text, now);
    }

    /// A person is there.
    pub(in crate::app) fn note_input(&mut self, now: Now) {
        self.cx.notice = None;
        self.chats.nav.keep_selection();
        if self.session.link.is_return(now) {
            self.cx.effects.push(Effect::CheckLink);
        }
        if let Some(frame) = self.session.link.note_input(now) {
            self.send(frame);
        }
    }

    pub(in crate::app) fn context(&self) -> KeyContext {
        match &self.overlay {
            Some(OverlayState::Switcher(_) | OverlayState::Picker(_)) => KeyContext::Switcher,
            Some(OverlayState::Help { .. } | OverlayState::Versions { .. }) => KeyContext::Help,
            Some(OverlayState::Panel(_) | OverlayState::Confirm(_)) => KeyContext::Panel,
            Some(OverlayState::CatchUp(_)) => KeyContext::CatchUp,
            Some(OverlayState::Search(_)) => KeyContext::Search,
            None if self.chats.nav.selection.is_some() => KeyContext::Selection,
            None if self.input.completion.is_some() => KeyContext::Completion,
            None => KeyContext::Composer,
        }
    }

    /// Carries out an action. One that acts on the panes closes what lies over them.
    pub(in crate::app) fn act(&mut self, action: Action, now: Now) {
        if is_about_panes(action) {
            self.overlay = None;
        }
        let was_doomed = self.chats.nav.doomed.take();
        match action {
            Action::Quit => self.quit(now),
            Action::Help => self.toggle_help(),
            Action::Switcher => self.toggle_switcher(),
            Action::Reconnect => self.reconnect(),
            Action::Redraw => self.cx.effects.push(Effect::Redraw),
            Action::Suspend => {
                self.save_all();
                self.cx.effects.push(Effect::Suspend);
            }
            Action::Submit => self.accept(now),
            Action::Cancel => self.cancel(),
            Action::Edit(edit) => self.edit(edit, now),
            Action::SelectPrevious => self.move_up(),
            Action::SelectNext => self.move_down(),
            Action::PageUp => self.page(-1),
            Action::PageDown => self.page(1),
            Action::Newest => self.scroll_newest(),
            Action::FirstUnread => self.scroll_first_unread(),
            Action::Copy => self.copy_selected(),
            Action::Retry => self.retry(),
            Action::TakeBack => self.take_back(),
            Action::Reply => self.reply_to_selected(),
            Action::EditMessage => self.edit_selected(),
            Action::Delete => self.delete_selected(was_doomed, now),
            Action::React => self.react_to_selected(),
            Action::Versions => self.show_versions(),
            Action::Link => self.copy_link(),
            Action::NextConversation => self.step(1),
            Action::PreviousConversation => self.step(-1),
            Action::NextUnread => self.open_next_unread(now),
            Action::Back => self.go_back(),
            Action::TogglePane => self.toggle_pane(),
            Action::Complete => self.complete_or_toggle(now),
            Action::Members => self.show_members(),
            Action::Remove => self.remove_chosen(),
            Action::CatchUp => self.toggle_catch_up(),
            Action::MarkRead => self.mark_read(),
            Action::MarkAllRead => self.mark_all_read(),
            Action::SearchHere => self.search_here(now),
            Action::SearchEverywhere => self.search_everywhere(now),
            Action::Conversation1 => self.open_position(0),
            Action::Conversation2 => self.open_position(1),
            Action::Conversation3 => self.open_position(2),
            Action::Conversation4 => self.open_position(3),
            Action::Conversation5 => self.open_position(4),
            Action::Conversation6 => self.open_position(5),
            Action::Conversation7 => self.open_position(6),
            Action::Conversation8 => self.open_position(7),
            Action::Conversation9 => self.open_position(8),
        }
    }

    fn complete_or_toggle(&mut self, now: Now) {
        if let Some(OverlayState::Search(_)) = self.overlay {
            self.complete_search(now);
        } else if let Some(OverlayState::Switcher(_)) = self.overlay {
            self.complete_switcher();
        } else if let Some(OverlayState::Picker(picker)) = &mut self.overlay {
            picker.step(1);
        } else if !self.complete(now) {
            self.toggle_pane();
        }
    }

    fn toggle_pane(&mut self) {
        self.chats.nav.pane = match self.chats.nav.pane {
            Pane::Contacts => Pane::Conversation,
            Pane::Conversation => Pane::Contacts,
        };
    }

    /// Enter: sends, or takes the chosen row.
    fn accept(&mut self, now: Now) {
        if self.accept_completion(now) {
            return;
        }
        match self.overlay {
            Some(OverlayState::Switcher(_)) => self.accept_switcher(now),
            Some(OverlayState::Help { .. } | OverlayState::Versions { .. }) => self.overlay = None,
            Some(OverlayState::Panel(_)) => self.accept_panel(now),
            Some(OverlayState::Picker(_)) => self.accept_picker(now),
            Some(OverlayState::CatchUp(_)) => self.accept_catch_up(),
            Some(OverlayState::Search(_)) => self.accept_search(),
            Some(OverlayState::Confirm(_)) => self.accept_confirm(now),
            None if self.chats.nav.open.is_none() => self.step(1),
            None if self.chats.nav.selection.is_some() => self.accept_selected(),
            None => self.submit_or_run(now),
        }
    }

    /// Esc: leaves the innermost context. Never touches text.
    fn cancel(&mut self) {
        if self.overlay.is_none() && self.input.completion.take().is_some() {
            return;
        }
        if self.overlay.take().is_some() || self.chats.nav.selection.take().is_some() {
            return;
        }
        if self.drop_purpose() {
            return;
        }
        let is_empty = self
            .open_conversation()
            .is_none_or(|conversation| conversation.composer.is_empty());
        if is_empty {
            self.chats.nav.pane = Pane::Contacts;
        }
    }

    fn edit(&mut self, edit: Edit, now: Now) {
        if let Some(overlay) = &mut self.overlay {
            match (overlay, edit) {
                (overlay, Edit::Up) => overlay.step(-1),
                (overlay, Edit::Down) => overlay.step(1),
                (OverlayState::Switcher(switcher), edit) => {
                    switcher.query.edit(edit);
                    self.search_switcher();
                }
                (OverlayState::Picker(picker), edit) => {
                    picker.query.edit(edit);
                    self.search_picker();
                }
                (OverlayState::Search(_), edit) => self.edit_search(edit, now),
                (
                    OverlayState::Help { .. }
                    | OverlayState::Versions { .. }
                    | OverlayState::Panel(_)
                    | OverlayState::Confirm(_)
                    | OverlayState::CatchUp(_),
                    _,
                ) => {}
            }
            return;
        }
        if edit == Edit::Up || edit == Edit::Down {
            let is_on_list = self.chats.nav.pane == Pane::Contacts || self.chats.nav.open.is_none();
            let steps = if edit == Edit::Up { -1 } else { 1 };
            match self.chats.nav.selection {
                Some(_) if steps < 0 => return self.select_previous(),
                Some(_) => return self.select_next(),
                None if is_on_list => return self.step(steps),
                None => {}
            }
        }
        self.chats.nav.selection = None;
        let Some(conversation) = self.open_conversation() else {
            return;
        };
        let before = conversation.composer.text().to_owned();
        let has_moved = conversation.composer.edit(edit);
        let is_empty = before.is_empty();
        if conversation.composer.text() != before {
            self.note_edited(now);
            return;
        }
        self.input.completion = None;
        if edit == Edit::Up && !has_moved && is_empty {
            self.select_newest();
        } else if edit == Edit::LineEnd && is_empty {
            self.scroll_newest();
        }
    }

    fn move_up(&mut self) {
        if self.step_completion(-1) {
            return;
        }
        match &mut self.overlay {
            Some(overlay) => overlay.step(-1),
            None if self.chats.nav.selection.is_some() => self.select_previous(),
            None if self.chats.nav.pane == Pane::Contacts => self.step(-1),
            None => self.move_in_composer(Edit::Up),
        }
    }

    fn move_down(&mut self) {
        if self.step_completion(1) {
            return;
        }
        match &mut self.overlay {
            Some(overlay) => overlay.step(1),
            None if self.chats.nav.selection.is_some() => self.select_next(),
            None if self.chats.nav.pane == Pane::Contacts => self.step(1),
            None => self.move_in_composer(Edit::Down),
        }
    }

    /// "Up" selects messages only from an empty composer: in a text it moves the cursor.
    fn move_in_composer(&mut self, edit: Edit) {
        let Some(conversation) = self.open_conversation() else {
            return self.step(1);
        };
        if !conversation.composer.is_empty() {
            conversation.composer.edit(edit);
        } else if edit == Edit::Up {
            self.select_newest();
        }
    }

    fn page(&mut self, pages: i32) {
        match &mut self.overlay {
            Some(overlay) => overlay.step(10 * pages),
            None => self.scroll(Scroll::Pages(pages)),
        }
    }

    /// Text goes to the query, or to the composer; where nothing is open it looks for somebody.
    fn type_text(&mut self, text: &str, now: Now) {
        match &mut self.overlay {
            Some(OverlayState::Switcher(switcher)) => {
                if !switcher::insert(&mut switcher.query, text) {
                    self.cx.notice =
                        Some("that is no name: close this first, then paste".to_owned());
                }
                self.search_switcher();
                return;
            }
            Some(OverlayState::Picker(_)) => return self.type_in_picker(text, now),
            Some(OverlayState::Search(_)) => return self.type_in_search(text, now),
            Some(OverlayState::Help { .. }) => {
                self.cx.notice = Some("close the help first, then write".to_owned());
                return;
            }
            Some(
                OverlayState::Panel(_)
                | OverlayState::Versions { .. }
                | OverlayState::Confirm(_)
                | OverlayState::CatchUp(_),
            ) => {
                self.cx.notice = Some("close this first, then write".to_owned());
                return;
            }
            None => {}
        }
        self.chats.nav.selection = None;
        let Some(conversation) = self.open_conversation() else {
            self.overlay = Some(OverlayState::Switcher(Switcher::default()));
            return self.type_text(text, now);
        };
        if !conversation.composer.insert(text) {
            self.cx.notice = Some("that is too long: the end of it was left out".to_owned());
        }
        self.chats.nav.pane = Pane::Conversation;
        self.note_edited(now);
    }

    /// The text of the open conversation's composer is another one.
    pub(in crate::app) fn note_edited(&mut self, now: Now) {
        if let Some(id) = self.chats.nav.open {
            self.chats.unsaved.draft(id);
            self.chats.drafts.change(id);
        }
        self.refresh_completion();
        self.hint_typing(now);
    }

    pub(in crate::app) fn select(&mut self, item: ItemId) {
        if self.overlay.is_none() && self.message_text(item).is_some() {
            self.chats.nav.selection = Some(item);
        }
    }
}

/// Whether an action concerns the panes under an overlay.
fn is_about_panes(action: Action) -> bool {
    matches!(
        action,
        Action::Newest
            | Action::FirstUnread
            | Action::Copy
            | Action::Retry
            | Action::TakeBack
            | Action::Reply
            | Action::EditMessage
            | Action::Delete
            | Action::React
            | Action::Versions
            | Action::Link
            | Action::NextConversation
            | Action::PreviousConversation
            | Action::NextUnread
            | Action::Back
            | Action::TogglePane
            | Action::Members
            | Action::Conversation1
            | Action::Conversation2
            | Action::Conversation3
            | Action::Conversation4
            | Action::Conversation5
            | Action::Conversation6
            | Action::Conversation7
            | Action::Conversation8
            | Action::Conversation9
    )
}

/// The character that a key without a binding types.
fn printable(key: KeyEvent) -> Option<char> {
    let KeyCode::Char(c) = key.code else {
        return None;
    };
    let chord = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER;
    // AltGr arrives as Control and Alt together where the terminal reports it at all.
    let alt_gr = KeyModifiers::CONTROL | KeyModifiers::ALT;
    let is_alt_gr = key.modifiers.contains(alt_gr) && !c.is_ascii_alphanumeric();
    (is_alt_gr || !key.modifiers.intersects(chord)).then_some(c)
}
