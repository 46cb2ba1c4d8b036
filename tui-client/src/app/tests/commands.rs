use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, DeviceKey, DeviceName, Emoji, HistoryVisibility,
    LinkCode, MessageBody, MessageId, PendingDevice, Presence, Request, RequestError,
    RequestNumber, Role, RoomEvent, RoomId, RoomMember, RoomName, RoomSummary, Seq, ServerFrame,
    Timestamp, Topic, UserId,
};

use super::support::*;
use crate::app::screen::{ListView, Overlay, Pane};
use crate::app::{Effect, Event};

/// The requests among effects.
pub(super) fn requests(effects: &[Effect]) -> Vec<(RequestNumber, Request)> {
    let requests = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request { number, request } => Some((number, request)),
        _ => None,
    });
    requests.collect()
}

/// What was appended, and where.
pub(super) fn contents(effects: &[Effect]) -> Vec<(ConversationId, Content)> {
    let appends = requests(effects).into_iter().filter_map(|(_, request)| {
        let Request::Append {
            conversation,
            content,
            ..
        } = request
        else {
            return None;
        };
        Some((conversation, content))
    });
    appends.collect()
}

fn text(text: &str) -> MessageBody {
    MessageBody::new(text).unwrap()
}

fn refuse(client: &mut Client, number: RequestNumber, error: RequestError) {
    let result = Err(error);
    client.frame(ServerFrame::Answer { number, result });
}

#[test]
fn what_happens_to_a_room_is_appended_to_it() {
    let mut client = Client::in_room(0);
    let role = Role::Moderator;
    let until = Some(Timestamp(client.now.wall.0 + 30 * 60 * 1000));
    for (typed, event) in [
        (
            "/topic tea at four",
            RoomEvent::Topic(Some(Topic::new("tea at four").unwrap())),
        ),
        ("/topic -", RoomEvent::Topic(None)),
        (
            "/history hidden",
            RoomEvent::HistoryVisibility(HistoryVisibility::Hidden),
        ),
        ("/invite BOB", RoomEvent::Invited(BOB)),
        ("/role bob moderator", RoomEvent::Role { user: BOB, role }),
        ("/mute @bob 30m", RoomEvent::Muted { user: BOB, until }),
        ("/ban carol", RoomEvent::Banned(CAROL)),
        ("/leave", RoomEvent::Left),
    ] {
        let effects = client.say(typed);
        assert_eq!(
            contents(&effects),
            [(ROOM, Content::Room(event))],
            "{typed}"
        );
        assert_eq!(client.composer(), "", "{typed}");
    }
}

#[test]
fn a_refused_act_says_which_and_why_and_waits_no_longer() {
    let mut client = Client::in_room(0);
    let number = requests(&client.say("/topic tea"))[0].0;
    client.type_text("half a sen");
    refuse(
        &mut client,
        number,
        RequestError::RoleNeeded(Role::Moderator),
    );
    assert_eq!(
        client.message(),
        "Cannot set the topic: only moderators of this room may do that. Ask one of them. Undo \
         brings the command back"
    );
    assert_eq!(client.composer(), "half a sen");
    assert_eq!(client.app.screen(client.now).waiting, 0);
    assert_eq!(client.app.screen(client.now).failed, 0);
}

#[test]
fn a_display_name_that_deceives_is_refused_with_what_to_do() {
    let mut client = Client::in_room(0);
    let number = requests(&client.say("/nick b0b"))[0].0;
    refuse(&mut client, number, RequestError::Invalid);
    assert_eq!(
        client.message(),
        "Cannot change your display name: it looks like the name of another user. Choose another one"
    );
}

#[test]
fn what_cannot_be_done_stays_in_the_composer() {
    let mut client = Client::talking(1);
    for (typed, why) in [
        ("/", "Type a command"),
        ("/jion team", "Did you mean /join?"),
        ("/topic tea", "only in a room"),
        ("/delete", "You have no message"),
        ("/nick \u{3164}\u{200b}", "nothing of the text is visible"),
        ("/device-name 1 \u{2800}", "nothing of the text is visible"),
    ] {
        let effects = client.say(typed);
        assert_eq!(contents(&effects), [], "{typed}");
        assert!(client.message().contains(why), "{}", client.message());
        assert_eq!(client.composer(), typed);
        client.keys("ctrl-u");
    }
    client.handle(offline());
    client.say("/nick Bobby");
    assert_eq!(client.message(), "Not connected. Try again when connected");
    assert_eq!(client.composer(), "/nick Bobby");
}

