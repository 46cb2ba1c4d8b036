use recado_shared::{
    Answer, ClientFrame, Device, DeviceKey, Mute, Presence, Request, RequestNumber, Role, RoomId,
    RoomMember, RoomName, RoomSummary, Timestamp, Topic,
};

use super::support::*;
use crate::app::Effect;
use crate::app::keymap::Keymap;
use crate::app::screen::{ListView, Overlay};

fn number(effects: &[Effect]) -> RequestNumber {
    let number = sent(effects).into_iter().find_map(|frame| match frame {
        ClientFrame::Request { number, .. } => Some(number),
        _ => None,
    });
    number.expect("the server is asked")
}

/// The rows of the open panel: label, detail and time.
fn rows(client: &Client) -> Vec<(String, String, Option<Timestamp>)> {
    let screen = client.app.screen(client.now);
    let Some(Overlay::Panel(ListView { rows, .. })) = screen.overlay else {
        panic!("a panel is open");
    };
    rows.into_iter()
        .map(|row| (row.label, row.detail, row.time))
        .collect()
}

fn hints(client: &Client) -> Vec<String> {
    let hints = client.app.screen(client.now).hints.into_iter();
    hints.map(|(key, does)| format!("{key} {does}")).collect()
}

#[test]
fn members_have_their_role_and_whether_they_may_speak() {
    let mut client = Client::in_room(0);
    let asked = number(&client.keys("alt-m"));
    let soon = Timestamp(client.now.wall.0 + 60_000);
    let mute = |until| Some(Mute { until });
    let member = |user, role, mute| RoomMember {
        person: person(user, Presence::Online),
        role,
        mute,
    };
    let members = vec![
        member(ME, Role::Owner, None),
        member(BOB, Role::Moderator, mute(Some(soon))),
        member(CAROL, Role::Member, mute(None)),
    ];
    let more = false;
    client.answer(asked, Answer::Members { members, more });
    let row = |name: &str, detail: &str, time| (name.to_owned(), detail.to_owned(), time);
    let rest = [row("alice", "owner", None), row("carol", "muted", None)];
    assert_eq!(
        rows(&client),
        [
            rest[0].clone(),
            row("bob", "moderator, muted until", Some(soon)),
            rest[1].clone()
        ]
    );
    assert_eq!(hints(&client), ["Enter message", "Esc close"]);
    client.pass(std::time::Duration::from_secs(61));
    assert_eq!(
        rows(&client)[1],
        row("bob", "moderator", None),
        "it is over"
    );
}

#[test]
fn rooms_have_their_topic_and_are_joined_or_opened() {
    let mut client = Client::in_room(0);
    client.keys("alt-2");
    let asked = number(&client.say("/rooms"));
    let room = |room, name, topic: Option<&str>, members| RoomSummary {
        room: RoomId(room),
        name: RoomName::new(name).unwrap(),
        topic: topic.map(|topic| Topic::new(topic).unwrap()),
        members,
    };
    let rooms = vec![
        room(9, "lobby", None, 3),
        room(77, "tea", Some("at four"), 1),
    ];
    let more = false;
    client.answer(asked, Answer::Rooms { rooms, more });
    let labels: Vec<_> = rows(&client)
        .into_iter()
        .map(|(label, detail, _)| format!("{label} | {detail}"))
        .collect();
    assert_eq!(labels, ["#lobby | 3 members", "#tea  at four | 1 member"]);
    assert_eq!(hints(&client), ["Enter join or open", "Esc close"]);
    let effects = client.keys("enter");
    let appends = |effects: &[Effect]| {
        let frames = sent(effects).into_iter();
        let is_append = |frame: &ClientFrame| {
            let ClientFrame::Request { request, .. } = frame else {
                return false;
            };
            matches!(request, Request::Append { .. })
        };
        frames.filter(is_append).count()
    };
    assert_eq!((client.open(), appends(&effects)), (ROOM, 0));
}

#[test]
fn the_keys_of_lists_and_questions_are_the_bound_ones() {
    let mut client = Client::in_room(0);
    client.room_entry(entry(1, ME));
    client.app.settings.keymap =
        Keymap::from_toml("[keys.panel]\n\"ctrl-y\" = \"submit\"\n\"z\" = \"remove\"").unwrap();
    let asked = number(&client.say("/devices"));
    let device = Device {
        key: DeviceKey([1; 32]),
        name: None,
        added: Timestamp(1),
        seen: None,
        is_online: true,
    };
    client.answer(asked, Answer::Devices(vec![device]));
    assert_eq!(hints(&client), ["z revoke", "Esc close"]);
    client.keys("esc");
    client.say("/delete");
    match client.app.screen(client.now).overlay {
        Some(Overlay::Confirm { answers, .. }) => assert_eq!(answers, "Ctrl+Y: yes   Esc: no"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_device_at_hand_is_marked_and_not_revoked_unawares() {
    let mut client = Client::in_room(0);
    let asked = number(&client.say("/devices"));
    let device = |key| Device {
        key: DeviceKey([key; 32]),
        name: None,
        added: Timestamp(1),
        seen: None,
        is_online: true,
    };
    client.answer(asked, Answer::Devices(vec![device(1), device(2)]));
    let Some(Overlay::Panel(ListView { rows, .. })) = client.app.screen(client.now).overlay else {
        panic!("the devices are open");
    };
    let details: Vec<_> = rows.iter().map(|row| row.detail.as_str()).collect();
    assert_eq!(details, ["this device", "online"]);
    client.keys("x");
    let question = "Revoke this device? You will lose access here.";
    assert_eq!(client.question(), question);
    let asked = number(&client.keys("esc"));
    client.answer(asked, Answer::Devices(vec![device(1), device(2)]));
    assert_eq!(sent(&client.keys("down x")), [], "a question comes first");
    assert_eq!(
        client.question(),
        "Revoke 2? It will have to be linked again."
    );
    let requests = sent(&client.keys("enter"));
    let is_revocation = |frame: &ClientFrame| {
        let ClientFrame::Request { request, .. } = frame else {
            return false;
        };
        *request == Request::RevokeDevice(DeviceKey([2; 32]))
    };
    assert!(requests.iter().any(is_revocation), "{requests:?}");
    let overlay = client.app.screen(client.now).overlay;
    assert!(
        matches!(overlay, Some(Overlay::Panel(_))),
        "the list is back"
    );
}
