//! The server's end of a TLS connection over any stream of bytes. It owns its buffers, so that a
//! connection that rests holds none: what comes is decrypted in a buffer of the thread, and only a
//! part of a record is kept until the rest has come.

mod encrypt;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use recado_shared::{DeviceKey, tls};
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{Error, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio_util::io::poll_read_buf;

use self::encrypt::{ToSend, encode, encrypt};
use crate::net::spare;

/// Most bytes of a connection that are read and not processed: more than the longest record, and
/// than any handshake that makes sense.
const MAX_INCOMING: usize = 32 * 1024;

/// Most reads that bring nothing for whoever asks before others have their turn: records may have
/// nothing in them, or tell of new keys.
const FRUITLESS_READS: usize = 4;

/// Most bytes that become one record.
const MAX_CONTENT: usize = 16 * 1024;

/// A connection of which the handshake is done, see [`accept`].
pub struct TlsStream<S> {
    io: S,
    tls: UnbufferedServerConnection,
    /// What was read and is no whole record.
    incoming: Vec<u8>,
    /// What is encrypted and not written, with how much of it is.
    outgoing: Vec<u8>,
    written: usize,
    /// What is decrypted and had no room where it was asked for.
    plain: Vec<u8>,
    /// The other side said that nothing follows.
    is_ended: bool,
    /// This side said so, or the connection is broken: nothing is sent any more.
    is_closed: bool,
    is_broken: bool,
}

/// Accepts a connection. What a handshake computes takes far longer than a frame, so each step of
/// it waits for one of `turns`, and then until everything else that is due has been done. The
/// turn is over before anything is written, so that a peer which takes nothing holds none.
///
/// # Errors
/// The stream breaks, or the other side is none of ours, which it is told as TLS tells it.
pub async fn accept<S>(
    io: S,
    config: Arc<ServerConfig>,
    turns: &Semaphore,
) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = TlsStream {
        io,
        tls: UnbufferedServerConnection::new(config).map_err(io::Error::other)?,
        incoming: Vec::new(),
        outgoing: Vec::new(),
        written: 0,
        plain: Vec::new(),
        is_ended: false,
        is_closed: false,
        is_broken: false,
    };
    loop {
        poll_fn(|cx| stream.poll_write_out(cx)).await?;
        if !stream.tls.is_handshaking() {
            return Ok(stream);
        }
        poll_fn(|cx| stream.poll_gather(cx)).await?;
        let received = {
            // It is never closed.
            let _turn = turns.acquire().await;
            yield_now().await;
            stream.receive_gathered()
        };
        if received.is_err() {
            // The other side is told why.
            poll_fn(|cx| stream.poll_write_out(cx)).await?;
        }
        received?;
    }
}

impl<S> TlsStream<S> {
    /// What it runs over.
    pub fn get_ref(&self) -> &S {
        &self.io
    }

    /// The key that the other side proved to hold.
    pub fn peer_key(&self) -> Option<DeviceKey> {
        self.tls.peer_certificates().and_then(tls::peer_key)
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream")
            .field("is_ended", &self.is_ended)
            .field("is_closed", &self.is_closed)
            .field("is_broken", &self.is_broken)
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Reads once and keeps it.
    fn poll_gather(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let bytes = ready!(self.poll_bytes(cx))?;
        self.incoming.clone_from(&bytes);
        spare::give_back(bytes);
        Poll::Ready(Ok(()))
    }

    /// Processes what was kept. What follows the handshake at once is kept too.
    fn receive_gathered(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.incoming);
        self.receive(&mut bytes, &mut ReadBuf::new(&mut []))
    }

