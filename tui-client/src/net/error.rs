//! Errors of connections and sessions. Their texts say what happened, why, and what to do.

use std::io;

use recado_shared::client::{HandshakeError, ProtocolError};
use recado_shared::codec::CodecError;
use recado_shared::io_reason::describe;
use recado_shared::{CloseReason, Fingerprint, Refusal, RequestError, ServerAddress};

/// Reasons for which no session was opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The host has no network address.
    #[error(
        "Cannot find the host of {address} ({reason}). Check the spelling and this machine's \
         network connection."
    )]
    Resolve {
        address: ServerAddress,
        reason: String,
    },
    /// The host refused the connection: nothing listens there.
    #[error(
        "Cannot connect to {address} (connection refused). Check the address and the port, and \
         that recado-server is running there."
    )]
    ConnectionRefused { address: ServerAddress },
    /// The network has no route to it.
    #[error(
        "Cannot reach {address} ({}). Check the address and this machine's network connection.",
        describe(.source)
    )]
    Unreachable {
        address: ServerAddress,
        source: io::Error,
    },
    /// The host did not answer in time.
    #[error(
        "{address} does not answer. Check the address, the network, and whether a firewall blocks \
         the connection."
    )]
    Timeout { address: ServerAddress },
    /// Something other than a Recado server listens there.
    #[error(
        "{address} is not a Recado server, or it has another version ({reason}). Check the port, \
         and update recado."
    )]
    NotRecado {
        address: ServerAddress,
        reason: String,
    },
    /// The server's key is not the pinned one.
    #[error(
        "The key of the server at {address} has changed: it is {seen}, expected {pinned}. The \
         server was set up anew, or someone intercepts the connection. Nothing was sent. Ask the \
         operator, and join again with a new invite if they confirm the new key."
    )]
    WrongKey {
        address: ServerAddress,
        seen: Fingerprint,
        pinned: Fingerprint,
    },
    /// The server refused the session.
    #[error("Access to {address} denied: {refusal}")]
    Refused {
        address: ServerAddress,
        refusal: Refusal,
    },
    /// The server has revoked the access of this device.
    #[error("This device no longer has access to {address}: {reason}")]
    AccessRevoked {
        address: ServerAddress,
        reason: CloseReason,
    },
    /// The connection broke before the session was open.
    #[error("Lost the connection to {address} before the session began ({reason}). Try again.")]
    Broken {
        address: ServerAddress,
        reason: String,
    },
    /// This device's key cannot be used.
    #[error("Cannot use the key of this device ({0}). Restore device.key, or join again.")]
    Key(String),
}

impl ConnectError {
    pub(super) fn of_handshake(address: &ServerAddress, error: HandshakeError) -> Self {
        let (address, reason) = (address.clone(), error.to_string());
        match error {
            HandshakeError::Refused(refusal) => Self::Refused { address, refusal },
            HandshakeError::Closed(close) if close.is_final() => Self::AccessRevoked {
                address,
                reason: close,
            },
            HandshakeError::Closed(_) => Self::Broken { address, reason },
            HandshakeError::UnexpectedFrame => Self::NotRecado { address, reason },
        }
    }

    pub(super) fn of_session(address: &ServerAddress, error: &SessionError) -> Self {
        let address = address.clone();
        let reason = match error {
            SessionError::Broken(error) => describe(error),
            error => error.to_string(),
        };
        match error {
            SessionError::Malformed(_) => Self::NotRecado { address, reason },
            _ => Self::Broken { address, reason },
        }
    }

    /// The reason in a few words, for the status line.
    pub fn summary(&self) -> String {
        match self {
            Self::Resolve { reason, .. } => format!("host not found: {reason}"),
            Self::ConnectionRefused { .. } => "connection refused".to_owned(),
            Self::Unreachable { source, .. } => describe(source),
            Self::Timeout { .. } => "no answer".to_owned(),
            Self::NotRecado { reason, .. } => format!("not a Recado server: {reason}"),
            Self::Refused { refusal, .. } => refusal.to_string(),
            Self::AccessRevoked { reason, .. } => reason.to_string(),
            Self::Broken { reason, .. } => reason.clone(),
            Self::WrongKey { .. } | Self::Key(_) => self.to_string(),
        }
    }

    /// Whether the server no longer admits this device as any user.
    pub(crate) fn is_denial(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => is_denial(refusal),
            Self::AccessRevoked { .. } => true,
            _ => false,
        }
    }

    /// Whether the same attempt may succeed later without a change on this machine.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => refusal.is_temporary(),
            Self::WrongKey { .. } | Self::AccessRevoked { .. } | Self::Key(_) => false,
            _ => true,
        }
    }
}

/// Whether the server no longer admits this device as any user.
pub(super) fn is_denial(refusal: &Refusal) -> bool {
    !refusal.is_temporary() && !matches!(refusal, Refusal::Version { .. } | Refusal::Malformed)
}

/// Reasons for which a session ended, or a request in it failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The connection ended without a reason.
    #[error("the server closed the connection")]
    Closed,
    #[error("connection lost ({})", describe(.0))]
    Broken(io::Error),
    /// The server sent bytes that are not a frame, or another answer than was requested.
    #[error("the server sent invalid data ({0}); update recado")]
    Malformed(String),
    /// A request was not granted. The session goes on.
    #[error("{0}")]
    Request(#[from] RequestError),
}

impl SessionError {
    /// An answer of another kind than its request asks for.
    pub(crate) fn unexpected_answer() -> Self {
        Self::Malformed("an answer to another request".to_owned())
    }
}

impl From<CodecError> for SessionError {
    fn from(error: CodecError) -> Self {
        match error {
            // The operating system got no answer to its probes.
            CodecError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                ProtocolError::Silent.into()
            }
            // Also an end of TLS without its last word.
            CodecError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            CodecError::Io(error) => Self::Broken(error),
            error => Self::Malformed(error.to_string()),
        }
    }
}

impl From<io::Error> for SessionError {
    fn from(error: io::Error) -> Self {
        CodecError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_the_system_gave_up_was_silent() {
        let error = SessionError::from(io::Error::from(io::ErrorKind::TimedOut));
        let is_silent = matches!(error, SessionError::Protocol(ProtocolError::Silent));
        assert!(is_silent, "{error}");
        let error = SessionError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert!(matches!(error, SessionError::Broken(_)), "{error}");
        let text = "connection lost (the other side closed the connection)";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn an_end_without_a_close_notify_is_a_closed_connection() {
        let text =
            "peer closed connection without sending TLS close_notify: https://docs.rs/rustls";
        let error = SessionError::from(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        assert_eq!(error.to_string(), "the server closed the connection");
        let address = "chat.example:7322".parse().unwrap();
        let error = ConnectError::of_session(&address, &error);
        assert_eq!(error.summary(), "the server closed the connection");
    }

    #[test]
    fn an_unreachable_host_has_a_reason_without_numbers() {
        let error = ConnectError::Unreachable {
            address: "chat.example:7322".parse().unwrap(),
            source: io::Error::from_raw_os_error(101),
        };
        assert_eq!(error.summary(), "there is no route to that network");
        assert!(!error.to_string().contains("os error"), "{error}");
    }
}
