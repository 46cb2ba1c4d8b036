//! One session over a pipe, with paused time; the test plays the client and the driver.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use recado_server::Limits;
use recado_server::connections::Slot;
use recado_server::relay::{Peer, SessionId};
use recado_server::session::{
    self, AdmissionLimits, HANDSHAKE_TIMEOUT, MAX_FRAMES_TOGETHER, OUTBOX_CAPACITY, Outbox,
    OutboxFull, OutgoingFrame, PAGE_WEIGHT, SessionContext, SessionEvent, WRITE_STALL,
};
use recado_shared::codec::{self, LengthDelimitedCodec};
use recado_shared::limits::{
    DEAD_AFTER, MAX_BODY_LEN, MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME, MAX_REQUESTS_IN_FLIGHT,
    PING_AFTER,
};
use recado_shared::{
    Answer, ClientFrame, CloseReason, ConversationId, DeviceKey, LogId, Notice, PageRange,
    ProtocolVersion, Refusal, Request, RequestError, RequestNumber, Seq, ServerFrame, Timestamp,
    UserId, Welcome,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{advance, timeout};
use tokio_util::codec::Framed;

use crate::client::{hello, id, message};
use crate::server::name;

const ID: SessionId = SessionId(1);

/// Bytes that the pipe holds each way.
const PIPE_LEN: usize = 256 * 1024;

/// Events that the driver's queue holds: fewer than a session may send at once.
const INBOX_CAPACITY: usize = 4;

/// Both sides of a session.
struct Desk {
    client: Framed<DuplexStream, LengthDelimitedCodec>,
    events: mpsc::Receiver<SessionEvent>,
    /// Frames that came together with the last one that was looked at.
    frames: VecDeque<ClientFrame>,
    admission: Arc<AdmissionLimits>,
}

fn hello_frame() -> ClientFrame {
    ClientFrame::Hello(hello(Some("alice"), None))
}

fn welcome() -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        version: ProtocolVersion::V2,
        user: UserId(1),
        name: name("alice"),
        registered: false,
        log: LogId([0; 16]),
        now: Timestamp(0),
    })
}

fn append(number: u32, text: &str) -> ClientFrame {
    ClientFrame::Request {
        number: RequestNumber(number),
        request: Request::Append {
            conversation: ConversationId::direct(UserId(1), UserId(2)),
            id: id(1),
            content: message(text),
        },
    }
}

fn context(
    events: mpsc::Sender<SessionEvent>,
    admission: Arc<AdmissionLimits>,
    limits: Limits,
) -> SessionContext {
    SessionContext {
        id: ID,
        peer: Peer {
            key: DeviceKey([1; 32]),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        },
        events,
        admission,
        limits: Arc::new(limits),
    }
}

/// As the driver does: queues a frame, and wakes the session.
fn give(outbox: &Outbox, frame: OutgoingFrame) {
    outbox.send(frame).unwrap();
    outbox.wake();
}

fn answer(number: u32) -> OutgoingFrame {
    let number = RequestNumber(number);
    let frame = ServerFrame::Answer {
        number,
        result: Err(RequestError::Unavailable),
    };
    OutgoingFrame::encode(&frame).unwrap()
}

fn outgoing(frame: &ServerFrame) -> OutgoingFrame {
    OutgoingFrame::encode(frame).unwrap()
}

impl Desk {
    fn open() -> Self {
        Self::open_with(PIPE_LEN, Limits::default())
    }

    fn open_with(pipe_len: usize, limits: Limits) -> Self {
        let admission = AdmissionLimits {
            hellos: Semaphore::new(1),
            disconnects: Semaphore::new(1),
            ..AdmissionLimits::default()
        };
        Self::open_in(pipe_len, limits, Arc::new(admission))
    }

    /// A client that shares the admission limits.
    fn open_beside(other: &Self) -> Self {
        let admission = Arc::clone(&other.admission);
        Self::open_in(PIPE_LEN, Limits::default(), admission)
    }

