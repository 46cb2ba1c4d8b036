//! Requests and answers about users, rooms, settings and devices, and every error.

use recado_shared::{
    Answer, Device, DeviceKey, DeviceName, DisplayName, DraftText, HistoryVisibility, Invitation,
    Limit, LinkCode, Mute, NotificationLevel, PendingDevice, Presence, ProtocolVersion, Request,
    RequestError, Role, RoomId, RoomMember, RoomName, RoomSummary, Seq, ServerFrame, Setting,
    Stamp, Timestamp, Topic, UserId, Visibility,
};

use crate::support::{answer, check, conversation, id, person, request};

fn room_name() -> RoomName {
    RoomName::new("#tea").unwrap()
}

fn key() -> DeviceKey {
    DeviceKey([0xcd; 32])
}

fn device_name() -> DeviceName {
    DeviceName::new("desk").unwrap()
}

fn settings() -> Vec<Setting> {
    let conversation = conversation();
    let muted = |until| Setting::Muted {
        conversation,
        until,
    };
    let level = |level| Setting::NotificationLevel {
        conversation,
        level,
    };
    vec![
        Setting::Favourite {
            conversation,
            is_on: true,
        },
        level(NotificationLevel::All),
        level(NotificationLevel::Mentions),
        level(NotificationLevel::Nothing),
        muted(None),
        muted(Some(Timestamp(u64::MAX))),
        Setting::Draft {
            conversation,
            text: DraftText::new("so").unwrap(),
        },
        Setting::Blocked {
            user: UserId(300),
            is_on: false,
        },
        Setting::FirstContact { ask: true },
    ]
}

#[test]
fn requests_about_people_and_rooms() {
    let create = |visibility, history| {
        request(Request::CreateRoom {
            id: id(),
            name: room_name(),
            visibility,
            history,
        })
    };
    check(&[
        (
            request(Request::Users(vec![UserId(2), UserId(300)])),
            "018101030202ac02",
        ),
        (
            create(Visibility::Public, HistoryVisibility::Visible),
            "01810104abababababababababababababababab037465610000",
        ),
        (
            create(Visibility::Private, HistoryVisibility::Hidden),
            "01810104abababababababababababababababab037465610101",
        ),
        (
            request(Request::FindRooms {
                prefix: "te".to_owned(),
                after: Some(room_name()),
                limit: 3,
            }),
            "01810105027465010374656103",
        ),
        (
            request(Request::Members {
                room: RoomId(7),
                after: Some(UserId(2)),
                limit: 150,
            }),
            "018101060701029601",
        ),
        (
            request(Request::SetDisplayName(Some(
                DisplayName::new("Bob B.").unwrap(),
            ))),
            "018101090106426f6220422e",
        ),
        (request(Request::SetDisplayName(None)), "0181010900"),
        (request(Request::AcceptContact(UserId(300))), "0181010aac02"),
    ]);
}

#[test]
fn requests_about_settings() {
    let hexes = [
        "01810107000002ac0201",
        "01810107010002ac0200",
        "01810107010002ac0201",
        "01810107010002ac0202",
        "01810107020002ac0200",
        "01810107020002ac0201ffffffffffffffffff01",
        "01810107030002ac0202736f",
        "0181010704ac0200",
        "018101070501",
    ];
    let set = |setting| request(Request::Set(setting));
    let golden: Vec<_> = settings().into_iter().map(set).zip(hexes).collect();
    check(&golden);
    check(&[(
        request(Request::Settings { after: Stamp(200) }),
        "01810108c801",
    )]);
}

#[test]
fn requests_about_devices() {
    let code: LinkCode = "4TG2X-9QRKM".parse().unwrap();
    check(&[
        (request(Request::Devices), "0181010b"),
        (request(Request::FindDevice(code)), "0181010cf4c4efd48bd026"),
        (
            request(Request::LinkDevice {
                key: key(),
                name: None,
            }),
            "0181010dcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd00",
        ),
        (
            request(Request::NameDevice {
                key: key(),
                name: device_name(),
            }),
            "0181010ecdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd046465736b",
        ),
        (
            request(Request::RevokeDevice(key())),
            "0181010fcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
        ),
    ]);
}

#[test]
fn invitations_of_the_third_version() {
    let invitations = vec![Invitation {
        room: RoomId(7),
        by: person(Presence::Away),
    }];
    let asked = request(Request::Invitations);
    assert_eq!(asked.since(), ProtocolVersion::V3);
    check(&[(asked, "01810110")]);
    check(&[
        (answer(Ok(Answer::Invitations(vec![]))), "028101000a00"),
        (
            answer(Ok(Answer::Invitations(invitations))),
            "028101000a01070203626f620001",
        ),
        (ServerFrame::UserRemoved(UserId(300)), "10ac02"),
    ]);
}

