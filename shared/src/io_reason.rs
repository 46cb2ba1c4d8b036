//! Reasons of failed IO as short phrases for people. The errors of the operating system, the name service and
//! the TLS library have texts for programmers: numbers, internal names, addresses of manuals.

use std::io::{self, ErrorKind};

use rustls::{AlertDescription, Error as TlsError};

/// The reason without a capital letter or a full stop, so that it fits into parentheses and behind a colon.
/// It keeps the text of an error that one of our own programs made.
pub fn describe(error: &io::Error) -> String {
    if let Some(tls) = tls_error(error) {
        return describe_tls(tls).to_owned();
    }
    match of_kind(error.kind()) {
        // Of our own programs, it has a text.
        None if error.kind() == ErrorKind::InvalidInput && error.raw_os_error().is_some() => {
            "the operating system does not accept it".to_owned()
        }
        Some(reason) => reason.to_owned(),
        None => of_text(&error.to_string()),
    }
}

/// What to do about a file or a folder that cannot be used, as a sentence without its full stop.
pub fn file_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Free some space on that disk",
        ErrorKind::ReadOnlyFilesystem => "Mount it for writing",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "Move away the file that is in the way"
        }
        _ => "Check its owner and permissions",
    }
}

fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref::<TlsError>()
}

const LOST: &str = "the other side closed the connection";

fn of_kind(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => LOST,
        ErrorKind::TimedOut => "no answer",
        ErrorKind::HostUnreachable => "there is no route to the host",
        ErrorKind::NetworkUnreachable => "there is no route to that network",
        ErrorKind::NetworkDown => "the network is down",
        ErrorKind::AddrInUse => "another program uses this address",
        ErrorKind::AddrNotAvailable => "this machine does not have this address",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::NotFound => "no such file or folder",
        ErrorKind::AlreadyExists => "it exists already",
        ErrorKind::NotADirectory => "a part of the path is not a folder",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::DirectoryNotEmpty => "the folder is not empty",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::QuotaExceeded => "the disk quota is used up",
        ErrorKind::FileTooLarge => "the file is too large",
        ErrorKind::OutOfMemory => "there is not enough memory",
        ErrorKind::Unsupported => "this system does not support it",
        _ => return None,
    })
}

/// Errors that have no kind of their own: of the name service, of `tokio-util`, and rare ones of the system.
fn of_text(text: &str) -> String {
    const LOOKUP: &str = "failed to lookup address information: ";
    // `Display` of a system error ends with its number.
    let text = match text.rsplit_once(" (os error ") {
        Some((text, number)) if number.ends_with(')') => text,
        _ => text,
    };
    match text.strip_prefix(LOOKUP) {
        Some(reason) => of_lookup(reason),
        // The end of a stream within a frame.
        None if text == "bytes remaining on stream" => LOST.to_owned(),
        None => lower_first(text),
    }
}

/// The texts of `gai_strerror` in glibc, musl and the BSDs.
fn of_lookup(reason: &str) -> String {
    let unknown = [
        "Name or service not known",
        "No address associated with",
        "Name does not resolve",
        "Name has no usable address",
        "nodename nor servname provided",
        "no address associated with name",
        "Host not found",
    ];
    let silent = [
        "Temporary failure in name resolution",
        "Try again",
        "Non-recoverable failure in name resolution",
        "Unrecoverable error",
    ];
    let begins = |texts: &[&str]| texts.iter().any(|text| reason.starts_with(text));
    if begins(&unknown) {
        "there is no such name".to_owned()
    } else if begins(&silent) {
        "the name service does not answer".to_owned()
    } else {
        lower_first(reason)
    }
}

