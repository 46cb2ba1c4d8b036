//! Blocks and message requests between users.

use recado_shared::tls::Identity;
use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, DisplayName, HistoryVisibility, PageRange,
    Presence, Request, RequestError, RoomEvent, RoomName, Seq, ServerFrame, Setting, UserId,
    UserProfile, Visibility,
};

use crate::admin::Office;
use crate::client::{Client, hello, id};
use crate::server::{TestServer, device, name};

async fn set(client: &mut Client, setting: Setting) {
    let answer = client.answer(Request::Set(setting)).await;
    assert_eq!(answer, Ok(Answer::Done));
}

async fn block(client: &mut Client, user: UserId, is_on: bool) {
    set(client, Setting::Blocked { user, is_on }).await;
}

async fn send(from: &mut Client, to: UserId, n: u8) -> Result<Seq, RequestError> {
    let request = from.append(to, id(n), "hello");
    match from.answer(request).await {
        Ok(Answer::Accepted { seq, .. }) => Ok(seq),
        Ok(other) => panic!("no answer to a message: {other:?}"),
        Err(error) => Err(error),
    }
}

/// Hears an entry of the other person in a direct conversation.
async fn hear_entry(client: &mut Client, seq: u64) -> Content {
    match client.next_frame().await {
        ServerFrame::Entry { entry, .. } => {
            assert_eq!(entry.seq, Seq(seq));
            entry.content
        }
        other => panic!("no entry: {other:?}"),
    }
}

async fn come_back(server: &TestServer, device: &Identity) -> Client {
    let mut client = server.connect(device).await;
    client.enter(hello(None, None)).await;
    client.next_heads().await;
    client
}

async fn presence_of(client: &mut Client, user: UserId) -> Presence {
    match client.answer(Request::Users(vec![user])).await {
        Ok(Answer::Users { people, .. }) => people[0].presence,
        other => panic!("no people: {other:?}"),
    }
}

#[tokio::test]
async fn who_is_blocked_cannot_write_invite_or_watch_until_they_are_not() {
    let server = TestServer::start().await;
    let (alices, bobs) = (device(), device());
    let mut alice = server.newcomer(&alices, "alice").await;
    let mut bob = server.newcomer(&bobs, "bob").await;
    alice.next_frame().await;
    assert_eq!(send(&mut bob, alice.user, 1).await, Ok(Seq(1)));
    hear_entry(&mut alice, 1).await;
    bob.send(&ClientFrame::Watch(vec![alice.user])).await;
    let user = alice.user;
    let presence = |presence| ServerFrame::Presence { user, presence };
    assert_eq!(bob.next_frame().await, presence(Presence::Online));

    block(&mut alice, bob.user, true).await;
    assert_eq!(bob.next_frame().await, presence(Presence::Offline));
    let refused = Err(RequestError::NotAccepting);
    assert_eq!(send(&mut bob, alice.user, 2).await, refused);
    // A user who did not hear that it was accepted asks again.
    assert_eq!(send(&mut bob, alice.user, 1).await, Ok(Seq(1)));
    assert_eq!(presence_of(&mut bob, alice.user).await, Presence::Offline);
    let room = Request::CreateRoom {
        id: id(3),
        name: RoomName::new("traps").unwrap(),
        visibility: Visibility::Private,
        history: HistoryVisibility::Visible,
    };
    let room = match bob.answer(room).await {
        Ok(Answer::RoomCreated { room, .. }) => room,
        other => panic!("no room: {other:?}"),
    };
    bob.next_heads().await;
    let invite = Request::Append {
        conversation: ConversationId::Room(room),
        id: id(4),
        content: Content::Room(RoomEvent::Invited(alice.user)),
    };
    let not_invited = Err(RequestError::NotAccepting);
    assert_eq!(bob.answer(invite).await, not_invited);
    // Earlier messages can still be deleted, and the blocking user may write.
    let delete = Request::Append {
        conversation: ConversationId::direct(alice.user, bob.user),
        id: id(5),
        content: Content::Deletion { target: Seq(1) },
    };
    assert!(bob.answer(delete).await.is_ok());
    hear_entry(&mut alice, 2).await;
    assert_eq!(send(&mut alice, bob.user, 6).await, Ok(Seq(3)));
    hear_entry(&mut bob, 3).await;

    // A restart changes nothing of that.
    drop((alice, bob));
    let server = server.restart().await;
    let mut bob = come_back(&server, &bobs).await;
    let mut alice = come_back(&server, &alices).await;
    assert_eq!(send(&mut bob, user, 7).await, refused);
    block(&mut alice, bob.user, false).await;
    assert_eq!(send(&mut bob, user, 7).await, Ok(Seq(4)));
}