#[test]
fn entries_wait_for_the_connection_and_say_so() {
    let mut client = Client::in_room(0);
    client.handle(offline());
    client.say("/topic tea");
    assert!(client.message().contains("will be sent when connected"));
    assert_eq!(contents(&client.connect(vec![room_head(0)])).len(), 1);
}

#[test]
fn two_slashes_send_one_and_shortcodes_send_emoji() {
    let mut client = Client::talking(0);
    assert_eq!(texts(&client.say("//join us")), ["/join us"]);
    assert_eq!(texts(&client.say("done :tada:")), ["done 🎉"]);
    let effects = client.say("/me waves");
    assert_eq!(
        contents(&effects),
        [(with(BOB), Content::Emote(text("waves")))]
    );
}

#[test]
fn messages_are_answered_from_the_composer() {
    let mut client = Client::talking(3);
    let reply = Content::Reply {
        to: Seq(3),
        body: text("yes"),
    };
    assert_eq!(contents(&client.say("/reply yes")), [(with(BOB), reply)]);
}

#[test]
fn msg_opens_known_users_and_asks_for_unknown_ones() {
    let mut client = Client::talking(0);
    let effects = client.say("/msg Carol hello");
    assert_eq!(texts(&effects), ["hello"]);
    assert_eq!(client.open(), with(CAROL));
    let asked = requests(&client.say("/msg user9 hi"));
    let (number, Request::FindUsers { prefix, .. }) = &asked[0] else {
        panic!("{asked:?}");
    };
    assert_eq!(prefix, "user9");
    let dave = UserId(9);
    let people = vec![
        person(UserId(90), Presence::Online),
        person(dave, Presence::Online),
    ];
    let answer = Answer::Users {
        people,
        more: false,
    };
    let effects = client.answer(*number, answer);
    assert_eq!(texts(&effects), ["hi"]);
    assert_eq!(client.open(), with(dave));
    let number = requests(&client.say("/msg nemo hi"))[0].0;
    let people = vec![];
    let more = false;
    client.answer(number, Answer::Users { people, more });
    assert_eq!(client.message(), "There is no user named nemo");
}

#[test]
fn a_late_answer_does_not_change_the_recipient() {
    let mut client = Client::talking(0);
    let number = requests(&client.say("/msg user9"))[0].0;
    client.type_text("for bob");
    let people = vec![person(UserId(9), Presence::Online)];
    let more = false;
    client.answer(number, Answer::Users { people, more });
    assert_eq!(client.open(), with(BOB));
    assert_eq!(client.message(), "user9 is now in your list");
}

#[test]
fn a_room_is_made_and_opened() {
    let mut client = Client::talking(0);
    let asked = requests(&client.say("/create tea private"));
    let (number, Request::CreateRoom { name, .. }) = &asked[0] else {
        panic!("{asked:?}");
    };
    assert_eq!(name.as_str(), "tea");
    let room = RoomId(77);
    let time = client.now.wall;
    let seq = Seq(1);
    client.answer(*number, Answer::RoomCreated { room, seq, time });
    assert_eq!(client.open(), ConversationId::Room(room));
    let number = requests(&client.say("/create tea"))[0].0;
    refuse(&mut client, number, RequestError::RoomNameTaken);
    assert_eq!(
        client.message(),
        "Cannot create the room: that room name is taken. Choose another one"
    );
}

#[test]
fn a_room_is_found_by_its_name_and_joined() {
    let mut client = Client::talking(0);
    let number = requests(&client.say("/join #tea"))[0].0;
    let summary = |room, name| RoomSummary {
        room: RoomId(room),
        name: RoomName::new(name).unwrap(),
        topic: None,
        members: 2,
    };
    let rooms = vec![summary(77, "Tea"), summary(78, "teaching")];
    let effects = client.answer(number, Answer::Rooms { rooms, more: false });
    let tea = ConversationId::Room(RoomId(77));
    assert_eq!(
        contents(&effects),
        [(tea, Content::Room(RoomEvent::Joined))]
    );
    assert_eq!(client.open(), tea);
}

