use recado_shared::{
    Answer, Content, ConversationId, Request, RoomEvent, RoomId, RoomName, RoomSummary,
};

use super::commands::{contents, requests};
use super::support::*;
use crate::app::screen::{ListView, Overlay};

fn switcher(client: &Client) -> Vec<String> {
    let screen = client.app.screen(client.now);
    let Some(Overlay::Switcher(ListView { rows, .. })) = screen.overlay else {
        panic!("the switcher is open");
    };
    rows.iter().map(|row| row.label.to_owned()).collect()
}

#[test]
fn the_switcher_offers_rooms_of_the_server_before_commands() {
    let mut client = Client::in_room(0);
    client.keys("ctrl-k");
    let asked = requests(&client.type_text("l"));
    let [(number, Request::FindRooms { prefix, .. })] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(prefix, "l");
    let effects = client.type_text("o");
    assert_eq!(requests(&effects), [], "one question at a time");
    let room = |room, name| RoomSummary {
        room: RoomId(room),
        name: RoomName::new(name).unwrap(),
        topic: None,
        members: 2,
    };
    let before = switcher(&client);
    assert_eq!(before[0], "#lobby");
    let rooms = vec![room(9, "lobby"), room(77, "Logistics"), room(78, "tea")];
    let more = false;
    let effects = client.answer(*number, Answer::Rooms { rooms, more });
    assert_eq!(requests(&effects), [], "all that begin with l are known");
    let after = switcher(&client);
    assert_eq!(after[..2], ["#lobby", "#Logistics"]);
    assert_eq!(after[2..], before[1..], "nothing else moves");
    client.type_text("gis");
    assert_eq!(switcher(&client), ["#Logistics"]);
    let effects = client.keys("enter");
    let joined = ConversationId::Room(RoomId(77));
    assert_eq!(
        contents(&effects),
        [(joined, Content::Room(RoomEvent::Joined))]
    );
    assert_eq!(client.open(), joined);
}

#[test]
fn rooms_that_arrive_do_not_change_what_was_picked() {
    let mut client = Client::in_room(0);
    client.keys("ctrl-k");
    let asked = requests(&client.type_text("se"));
    let row = switcher(&client)
        .iter()
        .position(|row| row.starts_with("Search everywhere"));
    client.keys(&vec!["down"; row.unwrap()].join(" "));
    let room = RoomSummary {
        room: RoomId(77),
        name: RoomName::new("secrets").unwrap(),
        topic: None,
        members: 2,
    };
    let more = false;
    let rooms = vec![room];
    client.answer(asked[0].0, Answer::Rooms { rooms, more });
    assert!(switcher(&client).contains(&"#secrets".to_owned()));
    client.keys("enter");
    let overlay = client.app.screen(client.now).overlay;
    assert!(matches!(overlay, Some(Overlay::Search(_))), "{overlay:?}");
}

#[test]
fn a_name_that_only_resembles_a_command_runs_none() {
    let mut client = Client::new(snapshot(vec![]));
    client.type_text("unr");
    assert!(switcher(&client)[0].starts_with("Unread"));
    client.keys("enter");
    assert!(client.message().contains("No matching person or room"));
    assert!(switcher(&client)[0].starts_with("Unread"));
    client.keys("tab enter");
    let overlay = client.app.screen(client.now).overlay;
    assert!(
        matches!(overlay, Some(Overlay::UnreadOverview(_))),
        "{overlay:?}"
    );
}

#[test]
fn tab_completes_the_chosen_row() {
    let mut client = Client::talking(0);
    client.keys("ctrl-k");
    client.type_text("crl");
    client.keys("tab");
    assert_eq!(switcher(&client)[0], "carol");
    let query = match client.app.screen(client.now).overlay {
        Some(Overlay::Switcher(ListView {
            query: Some(query), ..
        })) => query.text().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(query, "carol");
    client.keys("enter ctrl-k");
    client.type_text("/ms");
    client.keys("tab");
    client.type_text("bob");
    client.keys("enter");
    assert_eq!(client.open(), with(BOB));
}

#[test]
fn unknown_commands_say_how_to_send_them_only_where_one_can() {
    let mut client = Client::talking(0);
    client.type_text("/xyzzyx");
    client.keys("enter");
    let why = "Unknown command /xyzzyx. /help lists them";
    let more = "tart with // to send it as text";
    assert_eq!(client.message(), format!("{why}; s{more}"));
    client.keys("ctrl-u");
    client.type_text("/jion x");
    client.keys("enter");
    let close = "Unknown command /jion. Did you mean /join?";
    assert_eq!(client.message(), format!("{close} S{more}"));
    client.keys("ctrl-k");
    client.type_text("/xyzzyx");
    client.keys("enter");
    assert_eq!(client.message(), why);
}
