use std::collections::BTreeSet;

use recado_shared::limits::{MAX_WATCHED, TYPING_SHOWN_FOR};
use recado_shared::{
    Answer, ClientFrame, Content, DisplayName, Entry, Presence, Request, RequestNumber,
    ServerFrame, UserId, UserName,
};

use super::commands::contents;
use super::support::*;
use crate::app::screen::Section;
use crate::app::{ClickTarget, Effect, Event};
use crate::store::{StoreWrite, StoredPerson};

const DAVE: UserId = UserId(4);

fn watches(effects: &[Effect]) -> Vec<Vec<UserId>> {
    let watches = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Watch(users) => Some(users),
        _ => None,
    });
    watches.collect()
}

fn searches(effects: &[Effect]) -> Vec<(RequestNumber, Option<String>)> {
    let searches = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request: Request::FindUsers { after, prefix, .. },
        } if prefix.is_empty() => Some((number, after.map(|name| name.to_string()))),
        _ => None,
    });
    searches.collect()
}

fn people(users: std::ops::Range<u64>) -> Vec<recado_shared::UserProfile> {
    users
        .map(|user| person(UserId(user), Presence::Online))
        .collect()
}

#[test]
fn the_directory_is_read_once_a_session_up_to_its_limit() {
    let mut client = Client::connected(vec![]);
    client.handle(offline());
    let mut asked = searches(&client.handle(welcome(LOG)));
    assert_eq!(asked[0].1, None);
    let mut pages = 0;
    while let [(number, _)] = asked[..] {
        pages += 1;
        let from = 100 + pages * 200;
        let answer = Answer::Users {
            people: people(from..from + 200),
            more: true,
        };
        asked = searches(&client.answer(number, answer));
    }
    assert_eq!(pages, 5);
}

#[test]
fn conversations_come_newest_first_then_people_who_is_online_first() {
    let mut client = Client::connected(vec![head(BOB, 1, 1, 0), head(CAROL, 2, 2, 0)]);
    for (user, presence) in [
        (9, Presence::Offline),
        (8, Presence::Online),
        (7, Presence::Away),
    ] {
        client.frame(ServerFrame::User(person(UserId(user), presence)));
    }
    assert_eq!(
        client.contacts(),
        ["carol", "bob", "user8", "user7", "user9"]
    );
    client.entry(BOB, entry(2, BOB));
    client.entry(BOB, entry(3, BOB));
    assert_eq!(client.contacts()[..2], ["bob 2", "carol"]);
    assert_eq!(client.rows()[1].section, Section::Conversations);
    assert_eq!(client.rows()[2].section, Section::People);
}

#[test]
fn presence_is_shown_while_connected_only() {
    let mut client = Client::talking(1);
    let presence = |client: &Client| {
        let screen = client.app.screen(client.now);
        (
            client.rows()[0].presence,
            screen.conversation.unwrap().presence,
        )
    };
    assert_eq!(
        presence(&client),
        (Some(Presence::Online), Some(Presence::Online))
    );
    client.frame(ServerFrame::Presence {
        user: BOB,
        presence: Presence::Away,
    });
    assert_eq!(
        presence(&client),
        (Some(Presence::Away), Some(Presence::Away))
    );
    client.handle(offline());
    assert_eq!(presence(&client), (None, None));
}

#[test]
fn presence_is_watched_of_listed_users_and_only_when_they_change() {
    let mut client = Client::connected(vec![]);
    client.handle(offline());
    let effects = client.connect(vec![head(CAROL, 1, 0, 1)]);
    assert_eq!(watches(&effects), [vec![CAROL, BOB]]);
    assert_eq!(
        watches(&client.entry(BOB, entry(1, BOB))),
        Vec::<Vec<UserId>>::new()
    );
    let effects = client.frame(ServerFrame::User(person(UserId(9), Presence::Online)));
    assert_eq!(watches(&effects), [vec![BOB, CAROL, UserId(9)]]);
}

#[test]
fn no_more_people_are_watched_than_the_server_allows() {
    let mut client = Client::connected(vec![]);
    client.handle(Event::Click(ClickTarget::Contact(with(CAROL))));
    client.handle(offline());
    let asked = searches(&client.handle(welcome(LOG)));
    let people = people(100..800);
    client.answer(
        asked[0].0,
        Answer::Users {
            people,
            more: false,
        },
    );
    let watched = watches(&client.heads(vec![])).remove(0);
    assert_eq!(watched.len(), MAX_WATCHED);
    assert_eq!(watched[0], CAROL);
    assert_eq!(watched.iter().collect::<BTreeSet<_>>().len(), MAX_WATCHED);
}

#[test]
fn names_that_are_news_are_saved() {
    let mut client = Client::connected(vec![]);
    let dave = person(UserId(9), Presence::Online);
    let effects = client.frame(ServerFrame::User(dave.clone()));
    assert_eq!(
        saved(&effects),
        [StoreWrite::Users(vec![StoredPerson::named(
            dave.user,
            dave.name.clone()
        )])]
    );
    assert_eq!(saved(&client.frame(ServerFrame::User(dave))), []);
}