#[test]
fn a_room_that_one_is_in_is_opened_and_not_joined_again() {
    let mut client = Client::in_room(0);
    client.keys("alt-2");
    assert_ne!(client.open(), ROOM);
    let effects = client.say("/join lobby");
    assert_eq!(contents(&effects), []);
    assert_eq!(client.open(), ROOM);
}

#[test]
fn members_are_listed_page_by_page_and_opened() {
    let mut client = Client::in_room(0);
    let asked = requests(&client.keys("alt-m"));
    let (number, Request::Members { after: None, .. }) = asked[0].clone() else {
        panic!("{asked:?}");
    };
    let member = |user| RoomMember {
        person: person(user, Presence::Online),
        role: Role::Member,
        mute: None,
    };
    let members = vec![member(BOB)];
    let effects = client.answer(
        number,
        Answer::Members {
            members,
            more: true,
        },
    );
    let asked = requests(&effects);
    let (number, Request::Members { after, .. }) = asked[0].clone() else {
        panic!("{asked:?}");
    };
    assert_eq!(after, Some(BOB));
    let members = vec![member(CAROL)];
    let more = false;
    assert_eq!(
        requests(&client.answer(number, Answer::Members { members, more })),
        []
    );
    client.keys("down enter");
    assert_eq!(client.open(), with(CAROL));
}

#[test]
fn a_device_is_linked_only_if_its_key_makes_the_code() {
    let key = DeviceKey([3; 32]);
    let device = PendingDevice {
        key,
        name: Some(DeviceName::new("laptop").unwrap()),
    };
    let mut client = Client::talking(0);
    let code = LinkCode::of(&key);
    let number = requests(&client.say(&format!("/link {code}")))[0].0;
    client.answer(number, Answer::PendingDevice(device.clone()));
    match client.app.screen(client.now).overlay {
        Some(Overlay::Confirm { question, .. }) => {
            assert!(question.contains(&format!("Link device \"laptop\" (code {code})")));
        }
        other => panic!("{other:?}"),
    }
    let asked = requests(&client.keys("enter"));
    let name = device.name.clone();
    assert_eq!(asked[0].1, Request::LinkDevice { key, name });
    client.answer(asked[0].0, Answer::Done);
    assert!(client.message().contains("Device linked"));
    let other = LinkCode::of(&DeviceKey([4; 32]));
    let number = requests(&client.say(&format!("/link {other}")))[0].0;
    client.answer(number, Answer::PendingDevice(device));
    assert!(client.app.screen(client.now).overlay.is_none());
    assert!(client.message().contains("Do not link it"));
}

#[test]
fn an_own_message_is_deleted_after_a_question() {
    let mut client = Client::talking(0);
    let mut own = entry(1, ME);
    own.id = MessageId([9; 16]);
    client.entry(BOB, own);
    assert_eq!(contents(&client.say("/delete")), []);
    assert_eq!(contents(&client.keys("esc")), []);
    client.say("/delete");
    let target = Seq(1);
    let deletion = (with(BOB), Content::Deletion { target });
    assert_eq!(contents(&client.keys("enter")), [deletion]);
}

#[test]
fn a_broken_connection_ends_what_was_asked() {
    let mut client = Client::talking(0);
    client.say("/nick Bobby");
    client.handle(offline());
    client.handle(welcome(LOG));
    assert!(client.message().contains("The connection was lost"));
}

#[test]
fn the_switcher_finds_commands_and_the_help_lists_them() {
    let mut client = Client::talking(0);
    client.keys("ctrl-k");
    client.type_text("/kick");
    client.keys("enter");
    assert_eq!(client.composer(), "/kick ");
    client.keys("ctrl-k");
    client.type_text("/kick");
    client.keys("enter");
    assert!(client.message().contains("clear your text"));
    assert_eq!(client.composer(), "/kick ");
    client.keys("ctrl-k");
    client.type_text("/msg carol");
    client.keys("enter");
    assert_eq!(client.open(), with(CAROL));
    client.keys("f1");
    match client.app.screen(client.now).overlay {
        Some(Overlay::Help { tables, .. }) => {
            let (heading, rows) = tables.last().unwrap();
            assert_eq!(*heading, "Commands");
            assert!(rows.contains(&("/kick NAME".to_owned(), "remove a member")));
        }
        other => panic!("{other:?}"),
    }
    client.handle(Event::Deadline);
}

fn offered(client: &Client) -> Vec<String> {
    let completion = client.app.screen(client.now).completion;
    let rows = completion.map_or(Vec::new(), |list| list.rows);
    rows.iter().map(|(label, _)| (*label).to_owned()).collect()
}

