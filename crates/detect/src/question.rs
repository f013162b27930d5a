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

use std::borrow::Cow;
use std::time::Duration;

use minamo_base::Time;

use crate::engine::{Engine, FLOW_FIRST, FLOW_LAST};
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
    /// rule looks back and its query does not limit the past of each window itself. Nothing for a rule without a query.
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
            let grids: Vec<_> = shifts.map(|shift| Grid::touching(shift, (from, to), length)).collect();
            let (all, mut grids) = (Grid::all(&grids), grids.iter().map(|grid| statement(rule, grid, None)));
            if rule.hop.is_none() {
                return one(with_once(rule, all, grids.next().unwrap_or_default()));
            }
            // Each is a query of its own, with names of its own.
            let together: Vec<_> = grids.map(|sql| format!("SELECT * FROM ({sql})")).collect();
            return one(with_once(rule, all, together.join(" UNION ALL ")));
        };
        let (first, last) = (from.0.div_euclid(length), to.0.div_euclid(length));
        if rule.together {
            let grid = Grid { first, last, shift: 0, length };
            return one(with_once(rule, grid.span(), statement(rule, &grid, Some(history))));
        }
        let kept = first.max(last.saturating_sub(MOST_WINDOWS - 1));
        let grids = (kept..=last).map(|at| Grid { first: at, last: at, shift: 0, length });
        let sql = grids.map(|grid| with_once(rule, grid.span(), statement(rule, &grid, Some(history)))).collect();
        Questions { sql, left_out: kept.abs_diff(first) }
    }
}

/// The query with something as long in each place of its, so that every word is where it is in the rule's file: for asking where a
/// mistake is. Nothing for a query that is not in the file as it is.
pub fn in_place(rule: &Rule) -> Option<String> {
    rule.begins?;
    let mut pieces = rule.sql.split('$');
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.len());
        let (name, rest) = piece.split_at(end);
        let stands = match name {
            "window" => "now()",
            "range" | "history" => "(true)",
            "sessions" => "flows",
            _ => "1",
        };
        out.push_str(&format!("{stands:<width$}{rest}", width = name.len() + 1));
    }
    Some(out)
}

/// Windows that follow each other: their numbers, and where they begin (nanoseconds).
struct Grid {
    first: i64,
    last: i64,
    shift: i64,
    length: i64,
}

impl Grid {
    /// Those that touch a span, of a grid that begins `shift` after multiples of the length.
    fn touching(shift: i64, (from, to): (Time, Time), length: i64) -> Self {
        let number = |at: Time| at.0.saturating_sub(shift).div_euclid(length);
        Self { first: number(from), last: number(to), shift, length }
    }

    fn span(&self) -> (Time, Time) {
        let start = |number: i64| Time(number.saturating_mul(self.length).saturating_add(self.shift));
        (start(self.first), start(self.last.saturating_add(1)))
    }

    /// The time of the windows of several grids.
    fn all(grids: &[Self]) -> (Time, Time) {
        let start = grids.iter().map(|grid| grid.span().0).min();
        let end = grids.iter().map(|grid| grid.span().1).max();
        (start.unwrap_or_default(), end.unwrap_or_default())
    }
}