#[test]
fn a_display_name_stands_beside_the_name_and_is_saved() {
    let mut client = Client::talking(1);
    let display = |client: &Client| {
        let screen = client.app.screen(client.now);
        let open = screen.conversation.unwrap();
        (open.title.to_owned(), open.display.map(str::to_owned))
    };
    assert_eq!(display(&client), ("bob".to_owned(), None));
    let mut bob = person(BOB, Presence::Online);
    bob.display = DisplayName::new("Robert").ok();
    let effects = client.frame(ServerFrame::User(bob.clone()));
    let named = StoredPerson {
        user: BOB,
        name: bob.name.clone(),
        display: bob.display.clone(),
        is_removed: false,
    };
    assert_eq!(saved(&effects), [StoreWrite::Users(vec![named])]);
    let both = ("bob".to_owned(), Some("Robert".to_owned()));
    assert_eq!(display(&client), both);
    bob.display = None;
    client.frame(ServerFrame::User(bob));
    assert_eq!(display(&client), ("bob".to_owned(), None));
}

#[test]
fn an_invisible_display_name_is_not_shown() {
    let mut client = Client::talking(1);
    let mut bob = person(BOB, Presence::Online);
    bob.display = DisplayName::stored("\u{3164}\u{200b}").ok();
    client.frame(ServerFrame::User(bob));
    let open = client.app.screen(client.now).conversation.unwrap();
    assert_eq!((open.title, open.display), ("bob", None));
}

#[test]
fn typing_is_shown_for_a_while_or_until_the_message() {
    let mut client = Client::talking(1);
    let typing = |client: &Client| {
        let screen = client.app.screen(client.now);
        let names = screen.conversation.unwrap().typing;
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let hint = ServerFrame::Typing {
        conversation: with(BOB),
        user: BOB,
    };
    client.frame(hint.clone());
    assert_eq!(typing(&client), ["bob"]);
    assert_eq!(
        client.app.next_deadline(),
        Some(client.now.instant + TYPING_SHOWN_FOR)
    );
    client.pass(TYPING_SHOWN_FOR.mul_f32(0.99));
    assert_eq!(typing(&client), ["bob"]);
    client.pass(TYPING_SHOWN_FOR.mul_f32(0.01));
    assert_eq!(typing(&client), Vec::<String>::new());

    client.frame(hint.clone());
    client.entry(BOB, entry(2, BOB));
    assert_eq!(typing(&client), Vec::<String>::new());
    client.frame(hint.clone());
    client.frame(ServerFrame::Presence {
        user: BOB,
        presence: Presence::Offline,
    });
    assert_eq!(typing(&client), Vec::<String>::new());
    client.frame(hint);
    client.handle(offline());
    assert_eq!(typing(&client), Vec::<String>::new());
    client.frame(ServerFrame::Typing {
        conversation: with(BOB),
        user: CAROL,
    });
    assert_eq!(typing(&client), Vec::<String>::new());
}

#[test]
fn the_bell_rings_once_for_an_unseen_arrival() {
    let mut client = Client::talking(1);
    assert!(!client.entry(BOB, entry(2, BOB)).contains(&Effect::Bell));
    client.handle(Event::Focus(false));
    let bells = |effects: Vec<Effect>| effects.iter().filter(|e| **e == Effect::Bell).count();
    assert_eq!(bells(client.entry(BOB, entry(3, BOB))), 1);
    assert_eq!(bells(client.entry(BOB, entry(3, BOB))), 0);
    assert_eq!(bells(client.entry(BOB, entry(4, ME))), 0);
}

#[test]
fn a_removed_user_leaves_the_list_and_gets_no_messages() {
    let mut client = Client::connected(vec![head(BOB, 1, 1, 0)]);
    for user in [8, 9] {
        client.frame(ServerFrame::User(person(UserId(user), Presence::Online)));
    }
    assert_eq!(client.contacts(), ["bob", "user8", "user9", "carol"]);
    client.frame(ServerFrame::UserRemoved(UserId(8)));
    assert_eq!(client.contacts(), ["bob", "user9", "carol"]);
    client.keys("alt-1");
    client.entry(
        BOB,
        Entry {
            content: Content::AuthorRemoved,
            ..entry(2, BOB)
        },
    );
    assert_eq!(client.contacts(), ["bob", "user9", "carol"], "it is open");
    assert_eq!(contents(&client.say("hello")), []);
    assert_eq!(
        client.message(),
        "The account of bob was removed. Nothing can be sent there any more"
    );
    assert_eq!(client.composer(), "hello");
    client.keys("ctrl-u");
    client.keys("alt-2");
    assert_eq!(client.contacts(), ["user9", "carol"]);
    // A command says the same, and stays where it was typed.
    assert_eq!(contents(&client.say("/msg bob are you there?")), []);
    assert_eq!(
        client.message(),
        "The account of bob was removed. Nothing can be sent there any more"
    );
    assert_eq!(client.composer(), "/msg bob are you there?");
    assert_eq!(client.contacts(), ["user9", "carol"]);
}

#[test]
fn a_user_who_is_missing_in_the_directory_leaves_the_list() {
    let mut client = Client::connected(vec![]);
    for user in [8, 9] {
        client.frame(ServerFrame::User(person(UserId(user), Presence::Online)));
    }
    client.handle(offline());
    let asked = searches(&client.handle(welcome(LOG)));
    client.frame(ServerFrame::User(person(UserId(10), Presence::Online)));
    let people = vec![person(UserId(9), Presence::Offline)];
    client.answer(
        asked[0].0,
        Answer::Users {
            people,
            more: false,
        },
    );
    assert_eq!(client.contacts(), ["user10", "user9"]);
}

#[test]
fn a_user_who_is_renamed_while_the_directory_is_read_stays_in_the_list() {
    let mut client = Client::connected(vec![]);
    for user in [8, 9] {
        client.frame(ServerFrame::User(person(UserId(user), Presence::Online)));
    }
    client.handle(offline());
    let asked = searches(&client.handle(welcome(LOG)));
    // To a name that the pages have passed already.
    let mut renamed = person(UserId(8), Presence::Online);
    renamed.name = UserName::new("aaron").unwrap();
    client.frame(ServerFrame::User(renamed));
    let people = vec![person(UserId(9), Presence::Offline)];
    let answer = Answer::Users {
        people,
        more: false,
    };
    client.answer(asked[0].0, answer);
    assert_eq!(client.contacts(), ["aaron", "user9"]);
    client.frame(ServerFrame::UserRemoved(UserId(9)));
    assert_eq!(client.contacts(), ["aaron"]);
    client.frame(ServerFrame::User(person(UserId(9), Presence::Offline)));
    assert_eq!(
        client.contacts(),
        ["aaron", "user9"],
        "the server names them"
    );
}

fn finds(effects: &[Effect]) -> Vec<(RequestNumber, String)> {
    let finds = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request: Request::FindUsers { prefix, .. },
        } => Some((number, prefix)),
        _ => None,
    });
    finds.collect()
}

