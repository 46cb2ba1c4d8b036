//! What counts as one address where the server counts connections and registrations.

use std::net::{IpAddr, Ipv6Addr};

/// Whether a connection comes from this very machine.
pub(crate) fn is_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
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
    fn a_host_cannot_multiply_itself_within_its_ipv6_network() {
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
        assert_eq!(network(ip("2001:db8:1:2::9")), ip("2001:db8:1:2::"));
        assert_ne!(network(ip("2001:db8:1:3::9")), ip("2001:db8:1:2::"));
    }
}
