//! A small client for bots: read what is written to a user, and answer.
//!
//! ```no_run
//! # async fn bot() -> Result<(), recado::exit::Failure> {
//! let mut client = recado::client::Client::open("echo").await?;
//! loop {
//!     let event = client.next().await?;
//!     if event.is_message() && event.mentions_me && !event.is_own {
//!         client.reply(&event, event.text()).await?;
//!     }
//! }
//! # }
//! ```
//!
//! A [`Client`] is one device of a user and has no task of its own: it works while one of its methods
//! is awaited. It reconnects by itself, and resends under the same id, so that nothing is sent or
//! returned twice. Cancelling a method loses no event, but may leave open whether something was sent.
//! A [`Failure`] says what happened and what to do.

mod connect;
mod event;
mod feed;
mod target;
mod token;

use recado_shared::client::NameCache;
use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, CursorUpdate, Emoji, HeadsPage, Invite,
    MessageBody, MessageId, Request, RequestError, RoomEvent, Seq, ServerFrame, Timestamp, UserId,
    UserName,
};
use tokio::time::sleep;

use self::feed::{EpochsOutcome, Feed, PageRequest};
use crate::exit::Failure;
use crate::identity::{Access, IdentitySelector, register};
use crate::model::MessageIdSource;
use crate::net::{Link, Session, SessionError};
use crate::paths::Paths;
use crate::strings;

pub(crate) use connect::wall_time;
pub use event::Event;
pub use target::Target;
pub use token::{ResumeToken, ResumeTokenError};

/// The environment variable with the name that [`Client::from_env`] opens.
pub const NAME_VARIABLE: &str = "RECADO_NAME";

/// The environment variable with the invite by which [`Client::from_env`] joins a server.
pub const INVITE_VARIABLE: &str = "RECADO_INVITE";

/// An accepted entry of this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub conversation: ConversationId,
    pub seq: Seq,
    /// Unique among the messages of this user.
    pub id: MessageId,
    /// When the server accepted it.
    pub time: Timestamp,
}

/// A device of a user.
#[derive(Debug)]
pub struct Client {
    link: Link,
    session: Option<Session>,
    /// `None` before the first session.
    pub(crate) me: Option<(UserId, UserName)>,
    was_interrupted: bool,
    /// Whether the first connection, too, is tried again while it fails temporarily.
    pub(crate) is_patient: bool,
    /// The last temporary failure.
    pub(crate) last_error: Option<Failure>,
    feed: Feed,
    pub(crate) names: NameCache,
    ids: MessageIdSource,
    /// The only conversation whose events are returned; `None` returns all.
    only: Option<ConversationId>,
    /// The last event that was returned: it counts as delivered once the next one is awaited.
    handed: Option<(ConversationId, Seq)>,
    /// Gets a line about each interruption of the connection.
    pub(crate) listener: fn(&str),
}

impl Client {
    /// Opens an account of this machine. It creates none: that is for [`join_server`](Self::join_server),
    /// `recado NAME` and `recado join`.
    ///
    /// # Errors
    /// [`Failure`] says what to do.
    pub async fn open(name: &str) -> Result<Self, Failure> {
        let selector = IdentitySelector {
            name: Some(name.to_owned()),
            server: None,
        };
        Self::open_at(&Paths::of_user()?, &selector).await
    }

