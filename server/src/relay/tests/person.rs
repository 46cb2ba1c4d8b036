//! What people set for themselves.

use recado_shared::{DraftText, Setting};

use super::*;
use crate::store::PersonChanged;

fn draft() -> Setting {
    Setting::Draft {
        conversation: ALICE_BOB,
        text: DraftText::new("not yet").unwrap(),
    }
}

fn set(number: u32, setting: Setting) -> (Event, Effect, Origin) {
    let origin = origin(S1, number);
    let write = Write::Person {
        origin,
        user: ALICE,
        change: PersonChange::Set(setting.clone()),
    };
    let asked = request(S1, number, Request::Set(setting));
    (asked, Effect::Write(write), origin)
}

fn changed(origin: Origin, result: Result<PersonChanged, RequestError>) -> Event {
    Event::Written(Written::Person {
        origin,
        user: ALICE,
        result,
        stamp: Stamp(12),
    })
}

#[test]
fn a_setting_is_stored_then_answered_then_told_the_other_devices() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    desk.settle();
    let (asked, write, origin) = set(1, draft());
    desk.check(asked, &[write]);
    let frame = ServerFrame::Setting {
        setting: draft(),
        stamp: Stamp(12),
    };
    desk.check(
        changed(origin, Ok(PersonChanged::Set(draft()))),
        &[answer(origin, Ok(Answer::Done)), push(&[S3], frame)],
    );
}

#[test]
fn a_setting_that_is_refused_is_told_nobody_else() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    desk.settle();
    let (asked, write, origin) = set(1, draft());
    desk.check(asked, &[write]);
    let full = RequestError::Limit(recado_shared::Limit::Settings);
    desk.check(changed(origin, Err(full)), &[answer(origin, Err(full))]);
}

#[test]
fn nothing_is_set_while_the_server_drains() {
    let mut desk = Desk::of_two();
    let origin = origin(S1, 2);
    // A write that is outstanding keeps the sessions.
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.relay.handle(Event::Drain, desk.now);
    desk.check(
        request(S1, 2, Request::Set(draft())),
        &[answer(origin, Err(RequestError::Unavailable))],
    );
}

#[test]
fn settings_are_read_for_their_user() {
    let mut desk = Desk::of_two();
    let origin = origin(S2, 1);
    let read = Read::Settings {
        origin,
        user: BOB,
        after: Stamp(3),
    };
    desk.check(
        request(S2, 1, Request::Settings { after: Stamp(3) }),
        &[Effect::Read(read)],
    );
    let found = ReadResult::Settings {
        origin,
        settings: vec![draft()],
        stamp: Stamp(9),
        more: true,
    };
    let told = Answer::Settings {
        settings: vec![draft()],
        stamp: Stamp(9),
        more: true,
    };
    desk.check(Event::Read(found), &[answer(origin, Ok(told))]);
}
