//! IP addresses: the unit of per-address limits, local peers, and the guess of the public address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use recado_shared::ServerAddress;

pub(crate) fn is_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// A machine that connects to one of its own addresses counts as the loopback.
pub(crate) fn of_peer(peer: IpAddr, own: IpAddr) -> IpAddr {
    let peer = peer.to_canonical();
    if peer == own.to_canonical() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        peer
    }
}

/// The unit of per-address limits: an IPv4 address, or a /64 network of IPv6, which is what a single site
/// gets at least (RFC 6177).
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Best guess of the address at which others reach a listener: its own, or for one on all addresses, the
/// source address of the machine's route to the internet.
pub(crate) fn guess_public(listening: SocketAddr) -> ServerAddress {
    of_listener(listening, outward)
}

/// The address at which clients on this machine reach a listener.
pub(crate) fn local(listening: SocketAddr) -> ServerAddress {
    of_listener(listening, || None)
}

fn of_listener(listening: SocketAddr, unspecified: fn() -> Option<IpAddr>) -> ServerAddress {
    let ip = match listening.ip() {
        ip if ip.is_unspecified() => unspecified().unwrap_or(Ipv4Addr::LOCALHOST.into()),
        ip => ip,
    };
    ServerAddress {
        host: ip.to_canonical().to_string(),
        port: listening.port(),
    }
}

/// Asks the routing table, of IPv6 if there is no route of IPv4. Connecting a datagram socket sends nothing;
/// the addresses are of documentation networks (RFC 5737, RFC 3849).
fn outward() -> Option<IpAddr> {
    let v4 = || source_of(Ipv4Addr::UNSPECIFIED.into(), [192, 0, 2, 1].into());
    let v6 = || {
        source_of(
            Ipv6Addr::UNSPECIFIED.into(),
            [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(),
        )
    };
    v4().or_else(v6)
}

/// The source address of the route to a destination.
fn source_of(any: IpAddr, destination: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((destination, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified()).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_mapped_address_equals_its_ipv4_address() {
        assert!(is_this_machine(ip("::ffff:127.0.0.1")));
        assert!(is_this_machine(ip("::1")));
        assert!(!is_this_machine(ip("::ffff:192.0.2.1")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }

    #[test]
    fn a_peer_at_the_own_address_is_this_machine() {
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
    fn an_ipv6_network_counts_as_one_address() {
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(network(ip("2001:db8:1:2::9")), ip("2001:db8:1:2::"));
        assert_ne!(network(ip("2001:db8:1:3::9")), ip("2001:db8:1:2::"));
    }
}
