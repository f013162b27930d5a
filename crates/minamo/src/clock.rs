// SPDX-License-Identifier: Apache-2.0
//! The one place that reads the system's clock; everything else gets time as an argument.

use minamo_base::Time;

/// Now.
#[allow(clippy::disallowed_methods)] // this is the clock that the others are given
pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
