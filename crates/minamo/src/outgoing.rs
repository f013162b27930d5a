// SPDX-License-Identifier: Apache-2.0
//! The collectors that a server sends its flows to (`[[export]]`), each with the filter of what it gets. Sets and tags
//! that a filter names are those of now: they are looked up again every few seconds.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use minamo_base::{NANOS_PER_SEC, Sample, Time};
use minamo_filter::{AsOf, Expr, Sets, parse_with};
use minamo_model::FLOWS;
use minamo_sinks::export::{Clock, Door};
use minamo_store::{Condition, Lake};

use crate::clock;
use crate::settings::Export;

/// Nanoseconds between two looks at the sets and tags that a filter names.
const LOOK: i64 = 3 * NANOS_PER_SEC;

/// A collector and what it gets.
pub(crate) struct Outgoing {
    door: Door,
    /// Nothing where it gets everything.
    filter: Option<Wanted>,
}

/// The rows that a collector gets.
enum Wanted {
    /// Always the same ones.
    Fixed(Condition),
    /// What sets and tags say.
    Named(Box<Named>),
}

/// A filter that names sets or tags.
struct Named {
    filter: Expr,
    sets: Arc<dyn Sets + Send + Sync>,
    lake: Arc<Lake>,
    meaning: Mutex<Meaning>,
}

/// What a filter that names sets or tags meant when they were looked up.
struct Meaning {
    looked_up: Time,
    written_out: Expr,
    condition: Condition,
}

impl Named {
    fn new(filter: Expr, sets: Arc<dyn Sets + Send + Sync>, lake: Arc<Lake>, now: Time) -> anyhow::Result<Self> {
        let written_out = filter.resolve(&*sets, AsOf::At(now))?;
        let condition = lake.filter(&written_out)?;
        let meaning = Mutex::new(Meaning { looked_up: now, written_out, condition });
        Ok(Self { filter, sets, lake, meaning })
    }

    fn passing(&self, batch: &RecordBatch, now: Time) -> anyhow::Result<RecordBatch> {
        let mut meaning = self.meaning.lock().unwrap_or_else(PoisonError::into_inner);
        // Also where the clock was set back.
        if now.since(meaning.looked_up) >= LOOK || now < meaning.looked_up {
            meaning.looked_up = now;
            if let Err(error) = self.look_up(&mut meaning, now) {
                tracing::error!(%error, "export: filter: rows are chosen by what it meant before");
            }
        }
        passing(&meaning.condition, batch)
    }

    /// Changes the meaning where sets or tags have changed.
    fn look_up(&self, meaning: &mut Meaning, now: Time) -> anyhow::Result<()> {
        let written_out = self.filter.resolve(&*self.sets, AsOf::At(now))?;
        if written_out != meaning.written_out {
            meaning.condition = self.lake.filter(&written_out)?;
            meaning.written_out = written_out;
        }
        Ok(())
    }
}

impl Wanted {
    fn passing(&self, batch: &RecordBatch) -> anyhow::Result<RecordBatch> {
        match self {
            Self::Fixed(condition) => passing(condition, batch),
            Self::Named(named) => named.passing(batch, clock::now()),
        }
    }
}

impl Outgoing {
    /// Opens an export and begins to send.
    pub(crate) fn open(export: Export, lake: &Arc<Lake>, sets: &Arc<dyn Sets + Send + Sync>) -> anyhow::Result<Self> {
        let Export { target, filter, buffer } = export;
        let filter = filter.map(|text| wanted(&text, lake, sets).context("export: filter")).transpose()?;
        let door = match buffer {
            None => Door::open(target, Clock::System(clock::now)).context("export: cannot start")?,
            Some(settings) => Door::buffered(&target, &settings, clock::now)
                .with_context(|| format!("export: buffer {}", settings.folder.display()))?,
        };
        Ok(Self { door, filter })
    }

    /// Hands over those rows of a batch that pass; never waits.
    pub(crate) fn offer(&self, batch: &RecordBatch) {
        let Some(filter) = &self.filter else { return self.door.offer(batch) };
        match filter.passing(batch) {
            Ok(rows) => {
                self.door.counters().leave_out(batch.num_rows() - rows.num_rows());
                if rows.num_rows() > 0 {
                    self.door.offer(&rows);
                }
            }
            Err(error) => {
                self.door.counters().lose(batch.num_rows());
                tracing::error!(target = self.door.name(), %error, "rows are not exported");
            }
        }
    }

