//! Invariants after everything has healed and all users have read: all replicas agree.

use std::collections::{BTreeMap, BTreeSet};

use recado::app::screen::{Item, ItemId, LinkView, Mark, MessageKind, MessageView};
use recado::store::{PendingState, StoredConversation};
use recado_server::relay::SessionId;
use recado_server::store::{Origin, Query, Read, ReadResult};
use recado_shared::{
    Content, ConversationId, Entry, Head, Membership, MessageId, PageRange, RequestNumber,
    RoomInfo, Seq, UserId,
};

use crate::check::{device, text};
use crate::client::Client;
use crate::person::HEIGHT;
use crate::record::Log;
use crate::server::user_name;
use crate::world::World;

impl World {
    pub(crate) fn check_healed(&mut self) {
        self.check_server();
        for index in 0..self.clients.len() {
            self.check_agreement(index);
        }
        let kept: BTreeSet<MessageId> = self.clients.iter().flat_map(failed_of).collect();
        for &(user, id) in &self.promised {
            assert!(
                self.server.record.find(user, id).is_some() || kept.contains(&id),
                "a promised message of user {user} never arrived"
            );
        }
        self.check_words();
        self.check_dead_words();
    }

    /// The server sends every user exactly the entries of the record.
    fn check_server(&mut self) {
        let users: BTreeSet<UserId> = self.clients.iter().map(|client| client.user).collect();
        let conversations: Vec<_> = self.server.record.logs.keys().copied().collect();
        for user in users {
            for &conversation in &conversations {
                // Reading checks.
                self.server.read(&Read::Query {
                    origin: origin(),
                    user,
                    query: Query::Page {
                        conversation,
                        range: PageRange::After(Seq::ZERO),
                        limit: u16::MAX,
                    },
                });
            }
            self.heads_of(user);
        }
    }

    /// Where a user's conversations stand, as the server says.
    fn heads_of(&mut self, user: UserId) -> BTreeMap<ConversationId, Head> {
        let read = Read::Heads {
            session: SessionId(0),
            user,
            since: Some(recado_shared::Stamp(1)),
        };
        let ReadResult::Heads { heads, .. } = self.server.read(&read) else {
            panic!("heads are answered by heads");
        };
        heads
            .into_iter()
            .map(|head| (head.conversation, head))
            .collect()
    }

    fn check_agreement(&mut self, index: usize) {
        let user = self.clients[index].user;
        let heads = self.heads_of(user);
        let client = &self.clients[index];
        let who = device(client);
        let app = client.app.as_ref().expect("started");
        let screen = app.screen(client.now(&self.clock));
        assert!(
            matches!(screen.link, LinkView::Connected(_)),
            "{who}: {:?}",
            screen.link
        );
        assert_eq!(screen.waiting, 0, "{who}: {:?}", client.local.outbox());
        assert!(client.local.is_idle());
        let stored = client.local.snapshot().conversations;
        let stored: BTreeMap<_, _> = stored
            .into_iter()
            .map(|s| (s.head.conversation, s))
            .collect();
        for (id, log) in &self.server.record.logs {
            let contacts = &screen.contacts;
            let mut rows = (0..contacts.len()).filter_map(|index| contacts.row(index));
            let row = rows.find(|row| row.conversation == *id);
            if !log.is_member(user) {
                check_former(client, stored.get(id), log, *id);
                continue;
            }
            let stored = stored
                .get(id)
                .unwrap_or_else(|| panic!("{who} lacks {id:?}"));
            check_entries(client, log, *id);
            let unread = row
                .unwrap_or_else(|| panic!("{who} does not list {id:?}"))
                .unread;
            assert_eq!(unread, log.unread(user), "{who} counts {id:?}");
            assert_eq!(stored.head.unread, unread, "{who} stored of {id:?}");
            check_facts(
                &who,
                stored.head.room.as_ref(),
                heads[id].room.as_ref(),
                log,
            );
            let cursors = log.members[&user].cursors;
            let own = stored.head.cursors.iter().find(|c| c.user == user);
            // Nothing is stored of them before the first one moved.
            let read = own.map_or(Seq::ZERO, |own| own.read);
            assert!(read >= cursors.read, "{who} has read {read} of {id:?}");
            let last_of_others = last_of_others(log, user);
            assert!(cursors.delivered >= last_of_others, "{who} on {id:?}");
        }
    }

    /// No word arrives twice, unless its author found it in a draft after a crash.
    fn check_words(&self) {
        let mut seen: BTreeMap<&str, MessageId> = BTreeMap::new();
        let redrafted = |word: &str| {
            let mut all = self.clients.iter().flat_map(|client| &client.redrafted);
            all.any(|known| known == word)
        };
        for log in self.server.record.logs.values() {
            for (entry, said) in log.entries.iter().zip(&log.said) {
                if matches!(said, Content::Edit { .. }) {
                    continue;
                }
                let words = text(said).split(' ').filter(|word| !word.is_empty());
                for word in words.filter(|word| !redrafted(word)) {
                    let before = seen.insert(word, entry.id);
                    assert_eq!(before, None, "{word} arrived twice");
                }
            }
        }
    }