    /// Opens the account in [`NAME_VARIABLE`], or the only one. With an invite in
    /// [`INVITE_VARIABLE`] it joins that server first.
    ///
    /// # Errors
    /// [`Failure`] says what to do.
    pub async fn from_env() -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let name = variable(NAME_VARIABLE);
        let Some(invite) = variable(INVITE_VARIABLE) else {
            let selector = IdentitySelector { name, server: None };
            return Self::open_at(&Paths::of_user()?, &selector).await;
        };
        let Some(name) = name else {
            let text = format!("{INVITE_VARIABLE} is set, but {NAME_VARIABLE} is not. Set both.");
            return Err(Failure::usage(text));
        };
        Self::join_server(&invite, &name).await
    }

    /// Joins the server of an invite under this name, or opens the name if it joined before.
    ///
    /// # Errors
    /// [`Failure`] says what to do.
    pub async fn join_server(invite: &str, name: &str) -> Result<Self, Failure> {
        Self::join_server_at(&Paths::of_user()?, invite, name).await
    }

    /// Joins a server as [`join_server`](Self::join_server), with files in these places.
    ///
    /// # Errors
    /// [`Failure`] says what to do.
    pub async fn join_server_at(paths: &Paths, invite: &str, name: &str) -> Result<Self, Failure> {
        let invite: Invite = invite.parse().map_err(Failure::usage)?;
        let name = UserName::new(name).map_err(Failure::usage)?;
        let identity = register(paths, &invite, &name, false).await?;
        Self::connected(Link::new(identity.net_config(paths))?).await
    }

    /// Opens the selected identity, with files in these places.
    ///
    /// # Errors
    /// [`Failure`] says what to do.
    pub async fn open_at(paths: &Paths, selector: &IdentitySelector) -> Result<Self, Failure> {
        Self::connected(Link::of(paths, selector, Access::Write).await?).await
    }

    async fn connected(link: Link) -> Result<Self, Failure> {
        let mut client = Self::over(link);
        client.connect().await?;
        Ok(client)
    }

    pub(crate) fn over(link: Link) -> Self {
        Self {
            link,
            session: None,
            me: None,
            was_interrupted: false,
            is_patient: false,
            last_error: None,
            feed: Feed::default(),
            names: NameCache::default(),
            ids: MessageIdSource::new(fastrand::u64(..)),
            only: None,
            handed: None,
            listener: |text| tracing::info!("{text}"),
        }
    }

    /// The user's number and name.
    pub fn me(&self) -> (UserId, &UserName) {
        let (user, name) = self.me.as_ref().expect("it was welcomed");
        (*user, name)
    }

    /// Returns only the events of this conversation from now on.
    pub fn follow_only(&mut self, conversation: ConversationId) {
        self.only = Some(conversation);
    }

    /// The name of a user; `None` if no event or request has told it yet.
    pub fn name_of(&self, user: UserId) -> Option<&UserName> {
        self.names.user(user)
    }

    /// Continues after the event at which an earlier run had this token, if that is of the same
    /// server. Call it first.
    ///
    /// # Errors
    /// [`Failure`] if the token belongs to another server.
    pub fn resume_after(&mut self, token: ResumeToken) -> Result<(), Failure> {
        check_token(self.feed.resume(token))
    }

    /// The token with which a later run continues here. `None` before the first connection.
    pub fn after(&self) -> Option<ResumeToken> {
        self.feed.token()
    }

    /// Waits until [`next`](Self::next) will return whatever is accepted from here on.
    ///
    /// # Errors
    /// [`Failure`] if the server refuses this device from now on.
    pub async fn ready(&mut self) -> Result<(), Failure> {
        while !self.feed.are_known() {
            self.step().await?;
        }
        Ok(())
    }

    /// Waits for the next event in any conversation of the user: from the moment of opening, in
    /// the order of each conversation, each once. An event counts as delivered when the next one
    /// is awaited, and never as read. Events that this client sends are left out; those of other
    /// devices of the user are not.
    /// It waits while the connection is interrupted, and fails only once the server refuses this device.
    ///
    /// # Errors
    /// [`Failure`] if the server refuses this device from now on. Interruptions are waited out.
    pub async fn next(&mut self) -> Result<Event, Failure> {
        self.note_delivered();
        loop {
            let Some(&(conversation, ref entry)) = self.feed.front() else {
                self.step().await?;
                continue;
            };
            let is_elsewhere = self.only.is_some_and(|only| only != conversation);
            if is_elsewhere || self.feed.is_own(conversation, entry.seq) {
                self.feed.pop();
                continue;
            }
            let entry = entry.clone();
            if let Some(session) = &mut self.session {
                let entries = std::slice::from_ref(&entry);
                let named = session.learn_names(&mut self.names, conversation, entries);
                if let Err(error) = named.await {
                    self.lose(error);
                }
            }
            self.feed.pop();
            self.handed = Some((conversation, entry.seq));
            self.names.on_entry(conversation, &entry);
            return Ok(Event::new(self.me(), conversation, entry, &self.names));
        }
    }

    /// The conversation that `bob` or `#room` means.
    ///
    /// # Errors
    /// [`Failure`] if there is no such user or room.
    pub async fn find(&mut self, to: &str) -> Result<ConversationId, Failure> {
        let target: Target = to.parse()?;
        let found = self.retry(async |session| target.find(session).await);
        found.await??
    }

    /// Sends a message to `bob` or `#room`, and waits until it is on the server's disk.
    ///
    /// # Errors
    /// [`Failure`] if the text or the recipient is invalid, or the server refuses it.
    pub async fn send(&mut self, to: &str, text: &str) -> Result<Sent, Failure> {
        let body = body(text)?;
        let conversation = self.find(to).await?;
        self.append(conversation, Content::Message(body)).await
    }

    /// Replies to a message.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn reply(&mut self, to: &Event, text: &str) -> Result<Sent, Failure> {
        let content = Content::Reply {
            to: to.seq,
            body: body(text)?,
        };
        self.append(to.conversation, content).await
    }

    /// Reacts to a message with an emoji.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn react(&mut self, to: &Event, emoji: &str) -> Result<Sent, Failure> {
        let content = Content::ReactionAdded {
            target: to.seq,
            emoji: Emoji::new(emoji).map_err(Failure::usage)?,
        };
        self.append(to.conversation, content).await
    }

    /// Gives an own message another text.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn edit(&mut self, sent: &Sent, text: &str) -> Result<Sent, Failure> {
        let content = Content::Edit {
            target: sent.seq,
            body: body(text)?,
        };
        self.append(sent.conversation, content).await
    }

    /// Deletes an own message: its text is erased everywhere.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn delete(&mut self, sent: &Sent) -> Result<Sent, Failure> {
        let content = Content::Deletion { target: sent.seq };
        self.append(sent.conversation, content).await
    }

    /// Joins a room, unless the user is in it already.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn join(&mut self, room: &str) -> Result<ConversationId, Failure> {
        let room = room.strip_prefix('#').unwrap_or(room);
        let conversation = self.find(&format!("#{room}")).await?;
        let joined = Content::Room(RoomEvent::Joined);
        match self.try_append(conversation, joined).await? {
            Ok(sent) => self.feed.joined(conversation, sent.seq, sent.time),
            Err(RequestError::AlreadyAMember) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(conversation)
    }

    /// Appends an entry to a conversation, and waits until it is on the server's disk.
    ///
    /// # Errors
    /// [`Failure`] if the server refuses.
    pub async fn append(
        &mut self,
        conversation: ConversationId,
        content: Content,
    ) -> Result<Sent, Failure> {
        let sent = self.try_append(conversation, content).await??;
        self.feed.sent(conversation, sent.seq, sent.time);
        Ok(sent)
    }

    async fn try_append(
        &mut self,
        conversation: ConversationId,
        content: Content,
    ) -> Result<Result<Sent, RequestError>, Failure> {
        let id = self.ids.draw(wall_time());
        let request = Request::Append {
            conversation,
            id,
            content,
        };
        // An answer of another kind is no reason to send it again.
        match self.try_request(request).await? {
            Ok(Answer::Accepted { seq, time }) => Ok(Ok(Sent {
                conversation,
                seq,
                id,
                time,
            })),
            Ok(_) => Err(SessionError::unexpected_answer().into()),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Sends a request that may be repeated, and waits for its answer.
    ///
    /// # Errors
    /// [`Failure`] if the server refuses.
    pub async fn request(&mut self, request: Request) -> Result<Answer, Failure> {
        Ok(self.try_request(request).await??)
    }

    async fn try_request(
        &mut self,
        request: Request,
    ) -> Result<Result<Answer, RequestError>, Failure> {
        self.retry(async |session| session.request(request.clone()).await)
            .await
    }

    /// Runs an attempt in the open session, and again in this or the next one while it fails
    /// temporarily. The inner error is a request that the server does not grant.
    pub(crate) async fn retry<T>(
        &mut self,
        mut attempt: impl AsyncFnMut(&mut Session) -> Result<T, SessionError>,
    ) -> Result<Result<T, RequestError>, Failure> {
        loop {
            let session = self.connect().await?;
            match attempt(session).await {
                Ok(value) => return Ok(Ok(value)),
                Err(SessionError::Request(error)) if !error.is_temporary() => {
                    return Ok(Err(error));
                }
                Err(error) => self.after_failed(error).await?,
            }
        }
    }

    /// Disconnects. The last event that was returned counts as delivered.
    pub async fn leave(mut self) {
        self.note_delivered();
        if let Some(session) = self.session.take() {
            session.leave().await;
        }
    }

    /// Disconnects without counting the last event as delivered.
    pub(crate) async fn leave_undelivered(mut self) {
        self.handed = None;
        self.leave().await;
    }

    async fn connect(&mut self) -> Result<&mut Session, Failure> {
        while self.session.is_none() {
            if self.was_interrupted {
                sleep(self.link.next_wait()).await;
            }
            match self.link.open_away(self.feed.known_state()).await {
                Ok(session) => {
                    let welcome = session.welcome();
                    self.me = Some((welcome.user, welcome.name.clone()));
                    check_token(self.feed.opened(welcome))?;
                    self.session = Some(session);
                }
                Err(error) if error.is_temporary() && (self.me.is_some() || self.is_patient) => {
                    let failure = Failure::from(error);
                    // Each attempt fails for the same reason again.
                    if self.last_error.as_ref() != Some(&failure) {
                        tracing::info!(reason = %failure, "not connected");
                    }
                    self.last_error = Some(failure);
                    self.was_interrupted = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.session.as_mut().expect("it is open"))
    }

    fn lose(&mut self, error: SessionError) {
        (self.listener)(&format!("{error}; reconnecting"));
        self.last_error = Some(error.into());
        self.link.session_ended();
        self.session = None;
        self.was_interrupted = true;
    }

    async fn after_failed(&mut self, error: SessionError) -> Result<(), Failure> {
        match error {
            SessionError::Request(error) if error.is_temporary() => {
                self.last_error = Some(error.into());
                sleep(self.link.next_wait()).await;
            }
            SessionError::Request(error) => return Err(error.into()),
            error => self.lose(error),
        }
        Ok(())
    }

    /// Keeps the open session alive without returning events, until it is lost. Without a session it never
    /// returns. Cancelling it loses nothing that [`append`](Self::append) needs.
    pub(crate) async fn idle(&mut self) {
        let Some(session) = &mut self.session else {
            return std::future::pending().await;
        };
        let error = loop {
            if let Err(error) = session.next_frame().await {
                break error;
            }
        };
        self.lose(error);
    }

    /// Fetches one page that the feed needs, or waits for one frame.
    async fn step(&mut self) -> Result<(), Failure> {
        self.connect().await?;
        if let Some(request) = self.feed.page_request() {
            return self.fetch(request).await;
        }
        let session = self.session.as_mut().expect("it is open");
        match session.next_frame().await {
            Ok(ServerFrame::Epochs(epochs)) => {
                if self.feed.on_epochs(epochs) == EpochsOutcome::Reopen
                    && let Some(session) = self.session.take()
                {
                    session.leave().await;
                }
            }
            Ok(frame) => self.on_frame(frame),
            Err(error) => self.lose(error),
        }
        Ok(())
    }

    async fn fetch(&mut self, request: PageRequest) -> Result<(), Failure> {
        let session = self.session.as_mut().expect("it is open");
        let page = session.page(request.conversation, request.range, MAX_PAGE_ENTRIES);
        match page.await {
            Ok((entries, newest)) => self.feed.on_page(request, entries, newest),
            Err(SessionError::Request(error)) if !error.is_temporary() => {
                self.feed.skip(request.conversation);
            }
            Err(error) => self.after_failed(error).await?,
        }
        Ok(())
    }

    fn on_frame(&mut self, frame: ServerFrame) {
        self.names.on_frame(&frame);
        match frame {
            ServerFrame::Heads(page) => self.on_heads(&page),
            ServerFrame::Entry {
                conversation,
                entry,
            } => self.feed.on_entry(conversation, entry),
            ServerFrame::Agreed(page) => {
                let lost = self.feed.on_agreed(page);
                if lost > 0 {
                    (self.listener)(&strings::status::rolled_back(lost));
                }
            }
            _ => {}
        }
    }

    fn on_heads(&mut self, page: &HeadsPage) {
        let me = self.me().0;
        for head in &page.heads {
            let own = head.cursors.iter().find(|cursors| cursors.user == me);
            let read = own.map_or(Seq::ZERO, |cursors| cursors.read);
            self.feed.on_head(head, read);
        }
        if let Some(stamp) = page.complete {
            self.feed.on_complete(stamp);
        }
    }

    /// Reports the last event as delivered, once for several that wait together.
    fn note_delivered(&mut self) {
        let Some((conversation, delivered)) = self.handed else {
            return;
        };
        let front = self.feed.front();
        if front.is_some_and(|&(next, _)| next == conversation) {
            return;
        }
        if let Some(session) = &mut self.session {
            let update = CursorUpdate {
                conversation,
                delivered,
                read: Seq::ZERO,
            };
            // A link that broke by now shows with the next frame.
            let _ = session.queue(&ClientFrame::UpdateCursors(update));
            self.handed = None;
        }
    }
}

fn body(text: &str) -> Result<MessageBody, Failure> {
    MessageBody::new(text).map_err(|error| Failure::usage(format!("Cannot send this: {error}")))
}

fn check_token(is_of_this_log: bool) -> Result<(), Failure> {
    let text = "This resume token belongs to another server, or to data that no longer exists. \
                Start without it.";
    is_of_this_log
        .then_some(())
        .ok_or_else(|| Failure::usage(text))
}
