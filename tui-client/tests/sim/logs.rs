//! A model of the server's store: what is committed survives every crash, nothing else does.

use std::collections::BTreeMap;

use recado_server::store::{Admitted, Appended, Login, Origin, Read, ReadResult, Write, Written};
use recado_shared::{
    Advance, Content, ConversationId, DeviceKey, Entry, Head, LogId, MemberCursors, MessageId,
    PageRange, RequestError, Seq, Stamp, Timestamp, UserId, UserName,
};

/// One conversation.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
    pub(crate) cursors: BTreeMap<UserId, MemberCursors>,
    changed: Stamp,
}

impl Log {
    pub(crate) fn newest(&self) -> Seq {
        Seq(self.entries.len() as u64)
    }

    pub(crate) fn entry(&self, seq: Seq) -> Option<&Entry> {
        let index = usize::try_from(seq.0.checked_sub(1)?).ok()?;
        self.entries.get(index)
    }

    /// The entries of others after a member's read cursor.
    pub(crate) fn unread(&self, user: UserId) -> u64 {
        let read = self.cursors[&user].read;
        let is_unread = |entry: &&Entry| entry.seq > read && entry.author != user;
        self.entries.iter().filter(is_unread).count() as u64
    }
}

/// What is on the server's disk.
#[derive(Debug)]
pub(crate) struct Logs {
    pub(crate) id: LogId,
    users: BTreeMap<UserId, UserName>,
    devices: BTreeMap<DeviceKey, UserId>,
    pub(crate) conversations: BTreeMap<ConversationId, Log>,
    ids: BTreeMap<(UserId, MessageId), (ConversationId, Seq)>,
    stamp: Stamp,
}

impl Logs {
    pub(crate) fn new(users: &[(UserId, UserName)], devices: &[(DeviceKey, UserId)]) -> Self {
        Self {
            id: LogId([1; 16]),
            users: users.iter().cloned().collect(),
            devices: devices.iter().copied().collect(),
            conversations: BTreeMap::new(),
            ids: BTreeMap::new(),
            stamp: Stamp(0),
        }
    }

    pub(crate) fn find(&self, author: UserId, id: MessageId) -> Option<(ConversationId, Seq)> {
        self.ids.get(&(author, id)).copied()
    }

    /// Carries out one write of a commit.
    pub(crate) fn apply(&mut self, write: Write) -> Written {
        match write {
            Write::Admin { .. } => unreachable!("nobody administers this server"),
            Write::Login(login) => self.login(&login),
            Write::Append {
                origin,
                author,
                conversation,
                id,
                content,
                time,
                moderates: _,
            } => {
                let result = self.append(author, conversation, (id, content, time));
                Written::Append {
                    origin,
                    conversation,
                    result,
                    stamp: self.stamp,
                }
            }
            Write::CreateRoom { .. } => unreachable!("nobody makes rooms here"),
            Write::Advance { user, advance } => {
                let moved = self.advance(user, advance);
                Written::Advance {
                    conversation: advance.conversation,
                    moved,
                    stamp: self.stamp,
                }
            }
        }
    }

    fn login(&self, login: &Login) -> Written {
        let user = self.devices[&login.key];
        Written::Login {
            session: login.session,
            result: Ok(Admitted {
                user,
                name: self.users[&user].clone(),
                registered: false,
                log: self.id,
                stamp: self.stamp,
            }),
        }
    }

    fn append(
        &mut self,
        author: UserId,
        conversation: ConversationId,
        (id, content, time): (MessageId, Content, Timestamp),
    ) -> Result<Appended, RequestError> {
        let peer = conversation
            .peer_of(author)
            .ok_or(RequestError::NotAMember)?;
        if !self.users.contains_key(&peer) {
            return Err(RequestError::UnknownUser);
        }
        if let Some((found, seq)) = self.find(author, id) {
            let entry = self.conversations[&found]
                .entry(seq)
                .expect("ids are of entries")
                .clone();
            if found != conversation || entry.content != content {
                return Err(RequestError::IdReused);
            }
            return Ok(Appended {
                entry,
                is_new: false,
            });
        }
        self.stamp.0 += 1;
        let log = self.conversations.entry(conversation).or_default();
        for user in [author, peer] {
            log.cursors.entry(user).or_insert(MemberCursors {
                user,
                delivered: Seq::ZERO,
                read: Seq::ZERO,
            });
        }
        let newest_time = log.entries.last().map_or(Timestamp(0), |entry| entry.time);
        let entry = Entry {
            seq: log.newest().next(),
            author,
            id,
            time: time.max(newest_time),
            content,
        };
        log.changed = self.stamp;
        log.entries.push(entry.clone());
        self.ids.insert((author, id), (conversation, entry.seq));
        Ok(Appended {
            entry,
            is_new: true,
        })
    }

    fn advance(&mut self, user: UserId, to: Advance) -> Option<MemberCursors> {
        let log = self.conversations.get_mut(&to.conversation)?;
        let newest = log.newest();
        let member = log.cursors.get_mut(&user)?;
        let before = *member;
        member.read = before.read.max(to.read.min(newest));
        member.delivered = before
            .delivered
            .max(to.delivered.min(newest))
            .max(member.read);
        let moved = *member;
        if moved == before {
            return None;
        }
        self.stamp.0 += 1;
        log.changed = self.stamp;
        Some(moved)
    }

    pub(crate) fn read(&self, read: &Read) -> ReadResult {
        match read {
            Read::Heads {
                session,
                user,
                since,
            } => {
                let heads = self.heads(*user, since.unwrap_or_default());
                ReadResult::Heads {
                    session: *session,
                    heads,
                    people: self.people(),
                    stamp: self.stamp,
                }
            }
            Read::Page {
                origin,
                conversation,
                range,
                limit,
                user: _,
            } => self.page(*origin, *conversation, *range, *limit),
            Read::Rooms { .. } | Read::Members { .. } => unreachable!("there are no rooms here"),
            Read::People { origin, .. } | Read::Names { origin, .. } => ReadResult::People {
                origin: *origin,
                people: self.people(),
                more: false,
            },
        }
    }

    fn people(&self) -> Vec<(UserId, UserName)> {
        let people = self.users.iter();
        people.map(|(user, name)| (*user, name.clone())).collect()
    }

    fn heads(&self, user: UserId, since: Stamp) -> Vec<Head> {
        let is_wanted =
            |(id, log): &(&ConversationId, &Log)| log.changed > since && id.peer_of(user).is_some();
        let logs = self.conversations.iter().filter(is_wanted);
        logs.map(|(id, log)| Head {
            conversation: *id,
            newest: log.newest(),
            newest_time: log.entries.last().map_or(Timestamp(0), |entry| entry.time),
            unread: log.unread(user),
            cursors: log.cursors.values().copied().collect(),
            first: Seq(1),
            room: None,
            is_request: false,
        })
        .collect()
    }

    fn page(
        &self,
        origin: Origin,
        conversation: ConversationId,
        range: PageRange,
        limit: u16,
    ) -> ReadResult {
        let empty = Log::default();
        let log = self.conversations.get(&conversation).unwrap_or(&empty);
        let all = log.entries.iter().cloned();
        let limit = usize::from(limit);
        let entries: Vec<Entry> = match range {
            PageRange::After(seq) => all.filter(|e| e.seq > seq).take(limit).collect(),
            PageRange::Before(seq) => {
                let below: Vec<_> = all.filter(|e| e.seq < seq).collect();
                below[below.len().saturating_sub(limit)..].to_vec()
            }
        };
        ReadResult::Page {
            origin,
            entries,
            newest: log.newest(),
        }
    }
}
