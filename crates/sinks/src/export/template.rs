// SPDX-License-Identifier: Apache-2.0
//! A chosen template: `-T "%IPV4_SRC_ADDR %L4_SRC_PORT …"` with nProbe's names, or the names of our columns, in any
//! mixture. Names come from the table of columns.

use minamo_flowwire::Wire;
use minamo_model::FLOWS;
use minamo_schema::{Column, ColumnId, Source};

/// Labels that ask for what every record says already, with where it stands.
const IMPLIED: [(&str, &str); 2] =
    [("IP_PROTOCOL_VERSION", "the kind of address tells it"), ("APPLICATION_ID", "%L7_PROTO_NAME has the name")];

/// The columns of a template, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    columns: Vec<(ColumnId, &'static str)>,
    /// Labels that are understood and not written, with the reason.
    left_out: Vec<String>,
}

/// A label that no column has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No column has the label.
    #[error("template: {label:?} is no label of nProbe that is supported and no column{}", near(.close))]
    Unknown {
        /// The label as it was written.
        label: String,
        /// A label that looks like it.
        close: Option<&'static str>,
    },
    /// Nothing stands in the template.
    #[error("template: want at least one label such as %IPV4_SRC_ADDR or a column such as src_ip")]
    Empty,
}

fn near(close: &Option<&'static str>) -> String {
    close.map(|close| format!("; did you mean {close}?")).unwrap_or_default()
}

impl Template {
    /// Reads the text of a template: labels with or without `%`, separated by spaces or commas.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut out = Self::default();
        for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
            let label = word.trim_start_matches('%');
            if let Some((_, reason)) = IMPLIED.iter().find(|(name, _)| *name == label) {
                out.left_out.push(format!("{word}: {reason}"));
                continue;
            }
            let found = FLOWS.places().find(|(_, column)| column.name == label || labels(column).any(|l| l == label));
            let Some((id, column)) = found else {
                return Err(TemplateError::Unknown { label: word.to_owned(), close: closest(label) });
            };
            if !out.columns.iter().any(|(known, _)| *known == id) {
                out.columns.push((id, column.name));
            }
        }
        if out.columns.is_empty() && out.left_out.is_empty() { Err(TemplateError::Empty) } else { Ok(out) }
    }

    /// The columns.
    pub fn columns(&self) -> Vec<ColumnId> {
        self.columns.iter().map(|(id, _)| *id).collect()
    }

    /// What of it is not written in a format, without or with elements of our own and with those of encrypted traffic; with reasons.
    pub(super) fn left_out(&self, wire: Wire, own: bool, eta: bool) -> Vec<String> {
        let missing = self.columns.iter().filter(|(id, _)| !wire.carries(*id, own, eta));
        let missing = missing.map(|(_, name)| format!("{name}: {} has no element for it", wire.name()));
        self.left_out.iter().cloned().chain(missing).collect()
    }
}

fn labels(column: &Column) -> impl Iterator<Item = &'static str> + use<> {
    column.sources.iter().filter_map(|source| match *source {
        Source::Nprobe(label) | Source::Nprobe6(label) => Some(label),
        _ => None,
    })
}

/// A label that begins or ends alike.
fn closest(label: &str) -> Option<&'static str> {
    let label = label.to_ascii_uppercase();
    let shared = |known: &str| {
        let front = known.chars().zip(label.chars()).take_while(|(a, b)| a == b).count();
        let back = known.chars().rev().zip(label.chars().rev()).take_while(|(a, b)| a == b).count();
        front + back
    };
    let best = FLOWS.columns().flat_map(labels).max_by_key(|known| shared(known))?;
    // At least half of it.
    (shared(best) * 2 >= label.len()).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "%IPV4_SRC_ADDR %L4_SRC_PORT %IPV4_DST_ADDR %L4_DST_PORT %PROTOCOL %IN_BYTES %OUT_BYTES \
        %FIRST_SWITCHED %LAST_SWITCHED %HTTP_SITE %HTTP_RET_CODE %IN_PKTS %OUT_PKTS %IP_PROTOCOL_VERSION \
        %APPLICATION_ID %L7_PROTO_NAME %ICMP_TYPE";

    #[test]
    fn what_cisco_s_elements_carry_is_not_left_out() {
        let template =
            Template::parse("splt_lengths splt_times_micros eta_src_entropy eta_src_bursts").expect("columns");
        let names = |eta| -> Vec<String> {
            let texts = template.left_out(Wire::Netflow9, false, eta);
            texts.iter().filter_map(|text| Some(text.split_once(':')?.0.to_owned())).collect()
        };
        assert_eq!(names(false).len(), 4);
        assert_eq!(names(true), ["eta_src_bursts"]);
    }

    #[test]
    fn the_documented_line_of_nprobe_is_understood() {
        let template = Template::parse(LINE).expect("a template");
        let names: Vec<_> = template.columns.iter().map(|(_, name)| *name).collect();
        assert_eq!(names.get(..4), Some(&["src_ip", "src_port", "dst_ip", "dst_port"][..]));
        assert!(names.contains(&"http_host") && names.contains(&"icmp_kind"), "{names:?}");
        assert!(template.left_out(Wire::Ipfix, true, false).iter().any(|text| text.starts_with("%APPLICATION_ID: ")));
    }

    #[test]
    fn columns_have_their_own_names_and_both_families_are_one() {
        let template = Template::parse("src_ip,%IPV6_SRC_ADDR  %IPV4_SRC_ADDR dst_bytes").expect("a template");
        assert_eq!(template.columns.len(), 2);
    }

    #[test]
    fn an_unknown_label_is_named() {
        let error = |text: &str| Template::parse(text).expect_err("unknown").to_string();
        assert_eq!(
            error("%IPV4_SRC_ADDR %L4_SRC_PRT"),
            "template: \"%L4_SRC_PRT\" is no label of nProbe that is supported and no column; did you mean L4_SRC_PORT?"
        );
        assert!(error("%XYZZY").ends_with("and no column"), "{}", error("%XYZZY"));
        assert!(error(" ").contains("at least one label"));
    }
}
