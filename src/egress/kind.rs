//! What an address is, as far as that decides who may connect to it: one table of networks, after the registries of
//! IANA for special purposes. A total function: what no row speaks of is public in IPv4, and reserved in IPv6, of which
//! an eighth is given out.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::domain::network::Network;

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anybody's machine on the internet.
    Public,
    /// This machine.
    Loopback,
    /// A machine of the network around this one.
    Private,
    /// A neighbour on the wire, or what a cloud has there for its machines: their metadata.
    LinkLocal,
    /// The platform below a rented machine, at an address that looks public.
    Platform,
    /// Many machines.
    Multicast,
    /// Nobody's: kept for protocols, documentation, measurements, or the future.
    Reserved,
}

impl fmt::Display for Kind {
    /// As in "it has ...".
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::Platform => "an address of the platform below the server",
            Self::Multicast => "a multicast address",
            Self::Reserved => "a reserved address",
        })
    }
}

/// What the addresses of a network are.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    Are(Kind),
    /// What the IPv4 address is that is in them, so many bits above their end: translators and tunnels lead there.
    Hold(u32),
}

use Meaning::{Are, Hold};

const fn v4(octets: [u8; 4], prefix_bits: u32) -> Network {
    let [a, b, c, d] = octets;
    Network::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_bits)
}

/// `first` are the first groups; the others are zero.
const fn v6(first: [u16; 3], prefix_bits: u32) -> Network {
    let [a, b, c] = first;
    Network::new(IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), prefix_bits)
}

/// The first row that has an address decides.
const NETWORKS: &[(Network, Meaning)] = &[
    // "This network": Linux takes 0.0.0.0 for itself.
    (v4([0, 0, 0, 0], 8), Are(Kind::Reserved)),
    (v4([10, 0, 0, 0], 8), Are(Kind::Private)),
    // Shared by the customers of a provider; some clouds have their metadata here (100.100.100.200).
    (v4([100, 64, 0, 0], 10), Are(Kind::Private)),
    (v4([127, 0, 0, 0], 8), Are(Kind::Loopback)),
    // With the metadata of most clouds, 169.254.169.254.
    (v4([169, 254, 0, 0], 16), Are(Kind::LinkLocal)),
    // What Azure has for its machines.
    (v4([168, 63, 129, 16], 32), Are(Kind::Platform)),
    (v4([172, 16, 0, 0], 12), Are(Kind::Private)),
    // Assignments of protocols, and metadata again (192.0.0.192).
    (v4([192, 0, 0, 0], 24), Are(Kind::Reserved)),
    (v4([192, 0, 2, 0], 24), Are(Kind::Reserved)),
    (v4([192, 88, 99, 0], 24), Are(Kind::Reserved)),
    (v4([192, 168, 0, 0], 16), Are(Kind::Private)),
    (v4([198, 18, 0, 0], 15), Are(Kind::Reserved)),
    (v4([198, 51, 100, 0], 24), Are(Kind::Reserved)),
    (v4([203, 0, 113, 0], 24), Are(Kind::Reserved)),
    (v4([224, 0, 0, 0], 4), Are(Kind::Multicast)),
    (v4([240, 0, 0, 0], 4), Are(Kind::Reserved)),
    (v4([0, 0, 0, 0], 0), Are(Kind::Public)),
    // Unspecified, which Linux takes for itself, too.
    (Network::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128), Are(Kind::Reserved)),
    (Network::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 128), Are(Kind::Loopback)),
    // IPv4 in IPv6: "compatible", then "translated" as stateless translators have it. "Mapped" is IPv4 already.
    (v6([0, 0, 0], 96), Hold(0)),
    (Network::new(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0)), 96), Hold(0)),
    // NAT64; the local kind of it puts the address where its operator likes, and is reserved below.
    (v6([0x64, 0xff9b, 0], 96), Hold(0)),
    // Teredo and whatever else protocols were given.
    (v6([0x2001, 0, 0], 23), Are(Kind::Reserved)),
    (v6([0x2001, 0xdb8, 0], 32), Are(Kind::Reserved)),
    // 6to4.
    (v6([0x2002, 0, 0], 16), Hold(80)),
    (v6([0x3fff, 0, 0], 20), Are(Kind::Reserved)),
    (v6([0x2000, 0, 0], 3), Are(Kind::Public)),
    // Unique local, with metadata again (fd00:ec2::254), and what that was before: site-local.
    (v6([0xfc00, 0, 0], 7), Are(Kind::Private)),
    (v6([0xfec0, 0, 0], 10), Are(Kind::Private)),
    (v6([0xfe80, 0, 0], 10), Are(Kind::LinkLocal)),
    (v6([0xff00, 0, 0], 8), Are(Kind::Multicast)),
];

