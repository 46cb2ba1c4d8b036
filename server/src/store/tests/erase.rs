//! Tests of erasure: the remains in the log, and no remains on disk.

use recado_shared::limits::MAX_BODY_LEN;
use recado_shared::{ErasedKind, MessageBody, PageRange, RequestError, Role, RoomEvent, RoomId};

use super::rooms::{in_room, room_name};
use super::*;
use crate::id::Ticket;

/// How many times a text lies in the files of a folder.
pub(super) fn count_in_files(dir: &Path, text: &str) -> usize {
    let files = std::fs::read_dir(dir).unwrap();
    let bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
    bytes
        .map(|bytes| {
            let windows = bytes.windows(text.len());
            windows.filter(|window| *window == text.as_bytes()).count()
        })
        .sum()
}

impl Desk {
    /// All that a user reads there.
    fn log(&mut self, user: UserId, conversation: ConversationId) -> Vec<Content> {
        let query = Query::Page {
            conversation,
            range: PageRange::After(Seq::ZERO),
            limit: 200,
        };
        match self.query(user, query) {
            Answer::Page { entries, .. } => entries.into_iter().map(|e| e.content).collect(),
            other => panic!("no page: {other:?}"),
        }
    }
}

struct Talk {
    desk: Desk,
    alice: UserId,
    bob: UserId,
    last_id: u64,
}

impl Talk {
    fn new() -> Self {
        let mut desk = Desk::new();
        let (alice, bob) = (desk.register("alice"), desk.register("bob"));
        Self {
            desk,
            alice,
            bob,
            last_id: 0,
        }
    }

    fn id(&self) -> ConversationId {
        ConversationId::direct(self.alice, self.bob)
    }

    fn append(&mut self, author: UserId, content: Content) -> Result<StoredEntry, RequestError> {
        self.last_id += 1;
        let write = Write::Append {
            origin: ORIGIN,
            new: NewEntry {
                author,
                by: device_of(author),
                conversation: self.id(),
                id: message_id(self.last_id),
                content,
                time: Timestamp(self.last_id),
            },
        };
        self.desk.append(write)
    }

    fn post(&mut self, content: Content) -> Seq {
        self.append(self.alice, content).unwrap().entry.seq
    }

    fn delete(&mut self, target: Seq) -> Result<StoredEntry, RequestError> {
        self.append(self.alice, Content::Deletion { target })
    }
}

fn edit(target: Seq, text: &str) -> Content {
    let body = MessageBody::new(text).unwrap();
    Content::Edit { target, body }
}

#[test]
fn a_deleted_message_is_gone_with_its_edits_and_nothing_else_is() {
    let mut talk = Talk::new();
    let kept = talk.post(text("kept"));
    let target = talk.post(text("first words"));
    talk.post(edit(kept, "kept and edited"));
    talk.post(edit(target, "second words"));
    let to = target;
    let body = MessageBody::new("about it").unwrap();
    talk.post(Content::Reply {
        to,
        body: body.clone(),
    });
    talk.delete(target).unwrap();
    let expected = [
        text("kept"),
        Content::Erased(ErasedKind::Message),
        edit(kept, "kept and edited"),
        Content::Erased(ErasedKind::Edit),
        Content::Reply { to, body },
        Content::Deletion { target },
    ];
    let (alice, id) = (talk.alice, talk.id());
    assert_eq!(talk.desk.log(alice, id), expected);
    let mut desk = talk.desk.reopen();
    assert_eq!(desk.log(alice, id), expected);
}

#[test]
fn only_who_may_changes_a_message_and_only_while_it_is_there() {
    let mut talk = Talk::new();
    let (alice, bob) = (talk.alice, talk.bob);
    let target = talk.post(text("hers"));
    let other = talk.post(edit(target, "edited"));
    let deletion = Content::Deletion { target };
    let errors = [
        (bob, edit(target, "his"), RequestError::NotTheAuthor),
        (bob, deletion.clone(), RequestError::DeleteNotAllowed),
        (alice, edit(Seq(99), "x"), RequestError::NoSuchMessage),
        // An edit is no message.
        (
            alice,
            Content::Deletion { target: other },
            RequestError::NoSuchMessage,
        ),
    ];
    for (author, content, error) in errors {
        let result = talk.append(author, content.clone());
        assert_eq!(result, Err(error), "{content:?}");
    }
    assert!(talk.append(alice, deletion).is_ok());
    let emoji = recado_shared::Emoji::new("👍").unwrap();
    for content in [
        edit(target, "again"),
        Content::Deletion { target },
        Content::ReactionAdded { target, emoji },
    ] {
        let result = talk.append(alice, content.clone());
        assert_eq!(result, Err(RequestError::NoSuchMessage), "{content:?}");
    }
}

