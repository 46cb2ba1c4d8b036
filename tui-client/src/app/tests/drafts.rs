use recado_shared::{Answer, DraftText, ServerFrame, Setting, Stamp};

use super::support::*;
use crate::app::Effect;
use crate::app::chats::drafts::{SHARE_AFTER, WRITING_PAUSE};
use crate::store::{StoreWrite, StoredSetting};

fn draft(text: &str) -> Setting {
    Setting::Draft {
        conversation: with(BOB),
        text: DraftText::new(text).unwrap(),
    }
}

/// A connected client with the conversation with bob open and this draft agreed.
fn writing(text: &str) -> Client {
    let mut snapshot = snapshot(vec![
        stored(BOB, entries(1..=1, BOB), 1),
        stored(CAROL, entries(1..=1, CAROL), 1),
    ]);
    snapshot.open = Some(with(BOB));
    snapshot.drafts = vec![(with(BOB), text.to_owned())];
    snapshot.settings = vec![StoredSetting {
        setting: draft(text),
        is_unsent: false,
    }];
    let mut client = Client::new(snapshot);
    client.connect_with(vec![head(BOB, 1, 1, 0), head(CAROL, 1, 1, 0)], vec![]);
    client
}

/// Another device has another text.
fn elsewhere(client: &mut Client, text: &str, stamp: u64) -> Vec<Effect> {
    let setting = draft(text);
    let stamp = Stamp(stamp);
    client.frame(ServerFrame::Setting { setting, stamp })
}

fn drafts(effects: &[Effect]) -> Vec<Setting> {
    sets(effects)
        .into_iter()
        .map(|(_, setting)| setting)
        .collect()
}

#[test]
fn a_text_goes_out_a_moment_after_the_first_change() {
    let mut client = writing("");
    assert_eq!(drafts(&client.type_text("half a")), []);
    client.pass(SHARE_AFTER / 2);
    assert_eq!(drafts(&client.type_text(" sentence")), []);
    let effects = client.pass(SHARE_AFTER / 2);
    assert_eq!(drafts(&effects), [draft("half a sentence")]);
}

#[test]
fn leaving_the_conversation_or_the_program_does_not_wait() {
    let mut client = writing("");
    client.type_text("later");
    assert_eq!(drafts(&client.keys("alt-2")), [draft("later")]);
    let mut client = writing("");
    client.type_text("later");
    let effects = client.keys("ctrl-q");
    assert_eq!(drafts(&effects), [draft("later")]);
    assert!(saved(&effects).contains(&StoreWrite::UnsentSetting(draft("later"))));
}

#[test]
fn what_is_sent_is_no_draft_elsewhere_any_more() {
    let mut client = writing("");
    client.type_text("hello");
    let number = sets(&client.pass(SHARE_AFTER))[0].0;
    client.answer(number, Answer::Done);
    let effects = client.keys("enter");
    assert_eq!(texts(&effects), ["hello"]);
    assert_eq!(drafts(&effects), [draft("")]);
    assert_eq!(
        drafts(&client.say("quick")),
        [],
        "no other device heard of it"
    );
}

#[test]
fn a_text_of_another_device_comes_into_an_idle_composer_and_can_be_undone() {
    let mut client = writing("old");
    client.keys("alt-2");
    let effects = elsewhere(&mut client, "new", 2);
    assert_eq!(drafts(&effects), [], "it does not go back");
    client.keys("alt-1");
    assert_eq!(client.composer(), "new");
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "old");
}

#[test]
fn what_is_being_written_is_not_touched() {
    let mut client = writing("mine");
    client.type_text("?");
    client.keys("backspace");
    elsewhere(&mut client, "theirs", 2);
    client.pass(WRITING_PAUSE / 2);
    assert_eq!(client.composer(), "mine");
    client.type_text("!");
    client.pass(WRITING_PAUSE);
    assert_eq!(client.composer(), "mine!");
    assert_eq!(drafts(&client.keys("alt-2")), []);
    client.keys("alt-1");
    assert_eq!(client.composer(), "mine!");
}

#[test]
fn what_was_only_looked_at_goes_where_it_is_taken_away_elsewhere() {
    let mut client = writing("sent from the phone");
    client.pass(WRITING_PAUSE);
    elsewhere(&mut client, "", 2);
    assert_eq!(client.composer(), "");
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "sent from the phone");
}

#[test]
fn it_comes_when_the_composer_is_left() {
    let mut client = writing("mine");
    elsewhere(&mut client, "", 2);
    assert_eq!(client.composer(), "mine");
    client.keys("alt-2");
    client.keys("alt-1");
    assert_eq!(client.composer(), "");
}

#[test]
fn an_empty_composer_before_a_person_fills_only_after_a_pause() {
    let mut client = writing("");
    client.keys("esc");
    elsewhere(&mut client, "from the laptop", 2);
    assert_eq!(client.composer(), "");
    client.pass(WRITING_PAUSE / 2);
    assert_eq!(client.composer(), "");
    let due = client.app.next_deadline().unwrap();
    assert_eq!(due, client.now.instant + WRITING_PAUSE / 2);
    client.pass(WRITING_PAUSE / 2);
    assert_eq!(client.composer(), "from the laptop");
}

#[test]
fn a_text_that_the_other_device_never_saw_is_kept() {
    let mut client = writing("");
    client.type_text("written here");
    client.handle(offline());
    client.keys("alt-2");
    client.connect_with(vec![], vec![draft("written there")]);
    client.keys("alt-1");
    assert_eq!(client.composer(), "written here");
}

#[test]
fn after_a_start_the_later_text_holds() {
    let mut snapshot = snapshot(vec![stored(BOB, entries(1..=1, BOB), 1)]);
    snapshot.drafts = vec![(with(BOB), "newer".to_owned())];
    let setting = draft("older");
    let is_unsent = true;
    snapshot.settings = vec![StoredSetting { setting, is_unsent }];
    let mut client = Client::new(snapshot);
    client.connect_with(vec![head(BOB, 1, 1, 0)], vec![draft("elsewhere")]);
    client.keys("alt-1");
    assert_eq!(client.composer(), "newer");
}

#[test]
fn while_a_message_is_edited_nothing_comes_and_nothing_is_waited_for() {
    let mut client = writing("");
    client.entry(BOB, entry(2, ME));
    client.keys("up e ctrl-u");
    elsewhere(&mut client, "from the laptop", 2);
    client.pass(2 * WRITING_PAUSE);
    assert_eq!(client.composer(), "");
    let due = client.app.next_deadline();
    assert!(due.is_none_or(|due| due > client.now.instant), "{due:?}");
    client.keys("esc alt-2");
    client.keys("alt-1");
    assert_eq!(client.composer(), "from the laptop");
}

#[test]
fn what_is_typed_and_taken_back_undoes_nothing_elsewhere() {
    let mut client = writing("");
    client.type_text("x");
    elsewhere(&mut client, "from the laptop", 2);
    client.keys("backspace");
    assert_eq!(drafts(&client.pass(SHARE_AFTER)), []);
    client.pass(WRITING_PAUSE);
    assert_eq!(client.composer(), "from the laptop");
}
