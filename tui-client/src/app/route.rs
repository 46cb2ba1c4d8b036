//! Dispatch of input: keys to actions, actions to the parts of the core that carry them out.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use recado_shared::{ConversationId, Now};

use crate::app::App;
use crate::app::action::{Action, Edit, KeyContext};
use crate::app::chats::navigation::Pane;
use crate::app::command::{self, Parsed};
use crate::app::effect::{Effect, Scroll};
use crate::app::event::{ClickTarget, Clipboard, PaneState};
use crate::app::input::completion::Completion;
use crate::app::intent::{Intent, Show};
use crate::app::overlay::{ListMove, Overlay, open};
use crate::app::parts::Parts;
use crate::app::reader::Reader;
use crate::app::view::screen::{CompletionView, Screen};
use crate::model::InviteLink;
use crate::strings;

impl App {
    pub(super) fn on_key(&mut self, key: KeyEvent, now: Now) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        self.note_input(now);
        if self.take_vi_key(key) {
            return;
        }
        let context = self.context();
        let is_second = std::mem::take(&mut self.input.is_after_prefix);
        match self.settings.keymap.action(context, key) {
            Some(Action::Cancel) | None if is_second => {}
            Some(action) => self.act(action),
            None => {
                if let Some(c) = printable(key) {
                    self.type_text(c.encode_utf8(&mut [0; 4]));
                } else if let Some(key) = after_esc(key) {
                    self.act(Action::Cancel);
                    self.on_key(key, now);
                }
            }
        }
    }

    pub(super) fn on_paste(&mut self, text: &str, now: Now) {
        self.note_input(now);
        self.type_text(text);
    }

    pub(super) fn note_input(&mut self, now: Now) {
        self.cx.notice = None;
        self.chats.navigation.keep_selection();
        if self.session.link.is_return(&self.cx) {
            self.cx.effects.push(Effect::CheckLink);
        }
        self.cx.last_input = now;
        self.chats.navigation.focus.note_input();
        self.session.link.follow_clock(&mut self.cx);
    }

    pub(super) fn context(&self) -> KeyContext {
        match &self.overlay {
            Some(overlay) => overlay.keys().0,
            None if self.chats.navigation.selection.is_some() => KeyContext::Selection,
            None if self.chats.navigation.pane == Pane::Contacts => KeyContext::Contacts,
            None if self.input.is_after_prefix => KeyContext::Prefix,
            None if self.completion.is_some() => KeyContext::Completion,
            None => KeyContext::Composer,
        }
    }

    /// Carries out an action. One that acts on the panes closes what lies over them.
    fn act(&mut self, action: Action) {
        if is_about_panes(action) {
            self.show_overlay(None);
        }
        self.hold_list(action);
        let (chats, session) = (&mut self.chats, &mut self.session);
        let cx = &mut self.cx;
        match action {
            Action::Quit => self.ask_to_quit(),
            Action::Help => self.open(Show::Help),
            Action::Announcements => self.open(Show::Announcements),
            Action::Switcher => self.open(Show::Switcher(String::new())),
            Action::Reconnect => session.reconnect(cx),
            Action::Redraw => cx.effects.push(Effect::Redraw),
            Action::Suspend => {
                chats.save_all(cx);
                cx.effects.push(Effect::Suspend);
            }
            Action::Submit => self.accept(),
            Action::Prefix => self.begin_prefix(),
            Action::OpenEditor => self.open_editor(),
            Action::Cancel => self.cancel(),
            Action::Edit(edit) => self.edit(edit),
            Action::SelectPrevious => self.step(-1),
            Action::SelectNext => self.step(1),
            Action::PageUp => self.page(-1),
            Action::PageDown => self.page(1),
            Action::Newest => chats.scroll_newest(cx),
            Action::Oldest => chats.scroll_oldest(cx),
            Action::FirstUnread => chats.scroll_first_unread(cx),
            Action::Copy if self.overlay.is_some() => {
                self.with_overlay(|overlay, app| overlay.act(action, app));
            }
            Action::Copy => self.copy(),
            Action::SentMessages => self.open(Show::SentMessages),
            Action::Retry => self.parts().retry(),
            Action::TakeBack => self.parts().take_back(),
            Action::Reply => self.parts().reply_to_selected(),
            Action::EditMessage => self.parts().edit_selected(),
            Action::Delete => self.with_parts(|app| {
                app.delete_selected();
            }),
            Action::React => self.react_to_selected(),
            Action::Versions => self.show_versions(),
            Action::Link => self.parts().copy_link(),
            Action::NextConversation => chats.step(1, cx),
            Action::PreviousConversation => chats.step(-1, cx),
            Action::NextUnread => chats.open_next_unread(cx),
            Action::Back => chats.go_back(cx),
            Action::TogglePane => self.toggle_pane(),
            Action::TogglePeople => chats.contacts.is_people_hidden ^= true,
            Action::ToggleList => self.memory.list.is_hidden ^= true,
            Action::WidenList | Action::NarrowList => self.memory.list.resize(action),
            Action::First => self.step_to(false),
            Action::Last => self.step_to(true),
            Action::ExplainQuit => self.explain_quit(),
            Action::Complete => self.complete_or_toggle(),
            Action::Members => self.with_parts(|app| {
                app.show_members();
            }),
            Action::Remove | Action::MarkRead | Action::MarkAllRead | Action::Find => {
                self.with_overlay(|overlay, app| overlay.act(action, app));
            }
            Action::UnreadOverview => self.open(Show::UnreadOverview),
            Action::SearchHere => self.search_here(),
            Action::SearchEverywhere => self.search(None),
            Action::Conversation(number) => {
                chats.open_position(usize::from(number.saturating_sub(1)), cx);
            }
        }
    }

    fn begin_prefix(&mut self) {
        self.completion = None;
        self.input.is_after_prefix = true;
    }

    /// Keeps the rows of the contact list where they are for a moment after an action there.
    fn hold_list(&mut self, action: Action) {
        let is_step = matches!(
            action,
            Action::NextConversation | Action::PreviousConversation | Action::Conversation(_)
        );
        let is_on_list = self.context() == KeyContext::Contacts;
        if is_step || is_on_list || action == Action::TogglePane {
            self.chats.contacts.hold.extend(self.cx.now.instant);
        }
    }

    /// Copies the selected message, or the selected part of what is written. Without either it says how
    /// to quit: Ctrl+C ends other programs.
    fn copy(&mut self) {
        if self.chats.navigation.selection.is_some() {
            return self.parts().copy_selected();
        }
        let open = self.chats.open_conversation();
        match open.and_then(|open| open.composer.copy_selection(&mut self.memory.kills)) {
            Some(text) => self.parts().copy(text),
            None => self.explain_quit(),
        }
    }

    fn complete_or_toggle(&mut self) {
        let mut is_done = false;
        self.with_overlay(|overlay, app| is_done = overlay.complete(app));
        if is_done || self.complete() {
            return;
        }
        // Within a command the user means a completion, not the list.
        let open = self.chats.opened();
        if self.chats.navigation.pane == Pane::Conversation
            && open
                .is_some_and(|open| !matches!(command::parse(open.composer.text()), Parsed::Text))
        {
            return self.cx.notify(strings::commands::NOTHING_TO_COMPLETE);
        }
        self.toggle_pane();
    }

    fn explain_quit(&mut self) {
        let key = self
            .settings
            .keymap
            .key_of(KeyContext::Global, Action::Quit);
        self.cx.notify(strings::status::how_to_quit(&key));
    }

    /// To the first or the last row of a list.
    fn step_to(&mut self, is_last: bool) {
        match &mut self.overlay {
            Some(overlay) if is_last => overlay.step(ListMove::To(usize::MAX)),
            Some(overlay) => overlay.step(ListMove::To(0)),
            None if is_last => self.chats.step(isize::MAX, &mut self.cx),
            None => self.chats.step(isize::MIN, &mut self.cx),
        }
    }

    fn toggle_pane(&mut self) {
        self.chats.navigation.selection = None;
        self.completion = None;
        self.chats.navigation.pane = match self.chats.navigation.pane {
            Pane::Contacts => Pane::Conversation,
            Pane::Conversation => Pane::Contacts,
        };
    }

    /// Enter: sends, or accepts the chosen row.
    fn accept(&mut self) {
        if self.accept_completion() || self.asks_for_recipient() {
            return;
        }
        match self.overlay {
            Some(_) => self.with_overlay(|overlay, app| overlay.accept(app)),
            None if self.chats.navigation.open.is_none() => self.chats.step(1, &mut self.cx),
            None if self.chats.navigation.selection.is_some() => self.parts().accept_selected(),
            None if self.chats.navigation.pane == Pane::Contacts => self.toggle_pane(),
            None => self.with_parts(|app| {
                app.submit_or_run();
            }),
        }
    }

    /// Leaves the program, after a question if messages are unsent.
    fn ask_to_quit(&mut self) {
        match self.unsent() {
            0 => self.quit(),
            unsent => self.with_parts(|app| {
                app.confirm_quit(unsent);
            }),
        }
    }

    /// Esc: leaves the innermost context, towards the composer. Text stays, or undo brings it back.
    fn cancel(&mut self) {
        if self.overlay.is_some() {
            return self.with_overlay(|overlay, app| overlay.cancel(app));
        }
        if self.completion.take().is_some() || self.chats.navigation.selection.take().is_some() {
            return;
        }
        if self.chats.navigation.pane == Pane::Contacts && self.chats.navigation.open.is_some() {
            self.chats.navigation.pane = Pane::Conversation;
        } else {
            self.parts().drop_purpose();
        }
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        let steps = if edit == Edit::Down {
            1
        } else if edit == Edit::Up {
            -1
        } else {
            0
        };
        if self.overlay.is_some() {
            return self.with_overlay(|overlay, app| match steps {
                0 => overlay.edit(edit, app),
                _ => overlay.step(ListMove::By(steps.into())),
            });
        }
        let is_on_list =
            self.chats.navigation.pane == Pane::Contacts || self.chats.navigation.open.is_none();
        if steps != 0 && self.step_selection(steps, is_on_list) {
            return;
        }
        self.chats.navigation.selection = None;
        let Some(conversation) = self.chats.open_conversation() else {
            return;
        };
        let before = conversation.composer.text().to_owned();
        let has_moved = conversation.composer.edit(edit, &mut self.memory.kills);
        let is_empty = before.is_empty();
        if conversation.composer.text() != before {
            return self.note_edited();
        }
        self.completion = None;
        if edit == Edit::Up && !has_moved && is_empty {
            self.parts().select_newest();
        } else if edit == Edit::LineEnd && is_empty {
            self.chats.scroll_newest(&mut self.cx);
        } else if edit == Edit::TextStart && is_empty {
            self.chats.scroll_oldest(&mut self.cx);
        } else if edit == Edit::DeleteRight && is_empty {
            self.explain_quit();
        }
    }

    /// Moves one row or message. From the composer it selects the newest message.
    fn step(&mut self, steps: i8) {
        if self.step_completion(steps.into()) {
            return;
        }
        if let Some(overlay) = &mut self.overlay {
            return overlay.step(ListMove::By(steps.into()));
        }
        if self.step_selection(steps, self.chats.navigation.pane == Pane::Contacts) {
            return;
        }
        if self.chats.navigation.open.is_none() {
            self.chats.step(1, &mut self.cx);
        } else if steps < 0 {
            self.parts().select_newest();
        }
    }

    /// Moves the selection, or without one through the contact list. Returns whether it did.
    fn step_selection(&mut self, steps: i8, is_on_list: bool) -> bool {
        match self.chats.navigation.selection {
            Some(_) if steps < 0 => self.parts().select_previous(),
            Some(_) => self.parts().select_next(),
            None if is_on_list => self.chats.step(steps.into(), &mut self.cx),
            None => return false,
        }
        true
    }

    fn page(&mut self, pages: i32) {
        match &mut self.overlay {
            Some(overlay) => overlay.step(ListMove::By(10 * pages)),
            None => self.chats.scroll(Scroll::Pages(pages), &mut self.cx),
        }
    }

    /// Text goes to the query, or to the composer; without an open conversation it opens the
    /// switcher.
    fn type_text(&mut self, text: &str) {
        if self.overlay.is_some() {
            return self.with_overlay(|overlay, app| overlay.insert(text, app));
        }
        self.chats.navigation.selection = None;
        let Some(conversation) = self.chats.open_conversation() else {
            self.open(Show::Switcher(String::new()));
            return self.type_text(text);
        };
        if !conversation.composer.insert(text) {
            self.cx.notice = Some(strings::status::PASTE_CUT.to_owned());
        }
        self.chats.navigation.pane = Pane::Conversation;
        self.note_edited();
    }

    pub(super) fn on_click(&mut self, target: ClickTarget, now: Now) {
        self.note_input(now);
        match target {
            ClickTarget::Contact(id) => {
                self.show_overlay(None);
                self.chats.jump_to(id, &mut self.cx);
            }
            ClickTarget::Item(item) => {
                if self.overlay.is_none() && self.parts().message_text(item).is_some() {
                    self.chats.navigation.selection = Some(item);
                }
            }
            ClickTarget::Composer => {
                self.show_overlay(None);
                self.chats.navigation.selection = None;
                self.chats.navigation.pane = Pane::Conversation;
            }
            ClickTarget::SwitcherRow(index) => {
                self.with_overlay(|overlay, app| {
                    overlay.step(ListMove::To(index));
                    overlay.accept(app);
                });
            }
        }
    }

    pub(super) fn on_wheel(&mut self, lines: i32, now: Now) {
        self.note_input(now);
        match &mut self.overlay {
            Some(overlay) => overlay.step(ListMove::By(lines)),
            None => self.chats.scroll(Scroll::Lines(lines), &mut self.cx),
        }
    }

    pub(super) fn on_focus(&mut self, has_focus: bool, now: Now) {
        let bell = self.chats.navigation.focus.report(has_focus);
        self.cx.effects.extend(bell);
        if has_focus {
            self.note_input(now);
        }
    }

    pub(super) fn on_pane(&mut self, state: PaneState, reports_focus: Option<bool>) {
        let focus = &mut self.chats.navigation.focus;
        let bell = focus.answer(state, reports_focus, self.cx.now, self.cx.last_input);
        self.cx.effects.extend(bell);
        if reports_focus == Some(false) && self.cx.notice.is_none() && focus.take_hint() {
            self.cx.notify(strings::status::TMUX_REPORTS_NO_FOCUS);
        }
    }

    pub(super) fn on_copied(&mut self, clipboard: Clipboard) {
        let link = self.memory.copied_link.take();
        let text = strings::errors::copied(clipboard, link.as_deref());
        self.cx.notify(text);
    }

    pub(super) fn parts(&mut self) -> Parts<'_> {
        Parts {
            chats: &mut self.chats,
            session: &mut self.session,
            pending_requests: &mut self.pending_requests,
            memory: &mut self.memory,
            settings: &self.settings,
            cx: &mut self.cx,
        }
    }

    pub(super) fn with_parts(&mut self, work: impl FnOnce(&mut Parts<'_>)) {
        work(&mut self.parts());
        self.carry_out();
    }

    /// Lets the open overlay work, if one is open, then carries out its intents.
    pub(super) fn with_overlay(&mut self, work: impl FnOnce(&mut dyn Overlay, &mut Parts<'_>)) {
        if let Some(mut overlay) = self.overlay.take() {
            work(&mut *overlay, &mut self.parts());
            self.overlay = Some(overlay);
            self.carry_out();
        }
    }

    fn carry_out(&mut self) {
        while let Some(intent) = self.cx.intents.pop_front() {
            match intent {
                Intent::Close => self.show_overlay(None),
                Intent::Show(show) => self.open(show),
                Intent::Act(action) => self.act(action),
                Intent::Quit => self.quit(),
                Intent::Deliver(delivery) => {
                    self.with_overlay(|overlay, app| overlay.deliver(delivery, app));
                }
            }
        }
    }

    /// Opens an overlay in place of the open one, or lets that one do it.
    fn open(&mut self, show: Show) {
        let mut is_done = false;
        self.with_overlay(|overlay, app| is_done = overlay.reopen(&show, app));
        if !is_done {
            let overlay = open::open(show, &mut self.parts());
            self.show_overlay(overlay);
        }
    }

    /// Opens the panel, unless another overlay was opened meanwhile, or says why there is no link.
    pub(super) fn show_invite_link(&mut self, link: Result<InviteLink, String>) {
        let typed = self.pending_requests.invite_link.take();
        let show = match link {
            Ok(link) => Show::InviteLink(link),
            Err(why) => return self.with_parts(|app| app.fail(why, typed.as_ref())),
        };
        if self.overlay.is_none() {
            return self.open(show);
        }
        let mut is_done = false;
        self.with_overlay(|overlay, app| is_done = overlay.reopen(&show, app));
        if !is_done {
            self.cx.notify(strings::status::INVITE_LINK_READY);
        }
    }

    fn search_here(&mut self) {
        if self.chats.navigation.open.is_some() {
            return self.search(self.chats.navigation.open);
        }
        let key = self.parts().reader().search_everywhere_key();
        self.cx.notice = Some(strings::overlays::open_or_search(&key));
    }

    fn search(&mut self, scope: Option<ConversationId>) {
        self.open(Show::Search(scope, None));
    }

    fn show_overlay(&mut self, overlay: Option<Box<dyn Overlay>>) {
        self.cx.is_covered = overlay.is_some();
        self.overlay = overlay;
    }

    fn react_to_selected(&mut self) {
        let selected = self.parts().selected_message(strings::errors::REACT_TO_IT);
        if let Some((_, entry)) = selected {
            self.open(Show::Picker(entry.seq));
        }
    }

    fn show_versions(&mut self) {
        if let Some((conversation, seq)) = self.parts().edited_message() {
            self.open(Show::Versions(conversation, seq));
        }
    }

    /// What there is to see at this moment.
    pub fn screen(&self, now: Now) -> Screen<'_> {
        let reader = Reader {
            chats: &self.chats,
            session: &self.session,
            settings: &self.settings,
            now,
        };
        let notice = self.cx.notice.as_deref();
        let announcement = self.session.announcements.line();
        let message = notice.or(announcement).or(self.store_failure.as_deref());
        let completion = self.completion.as_ref().map(Completion::view);
        let overlay = self.overlay.as_ref().map(|overlay| overlay.view(&reader));
        let hints = self.hints(&reader, completion.as_ref());
        Screen {
            vi: self.vi_mode(),
            list: self.memory.list,
            ..reader.screen(message, hints, completion, overlay)
        }
    }

    /// The keys worth knowing here. Actions without a key are left out.
    fn hints(
        &self,
        reader: &Reader<'_>,
        completion: Option<&CompletionView<'_>>,
    ) -> Vec<(String, &'static str)> {
        let context = self.context();
        let of_overlay = self.overlay.as_ref().map(|overlay| overlay.keys().1);
        let hints = of_overlay.unwrap_or_else(|| reader.pane_hints(context, completion));
        let key_of = |action| self.settings.keymap.key_of(context, action);
        hints
            .into_iter()
            .map(|(action, what)| (key_of(action), what))
            .filter(|(key, _)| !key.is_empty())
            .collect()
    }
}

fn is_about_panes(action: Action) -> bool {
    matches!(
        action,
        Action::Newest
            | Action::Oldest
            | Action::FirstUnread
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
            | Action::Conversation(_)
    )
}

/// The key that follows Esc, of a character with Alt that has no binding. Both are the same bytes,
/// and tmux joins the two even where half a second is between them (`escape-time`).
fn after_esc(mut key: KeyEvent) -> Option<KeyEvent> {
    let alt = KeyModifiers::ALT | KeyModifiers::META;
    let is_char = matches!(key.code, KeyCode::Char(_)) && key.modifiers.intersects(alt);
    key.modifiers -= alt;
    (is_char && (key.modifiers - KeyModifiers::SHIFT).is_empty()).then_some(key)
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