/// Lowers the first letter of a sentence; a word in capitals stays.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// A failure of TLS in words for people.
pub fn describe_tls(error: &TlsError) -> &'static str {
    match error {
        TlsError::InvalidMessage(_)
        | TlsError::InappropriateMessage { .. }
        | TlsError::InappropriateHandshakeMessage { .. }
        | TlsError::PeerSentOversizedRecord
        | TlsError::PeerMisbehaved(_) => "it does not speak TLS 1.3 as it should",
        TlsError::PeerIncompatible(_)
        | TlsError::NoApplicationProtocol
        | TlsError::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::NoApplicationProtocol,
        ) => "the two sides share no version of TLS",
        TlsError::InvalidCertificate(_)
        | TlsError::InvalidCertRevocationList(_)
        | TlsError::NoCertificatesPresented
        | TlsError::UnsupportedNameType
        | TlsError::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::AccessDenied
            | AlertDescription::UnknownCA,
        ) => "the key of the other side is not accepted",
        TlsError::DecryptError
        | TlsError::AlertReceived(
            AlertDescription::BadRecordMac | AlertDescription::DecryptError,
        ) => "data was damaged on the way",
        TlsError::AlertReceived(_) => "the other side ended the encrypted connection",
        TlsError::FailedToGetRandomBytes => "the random source of the operating system fails",
        TlsError::FailedToGetCurrentTime => "the clock of the operating system fails",
        _ => "the encryption failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_for_people(error: &io::Error) -> String {
        let reason = describe(error);
        assert!((3..=60).contains(&reason.len()), "{error} as {reason}");
        for sign in ["os error", "://", "{", "(", "::", "Error", "tls"] {
            assert!(!reason.contains(sign), "{error} as {reason}");
        }
        assert!(!reason.ends_with('.'), "{reason}");
        reason
    }

    #[test]
    fn every_number_of_the_system_is_a_phrase() {
        for number in 1..=133 {
            assert_for_people(&io::Error::from_raw_os_error(number));
        }
    }

    #[test]
    fn an_end_without_a_close_notify_is_a_closed_connection() {
        let text =
            "peer closed connection without sending TLS close_notify: https://docs.rs/rustls";
        let ends = [
            io::Error::new(ErrorKind::UnexpectedEof, text),
            io::Error::new(ErrorKind::UnexpectedEof, "tls handshake eof"),
            io::Error::other("bytes remaining on stream"),
            ErrorKind::ConnectionReset.into(),
            ErrorKind::BrokenPipe.into(),
        ];
        for error in ends {
            assert_eq!(assert_for_people(&error), LOST);
        }
    }

    #[test]
    fn errors_of_the_tls_library_are_phrases() {
        use rustls::{CertificateError, InvalidMessage, PeerIncompatible, PeerMisbehaved};
        let alerts = (0..=u8::MAX).map(|alert| TlsError::AlertReceived(alert.into()));
        let others = [
            TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
            TlsError::PeerIncompatible(PeerIncompatible::Tls13RequiredForQuic),
            TlsError::PeerMisbehaved(PeerMisbehaved::IllegalMiddleboxChangeCipherSpec),
            TlsError::InvalidCertificate(CertificateError::BadSignature),
            TlsError::DecryptError,
            TlsError::EncryptError,
            TlsError::HandshakeNotComplete,
            TlsError::General("an InternalError::Of {the library}".to_owned()),
        ];
        for error in alerts.chain(others) {
            let reason = describe(&io::Error::new(ErrorKind::InvalidData, error));
            assert!(!reason.contains(['{', '(', ':']), "{reason}");
            assert!(!reason.contains("Error"), "{reason}");
        }
    }

    #[test]
    fn the_name_service_is_described() {
        let lookup = |reason: &str| {
            let text = format!("failed to lookup address information: {reason}");
            assert_for_people(&io::Error::other(text))
        };
        let unknown = [
            "Name or service not known",
            "No address associated with hostname",
            "Name does not resolve",
            "nodename nor servname provided, or not known",
        ];
        for reason in unknown {
            assert_eq!(lookup(reason), "there is no such name");
        }
        let silent = "the name service does not answer";
        assert_eq!(lookup("Temporary failure in name resolution"), silent);
        assert_eq!(
            lookup("Memory allocation failure"),
            "memory allocation failure"
        );
    }

    #[test]
    fn a_text_of_our_own_stays() {
        let own = io::Error::new(ErrorKind::InvalidInput, "the path is too long");
        assert_eq!(describe(&own), own.to_string());
        let own = io::Error::other("there are too many damaged stores: delete some");
        assert_eq!(describe(&own), own.to_string());
    }
}
