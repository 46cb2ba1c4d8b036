//! Login of sessions: hellos, the registration policy with its limits, and the announcement of new
//! users. The store knows keys and invites.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use recado_shared::limits::MAX_SOFTWARE_LEN;
use recado_shared::{
    Activity, DeviceKey, Hello, ProtocolVersion, Refusal, ServerFrame, UserId, UserName, Welcome,
};

use super::device::{asks_for_link, device_name};
use super::registrations::PendingHello;
use super::session::{HeadsReading, Session};
use super::{Peer, Policy, Relay, SessionId};
use crate::address;
use crate::store::{Admission, AuthenticatedUser, Login, Write};

impl Relay {
    pub(super) fn hello(&mut self, session: SessionId, peer: Peer, hello: Hello) {
        if let Err(refusal) = self.log_in(session, peer, hello) {
            self.send(session, ServerFrame::Refused(refusal));
        }
    }

    fn log_in(&mut self, session: SessionId, peer: Peer, hello: Hello) -> Result<(), Refusal> {
        let (version, name) = self.check_hello(&hello)?;
        let (admission, network) = if asks_for_link(&hello) {
            if self.pending_links.repeat(peer.key, self.now.instant) {
                return Err(Refusal::LinkPending);
            }
            (Admission::Denied(Refusal::LinkPending), None)
        } else {
            self.admission(peer, &hello)
        };
        let device_name = device_name(&hello);
        let pending = PendingHello {
            version,
            peer,
            device_name: device_name.clone(),
            since: hello.since,
            epochs: hello.epochs(),
            network,
            is_gone: false,
        };
        self.pending_hellos.insert(session, pending);
        self.queue_write(Write::Login(Login {
            session,
            key: peer.key,
            device_name,
            name,
            token: hello.token,
            admission,
            max_users: self.config.limits.max_users,
            time: self.now.wall,
        }));
        Ok(())
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
        if self.sessions.len() + self.pending_hellos.len() >= self.config.limits.max_sessions {
            return Err(Refusal::Full);
        }
        let name = hello.name.as_deref().map(UserName::new).transpose();
        Ok((version, name.map_err(Refusal::NameIllegal)?))
    }

    /// The policy for an unknown key, and the network that a registration would count against.
    fn admission(&mut self, peer: Peer, hello: &Hello) -> (Admission, Option<IpAddr>) {
        let is_local = address::is_this_machine(peer.address);
        let tokens = hello.token.as_ref().zip(self.config.local_token.as_ref());
        if is_local && tokens.is_some_and(|(shown, local)| shown.is_same(local)) {
            return (Admission::Granted, None);
        }
        let denied = match self.config.policy {
            Policy::Closed => return (Admission::Denied(Refusal::Closed), None),
            Policy::Invite => Refusal::InviteNeeded,
            Policy::Open => {
                let network = address::network(peer.address);
                let limits = &self.config.limits;
                let now = self.now.instant;
                if self.registrations.try_reserve(network, limits, now) {
                    return (Admission::Granted, Some(network));
                }
                Refusal::TooManyRegistrations
            }
        };
        let invited = hello.token.clone().map(Admission::ByInvite);
        (invited.unwrap_or(Admission::Denied(denied)), None)
    }

    pub(super) fn logged_in(
        &mut self,
        session: SessionId,
        result: Result<AuthenticatedUser, Refusal>,
    ) {
        let Some(hello) = self.pending_hellos.remove(&session) else {
            return;
        };
        if let Some(network) = hello.network {
            let registered = result.as_ref().is_ok_and(|admitted| admitted.registered);
            self.registrations
                .finish(network, registered, self.now.instant);
        }
        match result {
            Ok(admitted) => {
                self.pending_links.remove(hello.peer.key);
                self.left_out_since = self.left_out_since.max(admitted.stamp);
                let (user, registered) = (admitted.user, admitted.registered);
                let name = admitted.name.clone();
                if !hello.is_gone {
                    match self.check_sessions(user, hello.peer.key) {
                        Ok(()) => self.welcome(session, &hello, admitted),
                        Err(refusal) => {
                            let refusal = refusal.for_version(hello.version);
                            self.send(session, ServerFrame::Refused(refusal));
                        }
                    }
                }
                if registered {
                    self.name_taken(user, &name);
                    self.announce_new_user(session, user, name);
                }
            }
            Err(refusal) => {
                if refusal == Refusal::LinkPending {
                    self.wait_for_link(&hello);
                }
                if !hello.is_gone {
                    self.send(session, ServerFrame::Refused(refusal));
                }
            }
        }
    }

    /// Refuses the session that is one too many for its user. Open ones are never closed for it.
    fn check_sessions(&self, user: UserId, key: DeviceKey) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        let sessions = self.sessions_of(user).count();
        let is_of_device =
            |id: &SessionId| self.sessions.get(id).is_some_and(|it| it.peer.key == key);
        let of_device = self.sessions_of(user).filter(is_of_device).count();
        if sessions >= limits.max_sessions_per_user || of_device >= limits.max_sessions_per_device {
            return Err(Refusal::TooManySessions);
        }
        if sessions > 0 && self.sessions.len() >= limits.max_shared_sessions() {
            return Err(Refusal::Full);
        }
        Ok(())
    }

    /// A device that only lacks a link waits for it.
    fn wait_for_link(&mut self, hello: &PendingHello) {
        let network = address::network(hello.peer.address);
        let name = hello.device_name.clone();
        self.pending_links
            .add(hello.peer.key, name, network, self.now.instant);
    }

    fn welcome(&mut self, id: SessionId, hello: &PendingHello, admitted: AuthenticatedUser) {
        let user = admitted.user;
        let was = self.presence_of_devices(user);
        self.online.add(user, id);
        let session = Session {
            user,
            version: hello.version,
            peer: hello.peer,
            since: self.now.wall,
            activity: Activity::Active,
            watching: BTreeSet::new(),
            unannounced: BTreeSet::new(),
            announce_at: None,
            typing: BTreeMap::new(),
            behind_since: None,
            heads: HeadsReading::Idle,
            read_heads_again: None,
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
            now: self.now.wall,
        };
        self.send(id, ServerFrame::Welcome(welcome));
        self.resume(id, &hello.epochs, since.map(|since| since.stamp));
        self.presence_changed(user, was);
    }
}
