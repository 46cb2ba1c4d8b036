//! The one-line invite: address, server fingerprint and a token.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use unicode_normalization::UnicodeNormalization as _;

use crate::hello::InviteToken;
use crate::text::{error_texts, is_default_ignorable};
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

impl ServerAddress {
    /// Whether only the machine itself reaches it: a loopback or unspecified address, or a name for one
    /// (RFC 6761, section 6.3).
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        match host.parse::<IpAddr>() {
            Ok(ip) => {
                let ip = ip.to_canonical();
                ip.is_loopback() || ip.is_unspecified()
            }
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
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
            // Names of hosts have no case (RFC 4343), zones of IPv6 addresses have one.
            host: if host.contains('%') {
                host.to_owned()
            } else {
                host.to_lowercase()
            },
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

/// Reads the first invite in a text as people paste it: with words around it, wrapped over lines, in
/// quotes or brackets, with invisible characters, in full-width letters.
impl FromStr for Invite {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        let marked = mark_gaps(text);
        let text = marked.replace([BLANK, LINE_BREAK], "");
        let mut first_error = None;
        let mut rest = text.as_str();
        while let Some(after) = after_scheme(rest) {
            match parse_after_scheme(after, &marked) {
                Ok(invite) => return Ok(invite),
                Err(error) => first_error = first_error.or(Some(error)),
            }
            rest = after;
        }
        Err(first_error.unwrap_or(InviteError::Scheme))
    }
}

/// White space within a line, in a text with [marked gaps](mark_gaps).
const BLANK: char = ' ';

/// White space over the end of a line.
const LINE_BREAK: char = '\n';

/// The text without the characters that terminals, chats and mail programs put into a line. One character
/// stays of white space.
fn mark_gaps(text: &str) -> String {
    let text = text.nfkc().flat_map(|c| match c {
        '\u{2010}'..='\u{2013}' | '\u{2212}' => ['-', '\0'],
        // Two hyphens, for programs that correct typography.
        '\u{2014}' | '\u{2015}' => ['-', '-'],
        c => [c, '\0'],
    });
    let mut marked = String::new();
    let mut gap = None;
    for c in text {
        if !is_decoration(c) {
            marked.extend(gap.take());
            marked.push(c);
        } else if matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            gap = Some(LINE_BREAK);
        } else if c.is_whitespace() {
            gap = gap.or(Some(BLANK));
        }
    }
    marked
}

/// Blanks, characters without a shape, and what wraps or quotes a line. None is part of an invite.
fn is_decoration(c: char) -> bool {
    let is_quote = matches!(
        c,
        '<' | '>' | '|' | '\\' | '"' | '\'' | '`' | '*' | '=' | '«' | '»' | '‹' | '›'
    ) || matches!(c, '\u{2018}'..='\u{201f}');
    let is_border = matches!(c, '\u{2500}'..='\u{259f}');
    c.is_whitespace() || c.is_control() || is_default_ignorable(c) || is_quote || is_border
}

fn after_scheme(text: &str) -> Option<&str> {
    let is_scheme = |at: &usize| {
        let found = text.as_bytes().get(*at..*at + SCHEME.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(SCHEME.as_bytes()))
    };
    let at = (0..text.len()).find(is_scheme)?;
    Some(&text[at + SCHEME.len()..])
}

/// The lengths of both parts are known, so that words behind an invite are not taken for its end. `marked`
/// ends as `text` does, with its gaps.
fn parse_after_scheme(text: &str, marked: &str) -> Result<Invite, InviteError> {
    let (address, secret) = match text.split_once('#') {
        Some(parts) => parts,
        // As a link in a web page.
        None => text.split_once("/%23").ok_or(InviteError::Incomplete)?,
    };
    let address = address.strip_suffix('/').unwrap_or(address).parse()?;
    let (fingerprint, rest) = take_array(secret)?;
    let token = match rest.strip_prefix('.') {
        // Otherwise the end of a sentence.
        Some(token) if token.starts_with(is_base64) => take_token(token, end_of(marked, rest))?,
        _ => None,
    };
    Ok(Invite {
        address,
        fingerprint: Fingerprint(fingerprint),
        token,
    })
}

/// The end of `marked` that is `rest` without its gaps, with the gap before it.
fn end_of<'a>(marked: &'a str, rest: &str) -> &'a str {
    let chars = marked.char_indices().rev();
    let mut chars = chars.filter(|(_, c)| !matches!(*c, BLANK | LINE_BREAK));
    let before = chars.nth(rest.chars().count());
    before.map_or(marked, |(at, c)| &marked[at + c.len_utf8()..])
}

