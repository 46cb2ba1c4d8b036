//! The one table of who may do what. Every request is checked here before anything else is done
//! with it. Pure: it sees the request, the roster and the time.
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
//!
//! Alone with somebody who blocks them, or whose account is closed, people only read and delete; nor
//! do they invite them. Why is not said. Who blocks somebody may still write to them.
//!
//! Whose message an entry is about only the log knows: the store checks that, in the transaction
//! that appends, told by [`Grant::moderates`].

#[cfg(test)]
mod tests;

use recado_shared::limits::{MAX_ROOM_BANS, MAX_ROOM_INVITES, MAX_ROOM_MEMBERS, MAX_ROOMS_OF_USER};
use recado_shared::{
    Content, ConversationId, Limit, Membership, Request, RequestError, Role, RoomEvent, RoomId,
    Timestamp, UserId, Visibility,
};

use super::roster::{Member, Outsider, Room, Roster};

/// What goes with a permission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grant {
    /// Whether the user may delete the messages of others there.
    pub(super) moderates: bool,
}

type Checked = Result<Grant, RequestError>;

const PLAIN: Checked = Ok(Grant { moderates: false });

/// Says whether a user may have what they ask for, or what is missing.
pub(super) fn check(roster: &Roster, user: UserId, request: &Request, wall: Timestamp) -> Checked {
    match request {
        Request::Append {
            conversation,
            content,
            ..
        } => match conversation {
            ConversationId::Direct(_) => direct_append(roster, *conversation, user, content),
            ConversationId::Room(room) => {
                Asker::find(roster, *room, user)?.append(roster, content, wall)
            }
        },
        Request::Page { conversation, .. } => match conversation {
            ConversationId::Direct(_) => direct(*conversation, user),
            ConversationId::Room(room) => Asker::find(roster, *room, user)?.page(),
        },
        Request::Members { room, .. } => {
            Asker::find(roster, *room, user)?.member()?;
            PLAIN
        }
        Request::CreateRoom { .. } => {
            may_enter_more(roster, user)?;
            PLAIN
        }
        Request::FindUsers { .. }
        | Request::Users(_)
        | Request::FindRooms { .. }
        | Request::Set(_)
        | Request::Settings { .. }
        | Request::SetDisplayName(_)
        | Request::AcceptContact(_)
        | Request::Devices
        | Request::FindDevice(_)
        | Request::LinkDevice { .. }
        | Request::NameDevice { .. }
        | Request::RevokeDevice(_) => PLAIN,
    }
}

fn direct(conversation: ConversationId, user: UserId) -> Checked {
    conversation.peer_of(user).ok_or(RequestError::NotAMember)?;
    PLAIN
}

fn direct_append(
    roster: &Roster,
    conversation: ConversationId,
    user: UserId,
    content: &Content,
) -> Checked {
    let peer = conversation.peer_of(user).ok_or(RequestError::NotAMember)?;
    match content {
        Content::Deletion { .. } => PLAIN,
        Content::Room(_) => Err(RequestError::NotARoom),
        Content::Erased(_) | Content::AuthorRemoved => Err(RequestError::Invalid),
        Content::Message(_)
        | Content::Reply { .. }
        | Content::Emote(_)
        | Content::Edit { .. }
        | Content::ReactionAdded { .. }
        | Content::ReactionRemoved { .. } => {
            if !roster.takes_from(peer, user) {
                return Err(RequestError::NotAccepting);
            }
            PLAIN
        }
    }
}

/// Whether others are told that a user types somewhere: where they may write.
pub(super) fn may_type(
    roster: &Roster,
    user: UserId,
    conversation: ConversationId,
    wall: Timestamp,
) -> bool {
    match conversation {
        ConversationId::Direct(_) => conversation
            .peer_of(user)
            .is_some_and(|peer| roster.takes_from(peer, user)),
        ConversationId::Room(room) => {
            let member = roster.room(room).and_then(|room| room.member(user));
            member.is_some_and(|member| !member.mute.is_some_and(|mute| mute.holds_at(wall)))
        }
    }
}

fn may_enter_more(roster: &Roster, user: UserId) -> Result<(), RequestError> {
    if roster.rooms_of(user) >= MAX_ROOMS_OF_USER {
        return Err(RequestError::Limit(Limit::RoomsOfUser));
    }
    Ok(())
}

/// Somebody who asks for something in a room that they may know of.
struct Asker<'a> {
    room: &'a Room,
    user: UserId,
    member: Option<Member>,
}

impl<'a> Asker<'a> {
    fn find(roster: &'a Roster, room: RoomId, user: UserId) -> Result<Self, RequestError> {
        let room = roster.room(room).ok_or(RequestError::UnknownRoom)?;
        let member = room.member(user);
        let is_known = member.is_some()
            || room.outsider(user).is_some()
            || room.visibility == Visibility::Public;
        if !is_known {
            return Err(RequestError::UnknownRoom);
        }
        Ok(Self { room, user, member })
    }

    fn member(&self) -> Result<Member, RequestError> {
        self.member.ok_or(RequestError::NotAMember)
    }

    fn page(&self) -> Checked {
        let outsider = self.room.outsider(self.user);
        let has_read = outsider.is_some_and(|outsider| outsider.has_read);
        if self.member.is_none() && !has_read {
            return Err(RequestError::NotAMember);
        }
        PLAIN
    }

