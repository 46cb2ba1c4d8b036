//! Text that a refusal, Esc or the end of the program must not lose.

use recado_shared::{
    Answer, ClientFrame, Device, DeviceKey, DeviceName, LinkCode, PendingDevice, Request,
    RequestError, RequestNumber, Role, Seq, ServerFrame, Timestamp,
};

use super::commands::requests;
use super::support::*;
use crate::app::screen::{ItemId, Overlay};
use crate::app::{ClickTarget, Effect, Event};
use crate::store::{Snapshot, StoreWrite};

fn refuse(client: &mut Client, effects: &[Effect], error: RequestError) {
    let number = first_request(effects);
    let result = Err(error);
    client.frame(ServerFrame::Answer { number, result });
}

fn first_request(effects: &[Effect]) -> RequestNumber {
    requests(effects).first().expect("a request").0
}

fn find_no_user(client: &mut Client, effects: &[Effect]) {
    let number = first_request(effects);
    let (people, more) = (Vec::new(), false);
    client.answer(number, Answer::Users { people, more });
}

/// Commands that the server refuses, in a room.
const REFUSED: [(&str, RequestError); 9] = [
    (
        "/topic  a long topic,  of two",
        RequestError::RoleNeeded(Role::Moderator),
    ),
    ("/rename hall", RequestError::RoomNameTaken),
    ("/invite carol", RequestError::AlreadyInRoom),
    ("/kick carol", RequestError::OutranksYou),
    ("/react 👍", RequestError::NoSuchMessage),
    ("/create hall private", RequestError::RoomNameTaken),
    ("/nick A Name", RequestError::Invalid),
    ("/accept bob", RequestError::UnknownUser),
    ("/device-name 1 laptop", RequestError::Unavailable),
];

#[test]
fn a_command_that_the_server_refuses_returns_to_its_box() {
    for (typed, error) in REFUSED {
        let mut client = Client::in_room(1);
        let effects = client.say(typed);
        assert_eq!(client.composer(), "", "{typed}");
        refuse(&mut client, &effects, error);
        assert_eq!(client.composer(), typed);
        assert!(
            client.message().starts_with("Cannot "),
            "{}",
            client.message()
        );
    }
}

#[test]
fn a_command_with_an_unknown_name_returns_to_its_box() {
    for typed in [
        "/msg nemo a long text\nof two lines",
        "/invite nemo",
        "/block nemo",
    ] {
        let mut client = Client::in_room(1);
        let effects = client.paste_and_send(typed);
        find_no_user(&mut client, &effects);
        assert_eq!(client.message(), "There is no user named nemo");
        assert_eq!(client.composer(), typed);
    }
    let mut client = Client::in_room(1);
    let effects = client.say("/join nowhere");
    let (rooms, more) = (Vec::new(), false);
    client.answer(first_request(&effects), Answer::Rooms { rooms, more });
    assert_eq!(client.composer(), "/join nowhere");
}

#[test]
fn a_command_returns_to_the_conversation_in_which_it_was_typed() {
    let mut client = Client::connected(vec![room_head(0), head(BOB, 0, 0, 0)]);
    client.keys("alt-1");
    let here = client.open();
    let effects = client.say("/msg nemo a long text");
    client.keys("alt-2");
    assert_ne!(client.open(), here);
    find_no_user(&mut client, &effects);
    assert_eq!(client.composer(), "");
    client.keys("alt-1");
    assert_eq!(client.composer(), "/msg nemo a long text");
}

#[test]
fn undo_brings_a_command_back_where_other_text_was_written_meanwhile() {
    let mut client = Client::in_room(1);
    let effects = client.say("/msg nemo a long text");
    client.type_text("half a");
    find_no_user(&mut client, &effects);
    assert!(
        client.message().ends_with("Undo brings the command back"),
        "{}",
        client.message()
    );
    assert_eq!(client.composer(), "half a");
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "/msg nemo a long text");
    client.keys("alt-_");
    assert_eq!(client.composer(), "half a");

    // Also after that text was sent.
    let effects = client.say("");
    assert_eq!(texts(&effects), ["half a"]);
    let effects = client.say("/kick nemo");
    client.type_text("and");
    find_no_user(&mut client, &effects);
    assert_eq!(texts(&client.say(" so on")), ["and so on"]);
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "/kick nemo");
}

#[test]
fn a_command_that_fails_at_once_keeps_its_undo_steps() {
    let mut client = Client::talking(1);
    client.say("/topic tea");
    assert_eq!(client.message(), "This works only in a room");
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "/topic ");
}

#[test]
fn a_lost_connection_returns_the_command() {
    let mut client = Client::in_room(1);
    client.say("/msg nemo a long text");
    client.handle(offline());
    assert_eq!(client.composer(), "/msg nemo a long text");
    assert!(client.message().starts_with("The connection was lost"));
}

#[test]
fn a_command_without_an_answer_is_saved_on_leaving() {
    let mut client = Client::in_room(1);
    client.say("/msg nemo a long text");
    let saved = saved(&client.keys("ctrl-q"));
    let draft = StoreWrite::Draft {
        conversation: ROOM,
        text: "/msg nemo a long text".to_owned(),
    };
    assert!(saved.contains(&draft), "{saved:?}");
}

