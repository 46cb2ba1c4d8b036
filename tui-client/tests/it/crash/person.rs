//! One person: the real client without a screen.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use recado::app::keymap::Keymap;
use recado::app::{App, ClickTarget, Effect, Event, Settings};
use recado::net::{KnownState, NetConfig, NetEvent, NetHandle};
use recado::store::{HeldRange, Opened, StoreEvent, StoreEvents, StoreHandle, StoreWrite};
use recado_shared::tls::Identity;
use recado_shared::{ConversationId, Invite, Now, Timestamp, UserId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::proxy::Proxy;

/// What can be seen of a person from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    pub(crate) user: Option<UserId>,
    pub(crate) contacts: usize,
    /// Messages that are not accepted.
    pub(crate) waiting: usize,
    /// Messages that were accepted, ever.
    pub(crate) accepted: u64,
    /// Logs held without a hole from the first entry, and their lengths.
    pub(crate) held: Vec<(ConversationId, u64)>,
}

/// A person and the link to the server.
pub(crate) struct Person {
    name: String,
    dir: PathBuf,
    identity: Arc<Identity>,
    seed: u64,
    proxy: Proxy,
    typing: mpsc::Sender<(UserId, String)>,
    status: watch::Receiver<Status>,
    task: JoinHandle<()>,
}

impl Person {
    pub(crate) async fn start(dir: PathBuf, name: String, ticket: &Invite, seed: u64) -> Self {
        std::fs::create_dir_all(&dir).unwrap();
        let identity = Arc::new(Identity::generate().unwrap());
        let proxy = Proxy::start(ticket.address.port).await;
        let (typing, status, task) = run(
            &dir,
            &name,
            &identity,
            &proxy,
            ticket,
            seed,
            Status::default(),
        );
        let mut person = Self {
            name,
            dir,
            identity,
            seed,
            proxy,
            typing,
            status,
            task,
        };
        person
            .wait("a welcome", super::DEADLINE, |status| status.user.is_some())
            .await;
        person
    }

    pub(crate) fn user(&self) -> UserId {
        self.status.borrow().user.unwrap()
    }

    /// Types a message and presses Enter.
    pub(crate) async fn write(&mut self, to: UserId, text: &str) {
        self.typing.send((to, text.to_owned())).await.unwrap();
    }

    pub(crate) fn cut(&self) {
        self.proxy.cut();
    }

    /// Ends the client wherever it is, and starts it again from its folder.
    pub(crate) async fn restart(&mut self, ticket: &Invite) {
        // What was typed is in the outbox once the status counts it.
        self.drain_typing().await;
        self.task.abort();
        let _ = (&mut self.task).await;
        self.seed += 1_000;
        let before = self.status.borrow().clone();
        (self.typing, self.status, self.task) = run(
            &self.dir,
            &self.name,
            &self.identity,
            &self.proxy,
            ticket,
            self.seed,
            before,
        );
    }

    /// Ends the client and returns its folder.
    pub(crate) async fn stop(self) -> PathBuf {
        drop(self.typing);
        self.task.await.unwrap();
        self.dir
    }

    /// Waits for a condition.
    pub(crate) async fn wait(
        &mut self,
        what: &str,
        deadline: Duration,
        condition: impl Fn(&Status) -> bool,
    ) {
        let reached = self.status.wait_for(|status| condition(status));
        let ended = tokio::time::timeout(deadline, reached).await;
        let in_time = ended.is_ok_and(|ended| ended.is_ok());
        assert!(
            in_time,
            "{} waited in vain for {what}: {:?}",
            self.name,
            self.status.borrow()
        );
    }

    async fn drain_typing(&self) {
        let all = self.typing.max_capacity();
        drop(self.typing.reserve_many(all).await.unwrap());
    }
}

type Handles = (
    mpsc::Sender<(UserId, String)>,
    watch::Receiver<Status>,
    JoinHandle<()>,
);

