//! Heads, pages and the directory.

use recado_shared::limits::{MAX_BODY_LEN, MAX_HEADS_PER_FRAME, MAX_PAGE_LEN};
use recado_shared::{Entry, Head, PageRange, Stamp, codec};

use super::*;

fn heads(
    desk: &mut Desk,
    user: UserId,
    since: Option<u64>,
) -> (Vec<Head>, Vec<(UserId, UserName)>, Stamp) {
    let question = Read::Heads {
        session: SESSION,
        user,
        since: since.map(Stamp),
    };
    match desk.read(question) {
        ReadResult::Heads {
            session: SESSION,
            heads,
            people,
            stamp,
            rest,
        } if rest.is_empty() => (heads, people, stamp),
        other => panic!("{other:?}"),
    }
}

fn page(
    desk: &mut Desk,
    conversation: ConversationId,
    range: PageRange,
    limit: u16,
) -> (Vec<Entry>, u64) {
    let user = conversation.pair().unwrap().low();
    let query = Query::Page {
        conversation,
        range,
        limit,
    };
    match desk.query(user, query) {
        Answer::Page { entries, newest } => (entries, newest.0),
        other => panic!("{other:?}"),
    }
}

fn seqs(desk: &mut Desk, conversation: ConversationId, range: PageRange, limit: u16) -> Vec<u64> {
    let (entries, _) = page(desk, conversation, range, limit);
    entries.iter().map(|entry| entry.seq.0).collect()
}

