//! In-memory membership index, built from the store at start and updated after each commit.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::rules::permission::Memberships;
use recado_shared::rules::room::RoomState;
use recado_shared::{Content, ConversationId, Entry, RoomEvent, RoomId, UserId, Visibility};

use crate::store::StoredMemberships;

#[derive(Debug, Default)]
pub(super) struct MembershipIndex {
    rooms: BTreeMap<RoomId, RoomState>,
    rooms_of: BTreeMap<UserId, BTreeSet<RoomId>>,
    /// Each user who blocks another one, with that one.
    blocks: BTreeSet<(UserId, UserId)>,
    /// Users whose account is disabled or removed.
    closed: BTreeSet<UserId>,
    /// Rooms that the store cannot read.
    damaged: BTreeSet<RoomId>,
}

impl Memberships for MembershipIndex {
    fn room(&self, room: RoomId) -> Option<&RoomState> {
        self.rooms.get(&room)
    }

    fn rooms_of(&self, user: UserId) -> usize {
        self.rooms_of.get(&user).map_or(0, BTreeSet::len)
    }

    fn accepts_from(&self, user: UserId, from: UserId) -> bool {
        user == from || !(self.closed.contains(&user) || self.blocks(user, from))
    }
}

impl MembershipIndex {
    pub(super) fn new(stored: StoredMemberships) -> Self {
        let mut index = Self {
            blocks: stored.blocks.into_iter().collect(),
            closed: stored.closed.into_iter().collect(),
            damaged: stored.damaged_rooms.into_iter().collect(),
            ..Self::default()
        };
        for stored in stored.rooms {
            let mut room = RoomState::new(stored.visibility);
            room.is_closed = stored.is_closed;
            for (user, state) in stored.members {
                room.insert(user, state);
                if state.is_member() {
                    index.rooms_of.entry(user).or_default().insert(stored.room);
                }
            }
            index.rooms.insert(stored.room, room);
        }
        index
    }

    /// The members of a room; empty if there is no such room.
    pub(super) fn members(&self, room: RoomId) -> impl Iterator<Item = UserId> {
        let room = self.rooms.get(&room).into_iter();
        room.flat_map(RoomState::members)
    }

    pub(super) fn is_member(&self, conversation: ConversationId, user: UserId) -> bool {
        match conversation {
            ConversationId::Direct(_) => conversation.peer_of(user).is_some(),
            ConversationId::Room(room) => {
                let room = self.rooms.get(&room);
                room.is_some_and(|room| room.member(user).is_some())
            }
        }
    }

    pub(super) fn is_damaged(&self, room: RoomId) -> bool {
        self.damaged.contains(&room)
    }

    pub(super) fn blocks(&self, user: UserId, other: UserId) -> bool {
        self.blocks.contains(&(user, other))
    }

    pub(super) fn set_blocked(&mut self, user: UserId, other: UserId, is_on: bool) -> bool {
        if is_on {
            self.blocks.insert((user, other))
        } else {
            self.blocks.remove(&(user, other))
        }
    }

    pub(super) fn set_closed(&mut self, user: UserId, is_closed: bool) {
        if is_closed {
            self.closed.insert(user);
        } else {
            self.closed.remove(&user);
        }
    }

    pub(super) fn add_room(&mut self, room: RoomId, visibility: Visibility) {
        self.rooms.insert(room, RoomState::new(visibility));
    }

    /// The room that a committed entry ends, as it is before.
    pub(super) fn room_ended_by(
        &self,
        conversation: ConversationId,
        entry: &Entry,
    ) -> Option<&RoomState> {
        let (ConversationId::Room(id), Content::Room(event)) = (conversation, &entry.content)
        else {
            return None;
        };
        let room = self.rooms.get(&id)?;
        room.is_ended_by(event).then_some(room)
    }

    /// Applies a committed entry. Returns the user whose own membership it changed.
    pub(super) fn apply(&mut self, conversation: ConversationId, entry: &Entry) -> Option<UserId> {
        let (ConversationId::Room(id), Content::Room(event)) = (conversation, &entry.content)
        else {
            return None;
        };
        let room = self.rooms.get_mut(&id)?;
        let closes = *event == RoomEvent::Closed;
        let before = closes.then(|| room.members().collect::<Vec<_>>());
        let changed = room.apply(entry.author, event);
        for user in before.into_iter().flatten().chain(changed) {
            let rooms = self.rooms_of.entry(user).or_default();
            if room.member(user).is_some() {
                rooms.insert(id);
            } else {
                rooms.remove(&id);
            }
            if rooms.is_empty() {
                self.rooms_of.remove(&user);
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use recado_shared::rules::membership::MemberState;
    use recado_shared::{Membership, MessageId, Role, Seq, Timestamp, Visibility};

    use super::*;
    use crate::store::StoredRoom;

    const ROOM: RoomId = RoomId(1);
    const OWNER: UserId = UserId(1);
    const MEMBER: UserId = UserId(2);
    const INVITED: UserId = UserId(3);

    fn index() -> MembershipIndex {
        let invited = MemberState {
            membership: Membership::Invited,
            may_read: false,
            ..MemberState::member(Role::Member)
        };
        let members = [
            (OWNER, MemberState::member(Role::Owner)),
            (MEMBER, MemberState::member(Role::Member)),
            (INVITED, invited),
        ];
        MembershipIndex::new(StoredMemberships {
            rooms: vec![StoredRoom {
                room: ROOM,
                visibility: Visibility::Private,
                is_closed: false,
                members: members.into(),
            }],
            ..StoredMemberships::default()
        })
    }

    fn apply(index: &mut MembershipIndex, author: UserId, event: RoomEvent) -> Option<UserId> {
        let entry = Entry {
            seq: Seq(9),
            author,
            id: MessageId([1; 16]),
            time: Timestamp(0),
            content: Content::Room(event),
        };
        index.apply(ConversationId::Room(ROOM), &entry)
    }

    #[test]
    fn a_closed_room_has_no_members() {
        let mut index = index();
        assert_eq!((index.rooms_of(MEMBER), index.rooms_of(INVITED)), (1, 0));
        assert_eq!(apply(&mut index, OWNER, RoomEvent::Closed), None);
        assert_eq!(index.rooms_of(MEMBER), 0);
        assert!(!index.is_member(ConversationId::Room(ROOM), MEMBER));
        assert_eq!(index.members(ROOM).count(), 0);
    }

    #[test]
    fn the_rooms_of_a_user_follow_committed_entries() {
        let mut index = index();
        assert_eq!(apply(&mut index, INVITED, RoomEvent::Joined), Some(INVITED));
        assert_eq!(index.rooms_of(INVITED), 1);
        let kicked = apply(&mut index, OWNER, RoomEvent::Kicked(MEMBER));
        assert_eq!((kicked, index.rooms_of(MEMBER)), (Some(MEMBER), 0));
    }

    #[test]
    fn blocks_and_disabled_accounts_accept_nothing() {
        let mut index = index();
        assert!(index.set_blocked(OWNER, MEMBER, true));
        assert!(!index.set_blocked(OWNER, MEMBER, true));
        assert!(!index.accepts_from(OWNER, MEMBER) && index.accepts_from(MEMBER, OWNER));
        assert!(index.set_blocked(OWNER, MEMBER, false));
        assert!(index.accepts_from(OWNER, MEMBER));
        index.set_closed(OWNER, true);
        assert!(!index.accepts_from(OWNER, MEMBER) && index.accepts_from(OWNER, OWNER));
        index.set_closed(OWNER, false);
        assert!(index.accepts_from(OWNER, MEMBER));
    }
}