    /// Values of its counters.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.door.samples()
    }

    /// Sends what waits, as far as the collector takes it now, and ends.
    pub(crate) fn close(&self) {
        self.door.close();
    }
}

fn wanted(text: &str, lake: &Arc<Lake>, sets: &Arc<dyn Sets + Send + Sync>) -> anyhow::Result<Wanted> {
    let filter = parse_with(text, &FLOWS, &**sets)?;
    if !filter.has_names() {
        return Ok(Wanted::Fixed(lake.filter(&filter)?));
    }
    let named = Named::new(filter, Arc::clone(sets), Arc::clone(lake), clock::now())?;
    Ok(Wanted::Named(Box::new(named)))
}

fn passing(filter: &Condition, batch: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let mask = filter.mask(batch)?;
    if mask.count_set_bits() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &BooleanArray::new(mask, None))?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use minamo_base::{Ip, Prefix};
    use minamo_filter::{Members, SetKind, SetVersion, TagVersion};
    use minamo_model::{Flow, FlowBuilder};

    use super::*;

    /// One set of networks, which may be gone, and one tag.
    #[derive(Default)]
    struct Guests(Mutex<Option<Vec<Prefix>>>);

    impl Guests {
        fn now(&self) -> Option<Vec<Prefix>> {
            self.0.lock().expect("one thread").clone()
        }

        fn set(&self, prefix: Option<&str>) {
            *self.0.lock().expect("one thread") = prefix.map(|prefix| vec![prefix.parse().expect("a prefix")]);
        }
    }

    impl Sets for Guests {
        fn kind(&self, name: &str) -> Option<SetKind> {
            self.now().filter(|_| name == "guests").map(|_| SetKind::Addresses)
        }

        fn versions(&self, _: &str) -> Vec<SetVersion> {
            let members = Members::Addresses(self.now().unwrap_or_default());
            vec![SetVersion { from: None, to: None, members }]
        }

        fn names(&self) -> BTreeMap<String, SetKind> {
            BTreeMap::from([("guests".to_owned(), SetKind::Addresses)])
        }

        fn tag(&self, name: &str) -> Option<Vec<TagVersion>> {
            let filter = "src ip in @guests and port 53".to_owned();
            (name == "lookup").then(|| vec![TagVersion { from: None, to: None, filter }])
        }

        fn tags(&self) -> Vec<String> {
            vec!["lookup".to_owned()]
        }
    }

    #[test]
    fn sets_and_tags_of_a_filter_are_those_of_now() {
        let folder = tempfile::tempdir().expect("a folder");
        let lake = Arc::new(Lake::open(folder.path(), Default::default(), || Time(0)).expect("a lake"));
        let mut rows = FlowBuilder::default();
        for (host, port) in [(1, 53), (1, 80), (2, 53), (2, 53)] {
            let mut flow = Flow::default();
            (flow.core.src_ip, flow.core.dst_port) = (Ip::v4([192, 0, 2, host]), port);
            rows.append(&flow);
        }
        let batch = rows.finish().expect("rows");
        let guests = Arc::new(Guests::default());
        guests.set(Some("192.0.2.1/32"));
        let sets: Arc<dyn Sets + Send + Sync> = Arc::<Guests>::clone(&guests);
        let named = |text: &str| {
            let filter = parse_with(text, &FLOWS, &*sets).expect("a filter");
            Named::new(filter, Arc::clone(&sets), Arc::clone(&lake), Time(0)).expect("it has a meaning")
        };
        let (set, tag) = (named("src ip in @guests"), named("tag lookup"));
        let passing = |at: i64| {
            let count = |of: &Named| of.passing(&batch, Time(at * NANOS_PER_SEC)).expect("rows").num_rows();
            (count(&set), count(&tag))
        };
        assert_eq!(passing(1), (2, 1));
        guests.set(Some("192.0.2.0/24"));
        assert_eq!((passing(2), passing(3)), ((2, 1), (4, 3)), "looked up every three seconds");
        guests.set(None);
        assert_eq!(passing(7), (4, 3), "a set that is gone means what it meant before");
        let missing = wanted("src ip in @staff", &lake, &sets).err().expect("no such set");
        assert!(missing.to_string().contains("there is no set `@staff`"), "{missing}");
    }
}