#[test]
fn commands_people_and_emoji_are_completed() {
    let mut client = Client::talking(0);
    client.type_text("/un");
    assert!(offered(&client).contains(&"/unblock [NAME]".to_owned()));
    client.keys("ctrl-u");
    client.type_text("/jo");
    assert_eq!(offered(&client), ["/join [ROOM]"]);
    assert_eq!(sent(&client.keys("enter")), []);
    assert_eq!(client.composer(), "/join ");
    client.keys("ctrl-u");
    client.type_text("hi @C");
    assert_eq!(offered(&client), ["@carol"]);
    client.keys("tab");
    client.type_text(":tad");
    client.keys("tab");
    assert_eq!(client.composer(), "hi @carol 🎉");
    assert_eq!(offered(&client), Vec::<String>::new());
    assert_eq!(texts(&client.keys("enter")), ["hi @carol 🎉"]);
}

#[test]
fn tab_within_a_command_does_not_leave_it() {
    let mut client = Client::talking(0);
    client.type_text("/msg nobod");
    client.keys("tab");
    assert_eq!(client.message(), "Nothing to complete");
    assert_eq!(client.app.screen(client.now).pane, Pane::Conversation);
    assert_eq!(client.composer(), "/msg nobod");
}

#[test]
fn the_list_steals_no_key_and_closes_without_losing_text() {
    let mut client = Client::talking(2);
    client.type_text("/devices");
    assert_eq!(requests(&client.keys("enter")).len(), 1, "it is exact");
    client.keys("esc");
    client.type_text("/qui");
    client.keys("esc");
    assert_eq!(client.composer(), "/qui");
    assert_eq!(offered(&client), Vec::<String>::new());
    client.keys("ctrl-u");
    client.type_text("/notify ");
    assert_eq!(offered(&client), ["all", "mentions", "nothing"]);
    client.keys("up enter");
    assert_eq!(client.composer(), "/notify nothing ");
    client.keys("ctrl-u");
    client.type_text("see you at 10:30");
    assert_eq!(texts(&client.keys("enter")), ["see you at 10:30"]);
    client.keys("up");
    assert!(client.app.context() == crate::app::action::KeyContext::Selection);
}

#[test]
fn reactions_are_picked_by_shortcode_and_by_digit() {
    let mut client = Client::talking(2);
    let emoji = |text| Emoji::new(text).unwrap();
    let target = Seq(2);
    client.keys("up +");
    let hints = client.app.screen(client.now).hints;
    assert!(hints.contains(&("Enter".to_owned(), "react")));
    client.type_text("tada");
    let party = emoji("🎉");
    let added = Content::ReactionAdded {
        target,
        emoji: party.clone(),
    };
    assert_eq!(contents(&client.keys("enter")), [(with(BOB), added)]);
    client.keys("+");
    match client.app.screen(client.now).overlay {
        Some(Overlay::Switcher(ListView { title, rows, .. })) => {
            assert_eq!(title, "React");
            assert_eq!(rows[0].label, "1 🎉 :tada:");
            assert_eq!(rows.len(), 6);
        }
        other => panic!("{other:?}"),
    }
    let emoji = party;
    let removed = Content::ReactionRemoved { target, emoji };
    assert_eq!(contents(&client.type_text("1")), [(with(BOB), removed)]);
}

#[test]
fn the_picker_says_who_reacts() {
    let mut client = Client::talking(2);
    let mut reaction = entry(3, BOB);
    reaction.content = Content::ReactionAdded {
        target: Seq(2),
        emoji: Emoji::new("🦀").unwrap(),
    };
    client.entry(BOB, reaction);
    client.keys("up +");
    match client.app.screen(client.now).overlay {
        Some(Overlay::Switcher(ListView { rows, .. })) => {
            assert_eq!((rows[6].label, rows[6].key.as_str()), ("🦀 :crab:", "bob"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_last_own_message_is_changed() {
    let mut client = Client::talking(0);
    client.entry(BOB, entry(1, ME));
    client.entry(BOB, entry(2, BOB));
    let edit = Content::Edit {
        target: Seq(1),
        body: text("better"),
    };
    assert_eq!(contents(&client.say("/edit better")), [(with(BOB), edit)]);
    client.say("/edit");
    assert_eq!(client.composer(), "better");
}