#[test]
fn a_command_of_the_switcher_returns_to_the_box_or_to_the_switcher() {
    let mut client = Client::in_room(1);
    client.keys("ctrl-k");
    let effects = client.say("/msg nemo hi");
    find_no_user(&mut client, &effects);
    assert_eq!(client.composer(), "/msg nemo hi");

    let mut client = Client::connected(vec![]);
    client.keys("ctrl-k");
    let effects = client.say("/msg nemo hi");
    find_no_user(&mut client, &effects);
    let screen = client.app.screen(client.now);
    let Some(Overlay::Switcher(list)) = &screen.overlay else {
        panic!("{:?}", screen.overlay);
    };
    assert_eq!(list.query.unwrap().text(), "/msg nemo hi");
    assert_eq!(screen.message, Some("There is no user named nemo"));
}

#[test]
fn esc_from_an_edit_keeps_the_edited_text_for_undo() {
    let mut client = Client::talking(1);
    let number = first_request(&client.say("old"));
    let (seq, time) = (Seq(2), Timestamp(1));
    client.answer(number, Answer::Accepted { seq, time });
    client.type_text("draft");
    client.handle(Event::Click(ClickTarget::Item(ItemId::Entry(seq))));
    client.keys("e");
    client.type_text(" and new");
    client.keys("esc");
    assert_eq!(client.composer(), "draft");
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "old and new");
    client.keys("alt-_");
    assert_eq!(client.composer(), "draft");
}

type MakeAnswer = fn() -> Answer;

/// A connected client with a device whose list the server has just sent.
fn with_question(typed: &str, answer: impl Fn() -> Answer) -> Client {
    let mut client = Client::in_room(1);
    let number = first_request(&client.say(typed));
    client.answer(number, answer());
    assert_ne!(client.question(), "");
    client
}

fn devices() -> Answer {
    Answer::Devices(vec![device()])
}

fn device() -> Device {
    Device {
        key: DeviceKey([9; 32]),
        name: DeviceName::new("phone").ok(),
        added: Timestamp(0),
        seen: None,
        is_online: false,
    }
}

fn pending_device() -> Answer {
    let Device { key, name, .. } = device();
    Answer::PendingDevice(PendingDevice { key, name })
}

#[test]
fn a_command_that_fails_after_its_question_returns_to_its_box() {
    let link = format!("/link {}", LinkCode::of(&device().key));
    let cases: [(&str, MakeAnswer); 2] = [("/revoke phone", devices), (&link, pending_device)];
    for (typed, answer) in cases {
        // Refused by the server, lost on the way, and without a link at the time of the yes.
        let mut client = with_question(typed, answer);
        let effects = client.keys("enter");
        refuse(&mut client, &effects, RequestError::Unavailable);
        assert_eq!(client.composer(), typed);
        let mut client = with_question(typed, answer);
        client.keys("enter");
        client.handle(offline());
        assert_eq!(client.composer(), typed);
        let mut client = with_question(typed, answer);
        client.handle(offline());
        client.keys("enter");
        assert_eq!(client.composer(), typed);
        // Other text is not overwritten.
        let mut client = with_question(typed, answer);
        let effects = client.keys("enter");
        client.type_text("half a");
        refuse(&mut client, &effects, RequestError::Unavailable);
        assert_eq!(client.composer(), "half a");
        client.keys("ctrl-_");
        assert_eq!(client.composer(), typed);
    }
}

#[test]
fn a_deletion_that_is_refused_after_its_question_returns_its_command() {
    let mut client = Client::in_room(1);
    let number = first_request(&client.say("mine"));
    let (seq, time) = (Seq(2), Timestamp(1));
    client.answer(number, Answer::Accepted { seq, time });
    client.say("/delete");
    let effects = client.keys("enter");
    refuse(&mut client, &effects, RequestError::NoSuchMessage);
    assert_eq!(client.composer(), "/delete");
}

#[test]
fn a_command_that_is_refused_after_a_restart_returns_to_its_box() {
    let mut client = Client::in_room(1);
    client.handle(offline());
    let written = saved(&client.say("/topic a long topic"));
    let pending = written.iter().find_map(|write| match write {
        StoreWrite::Queue(pending) => Some(pending.clone()),
        _ => None,
    });
    let command = written.iter().find_map(|write| match write {
        StoreWrite::Command(command) => Some(command.clone()),
        _ => None,
    });
    let mut client = Client::new(Snapshot {
        outbox: Vec::from_iter(pending),
        commands: Vec::from_iter(command),
        ..snapshot(vec![])
    });
    let effects = client.connect(vec![room_head(1)]);
    let append = sent(&effects).into_iter().find_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request: Request::Append { .. },
        } => Some(number),
        _ => None,
    });
    let number = append.unwrap();
    let result = Err(RequestError::RoleNeeded(Role::Moderator));
    client.frame(ServerFrame::Answer { number, result });
    client.keys("alt-1");
    assert_eq!(client.composer(), "/topic a long topic");
}
