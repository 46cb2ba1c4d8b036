//! Lists over the panes that the server is asked for page by page: the members of a room, rooms
//! to join, the user's devices.

mod view;

use recado_shared::limits::{MAX_ROOM_MEMBERS, MAX_ROOMS_PER_PAGE, MAX_USERS_PER_PAGE};
use recado_shared::{Answer, ConversationId, Device, Request, RoomId, RoomMember, RoomSummary};

use crate::app::App;
use crate::app::command::{Wait, act};
use crate::app::overlay::switcher::OverlayState;

/// Most rows of a panel: as many as the largest room has members. More are not asked for.
const MAX_ROWS: usize = MAX_ROOM_MEMBERS;

/// The next page is asked for when the chosen row is this near to the last one.
const AHEAD: usize = 50;

/// What a panel lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) enum PanelKind {
    Members(RoomId),
    /// Rooms whose names begin so.
    Rooms(String),
    Devices,
}

/// The rows that came so far.
#[derive(Debug)]
pub(in crate::app) enum Rows {
    Members(Vec<RoomMember>),
    Rooms(Vec<RoomSummary>),
    Devices(Vec<Device>),
}

/// A list over the panes.
#[derive(Debug)]
pub(in crate::app) struct Panel {
    pub(in crate::app) kind: PanelKind,
    pub(in crate::app) rows: Rows,
    pub(in crate::app) chosen: usize,
    /// Whether there are more rows than these.
    pub(in crate::app) has_more: bool,
    /// Whether a page is on its way.
    is_asked: bool,
    /// The row whose device is taken away by the same key once more.
    armed: Option<usize>,
}

impl Rows {
    pub(in crate::app) fn len(&self) -> usize {
        match self {
            Self::Members(rows) => rows.len(),
            Self::Rooms(rows) => rows.len(),
            Self::Devices(rows) => rows.len(),
        }
    }
}

impl Panel {
    fn new(kind: PanelKind) -> Self {
        let rows = match kind {
            PanelKind::Members(_) => Rows::Members(Vec::new()),
            PanelKind::Rooms(_) => Rows::Rooms(Vec::new()),
            PanelKind::Devices => Rows::Devices(Vec::new()),
        };
        Self {
            kind,
            rows,
            chosen: 0,
            has_more: true,
            is_asked: false,
            armed: None,
        }
    }

    pub(in crate::app) fn choose(&mut self, index: usize) {
        self.chosen = index.min(self.rows.len().saturating_sub(1));
        self.armed = None;
    }

    pub(in crate::app) fn step(&mut self, steps: i32) {
        let steps = isize::try_from(steps).unwrap_or(0);
        self.choose(self.chosen.saturating_add_signed(steps));
    }

    /// What to ask for next, if anything is wanted.
    fn next_request(&self) -> Option<Request> {
        let count = self.rows.len();
        let is_near = self.chosen + AHEAD >= count && count < MAX_ROWS;
        if self.is_asked || !self.has_more || !is_near {
            return None;
        }
        Some(match (&self.kind, &self.rows) {
            (PanelKind::Members(room), Rows::Members(rows)) => Request::Members {
                room: *room,
                after: rows.last().map(|member| member.person.user),
                limit: MAX_USERS_PER_PAGE,
            },
            (PanelKind::Rooms(prefix), Rows::Rooms(rows)) => Request::FindRooms {
                prefix: prefix.clone(),
                after: rows.last().map(|room| room.name.clone()),
                limit: MAX_ROOMS_PER_PAGE,
            },
            (PanelKind::Members(_) | PanelKind::Rooms(_) | PanelKind::Devices, _) => {
                Request::Devices
            }
        })
    }
}

impl App {
    pub(in crate::app) fn open_panel(&mut self, kind: PanelKind) -> Result<(), String> {
        if !self.session.link.is_up() {
            return Err(crate::app::command::NOT_CONNECTED.to_owned());
        }
        self.show_overlay(Some(OverlayState::Panel(Panel::new(kind))));
        Ok(())
    }

    /// Asks for the next rows of the open panel, if they are wanted.
    pub(in crate::app) fn ask_panel(&mut self) {
        let Some(OverlayState::Panel(panel)) = &mut self.overlay else {
            return;
        };
        let Some(request) = panel.next_request().filter(|_| self.session.link.is_up()) else {
            return;
        };
        panel.is_asked = true;
        let kind = panel.kind.clone();
        // The link is up, so that it cannot be refused.
        let _ = self.ask_for(request, Wait::Panel(kind));
    }

