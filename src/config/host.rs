//! The host to listen on: an address, or a name that the system resolves.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest name of a host, in bytes (RFC 1035).
const MAX_NAME_BYTES: usize = 253;

/// An address or a name, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// A name of letters, digits, dots, hyphens and underscores.
    Name(String),
}

impl Host {
    /// Reads an address (IPv6 also in brackets, as in a URL) or a name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unbracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = unbracketed.parse() {
            return Ok(Self::Address(address));
        }
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        // Only digits and dots are a mistyped address, not a name.
        let mistyped = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if mistyped || text.len() > MAX_NAME_BYTES || !text.bytes().all(named) {
            return Err(format!("`{text}` is neither an IP address nor a host name"));
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// Where a client on this machine reaches a server that listens here: "all addresses" is none to connect to.
    #[must_use]
    pub fn reachable(&self) -> Self {
        match self {
            Self::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Self::Address(Ipv4Addr::LOCALHOST.into()),
            Self::Address(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Self::Address(Ipv6Addr::LOCALHOST.into()),
            Self::Address(_) | Self::Name(_) => self.clone(),
        }
    }
}

impl fmt::Display for Host {
    /// As it stands in a URL and before a port: IPv6 in brackets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(out, "[{address}]"),
            Self::Address(IpAddr::V4(address)) => write!(out, "{address}"),
            Self::Name(name) => out.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_names_and_prints_them_as_a_url_does() {
        for (text, printed) in [
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("localhost", "localhost"),
            ("flags.example.com", "flags.example.com"),
            ("phase_flag", "phase_flag"),
        ] {
            assert_eq!(Host::parse(text).unwrap().to_string(), printed);
        }
        assert!(Host::parse(&"a".repeat(MAX_NAME_BYTES)).is_ok());
    }

    #[test]
    fn refuses_what_is_neither() {
        let long = "a".repeat(MAX_NAME_BYTES + 1);
        for text in ["", "256.1.1.1", "1.2.3", "localhost:8000", "http://a", "a b", "[::1", "münchen", &long]
        {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn all_addresses_are_reached_over_loopback() {
        for (text, reached) in
            [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("10.1.2.3", "10.1.2.3"), ("a", "a")]
        {
            assert_eq!(Host::parse(text).unwrap().reachable().to_string(), reached);
        }
    }
}
