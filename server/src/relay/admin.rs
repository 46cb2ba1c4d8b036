//! Requests of the operator while the server runs, and the relay's part in carrying them out.

use std::collections::BTreeSet;

use recado_shared::rules::permission::Memberships as _;
use recado_shared::{
    Activity, CloseReason, Content, ConversationId, DeviceKey, Entry, Membership, MessageBody, Now,
    RoomEvent, ServerFrame, Stamp, UserId,
};

use super::session::Flow;
use super::{Effect, Relay, SessionId, Ticket};
use crate::admin::request::{AdminAnswer, AdminRequest, Present, SessionInfo};
use crate::store::{AdminChange, AdminOutcome, ChangeError, Write};

impl Relay {
    pub(super) fn admin(
        &mut self,
        ticket: Ticket,
        request: AdminRequest,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let answer = match request {
            AdminRequest::Policy(policy) => {
                self.config.policy = policy.unwrap_or(self.config.policy);
                AdminAnswer::Policy(self.config.policy)
            }
            AdminRequest::Announce(body) => AdminAnswer::Announced(self.announce_to_all(body, out)),
            AdminRequest::Change(change) => return self.change(ticket, change, now, out),
            AdminRequest::Sessions => AdminAnswer::Sessions(self.session_infos()),
            AdminRequest::Stats => {
                let present = self.present();
                return out.push(Effect::AdminStats { ticket, present });
            }
        };
        out.push(Effect::AdminAnswer { ticket, answer });
    }

    fn change(&mut self, ticket: Ticket, change: AdminChange, now: Now, out: &mut Vec<Effect>) {
        if self.phase.is_serving() {
            let time = now.wall;
            let write = Write::Admin {
                ticket,
                change,
                time,
            };
            self.write(write, out);
        } else {
            let answer = AdminAnswer::Stopping;
            out.push(Effect::AdminAnswer { ticket, answer });
        }
    }

    /// Applies the entries that an operator's change appended, and pushes them to the members. A user
    /// whose membership changed gets heads.
    pub(super) fn appended_by_admin(
        &mut self,
        entries: Vec<(ConversationId, Entry)>,
        since: Stamp,
        out: &mut Vec<Effect>,
    ) {
        for (conversation, entry) in entries {
            let mut to: BTreeSet<_> = self.sessions_of_members(conversation).collect();
            let room = conversation
                .room()
                .and_then(|room| self.memberships.room(room));
            let closes = entry.content == Content::Room(RoomEvent::Closed);
            let invited = room.filter(|_| closes);
            let invited: Vec<_> = invited
                .into_iter()
                .flat_map(|room| room.outsiders(Membership::Invited))
                .collect();
            let changed = self.memberships.apply(conversation, &entry);
            to.extend(self.sessions_of_members(conversation));
            let frame = ServerFrame::Entry {
                conversation,
                entry,
            };
            self.push(to, frame, out);
            for user in invited.into_iter().chain(changed) {
                self.send_heads(user, since, out);
            }
        }
    }

    pub(super) fn administered(
        &mut self,
        ticket: Ticket,
        result: Result<AdminOutcome, ChangeError>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        match &result {
            Ok(AdminOutcome::Reset { user }) => {
                self.end_sessions(*user, None, CloseReason::Revoked, now, out);
            }
            Ok(AdminOutcome::Disabled { user } | AdminOutcome::Removed { user }) => {
                self.memberships.set_closed(*user, true);
                if matches!(result, Ok(AdminOutcome::Removed { .. })) {
                    self.displays.forget(*user);
                }
                self.end_sessions(*user, None, CloseReason::AccountClosed, now, out);
            }
            Ok(AdminOutcome::Renamed { user, name }) => {
                self.end_sessions(*user, None, CloseReason::Renamed, now, out);
                self.name_taken(*user, name, out);
                self.announce_person(*user, name, out);
            }
            Ok(AdminOutcome::Enabled { user }) => self.memberships.set_closed(*user, false),
            Ok(AdminOutcome::RoomRenamed { .. } | AdminOutcome::RoomClosed { .. }) | Err(_) => {}
        }
        let answer = AdminAnswer::Changed(result);
        out.push(Effect::AdminAnswer { ticket, answer });
    }

    /// Closes all sessions of a user, or of one of their devices, and forgets them. A hello that waits
    /// for the store needs nothing: its answer comes from what is stored now.
    pub(super) fn end_sessions(
        &mut self,
        user: UserId,
        device: Option<DeviceKey>,
        reason: CloseReason,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let is_of_device = |id: &SessionId| {
            let session = self.sessions.get(id);
            device.is_none_or(|key| session.is_some_and(|session| session.key == key))
        };
        let sessions: Vec<_> = self.sessions_of(user).filter(is_of_device).collect();
        for session in sessions {
            out.push(Effect::Close { session, reason });
            self.closed(session, now, out);
        }
    }

    /// Pushes an announcement to all sessions, also to those behind: no head makes up for it.
    fn announce_to_all(&self, body: MessageBody, out: &mut Vec<Effect>) -> u64 {
        let to: Vec<_> = self.sessions.keys().copied().collect();
        let count = u64::try_from(to.len()).unwrap_or(u64::MAX);
        if !to.is_empty() {
            let frame = ServerFrame::Announcement(body);
            out.push(Effect::Push { to, frame });
        }
        count
    }

    fn present(&self) -> Present {
        Present {
            sessions: self.sessions.len() as u64,
            people: self.devices.len() as u64,
        }
    }

    fn session_infos(&self) -> Vec<SessionInfo> {
        let infos = self.sessions.iter().map(|(id, session)| SessionInfo {
            session: id.0,
            user: session.user,
            address: session.address,
            since: session.since,
            is_away: session.activity == Activity::Away,
            is_behind: session.flow != Flow::Live,
        });
        infos.collect()
    }
}
