//! Tests of display names and of imitations.

use recado_shared::{DisplayName, RequestError};

use super::*;

fn display(text: &str) -> DisplayName {
    DisplayName::new(text).unwrap()
}

fn call(desk: &mut Desk, user: UserId, text: Option<&str>) -> Result<UserOutcome, RequestError> {
    let write = Write::User {
        origin: ORIGIN,
        user,
        by: device_of(user),
        change: UserChange::Display(text.map(display)),
    };
    match desk.write(write) {
        WriteResult::User { result, .. } => result,
        other => panic!("a change of a person is answered by one: {other:?}"),
    }
}

fn shown(desk: &Desk) -> Vec<(UserId, String, String)> {
    let displays = desk.writer.memberships().unwrap().displays;
    let texts = |one: StoredDisplay| {
        let display = one.display.as_str().to_owned();
        (one.user, one.name.to_string(), display)
    };
    displays.into_iter().map(texts).collect()
}

#[test]
fn a_display_name_is_kept_changed_and_removed() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let called = |text: Option<&str>| {
        Ok(UserOutcome::Display {
            name: name("alice"),
            display: text.map(display),
        })
    };
    for text in ["Alice Liddell", "Alice 🐇"] {
        assert_eq!(call(&mut desk, alice, Some(text)), called(Some(text)));
    }
    let mut desk = desk.reopen();
    let kept = (alice, "alice".to_owned(), "Alice 🐇".to_owned());
    assert_eq!(shown(&desk), [kept]);
    assert_eq!(call(&mut desk, alice, None), called(None));
    assert_eq!(shown(&desk), []);
}

#[test]
fn an_invisible_name_or_topic_of_an_older_version_is_still_loaded() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let text = "\u{3164}\u{200b}";
    let invisible = DisplayName::stored(text).unwrap();
    let write = Write::User {
        origin: ORIGIN,
        user: alice,
        by: device_of(alice),
        change: UserChange::Display(Some(invisible)),
    };
    desk.write(write);
    let desk = desk.reopen();
    assert_eq!(shown(&desk), [(alice, "alice".to_owned(), text.to_owned())]);
}

#[test]
fn a_display_name_cannot_imitate_another_users_name() {
    let mut desk = Desk::new();
    let (alice, mallory) = (desk.register("alice"), desk.register("mallory"));
    // As it is, in capitals, with a capital i, in Cyrillic, full width, and dressed up.
    for text in [
        "alice",
        "ALICE",
        "aIice",
        "аlісе",
        "ａｌｉｃｅ",
        "@alice",
        "~ Alice! ~",
    ] {
        let refused = call(&mut desk, mallory, Some(text));
        assert_eq!(refused, Err(RequestError::Invalid), "{text}");
    }
    assert_eq!(shown(&desk), []);
    // Her own name is hers, and part of a longer one is no name.
    assert!(call(&mut desk, alice, Some("Alice")).is_ok());
    assert!(call(&mut desk, mallory, Some("Alice Cooper")).is_ok());
    assert!(call(&mut desk, mallory, Some("🐇")).is_ok());
}

#[test]
fn a_name_that_is_taken_later_hides_what_looks_like_it() {
    let mut desk = Desk::new();
    let mallory = desk.register("mallory");
    call(&mut desk, mallory, Some("Alice")).unwrap();
    assert_eq!(shown(&desk).len(), 1);
    desk.register("alice");
    assert_eq!(shown(&desk), []);
}

#[test]
fn a_removed_user_is_called_nothing() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    call(&mut desk, alice, Some("Wonder")).unwrap();
    desk.change(AdminChange::Remove(name("alice"))).unwrap();
    assert_eq!(shown(&desk), []);
}

#[test]
fn an_offline_user_gets_heads_with_changed_display_names() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    desk.say(alice, bob, 1, "hello");
    let heads = |desk: &mut Desk, since: u64| {
        let read = Read::Heads {
            session: SESSION,
            user: bob,
            since: Some(recado_shared::Stamp(since)),
        };
        match desk.read(read) {
            ReadResult::Heads { heads, stamp, .. } => (heads.len(), stamp.0),
            other @ (ReadResult::Agreed { .. } | ReadResult::Answer { .. }) => {
                panic!("no heads: {other:?}")
            }
        }
    };
    let (_, before) = heads(&mut desk, 0);
    assert_eq!(heads(&mut desk, before).0, 0);
    call(&mut desk, alice, Some("Wonder")).unwrap();
    assert_eq!(heads(&mut desk, before).0, 1);
}
