// SPDX-License-Identifier: Apache-2.0
//! Addresses and prefixes. An IP address is 128 bits everywhere, IPv4 in its mapped form (RFC 4291
//! §2.5.5.2), so that one column, one comparison and one prefix test serve both families.

use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::letters::{Letters, Written};

const V4_MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/// An IPv4 or IPv6 address in 16 octets; order is numeric order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Ip(pub [u8; 16]);

impl Ord for Ip {
    /// As numbers: octet by octet it would be a call for each comparison.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_u128().cmp(&other.to_u128())
    }
}

impl PartialOrd for Ip {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ip {
    /// The address of four octets.
    #[inline]
    pub fn v4(octets: [u8; 4]) -> Self {
        Self::from_u128(Self::v4_number(octets))
    }

    /// The number of the address of four octets: that of its mapped form.
    #[inline]
    pub fn v4_number(octets: [u8; 4]) -> u128 {
        0xffff << 32 | u128::from(u32::from_be_bytes(octets))
    }

    /// The address of a number.
    #[inline]
    pub fn from_u128(number: u128) -> Self {
        Self(number.to_be_bytes())
    }

    /// The four octets, where this is an IPv4 address.
    pub fn as_v4(&self) -> Option<[u8; 4]> {
        let (head, tail) = self.0.split_first_chunk::<12>()?;
        if *head == V4_MAPPED { tail.try_into().ok() } else { None }
    }

    /// True for IPv4.
    pub fn is_v4(&self) -> bool {
        self.as_v4().is_some()
    }

    /// The standard library's form.
    pub fn to_std(&self) -> IpAddr {
        match self.as_v4() {
            Some(octets) => IpAddr::V4(Ipv4Addr::from(octets)),
            None => IpAddr::V6(Ipv6Addr::from(self.0)),
        }
    }

    /// The address as a number.
    #[inline]
    pub fn to_u128(&self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    /// True for addresses that mean nothing outside of one's own network: private use (RFC 1918), unique local (RFC 4193),
    /// link-local (RFC 3927, RFC 4291 §2.5.6) and loopback. Shared address space (RFC 6598) is the carrier's, not ours.
    pub fn is_private(&self) -> bool {
        match self.to_std() {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
        }
    }

    /// True for multicast and the limited broadcast address.
    pub fn is_group(&self) -> bool {
        match self.to_std() {
            IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_multicast(),
        }
    }
}

impl From<IpAddr> for Ip {
    fn from(addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(v4) => Self::v4(v4.octets()),
            IpAddr::V6(v6) => Self(v6.octets()),
        }
    }
}

/// Four numbers with dots between.
fn dotted(octets: [u8; 4]) -> Letters<15> {
    let mut letters = Letters::new();
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            letters.push(b'.');
        }
        letters.number(octet.into());
    }
    letters
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_std() {
            IpAddr::V4(ip) => f.pad(dotted(ip.octets()).as_str()),
            IpAddr::V6(ip) => fmt::Display::fmt(&ip, f),
        }
    }
}

impl Written for Ip {
    fn push_to(&self, out: &mut Vec<u8>) {
        match self.to_std() {
            IpAddr::V4(ip) => out.extend_from_slice(dotted(ip.octets()).as_bytes()),
            IpAddr::V6(ip) => out.extend_from_slice(ip.to_string().as_bytes()),
        }
    }
}

impl fmt::Debug for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Ip {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        text.parse::<IpAddr>().map(Self::from).map_err(|_| AddrError::Ip(text.to_owned()))
    }
}

/// A MAC address (EUI-48).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    fn letters(self) -> Letters<17> {
        let mut letters = Letters::new();
        for (at, octet) in self.0.into_iter().enumerate() {
            if at > 0 {
                letters.push(b':');
            }
            letters.hex(octet);
        }
        letters
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letters().as_str())
    }
}

impl Written for Mac {
    fn push_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.letters().as_bytes());
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Mac {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Self, AddrError> {
        let bad = || AddrError::Mac(text.to_owned());
        let mut out = [0; 6];
        let mut parts = text.split([':', '-']);
        for octet in &mut out {
            let part = parts.next().filter(|p| (1..=2).contains(&p.len())).ok_or_else(bad)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| bad())?;
        }
        if parts.next().is_some() { Err(bad()) } else { Ok(Self(out)) }
    }
}

/// A prefix of the 128-bit address space: `192.0.2.0/24`, `2001:db8::/32`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Prefix {
    first: Ip,
    /// Bits of the 128 that are fixed: an IPv4 /24 has 120.
    bits: u8,
}