    fn append(&self, roster: &Roster, content: &Content, wall: Timestamp) -> Checked {
        if self.room.is_closed {
            return Err(RequestError::UnknownRoom);
        }
        match content {
            Content::Room(RoomEvent::Joined) => return self.join(roster),
            Content::Room(RoomEvent::Left) => return self.leave(),
            Content::Erased(_)
            | Content::AuthorRemoved
            | Content::Room(RoomEvent::Created | RoomEvent::Closed) => {
                return Err(RequestError::Invalid);
            }
            Content::Message(_)
            | Content::Reply { .. }
            | Content::Emote(_)
            | Content::Edit { .. }
            | Content::Deletion { .. }
            | Content::ReactionAdded { .. }
            | Content::ReactionRemoved { .. }
            | Content::Room(_) => {}
        }
        let member = self.member()?;
        if member.mute.is_some_and(|mute| mute.holds_at(wall)) {
            return Err(RequestError::Muted);
        }
        if let Content::Room(event) = content {
            self.act(roster, member, event)?;
        }
        Ok(Grant {
            moderates: member.role >= Role::Moderator,
        })
    }

    fn join(&self, roster: &Roster) -> Checked {
        if self.member.is_some() {
            return Err(RequestError::AlreadyAMember);
        }
        let standing = self.room.outsider(self.user).map(|found| found.standing);
        match (standing, self.room.visibility) {
            (Some(Membership::Banned), _) => return Err(RequestError::Banned),
            (Some(Membership::Invited), _) | (_, Visibility::Public) => {}
            (_, Visibility::Private) => return Err(RequestError::InviteNeeded),
        }
        may_enter_more(roster, self.user)?;
        if self.room.len() >= MAX_ROOM_MEMBERS {
            return Err(RequestError::Limit(Limit::RoomMembers));
        }
        PLAIN
    }

    fn leave(&self) -> Checked {
        let member = self.member()?;
        let is_last_owner = member.role == Role::Owner && self.room.owners() == 1;
        if is_last_owner && self.room.len() > 1 {
            return Err(RequestError::LastOwner);
        }
        PLAIN
    }

    /// What only members do, some of it only of a higher role, or to members of a lower one.
    fn act(&self, roster: &Roster, member: Member, event: &RoomEvent) -> Result<(), RequestError> {
        let needed = role_for(event);
        if member.role < needed {
            return Err(RequestError::RoleNeeded(needed));
        }
        match event {
            RoomEvent::Invited(user) => self.invite(roster, *user),
            RoomEvent::Kicked(user) | RoomEvent::Muted { user, .. } | RoomEvent::Unmuted(user) => {
                self.outranks(member, *user)
            }
            RoomEvent::Banned(user) => self.ban(member, *user),
            RoomEvent::Unbanned(user) => {
                let outsider = self.room.outsider(*user);
                let is_banned = |found: Outsider| found.standing == Membership::Banned;
                let is_banned = outsider.is_some_and(is_banned);
                is_banned.then_some(()).ok_or(RequestError::NotBanned)
            }
            RoomEvent::Role { user, role } => self.give_role(*user, *role),
            RoomEvent::Created
            | RoomEvent::Joined
            | RoomEvent::Left
            | RoomEvent::Renamed(_)
            | RoomEvent::Topic(_)
            | RoomEvent::Visibility(_)
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Closed => Ok(()),
        }
    }

    fn outranks(&self, member: Member, user: UserId) -> Result<(), RequestError> {
        let other = self.room.member(user).ok_or(RequestError::NotInRoom)?;
        if other.role >= member.role {
            return Err(RequestError::OutranksYou);
        }
        Ok(())
    }

    fn ban(&self, member: Member, user: UserId) -> Result<(), RequestError> {
        if self.room.member(user).is_some() {
            self.outranks(member, user)?;
        }
        if self.room.outsiders(Membership::Banned) >= MAX_ROOM_BANS {
            return Err(RequestError::Limit(Limit::RoomBans));
        }
        Ok(())
    }

    fn invite(&self, roster: &Roster, user: UserId) -> Result<(), RequestError> {
        if self.room.member(user).is_some() {
            return Err(RequestError::AlreadyInRoom);
        }
        let standing = self.room.outsider(user).map(|found| found.standing);
        if standing == Some(Membership::Banned) {
            return Err(RequestError::UserBanned);
        }
        if !roster.takes_from(user, self.user) {
            return Err(RequestError::NotAccepting);
        }
        if self.room.outsiders(Membership::Invited) >= MAX_ROOM_INVITES {
            return Err(RequestError::Limit(Limit::RoomInvites));
        }
        Ok(())
    }

    /// Owners give roles to everybody, but there must be an owner left.
    fn give_role(&self, user: UserId, role: Role) -> Result<(), RequestError> {
        let other = self.room.member(user).ok_or(RequestError::NotInRoom)?;
        if other.role == Role::Owner && role != Role::Owner && self.room.owners() == 1 {
            return Err(RequestError::LastOwner);
        }
        Ok(())
    }
}

/// The lowest role that may do something.
const fn role_for(event: &RoomEvent) -> Role {
    match event {
        RoomEvent::Created
        | RoomEvent::Joined
        | RoomEvent::Left
        | RoomEvent::Invited(_)
        | RoomEvent::Closed => Role::Member,
        RoomEvent::Topic(_)
        | RoomEvent::Muted { .. }
        | RoomEvent::Unmuted(_)
        | RoomEvent::Kicked(_)
        | RoomEvent::Banned(_)
        | RoomEvent::Unbanned(_) => Role::Moderator,
        RoomEvent::Renamed(_)
        | RoomEvent::Visibility(_)
        | RoomEvent::HistoryVisibility(_)
        | RoomEvent::Role { .. } => Role::Owner,
    }
}
