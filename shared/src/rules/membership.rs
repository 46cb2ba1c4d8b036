//! The relation of one user to one room, and the effect of a room event on it.
//!
//! The relay applies it to its membership index, the store to its rows, the client to `RoomInfo`.

use crate::content::RoomEvent;
use crate::id::UserId;
use crate::line::Topic;
use crate::request::RequestError;
use crate::room::{HistoryVisibility, Membership, Mute, Role, RoomName, Visibility};

/// The relation of one user to one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// Whether the user is in the room, and if not, why.
    pub membership: Membership,
    /// [`Role::Member`] for a user who is not in the room.
    pub role: Role,
    /// Outlives the membership, so that leaving and joining again does not end a mute.
    pub mute: Option<Mute>,
    /// Whether the user is or was a member, and so may read some pages.
    pub may_read: bool,
}

/// The effect of a room event on its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// The user enters the room. The first member of an empty room owns it.
    Enter,
    /// The user is outside of the room from now on, with this membership.
    Exit(Membership),
    /// A member has this role from now on.
    Role(Role),
    /// A member is muted, or no longer muted.
    Mute(Option<Mute>),
}

/// The effect of a room event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomChange<'a> {
    /// The room has another name.
    Name(&'a RoomName),
    /// The room has another topic, or none.
    Topic(Option<&'a Topic>),
    /// Other users can find and join the room.
    Visibility(Visibility),
    /// Later members see another part of the log.
    History(HistoryVisibility),
    /// The relation of one user to the room changes.
    Member(UserId, MemberChange),
    /// The room ends: see [`MemberState::close`].
    Close,
}

impl RoomEvent {
    /// What this event changes when `author` appended it.
    pub fn change(&self, author: UserId) -> RoomChange<'_> {
        let (user, change) = match self {
            Self::Renamed(name) => return RoomChange::Name(name),
            Self::Topic(topic) => return RoomChange::Topic(topic.as_ref()),
            Self::Visibility(visibility) => return RoomChange::Visibility(*visibility),
            Self::HistoryVisibility(history) => return RoomChange::History(*history),
            Self::Closed => return RoomChange::Close,
            Self::Created | Self::Joined => (author, MemberChange::Enter),
            Self::Left => (author, MemberChange::Exit(Membership::Left)),
            Self::Invited(user) => (*user, MemberChange::Exit(Membership::Invited)),
            // A former ban leaves the membership of a user who may join again.
            Self::Kicked(user) | Self::Unbanned(user) => {
                (*user, MemberChange::Exit(Membership::Kicked))
            }
            Self::Banned(user) => (*user, MemberChange::Exit(Membership::Banned)),
            Self::Role { user, role } => (*user, MemberChange::Role(*role)),
            Self::Muted { user, until } => {
                let mute = Mute { until: *until };
                (*user, MemberChange::Mute(Some(mute)))
            }
            Self::Unmuted(user) => (*user, MemberChange::Mute(None)),
        };
        RoomChange::Member(user, change)
    }
}

impl MemberChange {
    /// The state after this change; `None` for a user who had none and gets none. `is_empty`: the room had
    /// no members before.
    #[must_use]
    pub fn apply(self, before: Option<MemberState>, is_empty: bool) -> Option<MemberState> {
        let is_member = before.is_some_and(MemberState::is_member);
        let mute = before.and_then(|before| before.mute);
        match self {
            Self::Enter | Self::Exit(Membership::Invited | Membership::Member) if is_member => {
                before
            }
            Self::Enter => Some(MemberState {
                membership: Membership::Member,
                role: if is_empty { Role::Owner } else { Role::Member },
                mute,
                may_read: true,
            }),
            Self::Exit(membership) => Some(MemberState {
                membership,
                role: Role::Member,
                mute,
                may_read: before.is_some_and(|before| before.may_read),
            }),
            Self::Role(role) if is_member => before.map(|before| MemberState { role, ..before }),
            Self::Mute(mute) if is_member => before.map(|before| MemberState { mute, ..before }),
            Self::Role(_) | Self::Mute(_) => before,
        }
    }
}

/// Whether a valid event ends a room of so many members: its closing, or the leave of the last one.
pub fn ends_room(event: &RoomEvent, members: usize) -> bool {
    match event {
        RoomEvent::Closed => true,
        RoomEvent::Left => members == 1,
        _ => false,
    }
}

impl MemberState {
    /// A member of this role who is not muted.
    pub const fn member(role: Role) -> Self {
        Self {
            membership: Membership::Member,
            role,
            mute: None,
            may_read: true,
        }
    }

