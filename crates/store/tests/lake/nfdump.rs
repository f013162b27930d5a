// SPDX-License-Identifier: Apache-2.0
//! Filters of nfdump users: the lake gives as many flows as nfdump 1.7.1 gave for the same rows. Where it does not,
//! `differences.tsv` says why, and the condition in SQL that nfdump's number follows from, which is tried too. A line there
//! that is no difference any more fails.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use minamo_store::{FlowsQuery, Lake};

use crate::rows::*;

#[path = "../../../../fixtures/nfdump/rows.rs"]
mod sent;

/// Flows with their length in milliseconds.
const WITH_MILLIS: &str = "SELECT *, CAST((CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 1000000 AS BIGINT \
                           UNSIGNED) AS millis FROM flows";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/nfdump")
}

/// Lines of a table that are no remarks.
fn lines(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).map(str::to_owned).collect()
}

/// A lake with the rows that nfdump was asked for, half of them sealed.
pub(crate) async fn lake(dir: &Path) -> Lake {
    let lake = open(dir);
    let rows = sent::rows();
    append(&lake, &rows[..200]).await;
    lake.seal().await.expect("sealed");
    append(&lake, &rows[200..]).await;
    lake
}

/// How many flows pass.
pub(crate) async fn passing(lake: &Lake, filter: &str) -> Result<usize, String> {
    let filter = minamo_filter::parse(filter).map_err(|error| error.to_string())?;
    let query = FlowsQuery { from: None, to: None, filter, limit: 10_000, cursor: None };
    Ok(lake.flows(query).await.map_err(|error| error.to_string())?.batch.num_rows())
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_pass_as_many_flows_as_nfdump_says() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = lake(dir.path()).await;
    let mut known: HashMap<String, (usize, String)> = HashMap::new();
    for line in lines("differences.tsv") {
        let [ours, filter, sql, why] = line.splitn(4, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert!(!why.is_empty(), "{line}");
        known.insert(filter.to_owned(), (ours.parse().expect("a number"), sql.to_owned()));
    }
    let answers = lines("answers.tsv");
    assert!(answers.len() > 80, "nfdump was asked more than that");
    let mut wrong = Vec::new();
    for line in answers {
        let (count, filter) = line.split_once('\t').expect("a number and a filter");
        let nfdump: usize = count.parse().expect("a number");
        let difference = known.remove(filter);
        let ours = passing(&lake, filter).await;
        let want = difference.as_ref().map_or(nfdump, |(count, _)| *count);
        if ours != Ok(want) || difference.is_some() && want == nfdump {
            wrong.push(format!("{filter}: {ours:?}, want {want}, nfdump {nfdump}"));
        }
        if let Some((_, condition)) = difference {
            let explained = ask(&lake, &format!("SELECT count(*) FROM ({WITH_MILLIS}) WHERE {condition}")).await;
            if explained != [count] {
                wrong.push(format!("{condition}: {explained:?}, nfdump {nfdump}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(known.is_empty(), "differences without an answer: {known:?}");
}
