// SPDX-License-Identifier: Apache-2.0
//! What has no application above IP: told by its number in the IP header (IANA, "Assigned Internet Protocol Numbers").

use crate::Category;

/// A row: all that is known of one of them.
#[derive(Debug)]
pub struct IpProtocol {
    /// The number in the header.
    pub number: u8,
    /// Label, as nDPI prints it where it has one.
    pub name: &'static str,
    /// Full name, for documents.
    pub title: &'static str,
    /// What it is for.
    pub category: Category,
    /// Its specification.
    pub spec: &'static str,
}

const fn network(number: u8, name: &'static str, title: &'static str, spec: &'static str) -> IpProtocol {
    IpProtocol { number, name, title, category: Category::Network, spec }
}

/// Every one that has a label, by number.
pub static IP_PROTOCOLS: &[IpProtocol] = &[
    network(1, "ICMP", "Internet Control Message Protocol", "RFC 792"),
    network(2, "IGMP", "Internet Group Management Protocol", "RFC 9776"),
    network(4, "IP_in_IP", "IP within IP", "RFC 2003"),
    network(8, "EGP", "Exterior Gateway Protocol", "RFC 904"),
    network(41, "IP_in_IP", "IPv6 within IPv4", "RFC 4213"),
    network(47, "GRE", "Generic Routing Encapsulation", "RFC 2784"),
    IpProtocol { category: Category::Vpn, ..network(50, "IPSec", "IP Encapsulating Security Payload", "RFC 4303") },
    IpProtocol { category: Category::Vpn, ..network(51, "IPSec", "IP Authentication Header", "RFC 4302") },
    network(58, "ICMPV6", "Internet Control Message Protocol for IPv6", "RFC 4443"),
    network(88, "EIGRP", "Enhanced Interior Gateway Routing Protocol", "RFC 7868"),
    network(89, "OSPF", "Open Shortest Path First", "RFC 2328"),
    network(103, "IP_PIM", "Protocol Independent Multicast", "RFC 7761"),
    network(112, "VRRP", "Virtual Router Redundancy Protocol", "RFC 9568"),
    network(113, "PGM", "Pragmatic General Multicast", "RFC 3208"),
    network(132, "SCTP", "Stream Control Transmission Protocol", "RFC 9260"),
];

/// What a flow is that has no application above IP, by its IANA protocol number.
pub fn ip_protocol(number: u8) -> Option<&'static IpProtocol> {
    IP_PROTOCOLS.iter().find(|row| row.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_once_and_in_order() {
        assert!(IP_PROTOCOLS.is_sorted_by(|a, b| a.number < b.number));
        assert_eq!(ip_protocol(113).map(|row| row.name), Some("PGM"));
        assert!(ip_protocol(17).is_none());
    }
}
