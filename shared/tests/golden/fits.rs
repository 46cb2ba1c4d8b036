//! The fullest frames stay within what a frame may have.

use recado_shared::codec;
use recado_shared::limits::{
    MAX_AGREED_PER_FRAME, MAX_BODY_LEN, MAX_DEVICE_NAME_CHARS, MAX_DEVICES, MAX_DISPLAY_NAME_CHARS,
    MAX_EPOCHS, MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME, MAX_HEADS_PER_FRAME,
    MAX_MEMBERS_WITH_CURSORS, MAX_NAME_CHARS, MAX_NAME_LEN, MAX_PAGE_LEN, MAX_ROOMS_PER_PAGE,
    MAX_SOFTWARE_LEN, MAX_TOPIC_CHARS, MAX_USERS_PER_PAGE,
};
use recado_shared::{
    AgreedPage, Answer, ClientFrame, Content, ConversationId, Device, DeviceKey, DeviceName,
    DisplayName, DraftText, Entry, Epoch, EpochId, Head, HeadsPage, Hello, HistoryVisibility,
    InviteToken, MemberCursors, Membership, MessageBody, Mute, Presence, Role, RoomId, RoomInfo,
    RoomMember, RoomName, RoomSummary, Seq, ServerFrame, Setting, Stamp, Timestamp, Topic, UserId,
    UserName, UserProfile, Visibility,
};

use crate::support::{answer, entry};

/// An Ethiopic letter of four bytes.
const WIDE: &str = "\u{1e7e0}";

fn longest_name() -> UserName {
    let name = UserName::new(&WIDE.repeat(MAX_NAME_CHARS)).unwrap();
    assert_eq!(name.as_str().len(), MAX_NAME_LEN);
    name
}

fn longest_topic() -> Topic {
    Topic::new(&WIDE.repeat(MAX_TOPIC_CHARS)).unwrap()
}

fn person() -> UserProfile {
    UserProfile {
        user: UserId(u64::MAX),
        name: longest_name(),
        presence: Presence::Offline,
        display: Some(DisplayName::new(&WIDE.repeat(MAX_DISPLAY_NAME_CHARS)).unwrap()),
    }
}

fn assert_fits(frame: &ServerFrame) {
    let len = codec::encode(frame).unwrap().len();
    assert!(len <= MAX_FRAME_LEN, "{len}");
}
#[test]
fn the_fullest_heads_and_pages_fit_in_a_frame() {
    let far = |low: u64| UserId(u64::MAX - low);
    let member = MemberCursors {
        user: far(0),
        delivered: Seq(u64::MAX),
        read: Seq(u64::MAX),
    };
    let head = Head {
        conversation: ConversationId::direct(far(0), far(1)),
        newest: Seq(u64::MAX),
        newest_time: Timestamp(u64::MAX),
        unread: u64::MAX,
        cursors: vec![member; 2],
        first: Seq(1),
        room: None,
        is_request: false,
    };
    let heads = ServerFrame::Heads(HeadsPage {
        heads: vec![head; MAX_HEADS_PER_FRAME],
        people: Vec::new(),
        complete: Some(Stamp(u64::MAX)),
    });
    assert_fits(&heads);
    let people = answer(Ok(Answer::Users {
        people: vec![person(); usize::from(MAX_USERS_PER_PAGE)],
        more: true,
    }));
    assert_fits(&people);
    let body = MessageBody::new("x".repeat(MAX_BODY_LEN)).unwrap();
    let longest = Entry {
        content: Content::Message(body),
        ..entry()
    };
    let page = answer(Ok(Answer::Page {
        entries: vec![longest; 4],
        newest: Seq(u64::MAX),
    }));
    assert_fits(&page);
}

