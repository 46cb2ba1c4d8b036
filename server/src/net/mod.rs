//! Transport of a session: the TCP socket, TLS over any byte stream, and pooled buffers. It does not
//! know frames.

pub(crate) mod buffer_pool;
pub(crate) mod socket;
pub mod tls_stream;
