//! The life of a room over TLS, and what members learn after they were offline.

use recado_shared::tls::Identity;
use recado_shared::{
    Answer, Content, ConversationId, Emoji, Entry, Head, Hello, HistoryVisibility, Membership,
    PageRange, Request, RequestError, Role, RoomEvent, RoomId, RoomName, Seq, ServerFrame,
    SyncPoint, Topic, UserId, Visibility,
};

use crate::client::{Client, hello, id, message};
use crate::server::{TestServer, device};

struct Club {
    server: TestServer,
    devices: [Identity; 4],
    /// Alice, Bob, Carol and Dave.
    people: [Client; 4],
    room: RoomId,
    last_id: u8,
}

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;

impl Club {
    async fn found(visibility: Visibility, history: HistoryVisibility) -> Self {
        let server = TestServer::start().await;
        let devices = [device(), device(), device(), device()];
        let mut people = [
            server.newcomer(&devices[ALICE], "alice").await,
            server.newcomer(&devices[BOB], "bob").await,
            server.newcomer(&devices[CAROL], "carol").await,
            server.newcomer(&devices[DAVE], "dave").await,
        ];
        let create = Request::CreateRoom {
            id: id(200),
            name: RoomName::new("tea").unwrap(),
            visibility,
            history,
        };
        let Ok(Answer::RoomCreated { room, seq, .. }) = people[ALICE].answer_among(create).await
        else {
            panic!("a room");
        };
        assert_eq!(seq, Seq(1));
        Self {
            server,
            devices,
            people,
            room,
            last_id: 0,
        }
    }

    fn id(&self) -> ConversationId {
        ConversationId::Room(self.room)
    }

    fn user(&self, who: usize) -> UserId {
        self.people[who].user
    }

    async fn puts(&mut self, who: usize, content: Content) -> Result<Seq, RequestError> {
        self.last_id += 1;
        let room = self.id();
        self.people[who].put(room, id(self.last_id), content).await
    }

    async fn does(&mut self, who: usize, event: RoomEvent) -> Seq {
        let content = Content::Room(event);
        self.puts(who, content).await.unwrap()
    }

    async fn refused(&mut self, who: usize, event: RoomEvent) -> RequestError {
        let content = Content::Room(event);
        self.puts(who, content).await.unwrap_err()
    }

    async fn stdout_of(&mut self, who: usize, text: &str) -> Seq {
        self.puts(who, message(text)).await.unwrap()
    }

    /// Hears until this entry of the room.
    async fn hears(&mut self, who: usize, seq: Seq) -> Entry {
        loop {
            match self.people[who].next_frame().await {
                ServerFrame::Entry {
                    conversation,
                    entry,
                } if conversation == self.id() && entry.seq == seq => return entry,
                _ => {}
            }
        }
    }

    async fn page(&mut self, who: usize, range: PageRange) -> Result<Vec<u64>, RequestError> {
        let page = Request::Page {
            conversation: self.id(),
            range,
            limit: 100,
        };
        match self.people[who].answer_among(page).await? {
            Answer::Page { entries, .. } => Ok(entries.iter().map(|e| e.seq.0).collect()),
            other => panic!("no page: {other:?}"),
        }
    }

    async fn reads(&mut self, who: usize) -> Result<Vec<u64>, RequestError> {
        self.page(who, PageRange::After(Seq::ZERO)).await
    }

    /// A second device comes in that knows everything up to now, and goes away.
    async fn visit(&mut self, who: usize) -> SyncPoint {
        let mut other = self.server.connect(&self.devices[who]).await;
        let log = other.enter(hello(None, None)).await.log;
        let stamp = other.next_heads().await.complete.unwrap();
        SyncPoint { log, stamp }
    }

    /// What it is told when it comes back.
    async fn come_back(&mut self, who: usize, since: SyncPoint) -> Vec<Head> {
        let mut other = self.server.connect(&self.devices[who]).await;
        let hello = Hello {
            since: Some(since),
            ..hello(None, None)
        };
        other.enter(hello).await;
        other.next_heads().await.heads
    }
}

