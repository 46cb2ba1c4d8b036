//! A session that is open: from bytes to the driver, and from the driver to bytes. The encryption
//! is measured apart from it.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use recado_server::Limits;
use recado_server::connections::Slot;
use recado_server::id::SessionId;
use recado_server::relay::Peer;
use recado_server::session::{self, Outbox, OutgoingFrame, SessionContext, SessionEvent};
use recado_shared::limits::MAX_FRAME_LEN;
use recado_shared::{
    Answer, ClientFrame, DeviceKey, Hello, LogId, ProtocolVersion, Request, RequestNumber, Seq,
    ServerFrame, Timestamp, UserName, Welcome, codec,
};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::wire::{Wire, poll_once};
use super::{ALICE, ALICE_BOB, Meter, TIME, entry, message, message_id};

/// What a busy session reads and writes together.
const MANY: u32 = 64;

pub(super) fn append(meter: impl Meter) {
    appends(meter, 1);
}

pub(super) fn many_appends(meter: impl Meter) {
    appends(meter, MANY);
}

pub(super) fn push(meter: impl Meter) {
    pushes(meter, 1);
}

pub(super) fn many_pushes(meter: impl Meter) {
    pushes(meter, MANY);
}

/// Appends come in and go to the driver, which answers them at once.
fn appends(meter: impl Meter, count: u32) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut open = Open::new();
    let numbers = || (1..=count).map(RequestNumber);
    let mut bytes = Vec::new();
    for number in numbers() {
        let request = Request::Append {
            conversation: ALICE_BOB,
            id: message_id(u64::from(number.0)),
            content: message(),
        };
        put(&ClientFrame::Request { number, request }, &mut bytes);
    }
    let answers: Vec<_> = numbers()
        .map(|number| {
            let result = Ok(Answer::Accepted {
                seq: Seq(1),
                time: TIME,
            });
            outgoing(&ServerFrame::Answer { number, result })
        })
        .collect();
    meter.measure(
        || (bytes.clone(), answers.clone()),
        |(bytes, answers)| {
            open.wire.bring(bytes);
            open.poll();
            let frames = open.frames();
            assert_eq!(frames.len(), answers.len(), "all came together");
            open.write(answers);
            frames
        },
    );
}

/// Entries of others go out.
fn pushes(meter: impl Meter, count: u32) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut open = Open::new();
    let frame = ServerFrame::Entry {
        conversation: ALICE_BOB,
        entry: entry(1),
    };
    let entries: Vec<_> = (0..count).map(|_| outgoing(&frame)).collect();
    meter.measure(|| entries.clone(), |entries| open.write(entries));
}

/// A session after its welcome, with what the driver has of it.
struct Open {
    session: Pin<Box<dyn Future<Output = ()>>>,
    wire: Wire,
    events: mpsc::Receiver<SessionEvent>,
    outbox: Outbox,
}

impl Open {
    fn new() -> Self {
        let wire = Wire::default();
        let (sender, mut events) = mpsc::channel(1);
        let context = SessionContext {
            id: SessionId(1),
            peer: Peer {
                key: DeviceKey([1; 32]),
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            },
            events: sender,
            admission: Arc::default(),
            limits: Arc::new(Limits {
                frames_per_second: NonZeroU32::MAX,
                frame_burst: NonZeroU32::MAX,
                bytes_per_second: NonZeroU32::MAX,
                byte_burst: NonZeroU32::MAX,
                ..Limits::default()
            }),
        };
        let mut session: Pin<Box<dyn Future<Output = ()>>> =
            Box::pin(session::run(wire.clone(), context, Slot::alone()).map(drop));
        let mut hello = Vec::new();
        put(&hello_frame(), &mut hello);
        wire.bring(hello);
        assert!(poll_once(session.as_mut()).is_pending());
        let Ok(SessionEvent::Hello { outbox, .. }) = events.try_recv() else {
            panic!("no hello");
        };
        let mut open = Self {
            session,
            wire,
            events,
            outbox,
        };
        open.write(vec![outgoing(&welcome())]);
        open
    }

    fn poll(&mut self) {
        assert!(poll_once(self.session.as_mut()).is_pending(), "it ended");
    }

    /// What came for the driver.
    fn frames(&mut self) -> Vec<ClientFrame> {
        match self.events.try_recv() {
            Ok(SessionEvent::Frames { frames, .. }) => frames,
            other => panic!("no frames: {other:?}"),
        }
    }

    /// Queues frames as the driver does, and has them written.
    fn write(&mut self, frames: Vec<OutgoingFrame>) {
        for frame in frames {
            self.outbox.send(frame).expect("it has room");
        }
        self.outbox.wake();
        self.poll();
        assert!(self.wire.clear() > 0, "they are written");
    }
}

/// Sessions need its clock. It runs nothing.
fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("the system gives what a clock needs")
}

fn put(frame: &ClientFrame, bytes: &mut Vec<u8>) {
    let payload = codec::encode(frame).expect("it is a frame");
    codec::put_frame(&payload, MAX_FRAME_LEN, bytes).expect("it is short");
}

fn outgoing(frame: &ServerFrame) -> OutgoingFrame {
    OutgoingFrame::encode(frame).expect("it is a frame")
}

fn hello_frame() -> ClientFrame {
    ClientFrame::Hello(Hello {
        oldest: ProtocolVersion::OLDEST,
        newest: ProtocolVersion::NEWEST,
        software: String::new(),
        name: None,
        token: None,
        since: None,
        extensions: Vec::new(),
    })
}

fn welcome() -> ServerFrame {
    ServerFrame::Welcome(Welcome {
        version: ProtocolVersion::NEWEST,
        user: ALICE,
        name: UserName::new("alice").expect("it is one"),
        registered: false,
        log: LogId([0; 16]),
        now: Timestamp(0),
    })
}
