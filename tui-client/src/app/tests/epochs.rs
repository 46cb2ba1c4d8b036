//! Sessions with a server whose data may have been put back to an earlier state.

use recado_shared::{
    AgreedPage, ClientFrame, Content, Continuity, ConversationId, Entry, Epoch, EpochId,
    EpochsFrame, MessageBody, MessageId, PageRange, ProtocolVersion, Request, Seq, ServerFrame,
    Stamp, Welcome,
};

use super::support::*;
use crate::app::{Effect, Event};
use crate::net::NetEvent;
use crate::store::{LostTail, Pending, PendingState, RollBack, RolledBack, StoreWrite};

fn epochs(ids: &[u8]) -> Vec<Epoch> {
    let epoch = |&id: &u8| Epoch {
        id: EpochId([id; 8]),
        start: u64::from(id) * 10,
    };
    ids.iter().map(epoch).collect()
}

impl Client {
    fn welcome_by_epochs(&mut self, ids: &[u8], continuity: Continuity) -> Vec<Effect> {
        let Event::Net(NetEvent::Welcomed(welcome)) = welcome(LOG) else {
            panic!("a welcome");
        };
        let mut effects = self.handle(Event::Net(NetEvent::Welcomed(Welcome {
            version: ProtocolVersion::V4,
            ..welcome
        })));
        let epochs = epochs(ids);
        effects.extend(self.frame(ServerFrame::Epochs(EpochsFrame { epochs, continuity })));
        effects
    }

    fn agreed(&mut self, places: &[(ConversationId, u64)]) -> Vec<Effect> {
        let places = places.iter().map(|&(id, seq)| (id, Seq(seq))).collect();
        let is_last = true;
        self.frame(ServerFrame::Agreed(AgreedPage { places, is_last }))
    }
}

/// A client that stopped with this log of bob's and its own messages, in epoch 1.
fn away(log: Vec<Entry>) -> Client {
    let mut snapshot = snapshot(vec![stored(BOB, log, 1)]);
    snapshot.open = Some(with(BOB));
    snapshot.epochs = epochs(&[1]);
    Client::new(snapshot)
}

fn roll_backs(effects: &[Effect]) -> Vec<(u64, u64)> {
    let logs = saved(effects).into_iter().filter_map(|write| match write {
        StoreWrite::RollBack(logs) => Some(logs),
        _ => None,
    });
    logs.flatten()
        .map(|RollBack { agreed, keep, .. }| (agreed.0, keep.0))
        .collect()
}

fn ranges(effects: &[Effect]) -> Vec<PageRange> {
    pages(effects)
        .into_iter()
        .map(|(_, _, range, _)| range)
        .collect()
}

#[test]
fn what_the_server_lost_is_dropped_before_anything_is_taken_or_sent() {
    let mut client = away(entries(1..=12, BOB));
    client.say("typed while away");
    let effects = client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    assert_eq!(appends(&effects).len(), 0);
    // A new entry at a place where another one was cached.
    client.entry(
        BOB,
        Entry {
            id: MessageId([9; 16]),
            ..entry(10, BOB)
        },
    );
    assert!(client.items().contains(&"m10".to_owned()));
    let effects = client.agreed(&[(with(BOB), 9)]);
    assert_eq!(roll_backs(&effects), [(9, 9)]);
    assert_eq!(appends(&effects).len(), 1);
    let shown = client.items();
    assert!(
        shown.contains(&"m9".to_owned()) && !shown.contains(&"m11".to_owned()),
        "{shown:?}"
    );
    let effects = client.heads(vec![head(BOB, 10, 1, 9)]);
    let asked = ranges(&effects);
    assert_eq!(asked, [PageRange::Before(Seq(11))]);
    let writes = saved(&effects);
    assert!(
        writes.contains(&StoreWrite::Epochs(epochs(&[1, 3]))),
        "{writes:?}"
    );
    assert_eq!(client.app.known_state().epochs, epochs(&[1, 3]));
}

#[test]
fn the_epochs_count_as_known_once_the_heads_are_complete() {
    let mut client = away(entries(1..=3, BOB));
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    client.agreed(&[(with(BOB), 3)]);
    assert_eq!(client.app.known_state().epochs, epochs(&[1]));
    assert_eq!(client.app.known_state().since, None);
    client.heads(vec![head(BOB, 3, 1, 2)]);
    assert_eq!(client.app.known_state().epochs, epochs(&[1, 3]));
}

#[test]
fn a_start_without_a_loss_drops_nothing() {
    let mut client = away(entries(1..=3, BOB));
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    let effects = client.agreed(&[(with(BOB), 3)]);
    assert_eq!(roll_backs(&effects), []);
    let effects = client.heads(vec![head(BOB, 4, 1, 3)]);
    let asked = ranges(&effects);
    assert_eq!(asked, [PageRange::Before(Seq(5))]);
}