/// The statement with what is computed once for all of its windows.
fn with_once(rule: &Rule, (from, to): (Time, Time), sql: String) -> String {
    if rule.once.is_empty() {
        return sql;
    }
    let range = within(rule, from, to);
    let part = |(name, text): (&String, &String)| {
        let text =
            rule.with_parameters(&text.replace("$all", &range).replace("$span", &rule.window.as_secs().to_string()));
        format!("{name} AS MATERIALIZED ({text})")
    };
    let parts: Vec<_> = rule.once.iter().map(part).collect();
    let sql = if rule.hop.is_none() { format!("SELECT * FROM ({sql})") } else { sql };
    format!("WITH {} {sql}", parts.join(", "))
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

/// The query over the windows of a grid.
fn statement(rule: &Rule, grid: &Grid, history: Option<Duration>) -> String {
    let ((start, end), shift) = (grid.span(), grid.shift);
    let (secs, shift) = (rule.window.as_secs(), shift / 1_000_000_000);
    let window = match shift {
        0 => format!("date_bin(INTERVAL '{secs} seconds', time_start)"),
        _ => format!(
            "(date_bin(INTERVAL '{secs} seconds', time_start - INTERVAL '{shift} seconds') + INTERVAL '{shift} seconds')"
        ),
    };
    let mut sql = with_flow_times(&rule.sql).replace("$window", &window).replace("$range", &within(rule, start, end));
    if let Some(history) = history {
        // Asked together, windows are in the past of each other.
        let until = if rule.together { end } else { start };
        sql = sql.replace("$history", &within(rule, start - history, until));
    }
    rule.with_parameters(&sql.replace("$span", &secs.to_string()))
}

/// The query, with the times of the first and the last flow of each row where it is one plain grouping of flows; others say so
/// themselves where they can.
fn with_flow_times(sql: &str) -> Cow<'_, str> {
    const BEGIN: &str = "SELECT $window AS window_start";
    let is_query = |line: &&str| !line.trim_start().starts_with("--") && !line.trim().is_empty();
    let begin = sql.lines().find(is_query).and_then(|line| sql.find(line));
    let query = begin.and_then(|at| sql.get(at..)).filter(|query| query.starts_with(BEGIN));
    let Some((columns, rest)) = query.and_then(|query| query.split_once("FROM ")) else { return Cow::Borrowed(sql) };
    // One FROM, that of flows, and its rows are grouped.
    let says_so = sql.contains(FLOW_FIRST) || sql.contains("$sessions");
    let inner = columns.get(BEGIN.len()..).is_some_and(|columns| columns.to_ascii_uppercase().contains("SELECT"));
    let odd = inner || columns.contains("--") || rest.contains("UNION ");
    if !rest.starts_with("flows") || !rest.contains("GROUP BY") || says_so || odd {
        return Cow::Borrowed(sql);
    }
    // Behind the others: groups may be told by their numbers.
    let before = sql.get(..sql.len() - rest.len() - "FROM ".len()).unwrap_or_default().trim_end();
    Cow::Owned(format!("{before}, MIN(time_start) AS {FLOW_FIRST}, MAX(time_end) AS {FLOW_LAST}\nFROM {rest}"))
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
    fn words_stay_where_they_are() {
        let sql = "SELECT $window AS w, x\nFROM flows WHERE $range AND x > $packets AND y = $n AND odd";
        let of = |begins| in_place(&Rule { begins, sql: sql.to_owned(), ..rule("scan_ports") });
        let placed = of(Some(1)).expect("it is in the file");
        assert_eq!(placed.len(), sql.len());
        assert!(placed.starts_with("SELECT now()   AS w, x\nFROM flows WHERE (true) AND x > 1        AND"), "{placed}");
        assert_eq!(placed.find("odd"), sql.find("odd"));
        assert_eq!(of(None), None);
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
    fn the_times_of_flows_come_behind_what_groups_may_number() {
        let plain =
            "-- why\nSELECT $window AS window_start, src_ip, COUNT(*) AS n\nFROM flows WHERE $range GROUP BY 1, 2";
        let want = "-- why\nSELECT $window AS window_start, src_ip, COUNT(*) AS n, MIN(time_start) AS flow_first, \
                    MAX(time_end) AS flow_last\nFROM flows WHERE $range GROUP BY 1, 2";
        assert_eq!(with_flow_times(plain), want);
        for other in [
            "SELECT window_start FROM (SELECT $window AS window_start FROM flows GROUP BY 1) AS a",
            "SELECT $window AS window_start FROM flows WHERE $range",
            "WITH a AS (SELECT 1) SELECT $window AS window_start FROM flows GROUP BY 1",
            "SELECT $window AS window_start, MIN(time_start) AS flow_first FROM flows GROUP BY 1",
            "SELECT $window AS window_start, (SELECT COUNT(*) FROM flows) AS all FROM flows GROUP BY 1",
        ] {
            assert_eq!(with_flow_times(other), other);
        }
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
