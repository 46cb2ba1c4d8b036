//! Reader of stored conversations: one session from the beginning of a verb to its end. An
//! interruption ends it, because a verb that changes nothing can be run again.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use recado_shared::client::NameCache;
use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{ConversationId, Head, PageRange, Seq, ServerFrame, UserId, UserName};

use super::VerbContext;
use super::line::user_label;
use crate::client::{Event, Target};
use crate::exit::Failure;
use crate::identity::Access;
use crate::net::{KnownState, Session, SessionError};

/// Events that are thrown away between two requests.
const MAX_NEWS: usize = 1024;

pub(super) struct Reader {
    pub(super) session: Session,
    /// The conversations of the user, and the rooms that the user is invited to.
    pub(super) heads: BTreeMap<ConversationId, Head>,
    pub(super) names: NameCache,
}

impl Reader {
    /// Connects, and waits for all heads.
    pub(super) async fn open(context: &VerbContext) -> Result<Self, Failure> {
        let mut link = context.link(Access::Read).await?;
        let mut reader = Self {
            session: link.open_away(KnownState::default()).await?,
            heads: BTreeMap::new(),
            names: NameCache::default(),
        };
        loop {
            let frame = reader.session.next_frame().await?;
            reader.names.on_frame(&frame);
            if let ServerFrame::Heads(page) = frame {
                let heads = page.heads.into_iter();
                let heads = heads.map(|head| (head.conversation, head));
                reader.heads.extend(heads);
                if page.complete.is_some() {
                    return Ok(reader);
                }
            }
        }
    }

    pub(super) fn me(&self) -> (UserId, &UserName) {
        let welcome = self.session.welcome();
        (welcome.user, &welcome.name)
    }

    pub(super) fn user_label(&self, user: UserId) -> String {
        user_label(&self.names, user)
    }

    pub(super) fn label(&self, conversation: ConversationId) -> String {
        let (me, _) = self.me();
        match (conversation, self.names.room(conversation)) {
            (ConversationId::Room(_), Some(name)) => format!("#{name}"),
            (ConversationId::Room(room), None) => format!("room {room}"),
            (ConversationId::Direct(_), _) => {
                self.user_label(conversation.peer_of(me).unwrap_or(me))
            }
        }
    }

    pub(super) async fn find(&mut self, to: &Target) -> Result<ConversationId, Failure> {
        let conversation = to.find(&mut self.session).await??;
        if let (Target::Room(name), Some(room)) = (to, conversation.room())
            && self.names.room(conversation).is_none()
        {
            self.names.insert_room(room, name.clone());
        }
        Ok(conversation)
    }

    /// The next page of entries after `after`, which moves to its end, and not after `last`.
    /// `None` at the end.
    pub(super) async fn next_events(
        &mut self,
        conversation: ConversationId,
        after: &mut Seq,
        last: Seq,
    ) -> Result<Option<Vec<Event>>, SessionError> {
        if *after >= last {
            return Ok(None);
        }
        let range = PageRange::After(*after);
        let (mut events, _) = self.page(conversation, range, MAX_PAGE_ENTRIES).await?;
        let Some(end) = events.last() else {
            return Ok(None);
        };
        *after = end.seq;
        events.retain(|event| event.seq <= last);
        Ok(Some(events))
    }

    /// The entry at a place; `None` if it may not be read.
    pub(super) async fn entry(
        &mut self,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<Option<Event>, SessionError> {
        let range = PageRange::After(seq.prev());
        let (events, _) = self.page(conversation, range, 1).await?;
        Ok(events.into_iter().find(|event| event.seq == seq))
    }

    pub(super) async fn newest(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Seq, SessionError> {
        let range = PageRange::Before(Seq(u64::MAX));
        Ok(self.page(conversation, range, 1).await?.1)
    }

    /// A page of a log, and the newest place that may be read.
    pub(super) async fn page(
        &mut self,
        conversation: ConversationId,
        range: PageRange,
        limit: u16,
    ) -> Result<(Vec<Event>, Seq), SessionError> {
        self.discard_news()?;
        let session = &mut self.session;
        let (entries, newest) = session.page(conversation, range, limit).await?;
        let names = &mut self.names;
        session.learn_names(names, conversation, &entries).await?;
        let entries = entries.into_iter();
        let events = entries.map(|entry| Event::new(self.me(), conversation, entry, &self.names));
        Ok((events.collect(), newest))
    }

    /// Throws away what arrived by itself, so that it does not pile up while a verb reads.
    fn discard_news(&mut self) -> Result<(), SessionError> {
        for _ in 0..MAX_NEWS {
            match self.session.next_event().now_or_never() {
                Some(news) => drop(news?),
                None => break,
            }
        }
        Ok(())
    }
}