    /// Reads once and processes what is there. What is decrypted goes to `plain`, and is kept
    /// where that has no room.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        plain: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_broken {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        let mut bytes = match ready!(self.poll_bytes(cx)) {
            Ok(bytes) => bytes,
            Err(error) => {
                (self.is_broken, self.is_closed) = (true, true);
                return Poll::Ready(Err(error));
            }
        };
        let received = self.receive(&mut bytes, plain);
        spare::give_back(bytes);
        if received.is_err() {
            (self.is_broken, self.is_closed) = (true, true);
            // The other side may be told why.
            let _ = self.poll_write_out(cx);
        }
        Poll::Ready(received)
    }

    /// Reads once. Gives what was kept and what came, in a lent buffer.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        let mut bytes = spare::lend();
        bytes.extend_from_slice(&self.incoming);
        bytes.reserve(1);
        let error = match poll_read_buf(Pin::new(&mut self.io), cx, &mut bytes) {
            Poll::Ready(Ok(1..)) => return Poll::Ready(Ok(bytes)),
            // Whoever means it says so first.
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        };
        spare::give_back(bytes);
        error
    }

    fn receive(&mut self, bytes: &mut [u8], plain: &mut ReadBuf<'_>) -> io::Result<()> {
        match self.process(bytes, plain, None) {
            Ok(start) => {
                let rest = bytes.get(start..).unwrap_or_default();
                if rest.len() > MAX_INCOMING {
                    return Err(invalid("too long for a handshake"));
                }
                self.incoming = rest.to_vec();
                Ok(())
            }
            Err(error) => {
                self.queue_alerts();
                Err(invalid(error))
            }
        }
    }

    /// Processes all whole records, then encrypts what is to be sent. Says where the rest begins.
    fn process(
        &mut self,
        bytes: &mut [u8],
        plain: &mut ReadBuf<'_>,
        to_send: Option<&ToSend<'_>>,
    ) -> Result<usize, Error> {
        let mut start = 0;
        loop {
            let bytes = bytes.get_mut(start..).unwrap_or_default();
            let UnbufferedStatus { mut discard, state } = self.tls.process_tls_records(bytes);
            let is_done = match state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        let room = plain.remaining().min(record.payload.len());
                        let (now, later) = record.payload.split_at(room);
                        plain.put_slice(now);
                        self.plain.extend_from_slice(later);
                    }
                    false
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    encode(&mut data, &mut self.outgoing)?;
                    false
                }
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    false
                }
                ConnectionState::PeerClosed => {
                    self.is_ended = true;
                    false
                }
                ConnectionState::WriteTraffic(traffic) => {
                    if let Some(to_send) = to_send {
                        encrypt(traffic, to_send, &mut self.outgoing)?;
                    }
                    true
                }
                ConnectionState::BlockedHandshake | ConnectionState::Closed => {
                    if to_send.is_some() {
                        return Err(Error::HandshakeNotComplete);
                    }
                    true
                }
                // The server's settings allow no early data.
                other => return Err(Error::General(format!("unexpected state: {other:?}"))),
            };
            start += discard;
            if is_done {
                return Ok(start);
            }
        }
    }

    /// Encrypts behind what is to be written.
    fn send(&mut self, to_send: &ToSend<'_>) -> io::Result<()> {
        let mut incoming = std::mem::take(&mut self.incoming);
        let nowhere = &mut ReadBuf::new(&mut []);
        let start = self.process(&mut incoming, nowhere, Some(to_send));
        incoming.drain(..start.as_ref().map_or(0, |start| *start));
        self.incoming = incoming;
        start.map(|_| ()).map_err(invalid)
    }

    /// Encodes what TLS has to say about an error.
    fn queue_alerts(&mut self) {
        while self.tls.wants_write() {
            match self.tls.process_tls_records(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    if encode(&mut data, &mut self.outgoing).is_err() {
                        return;
                    }
                }
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while traffic.next_record().is_some() {}
                }
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Writes all that is encrypted.
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.outgoing.get(self.written..) {
            match Pin::new(&mut self.io).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(len)) => self.written += len,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    spare::settle(&mut self.outgoing, self.written);
                    self.written = 0;
                    return Poll::Pending;
                }
            }
        }
        spare::give_back(std::mem::take(&mut self.outgoing));
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let mut reads = 0;
        while buf.remaining() > 0 && buf.filled().len() == before {
            if !this.plain.is_empty() {
                let room = buf.remaining().min(this.plain.len());
                buf.put_slice(this.plain.get(..room).unwrap_or_default());
                spare::settle(&mut this.plain, room);
            } else if this.is_ended {
                break;
            } else if reads == FRUITLESS_READS {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            } else {
                reads += 1;
                match ready!(this.poll_receive(cx, buf)) {
                    // What came before the fault is given out first.
                    Err(_) if buf.filled().len() > before => break,
                    received => received?,
                }
                // What TLS answers by itself goes out as far as it can now, and else later.
                if let Poll::Ready(Err(error)) = this.poll_write_out(cx) {
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_write_out(cx))?;
        if this.is_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let content = buf.get(..MAX_CONTENT).unwrap_or(buf);
        if !content.is_empty() {
            this.send(&ToSend::Content(content))?;
        }
        // What the stream does not take at once is kept, and goes before anything else.
        if let Poll::Ready(Err(error)) = this.poll_write_out(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(content.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_write_out(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !std::mem::replace(&mut this.is_closed, true) {
            this.send(&ToSend::End)?;
        }
        ready!(this.poll_write_out(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests;
