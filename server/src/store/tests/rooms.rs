//! Tests of rooms on disk: memberships, readable entries, unread counts, and changes that overtake
//! each other in a queue.

mod edges;

use recado_shared::{
    Entry, Head, HistoryVisibility, Membership, Mute, PageRange, RequestError, Role, RoomEvent,
    RoomId, RoomName, Stamp, Topic, Visibility,
};

use super::*;

pub(crate) fn room_name(text: &str) -> RoomName {
    RoomName::new(text).unwrap()
}

pub(crate) fn in_room(room: RoomId, author: UserId, id: u64, content: Content) -> Write {
    Write::Append {
        origin: ORIGIN,
        new: NewEntry {
            author,
            by: device_of(author),
            conversation: ConversationId::Room(room),
            id: message_id(id),
            content,
            time: Timestamp(id),
        },
    }
}

pub(super) fn new_room(author: UserId, id: u64, name: &str, history: HistoryVisibility) -> NewRoom {
    NewRoom {
        author,
        by: device_of(author),
        id: message_id(id),
        name: room_name(name),
        visibility: Visibility::Public,
        history,
        time: Timestamp(id),
    }
}

impl Desk {
    pub(crate) fn create(&mut self, new: NewRoom) -> Result<(RoomId, StoredEntry), RequestError> {
        let origin = ORIGIN;
        let WriteResult::CreateRoom { result, .. } = self.write(Write::CreateRoom { origin, new })
        else {
            panic!("a room is answered by a room");
        };
        result
    }

    /// A room whose history all members see.
    pub(crate) fn room(&mut self, author: UserId, name: &str) -> RoomId {
        let new = new_room(author, 500, name, HistoryVisibility::Visible);
        self.create(new).unwrap().0
    }

    fn stamp(&mut self) -> u64 {
        let question = Read::Heads {
            session: SESSION,
            user: UserId(1),
            since: None,
        };
        match self.read(question) {
            ReadResult::Heads { stamp, .. } => stamp.0,
            other @ (ReadResult::Agreed { .. } | ReadResult::Answer { .. }) => {
                panic!("no heads: {other:?}")
            }
        }
    }

    fn memberships(&self) -> Vec<StoredRoom> {
        self.writer.memberships().unwrap().rooms
    }
}

/// Three people and a room of the first, with numbers for what they do.
struct Club {
    desk: Desk,
    room: RoomId,
    people: [UserId; 3],
    last_id: u64,
}

impl Club {
    fn new(history: HistoryVisibility) -> Self {
        let mut desk = Desk::new();
        let people = ["alice", "bob", "carol"].map(|name| desk.register(name));
        let new = new_room(people[0], 500, "tea", history);
        let (room, _) = desk.create(new).unwrap();
        Self {
            desk,
            room,
            people,
            last_id: 500,
        }
    }

    fn id(&self) -> ConversationId {
        ConversationId::Room(self.room)
    }

    fn write_of(&mut self, author: UserId, content: Content) -> Write {
        self.last_id += 1;
        in_room(self.room, author, self.last_id, content)
    }

    fn tries(&mut self, author: UserId, content: Content) -> Result<StoredEntry, RequestError> {
        let write = self.write_of(author, content);
        self.desk.append(write)
    }

    fn says(&mut self, author: UserId, body: &str) -> u64 {
        self.tries(author, text(body)).unwrap().entry.seq.0
    }

    fn does(&mut self, author: UserId, event: RoomEvent) -> u64 {
        let appended = self.tries(author, Content::Room(event));
        appended.unwrap().entry.seq.0
    }

    fn refuses(&mut self, author: UserId, event: RoomEvent) -> RequestError {
        self.tries(author, Content::Room(event)).unwrap_err()
    }

    /// The room's head as this user gets it.
    fn head(&mut self, user: UserId) -> Option<Head> {
        let id = self.id();
        heads(&mut self.desk, user, 1).find(|head| head.conversation == id)
    }

    fn membership(&mut self, user: UserId) -> Option<(Membership, Role)> {
        let facts = self.head(user)?.room.unwrap();
        Some((facts.membership, facts.role))
    }

    fn unread(&mut self, user: UserId) -> u64 {
        self.head(user).unwrap().unread
    }

