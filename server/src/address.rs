//! Addresses: what counts as one where the server counts connections and registrations, and which
//! one others may reach it at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use recado_shared::ServerAddress;

/// Whether a connection comes from this very machine.
pub(crate) fn is_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// The address that a connection comes from. A machine that connects to an address of its own is
/// known by the loopback, whichever address that is.
pub(crate) fn of_peer(peer: IpAddr, own: IpAddr) -> IpAddr {
    let peer = peer.to_canonical();
    if peer == own.to_canonical() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        peer
    }
}

/// The address that limits count against: a whole /64 of IPv6, because a single host is usually
/// given that many (RFC 6177).
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The best guess of the address at which others reach a listener: its own, or for one that takes
/// all of the machine's, the one that the machine would use towards the internet.
pub(crate) fn guess_public(listening: SocketAddr) -> ServerAddress {
    let ip = match listening.ip() {
        ip if ip.is_unspecified() => outward().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        ip => ip,
    };
    ServerAddress {
        host: ip.to_canonical().to_string(),
        port: listening.port(),
    }
}

/// Asks the routing table; connecting a datagram socket sends nothing (TEST-NET-1, RFC 5737).
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified()).then_some(ip)
}

/// Whether only this very machine can reach that address.
pub(crate) fn is_only_local(address: &ServerAddress) -> bool {
    match address.host.parse() {
        Ok(ip) => is_this_machine(ip),
        Err(_) => address.host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_mapped_address_is_the_address_that_it_maps() {
        assert!(is_this_machine(ip("::ffff:127.0.0.1")));
        assert!(is_this_machine(ip("::1")));
        assert!(!is_this_machine(ip("::ffff:192.0.2.1")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }

    #[test]
    fn a_machine_that_connects_to_its_own_address_is_this_machine() {
        let lan = ip("192.0.2.1");
        assert!(is_this_machine(of_peer(lan, lan)));
        assert!(is_this_machine(of_peer(ip("::ffff:192.0.2.1"), lan)));
        assert!(is_this_machine(of_peer(ip("::1"), ip("::1"))));
        let other = ip("192.0.2.2");
        assert_eq!(of_peer(other, lan), other);
        assert_eq!(
            of_peer(ip("::ffff:192.0.2.2"), ip("::ffff:192.0.2.1")),
            other
        );
    }

    #[test]
    fn a_host_cannot_multiply_itself_within_its_ipv6_network() {
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(network(ip("2001:db8:1:2::9")), ip("2001:db8:1:2::"));
        assert_ne!(network(ip("2001:db8:1:3::9")), ip("2001:db8:1:2::"));
    }
}
