//! Socket options of a connection: send at once, and have the operating system watch the link. A
//! link that it gives up shows as a broken read.

use std::io;

use recado_shared::io_reason::describe;
use recado_shared::limits::{DEAD_AFTER, PING_AFTER, PROBE_INTERVAL, PROBES};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Sets the options that the system grants. A connection without them still works.
pub(super) fn prepare(tcp: &TcpStream) {
    // A chat sends small frames that a user waits for.
    note("switch off Nagle's algorithm", tcp.set_nodelay(true));
    let socket = SockRef::from(tcp);
    let keepalive = TcpKeepalive::new()
        .with_time(PING_AFTER)
        .with_interval(PROBE_INTERVAL)
        .with_retries(PROBES);
    let watched = socket.set_tcp_keepalive(&keepalive);
    note("have the link watched", watched);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    note(
        "limit how long sent bytes stay unconfirmed",
        socket.set_tcp_user_timeout(Some(DEAD_AFTER)),
    );
}

fn note(what: &str, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(error = describe(&error), "cannot {what}");
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_system_watches_a_quiet_link_and_a_stuck_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tcp = TcpStream::connect(address).await.unwrap();
        prepare(&tcp);
        let socket = SockRef::from(&tcp);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), PING_AFTER);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), PROBE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), PROBES);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(DEAD_AFTER));
    }
}
