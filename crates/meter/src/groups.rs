// SPDX-License-Identifier: Apache-2.0
//! Groups of columns that the meter fills: each costs time and memory, and a busy line may have neither. What every flow
//! has (times, endpoints, counters, end) is always there.

use std::str::FromStr;

/// Groups of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    /// MAC addresses.
    pub l2: bool,
    /// TOS, TTL and fragments.
    pub ip: bool,
    /// The tunnels.
    pub tunnel: bool,
    /// Type and code of ICMP.
    pub icmp: bool,
    /// Flags and what SYNs offer.
    pub tcp: bool,
    /// Network performance: order, round trips, pace.
    pub npm: bool,
    /// Sequence of packet lengths and times.
    pub splt: bool,
    /// Applications and their facts: reassembly and all dissectors.
    pub app: bool,
    /// Encrypted traffic beside `splt`, which it needs: messages, TLS records, bursts.
    pub eta: bool,
    /// Counts of octet values and their entropy: 512 octets of memory and 256 numbers in the row for each side.
    pub bd: bool,
    /// The first packet with data of each side, with content: up to 1,300 octets.
    pub idp: bool,
}

impl Groups {
    /// All that are always worth what they cost: without `bd`, and without `idp`, which keeps content.
    pub const ALL: Self = Self { bd: false, idp: false, ..Self::FULL };

    /// Every group.
    pub const FULL: Self = Self {
        l2: true,
        ip: true,
        tunnel: true,
        icmp: true,
        tcp: true,
        npm: true,
        splt: true,
        app: true,
        eta: true,
        bd: true,
        idp: true,
    };

    /// Those that cost next to nothing.
    pub const LIGHT: Self = Self { npm: false, splt: false, app: false, eta: false, ..Self::ALL };

    /// None of them.
    const NONE: Self = Self { l2: false, ip: false, tunnel: false, icmp: false, tcp: false, ..Self::LIGHT };

    /// What can be chosen.
    pub const NAMES: &'static [&'static str] =
        &["l2", "ip", "tunnel", "icmp", "tcp", "npm", "splt", "app", "eta", "bd", "idp"];

    /// The groups with these names; an error names one that is none.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut groups = Self::NONE;
        for name in names {
            let group = match name {
                "l2" => &mut groups.l2,
                "ip" => &mut groups.ip,
                "tunnel" => &mut groups.tunnel,
                "icmp" => &mut groups.icmp,
                "tcp" => &mut groups.tcp,
                "npm" => &mut groups.npm,
                "splt" => &mut groups.splt,
                "app" => &mut groups.app,
                "eta" => &mut groups.eta,
                "bd" => &mut groups.bd,
                "idp" => &mut groups.idp,
                "all" => {
                    groups = Self { bd: groups.bd, idp: groups.idp, ..Self::ALL };
                    continue;
                }
                other => return Err(format!("got {other:?}, want some of {}", Self::NAMES.join(", "))),
            };
            *group = true;
        }
        // Messages are made of the sequence of packets.
        groups.splt |= groups.eta;
        Ok(groups)
    }
}

impl Groups {
    /// True where something is filled that follows from packets with data, one after the other.
    pub(crate) fn paced(&self) -> bool {
        self.npm || self.splt || self.bd || self.idp
    }
}

impl FromStr for Groups {
    type Err = String;

    /// Names joined by commas, of which one may be `all`; or `full`, `light` or `none`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self::FULL),
            "light" => Ok(Self::LIGHT),
            "none" => Ok(Self::NONE),
            names => Self::of(names.split(',').map(str::trim)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_by_name() {
        assert_eq!(Groups::of(Groups::NAMES.iter().copied()), Ok(Groups::FULL));
        assert_eq!("all".parse(), Ok(Groups::ALL));
        assert_eq!("all, idp".parse(), Ok(Groups { idp: true, ..Groups::ALL }));
        assert_eq!("bd,all".parse(), Ok(Groups { bd: true, ..Groups::ALL }));
        assert!(Groups::of(["eta"]).is_ok_and(|groups| groups.splt));
        assert_eq!("l2,ip, tunnel,icmp,tcp".parse(), Ok(Groups::LIGHT));
        assert_eq!("none".parse(), Ok(Groups::NONE));
        assert_eq!(
            "tcp,dns".parse::<Groups>(),
            Err("got \"dns\", want some of l2, ip, tunnel, icmp, tcp, npm, splt, app, eta, bd, idp".into())
        );
    }
}
