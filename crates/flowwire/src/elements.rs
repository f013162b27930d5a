// SPDX-License-Identifier: Apache-2.0
//! Elements that the operator adds: a text in TOML becomes a checked table. Reading the file is the caller's.
//!
//! ```toml
//! [[element]]
//! pen = 12356
//! id = 7
//! name = "threatName"
//! type = "string"
//! column = "firewall_rule"   # where it is left out, the value goes to `extra`
//! ```

use std::collections::HashMap;
use std::fmt;

use minamo_model::FLOWS;
use minamo_schema::{CellType, ColumnId};
use serde::Deserialize;
use toml::Spanned;

use crate::registry::Type;

/// Most elements of one file.
const MAX: usize = 10_000;
/// Longest name of an element.
const MAX_NAME: usize = 64;

/// Elements of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elements {
    elements: HashMap<(u32, u16), Custom>,
}

/// One element of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Custom {
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) column: Option<ColumnId>,
}

/// Why a text is no table of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementsError {
    /// Line, from 1; 0 where no line is to blame.
    pub line: usize,
    /// What was wanted and what was there.
    pub message: String,
}

impl fmt::Display for ElementsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ElementsError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    element: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    pen: u32,
    id: u16,
    name: String,
    r#type: String,
    column: Option<String>,
}

impl Elements {
    /// Reads a table of elements.
    ///
    /// # Errors
    /// The first line that is not TOML, has an unknown key, or whose element has a number, name, type or column
    /// that cannot be.
    pub fn parse(text: &str) -> Result<Self, ElementsError> {
        let line = |at: usize| text.get(..at).unwrap_or(text).lines().count().max(1);
        let file: File = toml::from_str(text).map_err(|error| ElementsError {
            line: error.span().map_or(0, |span| line(span.start + 1)),
            message: error.message().to_owned(),
        })?;
        if file.element.len() > MAX {
            let message = format!("element: got {}, want at most {MAX}", file.element.len());
            return Err(ElementsError { line: 0, message });
        }
        let mut elements = HashMap::new();
        for entry in file.element {
            let at = line(entry.span().start + 1);
            let entry = entry.into_inner();
            let key = (entry.pen, entry.id);
            let custom = entry.check().map_err(|message| ElementsError { line: at, message })?;
            if elements.insert(key, custom).is_some() {
                let message = format!("element: {}/{} stands twice", key.0, key.1);
                return Err(ElementsError { line: at, message });
            }
        }
        Ok(Self { elements })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    pub(crate) fn find(&self, pen: u32, id: u16) -> Option<&Custom> {
        if self.elements.is_empty() {
            return None;
        }
        self.elements.get(&(pen, id))
    }
}

impl Entry {
    fn check(self) -> Result<Custom, String> {
        if self.id == 0 || (self.pen != 0 && self.id > 0x7fff) {
            return Err(format!("id: got {}, want 1 to 32767", self.id));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if self.name.is_empty() || self.name.len() > MAX_NAME || !self.name.chars().all(plain) {
            return Err(format!("name: got {:?}, want 1 to {MAX_NAME} letters, digits, `_`, `-`, `.`", self.name));
        }
        let kind = Type::named(&self.r#type)
            .ok_or_else(|| format!("type: got {:?}, want a type of RFC 7012, such as unsigned32", self.r#type))?;
        let column = self.column.map(|name| column(&name, kind)).transpose()?;
        Ok(Custom { name: self.name, kind, column })
    }
}

/// The column of that name, where an element of that type can fill it.
fn column(name: &str, kind: Type) -> Result<ColumnId, String> {
    let Some((id, column)) = FLOWS.places().find(|(_, column)| column.name == name) else {
        return Err(format!("column: got {name:?}, want a column of flows"));
    };
    let fits = match column.cell {
        CellType::U8 | CellType::U16 | CellType::U32 | CellType::U64 => kind == Type::Uint,
        CellType::Bool => kind == Type::Bool,
        CellType::F64 => kind == Type::Real,
        CellType::Ip => kind == Type::Ip,
        CellType::Mac => kind == Type::Mac,
        CellType::Time => matches!(kind, Type::Secs | Type::Millis | Type::Ntp),
        CellType::Text => matches!(kind, Type::Text | Type::Uint | Type::Octets),
        _ => false,
    };
    // What finishing a row writes would be written over.
    let own = matches!(name, "flow_id" | "source" | "orientation" | "time_received" | "exporter_ip");
    if fits && !own { Ok(id) } else { Err(format!("column: {name} ({}) cannot hold that type", column.cell.name())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read() {
        let text = "[[element]]\npen = 99\nid = 7\nname = \"threat.name\"\ntype = \"string\"\n\
                    column = \"firewall_rule\"\n\n[[element]]\nid = 65000\nname = \"x\"\ntype = \"unsigned8\"\n";
        let elements = Elements::parse(text).expect("a good table");
        assert_eq!(elements.len(), 2);
        let found = elements.find(99, 7).expect("the first");
        assert_eq!((found.name.as_str(), found.kind, found.column.is_some()), ("threat.name", Type::Text, true));
        assert!(Elements::parse("").expect("nothing is a table").is_empty());
    }

    #[test]
    fn errors_name_the_line_and_the_key() {
        let said = |text: &str| Elements::parse(text).map_err(|e| e.to_string()).expect_err("a bad table");
        let entry = |rest: &str| format!("\n[[element]]\nname = \"a\"\n{rest}");
        assert_eq!(said(&entry("id = 0\ntype = \"string\"")), "line 2: id: got 0, want 1 to 32767");
        assert_eq!(
            said(&entry("id = 5\ntype = \"text\"")),
            "line 2: type: got \"text\", want a type of RFC 7012, such as unsigned32"
        );
        assert_eq!(
            said(&entry("id = 5\ntype = \"string\"\ncolumn = \"nope\"")),
            "line 2: column: got \"nope\", want a column of flows"
        );
        assert_eq!(
            said(&entry("id = 5\ntype = \"string\"\ncolumn = \"src_port\"")),
            "line 2: column: src_port (u16) cannot hold that type"
        );
        let unknown = said(&entry("id = 5\ntype = \"string\"\ncolour = 1"));
        assert!(unknown.starts_with("line 6: unknown field `colour`"), "{unknown}");
        assert!(said("[[element]]\nid = x").starts_with("line 2: "));
        let twice = entry("id = 5\ntype = \"string\"");
        assert_eq!(said(&format!("{twice}{twice}")), "line 6: element: 0/5 stands twice");
    }
}
