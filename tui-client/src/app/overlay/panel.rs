//! Lists that the server sends in pages: members of a room, rooms to join, the user's devices.

use recado_shared::limits::{MAX_ROOM_MEMBERS, MAX_ROOMS_PER_PAGE, MAX_USERS_PER_PAGE};
use recado_shared::{
    Answer, ConversationId, Device, DeviceKey, DeviceName, DisplayName, Presence, Request, Role,
    RoomMember, RoomSummary, Topic,
};

use super::list::List;
use super::{ListMove, Overlay, hints};
use crate::app::command::PendingRequest;
use crate::app::intent::{Delivery, PanelKind};
use crate::app::screen::PanelRow;
use crate::app::{Action, Hint, KeyContext, Parts, Reader, screen};
use crate::strings;

/// Most rows of a panel: as many as the largest room has members. More are not asked for.
const MAX_ROWS: usize = MAX_ROOM_MEMBERS;

/// The next page is asked for when the chosen row is this near to the last one.
const AHEAD: usize = 50;

#[derive(Debug)]
enum Row {
    Member(RoomMember),
    Room(RoomSummary),
    Device(Device),
}

#[derive(Debug)]
pub(super) struct Panel {
    kind: PanelKind,
    list: List<Row>,
    has_more: bool,
    is_asked: bool,
}

impl Panel {
    pub(super) fn new(kind: PanelKind) -> Self {
        Self {
            kind,
            list: List::default(),
            has_more: true,
            is_asked: false,
        }
    }

    fn next_request(&self) -> Option<Request> {
        let rows = &self.list.rows;
        let is_near = self.list.index + AHEAD >= rows.len() && rows.len() < MAX_ROWS;
        if self.is_asked || !self.has_more || !is_near {
            return None;
        }
        Some(match &self.kind {
            PanelKind::Members(room) => Request::Members {
                room: *room,
                after: rows.last().and_then(|row| match row {
                    Row::Member(member) => Some(member.person.user),
                    Row::Room(_) | Row::Device(_) => None,
                }),
                limit: MAX_USERS_PER_PAGE,
            },
            PanelKind::Rooms(prefix) => Request::FindRooms {
                prefix: prefix.clone(),
                after: rows.last().and_then(|row| match row {
                    Row::Room(room) => Some(room.name.clone()),
                    Row::Member(_) | Row::Device(_) => None,
                }),
                limit: MAX_ROOMS_PER_PAGE,
            },
            PanelKind::Devices => Request::Devices,
        })
    }

    /// Takes over a page; returns whether there are more.
    fn extend(&mut self, answer: Answer) -> bool {
        let rows = &mut self.list.rows;
        match (&self.kind, answer) {
            (PanelKind::Members(_), Answer::Members { members, more }) => {
                rows.extend(members.into_iter().map(Row::Member));
                more
            }
            (PanelKind::Rooms(_), Answer::Rooms { rooms, more }) => {
                rows.extend(rooms.into_iter().map(Row::Room));
                more
            }
            (PanelKind::Devices, Answer::Devices(devices)) => {
                *rows = devices.into_iter().map(Row::Device).collect();
                false
            }
            (PanelKind::Members(_) | PanelKind::Rooms(_) | PanelKind::Devices, _) => false,
        }
    }
}