/// What an address is.
pub fn kind(address: IpAddr) -> Kind {
    let address = address.to_canonical();
    let row = NETWORKS.iter().find(|(network, _)| network.contains(address));
    match (row, address) {
        (Some((_, Hold(above))), IpAddr::V6(address)) => {
            kind(IpAddr::V4(Ipv4Addr::from_bits(low_half(address.to_bits() >> above))))
        }
        (Some((_, Are(kind))), _) => *kind,
        (Some((_, Hold(_))) | None, _) => Kind::Reserved,
    }
}

/// The last 32 bits.
fn low_half(bits: u128) -> u32 {
    let [.., a, b, c, d] = bits.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with the first and the last address of what they are about.
    const CASES: &[(&str, &str, Kind)] = &[
        ("0.0.0.0", "0.255.255.255", Kind::Reserved),
        ("1.0.0.0", "9.255.255.255", Kind::Public),
        ("10.0.0.0", "10.255.255.255", Kind::Private),
        ("11.0.0.0", "100.63.255.255", Kind::Public),
        ("100.64.0.0", "100.127.255.255", Kind::Private),
        ("100.128.0.0", "126.255.255.255", Kind::Public),
        ("127.0.0.0", "127.255.255.255", Kind::Loopback),
        ("168.63.129.15", "168.63.129.15", Kind::Public),
        ("168.63.129.16", "168.63.129.16", Kind::Platform),
        ("168.63.129.17", "169.253.255.255", Kind::Public),
        ("169.254.0.0", "169.254.255.255", Kind::LinkLocal),
        ("172.15.255.255", "172.15.255.255", Kind::Public),
        ("172.16.0.0", "172.31.255.255", Kind::Private),
        ("172.32.0.0", "191.255.255.255", Kind::Public),
        ("192.0.0.0", "192.0.0.255", Kind::Reserved),
        ("192.0.1.0", "192.0.1.255", Kind::Public),
        ("192.0.2.0", "192.0.2.255", Kind::Reserved),
        ("192.88.99.0", "192.88.99.255", Kind::Reserved),
        ("192.168.0.0", "192.168.255.255", Kind::Private),
        ("198.17.255.255", "198.17.255.255", Kind::Public),
        ("198.18.0.0", "198.19.255.255", Kind::Reserved),
        ("198.20.0.0", "198.51.99.255", Kind::Public),
        ("198.51.100.0", "198.51.100.255", Kind::Reserved),
        ("203.0.113.0", "203.0.113.255", Kind::Reserved),
        ("203.0.114.0", "223.255.255.255", Kind::Public),
        ("224.0.0.0", "239.255.255.255", Kind::Multicast),
        ("240.0.0.0", "255.255.255.255", Kind::Reserved),
        ("::", "::", Kind::Reserved),
        ("::1", "::1", Kind::Loopback),
        ("::2", "::0.255.255.255", Kind::Reserved),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Kind::Reserved),
        ("100::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Reserved),
        ("2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Public),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Reserved),
        ("2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Public),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Reserved),
        ("2001:db9::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Public),
        ("2003::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Public),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Reserved),
        ("3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Public),
        ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Reserved),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Private),
        ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Reserved),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::LinkLocal),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Private),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Kind::Multicast),
    ];

    fn of(address: &str) -> Kind {
        kind(address.parse().unwrap_or_else(|_| panic!("{address}")))
    }

    #[test]
    fn every_network_ends_where_its_registry_says() {
        for (first, last, kind) in CASES {
            assert_eq!((of(first), of(last)), (*kind, *kind), "{first} to {last}");
        }
    }

    #[test]
    fn an_address_of_ipv4_is_what_it_is_however_it_is_dressed() {
        for (first, last, kind) in CASES {
            for address in [first, last] {
                let Ok(address) = address.parse::<Ipv4Addr>() else { continue };
                let [a, b, c, d] = address.octets();
                let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                for dressed in [
                    format!("::ffff:{address}"),
                    format!("::ffff:0:{address}"),
                    format!("64:ff9b::{address}"),
                    format!("2002:{high:x}:{low:x}::1"),
                ] {
                    assert_eq!(of(&dressed), *kind, "{dressed}");
                }
                let compatible = of(&format!("::{address}"));
                let beginning = address.octets()[0] == 0;
                assert!(beginning || compatible == *kind, "::{address}");
            }
        }
    }

    #[test]
    fn where_clouds_keep_their_secrets_is_not_public() {
        for (metadata, kind) in [
            ("169.254.169.254", Kind::LinkLocal),
            ("169.254.170.2", Kind::LinkLocal),
            ("fd00:ec2::254", Kind::Private),
            ("100.100.100.200", Kind::Private),
            ("192.0.0.192", Kind::Reserved),
            ("168.63.129.16", Kind::Platform),
            ("fd20:ce::254", Kind::Private),
        ] {
            assert_eq!(of(metadata), kind, "{metadata}");
        }
    }
}
