//! TCP sockets: listening, and the options of an accepted connection. The kernel detects dead links, so
//! the server need not ping thousands of idle clients; a dead link shows as a failed read.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};

use recado_shared::io_reason::describe;
use recado_shared::limits::{DEAD_AFTER, PING_AFTER, PROBE_INTERVAL, PROBES};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::listen_address::ListenAddress;

/// Connections that may wait to be accepted, up to the limit of the system (`net.core.somaxconn`). The
/// SYN of one more is dropped, and its client sends it again after a second (RFC 6298).
const BACKLOG: u32 = 16_384;

/// No socket listens at this address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", describe(.error))]
pub struct ListenError {
    pub address: String,
    pub error: io::Error,
}

impl ListenError {
    /// What to do about it, as a sentence without its full stop.
    pub fn advice(&self) -> &'static str {
        match self.error.kind() {
            io::ErrorKind::AddrInUse => {
                "Stop the program that uses it, or choose another port with --listen"
            }
            io::ErrorKind::PermissionDenied => {
                "Ports below 1024 need the capability CAP_NET_BIND_SERVICE: choose a higher port with \
                 --listen, such as 7322"
            }
            _ => "Choose another address with --listen",
        }
    }
}

/// Listens at an address; a host name is looked up, and its first address that works is taken. Connections
/// queue until they are accepted. It blocks on the lookup of a name.
///
/// # Errors
/// [`ListenError`]: the port is in use or privileged, the host is not known, or its addresses are not of this
/// machine.
pub fn listen(address: Option<ListenAddress>) -> Result<TcpListener, ListenError> {
    let address = address.unwrap_or_default();
    let listener = match &address.host {
        Some(host) => at_host(host, address.port),
        None => on_all_addresses(address.port, listen_at),
    };
    listener.map_err(|error| ListenError {
        address: match address.host {
            Some(_) => address.to_string(),
            None => format!("port {}", address.port),
        },
        error,
    })
}

fn at_host(host: &str, port: u16) -> io::Result<TcpListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in (host, port).to_socket_addrs()? {
        match listen_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Listens on all addresses; on a machine without IPv6, on those of IPv4.
fn on_all_addresses<T>(port: u16, listen: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    match listen((Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            listen((Ipv4Addr::UNSPECIFIED, port).into())
        }
        result => result,
    }
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restarted server gets its port at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Sets no delay, keepalive probes (RFC 1122, section 4.2.3.6), and the user timeout (RFC 5482).
pub(crate) fn configure(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(PING_AFTER)
        .with_interval(PROBE_INTERVAL)
        .with_retries(PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    // Keepalive probes only idle connections. Unacknowledged data is retransmitted until this timeout.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(DEAD_AFTER))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn listen_locally(port: u16) -> TcpListener {
        listen(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())).unwrap()
    }

    #[tokio::test]
    async fn the_port_of_a_server_that_stopped_is_free_at_once() {
        let listener = listen_locally(0);
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        // The side that closes first keeps its end of the connection for a while.
        drop((accepted.unwrap(), listener));
        let mut client = client.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        drop(client);
        listen_locally(address.port());
    }

    #[tokio::test]
    async fn a_port_is_not_taken_from_the_server_that_has_it() {
        let first = on_all_addresses(0, listen_at).unwrap();
        let taken = first.local_addr().unwrap();
        let refused = on_all_addresses(taken.port(), listen_at).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        let refused = listen(Some(taken.into())).unwrap_err();
        assert_eq!(refused.error.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(refused.address, taken.to_string());
    }

    #[tokio::test]
    async fn a_host_is_listened_on_by_its_name() {
        let address = ListenAddress {
            host: Some("localhost".to_owned()),
            port: 0,
        };
        let listener = listen(Some(address)).unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
        let address = ListenAddress {
            host: Some("192.0.2.1".to_owned()),
            port: 0,
        };
        let refused = listen(Some(address)).unwrap_err();
        assert_eq!(refused.error.kind(), io::ErrorKind::AddrNotAvailable);
        assert_eq!(refused.address, "192.0.2.1:0");
    }

    #[tokio::test]
    async fn a_machine_without_ipv6_listens_at_the_addresses_it_has() {
        let listener = on_all_addresses(0, |address| match address {
            SocketAddr::V4(_) => listen_at(address),
            SocketAddr::V6(_) => Err(io::ErrorKind::Unsupported.into()),
        });
        let address = listener.unwrap().local_addr().unwrap();
        assert_eq!(address.ip(), Ipv4Addr::UNSPECIFIED);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_system_gives_up_a_dead_link_whether_it_is_quiet_or_not() {
        let listener = listen_locally(0);
        let address = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.unwrap();
        configure(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        let quiet_for = socket.tcp_keepalive_time().unwrap();
        let probed_for =
            socket.tcp_keepalive_interval().unwrap() * socket.tcp_keepalive_retries().unwrap();
        assert_eq!(quiet_for + probed_for, DEAD_AFTER);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(DEAD_AFTER));
    }
}
