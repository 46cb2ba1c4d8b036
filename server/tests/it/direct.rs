//! A direct conversation: appends, answers, live frames, cursors, hints, and a restart.

use recado_shared::{
    Activity, Answer, ClientFrame, ConversationId, CursorUpdate, Entry, MemberCursors, PageRange,
    Presence, Request, RequestError, Seq, ServerFrame, SyncPoint, Timestamp, UserId, UserProfile,
};

use crate::client::{Client, hello, id, message};
use crate::server::{TestServer, device, name};

/// Sends, and returns the time of acceptance.
async fn send(from: &mut Client, to: UserId, n: u8, text: &str) -> (Seq, Timestamp) {
    let request = from.append(to, id(n), text);
    match from.answer(request).await {
        Ok(Answer::Accepted { seq, time }) => (seq, time),
        other => panic!("not accepted: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_reaches_every_device_but_the_one_that_sent_it_once() {
    let server = TestServer::start().await;
    let (alices, bobs) = (device(), device());
    let mut alice = server.newcomer(&alices, "alice").await;
    let mut bob = server.newcomer(&bobs, "bob").await;
    assert_eq!(
        alice.next_frame().await,
        ServerFrame::User(UserProfile {
            user: bob.user,
            name: name("bob"),
            presence: Presence::Online,
            display: None,
        })
    );
    let mut alice_elsewhere = server.connect(&alices).await;
    let welcome = alice_elsewhere.enter(hello(None, None)).await;
    assert_eq!((welcome.user, welcome.registered), (alice.user, false));
    alice_elsewhere.next_heads().await;

    let conversation = ConversationId::direct(alice.user, bob.user);
    let (seq, time) = send(&mut alice, bob.user, 1, "did the build pass?").await;
    let entry = ServerFrame::Entry {
        conversation,
        entry: Entry {
            seq,
            author: alice.user,
            id: id(1),
            time,
            content: message("did the build pass?"),
        },
    };
    assert_eq!(seq, Seq(1));
    assert_eq!(bob.next_frame().await, entry);
    assert_eq!(alice_elsewhere.next_frame().await, entry);

    // A resend gets the first answer, and is not relayed.
    assert_eq!(
        send(&mut alice, bob.user, 1, "did the build pass?").await,
        (seq, time)
    );
    let (seq, _) = send(&mut bob, alice.user, 2, "yes").await;
    assert_eq!(seq, Seq(2));
    for reader in [&mut alice, &mut alice_elsewhere] {
        match reader.next_frame().await {
            ServerFrame::Entry { entry, .. } => assert_eq!((entry.seq, entry.id), (seq, id(2))),
            other => panic!("no entry: {other:?}"),
        }
    }
}

#[tokio::test]
async fn cursors_reach_all_sessions_of_both() {
    let server = TestServer::start().await;
    let mut alice = server.newcomer(&device(), "alice").await;
    let mut bob = server.newcomer(&device(), "bob").await;
    alice.next_frame().await;
    send(&mut alice, bob.user, 1, "hello").await;
    bob.next_frame().await;

    let conversation = ConversationId::direct(alice.user, bob.user);
    // A cursor beyond the newest entry stops at it.
    let advance = CursorUpdate {
        conversation,
        delivered: Seq(9),
        read: Seq(1),
    };
    bob.send(&ClientFrame::UpdateCursors(advance)).await;
    let cursors = ServerFrame::Cursors {
        conversation,
        cursors: MemberCursors {
            user: bob.user,
            delivered: Seq(1),
            read: Seq(1),
        },
    };
    assert_eq!(alice.next_frame().await, cursors);
    assert_eq!(bob.next_frame().await, cursors);
}

#[tokio::test]
async fn presence_and_typing_are_told_to_those_concerned() {
    let server = TestServer::start().await;
    let mut alice = server.newcomer(&device(), "alice").await;
    let bobs = device();
    let mut bob = server.newcomer(&bobs, "bob").await;
    alice.next_frame().await;
    alice.send(&ClientFrame::Watch(vec![bob.user])).await;
    let user = bob.user;
    let presence = |presence| ServerFrame::Presence { user, presence };
    assert_eq!(alice.next_frame().await, presence(Presence::Online));

    let conversation = ConversationId::direct(alice.user, bob.user);
    bob.send(&ClientFrame::Typing(conversation)).await;
    let typing = ServerFrame::Typing {
        conversation,
        user: bob.user,
    };
    assert_eq!(alice.next_frame().await, typing);

    // Bob came just now, so that this change is announced a little later.
    bob.send(&ClientFrame::Activity(Activity::Away)).await;
    assert_eq!(alice.next_frame().await, presence(Presence::Away));
    let gone = presence(Presence::Offline);
    drop(bob);
    assert_eq!(alice.next_frame().await, gone);
}

#[tokio::test]
async fn a_restart_keeps_names_logs_and_cursors() {
    let server = TestServer::start().await;
    let (alices, bobs) = (device(), device());
    let mut alice = server.newcomer(&alices, "alice").await;
    let mut bob = server.newcomer(&bobs, "bob").await;
    alice.next_frame().await;
    let (_, time) = send(&mut alice, bob.user, 1, "still there?").await;
    bob.next_frame().await;
    drop(alice);

    let fingerprint = server.fingerprint;
    let server = server.restart().await;
    assert_eq!(server.fingerprint, fingerprint);
    let mut bob = server.connect(&bobs).await;
    let welcome = bob.enter(hello(Some("bob"), None)).await;
    assert!(!welcome.registered);
    let page = bob.next_heads().await;
    let head = &page.heads[0];
    assert_eq!((head.newest, head.newest_time), (Seq(1), time));
    assert_eq!(head.unread, 1);
    let names: Vec<_> = page.people.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["alice", "bob"]);
    let request = Request::Page {
        conversation: head.conversation,
        range: PageRange::After(Seq::ZERO),
        limit: 10,
    };
    match bob.answer(request).await {
        Ok(Answer::Page { entries, newest }) => {
            assert_eq!((entries[0].id, newest), (id(1), Seq(1)));
        }
        other => panic!("no page: {other:?}"),
    }

    // A client with all heads gets none again; heads of other data do not count.
    let has_all = SyncPoint {
        log: welcome.log,
        stamp: page.complete.unwrap(),
    };
    let elsewhere = SyncPoint {
        stamp: has_all.stamp,
        log: recado_shared::LogId([9; 16]),
    };
    for (since, heads) in [(has_all, 0), (elsewhere, 1)] {
        let mut again = server.connect(&bobs).await;
        let mut hello = hello(None, None);
        hello.since = Some(since);
        again.enter(hello).await;
        assert_eq!(again.next_heads().await.heads.len(), heads);
    }
}

#[tokio::test]
async fn a_request_that_is_not_granted_says_why_and_the_session_goes_on() {
    let server = TestServer::start().await;
    let mut alice = server.newcomer(&device(), "alice").await;
    let mut bob = server.newcomer(&device(), "bob").await;
    let mut carol = server.newcomer(&device(), "carol").await;
    let between_others = ConversationId::direct(alice.user, bob.user);
    let append = Request::Append {
        conversation: between_others,
        id: id(1),
        content: message("hi"),
    };
    let page = Request::Page {
        conversation: between_others,
        range: PageRange::Before(Seq(9)),
        limit: 10,
    };
    for request in [append, page] {
        assert_eq!(carol.answer(request).await, Err(RequestError::NotAMember));
    }
    let to_unknown = carol.append(UserId(99), id(1), "hi");
    assert_eq!(
        carol.answer(to_unknown).await,
        Err(RequestError::UnknownUser)
    );
    let find = Request::FindUsers {
        prefix: "B".to_owned(),
        after: None,
        limit: 10,
    };
    let bob_online = UserProfile {
        user: bob.user,
        name: name("bob"),
        presence: Presence::Online,
        display: None,
    };
    assert_eq!(
        carol.answer(find).await,
        Ok(Answer::Users {
            people: vec![bob_online],
            more: false
        })
    );
    alice.send(&ClientFrame::Leave).await;
    bob.send(&ClientFrame::Leave).await;
}