#[test]
fn a_moderator_deletes_messages_of_others_and_edits_none() {
    let (mut desk, alice, bob, room) = with_room();
    let target = Seq(4);
    let edited = desk.append(in_room(room, alice, 504, edit(target, "hers")));
    assert_eq!(edited, Err(RequestError::NotTheAuthor));
    let deletion = |target| Content::Deletion { target };
    let hers = desk.append(in_room(room, bob, 504, deletion(Seq(3))));
    assert_eq!(hers, Err(RequestError::DeleteNotAllowed));
    assert!(
        desk.append(in_room(room, alice, 505, deletion(target)))
            .is_ok()
    );
}

#[test]
fn what_is_sent_again_after_its_erasure_is_not_stored_again() {
    let mut talk = Talk::new();
    let write = message(talk.alice, talk.bob, 900, "said once");
    let target = talk.desk.append(write.clone()).unwrap().entry.seq;
    talk.delete(target).unwrap();
    let again = talk.desk.append(write).unwrap();
    assert!(!again.is_new);
    assert_eq!(again.entry.content, Content::Erased(ErasedKind::Message));
    talk.desk.writer.checkpoint_if_due(true).unwrap();
    assert_eq!(count_in_files(talk.desk.dir(), "said once"), 0);
}

/// A text whose beginning, middle and end can be looked for.
fn long(mark: &str) -> (Content, [String; 3]) {
    let parts = ["head", "waist", "foot"].map(|part| format!("{mark} {part}"));
    let filling = (MAX_BODY_LEN - 100) / 2;
    let filling = "abcdefgh ".repeat(filling / 9);
    let [head, waist, foot] = &parts;
    (
        text(&format!("{head} {filling} {waist} {filling} {foot}")),
        parts,
    )
}

#[test]
fn long_texts_are_gone_from_every_page_that_they_lay_on() {
    for is_checkpointed in [false, true] {
        let mut talk = Talk::new();
        let (content, parts) = long("one");
        let (other, kept) = long("two");
        talk.post(other);
        let target = talk.post(content);
        let (longer, versions) = long("three");
        let Content::Message(body) = longer else {
            panic!("a message");
        };
        talk.post(Content::Edit { target, body });
        talk.post(text("after it"));
        if is_checkpointed {
            // The text lies in the database, and the log starts over.
            wal_checkpoint(&talk.desk, "TRUNCATE");
        }
        let gone = parts.iter().chain(&versions);
        for part in gone.clone() {
            assert!(count_in_files(talk.desk.dir(), part) > 0, "{part}");
        }
        talk.delete(target).unwrap();
        talk.desk.writer.checkpoint_if_due(true).unwrap();
        for part in gone {
            assert_eq!(count_in_files(talk.desk.dir(), part), 0, "{part}");
        }
        for part in &kept {
            assert!(count_in_files(talk.desk.dir(), part) > 0, "{part}");
        }
    }
}

fn wal_checkpoint(desk: &Desk, mode: &str) {
    let db = desk.folder.open_writer().unwrap();
    folder::wal_checkpoint(&db, mode).unwrap();
}

#[test]
fn every_version_of_a_page_in_the_write_ahead_log_is_gone() {
    let mut talk = Talk::new();
    let target = talk.post(text("the word in many frames"));
    // Each commit writes the page anew that has the word too.
    for n in 0..20 {
        talk.post(text(&format!("short {n}")));
    }
    let before = count_in_files(talk.desk.dir(), "the word in many frames");
    assert!(before > 10, "{before}");
    talk.delete(target).unwrap();
    talk.desk.writer.checkpoint_if_due(true).unwrap();
    assert_eq!(
        count_in_files(talk.desk.dir(), "the word in many frames"),
        0
    );
    assert!(count_in_files(talk.desk.dir(), "short 19") > 0);
}

