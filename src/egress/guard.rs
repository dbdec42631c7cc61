//! Which of the addresses that a host resolves to may be connected to.

use std::net::IpAddr;

use super::kind::{Kind, kind};
use crate::domain::network::Network;

/// The longest name of a host, in bytes (RFC 1035).
const MAX_NAME_BYTES: usize = 253;

/// Where somebody may connect to.
#[derive(Clone, Debug)]
pub enum Policy {
    /// Wherever the operator of this machine says.
    Anywhere,
    /// Where somebody else says, if it is there for everybody.
    Guarded(Guard),
}

/// What is there for everybody, and what else.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Whether the network around this machine is there as well.
    pub inside: Inside,
    /// What may be connected to whatever it is.
    pub exceptions: Vec<Exception>,
}

/// Whether this machine and the private network around it may be connected to. Metadata of clouds and the like are
/// another matter: they need an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// They may.
    Open,
    /// They may not.
    Closed,
}

/// What may be connected to whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// The addresses of this host, which is in lower case.
    Name(String),
    /// These addresses.
    Network(Network),
}

impl Exception {
    /// Reads a host's name, an address, or a network.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(network) = Network::parse(text) {
            return Ok(Self::Network(network));
        }
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        // What ends in a number is an address in one of its old notations, or a mistyped one.
        let last = text.rsplit('.').find(|label| !label.is_empty()).unwrap_or_default();
        if !text.bytes().all(named)
            || text.len() > MAX_NAME_BYTES
            || last.starts_with(|first: char| first.is_ascii_digit())
            || last.is_empty()
        {
            return Err(format!("`{text}` is neither a host name nor an IP address nor a network"));
        }
        Ok(Self::Name(normal(text)))
    }

    fn holds(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Name(name) => *name == normal(host),
            Self::Network(network) => network.contains(address),
        }
    }
}

/// A name as it is compared.
fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

impl Policy {
    /// Whether an address that `host` resolved to may be connected to; otherwise, what it is.
    pub(super) fn admits(&self, host: &str, address: IpAddr) -> Result<(), Kind> {
        let Self::Guarded(guard) = self else { return Ok(()) };
        let kind = kind(address);
        let open = match kind {
            Kind::Public => true,
            Kind::Loopback | Kind::Private => guard.inside == Inside::Open,
            Kind::LinkLocal | Kind::Platform | Kind::Multicast | Kind::Reserved => false,
        };
        let excepted = || guard.exceptions.iter().any(|exception| exception.holds(host, address));
        if open || excepted() { Ok(()) } else { Err(kind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(inside: Inside, exceptions: &[&str]) -> Policy {
        let exceptions = exceptions.iter().map(|text| Exception::parse(text).unwrap()).collect();
        Policy::Guarded(Guard { inside, exceptions })
    }

    fn admits(policy: &Policy, host: &str, address: &str) -> Result<(), Kind> {
        policy.admits(host, address.parse().unwrap())
    }

    #[test]
    fn what_is_inside_is_opened_and_what_nobody_needs_is_not() {
        let (closed, open) = (guarded(Inside::Closed, &[]), guarded(Inside::Open, &[]));
        for (address, kind) in [("127.0.0.1", Kind::Loopback), ("10.0.0.1", Kind::Private)] {
            assert_eq!(admits(&closed, "a.example", address), Err(kind));
            assert_eq!(admits(&open, "a.example", address), Ok(()));
        }
        for address in ["169.254.169.254", "168.63.129.16", "224.0.0.1", "0.0.0.0", "::", "fe80::1"] {
            assert!(admits(&closed, "a.example", address).is_err(), "{address}");
            assert!(admits(&open, "a.example", address).is_err(), "{address}");
            assert_eq!(admits(&Policy::Anywhere, "a.example", address), Ok(()));
        }
        assert_eq!(admits(&closed, "a.example", "8.8.8.8"), Ok(()));
    }

    #[test]
    fn an_exception_is_a_host_or_a_network() {
        let policy = guarded(Inside::Closed, &["Hooks.Internal.", "10.1.0.0/16", "::1", "169.254.169.254"]);
        assert_eq!(admits(&policy, "hooks.internal", "10.9.9.9"), Ok(()));
        assert_eq!(admits(&policy, "HOOKS.internal.", "127.0.0.1"), Ok(()));
        assert_eq!(admits(&policy, "other.internal", "10.9.9.9"), Err(Kind::Private));
        assert_eq!(admits(&policy, "a.hooks.internal", "10.9.9.9"), Err(Kind::Private));
        assert_eq!(admits(&policy, "other.internal", "10.1.255.255"), Ok(()));
        assert_eq!(admits(&policy, "other.internal", "::ffff:10.1.2.3"), Ok(()));
        assert_eq!(admits(&policy, "::1", "::1"), Ok(()));
        assert_eq!(admits(&policy, "x", "169.254.169.254"), Ok(()));
        assert_eq!(admits(&policy, "x", "169.254.169.253"), Err(Kind::LinkLocal));
    }

    #[test]
    fn what_is_neither_is_refused() {
        let long = "a".repeat(MAX_NAME_BYTES + 1);
        for text in
            ["", ".", "1.2.3", "0x7f.1", "2130706433", "10.0.0.0/33", "a:80", "http://a", "*.a", &long]
        {
            assert!(Exception::parse(text).is_err(), "{text}");
        }
    }
}
