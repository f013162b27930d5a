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
}

impl Groups {
    /// All of them.
    pub const ALL: Self =
        Self { l2: true, ip: true, tunnel: true, icmp: true, tcp: true, npm: true, splt: true, app: true };

    /// Those that cost next to nothing.
    pub const LIGHT: Self = Self { npm: false, splt: false, app: false, ..Self::ALL };

    /// None of them.
    const NONE: Self =
        Self { l2: false, ip: false, tunnel: false, icmp: false, tcp: false, npm: false, splt: false, app: false };

    /// What can be chosen.
    pub const NAMES: &'static [&'static str] = &["l2", "ip", "tunnel", "icmp", "tcp", "npm", "splt", "app"];

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
                other => return Err(format!("got {other:?}, want some of {}", Self::NAMES.join(", "))),
            };
            *group = true;
        }
        Ok(groups)
    }
}

impl FromStr for Groups {
    type Err = String;

    /// Names joined by commas; `all`, `light`, or `none`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::ALL),
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
        assert_eq!(Groups::of(Groups::NAMES.iter().copied()), Ok(Groups::ALL));
        assert_eq!("l2,ip, tunnel,icmp,tcp".parse(), Ok(Groups::LIGHT));
        assert_eq!("none".parse(), Ok(Groups::NONE));
        assert_eq!(
            "tcp,dns".parse::<Groups>(),
            Err("got \"dns\", want some of l2, ip, tunnel, icmp, tcp, npm, splt, app".into())
        );
    }
}
