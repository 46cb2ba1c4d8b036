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
    desk.check(Event::Closed(S1), &[]);
}

#[test]
fn many_heads_come_in_pages_each_with_its_people() {
    let mut desk = Desk::of_two();
    let count = MAX_HEADS_PER_FRAME as u64 + 1;
    let peers: Vec<UserId> = (0..count).map(|n| UserId(10 + n)).collect();
    let head = |peer| Head {
        conversation: ConversationId::direct(ALICE, peer),
        newest: Seq(1),
        newest_time: Timestamp(5),
        unread: 0,
        cursors: Vec::new(),
        first: Seq(1),
        room: None,
        is_request: false,
    };
    let heads: Vec<_> = peers.iter().copied().map(head).collect();
    let everyone = peers.iter().copied().chain([ALICE]);
    let result = ReadResult::Heads {
        session: S1,
        heads: heads.clone(),
        people: everyone.map(|user| (user, name(user))).collect(),
        stamp: Stamp(12),
    };
    let person = |user, presence| UserProfile {
        user,
        name: name(user),
        presence,
        display: None,
    };
    let page = |heads: &[Head], peers: &[UserId], complete| {
        let others = peers.iter().map(|&user| person(user, Presence::Offline));
        let page = HeadsPage {
            heads: heads.to_vec(),
            people: [person(ALICE, Presence::Online)]
                .into_iter()
                .chain(others)
                .collect(),
            complete,
        };
        send(S1, ServerFrame::Heads(page))
    };
    let first = MAX_PAGE_LEN / catch_up::len_of(&heads[0]);
    desk.check(
        Event::Read(result),
        &[
            page(&heads[..first], &peers[..first], None),
            page(&heads[first..], &peers[first..], Some(Stamp(12))),
        ],
    );
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
    desk.check(
        heads_read(S2, 11),
        &[no_heads(S2, 11), read_heads(S2, BOB, Some(11))],
    );
    desk.check(heads_read(S2, 12), &[no_heads(S2, 12)]);
}

#[test]
fn the_heads_that_may_be_queued_at_a_time_have_room() {
    let mut desk = Desk::of_two();
    let behind = |desk: &mut Desk| {
        desk.check(Event::OutboxFull(S2), &[send(S2, ServerFrame::Behind)]);
    };
    behind(&mut desk);
    let read = [read_heads(S2, BOB, Some(10))];
    desk.check(Event::CaughtUp(S2), &read);
    behind(&mut desk);
    desk.check(Event::CaughtUp(S2), &[]);
    // Everything from here on may wait behind the last mark.
    behind(&mut desk);
    let heads = no_heads(S2, 10);
    desk.check(heads_read(S2, 10), &[heads.clone(), read[0].clone()]);
    desk.check(heads_read(S2, 10), std::slice::from_ref(&heads));
    desk.check(Event::CaughtUp(S2), &read);
    desk.check(heads_read(S2, 10), &[heads]);
    let sets = 3;
    let pages = (MAX_USERS_LIMIT as usize).div_ceil(MAX_HEADS_PER_FRAME);
    assert!(sets * pages <= HEADS_CAPACITY);
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
