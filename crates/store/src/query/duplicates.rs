// SPDX-License-Identifier: Apache-2.0
//! Flows that several exporters tell count once in totals: rows marked with `duplicate_of` are left out of rankings,
//! overviews, series and rollups, unless the filter itself speaks of that column. Lists of flows and SQL have all rows.

use minamo_filter::{Expr, Predicate, Subject, Test};
use minamo_model::FLOWS;

/// The column of the mark.
const MARK: &str = "duplicate_of";

/// The filter for totals.
pub(crate) fn without_duplicates(filter: &Expr) -> Expr {
    match marked() {
        Some(marked) if !filter.columns().contains(MARK) => {
            let unmarked = Expr::Not(Box::new(marked));
            if *filter == Expr::All { unmarked } else { filter.clone().and(unmarked) }
        }
        _ => filter.clone(),
    }
}

/// A filter that passes the same rows and has totals count every row, those that are marked too.
pub fn with_duplicates(filter: Expr) -> Expr {
    match marked() {
        Some(marked) => filter.and(Expr::Or(vec![marked.clone(), Expr::Not(Box::new(marked))])),
        None => filter,
    }
}

fn marked() -> Option<Expr> {
    let subject = Subject::Column(FLOWS.column(MARK)?);
    Some(Expr::Test(Test { subject, predicate: Predicate::Present }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_leave_marked_rows_out_unless_they_are_asked_for() {
        let text = |text: &str| without_duplicates(&minamo_filter::parse(text).expect("a filter")).to_string();
        assert_eq!(text(""), "not duplicate_of present");
        assert_eq!(text("port 53 or port 80").matches("not duplicate_of present").count(), 1);
        assert_eq!(text("duplicate_of present"), "duplicate_of present");
        let all = with_duplicates(Expr::All);
        assert_eq!(without_duplicates(&all), all);
    }
}
