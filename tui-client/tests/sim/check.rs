//! Invariants that hold after every step.

use recado::app::screen::{Item, ItemId, Mark, MessageKind, MessageView};
use recado_shared::{MessageBody, Seq};

use crate::client::Client;
use crate::world::World;

impl World {
    /// Nothing is shown twice, in another order or otherwise than the server has or had it.
    pub(crate) fn check_client(&self, index: usize) {
        let client = &self.clients[index];
        let Some(app) = &client.app else {
            return;
        };
        let screen = app.screen(client.now(&self.clock));
        let Some(open) = screen.conversation else {
            return;
        };
        let log = self.server.record.logs.get(&open.id);
        let mut last = None;
        for item in &open.items {
            let item_id = item.id();
            if !is_failed(item) {
                assert!(
                    last < Some(item_id),
                    "client {index} shows {item_id:?} after {last:?}"
                );
                last = Some(item_id);
            }
            match item {
                Item::Message(MessageView {
                    id: ItemId::Entry(seq),
                    body,
                    mark,
                    details,
                    ..
                }) => {
                    let log = log.expect("what is shown is in a log");
                    let is_as_sent = log.versions(*seq).any(|version| version == *body);
                    let waits = matches!(mark, Some(Mark::Waiting | Mark::Failed(_)));
                    let is_deleted = details.kind == MessageKind::Deleted;
                    assert!(
                        is_as_sent || waits || is_deleted,
                        "client {index} shows {body:?} at {seq} of {:?}",
                        open.id
                    );
                }
                Item::Message(MessageView {
                    id: ItemId::Pending(id),
                    mark,
                    ..
                }) => {
                    assert!(matches!(mark, Some(Mark::Waiting | Mark::Failed(_))));
                    let found = self.server.record.find(client.user, *id);
                    let is_shown = |seq: Seq| {
                        let at = open.items.iter().filter(|i| matches!(i, Item::Message(_)));
                        at.map(Item::id).any(|i| i == ItemId::Entry(seq))
                    };
                    if let Some((conversation, seq)) = found {
                        let is_twice = conversation == open.id && is_shown(seq);
                        assert!(!is_twice, "client {index} shows a message twice");
                    }
                }
                Item::Event { .. } | Item::Gap { .. } => {}
            }
        }
    }
}

/// Whether an item is a failed message, which stands where its time puts it.
fn is_failed(item: &Item<'_>) -> bool {
    matches!(
        item,
        Item::Message(MessageView {
            id: ItemId::Pending(_),
            mark: Some(Mark::Failed(_)),
            ..
        })
    )
}

/// The text of an entry.
pub(crate) fn text(content: &recado_shared::Content) -> &str {
    content.body().map_or("", MessageBody::as_str)
}

/// A client, for messages.
pub(crate) fn device(client: &Client) -> String {
    format!("client {} of user {}", client.index, client.user)
}