impl Prefix {
    /// The prefix that holds `ip` and fixes `len` bits, counted in the family of `ip` (0–32 or 0–128).
    pub fn new(ip: Ip, len: u8) -> Result<Self, AddrError> {
        let (max, base) = if ip.is_v4() { (32, 96) } else { (128, 0) };
        if len > max {
            return Err(AddrError::Length { len, max });
        }
        let bits = base + len;
        Ok(Self { first: Ip::from_u128(ip.to_u128() & Self::mask(bits)), bits })
    }

    fn mask(bits: u8) -> u128 {
        u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
    }

    /// Lowest address of the prefix.
    pub fn first(&self) -> Ip {
        self.first
    }

    /// Highest address of the prefix.
    pub fn last(&self) -> Ip {
        Ip::from_u128(self.first.to_u128() | !Self::mask(self.bits))
    }

    /// True where `ip` lies in the prefix.
    pub fn contains(&self, ip: Ip) -> bool {
        ip.to_u128() & Self::mask(self.bits) == self.first.to_u128()
    }

    /// Length in the family of the address.
    pub fn len(&self) -> u8 {
        if self.first.is_v4() && self.bits >= 96 { self.bits - 96 } else { self.bits }
    }

    /// True for the prefix that holds every address.
    pub fn is_empty(&self) -> bool {
        self.bits == 0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.len())
    }
}

impl FromStr for Prefix {
    type Err = AddrError;

    /// Takes `a.b.c.d/n`, a bare address, and the shortened IPv4 form that nfdump takes (`192.168/16`).
    fn from_str(text: &str) -> Result<Self, AddrError> {
        let (addr, len) = match text.split_once('/') {
            Some((addr, len)) => (addr, Some(len.parse::<u8>().map_err(|_| AddrError::Prefix(text.to_owned()))?)),
            None => (text, None),
        };
        let ip = match addr.parse::<Ip>() {
            Ok(ip) => ip,
            Err(error) if addr.contains(':') || len.is_none() => return Err(error),
            Err(_) => {
                let missing =
                    4usize.checked_sub(addr.split('.').count()).ok_or_else(|| AddrError::Prefix(text.to_owned()))?;
                format!("{addr}{}", ".0".repeat(missing)).parse::<Ip>()?
            }
        };
        Self::new(ip, len.unwrap_or(if ip.is_v4() { 32 } else { 128 }))
    }
}

/// Why a text is no address or prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddrError {
    /// Not an IP address.
    #[error("got {0:?}, want an IPv4 or IPv6 address")]
    Ip(String),
    /// Not a MAC address.
    #[error("got {0:?}, want a MAC address such as 00:1b:21:0a:0b:0c")]
    Mac(String),
    /// Not a prefix.
    #[error("got {0:?}, want a prefix such as 192.0.2.0/24")]
    Prefix(String),
    /// A prefix length beyond the family's.
    #[error("got prefix length {len}, want at most {max}")]
    Length {
        /// The length that was given.
        len: u8,
        /// The longest of the family.
        max: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().expect("a prefix")
    }

    #[test]
    fn ipv4_is_mapped_and_prints_short() {
        let ip: Ip = "192.0.2.1".parse().expect("an address");
        assert_eq!(ip.as_v4(), Some([192, 0, 2, 1]));
        assert_eq!(ip.to_string(), "192.0.2.1");
        assert_eq!("2001:db8::1".parse::<Ip>().expect("an address").to_string(), "2001:db8::1");
        assert!("192.0.2".parse::<Ip>().is_err());
    }

    #[test]
    fn prefixes_hold_what_they_should() {
        let net = prefix("192.0.2.77/24");
        assert_eq!(net.to_string(), "192.0.2.0/24");
        assert_eq!(net.last().to_string(), "192.0.2.255");
        assert!(net.contains(Ip::v4([192, 0, 2, 200])) && !net.contains(Ip::v4([192, 0, 3, 0])));
        assert_eq!(prefix("10/8").to_string(), "10.0.0.0/8");
        assert!(prefix("0.0.0.0/0").contains(Ip::v4([1, 2, 3, 4])));
        assert!(!prefix("0.0.0.0/0").contains("2001:db8::".parse().expect("an address")));
        assert!(prefix("::/0").contains(Ip::v4([1, 2, 3, 4])), "the whole space holds the mapped addresses");
        assert_eq!("1.2.3.4/33".parse::<Prefix>(), Err(AddrError::Length { len: 33, max: 32 }));
        assert!("1.2.3.4.5/8".parse::<Prefix>().is_err());
    }

    #[test]
    fn mac_round_trips() {
        let mac: Mac = "00:1b:21:0a:0b:0c".parse().expect("a MAC address");
        assert_eq!(mac.to_string(), "00:1b:21:0a:0b:0c");
        assert!("00:1b:21:0a:0b".parse::<Mac>().is_err() && "00:1b:21:0a:0b:0c:0d".parse::<Mac>().is_err());
    }
}
