//! The description of a panel for the screen.

use recado_shared::{Device, DeviceKey, Presence, Role, RoomMember, RoomSummary, Timestamp};

use super::{Panel, Rows};
use crate::app::intent::PanelKind;
use crate::app::reader::Reader;
use crate::app::view::screen::{Overlay, PanelRow};

impl Panel {
    pub(super) fn describe<'a>(&self, app: &Reader<'a>) -> Overlay<'a> {
        let rows: Vec<_> = match &self.rows {
            Rows::Members(rows) => {
                let row = |member| member_row(member, app);
                rows.iter().map(row).collect()
            }
            Rows::Rooms(rows) => rows.iter().map(room_row).collect(),
            Rows::Devices(rows) => {
                let own = app.settings.device;
                let row = |(index, device)| device_row(index, device, own);
                rows.iter().enumerate().map(row).collect()
            }
        };
        let title = match &self.kind {
            PanelKind::Members(_) => "members".to_owned(),
            PanelKind::Rooms(prefix) if prefix.is_empty() => "rooms to join".to_owned(),
            PanelKind::Rooms(prefix) => format!("rooms to join: {prefix}…"),
            PanelKind::Devices => "your devices".to_owned(),
        };
        let note = match (self.has_more, &self.kind) {
            (true, _) if !app.session.link.is_up() => "Not connected.",
            (true, _) => "Loading…",
            (false, PanelKind::Rooms(_)) => "No room of that name. /create ROOM makes one.",
            (false, PanelKind::Members(_) | PanelKind::Devices) => "Nothing to show.",
        };
        Overlay::Panel {
            title,
            rows,
            chosen: self.choice.index(),
            note,
        }
    }
}

fn member_row(member: &RoomMember, app: &Reader<'_>) -> PanelRow {
    let person = &member.person;
    let role = match member.role {
        Role::Member => "",
        role @ (Role::Moderator | Role::Owner) => role.name(),
    };
    let known = app.chats.contacts.find(person.user);
    let presence = known.and_then(|contact| contact.presence);
    let mute = member.mute.filter(|mute| mute.holds_at(app.now.wall));
    let until = mute.and_then(|mute| mute.until);
    let muted = match until {
        Some(_) => "muted until",
        None => "muted",
    };
    let detail = match (role, mute) {
        (role, None) => role.to_owned(),
        ("", Some(_)) => muted.to_owned(),
        (role, Some(_)) => format!("{role}, {muted}"),
    };
    let label = match &person.display {
        Some(display) => format!("{} ({display})", person.name),
        None => person.name.to_string(),
    };
    PanelRow {
        label,
        detail,
        time: until,
        presence: Some(presence.unwrap_or(person.presence)),
    }
}

fn room_row(room: &RoomSummary) -> PanelRow {
    let topic = room.topic.as_ref().map(|topic| format!("  {topic}"));
    PanelRow {
        label: format!("#{}{}", room.name, topic.unwrap_or_default()),
        detail: match room.members {
            1 => "1 member".to_owned(),
            members => format!("{members} members"),
        },
        time: None,
        presence: None,
    }
}

fn device_row(index: usize, device: &Device, own: DeviceKey) -> PanelRow {
    let name = device
        .name
        .as_ref()
        .map_or("(no name)", |name| name.as_str());
    let seen: Option<Timestamp> = device.seen.filter(|_| !device.is_online);
    PanelRow {
        label: format!("{} {name}", index + 1),
        detail: match (device.is_online, seen) {
            _ if device.key == own => "this one".to_owned(),
            (true, _) => "online".to_owned(),
            (false, Some(_)) => "seen".to_owned(),
            (false, None) => "never seen".to_owned(),
        },
        time: seen,
        presence: Some(if device.is_online {
            Presence::Online
        } else {
            Presence::Offline
        }),
    }
}
