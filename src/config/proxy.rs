//! Which proxies are believed when they name the client's address.

use std::fmt;
use std::net::IpAddr;

use super::entries;

/// The networks of the proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

/// All addresses that share their first bits with an address, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

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

impl Network {
    /// Reads an address, or an address, a slash and the count of bits that matter.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text)
            .ok_or_else(|| format!("`{text}` is neither an IP address nor a network such as 10.0.0.0/8"))
    }

    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = width(address);
        let prefix_bits = match prefix {
            // A sign would be read as part of the number.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        (prefix_bits <= width).then_some(Self { address, prefix_bits })
    }

    /// Whether the address is in the network. An IPv4 address that arrives in IPv6 clothes, as on a socket that
    /// listens on both, is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let differing = bits(address) ^ bits(self.address);
        let ignored = width(self.address) - self.prefix_bits;
        width(address) == width(self.address) && differing.checked_shr(ignored).unwrap_or(0) == 0
    }
}

fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => u32::BITS,
        IpAddr::V6(_) => u128::BITS,
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.prefix_bits)
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