#[tokio::test]
async fn who_is_not_let_in_any_more_takes_no_messages() {
    let office = Office::open().await;
    let mut alice = office.enter(&device(), "alice").await;
    let bob = office.enter(&device(), "bob").await;
    alice.next_frame().await;
    assert_eq!(send(&mut alice, bob.user, 1).await, Ok(Seq(1)));
    office.stdout_of(&["user", "disable", "bob"]).await;
    let refused = Err(RequestError::NotAccepting);
    assert_eq!(send(&mut alice, bob.user, 2).await, refused);
    office.stdout_of(&["user", "enable", "bob"]).await;
    assert_eq!(send(&mut alice, bob.user, 2).await, Ok(Seq(2)));
    office.stdout_of(&["user", "remove", "bob", "--yes"]).await;
    // The end of the log says that they are gone.
    assert_eq!(hear_entry(&mut alice, 3).await, Content::AuthorRemoved);
    let removed = ServerFrame::UserRemoved(bob.user);
    assert_eq!(alice.next_frame().await, removed);
    assert_eq!(send(&mut alice, bob.user, 3).await, refused);
}

#[tokio::test]
async fn a_stranger_asks_first_and_is_accepted_on_all_devices() {
    let server = TestServer::start().await;
    let (alices, strangers) = (device(), device());
    let mut alice = server.newcomer(&alices, "alice").await;
    let mut mallory = server.newcomer(&strangers, "mallory").await;
    alice.next_frame().await;
    set(&mut alice, Setting::FirstContact { ask: true }).await;
    let (user, stranger) = (alice.user, mallory.user);
    for n in 1..=3 {
        assert_eq!(send(&mut mallory, user, n).await, Ok(Seq(n.into())));
        let head = alice.next_heads().await.heads.remove(0);
        assert_eq!((head.newest, head.unread), (Seq(n.into()), n.into()));
        assert!(head.is_request);
    }
    let waits = Err(RequestError::RequestPending);
    assert_eq!(send(&mut mallory, user, 4).await, waits);
    // The message can be read before that is decided, on every device.
    let page = Request::Page {
        conversation: ConversationId::direct(user, stranger),
        range: PageRange::After(Seq::ZERO),
        limit: 10,
    };
    match alice.answer(page).await {
        Ok(Answer::Page { entries, .. }) => assert_eq!(entries.len(), 3),
        other => panic!("no page: {other:?}"),
    }
    let mut phone = server.connect(&alices).await;
    phone.enter(hello(None, None)).await;
    assert!(phone.next_heads().await.heads[0].is_request);

    let asked = alice.ask(Request::AcceptContact(stranger)).await;
    let done = ServerFrame::Answer {
        number: asked,
        result: Ok(Answer::Done),
    };
    assert_eq!(alice.next_frame().await, done);
    for device in [&mut alice, &mut phone] {
        assert!(!device.next_heads().await.heads[0].is_request);
    }
    assert_eq!(send(&mut mallory, user, 4).await, Ok(Seq(4)));
    hear_entry(&mut alice, 4).await;
    let unknown = alice.answer(Request::AcceptContact(UserId(99))).await;
    assert_eq!(unknown, Err(RequestError::Invalid));
}

#[tokio::test]
async fn a_display_name_is_seen_by_all_and_deceives_no_one() {
    let server = TestServer::start().await;
    let alices = device();
    let mut alice = server.newcomer(&alices, "alice").await;
    let mut bob = server.newcomer(&device(), "bob").await;
    alice.next_frame().await;
    assert_eq!(send(&mut bob, alice.user, 1).await, Ok(Seq(1)));
    hear_entry(&mut alice, 1).await;
    let call = |text: &str| Request::SetDisplayName(Some(DisplayName::new(text).unwrap()));
    let refused = alice.answer(call("B0B")).await;
    assert_eq!(refused, Err(RequestError::Invalid));
    let invisible = DisplayName::stored("\u{3164}\u{200b}").ok();
    let refused = alice.answer(Request::SetDisplayName(invisible)).await;
    assert_eq!(refused, Err(RequestError::Invalid));

    assert_eq!(alice.answer(call("Wonder")).await, Ok(Answer::Done));
    let wonder = UserProfile {
        user: alice.user,
        name: name("alice"),
        display: Some(DisplayName::new("Wonder").unwrap()),
        presence: Presence::Online,
    };
    for client in [&mut alice, &mut bob] {
        assert_eq!(client.next_frame().await, ServerFrame::User(wonder.clone()));
    }
    // Heads and answers have it, also after a restart.
    let user = alice.user;
    drop((alice, bob));
    let server = server.restart().await;
    let mut alice = server.connect(&alices).await;
    alice.enter(hello(None, None)).await;
    let heads = alice.next_heads().await;
    assert!(heads.people.contains(&wonder), "{heads:?}");
    match alice.answer(Request::Users(vec![user])).await {
        Ok(Answer::Users { people, .. }) => assert_eq!(people, [wonder]),
        other => panic!("no people: {other:?}"),
    }
}
