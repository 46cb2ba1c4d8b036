//! Handshakes and records of the server's own stream, with both ends in memory and the keys and
//! settings of real ones.

use std::io::Write as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use recado_server::net::tls_stream::{self, TlsStream};
use recado_shared::tls::{self, Identity};
use rustls::client::Resumption;
use rustls::{ClientConfig, ClientConnection, ServerConfig};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::sync::Semaphore;

use super::Meter;
use super::wire::{Wire, context, poll_once};

/// A message with its frame, and what one record holds at most.
const SHORT: usize = 100;
const LONG: usize = 16 << 10;

pub(super) fn encrypt_short(meter: impl Meter) {
    encrypt(meter, SHORT);
}

pub(super) fn encrypt_long(meter: impl Meter) {
    encrypt(meter, LONG);
}

pub(super) fn decrypt_short(meter: impl Meter) {
    decrypt(meter, SHORT);
}

pub(super) fn decrypt_long(meter: impl Meter) {
    decrypt(meter, LONG);
}

/// A full handshake; both ends count.
pub(super) fn handshake(meter: impl Meter) {
    let (client, server) = configs();
    let mut client = Arc::unwrap_or_clone(client);
    client.resumption = Resumption::disabled();
    meet(meter, &Arc::new(client), &server);
}

/// A handshake that resumes an earlier session.
pub(super) fn resume(meter: impl Meter) {
    let (client, server) = configs();
    shake_hands(open(&client), &server);
    meet(meter, &client, &server);
}

fn meet(meter: impl Meter, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    meter.measure(|| open(client), |client| shake_hands(client, server));
}

fn encrypt(meter: impl Meter, len: usize) {
    let (_, mut server, wire) = session();
    let text = vec![b'x'; len];
    meter.measure(
        || wire.clear(),
        |_| {
            let cx = &mut context();
            let mut stream = Pin::new(&mut server);
            let taken = stream.as_mut().poll_write(cx, &text);
            assert!(matches!(taken, Poll::Ready(Ok(n)) if n == len));
            assert!(stream.poll_flush(cx).is_ready());
        },
    );
}

fn decrypt(meter: impl Meter, len: usize) {
    let (mut client, mut server, wire) = session();
    let text = vec![b'x'; len];
    meter.measure(
        || {
            let mut records = Vec::new();
            client.writer().write_all(&text).expect("it has room");
            send(&mut client, &mut records);
            (records, vec![0; len])
        },
        |(records, mut text)| {
            wire.bring(records);
            let mut room = ReadBuf::new(&mut text);
            while room.remaining() > 0 {
                let read = Pin::new(&mut server).poll_read(&mut context(), &mut room);
                assert!(matches!(read, Poll::Ready(Ok(()))));
            }
            text
        },
    );
}

fn configs() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let device = Identity::generate().expect("the system gives random bytes");
    let server = Identity::generate().expect("the system gives random bytes");
    let client = tls::client_config(&device, server.fingerprint()).expect("the key is good");
    let server = tls::server_config(&server).expect("the key is good");
    (Arc::new(client), Arc::new(server))
}

fn open(config: &Arc<ClientConfig>) -> ClientConnection {
    ClientConnection::new(Arc::clone(config), tls::server_name()).expect("the settings are good")
}

/// Both ends after the handshake.
fn session() -> (ClientConnection, TlsStream<Wire>, Wire) {
    let (client, server) = configs();
    shake_hands(open(&client), &server)
}

fn shake_hands(
    mut client: ClientConnection,
    server: &Arc<ServerConfig>,
) -> (ClientConnection, TlsStream<Wire>, Wire) {
    let (wire, turns) = (Wire::default(), Semaphore::new(1));
    let mut accepting = pin!(tls_stream::accept(wire.clone(), Arc::clone(server), || {
        turns.acquire()
    }));
    let stream = loop {
        let mut bytes = Vec::new();
        send(&mut client, &mut bytes);
        if !bytes.is_empty() {
            wire.bring(bytes);
        }
        let accepted = poll_once(accepting.as_mut());
        take(&mut client, &wire.take());
        if let Poll::Ready(stream) = accepted {
            break stream.expect("the other end is honest");
        }
    };
    assert!(!client.is_handshaking());
    (client, stream, wire)
}

fn send(client: &mut ClientConnection, out: &mut Vec<u8>) {
    while client.wants_write() {
        client.write_tls(out).expect("memory takes everything");
    }
}

fn take(client: &mut ClientConnection, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        client
            .read_tls(&mut bytes)
            .expect("memory gives everything");
        client
            .process_new_packets()
            .expect("the other end is honest");
    }
}
