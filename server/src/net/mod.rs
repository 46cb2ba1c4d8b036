//! What carries a session: the socket as the system sees it, TLS over any stream, and the buffers
//! that whoever reads or writes borrows. Knows nothing of frames.

pub(crate) mod socket;
pub(crate) mod spare;
pub mod tls_stream;
