//! A stream in memory, and what runs over it polled by hand: nothing is counted but the work.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The stream of the server, shared with the code that plays the client.
#[derive(Clone, Default)]
pub(super) struct Wire(Rc<RefCell<Ways>>);

#[derive(Default)]
struct Ways {
    /// What comes to the server, and how much of it was read.
    to_server: Vec<u8>,
    read: usize,
    from_server: Vec<u8>,
}

impl Wire {
    /// Has the server read these bytes next, in place of those it has read.
    pub(super) fn bring(&self, bytes: Vec<u8>) {
        let mut ways = self.0.borrow_mut();
        assert_eq!(ways.read, ways.to_server.len(), "something was not read");
        (ways.to_server, ways.read) = (bytes, 0);
    }

    /// Takes what the server has written.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().from_server)
    }

    /// Forgets what the server has written, and keeps room for more.
    pub(super) fn clear(&self) -> usize {
        let from_server = &mut self.0.borrow_mut().from_server;
        let len = from_server.len();
        from_server.clear();
        len
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut ways = self.0.borrow_mut();
        let rest = &ways.to_server[ways.read..];
        if rest.is_empty() {
            return Poll::Pending;
        }
        let len = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..len]);
        ways.read += len;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().from_server.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

pub(super) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut context())
}

/// A context without a waker: the measuring code decides when to poll.
pub(super) fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