    fn seqs(&mut self, user: UserId, range: PageRange) -> (Vec<u64>, u64) {
        let id = self.id();
        let (entries, newest) = page(&mut self.desk, user, id, range);
        (entries.iter().map(|entry| entry.seq.0).collect(), newest)
    }

    /// All that a user may read, which is the same from both ends.
    fn reads(&mut self, user: UserId) -> (Vec<u64>, u64) {
        let all = self.seqs(user, PageRange::After(Seq::ZERO));
        let back = self.seqs(user, PageRange::Before(Seq(u64::MAX)));
        assert_eq!(all, back);
        all
    }
}

fn heads(desk: &mut Desk, user: UserId, since: u64) -> impl Iterator<Item = Head> {
    heads_since(desk, user, Some(Stamp(since)))
}

fn heads_since(desk: &mut Desk, user: UserId, since: Option<Stamp>) -> impl Iterator<Item = Head> {
    let question = Read::Heads {
        session: SESSION,
        user,
        since,
    };
    match desk.read(question) {
        ReadResult::Heads { heads, .. } => heads.into_iter(),
        other @ (ReadResult::Agreed { .. } | ReadResult::Answer { .. }) => {
            panic!("no heads: {other:?}")
        }
    }
}

fn page(
    desk: &mut Desk,
    user: UserId,
    conversation: ConversationId,
    range: PageRange,
) -> (Vec<Entry>, u64) {
    let query = Query::Page {
        conversation,
        range,
        limit: 200,
    };
    match desk.query(user, query) {
        Answer::Page { entries, newest } => (entries, newest.0),
        other => panic!("no page: {other:?}"),
    }
}

#[test]
fn a_room_is_created_once_under_a_free_name() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let tool = new_room(alice, 1, "Tool", HistoryVisibility::Hidden);
    let (room, made) = desk.create(tool.clone()).unwrap();
    assert_eq!(made.entry.content, Content::Room(RoomEvent::Created));
    let again = desk.create(tool).unwrap();
    assert_eq!((again.0, again.1.is_new), (room, false));
    assert_eq!(again.1.entry, made.entry);
    let named = |name| new_room(bob, 2, name, HistoryVisibility::Visible);
    let taken = desk.create(named("tool")).unwrap_err();
    assert_eq!(taken, RequestError::RoomNameTaken);
    // Looks the same, with a digit.
    let resembles = desk.create(named("too1")).unwrap_err();
    assert_eq!(resembles, RequestError::RoomNameTooSimilar);
    let id = ConversationId::Room(room);
    let head = heads(&mut desk, alice, 0).next().unwrap();
    assert_eq!((head.conversation, head.newest), (id, Seq(1)));
    let facts = head.room.unwrap();
    assert_eq!((facts.members, facts.role), (1, Role::Owner));
    assert_eq!(facts.history, HistoryVisibility::Hidden);
    assert_eq!(heads(&mut desk, bob, 0).count(), 0);
}

#[test]
fn a_name_that_a_room_gave_up_goes_to_no_other_room() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, _] = club.people;
    club.does(alice, RoomEvent::Renamed(room_name("coffee")));
    for name in ["tea", "coffee", "Coffee"] {
        let made = club
            .desk
            .create(new_room(bob, 9, name, HistoryVisibility::Visible));
        assert!(made.is_err(), "{name}");
    }
    club.does(alice, RoomEvent::Renamed(room_name("tea")));
    let facts = club.head(alice).unwrap().room.unwrap();
    assert_eq!(facts.name, room_name("tea"));
}

#[test]
fn standings_follow_what_happens() {
    use Membership::{Banned, Invited, Kicked, Left, Member};
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    let steps = [
        (alice, RoomEvent::Invited(bob), Invited, 1),
        (bob, RoomEvent::Joined, Member, 2),
        (bob, RoomEvent::Left, Left, 1),
        (bob, RoomEvent::Joined, Member, 2),
        (alice, RoomEvent::Kicked(bob), Kicked, 1),
        (bob, RoomEvent::Joined, Member, 2),
        (alice, RoomEvent::Banned(bob), Banned, 1),
        (alice, RoomEvent::Unbanned(bob), Kicked, 1),
        (alice, RoomEvent::Invited(bob), Invited, 1),
        (alice, RoomEvent::Banned(bob), Banned, 1),
    ];
    for (author, event, membership, members) in steps {
        club.does(author, event.clone());
        let facts = club.head(bob).unwrap().room.unwrap();
        assert_eq!(
            (facts.membership, facts.members),
            (membership, members),
            "{event:?}"
        );
        // The same after a start.
        let memberships = club.desk.memberships().pop().unwrap();
        assert_eq!(memberships.members[&bob].membership, membership);
    }
    // A user who never was a member can be banned too, and has nothing to read.
    club.does(alice, RoomEvent::Banned(carol));
    let memberships = club.desk.memberships().pop().unwrap();
    assert!(!memberships.members[&carol].may_read && memberships.members[&bob].may_read);
    assert_eq!(club.reads(carol), (vec![], 0));
}

