//! The attacker: one user with one device and many sessions, in a thread of its own.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use recado_shared::limits::MAX_BODY_LEN;
use recado_shared::{
    Activity, ClientFrame, Content, ConversationId, Hello, HistoryVisibility, MessageBody,
    MessageId, Request, RoomEvent, RoomName, Seq, Stamp, SyncPoint, UserId, Visibility, Welcome,
    client,
};
use rustls::ClientConfig;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Attack;
use crate::connection::{Connection, Incoming, device};
use crate::message_ids::MessageIds;
use crate::subject::Endpoint;

/// Addresses of the loopback network that the attacker connects from.
const ADDRESSES: u8 = 20;

/// Sessions that [`Attack::Sessions`] tries to open.
const MOST_SESSIONS: u64 = 4_096;

/// Sessions of the other attacks.
const SESSIONS: u64 = 250;

/// Sessions that ask for all heads and read nothing.
const DEAF_SESSIONS: u64 = 50;

/// Time for making and leaving rooms.
const ROOMS_TIME: Duration = Duration::from_secs(40);

/// Unanswered requests of a session.
const WINDOW: usize = 16;

/// Users in a watch list: as many as a frame holds.
const WATCHED: u64 = 16_000;

/// Time after which a connection that says nothing counts as refused.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an attack came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) open: u64,
    pub(super) refused: u64,
    /// Attacking frames that were sent, or requests that were answered.
    pub(super) attacks: u64,
}

#[derive(Default)]
struct Counts {
    open: AtomicU64,
    refused: AtomicU64,
    attacks: AtomicU64,
    is_over: AtomicBool,
}

pub(super) struct Attacker {
    counts: Arc<Counts>,
    over: oneshot::Sender<()>,
    thread: thread::JoinHandle<Result<()>>,
}

/// One user with one device.
#[derive(Clone)]
struct Account {
    endpoint: Endpoint,
    config: Arc<ClientConfig>,
    welcome: Welcome,
    counts: Arc<Counts>,
}

impl Attacker {
    /// Returns once the sessions are open, or refused, and the attack runs.
    pub(super) async fn start(endpoint: &Endpoint, attack: Attack) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let (over, is_over) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let (endpoint, shared) = (endpoint.clone(), Arc::clone(&counts));
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let account = Account::register(endpoint, shared).await?;
                let mut sessions = account.begin(attack).await?;
                let _ = ready.send(());
                let _ = is_over.await;
                account.counts.is_over.store(true, Ordering::Relaxed);
                sessions.shutdown().await;
                Ok(())
            })
        });
        let attacker = Self {
            counts,
            over,
            thread,
        };
        match is_ready.await {
            Ok(()) => Ok(attacker),
            Err(_) => bail!("the attack did not start: {:?}", attacker.end()),
        }
    }

    pub(super) fn end(self) -> Result<Outcome> {
        let _ = self.over.send(());
        match self.thread.join() {
            Ok(result) => result.context("the attacker")?,
            Err(_) => bail!("the thread of the attacker panicked"),
        }
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Ok(Outcome {
            open: count(&self.counts.open),
            refused: count(&self.counts.refused),
            attacks: count(&self.counts.attacks),
        })
    }
}

impl Account {
    async fn register(endpoint: Endpoint, counts: Arc<Counts>) -> Result<Self> {
        let ticket = endpoint.ticket.as_ref().context("a server is needed")?;
        let config = device(ticket)?;
        let from = Ipv4Addr::new(127, 0, 1, 1);
        let mut connection = Connection::tls_from(from, ticket, Arc::clone(&config)).await?;
        connection.queue(&ClientFrame::Hello(Hello {
            name: Some("mallory".to_owned()),
            token: ticket.token.clone(),
            ..client::hello("load")
        }))?;
        let welcome = welcomed(&mut connection).await?;
        Ok(Self {
            endpoint,
            config,
            welcome,
            counts,
        })
    }

    /// Opens a session up to its welcome.
    async fn open(&self, number: u64, since: Option<SyncPoint>) -> Option<Connection> {
        let opened = timeout(PATIENCE, async {
            let ticket = self
                .endpoint
                .ticket
                .as_ref()
                .context("a server is needed")?;
            let host = u8::try_from(number % u64::from(ADDRESSES))? + 1;
            let from = Ipv4Addr::new(127, 0, 1, host);
            let config = Arc::clone(&self.config);
            let mut connection = Connection::tls_from(from, ticket, config).await?;
            connection.queue(&ClientFrame::Hello(Hello {
                since,
                ..client::hello("load")
            }))?;
            welcomed(&mut connection).await?;
            anyhow::Ok(connection)
        });
        let connection = opened.await.ok().and_then(Result::ok);
        let count = match connection {
            Some(_) => &self.counts.open,
            None => &self.counts.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
        connection
    }

    async fn begin(&self, attack: Attack) -> Result<JoinSet<()>> {
        let mut sessions = JoinSet::new();
        if attack == Attack::Heads {
            self.make_rooms().await?;
        }
        let (count, since) = match attack {
            Attack::Sessions => (MOST_SESSIONS, None),
            Attack::Heads => (DEAF_SESSIONS, Some(self.long_ago())),
            _ => (SESSIONS, None),
        };
        let mut opened = Vec::new();
        for first in (0..count).step_by(32) {
            let mut opening = JoinSet::new();
            for number in first..count.min(first + 32) {
                let account = self.clone();
                opening.spawn(async move { account.open(number, since).await });
            }
            opened.extend(opening.join_all().await.into_iter().flatten());
        }
        for (number, connection) in (0..).zip(opened) {
            let account = self.clone();
            sessions.spawn(async move {
                // A session that the server closes attacks no more.
                let _ = account.run(attack, number, connection).await;
            });
        }
        Ok(sessions)
    }

    /// A sync point from before everything.
    fn long_ago(&self) -> SyncPoint {
        SyncPoint {
            log: self.welcome.log,
            stamp: Stamp(1),
        }
    }

    fn peer(&self) -> ConversationId {
        // The first honest client, who has not asked for it.
        ConversationId::direct(self.welcome.user, UserId(1))
    }

    async fn run(&self, attack: Attack, number: u64, mut connection: Connection) -> Result<()> {
        connection.be_lenient();
        match attack {
            Attack::Sessions | Attack::Heads => stay_deaf(connection).await,
            Attack::Appends => self.append(connection, "spam").await,
            Attack::Bytes => self.append(connection, &"x".repeat(MAX_BODY_LEN)).await,
            Attack::Activity => self.flip(connection).await,
            Attack::FindUsers => self.list_users(connection).await,
            Attack::Watch => self.watch(connection).await,
            Attack::Deletions if number.is_multiple_of(2) => stay_deaf(connection).await,
            Attack::Deletions => self.delete(connection).await,
            _ => bail!("an attack of strangers"),
        }
    }

    /// Keeps a window of requests in flight.
    async fn ask(
        &self,
        mut connection: Connection,
        mut next: impl FnMut() -> Result<Request>,
    ) -> Result<()> {
        let mut free = WINDOW;
        loop {
            for _ in 0..free {
                connection.queue_request(next()?)?;
            }
            free = 0;
            let count = |arrival: Incoming<'_>| {
                free += usize::from(matches!(arrival, Incoming::Answer(_)));
            };
            connection.exchange(count).await?;
            let answered = u64::try_from(free)?;
            self.counts.attacks.fetch_add(answered, Ordering::Relaxed);
        }
    }