fn people(desk: &mut Desk, prefix: &str, after: Option<&str>, limit: u16) -> (Vec<String>, bool) {
    let query = Query::FindUsers(NameSearch {
        prefix: prefix.to_owned(),
        after: after.map(name),
        limit,
    });
    match desk.query(UserId(1), query) {
        Answer::Users { people, more } => (
            people
                .iter()
                .map(|person| person.name.to_string())
                .collect(),
            more,
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn heads_tell_where_each_conversation_stands() {
    let mut desk = Desk::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| desk.register(name));
    assert_eq!(heads(&mut desk, alice, None), (vec![], vec![], Stamp(0)));
    desk.say(alice, bob, 10, "a");
    desk.say(bob, alice, 20, "b");
    desk.say(carol, alice, 30, "c");
    let with_bob = ConversationId::direct(alice, bob);
    desk.advance(bob, with_bob, 2, 1);
    let cursors = |user, delivered, read| MemberCursors {
        user,
        delivered: Seq(delivered),
        read: Seq(read),
    };
    let head_with_bob = Head {
        conversation: with_bob,
        newest: Seq(2),
        newest_time: Timestamp(20),
        unread: 1,
        cursors: vec![cursors(alice, 0, 0), cursors(bob, 2, 1)],
        first: Seq(1),
        room: None,
        is_request: false,
    };
    let head_with_carol = Head {
        conversation: ConversationId::direct(carol, alice),
        newest: Seq(1),
        newest_time: Timestamp(30),
        unread: 1,
        cursors: vec![cursors(alice, 0, 0), cursors(carol, 0, 0)],
        first: Seq(1),
        room: None,
        is_request: false,
    };
    let known = |users: &[(UserId, &str)]| -> Vec<(UserId, UserName)> {
        users
            .iter()
            .map(|&(user, text)| (user, name(text)))
            .collect()
    };
    assert_eq!(
        heads(&mut desk, alice, None),
        (
            vec![head_with_carol, head_with_bob.clone()],
            known(&[(alice, "alice"), (bob, "bob"), (carol, "carol")]),
            Stamp(4)
        ),
        "newest conversation first"
    );
    assert_eq!(
        heads(&mut desk, alice, Some(3)),
        (
            vec![head_with_bob.clone()],
            known(&[(alice, "alice"), (bob, "bob")]),
            Stamp(4)
        ),
        "bob's cursor is the only change since"
    );
    assert_eq!(heads(&mut desk, alice, Some(4)).0, []);
    assert_eq!(heads(&mut desk, alice, Some(u64::MAX)).0, []);
    let seen_by_bob = Head {
        unread: 0,
        ..head_with_bob
    };
    assert_eq!(heads(&mut desk, bob, None).0, [seen_by_bob]);
}

#[test]
fn pages_go_both_ways_without_a_hole() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let direct = ConversationId::direct(alice, bob);
    assert_eq!(
        page(&mut desk, direct, PageRange::After(Seq(0)), 9),
        (vec![], 0)
    );
    for id in 1..=10 {
        desk.say(alice, bob, id, &format!("message {id}"));
        desk.say(alice, alice, 100 + id, "a note between");
    }
    let mut of = |range, limit| seqs(&mut desk, direct, range, limit);
    assert_eq!(of(PageRange::After(Seq(0)), 3), [1, 2, 3]);
    assert_eq!(of(PageRange::After(Seq(3)), 3), [4, 5, 6]);
    assert_eq!(of(PageRange::After(Seq(9)), 3), [10]);
    assert_eq!(of(PageRange::After(Seq(10)), 3), [0_u64; 0]);
    assert_eq!(of(PageRange::Before(Seq(11)), 3), [8, 9, 10]);
    assert_eq!(of(PageRange::Before(Seq(u64::MAX)), 2), [9, 10]);
    assert_eq!(of(PageRange::Before(Seq(3)), 9), [1, 2]);
    assert_eq!(of(PageRange::Before(Seq(1)), 9), [0_u64; 0]);
    assert_eq!(of(PageRange::Before(Seq(0)), 9), [0_u64; 0]);
    assert_eq!(of(PageRange::After(Seq(u64::MAX)), 9), [0_u64; 0]);
    let (entries, newest) = page(&mut desk, direct, PageRange::After(Seq(6)), 1);
    assert_eq!(
        (entries[0].content.clone(), newest),
        (text("message 7"), 10)
    );
}

#[test]
fn a_page_ends_before_it_is_too_long_for_a_frame() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let direct = ConversationId::direct(alice, bob);
    let longest = "x".repeat(MAX_BODY_LEN);
    for id in 1..=7 {
        desk.say(alice, bob, id, &longest);
    }
    for (range, expected) in [
        (PageRange::After(Seq(0)), [1, 2, 3]),
        (PageRange::After(Seq(2)), [3, 4, 5]),
        (PageRange::Before(Seq(8)), [5, 6, 7]),
    ] {
        let (entries, newest) = page(&mut desk, direct, range, 200);
        let found: Vec<u64> = entries.iter().map(|entry| entry.seq.0).collect();
        assert_eq!((found.as_slice(), newest), (expected.as_slice(), 7));
        assert!(codec::encode(&entries).unwrap().len() <= MAX_PAGE_LEN);
    }
}

#[test]
fn the_directory_is_searched_by_the_folded_beginning() {
    let mut desk = Desk::new();
    for name in [
        "Zoë",
        "zo.x",
        "anna",
        "Ann_e",
        "Ann-e2",
        "Дмитрий",
        "дима",
        "ひろし",
    ] {
        desk.register(name);
    }
    let mut find = |prefix| people(&mut desk, prefix, None, 100).0;
    assert_eq!(find("ann"), ["Ann-e2", "Ann_e", "anna"]);
    assert_eq!(find("ANN_"), ["Ann_e"]);
    assert_eq!(find("zo"), ["zo.x", "Zoë"]);
    assert_eq!(find("ZOË"), ["Zoë"]);
    assert_eq!(find("zoe\u{308}"), ["Zoë"]);
    assert_eq!(find("Д"), ["дима", "Дмитрий"]);
    assert_eq!(find("ひ"), ["ひろし"]);
    let none: [&str; 0] = [];
    for prefix in ["%", "_", "an%", "x", "annab", "'", "a\0", "\u{10ffff}"] {
        assert_eq!(find(prefix), none, "{prefix:?}");
    }
    assert_eq!(find("").len(), 8);
}