#[test]
fn roles_and_mutes_are_kept_and_a_mute_outlives_the_membership() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    club.does(bob, RoomEvent::Joined);
    let role = |user, role| RoomEvent::Role { user, role };
    club.does(alice, role(bob, Role::Moderator));
    assert_eq!(
        club.membership(bob),
        Some((Membership::Member, Role::Moderator))
    );
    let until = Some(Timestamp(9_000));
    club.does(alice, RoomEvent::Muted { user: bob, until });
    club.does(bob, RoomEvent::Left);
    club.does(bob, RoomEvent::Joined);
    let facts = club.head(bob).unwrap().room.unwrap();
    assert_eq!(
        (facts.role, facts.mute),
        (Role::Member, Some(Mute { until }))
    );
    club.does(alice, RoomEvent::Unmuted(bob));
    assert_eq!(club.head(bob).unwrap().room.unwrap().mute, None);
    club.does(alice, RoomEvent::Topic(Some(Topic::new("green").unwrap())));
    let facts = club.head(bob).unwrap().room.unwrap();
    assert_eq!(facts.topic.unwrap().as_str(), "green");
    let unknown = club.refuses(alice, RoomEvent::Invited(UserId(99)));
    assert_eq!(unknown, RequestError::UnknownUser);
    assert_eq!(club.membership(carol), None);
}

#[test]
fn members_read_the_past_where_it_is_visible() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    club.says(alice, "two");
    club.does(bob, RoomEvent::Joined);
    assert_eq!(club.reads(bob), (vec![1, 2, 3], 3));
    club.does(alice, RoomEvent::Kicked(bob));
    club.says(alice, "after the kick");
    // Up to the kick, that included, and no further.
    assert_eq!(club.reads(bob), (vec![1, 2, 3, 4], 4));
    assert_eq!(club.head(bob).unwrap().newest, Seq(4));
    assert_eq!(club.seqs(bob, PageRange::After(Seq(4))), (vec![], 4));
    assert_eq!(club.reads(carol), (vec![], 0));
    club.does(alice, RoomEvent::Invited(carol));
    assert_eq!(club.reads(carol), (vec![], 0));
    club.does(bob, RoomEvent::Joined);
    assert_eq!(club.reads(bob), ((1..=7).collect(), 7));
}

#[test]
fn members_read_from_their_entry_on_where_the_past_is_hidden() {
    let mut club = Club::new(HistoryVisibility::Hidden);
    let [alice, bob, carol] = club.people;
    club.says(alice, "hidden");
    let entered = club.does(bob, RoomEvent::Joined);
    club.says(alice, "seen");
    assert_eq!(club.reads(bob), (vec![3, 4], 4));
    assert_eq!(club.head(bob).unwrap().first, Seq(entered));
    // Present members read the same entries after the change.
    club.does(
        alice,
        RoomEvent::HistoryVisibility(HistoryVisibility::Visible),
    );
    assert_eq!(club.reads(bob), (vec![3, 4, 5], 5));
    club.does(carol, RoomEvent::Joined);
    assert_eq!(club.reads(carol).0, [1, 2, 3, 4, 5, 6]);
    club.does(
        alice,
        RoomEvent::HistoryVisibility(HistoryVisibility::Hidden),
    );
    club.does(bob, RoomEvent::Left);
    club.says(alice, "while he is out");
    let again = club.does(bob, RoomEvent::Joined);
    assert_eq!(club.reads(bob), (vec![again], again));
    assert_eq!(club.reads(alice).0.len() as u64, again);
}

