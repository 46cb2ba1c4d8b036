//! Tests of settings: last value, order of changes, and limits.

use recado_shared::limits::{MAX_BODY_LEN, MAX_PAGE_LEN, MAX_SETTINGS};
use recado_shared::{
    DraftText, Limit, NotificationLevel, RequestError, RoomId, Setting, Stamp, codec,
};

use super::*;

fn set(desk: &mut Desk, user: UserId, setting: &Setting) -> Result<Stamp, RequestError> {
    let write = Write::User {
        origin: ORIGIN,
        user,
        by: device_of(user),
        change: UserChange::Set(setting.clone()),
    };
    let WriteResult::User { result, stamp, .. } = desk.write(write) else {
        panic!("a change of a person is answered by one");
    };
    if let Ok(changed) = &result {
        assert_eq!(*changed, UserOutcome::Set(setting.clone()));
    }
    result.map(|_| stamp)
}

fn settings(desk: &mut Desk, user: UserId, after: Stamp) -> (Vec<Setting>, Stamp, bool) {
    match desk.query(user, Query::Settings { after }) {
        Answer::Settings {
            settings,
            stamp,
            more,
        } => (settings, stamp, more),
        other => panic!("no settings: {other:?}"),
    }
}

fn room(number: usize) -> ConversationId {
    ConversationId::Room(RoomId(number.try_into().unwrap()))
}

fn favourite(number: usize, is_on: bool) -> Setting {
    Setting::Favourite {
        conversation: room(number),
        is_on,
    }
}

fn draft(number: usize, text: &str) -> Setting {
    Setting::Draft {
        conversation: room(number),
        text: DraftText::new(text).unwrap(),
    }
}

#[test]
fn the_last_value_holds_for_its_user_and_after_a_restart() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let first = set(&mut desk, alice, &draft(1, "hel")).unwrap();
    let ask = Setting::FirstContact { ask: true };
    let second = set(&mut desk, alice, &ask).unwrap();
    let third = set(&mut desk, alice, &draft(1, "hello")).unwrap();
    assert!(first < second && second < third);

    let mut desk = desk.reopen();
    let both = (vec![ask, draft(1, "hello")], third, false);
    assert_eq!(settings(&mut desk, alice, Stamp(0)), both);
    assert_eq!(settings(&mut desk, alice, first), both);
    // Given out by data that a backup has replaced.
    let never_given = Stamp(third.0 + 50);
    assert_eq!(settings(&mut desk, alice, never_given), both);
    let newest = (vec![draft(1, "hello")], third, false);
    assert_eq!(settings(&mut desk, alice, second), newest);
    let none = (Vec::new(), third, false);
    assert_eq!(settings(&mut desk, alice, third), none);
    let none = (Vec::new(), Stamp(0), false);
    assert_eq!(settings(&mut desk, bob, Stamp(0)), none);
}

#[test]
fn long_settings_come_in_pages() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let text = "x".repeat(MAX_BODY_LEN);
    let drafts: Vec<_> = (1..=10).map(|number| draft(number, &text)).collect();
    for draft in &drafts {
        set(&mut desk, alice, draft).unwrap();
    }
    let (mut found, mut after, mut pages) = (Vec::new(), Stamp(0), 0);
    loop {
        let (page, last, more) = settings(&mut desk, alice, after);
        let len: usize = page
            .iter()
            .map(|one| codec::encode(one).unwrap().len())
            .sum();
        assert!(len <= MAX_PAGE_LEN && !page.is_empty(), "{len} bytes");
        found.extend(page);
        (after, pages) = (last, pages + 1);
        if !more {
            break;
        }
    }
    assert_eq!((found, pages), (drafts, 4));
}

#[test]
fn what_says_nothing_makes_room() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let fill = |number| Write::User {
        origin: ORIGIN,
        user: alice,
        by: device_of(alice),
        change: UserChange::Set(favourite(number, true)),
    };
    let all: Vec<_> = (0..MAX_SETTINGS).map(fill).collect();
    desk.writer.commit(&all).unwrap();

    let one_more = favourite(MAX_SETTINGS, true);
    let refused = Err(RequestError::Limit(Limit::Settings));
    assert_eq!(set(&mut desk, alice, &one_more), refused);
    // Another user has room, and so has a new value of what is there, and one that says nothing.
    let bob = desk.register("bob");
    set(&mut desk, bob, &one_more).unwrap();
    let nothing = Setting::NotificationLevel {
        conversation: room(1),
        level: NotificationLevel::All,
    };
    set(&mut desk, alice, &nothing).unwrap();
    set(&mut desk, alice, &favourite(7, false)).unwrap();
    let second = set(&mut desk, alice, &favourite(8, false)).unwrap();
    let third = set(&mut desk, alice, &one_more).unwrap();
    let kept = (vec![favourite(8, false), one_more], third, false);
    assert_eq!(settings(&mut desk, alice, Stamp(second.0 - 1)), kept);
    let (before, ..) = settings(&mut desk, alice, Stamp(0));
    assert!(!before.contains(&favourite(7, false)));
}

#[test]
fn blocks_are_there_at_the_next_start() {
    let mut desk = Desk::new();
    let (alice, bob, carol) = (
        desk.register("alice"),
        desk.register("bob"),
        desk.register("carol"),
    );
    let block = |user, is_on| Setting::Blocked { user, is_on };
    set(&mut desk, alice, &block(bob, true)).unwrap();
    set(&mut desk, alice, &block(carol, true)).unwrap();
    set(&mut desk, carol, &block(bob, true)).unwrap();
    set(&mut desk, alice, &block(carol, false)).unwrap();
    set(&mut desk, alice, &favourite(1, true)).unwrap();
    let desk = desk.reopen();
    let memberships = desk.writer.memberships().unwrap();
    assert_eq!(memberships.blocks, [(alice, bob), (carol, bob)]);
    assert_eq!(memberships.closed, []);
}

#[test]
fn only_others_who_are_there_can_be_blocked() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let block = |user| Setting::Blocked { user, is_on: true };
    set(&mut desk, alice, &block(bob)).unwrap();
    assert_eq!(
        set(&mut desk, alice, &block(alice)),
        Err(RequestError::Invalid)
    );
    let unknown = set(&mut desk, alice, &block(UserId(99)));
    assert_eq!(unknown, Err(RequestError::UnknownUser));
}

#[test]
fn a_removed_user_leaves_no_setting() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    for setting in [
        draft(1, "a secret"),
        Setting::Blocked {
            user: bob,
            is_on: true,
        },
    ] {
        set(&mut desk, alice, &setting).unwrap();
    }
    desk.change(AdminChange::Remove(name("alice"))).unwrap();
    assert_eq!(settings(&mut desk, alice, Stamp(0)).0, []);
    let memberships = desk.writer.memberships().unwrap();
    assert_eq!(
        (memberships.blocks, memberships.closed),
        (vec![], vec![alice])
    );
}
