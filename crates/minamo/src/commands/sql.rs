// SPDX-License-Identifier: Apache-2.0
//! `minamo sql`: a statement that reads, answered as a table, or in a format for programs.

use arrow::compute::concat_batches;
use minamo_model::{CellReader, text_value};
use minamo_store::SqlAnswer;

use crate::cli::Sql;
use crate::commands::output::Output;
use crate::commands::place::{open_to_read, say};
use crate::commands::set::all_sets;

/// Rows of a table where nobody says how many.
const LIMIT: usize = 1_000;

pub(crate) async fn run(args: Sql) -> anyhow::Result<()> {
    let lake = open_to_read(&args.place)?;
    // The definitions are read where a statement may ask for some.
    let text = args.sql.to_lowercase();
    if text.contains("in_set") || text.contains("tag") {
        lake.know_sets(all_sets(&args.place)?);
    }
    let format = if args.json { "jsonl" } else { args.format.as_str() };
    if format != "table" && (args.output.is_some() || args.limit.is_none()) {
        let rows = lake.sql_rows(&args.sql).await?;
        let count = Output::answer(format, args.output.as_deref(), rows.schema())?.all(rows).await?;
        if let Some(path) = &args.output {
            eprintln!("minamo: {count} rows are in {}", path.display());
        }
        return Ok(());
    }
    anyhow::ensure!(args.output.is_none(), "--output: want --format csv, jsonl or parquet with it");
    let limit = args.limit.unwrap_or(LIMIT);
    let answer = lake.sql(&args.sql, limit).await?;
    if format == "table" {
        table(&answer);
    } else {
        let batch = concat_batches(&answer.schema, &answer.batches)?;
        Output::answer(format, None, answer.schema.clone())?.one(&batch)?;
    }
    if answer.truncated {
        eprintln!("minamo: only the first {limit} rows are shown; --limit shows more, --format csv without it all");
    }
    Ok(())
}

fn table(answer: &SqlAnswer) {
    let names: Vec<String> = answer.schema.fields().iter().map(|f| f.name().clone()).collect();
    let mut cells = Vec::new();
    for batch in &answer.batches {
        let readers = CellReader::all(batch);
        for at in 0..batch.num_rows() {
            cells.push(readers.iter().map(|r| text_value(&r.value(at))).collect());
        }
    }
    say(&aligned(&names, &cells));
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
