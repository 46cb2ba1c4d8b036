//! Completeness of a TLS `ClientHello` in the first bytes of a connection, so that a peer which sends none
//! never gets a turn to compute.

/// Record header: content type, version, length (RFC 8446, section 5.1).
const RECORD_HEADER: usize = 5;

/// Content type of handshake records (RFC 8446, appendix B.1).
const HANDSHAKE: u8 = 22;

/// Most bytes of a record's content, before encryption and after it (RFC 8446, sections 5.1 and 5.2).
const MAX_RECORD: usize = (1 << 14) + 256;

/// Handshake header: message type, length (RFC 8446, section 4).
const MESSAGE_HEADER: usize = 4;

/// Handshake type of a `ClientHello` (RFC 8446, appendix B.3).
const CLIENT_HELLO: u8 = 1;

/// Longest `ClientHello` that is waited for. One with a post-quantum key share has 1.5 kB; the rest is
/// for extensions of later versions.
const MAX_CLIENT_HELLO: usize = 16 * 1024;

/// Whether the TLS library can decide on the first bytes of a connection: they hold a whole `ClientHello`,
/// in one record or several, or no start of one.
pub(crate) fn is_decidable(bytes: &[u8]) -> bool {
    let mut message = Vec::with_capacity(MESSAGE_HEADER);
    let (mut rest, mut len) = (bytes, 0);
    loop {
        if rest.first().is_some_and(|&kind| kind != HANDSHAKE) {
            return true;
        }
        let Some(content_len) = content_len(rest) else {
            return false;
        };
        if content_len == 0 || content_len > MAX_RECORD {
            return true;
        }
        let content = rest.get(RECORD_HEADER..).unwrap_or_default();
        let missing = MESSAGE_HEADER - message.len();
        message.extend(content.iter().take(missing.min(content_len)));
        if message.first().is_some_and(|&kind| kind != CLIENT_HELLO) {
            return true;
        }
        if content.len() < content_len {
            return false;
        }
        len += content_len;
        if let [_, high, middle, low] = message[..] {
            let body = u32::from_be_bytes([0, high, middle, low]) as usize;
            if len >= MESSAGE_HEADER + body || body > MAX_CLIENT_HELLO {
                return true;
            }
        }
        rest = content.get(content_len..).unwrap_or_default();
    }
}

/// Whether the bytes start with a whole record, or with none that TLS allows.
pub(crate) fn has_record(bytes: &[u8]) -> bool {
    content_len(bytes).is_some_and(|len| len > MAX_RECORD || bytes.len() >= RECORD_HEADER + len)
}

/// The length of the content that the first record's header says; `None` without a whole header.
fn content_len(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [_, _, _, high, low, ..] => Some(u16::from_be_bytes([*high, *low]).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use recado_shared::tls::{self, Identity};
    use rustls::ClientConnection;

    use super::*;

    /// The first bytes of a real client.
    fn client_hello() -> Vec<u8> {
        let identity = Identity::generate().unwrap();
        let config = tls::client_config(&identity, identity.fingerprint()).unwrap();
        let mut client = ClientConnection::new(Arc::new(config), tls::server_name()).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }

    /// The same message in records of a few bytes.
    fn in_records(hello: &[u8], len: usize) -> Vec<u8> {
        let (header, message) = hello.split_at(RECORD_HEADER);
        let record = |content: &[u8]| {
            let content_len = u16::try_from(content.len()).unwrap().to_be_bytes();
            [&header[..3], &content_len, content].concat()
        };
        message.chunks(len).flat_map(record).collect()
    }

    #[test]
    fn a_client_hello_is_waited_for_to_its_last_byte() {
        let hello = client_hello();
        for bytes in [
            hello.clone(),
            in_records(&hello, 3),
            in_records(&hello, 500),
        ] {
            for end in 0..bytes.len() {
                assert!(!is_decidable(&bytes[..end]), "{end} of {}", bytes.len());
            }
            assert!(is_decidable(&bytes));
        }
    }

    #[test]
    fn no_client_hello_is_not_waited_for() {
        let hello = client_hello();
        let mut finished = hello.clone();
        finished[RECORD_HEADER] = 20;
        let mut endless = hello.clone();
        endless[RECORD_HEADER + 1] = 0xff;
        let empty_record = [HANDSHAKE, 3, 3, 0, 0];
        let long_record = [HANDSHAKE, 3, 3, 0xff, 0xff];
        for bytes in [
            &b"GET"[..],
            &finished[..6],
            &endless,
            &empty_record,
            &long_record,
        ] {
            assert!(is_decidable(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn later_records_are_waited_for_too() {
        let record = [23, 3, 3, 0, 2, 1, 2, 23];
        let whole: Vec<_> = (0..=record.len())
            .map(|end| has_record(&record[..end]))
            .collect();
        assert_eq!(whole.iter().position(|&is_whole| is_whole), Some(7));
        assert!(has_record(&[23, 3, 3, 0xff, 0xff]));
    }
}
