// SPDX-License-Identifier: Apache-2.0
//! The protocols: one file each, one line each in the registry.

mod amqp;
#[cfg(test)]
pub(crate) mod anything;
mod ber;
mod bittorrent;
mod dhcp;
mod dhcpv6;
mod dns;
mod ftp;
mod git;
mod http;
mod imap;
mod ipsec;
mod kerberos;
mod label;
mod ldap;
mod llmnr;
mod mdns;
mod mqtt;
mod mysql;
mod netbios;
mod ntp;
mod openvpn;
mod pop3;
mod postgresql;
mod quic;
mod radius;
mod rdp;
mod redis;
mod rtsp;
mod sip;
mod smb;
mod smtp;
mod snmp;
mod socks;
mod ssdp;
mod ssh;
mod starttls;
mod stun;
mod syslog;
mod telnet;
mod text;
mod tls;
mod vnc;
mod wireguard;

use crate::Protocol;
pub(crate) use label::Label;

/// Every protocol that the classifier knows.
pub static PROTOCOLS: &[&Protocol] = &[
    &amqp::PROTOCOL,
    &bittorrent::PROTOCOL,
    &dhcp::PROTOCOL,
    &dhcpv6::PROTOCOL,
    &dns::PROTOCOL,
    &ftp::PROTOCOL,
    &git::PROTOCOL,
    &http::PROTOCOL,
    &imap::PROTOCOL,
    &ipsec::PROTOCOL,
    &kerberos::PROTOCOL,
    &ldap::PROTOCOL,
    &llmnr::PROTOCOL,
    &mdns::PROTOCOL,
    &mqtt::PROTOCOL,
    &mysql::PROTOCOL,
    &netbios::PROTOCOL,
    &ntp::PROTOCOL,
    &openvpn::PROTOCOL,
    &pop3::PROTOCOL,
    &postgresql::PROTOCOL,
    &quic::PROTOCOL,
    &radius::PROTOCOL,
    &rdp::PROTOCOL,
    &redis::PROTOCOL,
    &rtsp::PROTOCOL,
    &sip::PROTOCOL,
    &smb::VERSION_1,
    &smb::VERSION_2,
    &smtp::PROTOCOL,
    &snmp::PROTOCOL,
    &socks::PROTOCOL,
    &ssdp::PROTOCOL,
    &ssh::PROTOCOL,
    &stun::PROTOCOL,
    &syslog::PROTOCOL,
    &telnet::PROTOCOL,
    &tls::PROTOCOL,
    &tls::dtls::PROTOCOL,
    &vnc::PROTOCOL,
    &wireguard::PROTOCOL,
];
