// SPDX-License-Identifier: Apache-2.0
//! Values of TCP's state that may not have been seen, in the octets of those that were: there are many flows.

use minamo_base::Time;

/// A time that may not have come.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Moment(pub(super) i64);

impl Moment {
    pub(super) const NONE: Self = Self(i64::MIN);

    /// Microseconds from it until a later time.
    pub(super) fn until(self, later: Time) -> Option<u32> {
        let micros = later.since(Time(self.0)).max(0) / 1_000;
        (self != Self::NONE).then(|| u32::try_from(micros).unwrap_or(u32::MAX))
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::NONE
    }
}

/// A count or a length of time that may not have been seen.
#[derive(Clone, Copy)]
pub(super) struct Count(pub(super) u32);

impl Count {
    pub(super) const NONE: Self = Self(u32::MAX);

    pub(super) fn add(&mut self) {
        self.0 = if self.0 == u32::MAX { 1 } else { self.0.saturating_add(1).min(u32::MAX - 1) };
    }

    pub(super) fn add_octets(&mut self, octets: u32) {
        self.0 = self.get().unwrap_or(0).saturating_add(octets).min(u32::MAX - 1);
    }

    /// Takes octets off; nothing is left of none.
    pub(super) fn take_off(&mut self, octets: u32) {
        self.0 = self.get().and_then(|all| all.checked_sub(octets)).filter(|left| *left > 0).unwrap_or(u32::MAX);
    }

    pub(super) fn set_once(&mut self, value: u32) {
        if self.0 == u32::MAX {
            self.0 = value.min(u32::MAX - 1);
        }
    }

    pub(super) fn get(self) -> Option<u32> {
        (self.0 != u32::MAX).then_some(self.0)
    }
}

impl Default for Count {
    fn default() -> Self {
        Self::NONE
    }
}