#[tokio::test]
async fn four_people_make_use_and_leave_a_room() {
    let mut club = Club::found(Visibility::Private, HistoryVisibility::Hidden).await;
    let [bob, carol, dave] = [BOB, CAROL, DAVE].map(|who| club.user(who));
    // A user without an invitation neither joins nor finds it.
    assert_eq!(
        club.refused(BOB, RoomEvent::Joined).await,
        RequestError::UnknownRoom
    );
    for (user, who) in [(bob, BOB), (carol, CAROL), (dave, DAVE)] {
        club.does(ALICE, RoomEvent::Invited(user)).await;
        assert_eq!(club.reads(who).await, Err(RequestError::NotAMember));
        let joined = club.does(who, RoomEvent::Joined).await;
        assert_eq!(club.hears(ALICE, joined).await.author, user);
        // The past is hidden from who comes later.
        assert_eq!(club.reads(who).await, Ok(vec![joined.0]));
    }
    // All members get the entries and their changes.
    let said = club.stdout_of(BOB, "who has the key?").await;
    let emoji = Emoji::new("👍").unwrap();
    let contents = [
        Content::ReactionAdded {
            target: said,
            emoji,
        },
        Content::Reply {
            to: said,
            body: recado_shared::MessageBody::new("I do").unwrap(),
        },
    ];
    for content in contents {
        let seq = club.puts(CAROL, content.clone()).await.unwrap();
        for who in [ALICE, BOB, DAVE] {
            assert_eq!(club.hears(who, seq).await.content, content);
        }
    }
}

#[tokio::test]
async fn roles_say_who_may_do_what_in_a_room() {
    let mut club = Club::found(Visibility::Private, HistoryVisibility::Hidden).await;
    let [alice, bob, carol, dave] = [ALICE, BOB, CAROL, DAVE].map(|who| club.user(who));
    for (user, who) in [(bob, BOB), (carol, CAROL), (dave, DAVE)] {
        club.does(ALICE, RoomEvent::Invited(user)).await;
        club.does(who, RoomEvent::Joined).await;
    }
    let said = club.stdout_of(CAROL, "keep this to yourself").await;
    let topic = || RoomEvent::Topic(Some(Topic::new("keys").unwrap()));
    let needed = RequestError::RoleNeeded(Role::Moderator);
    assert_eq!(club.refused(BOB, topic()).await, needed);
    let role = Role::Moderator;
    club.does(ALICE, RoomEvent::Role { user: bob, role }).await;
    club.does(BOB, topic()).await;
    let deletion = Content::Deletion { target: said };
    let refused = club.puts(DAVE, deletion.clone()).await;
    assert_eq!(refused, Err(RequestError::DeleteNotAllowed));
    assert!(club.puts(BOB, deletion).await.is_ok());
    let outranks = club.refused(BOB, RoomEvent::Kicked(alice)).await;
    assert_eq!(outranks, RequestError::OutranksYou);
    club.does(
        BOB,
        RoomEvent::Muted {
            user: dave,
            until: None,
        },
    )
    .await;
    let muted = club.puts(DAVE, message("hmpf")).await;
    assert_eq!(muted, Err(RequestError::Muted));
    // Dave is sent out and sees that; what follows he does not.
    let kicked = club.does(BOB, RoomEvent::Kicked(dave)).await;
    assert_eq!(club.hears(DAVE, kicked).await.author, bob);
    club.stdout_of(ALICE, "now").await;
    assert_eq!(club.reads(DAVE).await.unwrap().last(), Some(&kicked.0));
    assert_eq!(club.page(DAVE, PageRange::After(kicked)).await, Ok(vec![]));
    assert_eq!(
        club.puts(DAVE, message("?")).await,
        Err(RequestError::NotAMember)
    );
    assert_eq!(
        club.refused(DAVE, RoomEvent::Joined).await,
        RequestError::InviteNeeded
    );
    // The owner leaves only when there is another one.
    assert_eq!(
        club.refused(ALICE, RoomEvent::Left).await,
        RequestError::LastOwner
    );
    let role = Role::Owner;
    club.does(ALICE, RoomEvent::Role { user: carol, role })
        .await;
    let left = club.does(ALICE, RoomEvent::Left).await;
    club.does(CAROL, RoomEvent::Renamed(RoomName::new("coffee").unwrap()))
        .await;
    assert_eq!(club.reads(ALICE).await.unwrap().last(), Some(&left.0));
}

