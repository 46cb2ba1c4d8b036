//! Baseline relay of plain bytes, without keys, storage or acknowledgements. Its work per message is the
//! least of any relay over TCP, so the server is compared with it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::Result;
use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::LocalSet;

use crate::plain_frame::{ALL, HEADER, whole_frame};

/// Capacity of a read, in bytes.
const READ: usize = 64 * 1024;

#[derive(Default)]
struct Outbox {
    bytes: RefCell<BytesMut>,
    wake: Notify,
}

type Outboxes = Rc<RefCell<HashMap<u32, Rc<Outbox>>>>;

/// Serves until it is killed. Prints its address to standard output.
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
                // An error ends only this connection.
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
        while let Some(end) = whole_frame(&bytes, HEADER) {
            let frame = bytes.split_to(end);
            let to = (&frame[4..]).get_u32();
            let outboxes = outboxes.borrow();
            if to == ALL {
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