    async fn append(&self, connection: Connection, text: &str) -> Result<()> {
        let mut ids = MessageIds::new();
        let body = MessageBody::new(text)?;
        let conversation = self.peer();
        let next = || {
            Ok(Request::Append {
                conversation,
                id: ids.next_id(),
                content: Content::Message(body.clone()),
            })
        };
        self.ask(connection, next).await
    }

    async fn delete(&self, connection: Connection) -> Result<()> {
        let mut ids = MessageIds::new();
        let body = MessageBody::new("soon deleted")?;
        let conversation = self.peer();
        let mut target = Seq(0);
        let mut is_deletion = true;
        let next = || {
            is_deletion = !is_deletion;
            let content = if is_deletion {
                target.0 += 1;
                Content::Deletion { target }
            } else {
                Content::Message(body.clone())
            };
            Ok(Request::Append {
                conversation,
                id: ids.next_id(),
                content,
            })
        };
        self.ask(connection, next).await
    }

    async fn list_users(&self, connection: Connection) -> Result<()> {
        let next = || {
            Ok(Request::FindUsers {
                prefix: String::new(),
                after: None,
                limit: u16::MAX,
            })
        };
        self.ask(connection, next).await
    }

    async fn flip(&self, mut connection: Connection) -> Result<()> {
        loop {
            for activity in [Activity::Away, Activity::Active].repeat(WINDOW) {
                connection.queue(&ClientFrame::Activity(activity))?;
            }
            connection.ping().await?;
            self.counts
                .attacks
                .fetch_add(2 * WINDOW as u64, Ordering::Relaxed);
        }
    }

    async fn watch(&self, mut connection: Connection) -> Result<()> {
        let mut first = 1;
        loop {
            let users = (first..first + WATCHED).map(UserId).collect();
            first = first % 7 + 1;
            connection.queue(&ClientFrame::Watch(users))?;
            connection.ping().await?;
            self.counts.attacks.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Makes rooms and leaves them at once.
    async fn make_rooms(&self) -> Result<()> {
        let mut making = JoinSet::new();
        for number in 0..WINDOW as u64 {
            let account = self.clone();
            making.spawn(async move {
                if let Some(connection) = account.open(number, None).await {
                    let _ = account.make_rooms_on(number, connection).await;
                }
            });
        }
        sleep(ROOMS_TIME).await;
        making.shutdown().await;
        Ok(())
    }

    async fn make_rooms_on(&self, maker: u64, mut connection: Connection) -> Result<()> {
        let mut ids = MessageIds::new();
        for number in 0_u64.. {
            let request = Request::CreateRoom {
                id: ids.next_id(),
                name: RoomName::new(&format!("r{maker}-{number}"))?,
                visibility: Visibility::Public,
                history: HistoryVisibility::default(),
            };
            let recado_shared::Answer::RoomCreated { room, .. } = connection.ask(request).await?
            else {
                bail!("no room");
            };
            let conversation = ConversationId::Room(room);
            let topic = recado_shared::Topic::new(&"\u{1F600}".repeat(250))?;
            for event in [RoomEvent::Topic(Some(topic)), RoomEvent::Left] {
                let content = Content::Room(event);
                let id: MessageId = ids.next_id();
                // The only owner may leave an empty room.
                connection
                    .ask(Request::Append {
                        conversation,
                        id,
                        content,
                    })
                    .await?;
            }
            self.counts.attacks.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Waits for the welcome.
async fn welcomed(connection: &mut Connection) -> Result<Welcome> {
    let mut welcome = None;
    while welcome.is_none() {
        let take = |arrival: Incoming<'_>| {
            if let Incoming::Welcome(arrived) = arrival {
                welcome = Some(arrived);
            }
        };
        connection.exchange(take).await?;
    }
    welcome.context("it was welcomed")
}

/// Reads nothing, for ever.
async fn stay_deaf(connection: Connection) -> Result<()> {
    std::future::pending::<()>().await;
    drop(connection);
    Ok(())
}
