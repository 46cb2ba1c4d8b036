//! `recado tail`: messages as they arrive, from the moment of the call, each once, through
//! reconnects. What was printed counts as delivered, never as read.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{
    Advance, Answer, ClientFrame, ConversationId, Entry, HeadsPage, MessageBody, PageRange,
    Request, Seq, ServerFrame, Since, UserId, UserName, text,
};
use serde::Serialize;

use super::ask::parse_name;
use super::link::{Link, directory, names};
use crate::cli::TailArguments;
use crate::exit::{Exit, Failure};
use crate::identity::Wanted;
use crate::net::SessionError;
use crate::net::session::Session;
use crate::output::{ReaderGone, complain, print};
use crate::paths::Paths;

/// A line of `--json`: a stable interface.
#[derive(Serialize)]
struct Line<'a> {
    with: Option<&'a str>,
    with_id: String,
    author: Option<&'a str>,
    author_id: String,
    own: bool,
    seq: u64,
    id: String,
    time: String,
    text: &'a str,
}

/// Why following ended.
enum End {
    /// Nobody reads any more.
    ReaderGone,
    /// The session is over.
    Session(SessionError),
    /// There is nothing to follow.
    Final(Failure),
}

pub(crate) async fn tail(
    paths: &Paths,
    wanted: &Wanted,
    arguments: TailArguments,
) -> Result<(), Failure> {
    let only = arguments.to.as_deref().map(parse_name).transpose()?;
    let mut link = Link::of(paths, wanted).await?;
    let mut tail = Tail::new(only, arguments.json);
    let mut was_connected = false;
    loop {
        match link.open(tail.since).await {
            Ok(mut session) => {
                was_connected = true;
                match tail.follow(&mut session).await {
                    End::ReaderGone => {
                        session.leave().await;
                        return Ok(());
                    }
                    End::Final(failure) => return Err(failure),
                    End::Session(error) => complain(&format!("{error}; connecting again")),
                }
            }
            Err(error) if was_connected && error.is_temporary() => {
                tracing::info!(%error, "not connected");
            }
            Err(error) => return Err(error.into()),
        }
        link.pause().await;
    }
}

/// What has been printed, and how to print more.
struct Tail {
    only: Option<UserName>,
    is_json: bool,
    time_zone: TimeZone,
    names: BTreeMap<UserId, UserName>,
    positions: Positions,
    since: Option<Since>,
}

impl Tail {
    fn new(only: Option<UserName>, is_json: bool) -> Self {
        Self {
            only,
            is_json,
            time_zone: TimeZone::system(),
            names: BTreeMap::new(),
            positions: Positions::default(),
            since: None,
        }
    }

