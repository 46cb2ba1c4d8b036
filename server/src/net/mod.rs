//! Transport of a session: the TCP socket, TLS over any byte stream, and pooled buffers. It does not
//! know frames.

pub(crate) mod buffer_pool;
mod client_hello;
mod listen_address;
pub(crate) mod socket;
pub mod tls_stream;

pub use self::listen_address::{ListenAddress, ListenAddressError};

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

/// Writes the bytes after the first `written` ones, which it counts up.
pub(crate) fn poll_write_all(
    io: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    written: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while let Some(rest @ [_, ..]) = bytes.get(*written..) {
        match ready!(Pin::new(&mut *io).poll_write(cx, rest))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            len => *written += len,
        }
    }
    Poll::Ready(Ok(()))
}