/// The token after the dot. Apart from the dot, words with blanks between them are the next sentence.
fn take_token(token: &str, marked: &str) -> Result<Option<InviteToken>, InviteError> {
    let after = marked.strip_prefix('.');
    if after.is_some_and(|after| after.starts_with(is_base64)) {
        return Ok(Some(InviteToken(take_array(token)?.0)));
    }
    let after = marked.trim_start().trim_start_matches('.').trim_start();
    let unbroken = after.replace(LINE_BREAK, "");
    let token = take_array(&unbroken).ok();
    Ok(token.map(|(token, _)| InviteToken(token)))
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
        match take_array(text)? {
            (bytes, "") => Ok(Self(bytes)),
            _ => Err(InviteError::Damaged),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

const fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// Decodes the beginning of a text, and returns it with the rest.
fn take_array<const N: usize>(text: &str) -> Result<([u8; N], &str), InviteError> {
    let length = (N * 4).div_ceil(3);
    let end = text.find(|c| !is_base64(c)).unwrap_or(text.len());
    if end < length {
        // A line that is cut ends there; another character in it was changed on the way.
        let is_cut = text[end..].chars().all(|c| c.is_ascii_punctuation());
        return Err(if is_cut {
            InviteError::Incomplete
        } else {
            InviteError::Damaged
        });
    }
    let (encoded, rest) = text.split_at(length);
    let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes());
    let bytes = bytes.map_err(|_| InviteError::Damaged)?;
    Ok((bytes.try_into().map_err(|_| InviteError::Damaged)?, rest))
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
    fn an_invite_is_read_as_people_paste_it() {
        let invite = invite(Some(InviteToken([0xfe; 16])));
        let line = invite.to_string();
        let read = |text: &str| text.parse::<Invite>();
        let wrapped = |every: usize, with: &str| {
            let chars: Vec<_> = line.chars().collect();
            let lines = chars.chunks(every).map(|chars| chars.iter().collect());
            lines.collect::<Vec<String>>().join(with)
        };
        for every in 1..line.len() {
            for with in [
                "\n",
                " ",
                "\r\n> ",
                "\u{200b}",
                " │\n│ ",
                "\\\n",
                "=\n",
                "\u{ad}",
            ] {
                let text = wrapped(every, with);
                let mut invite = invite.clone();
                // Short words apart from the dot may as well be a sentence.
                let dot_end = line.rfind('.').unwrap() + 1;
                if with == " " && every < 22 && dot_end.is_multiple_of(every) {
                    invite.token = None;
                }
                assert_eq!(read(&text), Ok(invite), "{text}");
            }
        }
        let upper = line.replacen("recado", "RECADO", 1);
        let full_width = line.replacen("recado://", "ｒｅｃａｄｏ：／／", 1);
        let dashes = line.replace("--", "—").replace('-', "–");
        assert_ne!(dashes, line);
        let host = line.replacen("chat.example", "Chat.EXAMPLE", 1);
        let percent = line.replacen('#', "%23", 1);
        for text in [upper, full_width, dashes, host, percent] {
            assert_eq!(read(&text), Ok(invite.clone()), "{text}");
        }
        for (before, after) in [
            ("<", ">"),
            ("'", "'"),
            ("“", "”."),
            ("```\n", "\n```"),
            ("**", "**"),
            ("(", ")!"),
            ("\u{feff}\u{2068}", "\u{2069}"),
            ("Hi Bob, recado join '", "'\nSee you there, Alice"),
            ("use recado://… like this: ", ", and then call me"),
            ("[recado](", ")"),
            ("> ", "\u{200b},"),
            ("", ". It is for you."),
            ("", &line),
        ] {
            let text = format!("{before}{line}{after}");
            assert_eq!(read(&text), Ok(invite.clone()), "{text}");
        }
    }

    #[test]
    fn the_end_of_a_sentence_is_no_token() {
        let invite = invite(None);
        for after in [
            ".",
            ".'",
            ">.",
            "...",
            " .",
            " . See you in the room tomorrow, Alice",
            ". See you there",
            ". Bye",
            ">. See you in the room tomorrow at nine",
            ".\nSee you in the room tomorrow,\nAlice",
            "\n. It is the line of my other device and the phone needs it",
        ] {
            let text = format!("{invite}{after}");
            assert_eq!(text.parse(), Ok(invite.clone()), "{text}");
        }
        let whole = Invite {
            token: Some(InviteToken([1; 16])),
            ..invite
        };
        let line = whole.to_string();
        let (start, token) = line.rsplit_once('.').unwrap();
        for apart in [". ", " .", ".\n", "\n.\n"] {
            let text = format!("{start}{apart}{token}");
            assert_eq!(text.parse(), Ok(whole.clone()), "{text}");
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
        assert_eq!(
            error(&format!("<{}>", &whole[..40])),
            InviteError::Incomplete
        );
        assert_eq!(error(&whole.replace("AQEB", "AQ~B")), InviteError::Damaged);
        assert_eq!(error("recado://:1/#abc"), InviteError::Address);
    }

    #[test]
    fn a_loopback_address_is_known_by_number_and_by_name() {
        let is_loopback = |text: &str| text.parse::<ServerAddress>().unwrap().is_loopback();
        for text in [
            "127.0.0.1",
            "127.9.9.9:1",
            "::1",
            "[::ffff:127.0.0.1]:1",
            "0.0.0.0:1",
            "[::]:1",
            "localhost",
            "LocalHost.:1",
            "chat.localhost",
        ] {
            assert!(is_loopback(text), "{text}");
        }
        for text in [
            "192.0.2.1",
            "2001:db8::1",
            "chat.example",
            "localhost.example",
        ] {
            assert!(!is_loopback(text), "{text}");
        }
    }

    #[test]
    fn addresses_have_a_default_port_no_case_and_may_be_ipv6() {
        let address = |text: &str| text.parse::<ServerAddress>().map(|a| a.to_string());
        assert_eq!(address("host").as_deref(), Ok("host:7322"));
        assert_eq!(address("Host:1").as_deref(), Ok("host:1"));
        assert_eq!(
            address("[FE80::1%Eth0]:1").as_deref(),
            Ok("[FE80::1%Eth0]:1")
        );
        assert_eq!(address("::1").as_deref(), Ok("[::1]:7322"));
        assert_eq!(address("[::1]:99").as_deref(), Ok("[::1]:99"));
        for bad in ["", "host:0", "host:x", "[::1", "a b", "host/x"] {
            assert_eq!(address(bad), Err(InviteError::Address), "{bad}");
        }
    }
}
