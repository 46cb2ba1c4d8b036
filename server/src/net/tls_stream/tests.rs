//! The stream against the client's end of rustls, over streams that chop and damage bytes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use proptest::collection::vec;
use proptest::prelude::*;
use recado_shared::tls::{self, Identity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, client};

use super::*;

/// A stream that takes and gives a few bytes at a time, and now and then none at once.
struct Chopped {
    io: DuplexStream,
    /// The most that the next calls give, in turn; nothing of 0. Those that take have their own:
    /// else calls by turns might get nothing for ever.
    to_give: Sizes,
    to_take: Sizes,
    /// The byte of what is written that is flipped, counted from the first.
    damage_at: Option<usize>,
    written: usize,
}

impl Chopped {
    fn new(io: DuplexStream, sizes: &[usize]) -> Self {
        Self {
            io,
            to_give: Sizes::new(sizes),
            to_take: Sizes::new(sizes),
            damage_at: None,
            written: 0,
        }
    }
}

/// Sizes that come round.
struct Sizes(VecDeque<usize>);

impl Sizes {
    fn new(sizes: &[usize]) -> Self {
        Self(sizes.iter().copied().collect())
    }

    /// The next size, or nothing now and a call again.
    fn next(&mut self, cx: &Context<'_>) -> Option<usize> {
        let size = self.0.pop_front().unwrap_or(usize::MAX);
        self.0.push_back(size);
        if size == 0 {
            cx.waker().wake_by_ref();
        }
        (size > 0).then_some(size)
    }
}