#[test]
fn a_reader_that_is_looking_delays_the_end_of_a_text_and_does_not_prevent_it() {
    let mut talk = Talk::new();
    let target = talk.post(text("looked at right now"));
    let reader = talk.desk.folder.open_reader().unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM entries")
        .unwrap();
    talk.delete(target).unwrap();
    talk.desk.writer.checkpoint_if_due(true).unwrap();
    assert!(count_in_files(talk.desk.dir(), "looked at right now") > 0);
    reader.execute_batch("COMMIT").unwrap();
    // Anything that is committed later tries again.
    talk.post(text("another"));
    talk.desk.writer.checkpoint_if_due(true).unwrap();
    assert_eq!(count_in_files(talk.desk.dir(), "looked at right now"), 0);
}

/// Alice's room with Bob in it, and what she said there.
fn with_room() -> (Desk, UserId, UserId, RoomId) {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    let room = desk.room(alice, "tea");
    let joined = Content::Room(RoomEvent::Joined);
    for (author, id, content) in [
        (bob, 501, joined),
        (alice, 502, text("leaves")),
        (bob, 503, text("and water")),
    ] {
        desk.append(in_room(room, author, id, content)).unwrap();
    }
    (desk, alice, bob, room)
}

#[test]
fn a_removed_user_leaves_no_text_and_no_device() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    desk.say(alice, bob, 1, "a secret of hers");
    desk.say(bob, alice, 1, "a word of his");
    let removed = desk.change(AdminChange::Remove(name("alice")));
    assert_eq!(removed, Ok(AdminOutcome::Removed { user: alice }));
    assert_eq!(desk.login(login(1, Some("alice"))), Err(Refusal::Revoked));
    let again = desk.change(AdminChange::Enable(name("alice")));
    assert_eq!(again, Err(ChangeError::Removed));
    let dir = desk.close();
    // A stopped server's folder is left without it too.
    assert!(count_in_files(dir.path(), "a word of his") > 0);
    let other = administer(dir.path(), AdminChange::Remove(name("bob")), Timestamp(60));
    assert_eq!(other.unwrap(), Ok(AdminOutcome::Removed { user: bob }));
    for text in ["a secret of hers", "a word of his"] {
        assert_eq!(count_in_files(dir.path(), text), 0, "{text}");
    }
}

#[test]
fn the_room_of_a_removed_owner_gets_another_owner() {
    let (mut desk, alice, bob, room) = with_room();
    let written = desk.write(Write::Admin {
        ticket: Ticket(1),
        change: AdminChange::Remove(name("alice")),
        time: Timestamp(600),
    });
    let WriteResult::Admin { entries, .. } = written else {
        panic!("a change is answered by a change");
    };
    let said: Vec<_> = entries
        .into_iter()
        .map(|(_, entry)| entry.content)
        .collect();
    let role = RoomEvent::Role {
        user: bob,
        role: Role::Owner,
    };
    let expected = [
        Content::AuthorRemoved,
        Content::Room(role),
        Content::Room(RoomEvent::Left),
    ];
    assert_eq!(said, expected);
    let admin = open_admin(desk.dir()).unwrap();
    assert_eq!(admin.room(&room_name("tea")).unwrap().unwrap().members, 1);
    let result = desk.append(in_room(room, alice, 700, text("no")));
    assert_eq!(result, Err(RequestError::Unavailable));
    drop(admin);
    desk.writer.checkpoint_if_due(true).unwrap();
    assert_eq!(count_in_files(desk.dir(), "leaves"), 0);
    assert!(count_in_files(desk.dir(), "and water") > 0);
}

#[test]
fn a_room_is_renamed_and_closed_with_its_texts() {
    let (mut desk, _, bob, room) = with_room();
    let rename = |from, to| AdminChange::RenameRoom {
        room: room_name(from),
        to: room_name(to),
    };
    let unknown = desk.change(rename("coffee", "mate"));
    assert_eq!(unknown, Err(ChangeError::UnknownRoom));
    let renamed = desk.change(rename("tea", "mate"));
    assert_eq!(renamed, Ok(AdminOutcome::RoomRenamed { room }));
    let close = || AdminChange::CloseRoom(room_name("mate"));
    assert_eq!(desk.change(close()), Ok(AdminOutcome::RoomClosed { room }));
    assert_eq!(desk.change(close()), Err(ChangeError::Closed));
    assert!(desk.append(in_room(room, bob, 700, text("no"))).is_err());
    let admin = open_admin(desk.dir()).unwrap();
    let facts = admin.rooms().unwrap().pop().unwrap();
    assert!(facts.is_closed && facts.members == 0);
    drop(admin);
    desk.writer.checkpoint_if_due(true).unwrap();
    assert_eq!(count_in_files(desk.dir(), "and water"), 0);
}
