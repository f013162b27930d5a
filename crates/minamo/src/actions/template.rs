// SPDX-License-Identifier: Apache-2.0
//! Titles and texts that people write for an action: `{name}` stands for a member of the notice or for a value of the
//! event, `{{` and `}}` for braces. What an event puts in is never read as a template again.

use minamo_sinks::notify::Notice;

/// What stands for a value that an event does not have.
const MISSING: &str = "–";
/// Longest template, in octets.
const LONGEST: usize = 4_096;

/// A text with names in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

impl Template {
    /// Reads a template; says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err("want at most 4,096 octets".to_owned());
        }
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            let brace = from.get(..1).unwrap_or_default();
            let after = from.get(1..).unwrap_or_default();
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let named = after.split_once('}').filter(|(name, _)| brace == "{" && is_name(name));
            let (name, after) =
                named.ok_or_else(|| format!("got {text:?}, want names such as {{src_ip}}, and {{{{ for a brace"))?;
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Name(name.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    /// The text for a notice.
    pub(crate) fn fill(&self, notice: &Notice) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Name(name) => {
                value(notice, name).filter(|text| !text.is_empty()).unwrap_or_else(|| MISSING.to_owned())
            }
        };
        self.0.iter().map(piece).collect()
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn value(notice: &Notice, name: &str) -> Option<String> {
    Some(match name {
        "event_id" => notice.event_id.clone(),
        "rule" => notice.rule.clone(),
        "severity" => notice.severity.clone(),
        "title" => notice.title.clone(),
        "text" => notice.text.clone(),
        "start" => notice.start.to_string(),
        "end" => notice.end.to_string(),
        "src_ip" => notice.src.clone()?,
        "dst_ip" => notice.dst.clone()?,
        "attack" => notice.attack.join(", "),
        "link" => notice.link.clone()?,
        other => match notice.facts.get(other)? {
            serde_json::Value::String(text) => text.clone(),
            value => value.to_string(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        Notice {
            rule: "scan_ports".into(),
            severity: "high".into(),
            src: Some("192.0.2.7".into()),
            attack: vec!["T1046".into(), "T1018".into()],
            facts: serde_json::json!({"ports": 150, "name": "{src_ip}"}),
            ..Notice::default()
        }
    }

    #[test]
    fn names_stand_for_members_and_values_and_what_is_missing_is_a_dash() {
        let fill = |text: &str| Template::parse(text).expect("good").fill(&notice());
        assert_eq!(fill("[{severity}] {rule}: {src_ip} → {dst_ip}"), "[high] scan_ports: 192.0.2.7 → –");
        assert_eq!(fill("{ports} ports, {attack} {{raw}} 日本"), "150 ports, T1046, T1018 {raw} 日本");
        assert_eq!(fill("{name}"), "{src_ip}", "a value is no template");
        assert_eq!((fill(""), fill("{nothing}")), (String::new(), "–".to_owned()));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for wrong in ["{", "}", "{src_ip", "{}", "{a b}", "a } b", &"x".repeat(LONGEST + 1)] {
            assert!(Template::parse(wrong).is_err(), "{wrong:.20}");
        }
    }
}
