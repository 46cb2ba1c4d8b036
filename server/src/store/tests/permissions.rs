//! Permissions in the transaction: what a change forbids is rejected behind it, also in the same batch, where the
//! relay could not know of it.

use recado_shared::{Mute, RequestError, Role, RoomEvent, RoomId, Setting, Visibility};

use super::rooms::in_room;
use super::*;

struct Queue {
    desk: Desk,
    alice: UserId,
    bob: UserId,
    carol: UserId,
    room: RoomId,
    last_id: u64,
}

impl Queue {
    /// Alice owns a room, Bob moderates it, Carol is a member. All wrote, so that the writer has their rows.
    fn new() -> Self {
        let mut desk = Desk::new();
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| desk.register(name));
        let room = desk.room(alice, "tea");
        let mut queue = Self {
            desk,
            alice,
            bob,
            carol,
            room,
            last_id: 0,
        };
        let role = Role::Moderator;
        let batch = [
            queue.act(bob, RoomEvent::Joined),
            queue.act(carol, RoomEvent::Joined),
            queue.act(alice, RoomEvent::Role { user: bob, role }),
            queue.put(alice, text("hers")),
            queue.put(bob, text("his")),
            queue.put(carol, text("hers")),
        ];
        let results = queue.commit(&batch);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        queue
    }

    fn put(&mut self, author: UserId, content: Content) -> Write {
        self.last_id += 1;
        in_room(self.room, author, self.last_id, content)
    }

    fn act(&mut self, author: UserId, event: RoomEvent) -> Write {
        self.put(author, Content::Room(event))
    }

    fn block(&self, is_on: bool) -> Write {
        Write::User {
            origin: ORIGIN,
            user: self.alice,
            by: device_of(self.alice),
            change: UserChange::Set(Setting::Blocked {
                user: self.bob,
                is_on,
            }),
        }
    }

    fn commit(&mut self, batch: &[Write]) -> Vec<Result<(), RequestError>> {
        let written = self.desk.writer.commit(batch).unwrap();
        let result = |written| match written {
            WriteResult::Append { result, .. } => result.map(drop),
            WriteResult::User { result, .. } => result.map(drop),
            WriteResult::Device { result, .. } => result,
            WriteResult::CreateRoom { result, .. } => result.map(drop),
            other => panic!("{other:?}"),
        };
        written.into_iter().map(result).collect()
    }

    /// Commits a change and a write behind it in one batch, and returns why that was rejected.
    fn rejected_behind(&mut self, change: Write, late: Write) -> RequestError {
        let mut results = self.commit(&[change, late]);
        let late = results.pop().unwrap();
        assert_eq!(results, [Ok(())]);
        late.unwrap_err()
    }
}

#[test]
fn a_muted_member_writes_nothing_behind_the_mute_until_it_ends() {
    let mut queue = Queue::new();
    let (bob, carol) = (queue.bob, queue.carol);
    let until = Some(Timestamp(1_000));
    let mute = queue.act(bob, RoomEvent::Muted { user: carol, until });
    let late = queue.put(carol, text("late"));
    assert_eq!(queue.rejected_behind(mute, late), RequestError::Muted);
    let invitation = queue.act(carol, RoomEvent::Invited(UserId(1)));
    assert_eq!(queue.commit(&[invitation]), [Err(RequestError::Muted)]);
    let mute = Mute { until };
    assert!(mute.holds_at(Timestamp(999)) && !mute.holds_at(Timestamp(1_000)));
    queue.last_id = 1_000;
    let later = queue.put(carol, text("later"));
    assert_eq!(queue.commit(&[later]), [Ok(())]);
}

#[test]
fn who_lost_a_role_uses_it_no_more() {
    let mut queue = Queue::new();
    let (alice, bob, carol) = (queue.alice, queue.bob, queue.carol);
    let role = Role::Member;
    let demote = queue.act(alice, RoomEvent::Role { user: bob, role });
    let kick = queue.act(bob, RoomEvent::Kicked(carol));
    let needed = RequestError::RoleNeeded(Role::Moderator);
    assert_eq!(queue.rejected_behind(demote.clone(), kick), needed);
    let promote = queue.act(
        alice,
        RoomEvent::Role {
            user: bob,
            role: Role::Moderator,
        },
    );
    assert_eq!(queue.commit(&[promote]), [Ok(())]);
    let demote = queue.act(alice, RoomEvent::Role { user: bob, role });
    let deletion = queue.put(bob, Content::Deletion { target: Seq(5) });
    let late = queue.rejected_behind(demote, deletion);
    assert_eq!(late, RequestError::DeleteNotAllowed);
}

