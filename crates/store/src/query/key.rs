// SPDX-License-Identifier: Apache-2.0
//! What flows are grouped by: a column, either address, a network of a length, a bucket of time.

use std::fmt;
use std::time::Duration;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::{Expr, cast, ident, lit, when};
use minamo_model::FLOWS;
use minamo_schema::{CellType, Column};

use super::functions::{domain_of, in_prefix, net_of, protocol_of};
use super::tags::TAG;
use crate::QueryError;

/// What rows are grouped by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// A column of the flows.
    Column(&'static Column),
    /// Both addresses of a flow: it counts for each side, once where they are the same.
    Ip,
    /// The network that an address lies in.
    Net {
        /// The column of the address; nothing for either side.
        of: Option<&'static Column>,
        /// Prefix length of IPv4 networks.
        v4: u8,
        /// Prefix length of IPv6 networks.
        v6: u8,
    },
    /// The registered domain of a name: see `pieces`.
    Domain(&'static Column),
    /// The protocol of an application's label.
    Protocol(&'static Column),
    /// The tags of a flow: it counts for each of them, and as one without a tag where it has none.
    Tag {
        /// By the tags of the flow's time instead of today's.
        then: bool,
    },
    /// The step of time in which a flow starts; steps begin at multiples of their length.
    Time(Duration),
}

/// Prefix length of IPv6 networks where only one for IPv4 was given: what a link has.
const V6: u8 = 64;
/// Name of the column that has each side's address in turn.
pub(super) const IP: &str = "ip";

impl Key {
    /// The key of that name: a column, `ip`, `tag`, `tag(then)`, `net(src_ip,24)`, `net(ip,24,48)`, `time(5m)` or
    /// `domain(dns_query)`, `protocol(app)`.
    pub fn named(name: &str) -> Result<Self, QueryError> {
        let name = name.trim();
        let column = |name: &str| {
            flow_column(name).map_err(|text| {
                QueryError::Bad(format!(
                    "{text}; want a column, ip, tag, net(src_ip,24), domain(dns_query) or time(5m)"
                ))
            })
        };
        match name.strip_suffix(')').and_then(|text| text.split_once('(')) {
            None if name == IP => Ok(Self::Ip),
            None if name == TAG => Ok(Self::Tag { then: false }),
            None => column(name).map(Self::Column),
            Some(("tag", word)) => match word.trim() {
                "then" => Ok(Self::Tag { then: true }),
                "now" => Ok(Self::Tag { then: false }),
                other => Err(QueryError::Bad(format!("{name}: got {other:?}, want tag(then) or tag(now)"))),
            },
            Some(("net", arguments)) => {
                let mut arguments = arguments.split(',').map(str::trim);
                let of = match arguments.next().unwrap_or_default() {
                    IP => None,
                    name => Some(column(name).and_then(address)?),
                };
                let lengths = arguments.map(|text| text.parse().ok()).collect::<Option<Vec<u8>>>();
                match lengths.as_deref() {
                    Some([v4]) if *v4 <= 32 => Ok(Self::Net { of, v4: *v4, v6: V6 }),
                    Some([v4, v6]) if *v4 <= 32 && *v6 <= 128 => Ok(Self::Net { of, v4: *v4, v6: *v6 }),
                    _ => Err(QueryError::Bad(format!(
                        "{name}: want net(column, length) or net(column, length for IPv4, length for IPv6)"
                    ))),
                }
            }
            Some(("domain", name)) => column(name.trim()).and_then(text).map(Self::Domain),
            Some(("protocol", name)) => column(name.trim()).and_then(text).map(Self::Protocol),
            Some(("time", length)) => {
                let step = step(length.trim()).ok_or_else(|| {
                    QueryError::Bad(format!("{name}: want a length such as 30s, 5m, 1h or 1d, at least 1s"))
                })?;
                Ok(Self::Time(step))
            }
            Some((function, _)) => Err(QueryError::Bad(format!(
                "{name}: there is no key {function}(…), only net, domain, protocol, tag and time"
            ))),
        }
    }

    /// True where a flow counts for both of its addresses.
    pub(super) fn is_either(self) -> bool {
        matches!(self, Self::Ip | Self::Net { of: None, .. })
    }

    /// The same key for a question by the definitions of each flow's time.
    #[must_use]
    pub fn as_known_then(self) -> Self {
        if let Self::Tag { .. } = self { Self::Tag { then: true } } else { self }
    }

    /// Where it is the tags: whether by those of each flow's time.
    pub(super) fn tagged(self) -> Option<bool> {
        if let Self::Tag { then } = self { Some(then) } else { None }
    }

    /// True where a flow may count in more than one group.
    pub fn overlaps(self) -> bool {
        self.is_either() || matches!(self, Self::Tag { .. })
    }

    /// The column that it reads, where it is one of the flows.
    pub(super) fn column(self) -> Option<&'static str> {
        match self {
            Self::Column(column)
            | Self::Domain(column)
            | Self::Protocol(column)
            | Self::Net { of: Some(column), .. } => Some(column.name),
            Self::Ip | Self::Tag { .. } | Self::Net { of: None, .. } => None,
            Self::Time(_) => Some("time_start"),
        }
    }

    /// Its value of a row; times are moved by `shift` nanoseconds.
    pub(super) fn value(self, shift: i64) -> Result<Expr, QueryError> {
        Ok(match self {
            Self::Column(column) => ident(column.name),
            Self::Domain(column) => domain_of(ident(column.name)),
            Self::Protocol(column) => protocol_of(ident(column.name)),
            Self::Ip => ident(IP),
            Self::Tag { .. } => ident(TAG),
            Self::Net { of, v4, v6 } => {
                let address = ident(of.map_or(IP, |column| column.name));
                let v4_all = "0.0.0.0/0".parse().map_err(|e: minamo_base::AddrError| QueryError::Bad(e.to_string()))?;
                when(in_prefix(address.clone(), v4_all), net_of(address.clone(), v4)).otherwise(net_of(address, v6))?
            }
            Self::Time(step) => {
                let step = i64::try_from(step.as_nanos()).unwrap_or(i64::MAX).max(1);
                let at = cast(ident("time_start"), DataType::Int64) + lit(shift);
                // The remainder has the sign of the time: before 1970 a step is counted from its end.
                let start = at.clone() - at % lit(step);
                cast(start, DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())))
            }
        })
    }
}