    /// Prints what one session brings.
    async fn follow(&mut self, session: &mut Session) -> End {
        let log = session.welcome().log;
        if self.since.is_some_and(|since| since.log != log) {
            // Another log: its places have nothing to do with those that were printed.
            self.since = None;
            self.positions = Positions::default();
        }
        match directory(session).await {
            Ok(people) => self.names.extend(names(&people)),
            Err(error) => return End::Session(error),
        }
        if let Some(only) = &self.only
            && !self
                .names
                .values()
                .any(|name| name.folded() == only.folded())
        {
            let text = format!("there is no {only} on this server: 'recado who' lists people");
            return End::Final(Failure::new(Exit::Refused, text));
        }
        loop {
            let step = match session.next_frame().await {
                Ok(frame) => self.take(session, frame).await,
                Err(error) => Err(End::Session(error)),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn take(&mut self, session: &mut Session, frame: ServerFrame) -> Result<(), End> {
        match frame {
            ServerFrame::Heads(page) => self.take_heads(session, page).await,
            ServerFrame::Entry {
                conversation,
                entry,
            } => match self.positions.arrival(conversation, entry.seq) {
                Arrival::Known => Ok(()),
                Arrival::Next => {
                    self.print(session, conversation, &entry)?;
                    self.note_delivered(session, conversation, entry.seq)
                }
                Arrival::AfterGap => self.fetch(session, conversation).await,
            },
            ServerFrame::Person(person) => {
                self.names.insert(person.user, person.name);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn take_heads(&mut self, session: &mut Session, page: HeadsPage) -> Result<(), End> {
        self.names.extend(names(&page.people));
        for head in page.heads {
            if self.positions.is_behind(head.conversation, head.newest) {
                self.fetch(session, head.conversation).await?;
            }
        }
        if let Some(stamp) = page.complete {
            // Whatever is accepted from here on is printed; scripts may wait for this line.
            if !self.positions.are_known {
                complain(&format!("following as {}", session.welcome().name));
            }
            self.positions.are_known = true;
            let log = session.welcome().log;
            self.since = Some(Since { log, stamp });
        }
        Ok(())
    }

    /// Prints what follows the last printed entry of a conversation.
    async fn fetch(
        &mut self,
        session: &mut Session,
        conversation: ConversationId,
    ) -> Result<(), End> {
        loop {
            let last = self.positions.last(conversation);
            let request = Request::Page {
                conversation,
                range: PageRange::After(last),
                limit: MAX_PAGE_ENTRIES,
            };
            let answer = session.request(request).await.map_err(End::Session)?;
            let Answer::Page { entries, newest } = answer else {
                let reason = "an answer to another question".to_owned();
                return Err(End::Session(SessionError::Malformed(reason)));
            };
            let Some(end) = entries.last().map(|entry| entry.seq) else {
                return Ok(());
            };
            for entry in &entries {
                if entry.seq > self.positions.last(conversation) {
                    self.print(session, conversation, entry)?;
                }
            }
            self.note_delivered(session, conversation, end)?;
            if end >= newest || end <= last {
                return Ok(());
            }
        }
    }

    fn print(
        &mut self,
        session: &Session,
        conversation: ConversationId,
        entry: &Entry,
    ) -> Result<(), End> {
        let me = session.welcome().user;
        let peer = conversation.peer_of(me).unwrap_or(me);
        if self.is_meant(peer) {
            let line = if self.is_json {
                self.json_line(me, peer, entry)
            } else {
                self.text_line(peer, entry)
            };
            print(&line).map_err(|ReaderGone| End::ReaderGone)?;
        }
        self.positions.printed(conversation, entry.seq);
        Ok(())
    }

    fn is_meant(&self, peer: UserId) -> bool {
        match (&self.only, self.names.get(&peer)) {
            (None, _) => true,
            (Some(only), Some(name)) => only.folded() == name.folded(),
            (Some(_), None) => false,
        }
    }

    fn note_delivered(
        &self,
        session: &mut Session,
        conversation: ConversationId,
        delivered: Seq,
    ) -> Result<(), End> {
        let me = session.welcome().user;
        // What is not printed is not delivered by this.
        if !self.is_meant(conversation.peer_of(me).unwrap_or(me)) {
            return Ok(());
        }
        let advance = Advance {
            conversation,
            delivered,
            read: Seq::ZERO,
        };
        session
            .queue(&ClientFrame::Advance(advance))
            .map_err(End::Session)
    }

    fn json_line(&self, me: UserId, peer: UserId, entry: &Entry) -> String {
        let body = entry.content.body().map_or("", MessageBody::as_str);
        let name = |user| self.names.get(&user).map(UserName::as_str);
        let line = Line {
            with: name(peer),
            with_id: peer.to_string(),
            author: name(entry.author),
            author_id: entry.author.to_string(),
            own: entry.author == me,
            seq: entry.seq.0,
            id: entry.id.to_string(),
            time: timestamp(entry).to_string(),
            text: body,
        };
        serde_json::to_string(&line).expect("plain values can be written as JSON")
    }

    fn text_line(&self, peer: UserId, entry: &Entry) -> String {
        let body = entry.content.body().map_or("", MessageBody::as_str);
        let name = |user: UserId| match self.names.get(&user) {
            Some(name) => text::neutralise(name.as_str()).into_owned(),
            None => format!("user {user}"),
        };
        let time = timestamp(entry).to_zoned(self.time_zone.clone());
        let time = time.strftime("%H:%M");
        let (author, peer_name) = (name(entry.author), name(peer));
        let to = if entry.author == peer {
            String::new()
        } else {
            format!(" to {peer_name}")
        };
        format!("{time} {author}{to}: {}", text::neutralise(body))
    }
}

/// The entry's time; one beyond what can be a time is the latest that can.
fn timestamp(entry: &Entry) -> jiff::Timestamp {
    i64::try_from(entry.time.0)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .unwrap_or(jiff::Timestamp::MAX)
}

/// The last printed entry of each conversation. What was there before is passed over.
#[derive(Debug, Default)]
struct Positions {
    last: BTreeMap<ConversationId, Seq>,
    /// Whether all conversations that were there at the start are in `last`, so that another
    /// one is new.
    are_known: bool,
}

/// What an entry that arrives is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrival {
    Known,
    Next,
    AfterGap,
}

impl Positions {
    fn last(&self, conversation: ConversationId) -> Seq {
        self.last.get(&conversation).copied().unwrap_or(Seq::ZERO)
    }

    fn printed(&mut self, conversation: ConversationId, seq: Seq) {
        self.last.insert(conversation, seq);
    }

    fn arrival(&mut self, conversation: ConversationId, seq: Seq) -> Arrival {
        // Before the heads are known, the first entry to arrive is where printing starts.
        if !self.are_known {
            self.last.entry(conversation).or_insert(seq.prev());
        }
        match self.last(conversation) {
            last if seq <= last => Arrival::Known,
            last if seq == last.next() => Arrival::Next,
            _ => Arrival::AfterGap,
        }
    }

    /// Whether a conversation that stands at `newest` has entries to print. One that was there
    /// at the start has none.
    fn is_behind(&mut self, conversation: ConversationId, newest: Seq) -> bool {
        if !self.are_known {
            self.last.entry(conversation).or_insert(newest);
        }
        self.last(conversation) < newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: ConversationId = ConversationId::direct(UserId(1), UserId(2));

    #[test]
    fn what_was_there_at_the_start_is_passed_over() {
        let mut positions = Positions::default();
        assert!(!positions.is_behind(TALK, Seq(5)));
        assert_eq!(positions.arrival(TALK, Seq(5)), Arrival::Known);
        assert_eq!(positions.arrival(TALK, Seq(6)), Arrival::Next);
        assert_eq!(positions.arrival(TALK, Seq(7)), Arrival::AfterGap);
    }

    #[test]
    fn an_entry_ahead_of_the_heads_is_where_printing_starts() {
        let mut positions = Positions::default();
        assert_eq!(positions.arrival(TALK, Seq(5)), Arrival::Next);
        positions.printed(TALK, Seq(5));
        assert!(!positions.is_behind(TALK, Seq(5)));
        assert!(positions.is_behind(TALK, Seq(6)));
    }

    #[test]
    fn a_conversation_that_begins_later_is_printed_from_its_start() {
        let mut positions = Positions {
            are_known: true,
            ..Positions::default()
        };
        assert!(positions.is_behind(TALK, Seq(3)));
        assert_eq!(positions.arrival(TALK, Seq(3)), Arrival::AfterGap);
        positions.printed(TALK, Seq(3));
        assert_eq!(positions.arrival(TALK, Seq(4)), Arrival::Next);
    }
}