#[test]
fn a_moderator_is_not_kicked_by_an_equal_promoted_before() {
    let mut queue = Queue::new();
    let (alice, bob, carol) = (queue.alice, queue.bob, queue.carol);
    let role = Role::Moderator;
    let promote = queue.act(alice, RoomEvent::Role { user: carol, role });
    let kick = queue.act(bob, RoomEvent::Kicked(carol));
    let late = queue.rejected_behind(promote, kick);
    assert_eq!(late, RequestError::OutranksYou);
}

#[test]
fn who_was_kicked_or_banned_writes_nothing_more() {
    let mut queue = Queue::new();
    let (alice, bob, carol) = (queue.alice, queue.bob, queue.carol);
    for (user, event) in [
        (carol, RoomEvent::Kicked(carol)),
        (bob, RoomEvent::Banned(bob)),
    ] {
        let change = queue.act(alice, event);
        let late = queue.put(user, text("late"));
        assert_eq!(
            queue.rejected_behind(change, late),
            RequestError::NotAMember
        );
    }
    let back = queue.act(bob, RoomEvent::Joined);
    assert_eq!(queue.commit(&[back]), [Err(RequestError::Banned)]);
}

#[test]
fn no_user_joins_a_room_behind_its_privacy() {
    let mut queue = Queue::new();
    let (alice, carol) = (queue.alice, queue.carol);
    let left = queue.act(carol, RoomEvent::Left);
    let close = queue.act(alice, RoomEvent::Visibility(Visibility::Private));
    let join = queue.act(carol, RoomEvent::Joined);
    assert_eq!(queue.commit(&[left]), [Ok(())]);
    assert_eq!(
        queue.rejected_behind(close, join),
        RequestError::InviteNeeded
    );
}

#[test]
fn behind_a_block_no_message_and_no_invitation_arrives() {
    let mut queue = Queue::new();
    let (alice, bob) = (queue.alice, queue.bob);
    let hello = message(bob, alice, 100, "hello");
    assert_eq!(queue.commit(&[hello]), [Ok(())]);
    let (block, late) = (queue.block(true), message(bob, alice, 101, "late"));
    assert_eq!(
        queue.rejected_behind(block, late),
        RequestError::NotAccepting
    );
    let hers = message(alice, bob, 102, "hers");
    let gone = Content::Deletion { target: Seq(1) };
    let mut deletion = message(bob, alice, 103, "replaced");
    if let Write::Append { new, .. } = &mut deletion {
        new.content = gone;
    }
    let unblock = queue.block(false);
    let again = message(bob, alice, 104, "again");
    let batch = [hers, deletion, unblock, again];
    assert_eq!(queue.commit(&batch), [Ok(()); 4]);
}

#[test]
fn a_blocked_user_starts_no_conversation_and_sends_no_invitation() {
    let mut queue = Queue::new();
    let (alice, bob) = (queue.alice, queue.bob);
    let (block, first) = (queue.block(true), message(bob, alice, 100, "first"));
    assert_eq!(
        queue.rejected_behind(block, first),
        RequestError::NotAccepting
    );
    let direct = "SELECT count(*) FROM conversations WHERE room IS NULL";
    let reader = &queue.desk.reader;
    let count: i64 = reader.query_one(direct, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
    let role = Role::Owner;
    let batch = [
        queue.act(alice, RoomEvent::Role { user: bob, role }),
        queue.act(alice, RoomEvent::Left),
        queue.act(bob, RoomEvent::Invited(alice)),
    ];
    let refused = Err(RequestError::NotAccepting);
    assert_eq!(queue.commit(&batch), [Ok(()), Ok(()), refused]);
}

#[test]
fn a_revoked_device_changes_nothing_behind_the_revocation() {
    let mut queue = Queue::new();
    let (alice, bob) = (queue.alice, queue.bob);
    let other = DeviceKey([9; 32]);
    let change = |change| Write::Device {
        origin: ORIGIN,
        user: alice,
        by: device_of(alice),
        change,
        time: Timestamp(1),
    };
    let by_other = |id| {
        let mut write = message(alice, bob, id, "from the other device");
        if let Write::Append { new, .. } = &mut write {
            new.by = other;
        }
        write
    };
    let link = DeviceChange::Link {
        key: other,
        name: None,
    };
    let batch = [change(link), by_other(100)];
    assert_eq!(queue.commit(&batch), [Ok(()), Ok(())]);
    let mut block = queue.block(true);
    if let Write::User { by, .. } = &mut block {
        *by = other;
    }
    let refused = Err(RequestError::Unavailable);
    let revoke = change(DeviceChange::Revoke(other));
    let own = message(alice, bob, 102, "from hers");
    let batch = [revoke, by_other(101), block, own];
    assert_eq!(queue.commit(&batch), [Ok(()), refused, refused, Ok(())]);
}