impl Overlay for Panel {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        let has_row = self.list.chosen().is_some();
        let hints = match self.kind {
            PanelKind::Members(_) => hints(strings::hints::MESSAGE, has_row),
            PanelKind::Rooms(_) => hints(strings::hints::JOIN, has_row),
            PanelKind::Devices => {
                let revoke = has_row.then_some((Action::Remove, strings::hints::REVOKE));
                let close = (Action::Cancel, strings::hints::CLOSE);
                revoke.into_iter().chain([close]).collect()
            }
        };
        (KeyContext::Panel, hints)
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let title = match &self.kind {
            PanelKind::Members(_) => strings::overlays::MEMBERS_TITLE.to_owned(),
            PanelKind::Rooms(prefix) => strings::overlays::rooms_title(prefix),
            PanelKind::Devices => strings::overlays::DEVICES_TITLE.to_owned(),
        };
        let note = match (self.has_more, &self.kind) {
            (true, _) if !app.session.link.is_up() => strings::overlays::NOT_CONNECTED,
            (true, _) => strings::overlays::LOADING,
            (false, PanelKind::Rooms(_)) => strings::overlays::NO_ROOMS,
            (false, PanelKind::Members(_) | PanelKind::Devices) => strings::overlays::EMPTY,
        };
        let mut number = 0;
        let row = |row: &Row| match row {
            Row::Member(member) => member_row(member, app),
            Row::Room(room) => room_row(room),
            Row::Device(device) => {
                number += 1;
                device_row(number, device, app.settings.device)
            }
        };
        screen::Overlay::Panel(self.list.view(title, note, row))
    }

    fn step(&mut self, list_move: ListMove) {
        self.list.step(list_move);
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        if self.kind == PanelKind::Devices {
            return app.notify(strings::overlays::DEVICES_HINT);
        }
        app.close();
        match self.list.chosen() {
            Some(Row::Member(member)) => {
                if let Some(me) = app.chats.user() {
                    let direct = ConversationId::direct(me, member.person.user);
                    app.chats.jump_to(direct, app.cx);
                }
            }
            Some(Row::Room(room)) => {
                let joined = app.join(room.room);
                app.notify_failure(joined);
            }
            Some(Row::Device(_)) | None => {}
        }
    }

    /// Asks whether to revoke the chosen device.
    fn act(&mut self, action: Action, app: &mut Parts<'_>) {
        if action != Action::Remove {
            return;
        }
        match self.kind {
            PanelKind::Members(_) => return app.notify(strings::overlays::MEMBERS_HINT),
            PanelKind::Rooms(_) => return app.notify(strings::overlays::ROOMS_HINT),
            PanelKind::Devices => {}
        }
        if let Some(Row::Device(device)) = self.list.chosen() {
            let number = (self.list.index + 1).to_string();
            app.confirm_revocation(device, &number, true);
        }
    }

    fn refresh(&mut self, app: &mut Parts<'_>) {
        let Some(request) = self.next_request().filter(|_| app.session.link.is_up()) else {
            return;
        };
        self.is_asked = true;
        // The link is up, so that it cannot be refused.
        let _ = app.ask_for(request, PendingRequest::Panel(self.kind.clone()));
    }

    fn deliver(&mut self, delivery: Delivery, _app: &mut Parts<'_>) {
        match delivery {
            Delivery::Page(kind, answer) if kind == self.kind => {
                self.is_asked = false;
                let before = self.list.rows.len();
                let more = self.extend(answer);
                // A page without rows that promises more would be asked for again for ever.
                self.has_more = more && self.list.rows.len() > before;
                self.list.step(ListMove::By(0));
            }
            Delivery::NoPage => {
                self.is_asked = false;
                self.has_more = false;
            }
            Delivery::DevicesChanged if self.kind == PanelKind::Devices => {
                self.has_more = true;
            }
            Delivery::Page(..)
            | Delivery::Rooms(..)
            | Delivery::NoRooms
            | Delivery::DevicesChanged => {}
        }
    }
}

fn member_row(member: &RoomMember, app: &Reader<'_>) -> PanelRow {
    let person = &member.person;
    let known = app.chats.contacts.get(person.user);
    let presence = known.and_then(|contact| contact.presence);
    let role = (member.role != Role::Member).then(|| member.role.name());
    let mute = member.mute.filter(|mute| mute.holds_at(app.now.wall));
    let muted = mute.map(|mute| match mute.until {
        Some(_) => strings::overlays::MUTED_UNTIL,
        None => strings::conversation::MUTED,
    });
    let detail: Vec<_> = role.into_iter().chain(muted).collect();
    let label = match person.display.as_ref().and_then(DisplayName::visible) {
        Some(display) => format!("{} ({display})", person.name),
        None => person.name.to_string(),
    };
    PanelRow {
        label,
        detail: detail.join(", "),
        time: mute.and_then(|mute| mute.until),
        presence: Some(presence.unwrap_or(person.presence)),
    }
}

fn room_row(room: &RoomSummary) -> PanelRow {
    let topic = room.topic.as_ref().and_then(Topic::visible);
    let topic = topic.map(|topic| format!("  {topic}"));
    PanelRow {
        label: format!("#{}{}", room.name, topic.unwrap_or_default()),
        detail: strings::conversation::members(room.members.into()),
        time: None,
        presence: None,
    }
}

fn device_row(number: usize, device: &Device, own: DeviceKey) -> PanelRow {
    let name = device.name.as_ref().and_then(DeviceName::visible);
    let name = name.unwrap_or(strings::overlays::NO_NAME);
    let seen = device.seen.filter(|_| !device.is_online);
    let detail = match (device.is_online, seen) {
        _ if device.key == own => strings::overlays::THIS_DEVICE,
        (true, _) => strings::overlays::ONLINE,
        (false, Some(_)) => strings::overlays::SEEN,
        (false, None) => strings::overlays::NEVER_SEEN,
    };
    PanelRow {
        label: format!("{number} {name}"),
        detail: detail.to_owned(),
        time: seen,
        presence: Some(if device.is_online {
            Presence::Online
        } else {
            Presence::Offline
        }),
    }
}
