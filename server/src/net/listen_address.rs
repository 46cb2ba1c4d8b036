//! The address that a server listens on, as operators write it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use recado_shared::DEFAULT_PORT;

/// A host and a port to listen on: `7400`, `:7400`, `localhost:7400`, `192.0.2.1`, `[::1]:7400`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// `None`: all addresses of the machine.
    pub host: Option<String>,
    /// 0: the system chooses one.
    pub port: u16,
}

/// A text is no [`ListenAddress`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address to listen on: use a port like 7400, or HOST:PORT like localhost:7400")]
pub struct ListenAddressError(String);

impl Default for ListenAddress {
    /// [`DEFAULT_PORT`] on all addresses.
    fn default() -> Self {
        Self {
            host: None,
            port: DEFAULT_PORT,
        }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self {
            host: Some(address.ip().to_string()),
            port: address.port(),
        }
    }
}

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        let invalid = || ListenAddressError(text.to_owned());
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        let in_brackets = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let (host, port) = if let Ok(ip) = in_brackets.unwrap_or(text).parse::<IpAddr>() {
            (Some(ip.to_string()), DEFAULT_PORT)
        } else if let Ok(port) = text.parse() {
            (None, port)
        } else if let Some((host, port)) = text.split_once(':') {
            let port = port.parse().map_err(|_| invalid())?;
            (Some(host.to_owned()), port)
        } else if text.chars().all(|c| c.is_ascii_digit()) {
            return Err(invalid());
        } else {
            (Some(text.to_owned()), DEFAULT_PORT)
        };
        let host = host.filter(|host| !host.is_empty() && host != "*");
        let is_legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        match &host {
            Some(name) if !name.chars().all(is_legal) => Err(invalid()),
            _ => Ok(Self { host, port }),
        }
    }
}

/// As it is read.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port;
        match &self.host {
            None => port.fmt(f),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(host) => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_operators_write_it() {
        for (text, host, port) in [
            ("7400", None, 7400),
            (":7400", None, 7400),
            ("*:7400", None, 7400),
            ("0", None, 0),
            ("localhost:7400", Some("localhost"), 7400),
            ("localhost", Some("localhost"), DEFAULT_PORT),
            ("192.0.2.1", Some("192.0.2.1"), DEFAULT_PORT),
            ("127.0.0.1:0", Some("127.0.0.1"), 0),
            ("[::1]:7400", Some("::1"), 7400),
            ("[::1]", Some("::1"), DEFAULT_PORT),
            ("::", Some("::"), DEFAULT_PORT),
        ] {
            let host = host.map(str::to_owned);
            let address = ListenAddress { host, port };
            assert_eq!(text.parse().as_ref(), Ok(&address), "{text}");
            assert_eq!(address.to_string().parse(), Ok(address), "{text}");
        }
        for text in [
            "",
            ":",
            "70000",
            "localhost:",
            "localhost:http",
            "a b:1",
            "::1:x",
        ] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }
}
