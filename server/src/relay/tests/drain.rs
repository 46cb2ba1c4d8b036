//! Draining and a failed store.

use super::*;

#[test]
fn a_drain_answers_what_is_outstanding_and_refuses_the_rest() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.greet(S3, peer("192.0.2.1"), hello());
    desk.check(Event::Drain, &[refuse(S3, Refusal::ShuttingDown)]);
    desk.check(Event::Drain, &[]);

    let unavailable = answer(origin(S2, 1), Err(RequestError::Unavailable));
    desk.check(request(S2, 1, append(ALICE_BOB)), &[unavailable]);
    let advance = CursorUpdate {
        conversation: ALICE_BOB,
        delivered: Seq(1),
        read: Seq(1),
    };
    desk.check_frame(S2, ClientFrame::UpdateCursors(advance), &[]);
    let late = SessionId(4);
    let refused = [refuse(late, Refusal::ShuttingDown)];
    assert_eq!(desk.greet(late, peer("192.0.2.1"), hello()), refused);

    desk.check(logged_in(S3, Ok(admitted(CAROL, false))), &[]);
    let close = |session| send(session, ServerFrame::Close(CloseReason::ShuttingDown));
    desk.check(
        appended(asked, ALICE, 1, true),
        &[
            accepted(asked, 1),
            push(&[S2], entry_frame(ALICE, 1)),
            close(S1),
            close(S2),
            Effect::Stop,
        ],
    );
    assert_eq!(desk.relay.next_deadline(), None);
    // Late results find no session.
    assert_eq!(desk.greet(late, peer("192.0.2.1"), hello()), refused);
    desk.check(request(S1, 2, append(ALICE_BOB)), &[]);
    desk.check(Event::Closed(S1), &[]);
    desk.check(Event::Deadline, &[]);
    desk.check(Event::StoreFailed, &[]);
}

#[test]
fn a_drain_does_not_wait_for_a_stuck_store() {
    let mut desk = Desk::of_two();
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.check(Event::Drain, &[]);
    let begun = desk.now.instant;
    let close = |session| send(session, ServerFrame::Close(CloseReason::ShuttingDown));
    desk.check_deadline(&[close(S1), close(S2), Effect::Stop]);
    assert_eq!(desk.now.instant, begun + DRAIN_LIMIT);
}

#[test]
fn answers_after_the_limit_of_a_drain_reach_all_their_sessions() {
    let mut desk = Desk::of_two();
    let (first, second) = (origin(S1, 1), origin(S2, 1));
    for session in [S1, S2] {
        desk.relay
            .handle(request(session, 1, append(ALICE_BOB)), desk.now);
    }
    desk.check(Event::Drain, &[]);
    desk.pass(DRAIN_LIMIT);
    desk.check(
        appended(first, ALICE, 1, true),
        &[accepted(first, 1), push(&[S2], entry_frame(ALICE, 1))],
    );
    let close = |session| send(session, ServerFrame::Close(CloseReason::ShuttingDown));
    desk.check(
        appended(second, BOB, 2, true),
        &[
            accepted(second, 2),
            push(&[S1], entry_frame(BOB, 2)),
            close(S1),
            close(S2),
            Effect::Stop,
        ],
    );
}

#[test]
fn a_failed_store_ends_everything_with_its_reason() {
    let mut desk = Desk::of_two();
    desk.greet(S3, peer("192.0.2.1"), hello());
    let close = |session| send(session, ServerFrame::Close(CloseReason::StoreFailed));
    desk.check(
        Event::StoreFailed,
        &[
            refuse(S3, Refusal::Unavailable),
            close(S1),
            close(S2),
            Effect::Stop,
        ],
    );
}
