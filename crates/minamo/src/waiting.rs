// SPDX-License-Identifier: Apache-2.0
//! How detection sees the records that wait for their other direction: it asks the pairing stage, which answers between
//! two batches. Where nothing is paired, nothing waits.

use std::sync::OnceLock;
use std::time::Duration;

use arrow::array::RecordBatch;
use tokio::sync::{mpsc, oneshot};

/// Longest time for an answer: a stage that cannot hand on its rows has none.
const LONGEST: Duration = Duration::from_secs(1);

/// Asks for the rows that wait.
pub(crate) struct Ask {
    /// A text with the names of the columns that are wanted.
    pub(crate) wanted: String,
    /// Where the rows go.
    pub(crate) answer: oneshot::Sender<Vec<RecordBatch>>,
}

/// The way to the pairing stage, once there is one.
#[derive(Default)]
pub(crate) struct Waiting(OnceLock<mpsc::Sender<Ask>>);

impl Waiting {
    /// What is asked from now on; of several that answer the first one is asked.
    pub(crate) fn asked(&self) -> mpsc::Receiver<Ask> {
        let (asks, asked) = mpsc::channel(1);
        self.0.get_or_init(|| asks);
        asked
    }

    /// True where records wait for their other direction at all.
    pub(crate) fn is_paired(&self) -> bool {
        self.0.get().is_some()
    }

    /// The rows that wait, with the columns that the text names; none where nobody answers in time.
    pub(crate) async fn rows(&self, wanted: String) -> Vec<RecordBatch> {
        let Some(asks) = self.0.get() else { return Vec::new() };
        let (answer, answered) = oneshot::channel();
        let asking = async {
            asks.send(Ask { wanted, answer }).await.ok()?;
            answered.await.ok()
        };
        tokio::time::timeout(LONGEST, asking).await.ok().flatten().unwrap_or_default()
    }
}
