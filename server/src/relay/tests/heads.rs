//! Reads, heads and sessions that are behind.

use super::*;

#[test]
fn pages_and_people_are_read_within_the_limits() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    let page = Request::Page {
        conversation: ALICE_BOB,
        range: PageRange::Before(Seq(9)),
        limit: 9_999,
    };
    let query = Query::Page {
        conversation: ALICE_BOB,
        range: PageRange::Before(Seq(9)),
        limit: 200,
    };
    desk.check(request(S1, 1, page), &[query_of(asked, ALICE, query)]);
    let page = Answer::Page {
        entries: vec![entry(BOB, 8)],
        newest: Seq(8),
    };
    desk.check(
        query_answered(asked, Ok(page.clone())),
        &[answer(asked, Ok(page))],
    );

    let find = Request::FindUsers {
        prefix: "ÉM".to_owned(),
        after: Some(name(ALICE)),
        limit: 9_999,
    };
    let query = Query::FindUsers(NameSearch {
        prefix: "ém".to_owned(),
        after: Some(name(ALICE)),
        limit: 150,
    });
    desk.check(request(S1, 1, find), &[query_of(asked, ALICE, query)]);
    let person = |user, presence| UserProfile {
        user,
        name: name(user),
        presence,
        display: None,
    };
    let people = |of_bob| Answer::Users {
        people: vec![person(BOB, of_bob), person(CAROL, Presence::Offline)],
        more: true,
    };
    desk.check(
        query_answered(asked, Ok(people(Presence::Offline))),
        &[answer(asked, Ok(people(Presence::Online)))],
    );
}

#[test]
fn answers_for_a_session_that_is_gone_find_no_session() {
    let mut desk = Desk::of_two();
    desk.check(Event::Closed(S1), &[]);
    desk.check(heads_read(S1, 10), &[]);
    let page = Answer::Page {
        entries: Vec::new(),
        newest: Seq(0),
    };
    desk.check(query_answered(origin(S1, 1), Ok(page)), &[]);
    desk.check(appended(origin(S1, 1), ALICE, 1, false), &[]);
    desk.check(Event::OutboxFull(S1), &[]);
    desk.check(Event::CaughtUp(S1), &[]);
    desk.check(Event::HeadsWritten(S1), &[]);
    desk.check(Event::Closed(S1), &[]);
}

fn head(peer: UserId) -> Head {
    Head {
        conversation: ConversationId::direct(ALICE, peer),
        newest: Seq(1),
        newest_time: Timestamp(5),
        unread: 0,
        cursors: Vec::new(),
        first: Seq(1),
        room: None,
        is_request: false,
    }
}

#[test]
fn the_next_page_of_heads_is_read_once_the_last_one_is_written() {
    let mut desk = Desk::new(Policy::Invite);
    desk.greet(S1, peer("192.0.2.1"), hello());
    let welcomed = logged_in(S1, Ok(admitted(ALICE, false)));
    desk.relay.handle(welcomed, desk.now);
    let page_read = |heads: &[UserId], rest: &[i64], stamp| {
        Event::Read(ReadResult::Heads {
            session: S1,
            heads: heads.iter().copied().map(head).collect(),
            people: [ALICE, BOB].map(|user| (user, name(user))).into(),
            stamp: Stamp(stamp),
            rest: HeadsRest(rest.to_vec()),
        })
    };
    let page = |heads: &[UserId], complete| {
        let person = |user, presence| UserProfile {
            user,
            name: name(user),
            presence,
            display: None,
        };
        let people = match heads {
            [] => Vec::new(),
            _ => vec![
                person(ALICE, Presence::Online),
                person(BOB, Presence::Offline),
            ],
        };
        let page = HeadsPage {
            heads: heads.iter().copied().map(head).collect(),
            people,
            complete,
        };
        send(S1, ServerFrame::Heads(page))
    };
    let more = |rest: &[i64]| {
        Effect::Read(Read::MoreHeads {
            session: S1,
            user: ALICE,
            rest: HeadsRest(rest.to_vec()),
        })
    };
    desk.check(page_read(&[BOB], &[8, 9], 12), &[page(&[BOB], None)]);
    // However long the session takes, it gets nothing more before it has written the page.
    desk.check(Event::HeadsWritten(S1), &[more(&[8, 9])]);
    desk.check(Event::HeadsWritten(S1), &[]);
    desk.check(page_read(&[BOB], &[9], 13), &[page(&[BOB], None)]);
    desk.check(Event::HeadsWritten(S1), &[more(&[9])]);
    // The set counts as that of its first page: later ones may lack what changed meanwhile.
    desk.check(page_read(&[], &[], 14), &[page(&[], Some(Stamp(12)))]);
    desk.check(Event::HeadsWritten(S1), &[]);
}

#[test]
fn a_session_that_is_behind_gets_no_live_frames_until_caught_up() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    let to_bob = |seq| push(&[S2], entry_frame(ALICE, seq));
    desk.check(
        appended(asked, ALICE, 1, true),
        &[accepted(asked, 1), to_bob(1)],
    );
    // The change with the stamp 11 was left out: heads since 10 make up for it.
    desk.check(Event::OutboxFull(S2), &[send(S2, ServerFrame::Behind)]);
    desk.check(Event::OutboxFull(S2), &[]);
    desk.check(appended(asked, ALICE, 2, true), &[accepted(asked, 2)]);
    // Answers still come.
    let own = origin(S2, 1);
    desk.check(
        appended(own, BOB, 3, true),
        &[accepted(own, 3), push(&[S1], entry_frame(BOB, 3))],
    );
    desk.check(Event::CaughtUp(S2), &[read_heads(S2, BOB, Some(10))]);
    // Live frames flow before the heads are there, so that nothing falls in between.
    desk.check(
        appended(asked, ALICE, 4, true),
        &[accepted(asked, 4), to_bob(4)],
    );
    desk.check(heads_read(S2, 13), &[no_heads(S2, 13)]);
    desk.check(Event::HeadsWritten(S2), &[]);
    desk.check(Event::CaughtUp(S2), &[]);
}

#[test]
fn heads_are_read_one_set_at_a_time() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    for seq in 1..=2 {
        desk.relay
            .handle(appended(asked, ALICE, seq, true), desk.now);
        desk.check(Event::OutboxFull(S2), &[send(S2, ServerFrame::Behind)]);
        let since = Some(9 + seq);
        let expected = [read_heads(S2, BOB, since)];
        let expected = if seq == 1 { &expected[..] } else { &[] };
        desk.check(Event::CaughtUp(S2), expected);
    }
    desk.check(heads_read(S2, 11), &[no_heads(S2, 11)]);
    desk.check(Event::HeadsWritten(S2), &[read_heads(S2, BOB, Some(11))]);
    desk.check(heads_read(S2, 12), &[no_heads(S2, 12)]);
    desk.check(Event::HeadsWritten(S2), &[]);
}

#[test]
fn a_session_that_caught_up_is_told_presence_again() {
    let mut desk = Desk::of_two();
    let online = push(&[S1], presence(BOB, Presence::Online));
    desk.check_frame(S1, ClientFrame::Watch(vec![BOB]), &[online]);
    desk.settle();
    desk.check(Event::OutboxFull(S1), &[send(S1, ServerFrame::Behind)]);
    desk.check(Event::Closed(S2), &[]);
    desk.settle();
    let offline = push(&[S1], presence(BOB, Presence::Offline));
    desk.check(
        Event::CaughtUp(S1),
        &[read_heads(S1, ALICE, Some(10)), offline],
    );
}
