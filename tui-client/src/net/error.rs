//! Why a link cannot be made or did not last, in words for the person: what happened, why, and
//! what to do next.

use std::io;

use recado_shared::client::{HandshakeError, ProtocolError};
use recado_shared::codec::CodecError;
use recado_shared::{CloseReason, Fingerprint, Refusal, RequestError, ServerAddress};

/// Why no session came about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The host has no network address.
    #[error(
        "cannot find the host of {address} ({reason}): check the spelling, and whether this \
         machine is on the network"
    )]
    Resolve {
        /// Where the server should be.
        address: ServerAddress,
        /// What the resolver says.
        reason: String,
    },
    /// The host is there, nothing listens.
    #[error(
        "no server answers at {address} (connection refused): check the address and the port, \
         and whether recado-server is running there"
    )]
    ConnectionRefused {
        /// Where the server should be.
        address: ServerAddress,
    },
    /// The network does not get there.
    #[error("cannot reach {address} ({source}): check this machine's network and the address")]
    Unreachable {
        /// Where the server should be.
        address: ServerAddress,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing came back.
    #[error(
        "{address} does not answer: check the address, the network, and whether a firewall is \
         in between"
    )]
    Timeout {
        /// Where the server should be.
        address: ServerAddress,
    },
    /// Something else than a Recado server listens there.
    #[error(
        "what listens at {address} is no Recado server of this version ({reason}): check the \
         port, and update recado"
    )]
    NotRecado {
        /// Where the server should be.
        address: ServerAddress,
        /// What it did.
        reason: String,
    },
    /// The server's key is not the pinned one.
    #[error(
        "the server at {address} is not the one you know: its key is {seen}, and {pinned} was \
         expected. Either it was set up anew, or somebody is in between. Nothing was sent. Ask \
         the person who runs it, and join again with a new invite if the key has changed"
    )]
    WrongKey {
        /// Where the server is.
        address: ServerAddress,
        /// What it showed.
        seen: Fingerprint,
        /// What was expected.
        pinned: Fingerprint,
    },
    /// The server does not let this device in.
    #[error("the server at {address} refused: {refusal}")]
    Refused {
        /// Where the server is.
        address: ServerAddress,
        /// Why.
        refusal: Refusal,
    },
    /// The server has closed its door to this device for good.
    #[error("the server at {address} lets this device in no more: {reason}")]
    AccessRevoked {
        /// Where the server is.
        address: ServerAddress,
        /// Why.
        reason: CloseReason,
    },
    /// The connection broke before the session was open.
    #[error("the connection to {address} broke before the session began ({reason}): try again")]
    Broken {
        /// Where the server is.
        address: ServerAddress,
        /// What the system says.
        reason: String,
    },
    /// This device's key cannot be used.
    #[error("this device's key cannot be used ({0}): restore device.key, or join again")]
    Key(String),
}

impl ConnectError {
    pub(super) fn of_handshake(address: &ServerAddress, error: HandshakeError) -> Self {
        let address = address.clone();
        match error {
            HandshakeError::Refused(refusal) => Self::Refused { address, refusal },
            HandshakeError::Closed(reason) if reason.is_final() => {
                Self::AccessRevoked { address, reason }
            }
            HandshakeError::Closed(reason) => Self::Broken {
                address,
                reason: reason.to_string(),
            },
            HandshakeError::UnexpectedFrame => Self::NotRecado {
                address,
                reason: error.to_string(),
            },
        }
    }

    pub(super) fn of_session(address: &ServerAddress, error: &SessionError) -> Self {
        let (address, reason) = (address.clone(), error.to_string());
        match error {
            SessionError::Malformed(_) => Self::NotRecado { address, reason },
            _ => Self::Broken { address, reason },
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

/// Reasons for which a session ended, or a request in it failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The server ended the session.
    #[error("{0}")]
    ClosedByServer(CloseReason),
    /// The connection ended without a reason.
    #[error("the connection was closed")]
    Closed,
    /// The connection broke.
    #[error("the connection broke ({0})")]
    Broken(io::Error),
    /// The server did not react to a ping, or to the probes of the operating system.
    #[error("the server has been silent for too long")]
    Silent,
    /// The server sent bytes that are not a frame, or a frame that has no place there.
    #[error("the server sent something that this client does not understand ({0}): update recado")]
    Malformed(String),
    /// More frames waited than a queue may hold.
    #[error("more was waiting than the link could take")]
    Overflow,
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

impl From<ProtocolError> for SessionError {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::Closed(reason) => Self::ClosedByServer(reason),
            ProtocolError::UnexpectedFrame(frame) => Self::Malformed(frame.to_owned()),
            ProtocolError::Silent => Self::Silent,
            ProtocolError::Overflow => Self::Overflow,
        }
    }
}

impl From<CodecError> for SessionError {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::Io(error) if error.kind() == io::ErrorKind::TimedOut => Self::Silent,
            CodecError::Io(error) => Self::Broken(error),
            CodecError::TooLong | CodecError::Malformed(_) | CodecError::Leftover(_) => {
                Self::Malformed(error.to_string())
            }
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
        assert!(matches!(error, SessionError::Silent), "{error}");
        let error = SessionError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert!(matches!(error, SessionError::Broken(_)), "{error}");
    }
}
