//! The permission table of requests: a pure function of the request, the memberships and the time.
//! The relay asks it before it does anything else.
//!
//! | in a room | outsider | invited | left, kicked | banned | muted | member | moderator | owner |
//! |---|---|---|---|---|---|---|---|---|
//! | read pages | – | – | as far as they were in | likewise | ✓ | ✓ | ✓ | ✓ |
//! | list members | – | – | – | – | ✓ | ✓ | ✓ | ✓ |
//! | join | if public | ✓ | if public | – | – | – | – | – |
//! | leave | – | – | – | – | ✓ | ✓ | ✓ | unless the last |
//! | write, reply, edit, react, delete own, invite, show typing | – | – | – | – | – | ✓ | ✓ | ✓ |
//! | delete others', topic, unban | – | – | – | – | – | – | ✓ | ✓ |
//! | mute, kick, ban | – | – | – | – | – | – | lower roles | lower roles |
//! | rename, visibility, history, roles | – | – | – | – | – | – | – | ✓ |
//! | close | – | – | – | – | – | – | – | if alone |
//!
//! In a direct conversation with a user who blocks them, or whose account is disabled, a user only
//! reads and deletes; nor can they invite that user. The refusal does not say why. A user who blocks
//! another one may still write to them.
//!
//! A new display name, device name or topic must be visible ([`text::is_visible`](crate::text::is_visible)).
//!
//! Requests wait for the store, and an earlier one may change what this one needs. So the store asks for
//! appends again in its transaction ([`direct_append`], [`room_append`]), and its answer holds. Only the log knows
//! the author of a target: the store checks that with [`Grant::moderates`].

#[cfg(test)]
mod tests;

use super::membership::{EventContext, MemberState};
use super::room::RoomState;
use crate::content::{Content, ContentClass, RoomEvent};
use crate::id::{ConversationId, RoomId, Timestamp, UserId};
use crate::limits::{MAX_ROOM_BANS, MAX_ROOM_INVITES, MAX_ROOM_MEMBERS, MAX_ROOMS_OF_USER};
use crate::request::{Limit, Request, RequestError};
use crate::room::{Membership, Role, Visibility};

/// The state that a check reads.
pub trait Memberships {
    /// A room; `None` if there is no such room.
    fn room(&self, room: RoomId) -> Option<&RoomState>;
    /// How many rooms a user is in.
    fn rooms_of(&self, user: UserId) -> usize;
    /// Whether messages and invitations of `from` may reach `user`.
    fn accepts_from(&self, user: UserId, from: UserId) -> bool;
}

/// What a permitted append may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// Whether the user may delete the messages of others in the conversation.
    pub moderates: bool,
}

type Checked = Result<(), RequestError>;

/// Checks whether a user may make a request at this time.
///
/// # Errors
/// Says what is missing.
pub fn check(
    memberships: &impl Memberships,
    user: UserId,
    request: &Request,
    time: Timestamp,
) -> Checked {
    match request {
        Request::Append {
            conversation,
            content,
            ..
        } => match conversation {
            ConversationId::Direct(_) => {
                let peer = conversation.peer_of(user).ok_or(RequestError::NotAMember)?;
                direct_append(memberships.accepts_from(peer, user), content)
            }
            ConversationId::Room(room) => {
                RoomCaller::find(memberships, *room, user)?.append(content, time)
            }
        },
        Request::Page { conversation, .. } => match conversation {
            ConversationId::Direct(_) => {
                let peer = conversation.peer_of(user);
                peer.map(drop).ok_or(RequestError::NotAMember)
            }
            ConversationId::Room(room) => RoomCaller::find(memberships, *room, user)?.page(),
        },
        Request::Members { room, .. } => RoomCaller::find(memberships, *room, user)?.member(),
        Request::CreateRoom { .. } => check_rooms_of(memberships, user),
        Request::SetDisplayName(Some(name)) => visible(name.visible()),
        Request::LinkDevice {
            name: Some(name), ..
        }
        | Request::NameDevice { name, .. } => visible(name.visible()),
        Request::FindUsers { .. }
        | Request::Users(_)
        | Request::FindRooms { .. }
        | Request::Set(_)
        | Request::Settings { .. }
        | Request::SetDisplayName(None)
        | Request::AcceptContact(_)
        | Request::Devices
        | Request::FindDevice(_)
        | Request::LinkDevice { name: None, .. }
        | Request::RevokeDevice(_)
        | Request::Invitations => Ok(()),
    }
}

