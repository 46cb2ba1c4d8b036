//! Heads of rooms, refusals, close reasons and announcements that came with rooms and devices.

use recado_shared::{
    CloseReason, ConversationId, DisplayName, Head, HeadsPage, HistoryVisibility, Membership,
    MessageBody, Mute, Presence, Refusal, Role, RoomId, RoomInfo, RoomName, Seq, ServerFrame,
    Timestamp, Topic, UserProfile, Visibility,
};

use crate::support::{check, conversation, cursors, person};

fn facts(membership: Membership) -> RoomInfo {
    RoomInfo {
        name: RoomName::new("tea").unwrap(),
        topic: Some(Topic::new("leaves").unwrap()),
        visibility: Visibility::Private,
        history: HistoryVisibility::Hidden,
        members: 300,
        membership,
        role: Role::Moderator,
        mute: Some(Mute { until: None }),
    }
}

fn heads(head: Head) -> ServerFrame {
    ServerFrame::Heads(HeadsPage {
        heads: vec![head],
        people: Vec::new(),
        complete: None,
    })
}

#[test]
fn heads_of_rooms_and_of_requests_to_write() {
    let head = |room| Head {
        conversation: ConversationId::Room(RoomId(7)),
        newest: Seq(9),
        newest_time: Timestamp(1_700_000_000_000),
        unread: 4,
        cursors: vec![cursors()],
        first: Seq(3),
        room,
        is_request: false,
    };
    let of = |membership| heads(head(Some(facts(membership))));
    let request = Head {
        conversation: conversation(),
        is_request: true,
        ..head(None)
    };
    check(&[
        (
            of(Membership::Member),
            "030101070980d095ffbc31040102050403010374656101066c65617665730101ac0200010100000000",
        ),
        (
            of(Membership::Invited),
            "030101070980d095ffbc31040102050403010374656101066c65617665730101ac0201010100000000",
        ),
        (
            of(Membership::Left),
            "030101070980d095ffbc31040102050403010374656101066c65617665730101ac0202010100000000",
        ),
        (
            of(Membership::Kicked),
            "030101070980d095ffbc31040102050403010374656101066c65617665730101ac0203010100000000",
        ),
        (
            of(Membership::Banned),
            "030101070980d095ffbc31040102050403010374656101066c65617665730101ac0204010100000000",
        ),
        (
            heads(request),
            "03010002ac020980d095ffbc3104010205040300010000",
        ),
    ]);
}

#[test]
fn a_person_with_a_display_name() {
    let person = UserProfile {
        display: Some(DisplayName::new("Bob B.").unwrap()),
        ..person(Presence::Online)
    };
    check(&[(ServerFrame::User(person), "080203626f620106426f6220422e00")]);
}

#[test]
fn refusals_and_close_reasons_of_accounts_and_devices() {
    check(&[
        (ServerFrame::Refused(Refusal::LinkPending), "0112"),
        (ServerFrame::Refused(Refusal::TooManyLinks), "0113"),
        (ServerFrame::Refused(Refusal::Disabled), "0114"),
        (ServerFrame::Refused(Refusal::Revoked), "0115"),
        (ServerFrame::Refused(Refusal::TooManySessions), "0116"),
        (ServerFrame::Close(CloseReason::Revoked), "0d07"),
        (ServerFrame::Close(CloseReason::AccountClosed), "0d08"),
        (ServerFrame::Close(CloseReason::Renamed), "0d09"),
    ]);
}

#[test]
fn an_announcement() {
    let body = MessageBody::new("hé").unwrap();
    check(&[(ServerFrame::Announcement(body), "0f0368c3a9")]);
}