    /// Whether the user is in the room.
    pub fn is_member(self) -> bool {
        self.membership == Membership::Member
    }

    /// The state after the room was closed: members and invited users have left.
    #[must_use]
    pub fn close(self) -> Self {
        if !matches!(self.membership, Membership::Member | Membership::Invited) {
            return self;
        }
        Self {
            membership: Membership::Left,
            role: Role::Member,
            ..self
        }
    }
}

/// The part of a room's state on which the validity of an event depends, beside permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventContext {
    /// The state of the author of the event.
    pub author: Option<MemberState>,
    /// The state of its [`subject`](RoomEvent::subject).
    pub subject: Option<MemberState>,
    /// How many members the room has. Only used when an owner leaves or closes the room.
    pub members: usize,
    /// How many of them are owners. Only used when an owner leaves or gets another role.
    pub owners: usize,
    /// Whether the room was closed. Only used when a user joins.
    pub is_closed: bool,
    /// Whether only invited users join the room. Only used when a user joins.
    pub is_private: bool,
}

impl EventContext {
    /// Refuses an event that contradicts the state of the room.
    ///
    /// # Errors
    /// Says which part of the state is in the way.
    pub fn validate(&self, event: &RoomEvent) -> Result<(), RequestError> {
        let author = self.author.map(|author| author.membership);
        let subject = self.subject.map(|subject| subject.membership);
        let is_owner = |state: Option<MemberState>| {
            state.is_some_and(|state| state.is_member() && state.role == Role::Owner)
        };
        let refusal = match (event, author, subject) {
            (RoomEvent::Created, _, _) => Some(RequestError::Invalid),
            (RoomEvent::Joined, Some(Membership::Member), _) => Some(RequestError::AlreadyAMember),
            (RoomEvent::Joined, Some(Membership::Banned), _) => Some(RequestError::Banned),
            (RoomEvent::Joined, _, _) => self.is_closed.then_some(RequestError::UnknownRoom),
            (_, author, _) if author != Some(Membership::Member) => Some(RequestError::NotAMember),
            (RoomEvent::Closed, _, _) if !is_owner(self.author) => {
                Some(RequestError::RoleNeeded(Role::Owner))
            }
            (RoomEvent::Closed, _, _) => (self.members > 1).then_some(RequestError::RoomNotEmpty),
            (RoomEvent::Left, _, _) => {
                let is_last = is_owner(self.author) && self.owners == 1 && self.members > 1;
                is_last.then_some(RequestError::LastOwner)
            }
            (RoomEvent::Invited(_), _, Some(Membership::Member)) => {
                Some(RequestError::AlreadyInRoom)
            }
            (RoomEvent::Invited(_), _, Some(Membership::Banned)) => Some(RequestError::UserBanned),
            (RoomEvent::Unbanned(_), _, subject) => {
                (subject != Some(Membership::Banned)).then_some(RequestError::NotBanned)
            }
            (
                RoomEvent::Kicked(_)
                | RoomEvent::Muted { .. }
                | RoomEvent::Unmuted(_)
                | RoomEvent::Role { .. },
                _,
                subject,
            ) if subject != Some(Membership::Member) => Some(RequestError::NotInRoom),
            (RoomEvent::Role { role, .. }, _, _) => {
                let is_last = is_owner(self.subject) && self.owners == 1;
                (is_last && *role != Role::Owner).then_some(RequestError::LastOwner)
            }
            _ => None,
        };
        refusal.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Timestamp;

    const ALICE: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    /// Bob's state after Alice appended this event to a room of several members.
    fn after(before: Option<MemberState>, event: &RoomEvent) -> Option<MemberState> {
        match event.change(ALICE) {
            RoomChange::Member(BOB, change) => change.apply(before, false),
            other => panic!("{other:?} does not concern the user"),
        }
    }

    fn outside(membership: Membership, mute: Option<Mute>) -> MemberState {
        MemberState {
            membership,
            role: Role::Member,
            mute,
            may_read: true,
        }
    }

    #[test]
    fn an_event_changes_the_relation_of_its_subject() {
        let owner = MemberState::member(Role::Owner);
        let kicked = after(Some(owner), &RoomEvent::Kicked(BOB));
        assert_eq!(kicked, Some(outside(Membership::Kicked, None)));
        let banned = after(kicked, &RoomEvent::Banned(BOB));
        assert_eq!(banned, Some(outside(Membership::Banned, None)));
        let unbanned = after(banned, &RoomEvent::Unbanned(BOB));
        assert_eq!(unbanned, Some(outside(Membership::Kicked, None)));
        let invited = after(unbanned, &RoomEvent::Invited(BOB));
        assert_eq!(invited, Some(outside(Membership::Invited, None)));
        let stranger = after(None, &RoomEvent::Invited(BOB)).unwrap();
        assert!(!stranger.may_read);
        assert_eq!(
            after(Some(owner), &RoomEvent::Invited(BOB)),
            Some(owner),
            "a member needs no invitation"
        );
    }

    #[test]
    fn leaving_does_not_end_a_mute() {
        let mute = Some(Mute {
            until: Some(Timestamp(9)),
        });
        let muted = RoomEvent::Muted {
            user: BOB,
            until: Some(Timestamp(9)),
        };
        let member = after(Some(MemberState::member(Role::Moderator)), &muted);
        let left = MemberChange::Exit(Membership::Left).apply(member, false);
        assert_eq!(left, Some(outside(Membership::Left, mute)));
        let back = MemberChange::Enter.apply(left, false).unwrap();
        assert_eq!((back.role, back.mute), (Role::Member, mute));
        assert_eq!(after(left, &RoomEvent::Unmuted(BOB)), left);
        assert_eq!(after(None, &muted), None);
    }

    #[test]
    fn the_first_member_owns_the_room() {
        let owner = Some(MemberState::member(Role::Owner));
        assert_eq!(MemberChange::Enter.apply(None, true), owner);
        assert_eq!(
            RoomEvent::Created.change(ALICE),
            RoomChange::Member(ALICE, MemberChange::Enter)
        );
    }

    #[test]
    fn a_closed_room_has_no_members_and_keeps_its_bans() {
        let close = |membership| outside(membership, None).close().membership;
        assert_eq!(close(Membership::Member), Membership::Left);
        assert_eq!(close(Membership::Invited), Membership::Left);
        assert_eq!(close(Membership::Banned), Membership::Banned);
    }

    #[test]
    fn an_event_that_contradicts_the_state_is_refused() {
        let member = Some(MemberState::member(Role::Member));
        let owner = Some(MemberState::member(Role::Owner));
        let banned = Some(outside(Membership::Banned, None));
        let context = |author, subject| EventContext {
            author,
            subject,
            members: 2,
            owners: 1,
            ..EventContext::default()
        };
        let role = RoomEvent::Role {
            user: BOB,
            role: Role::Member,
        };
        for (author, subject, event, refusal) in [
            (
                member,
                None,
                RoomEvent::Joined,
                Some(RequestError::AlreadyAMember),
            ),
            (banned, None, RoomEvent::Joined, Some(RequestError::Banned)),
            (None, None, RoomEvent::Joined, None),
            (
                None,
                None,
                RoomEvent::Topic(None),
                Some(RequestError::NotAMember),
            ),
            (owner, None, RoomEvent::Left, Some(RequestError::LastOwner)),
            (member, None, RoomEvent::Left, None),
            (
                owner,
                member,
                RoomEvent::Invited(BOB),
                Some(RequestError::AlreadyInRoom),
            ),
            (
                owner,
                banned,
                RoomEvent::Invited(BOB),
                Some(RequestError::UserBanned),
            ),
            (owner, None, RoomEvent::Invited(BOB), None),
            (
                owner,
                member,
                RoomEvent::Unbanned(BOB),
                Some(RequestError::NotBanned),
            ),
            (owner, banned, RoomEvent::Unbanned(BOB), None),
            (
                owner,
                banned,
                RoomEvent::Kicked(BOB),
                Some(RequestError::NotInRoom),
            ),
            (owner, None, role.clone(), Some(RequestError::NotInRoom)),
            (owner, owner, role, Some(RequestError::LastOwner)),
            (owner, None, RoomEvent::Created, Some(RequestError::Invalid)),
        ] {
            let found = context(author, subject).validate(&event).err();
            assert_eq!(found, refusal, "{event:?}");
        }
        let closed = EventContext {
            is_closed: true,
            ..EventContext::default()
        };
        let refused = closed.validate(&RoomEvent::Joined);
        assert_eq!(refused, Err(RequestError::UnknownRoom));
    }

    #[test]
    fn a_room_is_closed_by_an_owner_who_is_alone_in_it() {
        let close = |role, members| {
            let context = EventContext {
                author: Some(MemberState::member(role)),
                members,
                owners: 1,
                ..EventContext::default()
            };
            context.validate(&RoomEvent::Closed)
        };
        assert_eq!(close(Role::Owner, 1), Ok(()));
        assert_eq!(close(Role::Owner, 2), Err(RequestError::RoomNotEmpty));
        let refused = Err(RequestError::RoleNeeded(Role::Owner));
        assert_eq!(close(Role::Moderator, 1), refused);
    }
}
