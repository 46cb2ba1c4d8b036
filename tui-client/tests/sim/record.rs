//! Record of all commits, and an independent account of memberships, readable ranges and
//! unread counts. It shares no code with the programs.

use std::collections::{BTreeMap, BTreeSet};

use recado_server::store::{NewRoom, WriteResult};
use recado_shared::{
    Content, ConversationId, Entry, ErasedKind, HistoryVisibility, MemberCursors, Membership,
    MessageId, Role, RoomEvent, Seq, UserId,
};

/// The relation of a user to a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) membership: Membership,
    pub(crate) role: Role,
    /// Whether the user ever had more rights than a member: a late action may be from then.
    was_more: bool,
    pub(crate) first: Seq,
    pub(crate) last: Option<Seq>,
    pub(crate) cursors: MemberCursors,
    /// The name of the room and the number of its members when the user went.
    pub(crate) kept: Option<(String, usize)>,
}

#[derive(Debug)]
pub(crate) struct Log {
    /// As they are now.
    pub(crate) entries: Vec<Entry>,
    /// What they were before they were erased.
    pub(crate) said: Vec<Content>,
    pub(crate) members: BTreeMap<UserId, Member>,
    history: HistoryVisibility,
    pub(crate) name: String,
    pub(crate) topic: Option<String>,
    is_closed: bool,
}

/// What an entry became of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) text: Option<String>,
    pub(crate) is_edited: bool,
    pub(crate) reactions: BTreeMap<String, BTreeSet<UserId>>,
}

/// Everything that the server ever committed.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) logs: BTreeMap<ConversationId, Log>,
    ids: BTreeMap<(UserId, MessageId), (ConversationId, Seq)>,
}

impl Record {
    pub(crate) fn find(&self, author: UserId, id: MessageId) -> Option<(ConversationId, Seq)> {
        self.ids.get(&(author, id)).copied()
    }

    /// Takes over what was committed.
    pub(crate) fn follow(&mut self, written: &WriteResult) {
        match written {
            WriteResult::Append {
                conversation,
                result: Ok(appended),
                ..
            } if appended.is_new => {
                let log = self
                    .logs
                    .entry(*conversation)
                    .or_insert_with(|| Log::direct(*conversation).expect("rooms are made before"));
                log.append(&appended.entry);
                self.note_id(*conversation, &appended.entry);
            }
            WriteResult::CreateRoom {
                new,
                result: Ok((room, appended)),
                ..
            } if appended.is_new => {
                let id = ConversationId::Room(*room);
                let before = self.logs.insert(id, Log::room(new, &appended.entry));
                assert!(before.is_none(), "a room is made twice");
                self.note_id(id, &appended.entry);
            }
            WriteResult::Advance {
                conversation,
                moved: Some(cursors),
                ..
            } => {
                let log = self.logs.get_mut(conversation).expect("cursors of a log");
                log.advance(*cursors);
            }
            WriteResult::Append { .. }
            | WriteResult::CreateRoom { .. }
            | WriteResult::Advance { .. }
            | WriteResult::Login { .. }
            | WriteResult::Device { .. }
            | WriteResult::User { .. }
            | WriteResult::Admin { .. }
            | WriteResult::Erased { .. } => {}
        }
    }

    fn note_id(&mut self, conversation: ConversationId, entry: &Entry) {
        let key = (entry.author, entry.id);
        let before = self.ids.insert(key, (conversation, entry.seq));
        assert_eq!(before, None, "{key:?} is in the logs twice");
    }
}

fn index(seq: Seq) -> Option<usize> {
    usize::try_from(seq.0.checked_sub(1)?).ok()
}

impl Log {
    fn empty() -> Self {
        Self {
            entries: Vec::new(),
            said: Vec::new(),
            members: BTreeMap::new(),
            history: HistoryVisibility::Visible,
            name: String::new(),
            topic: None,
            is_closed: false,
        }
    }

    fn direct(id: ConversationId) -> Option<Self> {
        let mut log = Self::empty();
        for user in id.pair()?.members() {
            log.members.insert(user, Member::from(user, Seq::ZERO));
        }
        Some(log)
    }

    fn room(new: &NewRoom, created: &Entry) -> Self {
        let mut log = Self::empty();
        log.history = new.history;
        new.name.as_str().clone_into(&mut log.name);
        let mut owner = Member::from(new.author, Seq::ZERO);
        owner.set_role(Role::Owner);
        log.members.insert(new.author, owner);
        assert_eq!(created.content, Content::Room(RoomEvent::Created));
        log.append(created);
        log
    }

    pub(crate) fn newest(&self) -> Seq {
        Seq(self.entries.len() as u64)
    }

    pub(crate) fn entry(&self, seq: Seq) -> Option<&Entry> {
        self.entries.get(index(seq)?)
    }

    /// Whether this is, or was before an erasure, an entry of the log.
    pub(crate) fn has_had(&self, entry: &Entry) -> bool {
        let Some(now) = self.entry(entry.seq) else {
            return false;
        };
        let before = Entry {
            content: self.said[index(entry.seq).expect("it is in the log")].clone(),
            ..now.clone()
        };
        *entry == *now || *entry == before
    }

