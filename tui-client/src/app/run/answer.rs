//! Answers of the server to requests of commands and overlays.

use recado_shared::{
    Answer, Content, ConversationId, Device, DeviceName, Entry, LinkCode, MessageId, PendingDevice,
    Request, RequestError, RequestNumber, RoomEvent, RoomName, RoomSummary, Seq, Timestamp,
};

use crate::app::command::act;
use crate::app::command::devices;
use crate::app::command::{Call, Wait};
use crate::app::intent::{Confirmed, Delivery};
use crate::app::parts::Parts;
use crate::strings;

impl Parts<'_> {
    pub(crate) fn on_command_answer(
        &mut self,
        number: RequestNumber,
        result: Result<Answer, RequestError>,
    ) {
        let Some(wait) = self.commands.waiting.remove(&number) else {
            return;
        };
        let answer = match result {
            Ok(answer) => answer,
            // The switcher asks by itself, so its failure needs no notice.
            Err(_) if matches!(wait, Wait::Switcher(_)) => return self.deliver(Delivery::NoRooms),
            Err(error) => {
                self.deliver(Delivery::NoPage);
                let what = action_of(&wait);
                self.cx.notice = Some(
                    if what == strings::errors::CHANGE_DISPLAY_NAME
                        && error == RequestError::Invalid
                    {
                        strings::errors::cannot(what, strings::errors::DISPLAY_NAME_TAKEN)
                    } else {
                        strings::errors::cannot(what, error)
                    },
                );
                return;
            }
        };
        match (wait, answer) {
            (Wait::Name(call), Answer::Users { people, .. }) => {
                self.chats.take_people(people, self.cx);
                self.resume(&call);
            }
            (Wait::Name(call), Answer::Rooms { rooms, .. }) => {
                self.chats.take_rooms(&rooms);
                self.resume(&call);
            }
            (Wait::Create { name, id, from }, Answer::RoomCreated { room, seq, time }) => {
                let room = ConversationId::Room(room);
                self.on_room_created((name, room, from), (id, seq, time));
            }
            (Wait::Act { done, .. }, Answer::Done) => {
                self.cx.notice = Some(done);
                self.deliver(Delivery::DevicesChanged);
            }
            (Wait::Accept(conversation), Answer::Done) => self.on_request_taken(conversation),
            (Wait::Panel(kind), answer) => {
                self.learn_names(&answer);
                self.deliver(Delivery::Page(kind, answer));
            }
            (Wait::Switcher(prefix), Answer::Rooms { rooms, more }) => {
                self.chats.take_rooms(&rooms);
                self.deliver(Delivery::Rooms {
                    prefix,
                    rooms,
                    has_more: more,
                });
            }
            (Wait::Devices { which, new }, Answer::Devices(devices)) => {
                self.on_devices(&which, new, &devices);
            }
            (Wait::Link(code), Answer::PendingDevice(device)) => self.on_pending(code, device),
            // The server broke the protocol: no request gets this kind of answer.
            (_, _) => {}
        }
    }

    /// Keeps the names of the users and rooms that a panel lists.
    fn learn_names(&mut self, answer: &Answer) {
        if let Answer::Rooms { rooms, .. } = answer {
            self.chats.take_rooms(rooms);
        } else if let Answer::Members { members, .. } = answer {
            let people = members.iter().map(|m| m.person.clone()).collect();
            self.chats.take_people(people, self.cx);
        }
    }

    /// Resumes a command that waited for a name.
    fn resume(&mut self, call: &Call) {
        if let Err(why) = self.run(call) {
            self.cx.notice = Some(why);
        }
    }

    fn on_request_taken(&mut self, id: ConversationId) {
        if let Some(conversation) = self.chats.conversations.get_mut(&id)
            && std::mem::take(&mut conversation.is_request)
        {
            self.chats.save_head(id, self.cx);
            self.chats.contacts.mark_stale();
        }
        self.cx.notice = Some(strings::commands::request_accepted(self.chats.title(id)));
    }

    fn on_room_created(
        &mut self,
        (name, id, from): (RoomName, ConversationId, Option<ConversationId>),
        (message, seq, time): (MessageId, Seq, Timestamp),
    ) {
        let (Some(author), Some(room)) = (self.chats.user(), id.room()) else {
            return;
        };
        self.chats.take_rooms(&[RoomSummary {
            room,
            name: name.clone(),
            topic: None,
            members: 1,
        }]);
        let entry = Entry {
            seq,
            author,
            id: message,
            time,
            content: Content::Room(RoomEvent::Created),
        };
        self.session
            .take_entries(self.chats, id, vec![entry], self.cx);
        self.cx.notice = Some(strings::commands::room_created(&name));
        self.open_if_idle(id, from);
    }

    fn on_devices(&mut self, which: &str, new: Option<DeviceName>, devices: &[Device]) {
        let found = match devices::find(which, devices) {
            Ok(found) => found,
            Err(why) => {
                self.cx.notice = Some(why);
                return;
            }
        };
        let key = found.key;
        let Some(name) = new else {
            let name = found.name.as_ref().map_or(which, |n| n.as_str());
            let question = strings::overlays::confirm_revoke(name);
            return self.confirm(question, Confirmed::Revoke(key));
        };
        let done = strings::commands::device_renamed(&name);
        let asked = self.ask_for(
            Request::NameDevice { key, name },
            act(strings::errors::NAME_DEVICE, done),
        );
        self.cx.notice = asked.err().or(self.cx.notice.take());
    }

    /// Asks the user to confirm a device. The client checks the code itself, because a dishonest
    /// server could answer with a key of its own.
    fn on_pending(&mut self, code: LinkCode, device: PendingDevice) {
        if LinkCode::of(&device.key) != code {
            let why = strings::errors::WRONG_LINK_CODE;
            self.cx.notice = Some(why.to_owned());
            return;
        }
        let name = device.name.as_ref().map(DeviceName::as_str);
        let question = strings::overlays::confirm_link(name, code);
        self.confirm(question, Confirmed::Link(device));
    }
}

/// The action for an error text, such as "create the room".
fn action_of(wait: &Wait) -> &str {
    match wait {
        Wait::Name(_) => strings::errors::FIND_NAME,
        Wait::Create { .. } => strings::errors::CREATE_ROOM,
        Wait::Act { what, .. } => what,
        Wait::Accept(_) => strings::errors::ACCEPT_REQUEST,
        Wait::Panel(_) => strings::errors::SHOW_LIST,
        Wait::Switcher(_) => strings::errors::FIND_ROOMS,
        Wait::Devices { .. } => strings::errors::FIND_DEVICES,
        Wait::Link(_) => strings::errors::LINK_DEVICE,
    }
}
