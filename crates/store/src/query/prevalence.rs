// SPDX-License-Identifier: Apache-2.0
//! What the lake itself has learnt of the fingerprints of a session: on how many hosts of how many each was seen, since
//! when, and since when on this host. Nothing is kept for it: one pass over the fingerprints and clients of the days before.
//!
//! Only sessions up to this one count, so that the answer for an old session is what could be known then. Hosts of one's own
//! network are counted where the session's client is one, and hosts of elsewhere where it is not.

use std::time::Duration;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampNanosecondType};
use minamo_base::{Ip, Time};
use minamo_model::{CellReader, Row, text_value};
use minamo_schema::Value;

use crate::{Lake, QueryError};

/// Columns with a fingerprint of the client.
const COLUMNS: [&str; 3] = ["tls_ja4", "tls_ja3", "ssh_hassh"];
/// True of hosts of one's own network.
const OWN: &str = "COALESCE(src_local, is_private(src_ip))";

/// What is known of one fingerprint of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prevalence {
    /// The column that it stands in.
    pub column: &'static str,
    /// The fingerprint.
    pub value: String,
    /// Hosts with it, this one among them.
    pub hosts: u64,
    /// Hosts with any value in the column.
    pub of_hosts: u64,
    /// Sessions with it, this one among them.
    pub sessions: u64,
    /// The first session with it.
    pub first: Time,
    /// The first session with it of this host; when this one began, where it is the first.
    pub first_on_host: Time,
}

/// What is known of the fingerprints of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prevalences {
    /// When the session began.
    pub at: Time,
    /// Since when flows were looked at: the lake may reach less far back than was asked for.
    pub since: Time,
    /// True where the client is of one's own network, and such hosts were counted.
    pub own: bool,
    /// A row for each fingerprint of the session, the more telling first; none where it has none.
    pub rows: Vec<Prevalence>,
}

impl Lake {
    /// On how many hosts the fingerprints of a flow were seen in so many days before it; nothing where there is no such flow.
    pub async fn prevalence(&self, flow_id: &str, days: u64) -> Result<Option<Prevalences>, QueryError> {
        let Some(found) = self.flow(flow_id).await? else { return Ok(None) };
        let readers = CellReader::all(&found);
        let flow = Row::new(&readers, 0);
        let Value::Time(at) = flow.get("time_start") else { return Ok(None) };
        let Value::Ip(client) = flow.get("src_ip") else { return Ok(None) };
        let own = match flow.get("src_local") {
            Value::Bool(local) => local,
            _ => client.is_private(),
        };
        let texts = COLUMNS.map(|column| (column, text_value(&flow.get(column))));
        let fingerprints: Vec<_> = texts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let from = at - Duration::from_secs(days.saturating_mul(86_400));
        let since = self.time_range().await.map_or(from, |(first, _)| first.clamp(from, at));
        let mut out = Prevalences { at, since, own, rows: Vec::new() };
        if fingerprints.is_empty() {
            return Ok(Some(out));
        }
        let answer = self.sql(&question(&fingerprints, client, own, (from, at)), 1).await?;
        let row = |(number, (column, value))| {
            let count = |name| answer.batches.first().and_then(|row| count(row, name, number)).unwrap_or(0);
            let first = |name| answer.batches.first().and_then(|row| time(row, name, number)).unwrap_or(at);
            Prevalence {
                column,
                value,
                // This session is always one, also where another exporter told it as well.
                hosts: count("hosts").max(1),
                of_hosts: count("of").max(1),
                sessions: count("sessions").max(1),
                first: first("first"),
                first_on_host: first("here"),
            }
        };
        out.rows = fingerprints.into_iter().enumerate().map(row).collect();
        Ok(Some(out))
    }
}

/// One row of counts: `hosts_0`, `of_0`, … of the first fingerprint.
fn question(fingerprints: &[(&str, String)], client: Ip, own: bool, (from, at): (Time, Time)) -> String {
    let (mut told, mut any) = (Vec::new(), Vec::new());
    for (number, (column, value)) in fingerprints.iter().enumerate() {
        let same = format!("{column} = '{}'", value.replace('\'', "''"));
        told.extend([
            format!("COUNT(DISTINCT CASE WHEN {same} THEN src_ip END) AS hosts_{number}"),
            format!("COUNT(DISTINCT CASE WHEN {column} IS NOT NULL THEN src_ip END) AS of_{number}"),
            format!("COUNT(CASE WHEN {same} THEN 1 END) AS sessions_{number}"),
            format!("MIN(CASE WHEN {same} THEN time_start END) AS first_{number}"),
            format!("MIN(CASE WHEN {same} AND src_ip = ip('{client}') THEN time_start END) AS here_{number}"),
        ]);
        any.push(format!("{column} IS NOT NULL"));
    }
    format!(
        "SELECT {} FROM flows WHERE time_start >= TIMESTAMP '{from}' AND time_start <= TIMESTAMP '{at}' \
         AND duplicate_of IS NULL AND ({}) AND {}{OWN}",
        told.join(", "),
        any.join(" OR "),
        if own { "" } else { "NOT " }
    )
}

fn count(row: &RecordBatch, name: &str, number: usize) -> Option<u64> {
    let column = row.column_by_name(&format!("{name}_{number}"))?.as_primitive_opt::<Int64Type>()?;
    column.is_valid(0).then(|| u64::try_from(column.value(0)).unwrap_or(0))
}

fn time(row: &RecordBatch, name: &str, number: usize) -> Option<Time> {
    let column = row.column_by_name(&format!("{name}_{number}"))?.as_primitive_opt::<TimestampNanosecondType>()?;
    column.is_valid(0).then(|| Time(column.value(0)))
}
