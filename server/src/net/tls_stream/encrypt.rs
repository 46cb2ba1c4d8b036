//! Lets TLS write records behind what waits to be written.

use rustls::Error;
use rustls::server::ServerConnectionData;
use rustls::unbuffered::{
    EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic,
};

use crate::net::spare;

/// Bytes of a record beside its content: header, content type, tag.
pub(super) const OVERHEAD: usize = 5 + 1 + 16;

/// What is to be encrypted.
pub(super) enum ToSend<'a> {
    Content(&'a [u8]),
    End,
}

/// How much room was lacking, or what else went wrong.
type Lack = Result<usize, Error>;

/// Puts behind `outgoing` what is to be sent.
pub(super) fn encrypt(
    mut traffic: WriteTraffic<'_, ServerConnectionData>,
    to_send: &ToSend<'_>,
    outgoing: &mut Vec<u8>,
) -> Result<(), Error> {
    let len = match to_send {
        ToSend::Content(content) => content.len(),
        ToSend::End => 0,
    };
    put(outgoing, len + OVERHEAD, |room| {
        let encrypted = match to_send {
            ToSend::Content(content) => traffic.encrypt(content, room),
            ToSend::End => traffic.queue_close_notify(room),
        };
        encrypted.map_err(|error| match error {
            EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Ok(required_size)
            }
            EncryptError::EncryptExhausted => Err(Error::EncryptError),
        })
    })
}

/// Puts behind `outgoing` what TLS says by itself.
pub(super) fn encode(
    data: &mut EncodeTlsData<'_, ServerConnectionData>,
    outgoing: &mut Vec<u8>,
) -> Result<(), Error> {
    put(outgoing, 0, |room| {
        data.encode(room).map_err(|error| match error {
            EncodeError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Ok(required_size)
            }
            EncodeError::AlreadyEncoded => Err(Error::General(error.to_string())),
        })
    })
}

/// Lets `write` write behind what is in `outgoing`, with more room if it asks for that.
fn put(
    outgoing: &mut Vec<u8>,
    mut room: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Lack>,
) -> Result<(), Error> {
    if outgoing.capacity() == 0 {
        *outgoing = spare::lend();
    }
    let start = outgoing.len();
    loop {
        outgoing.resize(start + room, 0);
        match write(outgoing.get_mut(start..).unwrap_or_default()) {
            Ok(len) => {
                outgoing.truncate(start + len);
                return Ok(());
            }
            Err(Ok(required)) if required > room => room = required,
            Err(lack) => {
                outgoing.truncate(start);
                return Err(lack.err().unwrap_or(Error::EncryptError));
            }
        }
    }
}
