//! A network: the range of addresses that share a prefix. Must not know values.

use std::net::{IpAddr, Ipv6Addr};

/// The first of the IPv6 addresses that stand for the IPv4 addresses: `::ffff:0:0`.
pub(super) const V4_FIRST: u128 = 0xffff_0000_0000;

/// The last of them.
pub(super) const V4_LAST: u128 = 0xffff_ffff_ffff;

/// How many bits of an IPv4 address, written as an IPv6 address, stand before it.
const V4_PREFIX: u32 = 96;

/// A network. Its bounds are IPv6 addresses; those of an IPv4 network are the ones that stand for
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// Its first address.
    pub(super) first: u128,
    /// Its last address.
    pub(super) last: u128,
}

impl Network {
    /// Returns the network of `address/prefix length`, if that is what the text is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (start, prefix) = text.split_once('/')?;
        let base = if start.contains(':') { 0 } else { V4_PREFIX };
        let prefix = prefix_len(prefix)?.checked_add(base).filter(|bits| *bits <= 128)?;
        Some(Self::with_prefix(address(start)?, prefix))
    }

    /// Returns the network of one address.
    pub(super) fn of(address: u128) -> Self {
        Self { first: address, last: address }
    }

    /// Returns the network whose addresses have the first `prefix` of 128 bits of `address`.
    pub(super) fn with_prefix(address: u128, prefix: u32) -> Self {
        let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
        Self { first: address & !host, last: address | host }
    }

    /// Whether every address of `other` is in the network. No IPv6 network holds an IPv4 address.
    pub(super) fn contains(self, other: Self) -> bool {
        self.is_v4() == other.is_v4() && self.first <= other.first && other.last <= self.last
    }

    /// Returns it as `address/prefix length`.
    pub(super) fn text(self) -> String {
        let prefix = (self.first ^ self.last).leading_zeros();
        let prefix = if self.is_v4() { prefix - V4_PREFIX } else { prefix };
        format!("{}/{prefix}", text(self.first))
    }

    fn is_v4(self) -> bool {
        V4_FIRST <= self.first && self.last <= V4_LAST
    }
}

/// Returns the address of a text; of an IPv4 address the IPv6 address that stands for it.
pub(super) fn address(text: &str) -> Option<u128> {
    Some(match text.parse().ok()? {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    })
}

/// Returns the text of an address, with dots where it stands for an IPv4 address.
pub(super) fn text(address: u128) -> String {
    let v6 = Ipv6Addr::from_bits(address);
    v6.to_ipv4_mapped().map_or_else(|| v6.to_string(), |v4| v4.to_string())
}

/// Returns the number that digits, and nothing but digits, spell.
fn prefix_len(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
