//! Order of the contact list. It is kept while single rows change, so that a message moves one row
//! instead of sorting all of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use recado_shared::{ConversationId, Presence, Timestamp};

/// A part of the contact list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Conversations that the user keeps on top, by name: they stay where they are.
    Favourites,
    /// Conversations with the newest ones first.
    Conversations,
    /// People of this server without a conversation: who is online first, then by name.
    People,
}

/// Sort key of a row. Rows of equal keys are in the order of their conversations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowKey {
    /// The title: they stay where they are, whatever happens in them.
    Favourite(String),
    /// The rank, then the time of the last change.
    Conversation(u8, Reverse<Timestamp>),
    /// The presence, then the name.
    Person(Presence, String),
}

impl RowKey {
    pub(super) const fn section(&self) -> Section {
        match self {
            Self::Favourite(_) => Section::Favourites,
            Self::Conversation(..) => Section::Conversations,
            Self::Person(..) => Section::People,
        }
    }
}

/// A change of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowChange {
    Unchanged,
    Up,
    Down,
    /// The row was added or removed.
    Listed,
}

/// The rows from the top, and the key of each.
#[derive(Debug, Default)]
pub(crate) struct ContactOrder {
    rows: Vec<(RowKey, ConversationId)>,
    keys: BTreeMap<ConversationId, RowKey>,
}

impl ContactOrder {
    pub(crate) fn replace(&mut self, rows: impl Iterator<Item = (ConversationId, RowKey)>) {
        self.keys = rows.collect();
        let rows = self.keys.iter().map(|(id, key)| (key.clone(), *id));
        self.rows = rows.collect();
        self.rows.sort_unstable();
    }

    /// Puts one row where it belongs; without a key it is not listed. Moves only the rows between
    /// its two places.
    pub(crate) fn set(&mut self, id: ConversationId, key: Option<RowKey>) -> RowChange {
        let old = self.index_of(id);
        let Some(key) = key else {
            let Some(old) = old else {
                return RowChange::Unchanged;
            };
            self.rows.remove(old);
            self.keys.remove(&id);
            return RowChange::Listed;
        };
        if self.keys.get(&id) == Some(&key) {
            return RowChange::Unchanged;
        }
        let row = (key.clone(), id);
        self.keys.insert(id, key);
        let new = self.rows.partition_point(|other| *other < row);
        let Some(old) = old else {
            self.rows.insert(new, row);
            return RowChange::Listed;
        };
        self.rows[old] = row;
        if new <= old {
            self.rows[new..=old].rotate_right(1);
            RowChange::Up
        } else {
            self.rows[old..new].rotate_left(1);
            RowChange::Down
        }
    }

    /// The key that a row has; `None` if it is not listed.
    pub(crate) fn key_of(&self, id: ConversationId) -> Option<&RowKey> {
        self.keys.get(&id)
    }

    /// How many rows stand above the people without a conversation.
    pub(crate) fn conversation_count(&self) -> usize {
        let is_above = |(key, _): &(RowKey, _)| key.section() != Section::People;
        self.rows.partition_point(is_above)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn contains(&self, id: ConversationId) -> bool {
        self.keys.contains_key(&id)
    }

    pub(crate) fn get(&self, index: usize) -> Option<(ConversationId, Section)> {
        let (key, id) = self.rows.get(index)?;
        Some((*id, key.section()))
    }

    pub(crate) fn index_of(&self, id: ConversationId) -> Option<usize> {
        let key = self.keys.get(&id)?;
        let is_before = |row: &(RowKey, ConversationId)| (&row.0, row.1) < (key, id);
        Some(self.rows.partition_point(is_before))
    }

    /// The conversations from the top.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ConversationId> {
        self.rows.iter().map(|&(_, id)| id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use recado_shared::RoomId;

    use super::*;

    fn key(kind: u8, value: u64) -> Option<RowKey> {
        match kind {
            0 => None,
            1 => Some(RowKey::Favourite(value.to_string())),
            2 => Some(RowKey::Conversation(1, Reverse(Timestamp(value)))),
            _ => Some(RowKey::Person(Presence::Online, value.to_string())),
        }
    }

    proptest! {
        #[test]
        fn rows_set_one_by_one_are_in_the_order_of_a_whole_sort(
            changes in proptest::collection::vec((0..12_u64, 0..4_u8, 0..6_u64), 0..80),
        ) {
            let mut order = ContactOrder::default();
            for (room, kind, value) in changes {
                let id = ConversationId::Room(RoomId(room));
                let before = order.index_of(id);
                let change = order.set(id, key(kind, value));
                let mut whole = ContactOrder::default();
                whole.replace(order.keys.clone().into_iter());
                prop_assert_eq!(&order.rows, &whole.rows);
                let after = order.index_of(id);
                let expected = match (before, after) {
                    (None, None) => RowChange::Unchanged,
                    (Some(_), None) | (None, Some(_)) => RowChange::Listed,
                    (Some(before), Some(after)) if after > before => RowChange::Down,
                    (Some(before), Some(after)) if after < before => RowChange::Up,
                    // Another key at the same place.
                    (Some(_), Some(_)) => change,
                };
                prop_assert_eq!(change, expected);
                prop_assert_eq!(after.and_then(|at| order.get(at)).map(|row| row.0), after.map(|_| id));
            }
        }
    }
}
