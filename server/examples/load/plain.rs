//! A relay of plain bytes: no keys, no storage, no acknowledgements. What it does per message is the
//! least that any relay over TCP can do, and so the limit that others are compared with.
//!
//! A frame is its length, a destination, and the payload; both numbers have four bytes, big endian.
//! A connection's first four bytes are its own number.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::Result;
use bytes::{Buf as _, BufMut as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::LocalSet;

/// The destination that is everybody but the sender.
pub(crate) const EVERYBODY: u32 = u32::MAX;

/// Bytes before the payload.
pub(crate) const HEAD: usize = 8;

/// How much is read at once.
const READ: usize = 64 * 1024;

/// What waits for one connection.
#[derive(Default)]
struct Outbox {
    bytes: RefCell<BytesMut>,
    wake: Notify,
}

type Outboxes = Rc<RefCell<HashMap<u32, Rc<Outbox>>>>;

/// Serves until it is killed; says where on standard output.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        crate::report::say(&listener.local_addr()?.to_string());
        let outboxes = Outboxes::default();
        loop {
            let (stream, _) = listener.accept().await?;
            let outboxes = Rc::clone(&outboxes);
            tokio::task::spawn_local(async move {
                // A client that goes away ends its own connection only.
                let _ = connection(stream, outboxes).await;
            });
        }
    })
}

async fn connection(stream: TcpStream, outboxes: Outboxes) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut read, write) = stream.into_split();
    let own = read.read_u32().await?;
    let outbox = Rc::new(Outbox::default());
    outboxes.borrow_mut().insert(own, Rc::clone(&outbox));
    let writer = tokio::task::spawn_local(drain(write, outbox));
    let ended = relay(read, own, &outboxes).await;
    outboxes.borrow_mut().remove(&own);
    writer.abort();
    ended
}

async fn relay(mut read: OwnedReadHalf, own: u32, outboxes: &Outboxes) -> Result<()> {
    let mut bytes = BytesMut::with_capacity(READ);
    loop {
        bytes.reserve(READ);
        if read.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        while let Some(end) = whole_frame(&bytes, HEAD) {
            let frame = bytes.split_to(end);
            let to = (&frame[4..]).get_u32();
            let outboxes = outboxes.borrow();
            if to == EVERYBODY {
                for (number, outbox) in outboxes.iter() {
                    if *number != own {
                        outbox.push(&frame);
                    }
                }
            } else if let Some(outbox) = outboxes.get(&to) {
                outbox.push(&frame);
            }
        }
    }
}

/// Where the first frame ends, once all of it is there. Its head begins with the length of the
/// payload after it.
pub(crate) fn whole_frame(bytes: &[u8], head: usize) -> Option<usize> {
    let length = bytes.get(..4).map(|mut length| length.get_u32())?;
    let end = head.checked_add(usize::try_from(length).ok()?)?;
    (bytes.len() >= end).then_some(end)
}

/// Appends a frame.
pub(crate) fn put_frame(bytes: &mut BytesMut, to: u32, payload: &[u8]) {
    bytes.put_u32(u32::try_from(payload.len()).unwrap_or(u32::MAX));
    bytes.put_u32(to);
    bytes.put_slice(payload);
}

impl Outbox {
    fn push(&self, frame: &[u8]) {
        self.bytes.borrow_mut().extend_from_slice(frame);
        self.wake.notify_one();
    }
}

async fn drain(mut write: OwnedWriteHalf, outbox: Rc<Outbox>) {
    loop {
        outbox.wake.notified().await;
        let bytes = outbox.bytes.borrow_mut().split();
        if write.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_whole_once_all_of_it_is_there() {
        let mut bytes = BytesMut::new();
        put_frame(&mut bytes, 7, b"hello");
        let end = HEAD + 5;
        assert_eq!(bytes.len(), end);
        for length in 0..end {
            assert_eq!(whole_frame(&bytes[..length], HEAD), None, "{length}");
        }
        assert_eq!(whole_frame(&bytes, HEAD), Some(end));
        assert_eq!(&bytes[4..HEAD], &7_u32.to_be_bytes());
        put_frame(&mut bytes, 8, b"");
        assert_eq!(whole_frame(&bytes, HEAD), Some(end));
        assert_eq!(whole_frame(&bytes[end..], HEAD), Some(HEAD));
    }

    #[test]
    fn a_frame_longer_than_anything_is_never_whole() {
        assert_eq!(whole_frame(&[0xff; 64], HEAD), None);
        assert_eq!(whole_frame(&[0xff; 64], 4), None);
    }
}
