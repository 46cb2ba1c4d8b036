//! Handshakes and records, with both ends in memory and the keys and settings of real ones.

use std::io::{Read as _, Write as _};
use std::ops::DerefMut;
use std::sync::Arc;

use recado_shared::tls::{self, Identity};
use rustls::client::Resumption;
use rustls::{ClientConfig, ClientConnection, ConnectionCommon, ServerConfig, ServerConnection};

use super::Meter;

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

/// A device and a server that do not know each other meet; what both do counts.
pub(super) fn handshake(meter: impl Meter) {
    let (client, server) = configs();
    let mut client = Arc::unwrap_or_clone(client);
    client.resumption = Resumption::disabled();
    meet(meter, &Arc::new(client), &server);
}

/// A device comes back to a server that has not restarted since.
pub(super) fn resume(meter: impl Meter) {
    let (client, server) = configs();
    shake_hands(&mut open(&client), &mut accept(&server));
    meet(meter, &client, &server);
}

fn meet(meter: impl Meter, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    meter.measure(
        || (open(client), accept(server)),
        |(mut client, mut server)| {
            shake_hands(&mut client, &mut server);
            (client, server)
        },
    );
}

fn encrypt(meter: impl Meter, len: usize) {
    let (_, mut server) = session();
    let text = vec![b'x'; len];
    meter.measure(
        || Vec::with_capacity(2 * len),
        |mut records| {
            seal(&mut server, &text, &mut records);
            records
        },
    );
}

fn decrypt(meter: impl Meter, len: usize) {
    let (mut client, mut server) = session();
    let text = vec![b'x'; len];
    meter.measure(
        || {
            let mut records = Vec::new();
            seal(&mut client, &text, &mut records);
            (records, vec![0; len])
        },
        |(records, mut text)| {
            take(&mut server, &records);
            server
                .reader()
                .read_exact(&mut text)
                .expect("it is all there");
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

fn accept(config: &Arc<ServerConfig>) -> ServerConnection {
    ServerConnection::new(Arc::clone(config)).expect("the settings are good")
}

/// Two ends that have met.
fn session() -> (ClientConnection, ServerConnection) {
    let (client, server) = configs();
    let (mut client, mut server) = (open(&client), accept(&server));
    shake_hands(&mut client, &mut server);
    (client, server)
}

fn shake_hands(client: &mut ClientConnection, server: &mut ServerConnection) {
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        send(client, &mut bytes);
        take(server, &bytes);
        bytes.clear();
        send(server, &mut bytes);
        take(client, &bytes);
    }
}

/// Encrypts a text.
fn seal<D>(end: &mut impl DerefMut<Target = ConnectionCommon<D>>, text: &[u8], out: &mut Vec<u8>) {
    end.writer().write_all(text).expect("it has room");
    send(end, out);
}

/// Everything that one end has to say.
fn send<D>(end: &mut impl DerefMut<Target = ConnectionCommon<D>>, out: &mut Vec<u8>) {
    while end.wants_write() {
        end.write_tls(out).expect("memory takes everything");
    }
}

/// Everything that the other end said.
fn take<D>(end: &mut impl DerefMut<Target = ConnectionCommon<D>>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        end.read_tls(&mut bytes).expect("memory gives everything");
        end.process_new_packets().expect("the other end is honest");
    }
}
