use recado_shared::{
    Answer, Limit, NotificationLevel, RequestError, RequestNumber, ServerFrame, Setting,
    SettingKey, Stamp,
};

use super::support::*;
use crate::app::chats::settings::PAUSE;
use crate::app::screen::Section;
use crate::store::{Snapshot, StoreWrite, StoredSetting};

fn favourite(is_on: bool) -> Setting {
    let conversation = with(BOB);
    Setting::Favourite {
        conversation,
        is_on,
    }
}

fn level(level: NotificationLevel) -> Setting {
    let conversation = with(BOB);
    Setting::NotificationLevel {
        conversation,
        level,
    }
}

/// A client that has the conversation with bob open and is not connected.
fn offline_with(settings: Vec<StoredSetting>, stamp: Stamp) -> Client {
    Client::new(Snapshot {
        open: Some(with(BOB)),
        settings,
        settings_stamp: stamp,
        ..snapshot(vec![stored(BOB, entries(1..=1, BOB), 1)])
    })
}

fn is_favourite(client: &Client) -> bool {
    let mut rows = client.rows().into_iter();
    let row = rows.find(|r| r.conversation == with(BOB));
    row.is_some_and(|row| row.is_favourite && row.section == Section::Favourites)
}

fn notification_level(client: &Client) -> NotificationLevel {
    let screen = client.app.screen(client.now);
    screen.conversation.expect("one is open").notification_level
}

fn refuse(client: &mut Client, number: RequestNumber, error: RequestError) {
    let result = Err(error);
    client.frame(ServerFrame::Answer { number, result });
}

fn page(settings: Vec<Setting>, stamp: u64, more: bool) -> Answer {
    let stamp = Stamp(stamp);
    Answer::Settings {
        settings,
        stamp,
        more,
    }
}

#[test]
fn a_change_applies_at_once_and_is_sent_until_the_server_has_it() {
    let mut client = offline_with(vec![], Stamp(0));
    let effects = client.say("/fav");
    assert!(saved(&effects).contains(&StoreWrite::UnsentSetting(favourite(true))));
    assert!(is_favourite(&client));
    assert_eq!(client.message(), "Added to favourites");
    for _ in 0..2 {
        let effects = client.connect_with(vec![], vec![]);
        assert_eq!(sets(&effects)[0].1, favourite(true));
        client.handle(offline());
    }
    let effects = client.connect_with(vec![], vec![]);
    let effects = client.answer(sets(&effects)[0].0, Answer::Done);
    let key = SettingKey::Favourite(with(BOB));
    assert_eq!(saved(&effects), [StoreWrite::SentSetting(key)]);
    client.handle(offline());
    assert_eq!(sets(&client.connect_with(vec![], vec![])), []);
    assert!(is_favourite(&client));
}

#[test]
fn what_waits_in_the_store_is_sent_and_nothing_else() {
    let stored = |setting, is_unsent| StoredSetting { setting, is_unsent };
    let settings = vec![
        stored(favourite(true), false),
        stored(level(NotificationLevel::Nothing), true),
    ];
    let mut client = offline_with(settings, Stamp(7));
    assert!(is_favourite(&client));
    assert_eq!(notification_level(&client), NotificationLevel::Nothing);
    let effects = client.connect(vec![]);
    assert_eq!(sets(&effects), [], "what changed elsewhere comes first");
    let (number, after) = pulls(&effects)[0];
    assert_eq!(after, Stamp(7));
    let effects = client.answer(number, page(vec![], 7, false));
    assert_eq!(sets(&effects).len(), 1);
    assert_eq!(sets(&effects)[0].1, level(NotificationLevel::Nothing));
}

#[test]
fn a_newer_change_here_wins_over_an_older_answer_and_page() {
    let mut client = offline_with(vec![], Stamp(0));
    client.say("/notify mentions");
    let effects = client.connect_with(vec![], vec![level(NotificationLevel::Nothing)]);
    assert_eq!(notification_level(&client), NotificationLevel::Mentions);
    let first = sets(&effects)[0].0;
    let effects = client.say("/notify nothing");
    assert_eq!(sets(&effects), [], "one change of a setting at a time");
    let effects = client.answer(first, Answer::Done);
    assert_eq!(notification_level(&client), NotificationLevel::Nothing);
    let is_sent = |save: &StoreWrite| matches!(save, StoreWrite::SentSetting(_));
    assert!(!saved(&effects).iter().any(is_sent));
    let again = sets(&effects);
    assert_eq!(again[0].1, level(NotificationLevel::Nothing));
    let setting = level(NotificationLevel::All);
    let stamp = Stamp(9);
    client.frame(ServerFrame::Setting { setting, stamp });
    assert_eq!(notification_level(&client), NotificationLevel::Nothing);
    let effects = client.answer(again[0].0, Answer::Done);
    assert!(saved(&effects).iter().any(is_sent));
}

