//! Which proxies are believed when they name the client's address.

use std::net::IpAddr;

use super::entries;
use crate::domain::network::Network;

/// The word for proxies that connect to the socket in the file system, and so have no address.
const UNIX: &str = "unix";

/// The proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Proxy>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Proxy {
    /// At any of these addresses.
    Network(Network),
    /// Without an address.
    Unix,
}

impl TrustedProxies {
    /// Reads addresses, networks and `unix`, separated by commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        let proxy = |entry| match entry {
            UNIX => Ok(Proxy::Unix),
            network => Network::parse(network).map(Proxy::Network),
        };
        entries(text).map(proxy).collect::<Result<_, _>>().map(Self)
    }

    /// Whether one of these proxies has this address, or none.
    pub fn contains(&self, address: Option<IpAddr>) -> bool {
        self.0.iter().any(|proxy| match (proxy, address) {
            (Proxy::Network(network), Some(address)) => network.contains(address),
            (Proxy::Unix, None) => true,
            (Proxy::Network(_), None) | (Proxy::Unix, Some(_)) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(networks: &str, address: &str) -> bool {
        TrustedProxies::parse(networks).unwrap().contains(Some(address.parse().unwrap()))
    }

    #[test]
    fn a_network_ends_at_its_last_address() {
        assert!(contains("10.0.0.0/8", "10.0.0.0") && contains("10.0.0.0/8", "10.255.255.255"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0") && !contains("10.0.0.0/8", "9.255.255.255"));
        assert!(contains("192.168.1.9/24", "192.168.1.200"));
        assert!(contains("fd00::/8", "fdff::1") && !contains("fd00::/8", "fe00::1"));
        assert!(contains("0.0.0.0/0", "203.0.113.9") && contains("::/0", "2001:db8::1"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1") && !contains("::/0", "203.0.113.9"));
    }

    #[test]
    fn a_single_address_is_a_network_of_one() {
        assert!(contains("127.0.0.1, ::1", "127.0.0.1") && contains("127.0.0.1, ::1", "::1"));
        assert!(!contains("127.0.0.1, ::1", "127.0.0.2"));
        assert!(!contains("", "127.0.0.1"));
    }

    #[test]
    fn who_has_no_address_is_trusted_by_name_alone() {
        let trusts = |text| TrustedProxies::parse(text).unwrap().contains(None);
        assert!(trusts("unix") && trusts("10.0.0.0/8, unix"));
        assert!(!trusts("") && !trusts("0.0.0.0/0, ::/0") && !contains("unix", "127.0.0.1"));
    }

    #[test]
    fn an_address_mapped_into_ipv6_is_itself() {
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!contains("10.0.0.0/8", "::ffff:11.1.2.3"));
    }

    #[test]
    fn refuses_what_is_no_network() {
        for text in
            ["10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "proxy", "10.0.0.1:80", "/8"]
        {
            assert!(TrustedProxies::parse(text).is_err(), "{text}");
        }
    }
}