    /// What was deleted is nowhere: not in the server's logs, nor on a disk of a member.
    fn check_dead_words(&self) {
        for (id, log) in &self.server.record.logs {
            let living: BTreeSet<&str> = words(log.entries.iter().map(|e| &e.content));
            let ever: BTreeSet<&str> = words(log.said.iter());
            let dead: BTreeSet<&str> = ever.difference(&living).copied().collect();
            for client in self.clients.iter().filter(|c| log.is_member(c.user)) {
                let held = client.local.entries(*id);
                let kept = words(held.iter().map(|entry| &entry.content));
                let found: Vec<_> = kept.intersection(&dead).collect();
                let who = device(client);
                let first = log.members[&client.user].first;
                // What lies before the places that may be read is not kept up to date.
                if first == Seq(1) {
                    assert!(found.is_empty(), "{who} keeps {found:?} of {id:?}");
                }
            }
        }
    }

    /// What a client shows of the open conversation is what its log says.
    pub(crate) fn check_view(&self, index: usize) {
        let client = &self.clients[index];
        let Some(app) = &client.app else {
            return;
        };
        let screen = app.screen(client.now(&self.clock));
        let Some(open) = screen.conversation else {
            return;
        };
        let Some(log) = self.server.record.logs.get(&open.id) else {
            return;
        };
        if !log.is_member(client.user) {
            return;
        }
        let who = device(client);
        if let Some(room) = &open.room {
            let members = usize::try_from(room.members).expect("few");
            assert_eq!(members, log.count_members(), "{who} on {}", open.title);
            assert_eq!(open.title, format!("#{}", log.name), "{who}");
            let topic = room.topic.as_ref().map(recado_shared::Topic::as_str);
            assert_eq!(topic, log.topic.as_deref(), "{who}");
        }
        let first = log.members[&client.user].first;
        let failed: BTreeSet<Seq> = client
            .local
            .outbox()
            .iter()
            .filter(|pending| pending.conversation == open.id)
            .filter_map(|pending| pending.content.target())
            .collect();
        let visible = log.visible(client.user);
        let mut shown = Vec::new();
        for item in &open.items {
            match item {
                Item::Message(MessageView {
                    id: ItemId::Entry(seq),
                    ..
                }) => {
                    shown.push(*seq);
                    if !failed.contains(seq) && *seq >= first {
                        check_item(&who, item, visible, client.user);
                    }
                }
                Item::Event {
                    id: ItemId::Entry(seq),
                    ..
                } => shown.push(*seq),
                Item::Gap { id, missing } => {
                    panic!("{who} shows a gap of {missing} at {id:?} in {:?}", open.id)
                }
                Item::Message(_) | Item::Event { .. } => {}
            }
        }
        // What they read before they left and came back may still be there.
        shown.retain(|seq| *seq >= first);
        let from = shown.first().copied().unwrap_or(Seq::ZERO);
        let is_shown = |e: &&Entry| {
            e.seq >= from && (e.content.is_message() || matches!(e.content, Content::Room(_)))
        };
        let expected: Vec<_> = visible.iter().filter(is_shown).map(|e| e.seq).collect();
        if open.follows_newest {
            assert_eq!(shown, expected, "{who} on {:?}", open.id);
        }
    }

    /// All users looked at everything: nothing is unread, and authors see that it was read.
    pub(crate) fn check_read(&mut self) {
        self.check_healed();
        for (id, log) in &self.server.record.logs {
            for user in log.members.keys() {
                // A screen full of own messages that failed hides the others.
                let devices = self.clients.iter().filter(|client| client.user == *user);
                let is_hidden = { devices }.all(|client| {
                    let outbox = client.local.outbox().into_iter();
                    outbox.filter(|pending| pending.conversation == *id).count() >= HEIGHT
                });
                if log.is_member(*user) && !is_hidden {
                    assert_eq!(log.unread(*user), 0, "user {user} on {id:?}");
                }
            }
        }
        for client in &self.clients {
            let app = client.app.as_ref().expect("started");
            let screen = app.screen(client.now(&self.clock));
            let Some(open) = screen.conversation else {
                continue;
            };
            let log = self.server.record.logs.get(&open.id);
            let Some(log) = log.filter(|log| log.is_member(client.user)) else {
                continue;
            };
            let others = log
                .members
                .iter()
                .filter(|(user, _)| **user != client.user && log.is_member(**user));
            let read = others.map(|(_, member)| member.cursors.read).min();
            for item in &open.items {
                if let Item::Message(MessageView {
                    id: ItemId::Entry(seq),
                    mark: Some(mark),
                    ..
                }) = item
                    && read.is_some_and(|read| *seq <= read)
                    && !matches!(mark, Mark::Failed(_))
                {
                    assert_eq!(
                        *mark,
                        Mark::Read,
                        "{} on {seq} of {:?}, {:?}",
                        device(client),
                        open.id,
                        log.members
                    );
                }
            }
        }
    }
}

