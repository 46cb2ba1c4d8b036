//! Scripts of the requests of an operator.

use recado_shared::rules::membership::MemberState;
use recado_shared::{Membership, Role, RoomEvent, RoomId, Visibility};

use super::*;
use crate::admin::request::{AdminAnswer, AdminRequest, Present};
use crate::store::{AdminChange, AdminOutcome, ChangeError, StoredRoom};

const TICKET: Ticket = Ticket(4);

fn asked(request: AdminRequest) -> Event {
    Event::Admin {
        ticket: TICKET,
        request,
    }
}

fn told(answer: AdminAnswer) -> Effect {
    Effect::AdminAnswer {
        ticket: TICKET,
        answer,
    }
}

fn changed(result: Result<AdminOutcome, ChangeError>) -> Event {
    Event::Written(WriteResult::Admin {
        ticket: TICKET,
        result,
        entries: Vec::new(),
        since: Stamp(20),
    })
}

fn close(session: SessionId, reason: CloseReason) -> Effect {
    send(session, ServerFrame::Close(reason))
}

#[test]
fn a_policy_holds_from_when_it_is_set() {
    let mut desk = Desk::new(Policy::Closed);
    let invite = Some(InviteToken([2; 16]));
    let denied = Admission::Denied(Refusal::Closed);
    assert_eq!(desk.admission(S1, "192.0.2.1", invite.clone()), denied);
    let shown = told(AdminAnswer::Policy(Policy::Closed));
    desk.check(asked(AdminRequest::Policy(None)), &[shown]);
    let set = told(AdminAnswer::Policy(Policy::Open));
    desk.check(asked(AdminRequest::Policy(Some(Policy::Open))), &[set]);
    assert_eq!(desk.admission(S2, "192.0.2.1", invite), Admission::Granted);
}

#[test]
fn an_announcement_reaches_all() {
    let body = MessageBody::new("back in a minute").unwrap();
    let announce = || asked(AdminRequest::Announce(body.clone()));
    let mut desk = Desk::of_two();
    desk.check(
        announce(),
        &[
            push(&[S1, S2], ServerFrame::Announcement(body.clone())),
            told(AdminAnswer::Announced(2)),
        ],
    );
    let mut desk = Desk::new(Policy::Open);
    desk.check(announce(), &[told(AdminAnswer::Announced(0))]);
}

#[test]
fn sessions_are_listed_with_what_is_known_of_them() {
    let mut desk = Desk::of_two();
    let away = ClientFrame::Activity(Activity::Away);
    let event = Event::Frame {
        session: S2,
        frame: away,
    };
    desk.relay.handle(event, desk.now);
    let effects = desk.relay.handle(asked(AdminRequest::Sessions), desk.now);
    let [
        Effect::AdminAnswer {
            ticket: TICKET,
            answer: AdminAnswer::Sessions(sessions),
        },
    ] = effects.as_slice()
    else {
        panic!("no sessions: {effects:?}");
    };
    let seen: Vec<_> = sessions
        .iter()
        .map(|facts| (facts.session, facts.user, facts.is_away, facts.is_behind))
        .collect();
    assert_eq!(seen, [(1, ALICE, false, false), (2, BOB, true, false)]);
    assert_eq!(sessions[0].address, peer("192.0.2.1").address);
    assert_eq!(sessions[0].since, Timestamp(1_000));
}

#[test]
fn who_is_connected_is_counted_by_session_and_by_person() {
    let mut desk = Desk::of_two();
    let counted = |sessions, users| Effect::AdminStats {
        ticket: TICKET,
        present: Present { sessions, users },
    };
    desk.check(asked(AdminRequest::Stats), &[counted(2, 2)]);
    desk.relay.handle(Event::Closed(S2), desk.now);
    desk.check(asked(AdminRequest::Stats), &[counted(1, 1)]);
}

#[test]
fn a_change_is_the_stores_and_is_answered_once_it_is_committed() {
    let mut desk = Desk::of_two();
    let change = AdminChange::Disable(name(ALICE));
    let write = Effect::Write(Write::Admin {
        ticket: TICKET,
        change: change.clone(),
        time: Timestamp(1_000),
    });
    desk.check(asked(AdminRequest::Change(change.clone())), &[write]);
    // A drain waits for it, and takes no other.
    desk.check(Event::Drain, &[]);
    let stopping = told(AdminAnswer::Stopping);
    desk.check(asked(AdminRequest::Change(change)), &[stopping]);
    let refused = Err(ChangeError::UnknownUser);
    desk.check(
        changed(refused.clone()),
        &[
            told(AdminAnswer::Changed(refused)),
            close(S1, CloseReason::ShuttingDown),
            close(S2, CloseReason::ShuttingDown),
            Effect::Stop,
        ],
    );
}