#[test]
fn the_fullest_comparison_of_histories_fits_in_its_frames() {
    let far = |low: u64| UserId(u64::MAX - low);
    let place = (ConversationId::direct(far(0), far(1)), Seq(u64::MAX));
    assert_fits(&ServerFrame::Agreed(AgreedPage {
        places: vec![place; MAX_AGREED_PER_FRAME],
        is_last: true,
    }));
    let epoch = Epoch {
        id: EpochId([255; 8]),
        start: u64::MAX,
    };
    let hello = Hello {
        software: "x".repeat(MAX_SOFTWARE_LEN),
        name: Some(longest_name().as_str().to_owned()),
        token: Some(InviteToken([255; 16])),
        ..recado_shared::client::hello("")
    };
    let hello = ClientFrame::Hello(hello.with_epochs(&[epoch; MAX_EPOCHS]));
    // Half of the room stays for later extensions.
    assert!(codec::encode(&hello).unwrap().len() <= MAX_FRAME_LEN_BEFORE_WELCOME / 2);
}

#[test]
fn the_fullest_answers_about_rooms_and_devices_fit_in_a_frame() {
    let room = RoomSummary {
        room: RoomId(u64::MAX),
        name: RoomName::new(longest_name().as_str()).unwrap(),
        topic: Some(longest_topic()),
        members: u32::MAX,
    };
    // A page of rooms ends before it is longer than a page may be, and one room is far shorter
    // than the rest of the frame.
    let room_len = codec::encode(&room).unwrap().len();
    let rooms = (MAX_PAGE_LEN / room_len + 1).min(usize::from(MAX_ROOMS_PER_PAGE));
    assert_fits(&answer(Ok(Answer::Rooms {
        rooms: vec![room; rooms],
        more: true,
    })));
    let member = RoomMember {
        person: person(),
        role: Role::Owner,
        mute: Some(Mute {
            until: Some(Timestamp(u64::MAX)),
        }),
    };
    assert_fits(&answer(Ok(Answer::Members {
        members: vec![member; usize::from(MAX_USERS_PER_PAGE)],
        more: true,
    })));
    let device = Device {
        key: DeviceKey([255; 32]),
        name: Some(DeviceName::new(&WIDE.repeat(MAX_DEVICE_NAME_CHARS)).unwrap()),
        added: Timestamp(u64::MAX),
        seen: Some(Timestamp(u64::MAX)),
        is_online: true,
    };
    assert_fits(&answer(Ok(Answer::Devices(vec![device; MAX_DEVICES]))));
}

#[test]
fn a_head_and_a_setting_after_a_nearly_full_page_fit_in_a_frame() {
    let far = UserId(u64::MAX);
    let member = MemberCursors {
        user: far,
        delivered: Seq(u64::MAX),
        read: Seq(u64::MAX),
    };
    let head = Head {
        conversation: ConversationId::Room(RoomId(u64::MAX)),
        newest: Seq(u64::MAX),
        newest_time: Timestamp(u64::MAX),
        unread: u64::MAX,
        cursors: vec![member; MAX_MEMBERS_WITH_CURSORS],
        first: Seq(u64::MAX),
        room: Some(RoomInfo {
            name: RoomName::new(longest_name().as_str()).unwrap(),
            topic: Some(longest_topic()),
            visibility: Visibility::Private,
            history: HistoryVisibility::Hidden,
            members: u32::MAX,
            membership: Membership::Banned,
            role: Role::Owner,
            mute: Some(Mute {
                until: Some(Timestamp(u64::MAX)),
            }),
        }),
        is_request: true,
    };
    let head_len = codec::encode(&head).unwrap().len();
    assert_fits(&ServerFrame::Heads(HeadsPage {
        heads: vec![head; MAX_PAGE_LEN / head_len + 1],
        people: Vec::new(),
        complete: Some(Stamp(u64::MAX)),
    }));
    let draft = Setting::Draft {
        conversation: ConversationId::direct(far, far),
        text: DraftText::new("x".repeat(MAX_BODY_LEN)).unwrap(),
    };
    assert_fits(&answer(Ok(Answer::Settings {
        settings: vec![draft; MAX_PAGE_LEN / MAX_BODY_LEN + 1],
        stamp: Stamp(u64::MAX),
        more: true,
    })));
}
