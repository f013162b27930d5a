// SPDX-License-Identifier: Apache-2.0
//! Addresses that are ours by their form.

use std::net::IpAddr;

use minamo_base::Ip;

/// True for addresses that mean nothing outside of one's own network: private use (RFC 1918), unique local (RFC 4193),
/// link-local (RFC 3927, RFC 4291 §2.5.6) and loopback. Shared address space (RFC 6598) is the carrier's, not ours.
pub fn is_private(ip: Ip) -> bool {
    match ip.to_std() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}
