//! Which proxies are believed when they name the client's address.

use std::net::IpAddr;

use super::entries;
use crate::domain::network::Network;

/// The networks of the proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// Reads addresses and networks separated by commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        entries(text).map(Network::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the address is one of these proxies.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(networks: &str, address: &str) -> bool {
        TrustedProxies::parse(networks).unwrap().contains(address.parse().unwrap())
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