/// Refuses a new name or topic of which nothing is visible.
fn visible(text: Option<&str>) -> Checked {
    match text {
        Some(_) => Ok(()),
        None => Err(RequestError::Invalid),
    }
}

/// Checks an append to a direct conversation. `accepts`: messages of the author may reach the peer.
///
/// # Errors
/// Says what is missing.
pub fn direct_append(accepts: bool, content: &Content) -> Result<(), RequestError> {
    match content.class() {
        ContentClass::Room(_) => Err(RequestError::NotARoom),
        ContentClass::Erasure => Err(RequestError::Invalid),
        ContentClass::Message | ContentClass::Change(_) => {
            let is_deletion = matches!(content, Content::Deletion { .. });
            if is_deletion || accepts {
                Ok(())
            } else {
                Err(RequestError::NotAccepting)
            }
        }
    }
}

/// Checks an append to a room as far as the relations of its author and its subject decide. Limits, and
/// whether the subject accepts invitations, are the caller's matter.
///
/// # Errors
/// Says what is missing.
pub fn room_append(
    state: &EventContext,
    content: &Content,
    time: Timestamp,
) -> Result<Grant, RequestError> {
    if state.is_closed {
        return Err(RequestError::UnknownRoom);
    }
    let event = match content.class() {
        ContentClass::Erasure | ContentClass::Room(RoomEvent::Created) => {
            return Err(RequestError::Invalid);
        }
        ContentClass::Room(RoomEvent::Joined) => return check_join(state),
        // A muted member may leave.
        ContentClass::Room(RoomEvent::Left) => {
            state.validate(&RoomEvent::Left)?;
            return Ok(Grant::default());
        }
        ContentClass::Room(event) => Some(event),
        ContentClass::Message | ContentClass::Change(_) => None,
    };
    let member = state.author.filter(|author| author.is_member());
    let member = member.ok_or(RequestError::NotAMember)?;
    if is_muted(member, time) {
        return Err(RequestError::Muted);
    }
    if let Some(event) = event {
        check_event(state, member, event)?;
    }
    Ok(Grant {
        moderates: member.role >= Role::Moderator,
    })
}

fn check_join(state: &EventContext) -> Result<Grant, RequestError> {
    state.validate(&RoomEvent::Joined)?;
    let author = state.author.map(|author| author.membership);
    if state.is_private && author != Some(Membership::Invited) {
        return Err(RequestError::InviteNeeded);
    }
    Ok(Grant::default())
}

/// Checks an event that only members append. Some need a higher role, or one above that of their
/// subject.
fn check_event(state: &EventContext, member: MemberState, event: &RoomEvent) -> Checked {
    let needed = role_for(event);
    if member.role < needed {
        return Err(RequestError::RoleNeeded(needed));
    }
    state.validate(event)?;
    let needs_higher_role = matches!(
        event,
        RoomEvent::Banned(_)
            | RoomEvent::Kicked(_)
            | RoomEvent::Muted { .. }
            | RoomEvent::Unmuted(_)
    );
    let subject = state.subject.filter(|subject| subject.is_member());
    if needs_higher_role && subject.is_some_and(|subject| subject.role >= member.role) {
        return Err(RequestError::OutranksYou);
    }
    Ok(())
}

/// Whether others see that a user types in a conversation: where the user may write.
pub fn may_type(
    memberships: &impl Memberships,
    user: UserId,
    conversation: ConversationId,
    time: Timestamp,
) -> bool {
    match conversation {
        ConversationId::Direct(_) => conversation
            .peer_of(user)
            .is_some_and(|peer| memberships.accepts_from(peer, user)),
        ConversationId::Room(room) => {
            let room = memberships.room(room);
            let member = room.and_then(|room| room.member(user));
            member.is_some_and(|member| !is_muted(member, time))
        }
    }
}

