// SPDX-License-Identifier: Apache-2.0
//! A chart while it is put together: lines by channel and key, each with one cell per step.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::cell::Cell;
use crate::cube::Dim;

/// Steps that a chart may have: a month of minutes and some more.
pub const MOST_STEPS: i128 = 50_000;

/// What to read for one line or family of lines.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The number of the line in the chart.
    pub line: usize,
    /// What it is divided by.
    pub dim: Dim,
    /// Minutes since the epoch.
    pub minutes: Range<i64>,
}

/// Cells of lines and steps. Steps begin at multiples of their length, so the first may begin before the range.
#[derive(Debug, Clone)]
pub struct Grid {
    /// First minute of the first step.
    start: i64,
    /// Minutes of a step.
    step: i64,
    count: usize,
    lines: BTreeMap<(usize, String), Vec<Cell>>,
}

impl Grid {
    /// An empty chart over `minutes` with steps of `step` minutes; nothing where the range is empty, the step
    /// is not at least 1, or there would be more than [`MOST_STEPS`] steps.
    pub fn new(minutes: Range<i64>, step: i64) -> Option<Self> {
        if minutes.is_empty() || step < 1 {
            return None;
        }
        let start = minutes.start.div_euclid(step).checked_mul(step)?;
        let length = i128::from(minutes.end) - i128::from(start);
        let steps = (length + i128::from(step) - 1) / i128::from(step);
        let count = usize::try_from(steps).ok().filter(|_| steps <= MOST_STEPS)?;
        Some(Self { start, step, count, lines: BTreeMap::new() })
    }

    /// First minute of the first step, minutes of a step, number of steps.
    pub fn shape(&self) -> (i64, i64, usize) {
        (self.start, self.step, self.count)
    }

    /// The cells of a line, made where there are none yet.
    pub fn line(&mut self, line: usize, key: &str) -> Line<'_> {
        let (start, step, count) = (self.start, self.step, self.count);
        let cells = self.lines.entry((line, key.to_owned())).or_insert_with(|| vec![Cell::ZERO; count]);
        Line { start, step, cells }
    }

    /// The lines in the order of their numbers and keys.
    pub fn lines(&self) -> impl Iterator<Item = (&(usize, String), &Vec<Cell>)> {
        self.lines.iter()
    }

    /// The lines in the order of their numbers and keys.
    pub fn into_lines(self) -> impl Iterator<Item = ((usize, String), Vec<Cell>)> {
        self.lines.into_iter()
    }
}

/// One line of a chart.
#[derive(Debug)]
pub struct Line<'a> {
    start: i64,
    step: i64,
    cells: &'a mut [Cell],
}

impl Line<'_> {
    /// Adds a cell at a minute; a minute outside is left out.
    pub fn add(&mut self, minute: i64, cell: &Cell) {
        let Some(past) = minute.checked_sub(self.start).filter(|past| *past >= 0) else { return };
        if let Some(found) = usize::try_from(past / self.step).ok().and_then(|at| self.cells.get_mut(at)) {
            found.add(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_begin_at_multiples_and_are_bounded() {
        assert_eq!(Grid::new(61..181, 60).expect("a grid").shape(), (60, 60, 3));
        assert_eq!(Grid::new(-1..1, 60).expect("a grid").shape(), (-60, 60, 2));
        assert!(Grid::new(0..50_000, 1).is_some() && Grid::new(0..50_001, 1).is_none());
        assert!(Grid::new(5..5, 1).is_none() && Grid::new(0..5, 0).is_none());
        assert!(Grid::new(i64::MIN..i64::MAX, 7).is_none());
        let mut grid = Grid::new(0..2, 1).expect("a grid");
        for minute in [i64::MIN, -1, 2, i64::MAX] {
            grid.line(0, "").add(minute, &Cell { flows: 1, ..Cell::ZERO });
        }
        assert!(grid.lines().all(|(_, cells)| cells.iter().all(|cell| *cell == Cell::ZERO)));
    }
}
