//! Lists that the server is asked for page by page: the members of a room, rooms to join, the
//! user's devices.

mod view;

use recado_shared::limits::{MAX_ROOM_MEMBERS, MAX_ROOMS_PER_PAGE, MAX_USERS_PER_PAGE};
use recado_shared::{Answer, ConversationId, Device, Request, RoomMember, RoomSummary};

use super::choice::Choice;
use super::traits::Overlay;
use crate::app::action::Hint;
use crate::app::action::{Action, KeyContext};
use crate::app::command::{Wait, act};
use crate::app::intent::{Delivery, PanelKind};
use crate::app::parts::Parts;
use crate::app::reader::Reader;
use crate::app::view::screen;
use crate::strings;

/// Most rows of a panel: as many as the largest room has members. More are not asked for.
const MAX_ROWS: usize = MAX_ROOM_MEMBERS;

/// The next page is asked for when the chosen row is this near to the last one.
const AHEAD: usize = 50;

/// The rows that came so far.
#[derive(Debug)]
enum Rows {
    Members(Vec<RoomMember>),
    Rooms(Vec<RoomSummary>),
    Devices(Vec<Device>),
}

#[derive(Debug)]
pub(super) struct Panel {
    kind: PanelKind,
    rows: Rows,
    choice: Choice,
    /// Whether the server may have more rows than these.
    has_more: bool,
    /// Whether a page is on its way.
    is_asked: bool,
    /// The row whose device the same key revokes when it is pressed again.
    armed: Option<usize>,
}

impl Rows {
    fn len(&self) -> usize {
        match self {
            Self::Members(rows) => rows.len(),
            Self::Rooms(rows) => rows.len(),
            Self::Devices(rows) => rows.len(),
        }
    }

    /// Takes over a page; returns whether there are more.
    fn extend(&mut self, answer: Answer) -> bool {
        match (self, answer) {
            (Self::Members(rows), Answer::Members { members, more }) => {
                rows.extend(members);
                more
            }
            (Self::Rooms(rows), Answer::Rooms { rooms, more }) => {
                rows.extend(rooms);
                more
            }
            (Self::Devices(rows), Answer::Devices(devices)) => {
                *rows = devices;
                false
            }
            (Self::Members(_) | Self::Rooms(_) | Self::Devices(_), _) => false,
        }
    }
}

impl Panel {
    pub(super) fn new(kind: PanelKind) -> Self {
        let rows = match kind {
            PanelKind::Members(_) => Rows::Members(Vec::new()),
            PanelKind::Rooms(_) => Rows::Rooms(Vec::new()),
            PanelKind::Devices => Rows::Devices(Vec::new()),
        };
        Self {
            kind,
            rows,
            choice: Choice::default(),
            has_more: true,
            is_asked: false,
            armed: None,
        }
    }

    /// The request for the next page, if one is wanted.
    fn next_request(&self) -> Option<Request> {
        let count = self.rows.len();
        let is_near = self.choice.index() + AHEAD >= count && count < MAX_ROWS;
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

impl Overlay for Panel {
    fn context(&self) -> KeyContext {
        KeyContext::Panel
    }

    fn hints(&self) -> &'static [Hint] {
        match self.kind {
            PanelKind::Members(_) => &[
                (Action::Submit, strings::hints::MESSAGE),
                (Action::Cancel, strings::hints::CLOSE),
            ],
            PanelKind::Rooms(_) => &[
                (Action::Submit, strings::hints::JOIN),
                (Action::Cancel, strings::hints::CLOSE),
            ],
            PanelKind::Devices => &[
                (Action::Remove, strings::hints::REVOKE),
                (Action::Cancel, strings::hints::CLOSE),
            ],
        }
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        self.describe(app)
    }

    fn step(&mut self, steps: i32) {
        self.choice.step(steps, self.rows.len());
        self.armed = None;
    }

    fn choose(&mut self, row: usize) {
        self.choice.set(row, self.rows.len());
        self.armed = None;
    }

    /// Goes to the member, joins the room.
    fn accept(&mut self, app: &mut Parts<'_>) {
        let chosen = self.choice.index();
        match &self.rows {
            Rows::Members(rows) => {
                let user = rows.get(chosen).map(|member| member.person.user);
                app.close();
                if let Some((me, user)) = app.chats.user().zip(user) {
                    app.chats.jump_to(ConversationId::direct(me, user), app.cx);
                }
            }
            Rows::Rooms(rows) => {
                app.close();
                if let Some(room) = rows.get(chosen) {
                    let joined = app.join(room.room);
                    app.notify_failure(joined);
                }
            }
            Rows::Devices(_) => app.notify(strings::overlays::DEVICES_HINT),
        }
    }

    /// Revokes the chosen device, on the second press.
    fn act(&mut self, action: Action, app: &mut Parts<'_>) {
        if action != Action::Remove {
            return;
        }
        let chosen = self.choice.index();
        let device = match &self.rows {
            Rows::Devices(rows) => rows.get(chosen),
            Rows::Members(_) => return app.notify(strings::overlays::MEMBERS_HINT),
            Rows::Rooms(_) => return app.notify(strings::overlays::ROOMS_HINT),
        };
        let Some(device) = device else {
            return;
        };
        if self.armed.replace(chosen) != Some(chosen) {
            let name = device
                .name
                .as_ref()
                .map_or(strings::overlays::THIS_DEVICE, |n| n.as_str());
            return app.notify(if device.key == app.settings.device {
                strings::overlays::REVOKE_OWN_AGAIN.to_owned()
            } else {
                strings::overlays::revoke_again(name)
            });
        }
        self.armed = None;
        let done = strings::commands::DEVICE_REVOKED.to_owned();
        let request = Request::RevokeDevice(device.key);
        let asked = app.ask_for(request, act(strings::errors::REVOKE_DEVICE, done));
        app.cx.notice = asked.err();
    }

    fn refresh(&mut self, app: &mut Parts<'_>) {
        let Some(request) = self.next_request().filter(|_| app.session.link.is_up()) else {
            return;
        };
        self.is_asked = true;
        // The link is up, so that it cannot be refused.
        let _ = app.ask_for(request, Wait::Panel(self.kind.clone()));
    }

    fn deliver(&mut self, delivery: Delivery, _app: &mut Parts<'_>) {
        match delivery {
            Delivery::Page(kind, answer) if kind == self.kind => {
                self.is_asked = false;
                let before = self.rows.len();
                let more = self.rows.extend(answer);
                // A page without rows that promises more would be asked for again for ever.
                self.has_more = more && self.rows.len() > before;
                self.choice.step(0, self.rows.len());
            }
            Delivery::NoPage => {
                self.is_asked = false;
                self.has_more = false;
            }
            Delivery::DevicesChanged if self.kind == PanelKind::Devices => {
                self.has_more = true;
                self.armed = None;
            }
            Delivery::Page(..)
            | Delivery::Rooms { .. }
            | Delivery::NoRooms
            | Delivery::DevicesChanged => {}
        }
    }
}