fn is_muted(member: MemberState, time: Timestamp) -> bool {
    member.mute.is_some_and(|mute| mute.holds_at(time))
}

fn check_rooms_of(memberships: &impl Memberships, user: UserId) -> Checked {
    if memberships.rooms_of(user) >= MAX_ROOMS_OF_USER {
        return Err(RequestError::Limit(Limit::RoomsOfUser));
    }
    Ok(())
}

/// A user who makes a request in a room that they may know of.
struct RoomCaller<'a, M> {
    memberships: &'a M,
    room: &'a RoomState,
    user: UserId,
    member: Option<MemberState>,
}

impl<'a, M: Memberships> RoomCaller<'a, M> {
    fn find(memberships: &'a M, room: RoomId, user: UserId) -> Result<Self, RequestError> {
        let room = memberships.room(room).ok_or(RequestError::UnknownRoom)?;
        let member = room.member(user);
        let is_known = member.is_some()
            || room.outsider(user).is_some()
            || room.visibility == Visibility::Public;
        if !is_known {
            return Err(RequestError::UnknownRoom);
        }
        Ok(Self {
            memberships,
            room,
            user,
            member,
        })
    }

    fn member(&self) -> Checked {
        self.member.map(drop).ok_or(RequestError::NotAMember)
    }

    fn page(&self) -> Checked {
        let state = self.member.or_else(|| self.room.outsider(self.user));
        if !state.is_some_and(|state| state.may_read) {
            return Err(RequestError::NotAMember);
        }
        Ok(())
    }

    fn append(&self, content: &Content, time: Timestamp) -> Checked {
        let event = match content.class() {
            ContentClass::Room(event) => Some(event),
            ContentClass::Message | ContentClass::Change(_) | ContentClass::Erasure => None,
        };
        room_append(&self.context(event), content, time)?;
        match event {
            Some(RoomEvent::Joined) => {
                check_rooms_of(self.memberships, self.user)?;
                if self.room.len() >= MAX_ROOM_MEMBERS {
                    return Err(RequestError::Limit(Limit::RoomMembers));
                }
                Ok(())
            }
            Some(RoomEvent::Invited(user)) => {
                if !self.memberships.accepts_from(*user, self.user) {
                    return Err(RequestError::NotAccepting);
                }
                self.check_outsiders(Membership::Invited)
            }
            Some(RoomEvent::Banned(_)) => self.check_outsiders(Membership::Banned),
            Some(RoomEvent::Topic(Some(topic))) => visible(topic.visible()),
            _ => Ok(()),
        }
    }

    fn context(&self, event: Option<&RoomEvent>) -> EventContext {
        let state = |user| self.room.member(user).or_else(|| self.room.outsider(user));
        EventContext {
            author: self.member.or_else(|| self.room.outsider(self.user)),
            subject: event.and_then(RoomEvent::subject).and_then(state),
            members: self.room.len(),
            owners: self.room.owners(),
            is_closed: self.room.is_closed,
            is_private: self.room.visibility == Visibility::Private,
        }
    }

    fn check_outsiders(&self, membership: Membership) -> Result<(), RequestError> {
        let (most, limit) = match membership {
            Membership::Banned => (MAX_ROOM_BANS, Limit::RoomBans),
            _ => (MAX_ROOM_INVITES, Limit::RoomInvites),
        };
        if self.room.outsiders(membership).count() >= most {
            return Err(RequestError::Limit(limit));
        }
        Ok(())
    }
}

/// The lowest role that may append an event.
const fn role_for(event: &RoomEvent) -> Role {
    match event {
        RoomEvent::Created | RoomEvent::Joined | RoomEvent::Left | RoomEvent::Invited(_) => {
            Role::Member
        }
        RoomEvent::Topic(_)
        | RoomEvent::Muted { .. }
        | RoomEvent::Unmuted(_)
        | RoomEvent::Kicked(_)
        | RoomEvent::Banned(_)
        | RoomEvent::Unbanned(_) => Role::Moderator,
        RoomEvent::Renamed(_)
        | RoomEvent::Visibility(_)
        | RoomEvent::HistoryVisibility(_)
        | RoomEvent::Role { .. }
        | RoomEvent::Closed => Role::Owner,
    }
}