#[test]
fn unread_counts_the_messages_of_others_since_one_came_in() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    for _ in 0..3 {
        club.says(alice, "before");
    }
    let entered = club.does(bob, RoomEvent::Joined);
    assert_eq!(club.unread(bob), 0);
    let first = club.says(alice, "one");
    club.says(bob, "own");
    club.does(carol, RoomEvent::Joined);
    let target = Seq(club.says(carol, "two"));
    let emoji = recado_shared::Emoji::new("👍").unwrap();
    club.tries(alice, Content::ReactionAdded { target, emoji })
        .unwrap();
    assert_eq!((club.unread(bob), club.unread(alice)), (2, 5 - 3));
    let id = club.id();
    club.desk.advance(bob, id, first, first).unwrap();
    assert_eq!(club.unread(bob), 1);
    // What is erased was a message, and stays one.
    let deletion = Content::Deletion { target };
    club.tries(carol, deletion).unwrap();
    assert_eq!(club.unread(bob), 1);
    let head = club.head(bob).unwrap();
    let own = head.cursors.iter().find(|of| of.user == bob).unwrap();
    assert_eq!(own.read, Seq(first));
    assert!(
        head.cursors
            .iter()
            .all(|of| of.user != carol || of.read > Seq(entered))
    );

    club.does(bob, RoomEvent::Left);
    club.says(alice, "gone");
    assert_eq!(club.unread(bob), 0);
    let newest = club.head(alice).unwrap().newest.0;
    assert_eq!(club.desk.advance(bob, id, newest, newest), None);
    club.does(bob, RoomEvent::Joined);
    assert_eq!(club.unread(bob), 0);
    club.says(alice, "back");
    assert_eq!(club.unread(bob), 1);
}

#[test]
fn former_members_get_a_head_only_for_changes_of_their_own() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    for (user, event, membership) in [
        (bob, RoomEvent::Left, Membership::Left),
        (carol, RoomEvent::Kicked(carol), Membership::Kicked),
        (carol, RoomEvent::Banned(carol), Membership::Banned),
    ] {
        if club
            .membership(user)
            .is_none_or(|(s, _)| s != Membership::Member)
        {
            club.does(user, RoomEvent::Joined);
        }
        let away = club.desk.stamp();
        let author = if event == RoomEvent::Left {
            user
        } else {
            alice
        };
        club.does(author, event);
        club.says(alice, "among those who are left");
        let told: Vec<_> = heads(&mut club.desk, user, away).collect();
        let [head] = told.as_slice() else {
            panic!("one head: {told:?}");
        };
        assert_eq!(head.room.as_ref().unwrap().membership, membership);
        assert_eq!((head.unread, head.cursors.len()), (0, 1));
        let now = club.desk.stamp();
        club.says(alice, "more");
        assert_eq!(heads(&mut club.desk, user, now).count(), 0);
        // A device that knows nothing is not told of rooms that are over.
        assert_eq!(heads_since(&mut club.desk, user, None).count(), 0);
        // One that may know the room from before the data was put back is.
        assert_eq!(heads(&mut club.desk, user, 0).count(), 1);
    }
}

type AuthoredEvent = (UserId, RoomEvent);

/// Pairs of room events that were both allowed when they were asked for and lie in one commit, each
/// with what is said of the second. They follow each other.
fn overtakings(
    [alice, bob, carol]: [UserId; 3],
) -> Vec<(AuthoredEvent, AuthoredEvent, RequestError)> {
    use RequestError::{
        AlreadyAMember, AlreadyInRoom, Banned, LastOwner, NotAMember, NotBanned, NotInRoom,
        UserBanned,
    };
    let role = |user, role| RoomEvent::Role { user, role };
    let muted = |user| RoomEvent::Muted { user, until: None };
    vec![
        (
            (bob, RoomEvent::Joined),
            (alice, RoomEvent::Invited(bob)),
            AlreadyInRoom,
        ),
        (
            (bob, RoomEvent::Left),
            (alice, RoomEvent::Kicked(bob)),
            NotInRoom,
        ),
        (
            (bob, RoomEvent::Joined),
            (bob, RoomEvent::Joined),
            AlreadyAMember,
        ),
        (
            (alice, RoomEvent::Kicked(bob)),
            (bob, RoomEvent::Left),
            NotAMember,
        ),
        (
            (alice, RoomEvent::Banned(bob)),
            (bob, RoomEvent::Joined),
            Banned,
        ),
        (
            (alice, RoomEvent::Topic(None)),
            (alice, RoomEvent::Invited(bob)),
            UserBanned,
        ),
        (
            (alice, RoomEvent::Unbanned(bob)),
            (alice, RoomEvent::Unbanned(bob)),
            NotBanned,
        ),
        (
            (alice, RoomEvent::Topic(None)),
            (alice, muted(bob)),
            NotInRoom,
        ),
        (
            (alice, RoomEvent::Topic(None)),
            (alice, RoomEvent::Unmuted(bob)),
            NotInRoom,
        ),
        (
            (alice, RoomEvent::Topic(None)),
            (alice, role(bob, Role::Owner)),
            NotInRoom,
        ),
        (
            (alice, RoomEvent::Topic(None)),
            (alice, role(alice, Role::Member)),
            LastOwner,
        ),
        (
            (carol, RoomEvent::Joined),
            (alice, RoomEvent::Left),
            LastOwner,
        ),
    ]
}

