use std::time::Duration;

use recado_shared::{
    Answer, ClientFrame, ConversationId, Entry, LogId, PageRange, RequestError, RequestNumber,
    RoomEvent, Seq, ServerFrame, Timestamp,
};

use super::commands::requests;
use super::support::*;
use crate::app::chats::settings::PAUSE;
use crate::app::screen::{Focus, ItemId, Mark, MessageView};
use crate::app::session::sending::MAX_APPENDS;
use crate::app::{ClickTarget, Effect, Event, Scroll};
use crate::store::{Pending, PendingState, StoreWrite};

fn accepted(seq: u64) -> Answer {
    Answer::Accepted {
        seq: Seq(seq),
        time: Timestamp(5),
    }
}

fn refused(number: RequestNumber, error: RequestError) -> ServerFrame {
    let result = Err(error);
    ServerFrame::Answer { number, result }
}

#[test]
fn a_message_confirmed_at_the_place_of_another_is_kept_and_reported() {
    let mut client = Client::talking(2);
    let [(number, ..)] = appends(&client.say("hello"))[..] else {
        panic!("one append is sent");
    };
    let effects = client.answer(number, accepted(2));
    let reported = "The server confirmed your message at a place that another message has";
    let [
        StoreWrite::SetPending {
            state: PendingState::Failed(why),
            ..
        },
    ] = &saved(&effects)[..]
    else {
        panic!("{effects:?}");
    };
    assert!(why.starts_with(reported), "{why}");
    assert!(client.items().contains(&"hello failed".to_owned()));
    assert!(client.message().starts_with(reported));
}