#[test]
fn changes_are_pulled_page_by_page() {
    let mut client = offline_with(vec![], Stamp(3));
    let number = pulls(&client.connect(vec![]))[0].0;
    let effects = client.answer(number, page(vec![favourite(true)], 5, true));
    let stamp = Some(Stamp(5));
    let settings = vec![favourite(true)];
    assert!(saved(&effects).contains(&StoreWrite::Settings { settings, stamp }));
    let (number, after) = pulls(&effects)[0];
    assert_eq!(after, Stamp(5));
    let effects = client.answer(
        number,
        page(vec![level(NotificationLevel::Mentions)], 6, false),
    );
    assert_eq!(pulls(&effects), []);
    assert!(is_favourite(&client));
    assert_eq!(notification_level(&client), NotificationLevel::Mentions);
    client.handle(offline());
    assert_eq!(pulls(&client.connect(vec![]))[0].1, Stamp(6));
}

#[test]
fn a_server_that_promises_more_and_gives_nothing_is_not_asked_for_ever() {
    let mut client = offline_with(vec![], Stamp(3));
    let number = pulls(&client.connect(vec![]))[0].0;
    let effects = client.answer(number, page(vec![], 3, true));
    assert_eq!(pulls(&effects), []);
}

#[test]
fn a_change_elsewhere_applies_and_an_older_page_does_not_undo_it() {
    let mut client = offline_with(vec![], Stamp(0));
    let number = pulls(&client.connect(vec![]))[0].0;
    let setting = level(NotificationLevel::Nothing);
    let stamp = Stamp(9);
    let effects = client.frame(ServerFrame::Setting { setting, stamp });
    let settings = vec![level(NotificationLevel::Nothing)];
    let stamp = None;
    assert_eq!(saved(&effects), [StoreWrite::Settings { settings, stamp }]);
    client.answer(number, page(vec![level(NotificationLevel::All)], 8, false));
    assert_eq!(notification_level(&client), NotificationLevel::Nothing);
}

#[test]
fn what_was_left_out_is_pulled() {
    let mut client = offline_with(vec![], Stamp(0));
    client.connect_with(vec![], vec![favourite(true)]);
    let effects = client.frame(ServerFrame::Behind);
    assert_eq!(pulls(&effects)[0].1, Stamp(1));
}

#[test]
fn a_refused_change_stays_here_says_why_and_is_tried_in_the_next_session() {
    let mut client = offline_with(vec![], Stamp(0));
    client.connect_with(vec![], vec![]);
    let number = sets(&client.say("/fav"))[0].0;
    refuse(&mut client, number, RequestError::Limit(Limit::Settings));
    let message = client.message();
    assert!(
        message.starts_with("Changed on this device only: you have"),
        "{message}"
    );
    assert!(is_favourite(&client));
    assert_eq!(sets(&client.keys("esc")), []);
    client.handle(offline());
    assert_eq!(sets(&client.connect_with(vec![], vec![])).len(), 1);
}

#[test]
fn a_store_that_is_busy_is_asked_again_after_a_while() {
    let mut client = offline_with(vec![], Stamp(0));
    client.connect_with(vec![], vec![]);
    let number = sets(&client.say("/fav"))[0].0;
    refuse(&mut client, number, RequestError::Unavailable);
    assert_eq!(sets(&client.keys("esc")), []);
    let effects = client.pass(PAUSE);
    assert_eq!(sets(&effects).len(), 1);
}

#[test]
fn another_servers_settings_are_forgotten() {
    let stored = |setting, is_unsent| StoredSetting { setting, is_unsent };
    let mut client = offline_with(vec![stored(favourite(true), true)], Stamp(7));
    let effects = client.handle(welcome(recado_shared::LogId([8; 16])));
    assert_eq!(pulls(&effects)[0].1, Stamp(0));
    assert!(!is_favourite(&client));
}