    /// The texts that a message ever had.
    pub(crate) fn versions(&self, seq: Seq) -> impl Iterator<Item = &str> {
        let said = (1..).map(Seq).zip(&self.said);
        let texts = said.filter(move |(at, content)| match content {
            Content::Edit { target, .. } => *target == seq,
            _ => *at == seq,
        });
        texts.filter_map(|(_, content)| Some(content.body()?.as_str()))
    }

    pub(crate) fn is_member(&self, user: UserId) -> bool {
        let member = self.members.get(&user);
        member.is_some_and(|member| member.membership == Membership::Member)
    }

    pub(crate) fn count_members(&self) -> usize {
        let all = self.members.keys();
        all.filter(|user| self.is_member(**user)).count()
    }

    /// The range that a user may read.
    pub(crate) fn visible(&self, user: UserId) -> &[Entry] {
        let Some(member) = self.members.get(&user) else {
            return &[];
        };
        let last = member.last.map_or(self.entries.len(), |last| {
            usize::try_from(last.0).expect("short logs")
        });
        let first = index(member.first).unwrap_or(0).min(last);
        &self.entries[first..last]
    }

    /// The messages of others after a member's read cursor.
    pub(crate) fn unread(&self, user: UserId) -> u64 {
        if !self.is_member(user) {
            return 0;
        }
        let read = self.members[&user].cursors.read;
        let is_unread = |e: &&Entry| e.seq > read && e.author != user && e.content.is_message();
        self.entries.iter().filter(is_unread).count() as u64
    }

    /// The state of a message, as a reader of these entries sees it.
    pub(crate) fn fold(entries: &[Entry], seq: Seq) -> Folded {
        let mut folded = Folded::default();
        for entry in entries {
            match &entry.content {
                _ if entry.seq == seq => {
                    folded.text = entry.content.body().map(|body| body.as_str().to_owned());
                }
                Content::Edit { target, body } if *target == seq => {
                    folded.text = Some(body.as_str().to_owned());
                    folded.is_edited = true;
                }
                Content::Deletion { target } if *target == seq => folded.text = None,
                Content::ReactionAdded { target, emoji } if *target == seq => {
                    let of = folded.reactions.entry(emoji.to_string()).or_default();
                    of.insert(entry.author);
                }
                Content::ReactionRemoved { target, emoji } if *target == seq => {
                    if let Some(of) = folded.reactions.get_mut(emoji.as_str()) {
                        of.remove(&entry.author);
                    }
                }
                _ => {}
            }
        }
        folded.reactions.retain(|_, of| !of.is_empty());
        if folded.text.is_none() {
            return Folded::default();
        }
        folded
    }

    fn advance(&mut self, to: MemberCursors) {
        let newest = self.newest();
        let member = self.members.get_mut(&to.user).expect("a member");
        let before = member.cursors;
        assert!(before.read <= to.read && before.delivered <= to.delivered);
        assert!(to.read <= to.delivered && to.delivered <= newest);
        member.cursors = to;
    }

    fn append(&mut self, entry: &Entry) {
        assert_eq!(entry.seq, self.newest().next(), "the log is dense");
        if let Some(last) = self.entries.last() {
            assert!(entry.time >= last.time, "time goes back");
        }
        self.check_about(entry);
        match &entry.content {
            Content::Room(event) => self.happens(entry, event),
            _ => assert!(self.is_member(entry.author), "{entry:?} by a stranger"),
        }
        self.said.push(entry.content.clone());
        self.entries.push(entry.clone());
        if let Content::Deletion { target } = entry.content {
            for entry in &mut self.entries {
                let is_meant = entry.seq == target
                    || matches!(entry.content, Content::Edit { target: t, .. } if t == target);
                match entry.content.erased() {
                    Some(erased) if is_meant => entry.content = Content::Erased(erased),
                    Some(_) | None => {}
                }
            }
        }
    }

    /// An entry that targets another has an existing target, and an author who may change it.
    fn check_about(&self, entry: &Entry) {
        let target = match entry.content {
            Content::Reply { to, .. } => Some(to),
            _ => entry.content.target(),
        };
        let Some(target) = target else {
            assert!(!matches!(
                entry.content,
                Content::Erased(_) | Content::AuthorRemoved
            ));
            return;
        };
        let about = self.entry(target).expect("about something that is there");
        assert!(about.content.is_message(), "{entry:?} is about {about:?}");
        assert_ne!(
            about.content,
            Content::Erased(ErasedKind::Message),
            "{entry:?}"
        );
        match entry.content {
            Content::Edit { .. } => assert_eq!(about.author, entry.author, "{entry:?}"),
            Content::Deletion { .. } => {
                let may = about.author == entry.author || self.members[&entry.author].was_more;
                assert!(may, "{entry:?} deletes {about:?}");
            }
            _ => {}
        }
    }

