//! The unread count of a conversation: exact for held entries, else the server's last count.

use recado_shared::{Entry, Seq, UserId};

use super::ranges::Ranges;

/// What is known of one conversation's entries after the read cursor.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    /// The read cursor and the newest place that `base_count` is about.
    base_read: Seq,
    base_newest: Seq,
    base_count: u64,
    /// Places whose author is known.
    known: Ranges,
    /// Those of them that are messages of others.
    others: Ranges,
}

impl Unread {
    pub(super) fn set_base(&mut self, read: Seq, newest: Seq, count: u64) {
        self.base_read = read;
        self.base_newest = newest;
        self.base_count = count;
    }

    /// Takes over the authors of entries after the read cursor.
    pub(crate) fn learn<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
        me: UserId,
        read: Seq,
    ) {
        for entry in entries.into_iter().filter(|entry| entry.seq > read) {
            self.known.insert(entry.seq, entry.seq);
            if entry.author != me && entry.content.is_message() {
                self.others.insert(entry.seq, entry.seq);
            }
        }
    }

    pub(crate) fn advance(&mut self, read: Seq) {
        if read > self.base_read {
            let read_of_others = self.others.count_in(self.base_read.next(), read);
            self.base_count = self.base_count.saturating_sub(read_of_others);
            self.base_read = read;
        }
        self.known.keep_after(read);
        self.others.keep_after(read);
    }

    pub(super) fn keep_up_to(&mut self, newest: Seq) {
        self.known.keep_up_to(newest);
        self.others.keep_up_to(newest);
    }

    pub(crate) fn count(&self, read: Seq, newest: Seq) -> u64 {
        let unknown = |after: Seq, to: Seq| {
            let places = to.0.saturating_sub(after.0);
            places.saturating_sub(self.known.count_in(after.next(), to))
        };
        let base_first = self.base_read.next();
        let base_others = self.others.count_in(base_first, self.base_newest);
        let counted = self.base_count.saturating_sub(base_others);
        let base_end = self.base_newest.min(newest);
        // Entries after the server's count that are not held yet count as those of others.
        self.others.count_in(read.next(), newest)
            + counted.min(unknown(read, base_end))
            + unknown(read.max(base_end), newest)
    }

    /// The first entry after `read` that is held and whose author is not known here.
    pub(super) fn first_unknown(&self, held: &Ranges, read: Seq, newest: Seq) -> Option<Seq> {
        self.known.first_lacking(held, read.next(), newest)
    }

    /// The first place after `read` that is, or may be, another user's.
    pub(crate) fn first(&self, read: Seq, newest: Seq) -> Option<Seq> {
        let mut seq = read.next();
        while self.known.contains(seq) && !self.others.contains(seq) {
            seq = seq.next();
        }
        (seq <= newest).then_some(seq)
    }
}

#[cfg(test)]
mod tests {
    use recado_shared::{Content, MessageBody, MessageId, Timestamp};

    use super::*;

    const ME: UserId = UserId(1);

    fn entry(seq: u64, author: u64) -> Entry {
        Entry {
            seq: Seq(seq),
            author: UserId(author),
            id: MessageId([0; 16]),
            time: Timestamp(0),
            content: Content::Message(MessageBody::new("x").unwrap()),
        }
    }

    #[test]
    fn before_anything_is_held_the_server_is_believed() {
        let mut unread = Unread::default();
        unread.set_base(Seq(2), Seq(10), 5);
        assert_eq!(unread.count(Seq(2), Seq(10)), 5);
        assert_eq!(unread.count(Seq(10), Seq(10)), 0);
    }

    #[test]
    fn what_is_held_is_counted_exactly() {
        let mut unread = Unread::default();
        unread.set_base(Seq(2), Seq(6), 3);
        for (seq, author) in [(6, 2), (5, 1)] {
            unread.learn(&[entry(seq, author)], ME, Seq(2));
        }
        assert_eq!(unread.count(Seq(2), Seq(6)), 3);
        for (seq, author) in [(3, 2), (4, 2)] {
            unread.learn(&[entry(seq, author)], ME, Seq(2));
        }
        assert_eq!(unread.count(Seq(2), Seq(6)), 3);
        assert_eq!(unread.count(Seq(4), Seq(6)), 1);
        unread.advance(Seq(4));
        assert_eq!(unread.count(Seq(4), Seq(6)), 1);
        unread.learn(&[entry(7, 2)], ME, Seq(4));
        assert_eq!(unread.count(Seq(4), Seq(7)), 2);
    }

    #[test]
    fn the_first_unread_is_not_an_own_entry() {
        let mut unread = Unread::default();
        for (seq, author) in [(1, 1), (2, 1), (3, 2)] {
            unread.learn(&[entry(seq, author)], ME, Seq(0));
        }
        assert_eq!(unread.first(Seq(0), Seq(3)), Some(Seq(3)));
        assert_eq!(unread.first(Seq(3), Seq(3)), None);
    }
}
