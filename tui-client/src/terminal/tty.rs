//! The terminal of this process as a stream of bytes.

use std::io::{self, Stdin};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, Interest, ReadBuf};

/// Standard input, read when it has bytes.
///
/// It is never set to non-blocking: standard output, the shell and other programs usually share that setting, because they
/// share the open terminal. Each read is preceded by a question whether it would wait.
#[derive(Debug)]
pub(super) struct Tty(AsyncFd<Stdin>);

impl Tty {
    /// Standard input, which is a terminal.
    ///
    /// # Errors
    /// If the runtime cannot wait for it.
    #[expect(
        deprecated,
        reason = "its replacement is unsafe, for descriptors that close or change; that of standard input does neither"
    )]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(AsyncFd::with_interest(
            io::stdin(),
            Interest::READABLE,
        )?))
    }
}

impl AsyncRead for Tty {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(context))?;
            let unfilled = buffer.initialize_unfilled();
            if let Ok(read) = ready.try_io(|stdin| read_available(stdin.get_ref(), unfilled)) {
                buffer.advance(read?);
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// Reads without waiting. A terminal that is gone reads as an end or an error.
fn read_available(stdin: &Stdin, buffer: &mut [u8]) -> io::Result<usize> {
    let mut asked = [PollFd::new(stdin, PollFlags::IN)];
    if retry_on_intr(|| poll(&mut asked, Some(&Timespec::default())))? == 0 {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    Ok(retry_on_intr(|| rustix::io::read(stdin, &mut *buffer))?)
}
