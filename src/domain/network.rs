//! Networks: addresses that share their first bits.

use std::fmt;
use std::net::IpAddr;

/// All addresses that share their first bits with an address, such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// All addresses whose first `prefix_bits` are those of `address`.
    pub const fn new(address: IpAddr, prefix_bits: u32) -> Self {
        let width = width(address);
        Self { address, prefix_bits: if prefix_bits < width { prefix_bits } else { width } }
    }

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

impl Network {
    /// Whether every address of `other` is in this network.
    pub fn covers(&self, other: &Self) -> bool {
        let ignored = width(self.address) - self.prefix_bits;
        let differing = bits(other.address) ^ bits(self.address);
        width(other.address) == width(self.address)
            && other.prefix_bits >= self.prefix_bits
            && differing.checked_shr(ignored).unwrap_or(0) == 0
    }
}

const fn width(address: IpAddr) -> u32 {
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
