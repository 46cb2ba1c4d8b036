//! The one-line invite: address, server fingerprint and a token.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;

use crate::hello::InviteToken;
use crate::text::error_texts;
use crate::tls::Fingerprint;

/// The port of a server that names none.
pub const DEFAULT_PORT: u16 = 7322;

const SCHEME: &str = "recado://";

/// Where a server listens: a host name or IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerAddress {
    /// A host name or IP address, without brackets.
    pub host: String,
    /// The TCP port of the server.
    pub port: u16,
}

/// `recado://host:7322/#…`, with the fingerprint and, after a dot, the token behind the `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Where the server is.
    pub address: ServerAddress,
    /// Which key it must have.
    pub fingerprint: Fingerprint,
    /// What admits a new device.
    pub token: Option<InviteToken>,
}

error_texts! {
    /// Why a text is no [`Invite`] or [`ServerAddress`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum InviteError {
        Scheme => "an invite starts with 'recado://': copy the whole line",
        /// There is no `#` part, or it is cut short.
        Incomplete =>
            "the invite is incomplete: copy the whole line again, up to its end after the '#'",
        Damaged => "the invite is damaged behind the '#': copy the whole line again",
        Address => "the address must look like host:port",
    }
}

impl FromStr for ServerAddress {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        let (host, rest) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or(InviteError::Address)?,
            None if text.matches(':').count() > 1 => (text, ""),
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| InviteError::Address)?,
            None if rest.is_empty() => DEFAULT_PORT,
            None => return Err(InviteError::Address),
        };
        let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.is_empty() || host.len() > 255 || port == 0 || !host.chars().all(legal) {
            return Err(InviteError::Address);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl FromStr for Invite {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        let rest = text
            .trim()
            .strip_prefix(SCHEME)
            .ok_or(InviteError::Scheme)?;
        let (address, secret) = rest.split_once('#').ok_or(InviteError::Incomplete)?;
        let address = address.strip_suffix('/').unwrap_or(address).parse()?;
        let (fingerprint, token) = match secret.split_once('.') {
            Some((fingerprint, token)) => (fingerprint, Some(token)),
            None => (secret, None),
        };
        let token = token
            .map(|token| decode_array(token).map(InviteToken))
            .transpose()?;
        Ok(Self {
            address,
            fingerprint: fingerprint.parse()?,
            token,
        })
    }
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/#{}", self.address, self.fingerprint)?;
        match &self.token {
            Some(token) => write!(f, ".{}", BASE64URL_NOPAD.encode(&token.0)),
            None => Ok(()),
        }
    }
}

impl FromStr for Fingerprint {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        decode_array(text).map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], InviteError> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
    match bytes {
        Ok(bytes) if bytes.len() < N => Err(InviteError::Incomplete),
        Ok(bytes) => bytes.try_into().map_err(|_| InviteError::Damaged),
        // A line cut at a place that is no boundary of base 64 cannot be decoded at all.
        Err(_) if text.len() < (N * 4).div_ceil(3) => Err(InviteError::Incomplete),
        Err(_) => Err(InviteError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(token: Option<InviteToken>) -> Invite {
        Invite {
            address: "chat.example:7322".parse().unwrap(),
            fingerprint: Fingerprint([0xab; 32]),
            token,
        }
    }

    #[test]
    fn an_invite_is_read_back_as_written() {
        for invite in [invite(Some(InviteToken([1; 16]))), invite(None)] {
            assert_eq!(invite.to_string().parse(), Ok(invite));
        }
    }

    #[test]
    fn a_damaged_invite_says_what_is_wrong() {
        let whole = invite(Some(InviteToken([1; 16]))).to_string();
        let error = |text: &str| text.parse::<Invite>().unwrap_err();
        assert_eq!(error("https://example.org"), InviteError::Scheme);
        assert_eq!(error("recado://chat.example:7322"), InviteError::Incomplete);
        assert_eq!(error(&whole[..whole.len() - 3]), InviteError::Incomplete);
        assert_eq!(error(&whole.replace("q6ur", "q!ur")), InviteError::Damaged);
        assert_eq!(error("recado://:1/#abc"), InviteError::Address);
    }

    #[test]
    fn addresses_have_a_default_port_and_may_be_ipv6() {
        let address = |text: &str| text.parse::<ServerAddress>().map(|a| a.to_string());
        assert_eq!(address("host").as_deref(), Ok("host:7322"));
        assert_eq!(address("host:1").as_deref(), Ok("host:1"));
        assert_eq!(address("::1").as_deref(), Ok("[::1]:7322"));
        assert_eq!(address("[::1]:99").as_deref(), Ok("[::1]:99"));
        for bad in ["", "host:0", "host:x", "[::1", "a b", "host/x"] {
            assert_eq!(address(bad), Err(InviteError::Address), "{bad}");
        }
    }
}