#[test]
fn answers_about_rooms() {
    let created = Answer::RoomCreated {
        room: RoomId(7),
        seq: Seq(1),
        time: Timestamp(1_700_000_000_000),
    };
    let rooms = Answer::Rooms {
        rooms: vec![RoomSummary {
            room: RoomId(7),
            name: room_name(),
            topic: Some(Topic::new("leaves").unwrap()),
            members: 300,
        }],
        more: true,
    };
    let members = Answer::Members {
        members: vec![
            RoomMember {
                person: person(Presence::Online),
                role: Role::Owner,
                mute: None,
            },
            RoomMember {
                person: person(Presence::Offline),
                role: Role::Member,
                mute: Some(Mute {
                    until: Some(Timestamp(5)),
                }),
            },
        ],
        more: false,
    };
    check(&[
        (answer(Ok(Answer::Done)), "0281010003"),
        (answer(Ok(created)), "0281010004070180d095ffbc31"),
        (
            answer(Ok(rooms)),
            "028101000501070374656101066c6561766573ac0201",
        ),
        (
            answer(Ok(members)),
            "0281010006020203626f62000002000203626f6200020001010500",
        ),
    ]);
}

#[test]
fn answers_about_settings_and_devices() {
    let devices = vec![
        Device {
            key: key(),
            name: Some(device_name()),
            added: Timestamp(1),
            seen: Some(Timestamp(2)),
            is_online: true,
        },
        Device {
            key: key(),
            name: None,
            added: Timestamp(1),
            seen: None,
            is_online: false,
        },
    ];
    let pending = PendingDevice {
        key: key(),
        name: Some(device_name()),
    };
    let some = Answer::Settings {
        settings: vec![Setting::FirstContact { ask: false }],
        stamp: Stamp(200),
        more: true,
    };
    check(&[
        (answer(Ok(some)), "0281010007010500c80101"),
        (
            answer(Ok(Answer::Devices(devices))),
            "028101000802cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd01046465736b01010201cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd00010000",
        ),
        (
            answer(Ok(Answer::PendingDevice(pending))),
            "0281010009cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd01046465736b",
        ),
        (
            ServerFrame::Setting {
                setting: Setting::FirstContact { ask: true },
                stamp: Stamp(200),
            },
            "0e0501c801",
        ),
    ]);
}

#[test]
fn request_errors() {
    let limit = |limit| answer(Err(RequestError::Limit(limit)));
    check(&[
        (
            answer(Err(RequestError::RoleNeeded(Role::Member))),
            "028101010500",
        ),
        (
            answer(Err(RequestError::RoleNeeded(Role::Moderator))),
            "028101010501",
        ),
        (
            answer(Err(RequestError::RoleNeeded(Role::Owner))),
            "028101010502",
        ),
        (answer(Err(RequestError::Muted)), "0281010106"),
        (answer(Err(RequestError::Banned)), "0281010107"),
        (answer(Err(RequestError::InviteNeeded)), "0281010108"),
        (answer(Err(RequestError::UnknownRoom)), "0281010109"),
        (answer(Err(RequestError::RoomNameTaken)), "028101010a"),
        (answer(Err(RequestError::RoomNameTooSimilar)), "028101010b"),
        (answer(Err(RequestError::AlreadyAMember)), "028101010c"),
        (answer(Err(RequestError::AlreadyInRoom)), "028101010d"),
        (answer(Err(RequestError::NotInRoom)), "028101010e"),
        (answer(Err(RequestError::NotBanned)), "028101010f"),
        (answer(Err(RequestError::OutranksYou)), "0281010110"),
        (answer(Err(RequestError::LastOwner)), "0281010111"),
        (answer(Err(RequestError::NoSuchMessage)), "0281010112"),
        (answer(Err(RequestError::NotTheAuthor)), "0281010113"),
        (answer(Err(RequestError::DeleteNotAllowed)), "0281010114"),
        (answer(Err(RequestError::NotARoom)), "0281010115"),
        (answer(Err(RequestError::NotAccepting)), "0281010116"),
        (answer(Err(RequestError::RequestPending)), "0281010117"),
        (answer(Err(RequestError::UnknownDevice)), "0281010118"),
        (answer(Err(RequestError::LastDevice)), "0281010119"),
        (answer(Err(RequestError::UnknownCode)), "028101011a"),
        (limit(Limit::RoomsOfUser), "028101011b00"),
        (limit(Limit::RoomMembers), "028101011b01"),
        (limit(Limit::Devices), "028101011b02"),
        (limit(Limit::Settings), "028101011b03"),
        (limit(Limit::RoomInvites), "028101011b04"),
        (limit(Limit::RoomBans), "028101011b05"),
        (limit(Limit::RoomsPerDay), "028101011b06"),
        (limit(Limit::BytesPerDay), "028101011b07"),
        (limit(Limit::InvitationsPerHour), "028101011b08"),
        (limit(Limit::Invitations), "028101011b09"),
        (answer(Err(RequestError::Invalid)), "028101011c"),
        (answer(Err(RequestError::UserBanned)), "028101011d"),
        (answer(Err(RequestError::RoomNotEmpty)), "028101011e"),
        (answer(Err(RequestError::Damaged)), "028101011f"),
    ]);
}