#[test]
fn what_was_overtaken_in_the_queue_is_refused() {
    let role = |user, role| RoomEvent::Role { user, role };
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    for ((first, event), (second, late), error) in overtakings(club.people) {
        let batch = [
            club.write_of(first, Content::Room(event.clone())),
            club.write_of(second, Content::Room(late.clone())),
        ];
        let written = club.desk.writer.commit(&batch).unwrap();
        let [
            WriteResult::Append { result: Ok(_), .. },
            WriteResult::Append { result, .. },
        ] = written.as_slice()
        else {
            panic!("{event:?}: {written:?}");
        };
        assert_eq!(result.as_ref(), Err(&error), "{late:?} after {event:?}");
    }
    // Two owners leave at once: the second one stays.
    club.does(alice, role(carol, Role::Owner));
    club.does(bob, RoomEvent::Joined);
    club.does(alice, RoomEvent::Left);
    let refused = club.refuses(carol, RoomEvent::Left);
    assert_eq!(refused, RequestError::LastOwner);
    club.does(bob, RoomEvent::Left);
    // An empty room needs no owner.
    club.does(carol, RoomEvent::Left);
}

#[test]
fn a_closed_room_ends_for_all_members() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    club.does(bob, RoomEvent::Joined);
    club.says(bob, "leaves");
    club.does(alice, RoomEvent::Invited(carol));
    let away = club.desk.stamp();
    let closed = club.desk.write(Write::Admin {
        ticket: crate::id::Ticket(1),
        change: AdminChange::CloseRoom(room_name("tea")),
        time: Timestamp(900),
    });
    let WriteResult::Admin { result, .. } = closed else {
        panic!("a change is answered by a change");
    };
    assert_eq!(result, Ok(AdminOutcome::RoomClosed { room: club.room }));
    for (author, event) in [
        (alice, RoomEvent::Topic(None)),
        (bob, RoomEvent::Left),
        (carol, RoomEvent::Joined),
        (bob, RoomEvent::Joined),
    ] {
        let error = club.refuses(author, event.clone());
        let expected = [RequestError::NotAMember, RequestError::UnknownRoom];
        assert!(expected.contains(&error), "{event:?}: {error}");
    }
    let head = heads(&mut club.desk, bob, away).next().unwrap();
    let facts = head.room.unwrap();
    assert_eq!(
        (facts.membership, facts.members, head.unread),
        (Membership::Left, 0, 0)
    );
    let (entries, newest) = page(
        &mut club.desk,
        bob,
        ConversationId::Room(club.room),
        PageRange::After(Seq::ZERO),
    );
    assert_eq!(newest, 5);
    let erased = Content::Erased(recado_shared::ErasedKind::Message);
    assert_eq!(entries[2].content, erased);
    assert_eq!(entries[4].content, Content::Room(RoomEvent::Closed));
    // Its name stays taken, and no user finds it.
    let made = club
        .desk
        .create(new_room(bob, 9, "tea", HistoryVisibility::Visible));
    assert!(made.is_err());
    let query = Query::FindRooms(NameSearch {
        prefix: String::new(),
        after: None,
        limit: 10,
    });
    let Answer::Rooms { rooms, .. } = club.desk.query(bob, query) else {
        panic!("rooms are answered by rooms");
    };
    assert_eq!(rooms, []);
    let memberships = club.desk.memberships().pop().unwrap();
    assert!(memberships.is_closed);
    assert!(
        memberships
            .members
            .values()
            .all(|member| member.membership != Membership::Member)
    );
}
