//! The description of a panel for the screen.

use recado_shared::{Device, DeviceKey, Presence, Role, RoomMember, RoomSummary, Timestamp};

use super::{Panel, Rows};
use crate::app::intent::PanelKind;
use crate::app::reader::Reader;
use crate::app::view::screen::{Overlay, PanelRow};
use crate::strings;

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
        Some(_) => strings::overlays::MUTED_UNTIL,
        None => strings::overlays::MUTED,
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
        detail: strings::conversation::members(room.members.into()),
        time: None,
        presence: None,
    }
}

fn device_row(index: usize, device: &Device, own: DeviceKey) -> PanelRow {
    let name = device
        .name
        .as_ref()
        .map_or(strings::overlays::NO_NAME, |name| name.as_str());
    let seen: Option<Timestamp> = device.seen.filter(|_| !device.is_online);
    PanelRow {
        label: format!("{} {name}", index + 1),
        detail: match (device.is_online, seen) {
            _ if device.key == own => strings::overlays::THIS_DEVICE.to_owned(),
            (true, _) => strings::overlays::ONLINE.to_owned(),
            (false, Some(_)) => strings::overlays::SEEN.to_owned(),
            (false, None) => strings::overlays::NEVER_SEEN.to_owned(),
        },
        time: seen,
        presence: Some(if device.is_online {
            Presence::Online
        } else {
            Presence::Offline
        }),
    }
}
