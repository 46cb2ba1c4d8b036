//! What must hold: after every step, once everything has healed, and once everybody has read.

use std::collections::BTreeMap;

use recado::app::screen::{Item, ItemId, LinkView, Mark};
use recado_shared::{ConversationId, Entry, MessageBody, MessageId, Seq, UserId};

use crate::client::Client;
use crate::person::item_id;
use crate::world::World;

fn text(entry: &Entry) -> &str {
    entry.content.body().map_or("", MessageBody::as_str)
}

impl World {
    /// Nothing is shown twice, in another order or otherwise than the server has it.
    pub(crate) fn check_client(&self, index: usize) {
        let client = &self.clients[index];
        for (id, stored) in &client.local.conversations {
            for (seq, entry) in &stored.entries {
                let known = self
                    .server
                    .logs
                    .conversations
                    .get(id)
                    .and_then(|log| log.entry(*seq));
                assert_eq!(
                    known,
                    Some(entry),
                    "client {index} holds what is not in the log"
                );
            }
        }
        let Some(app) = &client.app else {
            return;
        };
        let screen = app.screen(client.now(&self.clock));
        let Some(open) = screen.conversation else {
            return;
        };
        let log = self.server.logs.conversations.get(&open.id);
        let mut last = None;
        for item in &open.items {
            let item_id = item_id(item);
            assert!(
                last < Some(item_id),
                "client {index} shows {item_id:?} after {last:?}"
            );
            last = Some(item_id);
            match *item {
                Item::Message {
                    id: ItemId::Entry(seq),
                    body,
                    ..
                } => {
                    let entry = log.and_then(|log| log.entry(seq));
                    let entry = entry.expect("what is shown is in the log");
                    assert_eq!(text(entry), body);
                    last = Some(item_id);
                }
                Item::Message {
                    id: ItemId::Pending(id),
                    mark,
                    ..
                } => {
                    assert_eq!(mark, Some(Mark::Waiting));
                    let shown = |seq: Seq| {
                        open.items.iter().any(|i| {
                            crate::person::item_id(i) == ItemId::Entry(seq)
                                && matches!(i, Item::Message { .. })
                        })
                    };
                    if let Some((_, seq)) = self.server.logs.find(client.user, id) {
                        assert!(!shown(seq), "client {index} shows a message twice");
                    }
                }
                Item::Event { .. } | Item::Gap { .. } => {}
            }
        }
    }

    /// All agree.
    pub(crate) fn check_healed(&self) {
        for client in &self.clients {
            self.check_agreement(client);
        }
        for &(user, id) in &self.promised {
            assert!(
                self.server.logs.find(user, id).is_some(),
                "a promised message of user {user} never arrived"
            );
        }
        self.check_words();
    }

    fn check_agreement(&self, client: &Client) {
        let index = client.index;
        let app = client.app.as_ref().expect("started");
        let screen = app.screen(client.now(&self.clock));
        assert!(
            matches!(screen.link, LinkView::Connected(_)),
            "client {index}: {:?}",
            screen.link
        );
        assert_eq!((screen.waiting, screen.failed), (0, 0), "client {index}");
        assert!(client.local.is_idle() && client.local.outbox().is_empty());
        for (id, log) in &self.server.logs.conversations {
            if id.peer_of(client.user).is_none() {
                continue;
            }
            let stored = client.local.conversations.get(id);
            let held: Vec<&Entry> = stored.map_or(Vec::new(), |s| s.entries.values().collect());
            let all: Vec<&Entry> = log.entries.iter().collect();
            assert_eq!(
                held, all,
                "client {index} and the server disagree on {id:?}"
            );
            let row = screen.contacts.iter().find(|row| row.conversation == *id);
            let unread = row.expect("every conversation is listed").unread;
            assert_eq!(
                unread,
                log.unread(client.user),
                "client {index} counts {id:?}"
            );
            let cursors = log.cursors[&client.user];
            assert!(cursors.read <= cursors.delivered && cursors.delivered <= log.newest());
            let last_of_others = self.last_of_others(*id, client.user);
            assert!(
                cursors.delivered >= last_of_others,
                "client {index} on {id:?}"
            );
        }
    }

    fn last_of_others(&self, id: ConversationId, user: UserId) -> Seq {
        let entries = self.server.logs.conversations[&id].entries.iter().rev();
        let mut others = entries.filter(|entry| entry.author != user);
        others.next().map_or(Seq::ZERO, |entry| entry.seq)
    }

    /// No word arrives twice, unless its author found it in a draft after a crash.
    fn check_words(&self) {
        let mut seen: BTreeMap<&str, MessageId> = BTreeMap::new();
        let redrafted = |word: &str| {
            let mut all = self.clients.iter().flat_map(|client| &client.redrafted);
            all.any(|known| known == word)
        };
        for log in self.server.logs.conversations.values() {
            let mut last = None;
            for entry in &log.entries {
                assert!(last < Some(entry.seq));
                last = Some(entry.seq);
                for word in text(entry).split(' ').filter(|word| !redrafted(word)) {
                    let before = seen.insert(word, entry.id);
                    assert_eq!(before, None, "{word} arrived twice");
                }
            }
        }
    }

    /// Everybody looked at everything: nothing is unread, and authors see that it was read.
    pub(crate) fn check_read(&self) {
        self.check_healed();
        for (id, log) in &self.server.logs.conversations {
            for (user, cursors) in &log.cursors {
                assert!(
                    cursors.read >= self.last_of_others(*id, *user),
                    "{id:?} {user}"
                );
                assert_eq!(log.unread(*user), 0);
            }
        }
        for client in &self.clients {
            let app = client.app.as_ref().expect("started");
            let screen = app.screen(client.now(&self.clock));
            let Some(open) = screen.conversation else {
                continue;
            };
            let peer = open.id.peer_of(client.user).expect("a member");
            let Some(log) = self.server.logs.conversations.get(&open.id) else {
                continue;
            };
            let read = log.cursors[&peer].read;
            for item in &open.items {
                if let Item::Message {
                    id: ItemId::Entry(seq),
                    mark: Some(mark),
                    ..
                } = item
                    && *seq <= read
                {
                    assert_eq!(*mark, Mark::Read, "client {} on {seq}", client.index);
                }
            }
        }
    }
}
