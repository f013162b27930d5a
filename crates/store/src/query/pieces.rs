// SPDX-License-Identifier: Apache-2.0
//! Pieces of names, of each text of a column: the registered domain of a host name ([`registered_domain`](minamo_base::registered_domain)), and
//! the protocol of an application's label.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::Result;

/// The protocol of a label: `TLS` of `TLS.YouTube`.
pub(crate) fn protocol(label: &str) -> &str {
    label.split_once('.').map_or(label, |(protocol, _)| protocol)
}

/// A piece of each text of a column.
pub(super) fn each(arguments: &[ArrayRef], piece: fn(&str) -> &str) -> Result<ArrayRef> {
    let Some(texts) = arguments.first() else { return Ok(Arc::new(StringViewBuilder::new().finish())) };
    let texts = cast(texts, &DataType::Utf8View)?;
    let mut out = StringViewBuilder::with_capacity(texts.len());
    for text in texts.as_string_view() {
        out.append_option(text.map(piece));
    }
    Ok(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_begins_with_its_protocol() {
        for (label, name) in [("TLS.YouTube", "TLS"), ("SSH", "SSH"), ("", ""), ("a.b.c", "a")] {
            assert_eq!(protocol(label), name);
        }
    }
}