impl AsyncRead for Chopped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(size) = self.to_give.next(cx) else {
            return Poll::Pending;
        };
        let mut part = buf.take(size);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut part))?;
        let read = part.filled().to_vec();
        buf.put_slice(&read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Chopped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(size) = self.to_take.next(cx) else {
            return Poll::Pending;
        };
        let mut bytes = buf[..size.min(buf.len())].to_vec();
        if let Some(at) = self.damage_at
            && let Some(place) = at.checked_sub(self.written)
            && let Some(byte) = bytes.get_mut(place)
        {
            *byte ^= 1;
        }
        let len = ready!(Pin::new(&mut self.io).poll_write(cx, &bytes))?;
        self.written += len;
        Poll::Ready(Ok(len))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Bytes that become one record where a bit of it is flipped.
const PIECE: usize = 700;

type Client = client::TlsStream<Chopped>;
type Server = TlsStream<Chopped>;

struct Ends {
    device: Identity,
    client: TlsConnector,
    server: Arc<ServerConfig>,
    permits: Semaphore,
}

impl Ends {
    fn new() -> Self {
        let (device, relay) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let client = tls::client_config(&device, relay.fingerprint()).unwrap();
        Self {
            device,
            client: Arc::new(client).into(),
            server: Arc::new(tls::server_config(&relay).unwrap()),
            permits: Semaphore::new(1),
        }
    }

    /// What makes both ends of a connection, over a pipe of this length.
    fn open(
        &self,
        pipe: usize,
        sizes: &[usize],
    ) -> (
        impl Future<Output = Client>,
        impl Future<Output = Server> + use<'_>,
    ) {
        let (near, far) = duplex(pipe);
        let (near, far) = (Chopped::new(near, sizes), Chopped::new(far, sizes));
        let client = self.client.connect(tls::server_name(), near);
        let server = accept(far, Arc::clone(&self.server), || self.permits.acquire());
        (async { client.await.unwrap() }, async {
            server.await.unwrap()
        })
    }

    /// Both ends of a connection after the handshake. The pipe must have room for what the server
    /// says when the client is done.
    async fn connect(&self, pipe: usize, sizes: &[usize]) -> (Client, Server) {
        let (client, server) = self.open(pipe, sizes);
        tokio::join!(client, server)
    }
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// Bytes that differ from place to place.
fn bytes(len: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(len).collect()
}

/// Says this in these pieces, hears what the other side says, and closes after it.
async fn talk<S>(mut stream: S, say: Vec<u8>, pieces: Vec<usize>) -> Vec<u8>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let speak = async {
        let mut rest = say.as_slice();
        for piece in pieces.into_iter().cycle() {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            writer.write_all(now).await.unwrap();
            writer.flush().await.unwrap();
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        writer.shutdown().await.unwrap();
    };
    let mut heard = Vec::new();
    let hear = async { reader.read_to_end(&mut heard).await.unwrap() };
    tokio::join!(speak, hear);
    heard
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_sides_hear_what_is_said_however_it_is_chopped(
        lens in (0_usize..70_000, 0_usize..70_000),
        pieces in vec(1_usize..40_000, 1..8),
        mut sizes in vec(prop_oneof![0_usize..4, 0_usize..600, Just(20_000)], 1..24),
        // While they shake hands each side writes to the end before it reads: room for the few bytes by
        // which a client begins its answer keeps them from waiting for each other.
        pipe in 64_usize..40_000,
    ) {
        // Else nothing would ever move.
        sizes.push(1 + pipe);
        let (from_client, from_server) = (bytes(lens.0), bytes(lens.1));
        let (heard_by_client, heard_by_server) = run(async {
            let ends = Ends::new();
            let (client, server) = ends.open(pipe, &sizes);
            tokio::join!(
                async { talk(client.await, from_client.clone(), pieces.clone()).await },
                async {
                    let server = server.await;
                    assert_eq!(server.peer_key(), Some(ends.device.key()));
                    talk(server, from_server.clone(), pieces.clone()).await
                },
            )
        });
        prop_assert!(heard_by_server == from_client);
        prop_assert!(heard_by_client == from_server);
    }

    #[test]
    fn a_flipped_bit_is_found_and_nothing_behind_it_heard(
        at in 0..4 * PIECE,
        sizes in vec(1_usize..900, 1..9),
    ) {
        // Type and version of a record are the same for all, so that neither side looks at them.
        prop_assume!(at % (PIECE + OVERHEAD) >= 3);
        run(async {
            let (mut client, mut server) = Ends::new().connect(100_000, &sizes).await;
            let near = client.get_mut().0;
            near.damage_at = Some(near.written + at);
            let said = bytes(4 * PIECE);
            for piece in said.chunks(PIECE) {
                client.write_all(piece).await.unwrap();
            }
            client.flush().await.unwrap();
            // A length that was damaged would wait for bytes which do not come.
            drop(client);
            let mut heard = Vec::new();
            assert!(server.read_to_end(&mut heard).await.is_err());
            assert!(said.starts_with(&heard));
            assert!(heard.len() < said.len());
            assert!(server.write_all(b"more").await.is_err());
            assert!(server.read(&mut [0; 9]).await.is_err());
        });
    }

    #[test]
    fn bytes_that_are_no_handshake_are_an_error(
        mut garbage in vec(any::<u8>(), 0..3_000),
        looks_like_one in any::<bool>(),
    ) {
        if looks_like_one {
            garbage.splice(0..0, [0x16, 3, 1]);
        }
        run(async {
            let (mut near, far) = duplex(100_000);
            near.write_all(&garbage).await.unwrap();
            near.shutdown().await.unwrap();
            let ends = Ends::new();
            let error = accept(far, ends.server, || ends.permits.acquire()).await.err();
            assert!(error.is_some());
        });
    }

    #[test]
    fn a_connection_that_ends_anywhere_in_the_handshake_is_an_error(after in 0_usize..1_500) {
        run(async {
            let ends = Ends::new();
            let (near, far) = duplex(100_000);
            let server = accept(far, Arc::clone(&ends.server), || ends.permits.acquire());
            let (cut, other) = duplex(100_000);
            let client = ends.client.connect(tls::server_name(), other);
            let carry = async {
                let (mut near, mut cut, mut hello) = (near, cut, vec![0; after]);
                let len = cut.read(&mut hello).await.unwrap();
                near.write_all(&hello[..len]).await.unwrap();
                drop((near, cut));
            };
            let (_, server, ()) = tokio::join!(client, server, carry);
            assert!(server.is_err());
        });
    }
}

#[tokio::test]
async fn a_connection_that_rests_holds_no_buffer() {
    let (mut client, mut server) = Ends::new().connect(9_000, &[700]).await;
    for len in [1, 5_000, 40_000] {
        let said = bytes(len);
        let (mut back, mut there) = (vec![0; len], vec![0; len]);
        tokio::join!(
            async {
                client.write_all(&said).await.unwrap();
                client.flush().await.unwrap();
                client.read_exact(&mut back).await.unwrap();
            },
            async {
                server.read_exact(&mut there).await.unwrap();
                server.write_all(&there).await.unwrap();
                server.flush().await.unwrap();
            }
        );
        assert_eq!(back, said);
        let held = [&server.incoming, &server.outgoing, &server.plain];
        assert_eq!(held.map(Vec::capacity), [0; 3]);
    }
}

#[tokio::test]
async fn new_keys_in_both_directions_change_nothing() {
    let (mut client, mut server) = Ends::new().connect(9_000, &[70, 0, 1_000]).await;
    for _ in 0..20 {
        client.get_mut().1.refresh_traffic_keys().unwrap();
        client.write_all(b"ping").await.unwrap();
        client.flush().await.unwrap();
        let mut four = [0; 4];
        server.read_exact(&mut four).await.unwrap();
        assert_eq!(&four, b"ping");
        // The answer to the new keys goes ahead of it.
        server.write_all(b"pong").await.unwrap();
        server.flush().await.unwrap();
        client.read_exact(&mut four).await.unwrap();
        assert_eq!(&four, b"pong");
    }
}

#[tokio::test]
async fn an_end_is_told_from_a_break() {
    let ends = Ends::new();
    let (mut client, mut server) = ends.connect(9_000, &[]).await;
    client.write_all(b"last").await.unwrap();
    client.shutdown().await.unwrap();
    let mut heard = Vec::new();
    server.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"last");
    // The other side has closed only its own direction.
    server.write_all(b"answer").await.unwrap();
    server.shutdown().await.unwrap();
    client.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"lastanswer");
    let error = server.write_all(b"more").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);

    let (client, mut server) = ends.connect(9_000, &[]).await;
    drop(client);
    let error = server.read(&mut [0; 9]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_record_longer_than_any_may_be_is_an_error() {
    let (mut client, mut server) = Ends::new().connect(90_000, &[]).await;
    let near = &mut client.get_mut().0.io;
    near.write_all(&[0x17, 3, 3, 0xff, 0xff]).await.unwrap();
    near.write_all(&vec![0; 40_000]).await.unwrap();
    let error = server.read(&mut [0; 9]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn reads_that_bring_nothing_let_others_have_their_turn() {
    let (mut client, mut server) = Ends::new().connect(9_000, &[]).await;
    client.write_all(b"something").await.unwrap();
    // The record comes byte by byte.
    server.io.to_give = Sizes::new(&[1]);
    let mut polls = 0;
    let mut heard = [0; 9];
    poll_fn(|cx| {
        polls += 1;
        Pin::new(&mut server).poll_read(cx, &mut ReadBuf::new(&mut heard))
    })
    .await
    .unwrap();
    assert_eq!(&heard, b"something");
    let record = heard.len() + 5 + 1 + 16;
    assert_eq!(polls, record.div_ceil(MAX_EMPTY_READS));
}

#[tokio::test]
async fn a_peer_that_is_refused_is_told_why() {
    let ends = Ends::new();
    let (near, far) = duplex(9_000);
    let mut wrong = tls::client_config(&ends.device, Identity::generate().unwrap().fingerprint());
    wrong.as_mut().unwrap().alpn_protocols = vec![b"other".to_vec()];
    let client = TlsConnector::from(Arc::new(wrong.unwrap()));
    let client = client.connect(tls::server_name(), near);
    let (client, server) =
        tokio::join!(client, accept(far, ends.server, || ends.permits.acquire()));
    assert!(server.is_err());
    let told = client.unwrap_err().to_string();
    assert!(told.contains("NoApplicationProtocol"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_no_alert_holds_up_no_handshake() {
    let ends = Ends::new();
    let (mut near, mut far) = duplex(64);
    far.write_all(&[0; 64]).await.unwrap();
    near.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let refused = accept(far, Arc::clone(&ends.server), || ends.permits.acquire());
    let others = async {
        timeout(Duration::from_secs(1), ends.connect(9_000, &[]))
            .await
            .expect("the only turn is free");
    };
    tokio::select! {
        biased;
        _ = refused => panic!("the alert found no room"),
        () = others => {}
    }
}

/// Counts the clients that have got an answer.
struct Counted {
    io: DuplexStream,
    answered: Option<Arc<AtomicUsize>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(answered) = self.answered.take() {
            answered.fetch_add(1, Ordering::Relaxed);
        }
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn many_handshakes_leave_turns_to_others() {
    const HANDSHAKES: usize = 8;
    let ends = Arc::new(Ends::new());
    let answered = Arc::new(AtomicUsize::new(0));
    let mut handshakes = JoinSet::new();
    let mut devices = Vec::new();
    for _ in 0..HANDSHAKES {
        let (near, far) = duplex(9_000);
        // Its hello is on its way before the server looks.
        let mut client = Box::pin(ends.client.connect(tls::server_name(), near));
        assert!((&mut client).now_or_never().is_none());
        devices.push(client);
        let far = Counted {
            io: far,
            answered: Some(Arc::clone(&answered)),
        };
        let ends = Arc::clone(&ends);
        handshakes.spawn(async move {
            accept(far, Arc::clone(&ends.server), || ends.permits.acquire())
                .await
                .unwrap();
        });
    }
    let mut before = 0;
    while before < HANDSHAKES {
        yield_now().await;
        let now = answered.load(Ordering::Relaxed);
        assert!(now - before <= 1, "{} had their turn", now - before);
        before = now;
    }
}