#[test]
fn a_disabled_or_reset_user_is_disconnected_from_all_devices() {
    for (result, reason) in [
        (
            AdminOutcome::Disabled { user: ALICE },
            CloseReason::AccountClosed,
        ),
        (AdminOutcome::Reset { user: ALICE }, CloseReason::Revoked),
    ] {
        let mut desk = Desk::of_two();
        desk.enter(S3, ALICE);
        desk.settle();
        let watch = ClientFrame::Watch(vec![ALICE]);
        desk.check_frame(S2, watch, &[push(&[S2], presence(ALICE, Presence::Online))]);
        let result = Ok(result);
        desk.check(
            changed(result.clone()),
            &[
                close(S1, reason),
                close(S3, reason),
                push(&[S2], presence(ALICE, Presence::Offline)),
                told(AdminAnswer::Changed(result)),
            ],
        );
        // What such a session sent before it heard of it does nothing any more.
        desk.check(request(S1, 1, append(ALICE_BOB)), &[]);
        desk.check(Event::Closed(S1), &[]);
    }
}

#[test]
fn a_new_name_is_announced_and_its_owner_reconnects() {
    let mut desk = Desk::of_two();
    let new = UserName::new("alicia").unwrap();
    let result = Ok(AdminOutcome::Renamed {
        user: ALICE,
        name: new.clone(),
    });
    let person = UserProfile {
        user: ALICE,
        name: new,
        display: None,
        presence: Presence::Offline,
    };
    desk.check(
        changed(result.clone()),
        &[
            close(S1, CloseReason::Renamed),
            push(&[S2], ServerFrame::User(person)),
            told(AdminAnswer::Changed(result)),
        ],
    );
}

#[test]
fn who_was_asked_into_a_room_hears_that_it_is_closed() {
    const ROOM: RoomId = RoomId(1);
    let state = |membership| MemberState {
        membership,
        role: Role::Owner,
        mute: None,
        may_read: membership == Membership::Member,
    };
    let room = StoredRoom {
        room: ROOM,
        visibility: Visibility::Private,
        is_closed: false,
        members: BTreeMap::from([
            (ALICE, state(Membership::Member)),
            (BOB, state(Membership::Invited)),
        ]),
    };
    let mut desk = Desk::new(Policy::Open);
    desk.relay.memberships = MembershipIndex::new(StoredMemberships {
        rooms: vec![room],
        ..StoredMemberships::default()
    });
    desk.enter(S1, ALICE);
    desk.enter(S2, BOB);
    desk.settle();
    let conversation = ConversationId::Room(ROOM);
    let entry = Entry {
        content: Content::Room(RoomEvent::Closed),
        ..entry(ALICE, 2)
    };
    let result = Ok(AdminOutcome::RoomClosed { room: ROOM });
    let closed = Event::Written(WriteResult::Admin {
        ticket: TICKET,
        result: result.clone(),
        entries: vec![(conversation, entry.clone())],
        since: Stamp(20),
    });
    let frame = ServerFrame::Entry {
        conversation,
        entry,
    };
    desk.check(
        closed,
        &[
            push(&[S1], frame),
            read_heads(S2, BOB, Some(20)),
            told(AdminAnswer::Changed(result)),
        ],
    );
}

#[test]
fn a_removed_user_leaves_the_lists_of_all_clients_that_know_of_it() {
    let mut desk = Desk::of_two();
    desk.enter(S3, UserId(3));
    desk.settle();
    for new in [S1, S2] {
        let session = desk.relay.sessions.get_mut(&new).unwrap();
        session.version = ProtocolVersion::V3;
    }
    let result = Ok(AdminOutcome::Removed { user: ALICE });
    desk.check(
        changed(result.clone()),
        &[
            push(&[S1, S2], ServerFrame::UserRemoved(ALICE)),
            close(S1, CloseReason::AccountClosed),
            told(AdminAnswer::Changed(result)),
        ],
    );
}
