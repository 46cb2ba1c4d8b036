//! Reader of stored conversations: one session from the beginning of a verb to its end. An
//! interruption ends it, because a verb that changes nothing can be run again.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use recado_shared::client::NameCache;
use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{ConversationId, Entry, Head, PageRange, Seq, ServerFrame, UserId, UserName};

use super::VerbContext;
use crate::client::{Event, Target};
use crate::exit::Failure;
use crate::net::SessionError;
use crate::net::session::Session;

/// What arrives meanwhile is thrown away in portions of this size.
const MAX_NEWS: usize = 1024;

/// A session and the names that were heard of in it.
pub(super) struct Reader {
    session: Session,
    heads: BTreeMap<ConversationId, Head>,
    names: NameCache,
}

/// A stretch of a log.
pub(super) struct Page {
    pub(super) events: Vec<Event>,
    /// The newest place that may be read.
    pub(super) newest: Seq,
}

impl Reader {
    /// Connects, and learns where the user's conversations stand.
    pub(super) async fn open(context: &VerbContext) -> Result<Self, Failure> {
        let mut link = context.link().await?;
        let mut reader = Self {
            session: link.open(None).await?,
            heads: BTreeMap::new(),
            names: NameCache::default(),
        };
        loop {
            let frame = reader.session.next_frame().await?;
            reader.names.on_frame(&frame);
            let ServerFrame::Heads(page) = frame else {
                continue;
            };
            let is_complete = page.complete.is_some();
            let heads = page.heads.into_iter();
            reader
                .heads
                .extend(heads.map(|head| (head.conversation, head)));
            if is_complete {
                return Ok(reader);
            }
        }
    }

    /// The user's number and name.
    pub(super) fn me(&self) -> (UserId, &UserName) {
        let welcome = self.session.welcome();
        (welcome.user, &welcome.name)
    }

    /// The user's conversations, and the rooms that the user is invited to.
    pub(super) fn heads(&self) -> &BTreeMap<ConversationId, Head> {
        &self.heads
    }

    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    pub(super) fn names(&self) -> &NameCache {
        &self.names
    }

    /// What a conversation is called: the other person's name, or the room's with its mark.
    pub(super) fn label(&self, conversation: ConversationId) -> String {
        let (me, _) = self.me();
        match conversation {
            ConversationId::Room(room) => match self.names.room(conversation) {
                Some(name) => format!("#{name}"),
                None => format!("room {room}"),
            },
            ConversationId::Direct(_) => {
                let peer = conversation.peer_of(me).unwrap_or(me);
                let name = self.names.user(peer);
                name.map_or_else(|| format!("user {peer}"), ToString::to_string)
            }
        }
    }

    /// Which conversation is meant.
    pub(super) async fn find(&mut self, to: &Target) -> Result<ConversationId, Failure> {
        let found = to.find(&mut self.session).await?;
        let conversation = found.ok_or_else(|| to.missing())?;
        if let (Target::Room(name), Some(room)) = (to, conversation.room())
            && self.names.room(conversation).is_none()
        {
            self.names.insert_room(room, name.clone());
        }
        Ok(conversation)
    }

    /// Reads a stretch of a log, as long as one answer can be.
    pub(super) async fn page(
        &mut self,
        conversation: ConversationId,
        range: PageRange,
    ) -> Result<Page, SessionError> {
        self.page_of(conversation, range, MAX_PAGE_ENTRIES).await
    }

    /// The entry at a place; `None` if it may not be read.
    pub(super) async fn entry(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<Option<Event>, SessionError> {
        let range = PageRange::After(seq.prev());
        let page = self.page_of(conversation, range, 1).await?;
        Ok(page.events.into_iter().find(|event| event.seq == seq))
    }

    /// The newest place that may be read.
    pub(super) async fn newest(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Seq, SessionError> {
        let range = PageRange::Before(Seq(u64::MAX));
        Ok(self.page_of(conversation, range, 1).await?.newest)
    }

    async fn page_of(
        &mut self,
        conversation: ConversationId,
        range: PageRange,
        limit: u16,
    ) -> Result<Page, SessionError> {
        self.forget_news()?;
        let session = &mut self.session;
        let (entries, newest) = session.page(conversation, range, limit).await?;
        let names = &mut self.names;
        session.learn_names(names, conversation, &entries).await?;
        let events = entries
            .into_iter()
            .map(|entry| self.event(conversation, entry));
        Ok(Page {
            events: events.collect(),
            newest,
        })
    }

    /// Throws away what arrived by itself, so that a long reading does not drown in it.
    fn forget_news(&mut self) -> Result<(), SessionError> {
        for _ in 0..MAX_NEWS {
            match self.session.next_event().now_or_never() {
                Some(news) => drop(news?),
                None => break,
            }
        }
        Ok(())
    }

    fn event(&self, conversation: ConversationId, entry: Entry) -> Event {
        Event::new(self.me(), conversation, entry, &self.names)
    }

    pub(super) async fn leave(self) {
        self.session.leave().await;
    }
}
