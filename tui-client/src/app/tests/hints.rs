//! The hints of every state: each key that the status line names does something there.

use recado_shared::{Answer, Presence, RequestError, Role, RoomMember, ServerFrame, Timestamp};

use super::commands::requests;
use super::support::*;

/// The names of states, and what leads to them.
type State = (&'static str, fn() -> Client);

const STATES: &[State] = &[
    ("nothing open", || Client::connected(vec![])),
    ("an empty conversation", || Client::talking(0)),
    ("messages", || Client::talking(3)),
    ("unread elsewhere", || {
        let mut client = Client::talking(3);
        client.entry(CAROL, entry(1, CAROL));
        client
    }),
    ("a draft", || pressed(Client::talking(3), "d r a f t")),
    ("a completion", || pressed(Client::talking(3), "/ j o")),
    ("a completion at its end", || {
        pressed(Client::talking(3), "/ t o p i c")
    }),
    ("the list", || pressed(Client::talking(3), "tab")),
    ("the end of the list", || {
        pressed(Client::talking(3), "tab end")
    }),
    ("the list without a conversation", || {
        pressed(Client::connected(vec![]), "tab")
    }),
    ("a message of another user", || {
        pressed(Client::talking(3), "up")
    }),
    ("the oldest message", || {
        pressed(Client::talking(3), "up up up up")
    }),
    ("an own message", || pressed(with_own(), "up")),
    ("a message with a link", || {
        let mut client = Client::talking(0);
        let mut link = entry(1, BOB);
        link.content = body("see https://a.example/b");
        client.entry(BOB, link);
        pressed(client, "up")
    }),
    ("a message on its way", || {
        let mut client = Client::talking(0);
        client.say("hello");
        pressed(client, "up")
    }),
    ("a queued message", || {
        let mut client = Client::talking(0);
        client.handle(offline());
        client.say("hello");
        pressed(client, "up")
    }),
    ("a failed message", || {
        let mut client = Client::talking(0);
        let number = appends(&client.say("hello"))[0].0;
        let result = Err(RequestError::NotAccepting);
        client.frame(ServerFrame::Answer { number, result });
        pressed(client, "up")
    }),
    ("a message that is being deleted", || {
        let mut client = with_own();
        client.handle(offline());
        pressed(client, "up d d enter up")
    }),
    ("a reply", || pressed(Client::talking(3), "up r")),
    ("an edit", || pressed(with_own(), "up e")),
    ("the switcher", || pressed(Client::talking(3), "ctrl-k")),
    ("the switcher without a match", || {
        pressed(Client::talking(3), "ctrl-k q q q q")
    }),
    ("the empty overview", || {
        pressed(Client::talking(3), "alt-i")
    }),
    ("the overview", || {
        let mut client = Client::talking(3);
        client.entry(CAROL, entry(1, CAROL));
        pressed(client, "alt-i")
    }),
    ("the help", || pressed(Client::talking(3), "f1")),
    ("the picker", || pressed(Client::talking(3), "up +")),
    ("the picker without a match", || {
        pressed(Client::talking(3), "up + q q q q")
    }),
    ("loading members", || pressed(Client::in_room(1), "alt-m")),
    ("members", || {
        let mut client = Client::in_room(1);
        let number = requests(&client.keys("alt-m"))[0].0;
        let member = RoomMember {
            person: person(BOB, Presence::Online),
            role: Role::Member,
            mute: None,
        };
        let (members, more) = (vec![member], false);
        client.answer(number, Answer::Members { members, more });
        client
    }),
    ("no devices", || {
        let mut client = Client::talking(1);
        let number = requests(&client.say("/devices"))[0].0;
        client.answer(number, Answer::Devices(vec![]));
        client
    }),
    ("a question", || {
        let mut client = with_own();
        client.say("/delete");
        client
    }),
    ("an empty search", || pressed(Client::talking(3), "alt-f")),
];

fn with_own() -> Client {
    let mut client = Client::talking(1);
    let mut own = entry(2, ME);
    own.time = Timestamp(own.time.0 + 1);
    client.entry(BOB, own);
    client
}

fn pressed(mut client: Client, keys: &str) -> Client {
    client.keys(keys);
    client
}

/// All that a user sees but the text of the status line.
fn seen(client: &Client) -> String {
    let screen = client.app.screen(client.now);
    let rows: Vec<_> = (0..screen.contacts.len())
        .map(|at| screen.contacts.row(at))
        .collect();
    let (open, hints) = (&screen.conversation, &screen.hints);
    let places = (
        screen.focus,
        screen.pane,
        &screen.completion,
        &screen.overlay,
    );
    format!("{rows:?} {open:?} {hints:?} {places:?}")
}

#[test]
fn each_hint_names_a_key_that_does_something() {
    for (name, state) in STATES {
        let client = state();
        let screen = client.app.screen(client.now);
        assert!(!screen.hints.is_empty(), "{name}");
        for (key, does) in &screen.hints {
            let mut client = state();
            let before = seen(&client);
            let name_of_key = if key.len() > 1 {
                key.to_lowercase().replace('+', "-")
            } else {
                key.clone()
            };
            let mut effects = client.keys(&name_of_key);
            if *does == crate::strings::hints::DELETE {
                // It asks first.
                effects.extend(client.keys(&name_of_key));
            }
            let has_changed = !effects.is_empty() || seen(&client) != before;
            assert!(has_changed, "{name}: {key} {does}: {}", client.message());
        }
    }
}

#[test]
fn the_way_out_is_in_the_footer_of_the_panes() {
    for keys in ["f1 f1", "tab"] {
        let client = pressed(Client::talking(3), keys);
        let hints = client.app.screen(client.now).hints;
        assert!(hints.contains(&("Ctrl+Q".to_owned(), "quit")), "{hints:?}");
    }
}

#[test]
fn a_failed_message_has_its_own_keys() {
    let (_, failed) = STATES
        .iter()
        .find(|(name, _)| *name == "a failed message")
        .unwrap();
    let client = failed();
    let screen = client.app.screen(client.now);
    let hints: Vec<_> = screen
        .hints
        .iter()
        .map(|(key, does)| format!("{key} {does}"))
        .collect();
    assert_eq!(
        hints,
        ["s send again", "d remove", "e edit", "y copy", "Esc write"]
    );
}
