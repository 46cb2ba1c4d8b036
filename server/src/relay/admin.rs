//! Requests of the operator while the server runs, and the relay's part in carrying them out.

use recado_shared::{
    Activity, CloseReason, ConversationId, DeviceKey, Entry, MessageBody, ServerFrame, Stamp,
    UserId,
};

use super::{Effect, Relay, SessionId, Ticket};
use crate::admin::request::{AdminAnswer, AdminRequest, Present, SessionInfo};
use crate::store::{AdminOutcome, ChangeError, Write};

impl Relay {
    pub(super) fn admin(&mut self, ticket: Ticket, request: AdminRequest) {
        let answer = match request {
            AdminRequest::Policy(policy) => {
                self.config.policy = policy.unwrap_or(self.config.policy);
                AdminAnswer::Policy(self.config.policy)
            }
            AdminRequest::Announce(body) => AdminAnswer::Announced(self.announce_to_all(body)),
            AdminRequest::Change(change) => {
                let time = self.now.wall;
                let write = Write::Admin {
                    ticket,
                    change,
                    time,
                };
                match self.try_write(write) {
                    Ok(()) => return,
                    Err(_) => AdminAnswer::Stopping,
                }
            }
            AdminRequest::Sessions => AdminAnswer::Sessions(self.session_infos()),
            AdminRequest::Stats => {
                let present = Present {
                    sessions: self.sessions.len() as u64,
                    users: self.online.len() as u64,
                };
                return self.effects.push(Effect::AdminStats { ticket, present });
            }
        };
        self.effects.push(Effect::AdminAnswer { ticket, answer });
    }

    /// Applies and pushes the entries of an operator's change. A user whose membership changed gets heads.
    pub(super) fn admin_appended(&mut self, entries: Vec<(ConversationId, Entry)>, since: Stamp) {
        for (conversation, entry) in entries {
            let (to, changed) = self.apply(conversation, &entry);
            self.push_entry(to, conversation, entry);
            for user in changed {
                self.send_heads(user, since);
            }
        }
    }

    pub(super) fn admin_done(&mut self, ticket: Ticket, result: Result<AdminOutcome, ChangeError>) {
        match &result {
            Ok(AdminOutcome::Reset { user }) => {
                self.end_sessions(*user, None, CloseReason::Revoked);
            }
            Ok(AdminOutcome::Disabled { user } | AdminOutcome::Removed { user }) => {
                self.memberships.set_closed(*user, true);
                if matches!(result, Ok(AdminOutcome::Removed { .. })) {
                    self.displays.forget(*user);
                    self.announce_removal(*user);
                    self.erasures.begin(self.now);
                }
                self.end_sessions(*user, None, CloseReason::AccountClosed);
            }
            Ok(AdminOutcome::Renamed { user, name }) => {
                self.end_sessions(*user, None, CloseReason::Renamed);
                self.name_taken(*user, name);
                self.announce_names(*user, name.clone());
            }
            Ok(AdminOutcome::Enabled { user }) => self.memberships.set_closed(*user, false),
            Ok(AdminOutcome::RoomRenamed { .. } | AdminOutcome::RoomClosed { .. }) | Err(_) => {}
        }
        let answer = AdminAnswer::Changed(result);
        self.effects.push(Effect::AdminAnswer { ticket, answer });
    }

    /// Closes all sessions of a user, or of one of their devices, and forgets them. A hello that waits
    /// for the store needs nothing: its answer comes from what is stored now.
    pub(super) fn end_sessions(
        &mut self,
        user: UserId,
        device: Option<DeviceKey>,
        reason: CloseReason,
    ) {
        let is_of_device = |id: &SessionId| {
            let session = self.sessions.get(id);
            device.is_none_or(|key| session.is_some_and(|session| session.peer.key == key))
        };
        let sessions: Vec<_> = self.sessions_of(user).filter(is_of_device).collect();
        for session in sessions {
            self.send(session, ServerFrame::Close(reason));
            self.closed(session);
        }
    }

    /// Pushes an announcement to all sessions, also to those behind: no head makes up for it.
    fn announce_to_all(&mut self, body: MessageBody) -> u64 {
        let to: Vec<_> = self.sessions.keys().copied().collect();
        let count = to.len() as u64;
        if !to.is_empty() {
            let frame = ServerFrame::Announcement(body);
            self.effects.push(Effect::Push { to, frame });
        }
        count
    }

    fn session_infos(&self) -> Vec<SessionInfo> {
        let infos = self.sessions.iter().map(|(id, session)| SessionInfo {
            session: id.0,
            user: session.user,
            address: session.peer.address,
            since: session.since,
            is_away: session.activity == Activity::Away,
            is_behind: session.behind_since.is_some(),
        });
        infos.collect()
    }
}
