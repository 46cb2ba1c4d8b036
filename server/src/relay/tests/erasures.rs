//! The pace of erasures: a step at a time, until the store says that none is left, and not while the server drains.

use recado_shared::{RoomEvent, RoomId, Visibility};

use super::*;
use crate::store::Left;

const ROOM: RoomId = RoomId(1);

fn erase(desk: &Desk) -> Effect {
    let time = desk.now.wall;
    Effect::Write(Write::Erase { time })
}

fn erased(left: Option<Left>) -> Event {
    Event::Written(WriteResult::Erased {
        entries: Vec::new(),
        since: Stamp(20),
        left,
    })
}

fn closing() -> Event {
    let entry = Entry {
        content: Content::Room(RoomEvent::Closed),
        ..entry(ALICE, 1)
    };
    Event::Written(WriteResult::Append {
        origin: origin(S1, 1),
        conversation: ConversationId::Room(ROOM),
        result: Ok(StoredEntry {
            entry,
            is_new: true,
            is_request: false,
        }),
        stamp: Stamp(20),
    })
}

#[test]
fn a_step_follows_the_other_until_none_is_left() {
    let mut desk = Desk::of_two();
    desk.relay.memberships.add_room(ROOM, Visibility::Private);
    assert_eq!(desk.relay.erasure_deadline(), None);
    desk.relay.handle(closing(), desk.now);
    let step = erase(&desk);
    desk.check_deadline(std::slice::from_ref(&step));
    assert_eq!(desk.relay.erasure_deadline(), None, "one at a time");
    desk.check(erased(Some(Left::Now)), &[]);
    desk.check_deadline(std::slice::from_ref(&step));
    let before = desk.now.instant;
    desk.check(erased(Some(Left::Later)), &[]);
    desk.check_deadline(&[step]);
    assert_eq!(desk.now.instant - before, Duration::from_mins(1));
    desk.check(erased(None), &[]);
    assert_eq!(desk.relay.erasure_deadline(), None);
}

#[test]
fn a_drain_waits_for_the_step_under_way_and_begins_none() {
    let mut desk = Desk::of_two();
    desk.relay.memberships.add_room(ROOM, Visibility::Private);
    desk.relay.handle(closing(), desk.now);
    let step = erase(&desk);
    desk.check_deadline(&[step]);
    desk.check(Event::Drain, &[]);
    let effects = desk.relay.handle(erased(Some(Left::Now)), desk.now);
    assert_eq!(effects.last(), Some(&Effect::Stop));
    assert_eq!(desk.relay.erasure_deadline(), None);
}