    fn happens(&mut self, entry: &Entry, event: &RoomEvent) {
        let (author, seq) = (entry.author, entry.seq);
        let membership = |log: &Self, user: &UserId| log.members.get(user).map(|m| m.membership);
        if *event == RoomEvent::Joined {
            let before = membership(self, &author);
            let may = !matches!(before, Some(Membership::Member | Membership::Banned));
            assert!(!self.is_closed, "{author} comes into a closed room");
            assert!(may, "{author} comes in and is {before:?}");
            assert!(self.count_members() > 0, "a room ends with its last member");
            let mut member = Member::from(author, seq.prev());
            if self.history == HistoryVisibility::Hidden {
                member.first = seq;
            }
            member.was_more = self.members.get(&author).is_some_and(|m| m.was_more);
            self.members.insert(author, member);
            return;
        }
        assert!(self.is_member(author), "{entry:?} by a stranger");
        let is_in = |log: &Self, user: &UserId| log.is_member(*user);
        match event {
            RoomEvent::Left if self.count_members() == 1 => self.ends(author, seq),
            RoomEvent::Left => self.leaves(author, seq, Membership::Left),
            RoomEvent::Kicked(user) => {
                assert!(
                    is_in(self, user) && self.members[&author].was_more,
                    "{entry:?}"
                );
                self.leaves(*user, seq, Membership::Kicked);
            }
            RoomEvent::Banned(user) => {
                assert!(self.members[&author].was_more, "{entry:?}");
                self.leaves(*user, seq, Membership::Banned);
            }
            RoomEvent::Unbanned(user) => {
                assert_eq!(membership(self, user), Some(Membership::Banned));
                self.leaves(*user, seq, Membership::Kicked);
            }
            RoomEvent::Invited(user) => {
                assert!(!is_in(self, user), "{entry:?} invites a member");
                self.leaves(*user, seq, Membership::Invited);
            }
            RoomEvent::Role { user, role } => {
                assert!(is_in(self, user), "{entry:?}");
                let member = self.members.get_mut(user).expect("a member");
                member.set_role(*role);
            }
            RoomEvent::Muted { user, .. } | RoomEvent::Unmuted(user) => {
                assert!(is_in(self, user), "{entry:?}");
            }
            RoomEvent::Renamed(name) => name.as_str().clone_into(&mut self.name),
            RoomEvent::Topic(topic) => {
                self.topic = topic.as_ref().map(|topic| topic.as_str().to_owned());
            }
            RoomEvent::HistoryVisibility(history) => self.history = *history,
            RoomEvent::Created => assert_eq!(seq, Seq(1)),
            RoomEvent::Closed => self.closes(author, seq),
            RoomEvent::Visibility(_) | RoomEvent::Joined => {}
        }
        assert!(
            self.has_owner() || self.count_members() == 0,
            "{entry:?} leaves no owner"
        );
        self.keep_left();
    }

    /// Keeps the room for those who have just gone.
    fn keep_left(&mut self) {
        let now = (self.name.clone(), self.count_members());
        for member in self.members.values_mut() {
            match member.membership {
                Membership::Member | Membership::Invited => member.kept = None,
                Membership::Left | Membership::Kicked | Membership::Banned => {
                    member.kept.get_or_insert_with(|| now.clone());
                }
            }
        }
    }

    fn closes(&mut self, owner: UserId, at: Seq) {
        assert!(self.members[&owner].role == Role::Owner && self.count_members() == 1);
        self.ends(owner, at);
    }

    /// The last member goes, and the room with its texts.
    fn ends(&mut self, owner: UserId, at: Seq) {
        let invited = |member: &&Member| member.membership == Membership::Invited;
        let invited = self.members.values().filter(invited);
        let invited: Vec<_> = invited.map(|member| member.cursors.user).collect();
        for user in invited.into_iter().chain([owner]) {
            self.leaves(user, at, Membership::Left);
        }
        self.is_closed = true;
        for entry in &mut self.entries {
            if let Some(erased) = entry.content.erased() {
                entry.content = Content::Erased(erased);
            }
        }
    }

    fn has_owner(&self) -> bool {
        let mut all = self.members.values();
        all.any(|member| member.membership == Membership::Member && member.role == Role::Owner)
    }

    fn leaves(&mut self, user: UserId, at: Seq, membership: Membership) {
        let member = self.members.entry(user).or_insert_with(|| Member {
            last: Some(Seq::ZERO),
            membership,
            ..Member::from(user, Seq::ZERO)
        });
        if member.membership == Membership::Member {
            member.last = Some(at);
            member.role = Role::Member;
        }
        member.membership = membership;
    }
}

impl Member {
    fn from(user: UserId, read: Seq) -> Self {
        Self {
            membership: Membership::Member,
            role: Role::Member,
            was_more: false,
            first: Seq(1),
            last: None,
            cursors: MemberCursors {
                user,
                delivered: read,
                read,
            },
            kept: None,
        }
    }

    fn set_role(&mut self, role: Role) {
        self.role = role;
        self.was_more |= role > Role::Member;
    }
}