fn run(
    dir: &std::path::Path,
    name: &str,
    identity: &Arc<Identity>,
    proxy: &Proxy,
    ticket: &Invite,
    seed: u64,
    status: Status,
) -> Handles {
    let opened = recado::store::open(&dir.join("recado.db")).unwrap();
    let settings = Settings {
        name: name.to_owned(),
        keymap: Keymap::default(),
        seed,
        bell: false,
        store_limit: u64::MAX,
        list: recado::app::settings::ListSize::default(),
        is_in_tmux: false,
        time_zone: jiff::tz::TimeZone::UTC,
        device: recado_shared::DeviceKey([1; 32]),
        notice: None,
        invite_link: None,
    };
    let known = KnownState {
        since: opened.snapshot.since,
        epochs: opened.snapshot.epochs.clone(),
    };
    let Opened {
        handle: store,
        events: store_events,
        snapshot,
        ..
    } = opened;
    let app = App::new(snapshot, settings, now());
    let (net, net_events) = recado::net::spawn(NetConfig {
        address: format!("127.0.0.1:{}", proxy.port).parse().unwrap(),
        fingerprint: ticket.fingerprint,
        identity: Arc::clone(identity),
        name: Some(name.to_owned()),
        token: ticket.token.clone(),
        known,
        locate: None,
        last_reached: recado::net::LastReached::default(),
        report: None,
    })
    .unwrap();
    let (typing, keys) = mpsc::channel(1024);
    let (publish, status) = watch::channel(status);
    let client = Client {
        app,
        net,
        store,
        shown: publish,
    };
    (
        typing,
        status,
        tokio::spawn(client.run(keys, net_events, store_events)),
    )
}

struct Client {
    app: App,
    net: NetHandle,
    store: StoreHandle,
    shown: watch::Sender<Status>,
}

impl Client {
    async fn run(
        mut self,
        mut typed: mpsc::Receiver<(UserId, String)>,
        mut net: mpsc::Receiver<NetEvent>,
        mut store: StoreEvents,
    ) {
        loop {
            let deadline = self.app.next_deadline();
            let events = tokio::select! {
                message = typed.recv() => match message {
                    Some((to, text)) => self.keystrokes(to, text),
                    None => break,
                },
                Some(event) = net.recv() => vec![Event::Net(event)],
                Some(event) = store.recv() => match event {
                    StoreEvent::Loaded(loaded) => vec![Event::Loaded(loaded)],
                    StoreEvent::Found(found) => vec![Event::Found(found)],
                    StoreEvent::RolledBack(outcome) => vec![Event::RolledBack(outcome)],
                    StoreEvent::Stored(entries) => vec![Event::Stored(entries)],
                    StoreEvent::Failed(why) => panic!("the store failed: {why}"),
                },
                () = until(deadline) => vec![Event::Deadline],
            };
            for event in events {
                self.handle(event);
            }
        }
        self.handle(Event::Terminate);
        self.net.leave().await;
    }

    fn keystrokes(&self, to: UserId, text: String) -> Vec<Event> {
        let me = self.shown.borrow().user.unwrap();
        vec![
            Event::Click(ClickTarget::Contact(ConversationId::direct(me, to))),
            Event::Paste(text),
            Event::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)),
        ]
    }

    fn handle(&mut self, event: Event) {
        let welcomed = match &event {
            Event::Net(NetEvent::Welcomed(welcome)) => Some(welcome.user),
            _ => None,
        };
        let mut accepted = 0;
        let mut held = Vec::new();
        for effect in self.app.handle(event, now()) {
            match effect {
                Effect::Send(frame) => self.net.send(frame),
                Effect::Reconnect => self.net.reconnect(),
                Effect::CheckLink => self.net.check(),
                Effect::Load(load) => assert!(self.store.load(load)),
                Effect::Save(save) => {
                    if let StoreWrite::Entries {
                        conversation,
                        held: ranges,
                        settled,
                        ..
                    } = &save
                    {
                        accepted += settled.len() as u64;
                        held.push((*conversation, whole(ranges)));
                    }
                    self.store.save(save);
                }
                _ => {}
            }
        }
        let screen = self.app.screen(now());
        let (contacts, waiting) = (screen.contacts.len(), screen.waiting + screen.failed);
        self.shown.send_modify(|status| {
            status.user = status.user.or(welcomed);
            status.contacts = contacts.max(status.contacts);
            status.waiting = waiting;
            status.accepted += accepted;
            for (conversation, length) in held {
                status.held.retain(|(other, _)| *other != conversation);
                status.held.push((conversation, length));
            }
        });
    }
}

/// The length of a log if it is held from the first entry without a hole, else 0.
fn whole(held: &[HeldRange]) -> u64 {
    match held {
        [one] if one.first.0 == 1 => one.last.0,
        _ => 0,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

fn now() -> Now {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let wall = Timestamp(u64::try_from(since_epoch.as_millis()).unwrap());
    Now {
        instant: Instant::now(),
        wall,
    }
}