    fn open_in(pipe_len: usize, limits: Limits, admission: Arc<AdmissionLimits>) -> Self {
        let (client, server) = tokio::io::duplex(pipe_len);
        let (sender, events) = mpsc::channel(INBOX_CAPACITY);
        let context = context(sender, Arc::clone(&admission), limits);
        tokio::spawn(async {
            if let Some(notice) = session::run(server, context, Slot::alone()).await {
                notice.send().await;
            }
        });
        // The client may say more than it is allowed to.
        let client = Framed::new(client, codec::framing(2 * MAX_FRAME_LEN));
        Self {
            client,
            events,
            frames: VecDeque::new(),
            admission,
        }
    }

    /// A session that was let in.
    async fn welcomed() -> (Self, Outbox) {
        Self::open().welcome_in().await
    }

    async fn welcome_in(mut self) -> (Self, Outbox) {
        self.send(&hello_frame()).await;
        let outbox = self.received_hello().await;
        give(&outbox, outgoing(&welcome()));
        assert_eq!(self.next_frame().await, Some(welcome()));
        (self, outbox)
    }

    async fn send(&mut self, frame: &ClientFrame) {
        self.send_bytes(codec::encode(frame).unwrap()).await;
    }

    async fn send_bytes(&mut self, payload: impl Into<Bytes>) {
        self.client.send(payload.into()).await.unwrap();
    }

    async fn next_frame(&mut self) -> Option<ServerFrame> {
        let payload = self.client.next().await?;
        Some(codec::decode(&payload.unwrap()).unwrap())
    }

    /// Expects this as the last frame, and the end of the connection behind it.
    async fn expect_last(&mut self, last: ServerFrame) {
        assert_eq!(self.next_frame().await, Some(last));
        assert_eq!(self.next_frame().await, None);
    }

    async fn expect_close(&mut self, reason: CloseReason) {
        self.expect_last(ServerFrame::Close(reason)).await;
    }

    async fn received_hello(&mut self) -> Outbox {
        match self.events.recv().await {
            Some(SessionEvent::Hello { outbox, .. }) => outbox,
            other => panic!("no hello: {other:?}"),
        }
    }

