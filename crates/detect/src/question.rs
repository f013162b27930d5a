// SPDX-License-Identifier: Apache-2.0
//! From rules to SQL: windows one after the other, windows that overlap, and sessions.
//!
//! ```text
//! tumbling   |--w--|--w--|--w--|      a flow is in one window
//! hopping    |--w--|--w--|            a flow is in w / hop windows: that many grids of tumbling ones, each shifted by
//!               |--w--|--w--|         one hop, asked together
//! session    |-- a --|  gap  |- b -|  of flows that agree in the columns of `by`
//! ```
//!
//! A session begins with a flow that none precedes within `gap`, and is looked at for `window` from there on. What is
//! asked begins `window` and `gap` before the first new flow, so that the start of every session that a new flow can count
//! in is known: live and replayed the sessions are the same.

use std::time::Duration;

use minamo_base::Time;

use crate::engine::Engine;
use crate::{Rule, Session};

/// Windows of a rule that looks back which are asked in one go, the newest ones.
const MOST_WINDOWS: i64 = 400;
/// Rows that the query of a rule gives at most.
const MOST_ROWS: usize = 10_000;

/// What to ask for a rule over a span of time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Statements, the oldest window first.
    pub sql: Vec<String>,
    /// Windows that are left out because there are too many.
    pub left_out: u64,
}

/// Rows of a statement of this rule that are looked at.
pub fn most_rows(rule: &Rule) -> usize {
    rule.method.map_or(MOST_ROWS, |method| method.most_rows)
}

impl Engine {
    /// What to ask for a rule over all windows that touch `[from, to]`: one statement, or one for each window where the
    /// rule looks back. Nothing for a rule without a query.
    pub fn questions(rule: &Rule, from: Time, to: Time) -> Questions {
        if rule.alerts {
            return Questions::default();
        }
        let one = |sql| Questions { sql: vec![sql], left_out: 0 };
        if let Some(session) = &rule.session {
            return one(sessions(rule, session, from, to));
        }
        let length = nanos(rule.window).max(1);
        let Some(history) = rule.history else {
            let hop = rule.hop.map_or(length, nanos).max(1);
            let shifts = (0..length / hop).map(|at| at * hop);
            let grids: Vec<_> = shifts.map(|shift| windows(rule, shift, (from, to), length)).collect();
            return match grids.as_slice() {
                [only] => one(only.clone()),
                // Each is a query of its own, with names of its own.
                grids => one(grids
                    .iter()
                    .map(|sql| format!("SELECT * FROM ({sql})"))
                    .collect::<Vec<_>>()
                    .join(" UNION ALL ")),
            };
        };
        let (first, last) = (from.0.div_euclid(length), to.0.div_euclid(length));
        let kept = first.max(last.saturating_sub(MOST_WINDOWS - 1));
        let sql = (kept..=last).map(|at| statement(rule, (at, at), 0, length, Some(history))).collect();
        Questions { sql, left_out: kept.abs_diff(first) }
    }
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

/// The query over the windows of a grid that touch a span; the grid's windows begin `shift` after multiples of the length.
fn windows(rule: &Rule, shift: i64, (from, to): (Time, Time), length: i64) -> String {
    let number = |at: Time| at.0.saturating_sub(shift).div_euclid(length);
    statement(rule, (number(from), number(to)), shift, length, None)
}

/// The query over the windows with these numbers.
fn statement(rule: &Rule, (first, last): (i64, i64), shift: i64, length: i64, history: Option<Duration>) -> String {
    let start = Time(first.saturating_mul(length).saturating_add(shift));
    let end = Time(last.saturating_add(1).saturating_mul(length).saturating_add(shift));
    let (secs, shift) = (rule.window.as_secs(), shift / 1_000_000_000);
    let window = match shift {
        0 => format!("date_bin(INTERVAL '{secs} seconds', time_start)"),
        _ => format!(
            "(date_bin(INTERVAL '{secs} seconds', time_start - INTERVAL '{shift} seconds') + INTERVAL '{shift} seconds')"
        ),
    };
    let mut sql = rule.sql.replace("$window", &window).replace("$range", &within(rule, start, end));
    if let Some(history) = history {
        sql = sql.replace("$history", &within(rule, start - history, start));
    }
    rule.with_parameters(&sql.replace("$span", &secs.to_string()))
}

/// The condition that rows begin in a range, and that of the instance.
fn within(rule: &Rule, from: Time, to: Time) -> String {
    let only = rule.only.as_ref().map(|only| format!(" AND ({only})")).unwrap_or_default();
    format!("(time_start >= TIMESTAMP '{from}' AND time_start < TIMESTAMP '{to}'{only})")
}

/// The query over the sessions that hold flows of a span.
fn sessions(rule: &Rule, session: &Session, from: Time, to: Time) -> String {
    let (gap, longest) = (session.gap.as_secs(), rule.window.as_secs());
    let first = from - rule.window;
    let range = within(rule, first - session.gap, to + rule.window);
    let same = format!("PARTITION BY {} ORDER BY time_start", session.by.join(", "));
    let begun = format!(
        "SELECT *, CASE WHEN LAG(time_start) OVER ({same}) >= time_start - INTERVAL '{gap} seconds' THEN NULL \
         ELSE time_start END AS session_began FROM flows WHERE {range} AND ({})",
        session.condition
    );
    let told = format!(
        "SELECT *, MAX(session_began) OVER ({same} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session_start \
         FROM ({begun}) AS begun"
    );
    let known = format!(
        "(SELECT * FROM ({told}) AS told WHERE session_start >= TIMESTAMP '{first}' \
         AND time_start < session_start + INTERVAL '{longest} seconds') AS sessions"
    );
    let sql = rule.sql.replace("$sessions", &known).replace("$window", "session_start").replace("$range", "true");
    rule.with_parameters(&sql.replace("$span", &longest.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> Rule {
        crate::shipped_rules().expect("parse").into_iter().find(|rule| rule.name == name).expect("shipped")
    }

    #[test]
    fn the_query_covers_whole_windows() {
        let rule = Rule { hop: None, ..rule("scan_ports") };
        let asked = Engine::questions(&rule, Time::from_millis(61_000), Time::from_millis(125_000));
        let sql = asked.sql.concat();
        assert!(sql.contains(
            "time_start >= TIMESTAMP '1970-01-01T00:01:00Z' AND time_start < TIMESTAMP '1970-01-01T00:03:00Z'"
        ));
        assert!(!sql.contains('$'), "{sql}");
    }

    #[test]
    fn windows_that_overlap_are_grids_asked_together() {
        let rule = Rule { hop: Some(Duration::from_secs(20)), ..rule("scan_ports") };
        let sql = Engine::questions(&rule, Time::from_millis(61_000), Time::from_millis(61_000)).sql.concat();
        assert_eq!(sql.matches(" UNION ALL ").count(), 2);
        for range in ["00:01:00Z", "00:00:20Z", "00:00:40Z"] {
            assert!(sql.contains(&format!("time_start >= TIMESTAMP '1970-01-01T{range}'")), "{sql}");
        }
    }
}