#[test]
fn enter_saves_then_sends_and_acceptance_gives_the_place() {
    let mut client = Client::talking(2);
    client.type_text("hello");
    let effects = client.keys("enter");
    let [
        Effect::Save(StoreWrite::Queue(pending)),
        Effect::Scroll(Scroll::Newest),
        Effect::Send(_),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(pending.conversation, with(BOB));
    assert_eq!(pending.state, PendingState::Waiting);
    let [(number, id, conversation, text)] = &appends(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(
        (*id, *conversation, text.as_str()),
        (pending.id, with(BOB), "hello")
    );
    assert_eq!(client.items(), ["m1", "m2", "hello waiting"]);
    assert_eq!(client.composer(), "");

    let effects = client.answer(*number, accepted(3));
    let [
        StoreWrite::Entries {
            entries,
            held: runs,
            settled,
            ..
        },
    ] = &saved(&effects)[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(
        entries[0],
        Entry {
            id: *id,
            content: body("hello"),
            time: Timestamp(5),
            ..entry(3, ME)
        }
    );
    assert_eq!((&runs[..], &settled[..]), (&[held(1, 3)][..], &[*id][..]));
    assert_eq!(client.items(), ["m1", "m2", "hello accepted"]);
    assert_eq!(client.app.screen(client.now).waiting, 0);
}

#[test]
fn marks_follow_the_cursors_of_the_other_person() {
    let mut client = Client::talking(0);
    let number = appends(&client.say("hello"))[0].0;
    client.answer(number, accepted(1));
    for (delivered, read, mark) in [(1, 0, "hello delivered"), (1, 1, "hello read")] {
        client.frame(ServerFrame::Cursors {
            conversation: with(BOB),
            cursors: cursors(BOB, delivered, read),
        });
        assert_eq!(client.items(), [mark]);
    }
}

#[test]
fn what_is_typed_offline_goes_out_after_the_welcome_in_order() {
    let mut client = Client::talking(0);
    client.handle(offline());
    for text in ["one", "two", "three"] {
        assert_eq!(sent(&client.say(text)), []);
    }
    assert_eq!(client.app.screen(client.now).waiting, 3);
    assert_eq!(texts(&client.handle(welcome(LOG))), ["one", "two", "three"]);
}

#[test]
fn the_unanswered_are_sent_again_with_the_same_ids_in_order() {
    let mut client = Client::talking(0);
    let mut first = Vec::new();
    for text in ["one", "two", "three"] {
        first.extend(appends(&client.say(text)));
    }
    client.answer(first[0].0, accepted(1));
    client.handle(offline());
    let again = appends(&client.handle(welcome(LOG)));
    let ids = |appends: &[(RequestNumber, _, ConversationId, String)]| {
        appends.iter().map(|(_, id, _, _)| *id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&again), ids(&first[1..]));
    // An answer of the session that ended means nothing in this one.
    client.answer(first[1].0, accepted(9));
    assert_eq!(client.app.screen(client.now).waiting, 2);
    client.answer(again[0].0, accepted(2));
    client.answer(again[1].0, accepted(3));
    assert_eq!(
        client.items(),
        ["one accepted", "two accepted", "three accepted"]
    );
}

#[test]
fn only_so_many_appends_are_on_their_way() {
    let mut client = Client::talking(0);
    client.handle(offline());
    for n in 0..MAX_APPENDS + 3 {
        client.say(&format!("n{n}"));
    }
    let sent = appends(&client.handle(welcome(LOG)));
    assert_eq!(sent.len(), MAX_APPENDS);
    let effects = client.answer(sent[0].0, accepted(1));
    assert_eq!(texts(&effects), [format!("n{MAX_APPENDS}")]);
}

#[test]
fn a_push_that_carries_the_own_message_settles_it() {
    let mut client = Client::talking(0);
    let (number, id, ..) = appends(&client.say("hello"))[0].clone();
    let own = Entry {
        id,
        content: body("hello"),
        ..entry(1, ME)
    };
    let effects = client.entry(BOB, own);
    let [StoreWrite::Entries { settled, .. }] = &saved(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(settled, &[id]);
    assert_eq!(client.items(), ["hello accepted"]);
    assert_eq!(client.answer(number, accepted(1)), []);
    assert_eq!(client.items(), ["hello accepted"]);
}

#[test]
fn a_page_that_carries_the_own_message_settles_it() {
    let mut client = Client::talking(1);
    let (_, id, ..) = appends(&client.say("hello"))[0].clone();
    client.handle(offline());
    let effects = client.connect(vec![head(BOB, 2, 1, 0)]);
    let (number, _, range, _) = pages(&effects)[0];
    assert_eq!(range, PageRange::Before(Seq(3)));
    let own = Entry {
        id,
        content: body("hello"),
        ..entry(2, ME)
    };
    let effects = client.page(number, vec![own], 2);
    assert!(matches!(&saved(&effects)[0], StoreWrite::Entries { settled, .. } if settled == &[id]));
    assert_eq!(client.items(), ["m1", "hello accepted"]);
}

#[test]
fn a_refused_message_fails_and_does_not_hold_up_the_next() {
    let mut client = Client::talking(0);
    let (one, id, ..) = appends(&client.say("one"))[0].clone();
    let two = appends(&client.say("two"))[0].0;
    let effects = client.frame(refused(one, RequestError::UnknownUser));
    let reason = RequestError::UnknownUser.to_string();
    let state = PendingState::Failed(reason.clone());
    assert_eq!(
        effects,
        [Effect::Save(StoreWrite::SetPending { id, state })]
    );
    client.answer(two, accepted(1));
    assert_eq!(client.items(), ["two accepted", "one failed"]);
    assert_eq!(client.app.screen(client.now).failed, 1);
    // Nothing but the user sends it again.
    client.handle(offline());
    assert_eq!(texts(&client.handle(welcome(LOG))), Vec::<String>::new());
    client.heads(vec![]);
    client.keys("up");
    let effects = client.keys("s");
    assert_eq!(texts(&effects), ["one"]);
    assert_eq!(
        saved(&effects),
        [StoreWrite::SetPending {
            id,
            state: PendingState::Waiting
        }]
    );
}

#[test]
fn what_the_server_cannot_store_now_waits_and_goes_out_later() {
    let mut client = Client::talking(0);
    let number = appends(&client.say("one"))[0].0;
    let effects = client.frame(refused(number, RequestError::Unavailable));
    assert_eq!(texts(&effects), Vec::<String>::new());
    assert_eq!(client.items(), ["one waiting"]);
    assert_eq!(texts(&client.say("two")), Vec::<String>::new());
    assert!(client.app.next_deadline().unwrap() <= client.now.instant + PAUSE);
    assert_eq!(texts(&client.pass(PAUSE)), ["one", "two"]);
}

#[test]
fn a_waiting_message_is_taken_back_into_the_composer() {
    let mut client = Client::talking(0);
    client.handle(offline());
    client.say("helo");
    client.keys("up");
    let Focus::Selection(ItemId::Pending(id)) = client.app.screen(client.now).focus else {
        panic!("the message is selected");
    };
    let effects = client.keys("t");
    let draft = "helo".to_owned();
    let conversation = with(BOB);
    assert_eq!(
        saved(&effects),
        [StoreWrite::TakeBack {
            id,
            conversation,
            draft
        }]
    );
    assert_eq!(client.composer(), "helo");
    assert_eq!(texts(&client.handle(welcome(LOG))), Vec::<String>::new());
}

#[test]
fn a_message_on_its_way_is_not_taken_back() {
    let mut client = Client::talking(0);
    client.say("hello");
    client.keys("up t t");
    assert_eq!(client.items(), ["hello waiting"]);
    assert!(client.message().contains("being sent"));
}

#[test]
fn a_message_that_may_have_arrived_is_taken_back_only_on_a_second_word() {
    let mut client = Client::talking(0);
    client.say("hello");
    client.handle(offline());
    client.keys("up t");
    assert_eq!(client.items(), ["hello waiting"]);
    assert!(client.message().contains("may have arrived"));
    client.keys("t");
    assert_eq!(client.items(), [""; 0]);
    assert_eq!(client.composer(), "hello");
}

#[test]
fn a_message_of_an_earlier_run_may_have_arrived() {
    let mut client = Client::talking(0);
    client.handle(offline());
    let effects = client.say("hello");
    let pending = saved(&effects).into_iter().find_map(|save| match save {
        StoreWrite::Queue(pending) => Some(pending),
        _ => None,
    });
    let mut stored = snapshot(vec![stored(BOB, Vec::new(), 0)]);
    stored.outbox = vec![pending.unwrap()];
    stored.open = Some(with(BOB));
    let mut client = Client::new(stored);
    client.keys("up t");
    assert_eq!(client.items(), ["hello waiting"]);
    assert!(client.message().contains("may have arrived"));
}

#[test]
fn text_that_cannot_be_sent_stays_and_says_why() {
    let mut client = Client::talking(0);
    let long = "x".repeat(recado_shared::limits::MAX_BODY_LEN + 1);
    client.handle(Event::Paste(long.clone()));
    assert_eq!(texts(&client.keys("enter")), Vec::<String>::new());
    assert_eq!(client.composer(), long);
    assert!(client.message().contains("send it in parts"));
    let mut client = Client::talking(0);
    assert_eq!(client.say("  "), []);
    assert_eq!(client.items(), Vec::<String>::new());
}

/// A client with a failed message between bob's entries 1 and 2.
fn with_failed() -> Client {
    let mut client = Client::talking(1);
    client.pass(Duration::from_secs(5));
    let number = appends(&client.say("oops"))[0].0;
    client.frame(refused(number, RequestError::NotAccepting));
    let mut later = entry(2, BOB);
    later.time = Timestamp(client.now.wall.0 + 1_000);
    client.entry(BOB, later);
    client
}

#[test]
fn a_change_in_a_room_that_was_closed_meanwhile_says_so_and_is_not_offered() {
    let mut client = Client::in_room(0);
    client.room_entry(entry(1, BOB));
    let number = requests(&client.say("/react 👍"))[0].0;
    client.room_entry(event(2, BOB, RoomEvent::Closed));
    client.frame(refused(number, RequestError::UnknownRoom));
    let why = "#lobby was closed. Nothing can be sent there any more";
    assert!(client.message().starts_with(why), "{}", client.message());
    client.keys("ctrl-u ctrl-up");
    let hints = client.app.screen(client.now).hints;
    let hints: Vec<_> = hints.into_iter().map(|(_, does)| does).collect();
    assert_eq!(hints, ["copy", "write"]);
}

#[test]
fn a_join_that_is_refused_says_the_reason_of_the_server() {
    let mut client = Client::in_room(0);
    client.room_entry(event(1, ME, RoomEvent::Left));
    let number = requests(&client.say("/join"))[0].0;
    client.frame(refused(number, RequestError::UnknownRoom));
    assert_eq!(
        client.message(),
        "Cannot join the room: no such room, or you have no access to it"
    );
}

#[test]
fn a_message_to_a_room_that_was_closed_meanwhile_says_so() {
    let mut client = Client::in_room(0);
    let (number, id, ..) = appends(&client.say("anyone?"))[0];
    client.room_entry(event(1, BOB, RoomEvent::Closed));
    let effects = client.frame(refused(number, RequestError::UnknownRoom));
    let why = "#lobby was closed. Nothing can be sent there any more";
    let state = PendingState::Failed(why.to_owned());
    assert_eq!(saved(&effects), [StoreWrite::SetPending { id, state }]);
}

#[test]
fn a_failed_message_keeps_its_place_in_time() {
    let mut client = with_failed();
    assert_eq!(client.items(), ["m1", "oops failed", "m2"]);
    client.handle(offline());
    client.say("waits");
    assert_eq!(client.items(), ["m1", "oops failed", "m2", "waits waiting"]);
    // The selection goes through the messages in this order.
    let mut focuses = Vec::new();
    for _ in 0..4 {
        client.keys("ctrl-up");
        focuses.push(client.app.screen(client.now).focus);
    }
    let is_pending = |focus: &Focus| matches!(focus, Focus::Selection(ItemId::Pending(_)));
    let pending: Vec<_> = focuses.iter().map(is_pending).collect();
    assert_eq!(pending, [true, false, true, false]);
    client.keys("down");
    assert!(is_pending(&client.app.screen(client.now).focus));
}

#[test]
fn a_failed_message_is_sent_again_removed_or_edited() {
    let mut client = with_failed();
    client.keys("up up");
    assert_eq!(texts(&client.keys("s")), ["oops"]);

    let mut client = with_failed();
    client.keys("up up");
    assert_eq!(texts(&client.keys("d")), [""; 0]);
    assert_eq!(client.items(), ["m1", "m2"]);
    assert_eq!(client.message(), "Removed. Undo brings the text back");
    client.keys("ctrl-_");
    assert_eq!(client.composer(), "oops");

    let mut client = with_failed();
    client.keys("up up e");
    assert_eq!(
        (client.items().len(), client.composer()),
        (2, "oops".to_owned())
    );
}

#[test]
fn blank_lines_around_a_message_are_not_sent() {
    for (typed, sent) in [
        ("\n\n  \nhello\n \n", "hello"),
        ("\n   /\\_/\\\n  ( o.o )\n\n", "   /\\_/\\\n  ( o.o )"),
        (
            "  indented\n\nafter a blank line",
            "  indented\n\nafter a blank line",
        ),
        ("\u{2028}\u{a0}\u{2028}text", "text"),
        ("\n//slash", "/slash"),
    ] {
        let mut client = Client::talking(0);
        assert_eq!(texts(&client.paste_and_send(typed)), [sent], "{typed:?}");
        assert_eq!(client.composer(), "");
    }
    let mut client = Client::talking(0);
    let effects = client.paste_and_send("/msg bob\n\n   /\\_/\\\n  ( o.o )\n");
    assert_eq!(texts(&effects), ["   /\\_/\\\n  ( o.o )"]);
    let effects = client.paste_and_send("\n/msg bob   hello");
    assert_eq!(texts(&effects), ["hello"]);
}

#[test]
fn a_paste_is_one_message() {
    let mut client = Client::talking(0);
    client.handle(Event::Paste("a\rb\r\nc".to_owned()));
    assert_eq!(texts(&client.keys("enter")), ["a\nb\nc"]);
}

#[test]
fn a_first_message_can_be_written_offline() {
    let mut client = Client::connected(vec![]);
    client.handle(offline());
    client.keys("alt-2");
    assert_eq!(client.open(), with(CAROL));
    let effects = client.say("hi carol");
    assert!(
        matches!(&saved(&effects)[..], [.., StoreWrite::Queue(p)] if p.conversation == with(CAROL))
    );
    let effects = client.handle(welcome(LOG));
    assert_eq!(appends(&effects)[0].2, with(CAROL));
}

#[test]
fn the_outbox_of_an_earlier_run_goes_out_before_what_is_new() {
    let mut old = Client::talking(0);
    old.handle(offline());
    let effects = old.say("old");
    let StoreWrite::Queue(pending) = &saved(&effects)[0] else {
        panic!("{effects:?}");
    };
    let mut snapshot = snapshot(vec![stored(BOB, vec![], 0)]);
    snapshot.outbox = vec![pending.clone()];
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    // The wall clock went back meanwhile.
    client.now.wall = Timestamp(1_000);
    client.say("new");
    assert_eq!(texts(&client.handle(welcome(LOG))), ["old", "new"]);
}

#[test]
fn after_the_servers_data_was_replaced_nothing_goes_out_by_itself() {
    let mut client = Client::talking(3);
    client.handle(offline());
    client.say("for bob only");
    client.type_text("draft");
    let effects = client.handle(welcome(LogId([8; 16])));
    assert_eq!(texts(&effects), Vec::<String>::new());
    let is_failing = |save: &StoreWrite| {
        matches!(
            save,
            StoreWrite::SetPending {
                state: PendingState::Failed(_),
                ..
            }
        )
    };
    assert!(saved(&effects).iter().any(is_failing), "{effects:?}");
    assert_eq!(client.app.known_state().since, None);
    assert_eq!(client.items(), ["for bob only failed"]);
    assert_eq!(client.composer(), "draft");
    assert!(client.message().contains("Check the recipient"));
}

#[test]
fn what_failed_with_the_replaced_data_can_be_found_in_the_list() {
    let mut client = Client::talking(3);
    client.handle(offline());
    client.say("for bob only");
    client.handle(Event::Click(ClickTarget::Contact(with(CAROL))));
    client.handle(welcome(LogId([8; 16])));
    let failed = client.rows().into_iter().filter(|row| row.has_failed);
    assert_eq!(
        failed.map(|row| row.conversation).collect::<Vec<_>>(),
        [with(BOB)]
    );
}

#[test]
fn typing_is_hinted_at_most_once_an_interval() {
    let mut client = Client::talking(0);
    let hint = ClientFrame::Typing(with(BOB));
    assert_eq!(sent(&client.type_text("hel")), std::slice::from_ref(&hint));
    client.pass(Duration::from_secs(3));
    assert_eq!(sent(&client.type_text("lo")), [hint]);
    let mut client = Client::talking(0);
    assert_eq!(sent(&client.type_text("/me")), []);
    client.handle(offline());
    assert_eq!(sent(&client.type_text("x")), []);
}

#[test]
fn a_full_outbox_keeps_the_text_in_the_composer() {
    let mut snapshot = snapshot(vec![stored(BOB, vec![], 0)]);
    let pending = |n: u64| Pending {
        id: entry(n, ME).id,
        conversation: with(BOB),
        content: recado_shared::Content::Message(recado_shared::MessageBody::new("x").unwrap()),
        typed: Timestamp(n),
        state: PendingState::Waiting,
    };
    snapshot.outbox = (0..1_000).map(pending).collect();
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    client.say("one more");
    assert_eq!(client.composer(), "one more");
    assert!(
        client.message().contains("1000 messages are queued"),
        "{}",
        client.message()
    );
}

#[test]
fn a_note_to_oneself_arrives_like_any_message() {
    let mut client = Client::connected(vec![head(ME, 1, 0, 0)]);
    client.handle(Event::Click(ClickTarget::Contact(with(ME))));
    let number = appends(&client.say("milk"))[0].0;
    client.answer(number, accepted(2));
    assert_eq!(client.unread(ME), 0);
    let screen = client.app.screen(client.now);
    let open = screen.conversation.unwrap();
    assert_eq!(open.title, "alice");
    assert!(matches!(
        open.items.last(),
        Some(crate::app::screen::Item::Message(MessageView {
            mark: Some(Mark::Accepted),
            ..
        }))
    ));
}