    /// Rows came for a panel, which may be closed by now.
    pub(in crate::app) fn on_panel_page(&mut self, kind: &PanelKind, answer: Answer) {
        if let Answer::Rooms { rooms, .. } = &answer {
            self.chats.take_rooms(rooms);
        }
        if let Answer::Members { members, .. } = &answer {
            self.chats.take_people(
                members.iter().map(|m| m.person.clone()).collect(),
                &mut self.cx,
            );
        }
        let Some(OverlayState::Panel(panel)) = &mut self.overlay else {
            return;
        };
        if panel.kind != *kind {
            return;
        }
        panel.is_asked = false;
        let before = panel.rows.len();
        let more = match (&mut panel.rows, answer) {
            (Rows::Members(rows), Answer::Members { members, more }) => {
                rows.extend(members);
                more
            }
            (Rows::Rooms(rows), Answer::Rooms { rooms, more }) => {
                rows.extend(rooms);
                more
            }
            (Rows::Devices(rows), Answer::Devices(devices)) => {
                *rows = devices;
                false
            }
            (Rows::Members(_) | Rows::Rooms(_) | Rows::Devices(_), _) => false,
        };
        // A page without rows that promises more would be asked for again for ever.
        panel.has_more = more && panel.rows.len() > before;
        panel.chosen = panel.chosen.min(panel.rows.len().saturating_sub(1));
    }

    /// What was asked for a panel does not come.
    pub(in crate::app) fn stop_loading_panel(&mut self) {
        if let Some(OverlayState::Panel(panel)) = &mut self.overlay {
            panel.is_asked = false;
            panel.has_more = false;
        }
    }

    /// The devices may be other ones now.
    pub(in crate::app) fn reload_devices(&mut self) {
        if let Some(OverlayState::Panel(panel)) = &mut self.overlay
            && panel.kind == PanelKind::Devices
        {
            panel.has_more = true;
            panel.armed = None;
        }
    }

    /// The members of the open room.
    pub(in crate::app) fn show_members(&mut self) {
        let room = self.chats.nav.open.and_then(ConversationId::room);
        let opened = match room {
            Some(room) => self.open_panel(PanelKind::Members(room)),
            None => Err("only a room has members: open one first".to_owned()),
        };
        self.cx.notice = opened.err().or(self.cx.notice.take());
    }

    /// Enter: goes to the person, comes into the room.
    pub(in crate::app) fn accept_panel(&mut self) {
        let Some(OverlayState::Panel(panel)) = &self.overlay else {
            return;
        };
        match &panel.rows {
            Rows::Members(rows) => {
                let user = rows.get(panel.chosen).map(|member| member.person.user);
                let direct = self.chats.user().zip(user);
                self.show_overlay(None);
                if let Some((me, user)) = direct {
                    self.chats
                        .jump_to(ConversationId::direct(me, user), &mut self.cx);
                }
            }
            Rows::Rooms(rows) => {
                let room = rows.get(panel.chosen).map(|room| room.room);
                self.show_overlay(None);
                if let Some(room) = room {
                    let joined = self.join(room);
                    self.cx.notice = joined.err().or(self.cx.notice.take());
                }
            }
            Rows::Devices(_) => {
                let why = "/device-name NUMBER NEW names a device, x revokes it";
                self.cx.notice = Some(why.to_owned());
            }
        }
    }

    /// Takes the chosen device away, on the second press.
    pub(in crate::app) fn remove_chosen(&mut self) {
        let Some(OverlayState::Panel(panel)) = &mut self.overlay else {
            return;
        };
        let device = match &panel.rows {
            Rows::Devices(rows) => rows.get(panel.chosen),
            Rows::Members(_) => {
                self.cx.notice = Some("/kick NAME sends a member out".to_owned());
                return;
            }
            Rows::Rooms(_) => {
                self.cx.notice = Some("/leave in the room leaves it".to_owned());
                return;
            }
        };
        let Some(device) = device else {
            return;
        };
        if panel.armed.replace(panel.chosen) != Some(panel.chosen) {
            let name = device.name.as_ref().map_or("this device", |n| n.as_str());
            self.cx.notice = Some(if device.key == self.settings.device {
                "press the key again to take this device away from yourself: you are out then"
                    .to_owned()
            } else {
                format!("press the key again to revoke {name}: it has to be linked again then")
            });
            return;
        }
        panel.armed = None;
        let key = device.key;
        let done = "the device is revoked".to_owned();
        let asked = self.ask_for(Request::RevokeDevice(key), act("revoke the device", done));
        self.cx.notice = asked.err();
    }
}