/// The column of the flows of that name; else a sentence without its end, with the one that was probably meant.
pub(super) fn flow_column(name: &str) -> Result<&'static Column, String> {
    FLOWS.column(name).ok_or_else(|| match minamo_filter::nearest_column(name, &FLOWS) {
        Some(near) => format!("flows have no column {name}, there is {near}"),
        None => format!("flows have no column {name}"),
    })
}

fn address(column: &'static Column) -> Result<&'static Column, QueryError> {
    if column.cell == CellType::Ip {
        return Ok(column);
    }
    Err(QueryError::Bad(format!("net({}): want a column of addresses", column.name)))
}

fn text(column: &'static Column) -> Result<&'static Column, QueryError> {
    if column.cell == CellType::Text {
        return Ok(column);
    }
    Err(QueryError::Bad(format!("{}: want a column of texts", column.name)))
}

/// A length with a unit; whole seconds.
fn step(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let secs = match unit {
        "s" => 1_u64,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let secs = number.parse::<u64>().ok()?.checked_mul(secs).filter(|secs| (1..=31_622_400).contains(secs))?;
    Some(Duration::from_secs(secs))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => f.write_str(column.name),
            Self::Domain(column) => write!(f, "domain({})", column.name),
            Self::Protocol(column) => write!(f, "protocol({})", column.name),
            Self::Ip => f.write_str(IP),
            Self::Tag { then: false } => f.write_str(TAG),
            Self::Tag { then: true } => write!(f, "{TAG}(then)"),
            Self::Net { of, v4, v6: V6 } => write!(f, "net({},{v4})", of.map_or(IP, |of| of.name)),
            Self::Net { of, v4, v6 } => write!(f, "net({},{v4},{v6})", of.map_or(IP, |of| of.name)),
            Self::Time(step) => write!(f, "time({}s)", step.as_secs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_by_their_names() {
        for (text, name) in [
            ("src_ip", "src_ip"),
            ("ip", "ip"),
            ("net(src_ip, 24)", "net(src_ip,24)"),
            ("net(ip,16,48)", "net(ip,16,48)"),
            ("time(5m)", "time(300s)"),
            ("tag", "tag"),
            ("tag( then )", "tag(then)"),
            ("domain( dns_query )", "domain(dns_query)"),
            ("protocol(app)", "protocol(app)"),
        ] {
            assert_eq!(Key::named(text).expect(text).to_string(), name);
        }
        for text in [
            "",
            "nonsense",
            "net(src_ip)",
            "net(src_ip,33)",
            "net(app,8)",
            "time(0s)",
            "time(5)",
            "hour(x)",
            "tag(x)",
            "net(ip,1,129)",
            "domain(src_ip)",
            "domain()",
        ] {
            assert!(Key::named(text).is_err(), "{text}");
        }
    }
}