fn found(people: Vec<recado_shared::UserProfile>, more: bool) -> Answer {
    Answer::Users { people, more }
}

#[test]
fn a_removed_user_is_removed_after_a_restart_too() {
    let mut client = Client::connected(vec![head(BOB, 1, 1, 0)]);
    let effects = client.frame(ServerFrame::UserRemoved(BOB));
    let removed = StoredPerson {
        is_removed: true,
        ..StoredPerson::named(BOB, name_of(BOB))
    };
    assert_eq!(saved(&effects), [StoreWrite::Users(vec![removed.clone()])]);
    let mut stored_now = snapshot(vec![stored(BOB, entries(1..=1, BOB), 1)]);
    stored_now.people = vec![removed, StoredPerson::named(CAROL, name_of(CAROL))];
    let client = Client::new(stored_now);
    assert_eq!(client.contacts(), ["carol"]);
}

#[test]
fn a_removed_contact_leaves_the_list_on_a_server_with_many_users() {
    let contacts = [
        head(BOB, 1, 1, 0),
        head(CAROL, 1, 1, 0),
        head(DAVE, 1, 1, 0),
    ];
    let mut client = Client::connected(contacts.to_vec());
    client.frame(ServerFrame::User(person(DAVE, Presence::Online)));
    client.handle(offline());
    let mut asked = finds(&client.handle(welcome(LOG)));
    for page in 0..5 {
        let from = 100 + page * 200;
        asked = finds(&client.answer(asked[0].0, found(people(from..from + 200), true)));
    }
    // Bob is there, carol has another name, and dave was removed.
    let mut looked_up = Vec::new();
    let mut effects = Vec::new();
    while let [(number, name)] = &asked[..] {
        looked_up.push(name.clone());
        let bob = person(BOB, Presence::Online);
        let there = Vec::from_iter((name == "bob").then_some(bob));
        effects = client.answer(*number, found(there, false));
        asked = finds(&effects);
    }
    looked_up.sort();
    assert_eq!(looked_up, ["bob", "carol", "user4"]);
    let names = sent(&effects).into_iter().find_map(|frame| match frame {
        ClientFrame::Request {
            number,
            request: Request::Users(users),
        } => Some((number, BTreeSet::from_iter(users))),
        _ => None,
    });
    let (number, missing) = names.unwrap();
    assert_eq!(missing, BTreeSet::from([CAROL, DAVE]));
    let mut carla = person(CAROL, Presence::Online);
    carla.name = UserName::new("carla").unwrap();
    let dave = person(DAVE, Presence::Offline);
    client.answer(number, found(vec![carla, dave], false));
    let listed = client.contacts();
    let has = |name: &str| listed.iter().any(|row| row == name);
    assert!(has("bob") && has("carla"), "{listed:?}");
    assert!(!has("user4") && !has("carol"), "{listed:?}");
}