#[tokio::test]
async fn a_device_that_was_away_learns_how_its_user_stands() {
    let mut club = Club::found(Visibility::Public, HistoryVisibility::Visible).await;
    let [bob, carol, dave] = [BOB, CAROL, DAVE].map(|who| club.user(who));
    for who in [BOB, CAROL, DAVE] {
        club.does(who, RoomEvent::Joined).await;
    }
    let away = [
        (BOB, RoomEvent::Left, BOB, Membership::Left),
        (CAROL, RoomEvent::Kicked(carol), ALICE, Membership::Kicked),
        (DAVE, RoomEvent::Banned(dave), ALICE, Membership::Banned),
    ];
    for (who, event, by, membership) in away {
        let since = club.visit(who).await;
        let last = club.does(by, event).await;
        club.stdout_of(ALICE, "without them").await;
        let heads = club.come_back(who, since).await;
        let [head] = heads.as_slice() else {
            panic!("one head: {heads:?}");
        };
        assert_eq!((head.conversation, head.newest), (club.id(), last));
        assert_eq!(head.room.as_ref().unwrap().membership, membership);
        assert_eq!(head.unread, 0);
        // A device that never knew of the room is told nothing.
        let mut new = club.server.connect(&club.devices[who]).await;
        new.enter(hello(None, None)).await;
        assert_eq!(new.next_heads().await.heads, []);
    }
    // A restart changes nothing of that.
    club.server = club.server.restart().await;
    let mut banned = club.server.connect(&club.devices[DAVE]).await;
    banned.enter(hello(None, None)).await;
    let room = ConversationId::Room(club.room);
    let joined = banned
        .put(room, id(99), Content::Room(RoomEvent::Joined))
        .await;
    assert_eq!(joined, Err(RequestError::Banned));
    let mut left = club.server.connect(&club.devices[BOB]).await;
    left.enter(hello(None, None)).await;
    assert_eq!(left.user, bob);
    let joined = left
        .put(room, id(99), Content::Room(RoomEvent::Joined))
        .await;
    assert!(joined.is_ok());
}

#[tokio::test]
async fn what_was_accepted_stays_accepted_when_it_could_not_be_asked_for_any_more() {
    let mut club = Club::found(Visibility::Public, HistoryVisibility::Visible).await;
    let room = club.id();
    let bob = club.user(BOB);
    let joined = || Content::Room(RoomEvent::Joined);
    let entered = club.people[BOB].put(room, id(101), joined()).await;
    let said = club.people[BOB].put(room, id(102), message("hello")).await;
    assert_eq!((entered, said), (Ok(Seq(2)), Ok(Seq(3))));
    let again = club.people[BOB].put(room, id(101), joined()).await;
    assert_eq!(again, Ok(Seq(2)));
    let kicked = || Content::Room(RoomEvent::Kicked(bob));
    for _ in 0..2 {
        let kicked = club.people[ALICE].put(room, id(103), kicked()).await;
        assert_eq!(kicked, Ok(Seq(4)));
    }
    let again = club.people[BOB].put(room, id(102), message("hello")).await;
    assert_eq!(again, Ok(Seq(3)));
    // Another text or another number was never accepted.
    for (id, text) in [(id(102), "hullo"), (id(104), "hello")] {
        let refused = club.people[BOB].put(room, id, message(text)).await;
        assert_eq!(refused, Err(RequestError::NotAMember));
    }
}
