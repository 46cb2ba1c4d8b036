//! Execution of slash commands on the borrowed parts of the app.

use std::time::Duration;

use recado_shared::{
    Content, ConversationId, DisplayName, Emoji, Entry, HistoryVisibility, Membership, MessageBody,
    Now, Request, RoomEvent, RoomId, RoomName, Seq, Setting, Timestamp, Topic, UserId, UserName,
    Visibility,
};

use super::lookup::{Lookup, conversation_of, room_of};
use crate::app::action::Action;
use crate::app::command::{
    self, Call, Change, Command, CommandResult, PendingRequest, SettingCommand,
};
use crate::app::conversation::state::Conversation;
use crate::app::effect::Effect;
use crate::app::intent::{Intent, PanelKind, Show};
use crate::app::parts::Parts;
use crate::app::session::outbox::MAX_OUTBOX;
use crate::app::view::screen::ItemId;
use crate::strings;

const FOREVER: Timestamp = Timestamp(u64::MAX);

impl Parts<'_> {
    pub(super) fn run(&mut self, call: &Call) -> CommandResult {
        match call.command.clone() {
            Command::Message(to, text) => self.run_message(call, &to, text),
            Command::Emote(body) => self.say(call, Content::Emote(body)),
            Command::Reply(body) => {
                let to = self.target_of(call)?;
                self.say(call, Content::Reply { to, body })
            }
            Command::React(emoji) => self.run_react(call, emoji),
            Command::Edit(text) => self.run_edit(call, text),
            Command::Delete => self.run_delete(call),
            Command::Create(name, visibility) => self.run_create(call, name, visibility),
            Command::Join(name) => self.run_join(call, name.as_ref()),
            Command::Room(event) => self.change_room(call, event),
            Command::Leave => self.run_leave(call),
            Command::Close => self.run_close(call),
            Command::Topic(change) => self.run_topic(call, change),
            Command::History(visibility) => self.run_history(call, visibility),
            Command::GoTo(date) => self.run_goto(call, date),
            Command::Members => {
                let (_, room) = room_of(call)?;
                self.open_panel(PanelKind::Members(room))
            }
            Command::Invite(who) => self.change_member(call, &who, RoomEvent::Invited),
            Command::Role(who, role) => {
                self.change_member(call, &who, |user| RoomEvent::Role { user, role })
            }
            Command::Mute(who, time) => {
                let until = time.map(|time| after(self.cx.now, time));
                self.change_member(call, &who, |user| RoomEvent::Muted { user, until })
            }
            Command::Unmute(who) => self.change_member(call, &who, RoomEvent::Unmuted),
            Command::Kick(who) => self.change_member(call, &who, RoomEvent::Kicked),
            Command::Ban(who) => self.change_member(call, &who, RoomEvent::Banned),
            Command::Unban(who) => self.change_member(call, &who, RoomEvent::Unbanned),
            Command::Nick(change) => self.run_nick(change),
            Command::Accept(who) => self.run_accept(who.as_ref(), call),
            Command::Set(command) => self.run_setting(call, command),
            Command::Link(code) => {
                self.ask_for(Request::FindDevice(code), PendingRequest::Link(code))
            }
            Command::RenameDevice(which, name) => {
                self.ask_for(Request::Devices, PendingRequest::Device(which, Some(name)))
            }
            Command::RevokeDevice(which) => {
                self.ask_for(Request::Devices, PendingRequest::Device(which, None))
            }
            Command::Show(Show::Panel(kind)) => self.open_panel(kind),
            Command::Show(show) => {
                self.show(show);
                Ok(())
            }
            Command::InviteLink(terms) => {
                let line = self.pending_requests.running.clone();
                self.pending_requests.invite_link = line;
                self.cx.effects.push(Effect::MakeInviteLink(terms));
                Ok(())
            }
            Command::Theme(name) => {
                self.cx.effects.push(Effect::SetTheme(name));
                Ok(())
            }
            Command::Help(topic) => {
                self.run_help(topic);
                Ok(())
            }
            Command::Quit => {
                self.cx.intents.push_back(Intent::Act(Action::Quit));
                Ok(())
            }
        }
    }

    fn run_topic(&mut self, call: &Call, change: Change<Topic>) -> CommandResult {
        let topic = match change {
            Change::Set(topic) => Some(topic),
            Change::Remove => None,
            Change::Show => {
                let (_, info) = self.room_info_of(call)?;
                self.notify(strings::commands::topic(&info.name, info.topic.as_ref()));
                return Ok(());
            }
        };
        self.change_room(call, RoomEvent::Topic(topic))
    }

    fn run_history(&mut self, call: &Call, visibility: Option<HistoryVisibility>) -> CommandResult {
        if let Some(visibility) = visibility {
            return self.change_room(call, RoomEvent::HistoryVisibility(visibility));
        }
        let (_, info) = self.room_info_of(call)?;
        self.notify(strings::commands::history(info.history));
        Ok(())
    }

    fn run_nick(&mut self, change: Change<DisplayName>) -> CommandResult {
        let (display, done) = match change {
            Change::Set(display) => {
                let done = strings::commands::display_name_set(&display);
                (Some(display), done)
            }
            Change::Remove => (None, strings::commands::DISPLAY_NAME_REMOVED.to_owned()),
            Change::Show => {
                let me = self.chats.user().and_then(|me| self.chats.contacts.get(me));
                let display = me.and_then(|me| me.display.as_ref());
                self.notify(strings::commands::own_name(self.chats.my_name(), display));
                return Ok(());
            }
        };
        let change = PendingRequest::Change(strings::errors::CHANGE_DISPLAY_NAME, done);
        self.ask_for(Request::SetDisplayName(display), change)
    }

    fn run_setting(&mut self, call: &Call, command: SettingCommand) -> CommandResult {
        let (setting, done) = match command {
            SettingCommand::Block(who) => return self.run_block(call, who.as_ref(), true),
            SettingCommand::Unblock(who) => return self.run_block(call, who.as_ref(), false),
            SettingCommand::FirstContact(None) => {
                let ask = self.chats.settings.asks_first();
                self.notify(strings::commands::first_contact(ask));
                return Ok(());
            }
            SettingCommand::FirstContact(Some(ask)) => {
                let done = strings::commands::first_contact(ask);
                (Setting::FirstContact { ask }, done.to_owned())
            }
            SettingCommand::Favourite(is_on) => {
                let conversation = conversation_of(call)?;
                let setting = Setting::Favourite {
                    conversation,
                    is_on,
                };
                (setting, strings::commands::favourite(is_on).to_owned())
            }
            SettingCommand::NotificationLevel(None) => {
                let level = self.chats.settings.chosen_level(conversation_of(call)?);
                self.notify(strings::commands::notifications(level));
                return Ok(());
            }
            SettingCommand::NotificationLevel(Some(level)) => {
                let conversation = conversation_of(call)?;
                let setting = Setting::NotificationLevel {
                    conversation,
                    level,
                };
                (setting, strings::commands::notifications(level).to_owned())
            }
            SettingCommand::Quiet(time) => {
                let until = time.map_or(FOREVER, |time| after(self.cx.now, time));
                let setting = Setting::Muted {
                    conversation: conversation_of(call)?,
                    until: Some(until),
                };
                (setting, strings::commands::muted(time))
            }
            SettingCommand::Unquiet => {
                let setting = Setting::Muted {
                    conversation: conversation_of(call)?,
                    until: None,
                };
                (setting, strings::commands::UNMUTED.to_owned())
            }
        };
        self.set(setting, done)
    }

    fn run_block(&mut self, call: &Call, who: Option<&UserName>, is_on: bool) -> CommandResult {
        let Some(user) = self.user_or_peer(who, call)? else {
            return Ok(());
        };
        if self.chats.user() == Some(user) {
            return Err(strings::commands::CANNOT_BLOCK_SELF.to_owned());
        }
        let done = strings::commands::blocked(self.chats.name_of(user), is_on);
        self.set(Setting::Blocked { user, is_on }, done)
    }

    fn set(&mut self, setting: Setting, done: String) -> CommandResult {
        self.chats.set(setting, self.cx)?;
        self.cx.notice = Some(done);
        Ok(())
    }

    /// The named user, or the peer of the open direct conversation.
    fn user_or_peer(&mut self, who: Option<&UserName>, call: &Call) -> Lookup<UserId> {
        if let Some(name) = who {
            return self.person(name, call);
        }
        let open = self.chats.user().zip(call.conversation);
        let peer = open.and_then(|(me, open)| open.peer_of(me));
        Ok(Some(peer.ok_or(strings::commands::NAME_A_USER)?))
    }

    fn run_accept(&mut self, who: Option<&UserName>, call: &Call) -> CommandResult {
        let Some(peer) = self.user_or_peer(who, call)? else {
            return Ok(());
        };
        let me = self.chats.user().ok_or(strings::errors::NOT_CONNECTED)?;
        let pending = PendingRequest::Accept(ConversationId::direct(me, peer));
        self.ask_for(Request::AcceptContact(peer), pending)
    }

    fn run_message(&mut self, call: &Call, to: &str, text: Option<MessageBody>) -> CommandResult {
        let me = self.chats.user().ok_or(strings::errors::NOT_CONNECTED)?;
        let id = if let Some(room) = to.strip_prefix('#') {
            let name = RoomName::new(room).map_err(|error| error.to_string())?;
            self.room(&name, call)?.map(ConversationId::Room)
        } else {
            let name = UserName::new(to.strip_prefix('@').unwrap_or(to));
            let name = name.map_err(|error| error.to_string())?;
            let room = RoomName::new(to).ok();
            let room = room.and_then(|name| self.chats.known_room(&name));
            if let (None, Some(room)) = (self.chats.find_person_by_name(name.as_str()), room) {
                Some(ConversationId::Room(room))
            } else {
                let user = self.person(&name, call)?;
                user.map(|user| ConversationId::direct(me, user))
            }
        };
        let Some(id) = id else {
            return Ok(());
        };
        self.check_outbox()?;
        if text.is_some()
            && let Some(reason) = self.chats.silence_reason(id)
        {
            return Err(reason);
        }
        if call.has_asked {
            self.open_if_idle(id, call.conversation);
        } else {
            self.chats.jump_to(id, self.cx);
        }
        if let Some(text) = text {
            self.queue(id, Content::Message(text))?;
            self.chats.scroll_newest(self.cx);
        }
        Ok(())
    }

    /// Opens a conversation after an answer of the server, unless the user is writing by now: their
    /// text must not go to another conversation.
    pub(super) fn open_if_idle(&mut self, id: ConversationId, from: Option<ConversationId>) {
        let open = self.chats.opened();
        let is_writing = open.is_some_and(|open| !open.composer.is_empty());
        if self.chats.navigation.open == from && !is_writing && !self.cx.is_covered {
            self.chats.jump_to(id, self.cx);
        } else {
            let title = self.chats.title(id);
            self.cx.notice = Some(strings::commands::now_in_list(title));
        }
    }

    fn run_react(&mut self, call: &Call, emoji: Emoji) -> CommandResult {
        let target = self.target_of(call)?;
        self.check_outbox()?;
        self.react(target, emoji);
        self.note_waiting(strings::errors::THE_REACTION);
        Ok(())
    }

    /// Edits the user's newest message, or opens it in the composer if there is no text.
    fn run_edit(&mut self, call: &Call, text: Option<MessageBody>) -> CommandResult {
        let (target, _) = self.last_own(call)?;
        if let Some(body) = text {
            return self.say(call, Content::Edit { target, body });
        }
        self.chats.navigation.selection = Some(ItemId::Entry(target));
        self.edit_selected();
        Ok(())
    }

    fn run_delete(&mut self, call: &Call) -> CommandResult {
        let conversation = conversation_of(call)?;
        let (target, text) = self.last_own(call)?;
        self.confirm_deletion(conversation, target, &text);
        Ok(())
    }

    fn run_create(&mut self, call: &Call, name: RoomName, visibility: Visibility) -> CommandResult {
        let id = self.session.ids.draw(self.cx.now.wall);
        let request = Request::CreateRoom {
            id,
            name: name.clone(),
            visibility,
            history: HistoryVisibility::default(),
        };
        let from = call.conversation;
        self.ask_for(request, PendingRequest::Create(name, id, from))
    }

    fn run_join(&mut self, call: &Call, name: Option<&RoomName>) -> CommandResult {
        if let Some(name) = name {
            return match self.room(name, call)? {
                Some(room) => self.join(room),
                None => Ok(()),
            };
        }
        let (conversation, room) = room_of(call).map_err(|_| strings::commands::NAME_A_ROOM)?;
        match self.chats.room_info(conversation) {
            Some(info) if info.membership == Membership::Member => {
                Err(strings::commands::member_already(&info.name))
            }
            _ => self.join(room),
        }
    }

    pub(crate) fn join(&mut self, room: RoomId) -> CommandResult {
        let id = ConversationId::Room(room);
        let info = self.chats.room_info(id);
        if info.is_some_and(|info| info.membership == Membership::Member) {
            self.chats.jump_to(id, self.cx);
            return Ok(());
        }
        self.queue(id, Content::Room(RoomEvent::Joined))?;
        self.chats.jump_to(id, self.cx);
        self.note_waiting(strings::errors::THE_JOIN);
        Ok(())
    }

    fn change_member(
        &mut self,
        call: &Call,
        who: &UserName,
        event: impl Fn(UserId) -> RoomEvent,
    ) -> CommandResult {
        room_of(call)?;
        match self.person(who, call)? {
            Some(user) => self.change_room(call, event(user)),
            None => Ok(()),
        }
    }

    pub(super) fn change_room(&mut self, call: &Call, event: RoomEvent) -> CommandResult {
        room_of(call)?;
        self.say(call, Content::Room(event))
    }

    fn say(&mut self, call: &Call, content: Content) -> CommandResult {
        let is_message = content.is_message();
        self.queue(conversation_of(call)?, content)?;
        if is_message {
            self.chats.scroll_newest(self.cx);
        } else {
            self.note_waiting(strings::errors::THE_CHANGE);
        }
        Ok(())
    }

    pub(crate) fn note_waiting(&mut self, what: &str) {
        if !self.session.link.is_up() {
            self.cx.notice = Some(strings::errors::queued_offline(what));
        }
    }

    /// Appends to a conversation after a yes. `what` is queued if there is no connection.
    pub(crate) fn append_confirmed(
        &mut self,
        id: ConversationId,
        content: Content,
        what: &str,
    ) -> CommandResult {
        self.queue(id, content)?;
        self.note_waiting(what);
        Ok(())
    }

    fn queue(&mut self, id: ConversationId, content: Content) -> CommandResult {
        self.check_outbox()?;
        if content.body().is_some() {
            self.session.queue(self.chats, id, content, self.cx);
        } else {
            self.queue_change(id, content);
        }
        Ok(())
    }

    fn check_outbox(&self) -> CommandResult {
        if self.session.outbox.is_full() {
            return Err(strings::errors::outbox_full(MAX_OUTBOX));
        }
        Ok(())
    }

    /// The selected message, else the newest one.
    fn target_of(&self, call: &Call) -> Result<Seq, String> {
        let conversation = self.loaded_of(call)?;
        match call.selection {
            Some(ItemId::Entry(seq)) => Ok(seq),
            Some(ItemId::Pending(_)) => Err(strings::errors::MESSAGE_NOT_SENT.to_owned()),
            None => {
                let mut loaded = conversation.log.loaded().rev();
                let newest = loaded.find(|entry| is_readable(conversation, entry));
                Ok(newest.ok_or(strings::commands::NO_MESSAGE_HERE)?.seq)
            }
        }
    }

    /// The user's newest message, with its text.
    fn last_own(&self, call: &Call) -> Result<(Seq, String), String> {
        let conversation = self.loaded_of(call)?;
        let me = self.chats.user();
        let mut loaded = conversation.log.loaded().rev();
        let own = loaded.find(|entry| Some(entry.author) == me && is_readable(conversation, entry));
        let own = own.ok_or(strings::commands::NO_OWN_MESSAGE)?;
        Ok((own.seq, conversation.folding.text(own).to_owned()))
    }

    fn loaded_of(&self, call: &Call) -> Result<&Conversation, &'static str> {
        let conversation = self.chats.conversations.get(&conversation_of(call)?);
        conversation.ok_or(strings::commands::OPEN_FIRST)
    }

    fn run_help(&mut self, topic: Option<&'static str>) {
        match topic.and_then(command::find) {
            Some(spec) => {
                self.cx.notice = Some(strings::commands::usage_with_help(&spec.usage(), spec.help));
            }
            None => self.show(Show::Help),
        }
    }
}

fn is_readable(conversation: &Conversation, entry: &Entry) -> bool {
    entry.content.is_message() && !conversation.folding.is_deleted(entry)
}

fn after(now: Now, time: Duration) -> Timestamp {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Timestamp(now.wall.0.saturating_add(millis))
}
