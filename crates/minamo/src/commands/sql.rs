// SPDX-License-Identifier: Apache-2.0
//! `minamo sql`: a statement that reads, answered as a table or as JSON lines.

use minamo_model::{CellReader, Row, text_value};

use crate::cli::Sql;
use crate::commands::place::{open_to_read, say};

pub(crate) async fn run(args: Sql) -> anyhow::Result<()> {
    let lake = open_to_read(&args.place)?;
    let answer = lake.sql(&args.sql, args.limit).await?;
    let names: Vec<String> = answer.schema.fields().iter().map(|f| f.name().clone()).collect();
    let mut cells = Vec::new();
    let mut json = String::new();
    for batch in &answer.batches {
        let readers = CellReader::all(batch);
        for at in 0..batch.num_rows() {
            if args.json {
                Row::new(&readers, at).push_json(&mut json);
                json.push('\n');
            } else {
                cells.push(readers.iter().map(|r| text_value(&r.value(at))).collect());
            }
        }
    }
    say(&if args.json { json } else { aligned(&names, &cells) });
    if answer.truncated {
        eprintln!("minamo: only the first {} rows are shown; --limit shows more", args.limit);
    }
    Ok(())
}

/// Cells under their names, columns as wide as they need.
pub(crate) fn aligned(names: &[String], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain(names.get(at).map(|name| name.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut out = line(names) + &line(&rule);
    for row in rows {
        out.push_str(&line(row));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let names = ["a".to_owned(), "long".to_owned()];
        let rows = [vec!["wide cell".to_owned(), "1".to_owned()], vec![String::new(), "2".to_owned()]];
        assert_eq!(aligned(&names, &rows), "a          long\n---------  ----\nwide cell  1\n           2\n");
    }
}
