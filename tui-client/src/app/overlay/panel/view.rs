//! How a panel's rows read.

use recado_shared::{Device, DeviceKey, Now, Presence, Role, RoomMember, RoomSummary, Timestamp};

use super::{Panel, PanelKind, Rows};
use crate::app::App;
use crate::app::input::action::{Action, KeyContext};
use crate::app::overlay::switcher::OverlayState;
use crate::app::view::screen::{Overlay, PanelRow};

impl App {
    pub(in crate::app) fn panel_view<'a>(&'a self, panel: &'a Panel, now: Now) -> Overlay<'a> {
        let rows: Vec<_> = match &panel.rows {
            Rows::Members(rows) => {
                let row = |member| self.member_row(member, now);
                rows.iter().map(row).collect()
            }
            Rows::Rooms(rows) => rows.iter().map(room_row).collect(),
            Rows::Devices(rows) => {
                let own = self.settings.device;
                let row = |(index, device)| device_row(index, device, own);
                rows.iter().enumerate().map(row).collect()
            }
        };
        let title = match &panel.kind {
            PanelKind::Members(_) => "members".to_owned(),
            PanelKind::Rooms(prefix) if prefix.is_empty() => "rooms to join".to_owned(),
            PanelKind::Rooms(prefix) => format!("rooms to join: {prefix}…"),
            PanelKind::Devices => "your devices".to_owned(),
        };
        let note = match (panel.has_more, &panel.kind) {
            (true, _) if !self.session.link.is_up() => "Not connected.",
            (true, _) => "Loading…",
            (false, PanelKind::Rooms(_)) => "No room of that name. /create ROOM makes one.",
            (false, PanelKind::Members(_) | PanelKind::Devices) => "Nothing to show.",
        };
        Overlay::Panel {
            title,
            rows,
            chosen: panel.chosen,
            note,
        }
    }

    /// The keys worth knowing in a list or for a question.
    pub(in crate::app) fn panel_hints(&self) -> &'static [(Action, &'static str)] {
        let Some(OverlayState::Panel(panel)) = &self.overlay else {
            return &[(Action::Submit, "yes"), (Action::Cancel, "no")];
        };
        match panel.kind {
            PanelKind::Members(_) => {
                &[(Action::Submit, "write to them"), (Action::Cancel, "close")]
            }
            PanelKind::Rooms(_) => &[(Action::Submit, "join or open"), (Action::Cancel, "close")],
            PanelKind::Devices => &[(Action::Remove, "revoke"), (Action::Cancel, "close")],
        }
    }

    /// How a question is answered.
    pub(in crate::app) fn answers(&self) -> String {
        let key = |action| self.input.keymap.key_of(KeyContext::Panel, action);
        format!("{}: yes   {}: no", key(Action::Submit), key(Action::Cancel))
    }

    fn member_row(&self, member: &RoomMember, now: Now) -> PanelRow {
        let person = &member.person;
        let role = match member.role {
            Role::Member => "",
            role @ (Role::Moderator | Role::Owner) => role.name(),
        };
        let known = self.chats.contacts.find(person.user);
        let presence = known.and_then(|contact| contact.presence);
        let mute = member.mute.filter(|mute| mute.holds_at(now.wall));
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
