//! The address of a server in invites, as operators give it.

use std::fmt;
use std::str::FromStr;

use recado_shared::{InviteError, ServerAddress};

/// A host name or IP address at which others reach the server, with the port if it is not the one that the
/// server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAddress {
    host: String,
    port: Option<u16>,
}

impl PublicAddress {
    /// The address of a server that listens on this port.
    pub fn of_listener(&self, listening_port: u16) -> ServerAddress {
        ServerAddress {
            host: self.host.clone(),
            port: self.port.unwrap_or(listening_port),
        }
    }
}

impl FromStr for PublicAddress {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        let ServerAddress { host, port } = text.parse()?;
        let has_port = match text.rsplit_once(']') {
            Some((_, rest)) => !rest.is_empty(),
            None => text.matches(':').count() == 1,
        };
        let port = has_port.then_some(port);
        Ok(Self { host, port })
    }
}

impl fmt::Display for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => self.of_listener(port).fmt(f),
            None if self.host.contains(':') => write!(f, "[{}]", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// The address in invites, or none of the operator's choice: `auto`.
#[derive(Clone, Debug)]
pub enum PublicAddressChoice {
    Auto,
    Address(PublicAddress),
}

impl PublicAddressChoice {
    /// The operator's choice, `None` if the server is to find an address of the machine.
    pub fn address(&self) -> Option<&PublicAddress> {
        match self {
            Self::Auto => None,
            Self::Address(address) => Some(address),
        }
    }
}

impl FromStr for PublicAddressChoice {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => text.parse().map(Self::Address),
        }
    }
}

impl fmt::Display for PublicAddressChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_that_of_the_listener_unless_it_is_given() {
        for (text, expected) in [
            ("chat.example", "chat.example:7400"),
            ("chat.example:443", "chat.example:443"),
            ("chat.example:7322", "chat.example:7322"),
            ("[2001:db8::1]", "[2001:db8::1]:7400"),
            ("[2001:db8::1]:443", "[2001:db8::1]:443"),
            ("2001:db8::443", "[2001:db8::443]:7400"),
        ] {
            let address: PublicAddress = text.parse().unwrap();
            assert_eq!(address.of_listener(7400).to_string(), expected);
            assert_eq!(address.to_string().parse(), Ok(address), "{text}");
        }
        assert!("a b".parse::<PublicAddress>().is_err());
    }
}
