//! Strangers, who have no account: many connections from many addresses, in a thread of their own.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use recado_shared::device::LINK_EXTENSION;
use recado_shared::tls::{self, Identity};
use recado_shared::{
    Answer, ClientFrame, Extension, Hello, Invite, LinkCode, Request, Welcome, client,
};
use rustls::{ClientConfig, ClientConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Attack;
use super::hostile::Outcome;
use crate::connection::{Connection, Incoming, device};
use crate::opening;
use crate::subject::Endpoint;

/// Connections of the attacks with idle ones, and their addresses.
const IDLE: u32 = 2_000;
const IDLE_ADDRESSES: u32 = 125;

/// Addresses of the attack by reconnects, and connections of each at a time.
const RECONNECTING: u32 = 64;

/// Addresses that ask for links, each for a new device in this interval.
const LINKING: u32 = 64;
const LINK_INTERVAL: Duration = Duration::from_secs(1);

/// Addresses that register names.
const REGISTERING: u32 = 200;

/// Pause after a refused connection, so that the load is not only that of the attacker.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Counts {
    open: AtomicU64,
    refused: AtomicU64,
    attacks: AtomicU64,
}

pub(super) struct Strangers {
    counts: Arc<Counts>,
    over: oneshot::Sender<()>,
    thread: thread::JoinHandle<Result<()>>,
}

/// One stranger, at one address.
#[derive(Clone)]
struct Stranger {
    ticket: Arc<Invite>,
    config: Arc<ClientConfig>,
    from: Ipv4Addr,
    counts: Arc<Counts>,
}

impl Strangers {
    /// Returns once the attack runs.
    pub(super) async fn start(endpoint: &Endpoint, attack: Attack) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let (over, is_over) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let ticket = Arc::new(endpoint.ticket.clone().context("a server is needed")?);
        let shared = Arc::clone(&counts);
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut attacks = JoinSet::new();
                for number in 0..connections_of(attack) {
                    let stranger = Stranger {
                        ticket: Arc::clone(&ticket),
                        config: device(&ticket)?,
                        from: address_of(attack, number),
                        counts: Arc::clone(&shared),
                    };
                    attacks.spawn(async move { stranger.run(attack, number).await });
                }
                sleep(Duration::from_secs(1)).await;
                let _ = ready.send(());
                let _ = is_over.await;
                attacks.shutdown().await;
                Ok(())
            })
        });
        let strangers = Self {
            counts,
            over,
            thread,
        };
        match is_ready.await {
            Ok(()) => Ok(strangers),
            Err(_) => bail!("the attack did not start: {:?}", strangers.end()),
        }
    }

    pub(super) fn end(self) -> Result<Outcome> {
        let _ = self.over.send(());
        match self.thread.join() {
            Ok(result) => result.context("the strangers")?,
            Err(_) => bail!("the thread of the strangers panicked"),
        }
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Ok(Outcome {
            open: count(&self.counts.open),
            refused: count(&self.counts.refused),
            attacks: count(&self.counts.attacks),
        })
    }
}

fn connections_of(attack: Attack) -> u32 {
    match attack {
        Attack::Reconnects => RECONNECTING,
        Attack::Links => LINKING,
        Attack::Registrations => REGISTERING,
        _ => IDLE,
    }
}

fn address_of(attack: Attack, number: u32) -> Ipv4Addr {
    let addresses = match attack {
        Attack::Idle | Attack::HalfHandshakes | Attack::NoHello => IDLE_ADDRESSES,
        _ => REGISTERING,
    };
    let host = number % addresses + 1;
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 2, 0).to_bits() + host)
}

impl Stranger {
    async fn run(&self, attack: Attack, number: u32) {
        for time in 0_u64.. {
            let outcome = match attack {
                Attack::Idle => self.stay(&[]).await,
                Attack::HalfHandshakes => self.start_handshake().await,
                Attack::NoHello => self.say_nothing().await,
                Attack::Links => self.ask_for_link().await,
                Attack::Registrations => self.register(&format!("s{number}-{time}")).await,
                _ => self.greet(client::hello("load")).await.map(drop),
            };
            let count = match outcome {
                Ok(()) => &self.counts.open,
                Err(_) => &self.counts.refused,
            };
            count.fetch_add(1, Ordering::Relaxed);
            sleep(PAUSE).await;
        }
    }