    /// The next frame that the driver gets.
    async fn next_passed(&mut self) -> ClientFrame {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return frame;
            }
            self.frames = self.next_batch().await.into();
        }
    }

    /// What the driver gets in one piece.
    async fn next_batch(&mut self) -> Vec<ClientFrame> {
        match self.events.recv().await {
            Some(SessionEvent::Frames {
                session: ID,
                frames,
            }) => frames,
            other => panic!("no frames: {other:?}"),
        }
    }

    async fn closed(&mut self) {
        match self.events.recv().await {
            Some(SessionEvent::Closed(ID)) => {}
            other => panic!("not closed: {other:?}"),
        }
    }

    /// Whether the driver gets nothing, however long it waits.
    async fn is_nothing_passed(&mut self) -> bool {
        let soon = PING_AFTER / 2;
        self.frames.is_empty() && timeout(soon, self.events.recv()).await.is_err()
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_with_the_reason() {
    let mut desk = Desk::open();
    desk.expect_close(CloseReason::Silent).await;
    desk.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_hello_that_trickles_in_does_not_hold_the_connection() {
    let mut desk = Desk::open();
    let payload = codec::encode(&hello_frame()).unwrap();
    let length = u32::try_from(payload.len()).unwrap();
    let pipe = desk.client.get_mut();
    pipe.write_all(&length.to_be_bytes()).await.unwrap();
    for byte in &payload[..2] {
        pipe.write_all(&[*byte]).await.unwrap();
        advance(HANDSHAKE_TIMEOUT / 2).await;
    }
    desk.expect_close(CloseReason::Silent).await;
}

#[tokio::test(start_paused = true)]
async fn a_hello_without_an_answer_of_the_driver_times_out() {
    let mut desk = Desk::open();
    desk.send(&hello_frame()).await;
    let _outbox = desk.received_hello().await;
    desk.expect_last(ServerFrame::Refused(Refusal::Unavailable))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_hello_waits_until_the_one_before_it_is_answered() {
    let mut first = Desk::open();
    let mut second = Desk::open_beside(&first);
    first.send(&hello_frame()).await;
    let outbox = first.received_hello().await;
    second.send(&hello_frame()).await;
    assert!(second.is_nothing_passed().await);
    let refused = ServerFrame::Refused(Refusal::ShuttingDown);
    give(&outbox, outgoing(&refused));
    second.welcome_in().await;
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_hello_are_refused() {
    for payload in [
        Bytes::from_static(b"GET / HTTP/1.1"),
        codec::encode(&ClientFrame::Ping(1)).unwrap(),
        Bytes::new(),
    ] {
        let mut desk = Desk::open();
        desk.send_bytes(payload).await;
        desk.expect_last(ServerFrame::Refused(Refusal::Malformed))
            .await;
        desk.closed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_frame_depends_on_the_welcome() {
    let mut desk = Desk::open();
    desk.send_bytes(vec![0; MAX_FRAME_LEN_BEFORE_WELCOME + 1])
        .await;
    desk.expect_close(CloseReason::TooLong).await;

    let (mut desk, _outbox) = Desk::welcomed().await;
    let long = append(1, &"x".repeat(MAX_BODY_LEN));
    desk.send(&long).await;
    assert_eq!(desk.next_passed().await, long);
    // The length alone is enough.
    let length = u32::try_from(MAX_FRAME_LEN + 1).unwrap();
    let pipe = desk.client.get_mut();
    pipe.write_all(&length.to_be_bytes()).await.unwrap();
    desk.expect_close(CloseReason::TooLong).await;
    desk.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_frame_ends_the_session() {
    let mut leftover = codec::encode(&ClientFrame::Ping(1)).unwrap().to_vec();
    leftover.push(0);
    // The first number behind the last variant, as a newer version may say it.
    let newer = vec![9];
    for payload in [vec![], vec![0xff; 9], newer, leftover] {
        let (mut desk, _outbox) = Desk::welcomed().await;
        desk.send_bytes(payload).await;
        desk.expect_close(CloseReason::Malformed).await;
        desk.closed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_hello_has_no_place() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    desk.send(&hello_frame()).await;
    desk.expect_close(CloseReason::UnexpectedFrame).await;
    desk.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_number_is_not_used_twice_at_a_time() {
    let (mut desk, outbox) = Desk::welcomed().await;
    desk.send(&append(1, "a")).await;
    desk.next_passed().await;
    give(&outbox, answer(1));
    desk.next_frame().await;
    // It is free again.
    desk.send(&append(1, "b")).await;
    assert_eq!(desk.next_passed().await, append(1, "b"));
    desk.send(&append(1, "c")).await;
    desk.expect_close(CloseReason::UnexpectedFrame).await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_and_then_ends_the_session() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    let asked = desk.next_frame().await;
    let Some(ServerFrame::Ping(number)) = asked else {
        panic!("no ping: {asked:?}");
    };
    desk.send(&ClientFrame::Pong(number)).await;
    // That was a sign of life: it is asked again, not closed.
    assert_eq!(desk.next_frame().await, Some(ServerFrame::Ping(number + 1)));
    desk.expect_close(CloseReason::Silent).await;
    desk.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_without_the_driver() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    desk.send(&ClientFrame::Ping(7)).await;
    assert_eq!(desk.next_frame().await, Some(ServerFrame::Pong(7)));
    assert!(desk.is_nothing_passed().await);
}

#[tokio::test(start_paused = true)]
async fn a_half_read_frame_survives_a_ping_in_between() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    let frame = append(1, "in two halves");
    let payload = codec::encode(&frame).unwrap();
    let length = u32::try_from(payload.len()).unwrap();
    let (first, second) = payload.split_at(payload.len() / 2);
    let pipe = desk.client.get_mut();
    pipe.write_all(&length.to_be_bytes()).await.unwrap();
    pipe.write_all(first).await.unwrap();
    assert_eq!(desk.next_frame().await, Some(ServerFrame::Ping(1)));
    desk.client.get_mut().write_all(second).await.unwrap();
    assert_eq!(desk.next_passed().await, frame);
}

#[tokio::test(start_paused = true)]
async fn unanswered_requests_pause_reading_and_lose_nothing() {
    let (mut desk, outbox) = Desk::welcomed().await;
    let most = u32::try_from(MAX_REQUESTS_IN_FLIGHT).unwrap();
    for number in 1..=most + 2 {
        desk.send(&append(number, "x")).await;
    }
    for number in 1..=most {
        assert_eq!(desk.next_passed().await, append(number, "x"));
    }
    assert!(desk.is_nothing_passed().await);
    for number in 1..=2 {
        give(&outbox, answer(number));
        assert_eq!(desk.next_passed().await, append(most + number, "x"));
    }
}

#[tokio::test(start_paused = true)]
async fn pages_weigh_more_than_other_requests() {
    let (mut desk, outbox) = Desk::welcomed().await;
    let page = |number| ClientFrame::Request {
        number: RequestNumber(number),
        request: Request::Page {
            conversation: ConversationId::direct(UserId(1), UserId(2)),
            range: PageRange::After(Seq::ZERO),
            limit: 200,
        },
    };
    let most = u32::try_from(MAX_REQUESTS_IN_FLIGHT / PAGE_WEIGHT).unwrap();
    for number in 1..=most + 1 {
        desk.send(&page(number)).await;
    }
    for number in 1..=most {
        assert_eq!(desk.next_passed().await, page(number));
    }
    assert!(desk.is_nothing_passed().await);
    give(&outbox, answer(1));
    assert_eq!(desk.next_passed().await, page(most + 1));
}

#[tokio::test(start_paused = true)]
async fn a_session_over_its_rate_is_throttled_with_a_notice() {
    let number = |n| NonZeroU32::new(n).unwrap();
    let limits = Limits {
        frames_per_second: number(1),
        frame_burst: number(3),
        ..Limits::default()
    };
    let (mut desk, _outbox) = Desk::open_with(PIPE_LEN, limits).welcome_in().await;
    for n in 1..=5 {
        desk.send(&ClientFrame::Ping(n)).await;
    }
    for n in 1..=3 {
        assert_eq!(desk.next_frame().await, Some(ServerFrame::Pong(n)));
    }
    let notice = ServerFrame::Notice(Notice::Throttled);
    assert_eq!(desk.next_frame().await, Some(notice));
    for n in 4..=5 {
        assert_eq!(desk.next_frame().await, Some(ServerFrame::Pong(n)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_sessions_of_a_user_share_their_rate() {
    let number = |n| NonZeroU32::new(n).unwrap();
    let limits = Limits {
        frames_per_second: number(1),
        frame_burst: number(3),
        ..Limits::default()
    };
    let (mut first, _outbox) = Desk::open_with(PIPE_LEN, limits).welcome_in().await;
    let (mut second, _other) = Desk::open_beside(&first).welcome_in().await;
    for n in 1..=3 {
        first.send(&ClientFrame::Ping(n)).await;
        assert_eq!(first.next_frame().await, Some(ServerFrame::Pong(n)));
    }
    second.send(&ClientFrame::Ping(4)).await;
    let notice = ServerFrame::Notice(Notice::Throttled);
    assert_eq!(second.next_frame().await, Some(notice));
    assert_eq!(second.next_frame().await, Some(ServerFrame::Pong(4)));
}

#[tokio::test(start_paused = true)]
async fn many_bytes_slow_a_session_down_too() {
    let number = |n| NonZeroU32::new(n).unwrap();
    let limits = Limits {
        bytes_per_second: number(1_024),
        byte_burst: number(65_536),
        ..Limits::default()
    };
    let (mut desk, _outbox) = Desk::open_with(PIPE_LEN, limits).welcome_in().await;
    let text = "x".repeat(MAX_BODY_LEN);
    for n in 1..=5 {
        desk.send(&append(n, &text)).await;
    }
    for n in 1..=4 {
        assert_eq!(desk.next_passed().await, append(n, &text));
    }
    let notice = ServerFrame::Notice(Notice::Throttled);
    assert_eq!(desk.next_frame().await, Some(notice));
    assert_eq!(desk.next_passed().await, append(5, &text));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_closed_in_the_end() {
    let (mut desk, outbox) = Desk::open_with(1_024, Limits::default()).welcome_in().await;
    let page = ServerFrame::Answer {
        number: RequestNumber(1),
        result: Ok(Answer::Page {
            entries: Vec::new(),
            newest: Seq(1),
        }),
    };
    let frame = outgoing(&page);
    for _ in 0..OUTBOX_CAPACITY {
        outbox.send(frame.clone()).unwrap();
    }
    assert_eq!(outbox.send(frame), Err(OutboxFull));
    outbox.wake();
    // It still shows signs of life, so that silence is not the reason.
    let sign = PING_AFTER / 2;
    let mut patience = 0;
    let event = loop {
        if let Ok(event) = timeout(sign, desk.events.recv()).await {
            break event;
        }
        desk.send(&ClientFrame::Pong(0)).await;
        patience += 1;
        assert!(sign * patience <= 2 * WRITE_STALL, "it is still open");
    };
    assert!(matches!(event, Some(SessionEvent::Closed(ID))));
}

#[tokio::test(start_paused = true)]
async fn the_driver_hears_when_everything_up_to_a_mark_is_written() {
    let (mut desk, outbox) = Desk::open_with(64, Limits::default()).welcome_in().await;
    let ping = outgoing(&ServerFrame::Ping(1));
    for _ in 0..100 {
        give(&outbox, ping.clone());
    }
    let mark = outgoing(&ServerFrame::Behind);
    give(&outbox, mark);
    // The pipe is full, so that the mark is not written.
    assert!(timeout(DEAD_AFTER / 4, desk.events.recv()).await.is_err());
    for _ in 0..100 {
        assert_eq!(desk.next_frame().await, Some(ServerFrame::Ping(1)));
    }
    assert_eq!(desk.next_frame().await, Some(ServerFrame::Behind));
    match desk.events.recv().await {
        Some(SessionEvent::CaughtUp(ID)) => {}
        other => panic!("not caught up: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_frame_follows_all_others() {
    let (mut desk, outbox) = Desk::welcomed().await;
    let ping = outgoing(&ServerFrame::Ping(1));
    let reason = ServerFrame::Close(CloseReason::ShuttingDown);
    give(&outbox, ping);
    give(&outbox, outgoing(&reason));
    drop(outbox);
    assert_eq!(desk.next_frame().await, Some(ServerFrame::Ping(1)));
    desk.expect_close(CloseReason::ShuttingDown).await;
    desk.closed().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_driver_said_last_is_written_although_it_hears_nothing_more() {
    let (mut desk, outbox) = Desk::welcomed().await;
    desk.send(&append(1, "a")).await;
    desk.next_passed().await;
    desk.events.close();
    // The stopped driver takes neither the request nor the catch-up.
    desk.send(&append(2, "b")).await;
    let mark = outgoing(&ServerFrame::Behind);
    give(&outbox, mark);
    assert_eq!(desk.next_frame().await, Some(ServerFrame::Behind));
    assert!(timeout(PING_AFTER / 2, desk.next_frame()).await.is_err());

    give(&outbox, answer(1));
    let reason = ServerFrame::Close(CloseReason::ShuttingDown);
    give(&outbox, outgoing(&reason));
    drop(outbox);
    let heard = desk.next_frame().await;
    assert!(
        matches!(
            heard,
            Some(ServerFrame::Answer {
                number: RequestNumber(1),
                ..
            })
        ),
        "{heard:?}"
    );
    desk.expect_close(CloseReason::ShuttingDown).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_with_its_client_or_its_driver() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    desk.send(&ClientFrame::Leave).await;
    desk.closed().await;

    let (desk, _outbox) = Desk::welcomed().await;
    let Desk {
        client, mut events, ..
    } = desk;
    drop(client);
    let event = events.recv().await;
    assert!(matches!(event, Some(SessionEvent::Closed(ID))));

    let (mut desk, outbox) = Desk::welcomed().await;
    drop(outbox);
    assert_eq!(desk.next_frame().await, None);
    desk.closed().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_a_leave_is_passed_on_before_the_end() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    let watch = ClientFrame::Watch(Vec::new());
    for waiting in 1..=INBOX_CAPACITY {
        desk.send(&watch).await;
        while desk.events.len() < waiting {
            tokio::task::yield_now().await;
        }
    }
    // In one piece, so that they are read together.
    let last = append(1, "read_close");
    let payload = codec::encode(&last).unwrap();
    desk.client.feed(payload).await.unwrap();
    desk.send(&ClientFrame::Leave).await;
    assert!(timeout(PING_AFTER / 2, desk.next_frame()).await.is_err());
    for _ in 0..INBOX_CAPACITY {
        assert_eq!(desk.next_passed().await, watch);
    }
    assert_eq!(desk.next_passed().await, last);
    desk.closed().await;
}

#[tokio::test(start_paused = true)]
async fn the_driver_does_not_hear_of_a_connection_without_a_hello() {
    let Desk {
        client, mut events, ..
    } = Desk::open();
    drop(client);
    assert!(events.recv().await.is_none(), "the session ends");
}

#[tokio::test(start_paused = true)]
async fn a_hello_to_a_stopped_driver_is_refused() {
    let mut desk = Desk::open();
    desk.events.close();
    desk.send(&hello_frame()).await;
    desk.expect_last(ServerFrame::Refused(Refusal::ShuttingDown))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_freed_before_the_driver_hears_of_it() {
    let (client, server) = tokio::io::duplex(PIPE_LEN);
    let (sender, _events) = mpsc::channel(INBOX_CAPACITY);
    let admission = Arc::new(AdmissionLimits {
        disconnects: Semaphore::new(0),
        ..AdmissionLimits::default()
    });
    let context = context(sender, admission, Limits::default());
    let session = tokio::spawn(session::run(server, context, Slot::alone()));
    let mut client = Framed::new(client, codec::framing(MAX_FRAME_LEN));
    let hello: Bytes = codec::encode(&hello_frame()).unwrap();
    client.send(hello).await.unwrap();
    drop(client);
    let notice = session.await.unwrap();
    assert!(notice.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_connection_is_gone_waits_for_those_before_it() {
    let (desk, _outbox) = Desk::welcomed().await;
    let Desk {
        client,
        mut events,
        admission,
        ..
    } = desk;
    let before = admission.disconnects.acquire().await.unwrap();
    drop(client);
    assert!(timeout(HANDSHAKE_TIMEOUT, events.recv()).await.is_err());
    drop(before);
    let event = events.recv().await;
    assert!(matches!(event, Some(SessionEvent::Closed(ID))));
}

#[tokio::test(start_paused = true)]
async fn frames_are_written_while_the_driver_takes_none() {
    let (mut desk, outbox) = Desk::welcomed().await;
    // More than the driver's queue holds.
    let frames = (INBOX_CAPACITY + 1) * MAX_FRAMES_TOGETHER + 50;
    for _ in 0..frames {
        desk.send(&ClientFrame::Watch(Vec::new())).await;
    }
    while desk.events.len() < INBOX_CAPACITY {
        tokio::task::yield_now().await;
    }
    let ping = outgoing(&ServerFrame::Ping(1));
    give(&outbox, ping);
    assert_eq!(desk.next_frame().await, Some(ServerFrame::Ping(1)));
    for _ in 0..frames {
        assert_eq!(desk.next_passed().await, ClientFrame::Watch(Vec::new()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_found_no_capacity_is_passed_on_when_there_is_some() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    for waiting in 1..=INBOX_CAPACITY {
        desk.send(&ClientFrame::Watch(Vec::new())).await;
        while desk.events.len() < waiting {
            tokio::task::yield_now().await;
        }
    }
    desk.send(&append(1, "hello")).await;
    // It reads it, and has nothing else to do.
    timeout(PING_AFTER, std::future::pending::<()>())
        .await
        .unwrap_err();
    for _ in 0..INBOX_CAPACITY {
        assert_eq!(desk.next_passed().await, ClientFrame::Watch(Vec::new()));
    }
    let passed_on = timeout(PING_AFTER, desk.next_passed()).await;
    assert_eq!(passed_on.unwrap(), append(1, "hello"));
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_a_connection_is_passed_on_together() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    for _ in 0..=MAX_FRAMES_TOGETHER {
        desk.send(&ClientFrame::Watch(Vec::new())).await;
    }
    assert_eq!(desk.next_batch().await.len(), MAX_FRAMES_TOGETHER);
    assert_eq!(desk.next_batch().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn long_frames_are_passed_on_a_few_at_a_time() {
    let (mut desk, _outbox) = Desk::welcomed().await;
    let text = "x".repeat(MAX_BODY_LEN);
    for number in 0..4 {
        desk.send(&append(number, &text)).await;
    }
    assert_eq!(desk.next_batch().await.len(), 2);
    assert_eq!(desk.next_batch().await.len(), 2);
}

/// A connection that gives a byte at a time, and counts how often it is read.
struct Drip {
    io: DuplexStream,
    reads: Arc<AtomicUsize>,
}

impl AsyncRead for Drip {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut one))?;
        self.reads.fetch_add(1, Ordering::Relaxed);
        buf.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Drip {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_lets_others_have_their_turn_after_a_few_reads() {
    const READS: usize = 8;
    let (client, server) = tokio::io::duplex(PIPE_LEN);
    let (sender, mut events) = mpsc::channel(INBOX_CAPACITY);
    let reads = Arc::new(AtomicUsize::new(0));
    let connection = Drip {
        io: server,
        reads: Arc::clone(&reads),
    };
    let context = context(sender, Arc::default(), Limits::default());
    let mut session = pin!(session::run(connection, context, Slot::alone()));
    let mut client = Framed::new(client, codec::framing(MAX_FRAME_LEN));
    let hello: Bytes = codec::encode(&hello_frame()).unwrap();
    client.send(hello).await.unwrap();
    let outbox = loop {
        tokio::task::yield_now().await;
        assert!(session.as_mut().now_or_never().is_none());
        if let Ok(SessionEvent::Hello { outbox, .. }) = events.try_recv() {
            break outbox;
        }
    };
    give(&outbox, outgoing(&welcome()));
    assert!(session.as_mut().now_or_never().is_none());
    let said: Bytes = codec::encode(&append(1, "hello")).unwrap();
    client.send(said).await.unwrap();
    while events.is_empty() {
        tokio::task::yield_now().await;
        let before = reads.load(Ordering::Relaxed);
        assert!(session.as_mut().now_or_never().is_none());
        let now = reads.load(Ordering::Relaxed);
        assert!(now - before <= READS, "{}", now - before);
    }
}
