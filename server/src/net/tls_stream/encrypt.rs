//! Records that TLS appends to the bytes that are not written.

use rustls::Error;
use rustls::server::ServerConnectionData;
use rustls::unbuffered::{
    EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic,
};

use crate::net::buffer_pool;

/// Bytes of a record beside its content: header, content type, and the tag of the AEAD (RFC 8446, section
/// 5.2; all suites of TLS 1.3 that rustls has use 16 bytes).
pub(super) const OVERHEAD: usize = 5 + 1 + 16;

pub(super) enum ToSend<'a> {
    Content(&'a [u8]),
    CloseNotify,
}

/// A failed write: the size that it needs, or another error.
type WriteError = Result<usize, Error>;

pub(super) fn encrypt(
    mut traffic: WriteTraffic<'_, ServerConnectionData>,
    to_send: &ToSend<'_>,
    outgoing: &mut Vec<u8>,
) -> Result<(), Error> {
    let len = match to_send {
        ToSend::Content(content) => content.len(),
        ToSend::CloseNotify => 0,
    };
    append(outgoing, len + OVERHEAD, |free| {
        let encrypted = match to_send {
            ToSend::Content(content) => traffic.encrypt(content, free),
            ToSend::CloseNotify => traffic.queue_close_notify(free),
        };
        encrypted.map_err(|error| match error {
            EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Ok(required_size)
            }
            EncryptError::EncryptExhausted => Err(Error::EncryptError),
        })
    })
}

/// Appends a record of TLS itself: handshake, alert or key update.
pub(super) fn encode(
    data: &mut EncodeTlsData<'_, ServerConnectionData>,
    outgoing: &mut Vec<u8>,
) -> Result<(), Error> {
    append(outgoing, 0, |free| {
        data.encode(free).map_err(|error| match error {
            EncodeError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Ok(required_size)
            }
            EncodeError::AlreadyEncoded => Err(Error::General(error.to_string())),
        })
    })
}

/// Calls `write` with `len` bytes after `outgoing`, again with more if it asks for that.
fn append(
    outgoing: &mut Vec<u8>,
    mut len: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, WriteError>,
) -> Result<(), Error> {
    if outgoing.capacity() == 0 {
        *outgoing = buffer_pool::take();
    }
    let start = outgoing.len();
    loop {
        outgoing.resize(start + len, 0);
        match write(outgoing.get_mut(start..).unwrap_or_default()) {
            Ok(written) => {
                outgoing.truncate(start + written);
                return Ok(());
            }
            Err(Ok(required)) if required > len => len = required,
            Err(error) => {
                outgoing.truncate(start);
                return Err(error.err().unwrap_or(Error::EncryptError));
            }
        }
    }
}
