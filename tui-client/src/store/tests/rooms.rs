//! Heads of rooms, settings, and what belongs to a stretch.

use recado_shared::{
    DraftText, HistoryVisibility, Membership, NotificationLevel, Role, RoomId, RoomInfo, RoomName,
    Setting, Visibility,
};

use super::*;

const ROOM: ConversationId = ConversationId::Room(RoomId(7));

/// An entry with a content of its own.
pub(super) fn with(seq: u64, author: UserId, content: Content) -> Entry {
    Entry {
        content,
        ..entry(seq, author, seq)
    }
}

/// Saves entries in `TALK`, and that all up to `last` is held.
pub(super) fn save(entries: Vec<Entry>, last: u64) -> StoreWrite {
    StoreWrite::Entries {
        conversation: TALK,
        entries,
        held: vec![held(1, last)],
        settled: vec![],
    }
}

pub(super) fn message(text: &str) -> Content {
    Content::Message(body(text))
}

pub(super) fn edit(target: u64, text: &str) -> Content {
    Content::Edit {
        target: Seq(target),
        body: body(text),
    }
}

pub(super) fn deletion(target: u64) -> Content {
    Content::Deletion {
        target: Seq(target),
    }
}

#[test]
fn the_facts_of_a_room_are_in_its_head() {
    let (_folder, path) = place();
    let room = Head {
        conversation: ROOM,
        first: Seq(12),
        room: Some(RoomInfo {
            name: RoomName::new("#lobby").unwrap(),
            topic: None,
            visibility: Visibility::Private,
            history: HistoryVisibility::Hidden,
            members: 3,
            membership: Membership::Member,
            role: Role::Moderator,
            mute: None,
        }),
        ..head(20)
    };
    let asks = Head {
        is_request: true,
        ..head(3)
    };
    let heads = vec![asks.clone(), room.clone()];
    let snapshot = after(
        &path,
        [StoreWrite::Heads {
            heads,
            complete: None,
        }],
    );
    let read: Vec<_> = snapshot.conversations.into_iter().map(|c| c.head).collect();
    assert_eq!(read, [asks, room]);
}

#[test]
fn a_head_replaces_the_cursors_so_that_members_who_left_do_not_count() {
    let (_folder, path) = place();
    let heads = |heads| StoreWrite::Heads {
        heads,
        complete: None,
    };
    let before = head(3);
    assert_eq!(before.cursors.len(), 2);
    let after_it = Head {
        cursors: before.cursors[..1].to_vec(),
        ..before.clone()
    };
    let saves = [heads(vec![before]), heads(vec![after_it.clone()])];
    let snapshot = after(&path, saves);
    assert_eq!(snapshot.conversations[0].head, after_it);
}

#[test]
fn settings_of_the_server_leave_the_unsent_ones_alone() {
    let (_folder, path) = place();
    let favourite = |is_on| Setting::Favourite {
        conversation: TALK,
        is_on,
    };
    let level = Setting::NotificationLevel {
        conversation: TALK,
        level: NotificationLevel::Mentions,
    };
    let draft = Setting::Draft {
        conversation: TALK,
        text: DraftText::new("not yet").unwrap(),
    };
    let snapshot = after(
        &path,
        [
            StoreWrite::Me(me(1)),
            StoreWrite::UnsentSetting(favourite(true)),
            StoreWrite::Settings {
                settings: vec![favourite(false), level.clone()],
                stamp: Some(Stamp(9)),
            },
        ],
    );
    let stored = |setting: &Setting, is_unsent| StoredSetting {
        setting: setting.clone(),
        is_unsent,
    };
    let expected = [stored(&favourite(true), true), stored(&level, false)];
    assert_eq!(snapshot.settings, expected);
    assert_eq!(snapshot.settings_stamp, Stamp(9));
    let snapshot = after(
        &path,
        [
            StoreWrite::SentSetting(favourite(true).key()),
            StoreWrite::Settings {
                settings: vec![favourite(false)],
                stamp: None,
            },
        ],
    );
    assert_eq!(snapshot.settings[0], stored(&favourite(false), false));
    assert_eq!(snapshot.settings_stamp, Stamp(9));
    let snapshot = after(
        &path,
        [
            StoreWrite::UnsentSetting(draft.clone()),
            StoreWrite::UnsentSetting(level),
            StoreWrite::Me(me(2)),
        ],
    );
    assert_eq!(snapshot.settings, [stored(&draft, true)]);
    assert_eq!(snapshot.settings_stamp, Stamp::default());
}

#[test]
fn a_stretch_comes_with_what_belongs_to_it() {
    let (_folder, path) = place();
    let mut opened = open(&path).unwrap();
    let emoji = recado_shared::Emoji::new("👍").unwrap();
    let reply = Content::Reply {
        to: Seq(1),
        body: body("about that"),
    };
    let log = vec![
        with(1, BOB, message("one")),
        with(2, BOB, message("two")),
        with(3, ME, reply),
        with(4, BOB, edit(1, "one, better")),
        with(5, BOB, edit(3, "never happens: another's")),
        with(
            6,
            ME,
            Content::ReactionAdded {
                target: Seq(1),
                emoji: emoji.clone(),
            },
        ),
        with(
            7,
            ME,
            Content::ReactionAdded {
                target: Seq(3),
                emoji,
            },
        ),
        with(8, BOB, deletion(2)),
    ];
    opened.handle.save(save(log, 8));
    let mut ask = |range, limit| {
        let load = StoreRead {
            conversation: TALK,
            range,
            limit,
        };
        assert!(opened.handle.load(load));
        let Some(StoreEvent::Loaded(loaded)) = opened.events.blocking_recv() else {
            panic!("the load was not answered");
        };
        let seqs = |entries: &[Entry]| entries.iter().map(|e| e.seq.0).collect::<Vec<_>>();
        (seqs(&loaded.entries), seqs(&loaded.about))
    };
    // The reply's original and its edit, and what changes the reply itself.
    assert_eq!(
        ask(PageRange::After(Seq(2)), 1),
        (vec![3], vec![1, 4, 5, 7])
    );
    // A deletion, and not what is read already.
    assert_eq!(
        ask(PageRange::After(Seq(0)), 2),
        (vec![1, 2], vec![4, 6, 8])
    );
    assert_eq!(ask(PageRange::After(Seq(3)), 9).1, [0; 0]);
}