#[test]
fn a_conversation_that_the_server_does_not_name_is_emptied() {
    let mut client = away(entries(1..=3, BOB));
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    assert_eq!(roll_backs(&client.agreed(&[(with(CAROL), 7)])), [(0, 0)]);
}

#[test]
fn a_lost_deletion_makes_the_whole_conversation_be_read_again() {
    let mut log = entries(1..=5, BOB);
    log[4].content = Content::Deletion { target: Seq(2) };
    let mut client = away(log);
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    assert_eq!(roll_backs(&client.agreed(&[(with(BOB), 4)])), [(4, 0)]);
    let effects = client.heads(vec![head(BOB, 4, 1, 3)]);
    let asked = ranges(&effects);
    assert_eq!(asked, [PageRange::Before(Seq(5))]);
}

#[test]
fn a_lost_deletion_that_is_not_loaded_counts_too() {
    let mut conversation = stored(BOB, entries(1..=5, BOB), 1);
    conversation.last_erasing = Seq(5);
    let mut snapshot = snapshot(vec![conversation]);
    snapshot.epochs = epochs(&[1]);
    let mut client = Client::new(snapshot);
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    assert_eq!(roll_backs(&client.agreed(&[(with(BOB), 4)])), [(4, 0)]);
}

#[test]
fn the_loss_is_shown_with_own_messages_to_send_again() {
    let mut client = away(entries(1..=9, BOB));
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    client.agreed(&[(with(BOB), 6)]);
    client.heads(vec![head(BOB, 6, 1, 5)]);
    let pending = Pending {
        id: MessageId([5; 16]),
        conversation: with(BOB),
        content: body("mine"),
        typed: entry(8, ME).time,
        state: PendingState::Failed("lost".to_owned()),
    };
    client.handle(Event::RolledBack(RolledBack {
        pending: vec![pending],
        lost: vec![LostTail {
            conversation: with(BOB),
            after: Seq(6),
            messages: 3,
            since: entry(7, BOB).time,
        }],
    }));
    let lost = "* Server restored: 3 messages are gone from here on";
    let shown = client.items();
    assert_eq!(shown[shown.len() - 2..], [lost, "mine failed"], "{shown:?}");
    // It stays where it is when the conversation goes on.
    client.entry(BOB, entry(7, BOB));
    let shown = client.items();
    let at = shown.iter().position(|item| item == lost);
    assert_eq!(
        at,
        shown.iter().position(|item| item == "m6").map(|at| at + 1),
        "{shown:?}"
    );
}

#[test]
fn a_waiting_reply_to_a_lost_message_becomes_a_plain_one_and_a_change_of_it_goes() {
    let mut snapshot = snapshot(vec![stored(BOB, entries(1..=6, BOB), 1)]);
    snapshot.epochs = epochs(&[1]);
    let waiting = |number: u8, content| Pending {
        id: MessageId([number; 16]),
        conversation: with(BOB),
        content,
        typed: entry(6, BOB).time,
        state: PendingState::Waiting,
    };
    let text = MessageBody::new("yes").unwrap();
    let reply = |to| Content::Reply {
        to,
        body: text.clone(),
    };
    snapshot.outbox = vec![
        waiting(1, reply(Seq(6))),
        waiting(2, reply(Seq(5))),
        waiting(3, Content::Deletion { target: Seq(6) }),
    ];
    let mut client = Client::new(snapshot);
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    let effects = client.agreed(&[(with(BOB), 5)]);
    let contents: Vec<_> = sent(&effects)
        .into_iter()
        .filter_map(|frame| match frame {
            ClientFrame::Request {
                request: Request::Append { content, .. },
                ..
            } => Some(content),
            _ => None,
        })
        .collect();
    assert_eq!(contents, [Content::Message(text.clone()), reply(Seq(5))]);
    let plain = StoreWrite::Reword(MessageId([1; 16]), Content::Message(text));
    assert!(saved(&effects).contains(&plain));
}

#[test]
fn settings_are_read_again_from_the_start() {
    let mut client = away(entries(1..=2, BOB));
    client.welcome_by_epochs(&[1, 3], Continuity::Compared);
    let effects = client.agreed(&[(with(BOB), 2)]);
    let pull = Request::Settings { after: Stamp(0) };
    let asked = sent(&effects);
    let is_pull = |frame: &ClientFrame| matches!(frame, ClientFrame::Request { request, .. } if *request == pull);
    assert!(asked.iter().any(is_pull), "{asked:?}");
}

#[test]
fn another_history_is_another_log() {
    let mut client = away(entries(1..=3, BOB));
    let effects = client.welcome_by_epochs(&[4], Continuity::Unknown);
    assert!(saved(&effects).contains(&StoreWrite::ForgetLog));
    client.heads(vec![head(BOB, 2, 0, 2)]);
    assert!(!client.items().contains(&"m3".to_owned()));
}
