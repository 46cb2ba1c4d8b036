//! Login of sessions: hellos, the registration policy with its limits, and the announcement of new
//! users. The store knows keys and invites.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use recado_shared::limits::MAX_SOFTWARE_LEN;
use recado_shared::{
    Activity, Hello, Now, ProtocolVersion, Refusal, ServerFrame, UserId, UserName, UserProfile,
    Welcome,
};

use super::device::{asks_for_link, device_name};
use super::registrations::{DIRECTORY_ANNOUNCE_LIMIT, PendingHello};
use super::session::{Flow, HeadsReading, Session};
use super::{Effect, Peer, Policy, Relay, SessionId};
use crate::address;
use crate::store::{Admission, AuthenticatedUser, Login, Write};

impl Relay {
    pub(super) fn hello(
        &mut self,
        session: SessionId,
        peer: Peer,
        hello: &Hello,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        match self.check_hello(hello) {
            Ok((version, name)) => {
                let wants_link = asks_for_link(hello);
                if wants_link && self.pending_links.repeat(peer.key, now.instant) {
                    let refusal = Refusal::LinkPending;
                    return out.push(Effect::Refuse { session, refusal });
                }
                let (admission, network) = if wants_link {
                    (Admission::Denied(Refusal::LinkPending), None)
                } else {
                    self.admission(peer, hello, now)
                };
                let device_name = device_name(hello);
                self.pending_hellos.insert(
                    session,
                    PendingHello {
                        version,
                        peer,
                        device_name: device_name.clone(),
                        since: hello.since,
                        network,
                        is_gone: false,
                    },
                );
                let login = Login {
                    session,
                    key: peer.key,
                    device_name,
                    name,
                    token: hello.token.clone(),
                    admission,
                    max_users: self.config.max_users,
                    time: now.wall,
                };
                self.write(Write::Login(login), out);
            }
            Err(refusal) => out.push(Effect::Refuse { session, refusal }),
        }
    }

    fn check_hello(&self, hello: &Hello) -> Result<(ProtocolVersion, Option<UserName>), Refusal> {
        if !self.phase.is_serving() {
            return Err(Refusal::ShuttingDown);
        }
        let version = ProtocolVersion::agree(hello.oldest, hello.newest);
        let version = version.ok_or(Refusal::Version {
            oldest: ProtocolVersion::OLDEST,
            newest: ProtocolVersion::NEWEST,
        })?;
        if hello.software.len() > MAX_SOFTWARE_LEN {
            return Err(Refusal::Malformed);
        }
        if self.sessions.len() + self.pending_hellos.len() >= self.config.max_sessions {
            return Err(Refusal::Full);
        }
        let name = hello.name.as_deref().map(UserName::new).transpose();
        Ok((version, name.map_err(Refusal::NameIllegal)?))
    }

    /// The policy for a key that may be unknown, and the network address that a registration would
    /// count against.
    fn admission(&mut self, peer: Peer, hello: &Hello, now: Now) -> (Admission, Option<IpAddr>) {
        let is_local = address::is_this_machine(peer.address);
        if is_local && hello.token.is_some() && hello.token == self.config.local_token {
            return (Admission::Granted, None);
        }
        let invited = hello.token.clone().map(Admission::ByInvite);
        match self.config.policy {
            Policy::Closed => (Admission::Denied(Refusal::Closed), None),
            Policy::Invite => {
                let denied = Admission::Denied(Refusal::InviteNeeded);
                (invited.unwrap_or(denied), None)
            }
            Policy::Open => {
                let network = address::network(peer.address);
                let limit = self.config.registrations_per_hour;
                if self.registrations.try_reserve(network, limit, now.instant) {
                    (Admission::Granted, Some(network))
                } else {
                    let denied = Admission::Denied(Refusal::TooManyRegistrations);
                    (invited.unwrap_or(denied), None)
                }
            }
        }
    }

    pub(super) fn logged_in(
        &mut self,
        session: SessionId,
        result: Result<AuthenticatedUser, Refusal>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let Some(hello) = self.pending_hellos.remove(&session) else {
            return;
        };
        if let Some(network) = hello.network {
            let registered = result.as_ref().is_ok_and(|admitted| admitted.registered);
            self.registrations.finish(network, registered, now.instant);
        }
        let result = result.map_err(|refusal| self.wait_for_link(&hello, refusal, now));
        match result {
            Ok(admitted) => {
                self.pending_links.remove(hello.peer.key);
                self.left_out_since = self.left_out_since.max(admitted.stamp);
                let newcomer = admitted
                    .registered
                    .then(|| (admitted.user, admitted.name.clone()));
                if !hello.is_gone {
                    self.welcome(session, &hello, admitted, now, out);
                }
                if let Some((user, name)) = newcomer {
                    self.name_taken(user, &name, out);
                    self.announce(session, user, name, out);
                }
            }
            Err(refusal) if !hello.is_gone => out.push(Effect::Refuse { session, refusal }),
            Err(_) => {}
        }
    }

    /// The refusal of a hello. A device that only lacks a link may wait for it.
    fn wait_for_link(&mut self, hello: &PendingHello, refusal: Refusal, now: Now) -> Refusal {
        if refusal != Refusal::LinkPending {
            return refusal;
        }
        let network = address::network(hello.peer.address);
        let name = hello.device_name.clone();
        self.pending_links
            .add(hello.peer.key, name, network, now.instant)
    }

    fn welcome(
        &mut self,
        id: SessionId,
        hello: &PendingHello,
        admitted: AuthenticatedUser,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let user = admitted.user;
        let was = self.presence_of_devices(user, None);
        self.devices.entry(user).or_default().insert(id);
        let session = Session {
            user,
            version: hello.version,
            key: hello.peer.key,
            address: hello.peer.address,
            since: now.wall,
            activity: Activity::Active,
            watching: BTreeSet::new(),
            unannounced: BTreeSet::new(),
            announce_at: None,
            typing: BTreeMap::new(),
            flow: Flow::Live,
            heads: HeadsReading::default(),
        };
        self.sessions.insert(id, session);
        // A stamp of another log, or from after a restored backup, is not one of this log.
        let since = hello
            .since
            .filter(|since| since.log == admitted.log && since.stamp <= admitted.stamp);
        let welcome = Welcome {
            version: hello.version,
            user,
            name: admitted.name,
            registered: admitted.registered,
            log: admitted.log,
            now: now.wall,
        };
        out.push(Effect::Send {
            to: id,
            frame: ServerFrame::Welcome(welcome),
        });
        self.read_heads(id, since.map(|since| since.stamp), out);
        self.presence_changed(user, was, now, out);
    }

    fn announce(
        &self,
        new_session: SessionId,
        user: UserId,
        name: UserName,
        out: &mut Vec<Effect>,
    ) {
        if self.sessions.len() > DIRECTORY_ANNOUNCE_LIMIT {
            return;
        }
        let person = UserProfile {
            user,
            name,
            display: None,
            presence: self.shown_presence(user),
        };
        let others = self
            .sessions
            .keys()
            .copied()
            .filter(|&id| id != new_session);
        self.push(others, ServerFrame::User(person), out);
    }
}