#[test]
fn the_directory_is_read_page_by_page() {
    let mut desk = Desk::new();
    for name in ["dora", "Bert", "carl", "anna"] {
        desk.register(name);
    }
    let page = |names: &[&str], more| (names.iter().map(ToString::to_string).collect(), more);
    assert_eq!(
        people(&mut desk, "", None, 3),
        page(&["anna", "Bert", "carl"], true)
    );
    assert_eq!(
        people(&mut desk, "", Some("CARL"), 3),
        page(&["dora"], false)
    );
    assert_eq!(
        people(&mut desk, "", Some("anna"), 3),
        page(&["Bert", "carl", "dora"], false)
    );
    assert_eq!(people(&mut desk, "", Some("dora"), 3), page(&[], false));
    assert_eq!(
        people(&mut desk, "b", Some("anna"), 1),
        page(&["Bert"], false)
    );
}

/// Registers a user where there are many.
fn peer(desk: &mut Desk, number: u64) -> UserId {
    let mut key = [0xff; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    let login = Login {
        key: DeviceKey(key),
        max_users: 10_000,
        ..login(1, Some(&format!("peer{number}")))
    };
    desk.login(login).unwrap().user
}

/// The numbers of heads in each page, and all conversations in their order.
fn paged(desk: &mut Desk, user: UserId, since: Option<u64>) -> (Vec<usize>, Vec<ConversationId>) {
    let (mut lens, mut all) = (Vec::new(), Vec::new());
    let mut read = Read::Heads {
        session: SESSION,
        user,
        since: since.map(Stamp),
    };
    loop {
        let ReadResult::Heads { heads, rest, .. } = desk.read(read) else {
            panic!("heads are answered by heads");
        };
        let bytes: usize = heads
            .iter()
            .map(|head| codec::encode(head).unwrap().len())
            .sum();
        assert!(bytes <= MAX_PAGE_LEN, "{bytes}");
        lens.push(heads.len());
        all.extend(heads.iter().map(|head| head.conversation));
        if rest.is_empty() {
            return (lens, all);
        }
        read = Read::MoreHeads {
            session: SESSION,
            user,
            rest,
        };
    }
}

#[test]
fn many_heads_come_in_pages_that_fit_into_frames() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let count = 2 * MAX_HEADS_PER_FRAME as u64 + 1;
    let peers: Vec<_> = (0..count).map(|n| peer(&mut desk, n)).collect();
    for (n, &peer) in (1..).zip(&peers) {
        desk.say(alice, peer, n, "hi");
    }
    let (lens, all) = paged(&mut desk, alice, None);
    assert!(
        lens.len() > 2 && lens.iter().all(|&len| len > 0),
        "{lens:?}"
    );
    let newest_first = peers.iter().rev();
    let expected: Vec<_> = newest_first
        .map(|&peer| ConversationId::direct(alice, peer))
        .collect();
    assert_eq!(all, expected);
}

#[test]
fn a_conversation_that_moves_between_two_pages_is_in_one_of_them() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let count = MAX_HEADS_PER_FRAME as u64 + 1;
    let peers: Vec<_> = (0..count).map(|n| peer(&mut desk, n)).collect();
    for (n, &peer) in (1..).zip(&peers) {
        desk.say(alice, peer, n, "hi");
    }
    let read = Read::Heads {
        session: SESSION,
        user: alice,
        since: None,
    };
    let ReadResult::Heads { rest, .. } = desk.read(read) else {
        panic!("heads are answered by heads");
    };
    // The oldest one of the rest becomes the newest one of all.
    desk.say(alice, peers[0], 1_000, "again");
    let read = Read::MoreHeads {
        session: SESSION,
        user: alice,
        rest,
    };
    let ReadResult::Heads { heads, .. } = desk.read(read) else {
        panic!("heads are answered by heads");
    };
    let moved = heads.last().unwrap();
    assert_eq!(moved.conversation, ConversationId::direct(alice, peers[0]));
    assert_eq!(moved.newest, Seq(2));
}