    async fn connect(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(self.ticket.address.to_string().parse()?);
        let stream = stream.await?;
        self.counts.attacks.fetch_add(1, Ordering::Relaxed);
        Ok(stream)
    }

    /// Sends these bytes, and nothing more until the server closes the connection.
    async fn stay(&self, bytes: &[u8]) -> Result<()> {
        let mut stream = self.connect().await?;
        stream.write_all(bytes).await?;
        let mut ignored = [0; 4_096];
        while stream.read(&mut ignored).await? > 0 {}
        Ok(())
    }

    async fn start_handshake(&self) -> Result<()> {
        let mut client = ClientConnection::new(Arc::clone(&self.config), tls::server_name())?;
        let mut hello = Vec::new();
        client.write_tls(&mut hello)?;
        self.stay(&hello).await
    }

    async fn open(&self) -> Result<Connection> {
        let config = Arc::clone(&self.config);
        let connection = Connection::tls_from(self.from, &self.ticket, config).await?;
        self.counts.attacks.fetch_add(1, Ordering::Relaxed);
        Ok(connection)
    }

    /// Does the TLS handshake, and sends no hello.
    async fn say_nothing(&self) -> Result<()> {
        let mut connection = self.open().await?;
        while connection.exchange(|_| {}).await.is_ok() {}
        Ok(())
    }

    /// Says hello. A refusal is an error.
    async fn greet(&self, hello: Hello) -> Result<Welcome> {
        let mut connection = self.open().await?;
        welcome(&mut connection, hello).await
    }

    async fn register(&self, name: &str) -> Result<()> {
        let stranger = Self {
            config: device(&self.ticket)?,
            ..self.clone()
        };
        let name = Some(name.to_owned());
        let hello = Hello {
            name,
            ..client::hello("load")
        };
        stranger.greet(hello).await.map(drop)
    }

    async fn ask_for_link(&self) -> Result<()> {
        let stranger = Self {
            config: device(&self.ticket)?,
            ..self.clone()
        };
        // It is refused until it is linked.
        let _ = stranger.greet(linking()).await;
        sleep(LINK_INTERVAL).await;
        Ok(())
    }
}

/// The hello of a device that asks to be linked.
fn linking() -> Hello {
    Hello {
        extensions: vec![Extension {
            kind: LINK_EXTENSION,
            value: Vec::new(),
        }],
        ..client::hello("load")
    }
}

async fn welcome(connection: &mut Connection, hello: Hello) -> Result<Welcome> {
    connection.queue(&ClientFrame::Hello(hello))?;
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

/// An honest user who links devices.
pub(super) struct Linker {
    ticket: Invite,
    connection: Connection,
}

impl Linker {
    pub(super) async fn register(endpoint: &Endpoint) -> Result<Self> {
        let ticket = endpoint.ticket.clone().context("a server is needed")?;
        let config = device(&ticket)?;
        let (connection, _) = opening::open(&ticket, config, Some("linker"), &[]).await?;
        Ok(Self { ticket, connection })
    }

    /// Whether a new device that asks to be linked is found by its code at once.
    pub(super) async fn finds_device(&mut self) -> Result<bool> {
        let identity = Identity::generate()?;
        let config = Arc::new(tls::client_config(&identity, self.ticket.fingerprint)?);
        let mut device = Connection::tls(&self.ticket, config).await?;
        // It is refused until it is linked.
        let _ = welcome(&mut device, linking()).await;
        let code = LinkCode::of(&identity.key());
        let found = self.connection.ask(Request::FindDevice(code)).await;
        Ok(matches!(found, Ok(Answer::PendingDevice(_))))
    }
}