fn origin() -> Origin {
    Origin {
        session: SessionId(0),
        number: RequestNumber(0),
    }
}

fn words<'a>(contents: impl Iterator<Item = &'a Content>) -> BTreeSet<&'a str> {
    let texts = contents.map(text);
    texts
        .flat_map(|text| text.split(' '))
        .filter(|word| !word.is_empty())
        .collect()
}

fn failed_of(client: &Client) -> Vec<MessageId> {
    let outbox = client.local.outbox().into_iter();
    let failed = outbox.filter(|pending| matches!(pending.state, PendingState::Failed(_)));
    failed.map(|pending| pending.id).collect()
}

fn last_of_others(log: &Log, user: UserId) -> Seq {
    let member = &log.members[&user];
    let others = log
        .visible(user)
        .iter()
        .rev()
        .filter(|entry| entry.author != user);
    let last = { others }.next().map_or(Seq::ZERO, |entry| entry.seq);
    // What was there when they came in does not wait for them.
    if last <= member.cursors.delivered {
        Seq::ZERO
    } else {
        last
    }
}

/// The device of a member holds all that may be read, as it is now.
fn check_entries(client: &Client, log: &Log, id: ConversationId) {
    let visible = log.visible(client.user);
    let first = log.members[&client.user].first;
    let held = client.local.entries(id);
    let (older, held): (Vec<_>, Vec<_>) = held.into_iter().partition(|entry| entry.seq < first);
    assert_eq!(
        held,
        visible,
        "{} and the server disagree on {id:?}",
        device(client)
    );
    assert!(older.iter().all(|entry| log.has_had(entry)));
}

/// The device of a user who is out holds nothing that it was never given, and knows it.
fn check_former(
    client: &Client,
    stored: Option<&StoredConversation>,
    log: &Log,
    id: ConversationId,
) {
    let who = device(client);
    let held = client.local.entries(id);
    let last = log.members.get(&client.user).and_then(|member| member.last);
    let last = last.unwrap_or(Seq::ZERO);
    for entry in held {
        assert!(
            entry.seq <= last && log.has_had(&entry),
            "{who} holds {entry:?} of {id:?}"
        );
    }
    let facts = stored.and_then(|stored| stored.head.room.as_ref());
    if let (Some(facts), Some(member)) = (facts, log.members.get(&client.user)) {
        let is_out = |membership| membership != Membership::Member;
        assert!(is_out(facts.membership), "{who} thinks to be in {id:?}");
        assert_eq!(facts.membership, member.membership, "{who} on {id:?}");
    }
}

fn check_facts(who: &str, stored: Option<&RoomInfo>, told: Option<&RoomInfo>, log: &Log) {
    assert_eq!(stored, told, "{who} knows a room otherwise than the server");
    if let Some(facts) = stored {
        let members = usize::try_from(facts.members).expect("few");
        assert_eq!(members, log.count_members(), "{who}");
        assert_eq!(
            facts.topic.as_ref().map(recado_shared::Topic::as_str),
            log.topic.as_deref()
        );
    }
}

fn check_item(who: &str, item: &Item<'_>, visible: &[Entry], me: UserId) {
    let Item::Message(MessageView {
        id: ItemId::Entry(seq),
        author,
        body,
        details,
        ..
    }) = item
    else {
        return;
    };
    let entry = visible.iter().find(|entry| entry.seq == *seq);
    let entry = entry.unwrap_or_else(|| panic!("{who} shows {seq}, which it may not see"));
    assert_eq!(*author, user_name(entry.author).as_str(), "{who} at {seq}");
    let folded = Log::fold(visible, *seq);
    let is_deleted = details.kind == MessageKind::Deleted;
    assert_eq!(
        is_deleted,
        folded.text.is_none(),
        "{who} at {seq}: {body:?}"
    );
    if let Some(text) = &folded.text {
        assert_eq!(body, text, "{who} at {seq}");
    }
    assert_eq!(details.is_edited, folded.is_edited, "{who} at {seq}");
    let shown: BTreeMap<String, (usize, bool)> = details
        .reactions
        .iter()
        .map(|r| (r.emoji.to_string(), (r.count, r.is_mine)))
        .collect();
    let expected: BTreeMap<String, (usize, bool)> = folded
        .reactions
        .into_iter()
        .map(|(emoji, of)| (emoji, (of.len(), of.contains(&me))))
        .collect();
    assert_eq!(shown, expected, "{who} at {seq}");
}
