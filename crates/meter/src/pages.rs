// SPDX-License-Identifier: Apache-2.0
//! A list that grows page by page: what is in it never moves, so that growing needs no room for a second copy of all.

/// Entries of a page.
const PAGE: usize = 1 << 10;

pub(crate) struct Pages<T> {
    /// All but the last are full.
    pages: Vec<Vec<T>>,
}

impl<T> Pages<T> {
    pub(crate) fn new() -> Self {
        Self { pages: Vec::new() }
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / PAGE)?.get(at % PAGE)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.pages.get_mut(at / PAGE)?.get_mut(at % PAGE)
    }

    /// Adds an entry; returns where it is.
    pub(crate) fn push(&mut self, entry: T) -> usize {
        let full = |page: &Vec<T>| page.len() == PAGE;
        if self.pages.last().is_none_or(full) {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        let before = (self.pages.len() - 1) * PAGE;
        self.pages.last_mut().map_or(before, |page| {
            page.push(entry);
            before + page.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stay_where_they_are() {
        let mut pages = Pages::new();
        assert_eq!(pages.get(0), None);
        for number in 0..3 * PAGE + 1 {
            assert_eq!(pages.push(number), number);
        }
        assert!((0..3 * PAGE + 1).all(|number| pages.get(number) == Some(&number)));
        assert!(pages.get_mut(3 * PAGE + 1).is_none() && pages.get(usize::MAX).is_none());
    }
}
