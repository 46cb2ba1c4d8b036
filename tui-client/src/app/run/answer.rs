//! Answers of the server to requests of commands and overlays.

use recado_shared::{
    Answer, Content, ConversationId, Device, DeviceName, Entry, LinkCode, MessageId, PendingDevice,
    Request, RequestError, RequestNumber, RoomEvent, RoomName, RoomSummary, Seq, Timestamp,
};

use crate::app::command::{Call, CommandResult, PendingRequest, devices};
use crate::app::intent::Delivery;
use crate::app::parts::Parts;
use crate::strings;

impl Parts<'_> {
    pub(crate) fn on_command_answer(
        &mut self,
        number: RequestNumber,
        result: Result<Answer, RequestError>,
    ) {
        let Some((pending, line)) = self.pending_requests.take(number) else {
            return;
        };
        let result = match result {
            Ok(answer) => {
                self.pending_requests.running.clone_from(&line);
                let result = self.take_answer(pending, answer);
                self.pending_requests.running = None;
                result
            }
            // The switcher asks by itself, so its failure needs no notice.
            Err(_) if matches!(pending, PendingRequest::Switcher(_)) => {
                return self.deliver(Delivery::NoRooms);
            }
            Err(error) => {
                self.deliver(Delivery::NoPage);
                let attempt = pending.attempt();
                let is_name = attempt == strings::errors::CHANGE_DISPLAY_NAME;
                Err(if is_name && error == RequestError::Invalid {
                    strings::errors::cannot(attempt, strings::errors::DISPLAY_NAME_TAKEN)
                } else {
                    strings::errors::cannot(attempt, error)
                })
            }
        };
        if let Err(why) = result {
            self.fail(why, line.as_ref());
        }
    }

    fn take_answer(&mut self, pending: PendingRequest, answer: Answer) -> CommandResult {
        match (pending, answer) {
            (PendingRequest::Name(call), Answer::Users { people, .. }) => {
                self.chats.take_people(people, self.cx);
                return self.run(&call);
            }
            (PendingRequest::Name(call), Answer::Rooms { rooms, .. }) => {
                self.chats.take_rooms(&rooms);
                return match renamed(&call, &rooms) {
                    Some(why) => Err(why),
                    None => self.run(&call),
                };
            }
            (PendingRequest::Create(name, id, from), Answer::RoomCreated { room, seq, time }) => {
                let room = ConversationId::Room(room);
                self.on_room_created((name, room, from), (id, seq, time));
            }
            (PendingRequest::Change(_, done), Answer::Done) => {
                self.cx.notice = Some(done);
                self.deliver(Delivery::DevicesChanged);
            }
            (PendingRequest::Accept(conversation), Answer::Done) => {
                self.on_request_taken(conversation);
            }
            (PendingRequest::Panel(kind), answer) => {
                self.learn_names(&answer);
                self.deliver(Delivery::Page(kind, answer));
            }
            (PendingRequest::Switcher(prefix), Answer::Rooms { rooms, more }) => {
                self.chats.take_rooms(&rooms);
                self.deliver(Delivery::Rooms(prefix, rooms, more));
            }
            (PendingRequest::Device(which, new), Answer::Devices(devices)) => {
                return self.on_devices(&which, new, &devices);
            }
            (PendingRequest::Date(search), Answer::Page { entries, .. }) => {
                return self.on_date_page(search, &entries);
            }
            (PendingRequest::Link(code), Answer::PendingDevice(device)) => {
                return self.on_pending(code, device);
            }
            // The server broke the protocol: no request gets this kind of answer.
            (_, _) => {}
        }
        Ok(())
    }

    fn learn_names(&mut self, answer: &Answer) {
        if let Answer::Rooms { rooms, .. } = answer {
            self.chats.take_rooms(rooms);
        } else if let Answer::Members { members, .. } = answer {
            let people = members.iter().map(|m| m.person.clone()).collect();
            self.chats.take_people(people, self.cx);
        }
    }

    fn on_request_taken(&mut self, id: ConversationId) {
        if let Some(conversation) = self.chats.conversations.get_mut(&id)
            && std::mem::take(&mut conversation.is_request)
        {
            self.chats.save_head(id, self.cx);
            self.chats.dirty.insert(id);
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

    fn on_devices(
        &mut self,
        which: &str,
        new: Option<DeviceName>,
        devices: &[Device],
    ) -> CommandResult {
        let found = devices::find(which, devices)?;
        let key = found.key;
        let Some(name) = new else {
            self.confirm_revocation(found, which, false);
            return Ok(());
        };
        let done = strings::commands::device_renamed(&name);
        let change = PendingRequest::Change(strings::errors::NAME_DEVICE, done);
        self.ask_for(Request::NameDevice { key, name }, change)
    }

    /// Asks the user to confirm a device. The client checks the code itself, because a dishonest
    /// server could answer with a key of its own.
    fn on_pending(&mut self, code: LinkCode, device: PendingDevice) -> CommandResult {
        if LinkCode::of(&device.key) != code {
            return Err(strings::errors::WRONG_LINK_CODE.to_owned());
        }
        self.confirm_link(device, code);
        Ok(())
    }
}

/// The text about a room that does not have the name of a command any more.
fn renamed(call: &Call, found: &[RoomSummary]) -> Option<String> {
    let former = call.command.room()?;
    let folded = former.folded();
    let starts = |room: &RoomSummary| room.name.folded().starts_with(&folded);
    // All others begin with the name that was asked for.
    let renamed = found.first().filter(|room| !starts(room))?;
    Some(strings::commands::room_renamed(&former, &renamed.name))
}
