// SPDX-License-Identifier: Apache-2.0
//! Adds the columns to batches. Addresses of a batch are looked up once each; the columns are then taken from these
//! answers by number. Values that a batch already has are kept: what was written as known then, or was told by another
//! collector, is not written again.

use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, FixedSizeBinaryArray, ListBuilder, RecordBatch,
    RecordBatchOptions, StringViewBuilder, TimestampNanosecondArray, UInt32Array, UInt32Builder,
};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{is_not_null, not, nullif, take};
use arrow::datatypes::{Field, Schema, UInt32Type};
use arrow::error::ArrowError;
use hashbrown::HashMap;
use minamo_base::{Ip, Sample, Time};
use minamo_model::FLOWS;
use rapidhash::fast::RandomState;

use crate::likely::likely;
use crate::marks::marked;
use crate::names::{Names, ip};
use crate::threats::threatened;
use crate::{Counters, Database, Definitions, Fingerprints, Label, Place, Processes, Table, ThreatTable, Version};

/// Bounds and switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Learn names from DNS answers.
    pub dns_names: bool,
    /// Most names in memory, counted by address and asker; about 150 bytes each.
    pub dns_names_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { dns_names: true, dns_names_max: 200_000 }
    }
}

/// Why a batch could not be enriched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A column that every flow has is missing or of another type.
    #[error("column {0} is missing or has another type, want it as the table of flows has it")]
    Column(&'static str),
    /// The columns do not form a batch.
    #[error("the columns do not form a batch: {0}")]
    Arrow(#[from] ArrowError),
}

/// What is asked about addresses: the definitions, each version ready, and the databases, of which the first that knows
/// something stands.
#[derive(Clone, Default)]
pub struct Sources {
    definitions: Definitions,
    tables: Vec<Arc<Table>>,
    databases: Vec<Arc<Database>>,
    fingerprints: Arc<Fingerprints>,
    processes: Arc<Processes>,
    threats: Arc<ThreatTable>,
}

impl Sources {
    /// Sources of these definitions and databases.
    pub fn new(definitions: Definitions, databases: Vec<Arc<Database>>) -> Self {
        let tables = definitions.versions().iter().map(|version| Arc::new(Table::new(&version.entries))).collect();
        Self { definitions, tables, databases, ..Self::default() }
    }

    /// The same with these feeds of fingerprints.
    pub fn with_fingerprints(self, fingerprints: Fingerprints) -> Self {
        Self { fingerprints: Arc::new(fingerprints), ..self }
    }

    /// The same with this table of processes.
    pub fn with_processes(self, processes: Processes) -> Self {
        Self { processes: Arc::new(processes), ..self }
    }

    /// The same with definitions of which those before `at` are the same.
    fn redefined(&self, at: Time, definitions: Definitions) -> Self {
        let same = |version: &Version| version.valid_from.is_none_or(|from| from < at);
        let known = self.tables.iter().zip(self.definitions.versions()).filter(|(_, version)| same(version));
        let ready: HashMap<Option<Time>, &Arc<Table>, RandomState> =
            known.map(|(table, version)| (version.valid_from, table)).collect();
        let before = |version: &Version| ready.get(&version.valid_from).copied().map(Arc::clone);
        let table = |v: &Version| before(v).unwrap_or_else(|| Arc::new(Table::new(&v.entries)));
        let tables = definitions.versions().iter().map(table).collect();
        Self { definitions, tables, ..self.clone() }
    }

    /// The same with these feeds of threats.
    pub fn with_threats(self, threats: ThreatTable) -> Self {
        Self { threats: Arc::new(threats), ..self }
    }

    /// The feeds of fingerprints.
    pub fn fingerprints(&self) -> &Fingerprints {
        &self.fingerprints
    }

    /// The table of processes.
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// The definitions.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// True for an address of the own network at an instant: what the networks say of it, else whether it is of private
    /// use.
    pub fn is_local(&self, ip: Ip, at: Time) -> bool {
        let version = self.definitions.versions().iter().rposition(|version| version.covers(at));
        let label = version.and_then(|version| self.tables.get(version)).and_then(|table| table.lookup(ip));
        label.and_then(|label| label.local).unwrap_or_else(|| ip.is_private())
    }

    /// True where nothing is said of any address.
    fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.databases.is_empty()
    }

    /// Number of the version that is valid at `at`.
    fn version(&self, at: i64) -> Option<usize> {
        let is_before = |version: &Version| version.valid_from.is_none_or(|from| from.0 <= at);
        let number = self.definitions.versions().partition_point(is_before).checked_sub(1)?;
        self.definitions.versions().get(number).filter(|version| version.covers(Time(at))).map(|_| number)
    }
}

/// What can be done to an [`Enricher`] that runs elsewhere: new sources, and a look at its counters.
#[derive(Default)]
pub struct Control {
    sources: RwLock<Arc<Sources>>,
    counters: Counters,
}

impl Control {
    /// The sources in force.
    pub fn sources(&self) -> Arc<Sources> {
        Arc::clone(&self.sources.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Batches that come from now on are enriched from these sources.
    pub fn reload(&self, sources: Sources) {
        *self.sources.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(sources);
        self.counters.reloaded();
    }

    /// New definitions that are valid from `at` on: flows that started before keep what was valid then.
    pub fn define(&self, at: Time, later: Definitions) {
        let before = self.sources();
        let mut definitions = before.definitions.clone();
        definitions.supersede(at, later);
        self.counters.versions_dropped(definitions.keep_newest());
        self.reload(before.redefined(at, definitions));
    }

    /// New databases, for all batches that come from now on.
    pub fn locate(&self, databases: Vec<Arc<Database>>) {
        let before = self.sources();
        self.reload(Sources { databases, ..Sources::clone(&before) });
    }

    /// New feeds of fingerprints, for all batches that come from now on.
    pub fn watch_for(&self, fingerprints: Fingerprints) {
        let before = self.sources();
        self.reload(Sources::clone(&before).with_fingerprints(fingerprints));
    }

    /// A new table of processes, for all batches that come from now on.
    pub fn tell_apart(&self, processes: Processes) {
        let before = self.sources();
        self.reload(Sources::clone(&before).with_processes(processes));
    }

    /// New feeds of threats, for all batches that come from now on.
    pub fn beware_of(&self, threats: ThreatTable) {
        let before = self.sources();
        self.reload(Sources::clone(&before).with_threats(threats));
    }

    /// The counters.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The counters as they are shown.
    pub fn samples(&self) -> Vec<Sample> {
        self.counters.samples(&[])
    }
}

/// Enriches batches, one after the other.
pub struct Enricher {
    control: Arc<Control>,
    names: Option<Names>,
}

impl Enricher {
    /// An enricher with these sources.
    pub fn new(settings: Settings, sources: Sources) -> Self {
        let control = Control { sources: RwLock::new(Arc::new(sources)), counters: Counters::default() };
        let names = settings.dns_names.then(|| Names::new(settings.dns_names_max));
        Self { control: Arc::new(control), names }
    }

    /// Another one with the same sources and counters, which learns names of its own.
    pub fn beside(control: &Arc<Control>, settings: Settings) -> Self {
        let names = settings.dns_names.then(|| Names::new(settings.dns_names_max));
        Self { control: Arc::clone(control), names }
    }

    /// What others need to reload it and to show its counters.
    pub fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control)
    }

    /// Learns names from the answers in a batch. [`Self::enrich`] does it too; alone it is for rows that were stored
    /// before, so that names survive a restart.
    pub fn observe_dns(&mut self, batch: &RecordBatch) {
        if let Some(names) = &mut self.names {
            names.observe(batch, &self.control.counters);
        }
    }

    /// The batch with the columns for which there is a value.
    pub fn enrich(&mut self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let counters = &self.control.counters;
        let flows = Flows::of(batch).inspect_err(|_| counters.columns_unusable(batch.num_rows()))?;
        counters.rows(batch.num_rows());
        let sources = self.control.sources();
        if let Some(names) = &mut self.names {
            names.observe(batch, counters);
        }
        let silent = sources.is_empty() && self.names.as_ref().is_none_or(Names::is_empty);
        let asked = if silent { Asked::nothing(batch.num_rows()) } else { Asked::of(&flows, &sources, counters) };
        let mut columns = Columns::new(batch, counters);
        if let Some(names) = &mut self.names {
            columns.add_names(&flows, &asked, names)?;
        }
        columns.add_hosts()?;
        columns.add_networks(&asked, &sources)?;
        columns.add_places(&asked, &sources, counters)?;
        let batch = marked(&columns.finish()?, &sources.fingerprints, counters)?;
        let batch = likely(&batch, &sources.processes, counters)?;
        Ok(threatened(&batch, &sources.threats, counters)?)
    }
}

/// The columns that say whose flow it is.
struct Flows<'a> {
    src: &'a FixedSizeBinaryArray,
    dst: &'a FixedSizeBinaryArray,
    time: &'a TimestampNanosecondArray,
}

impl<'a> Flows<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, Error> {
        let address = |name| {
            let array = batch.column_by_name(name).and_then(|array| array.as_fixed_size_binary_opt());
            array.filter(|array| array.value_length() == 16).ok_or(Error::Column(name))
        };
        let time = batch.column_by_name(FLOWS.time).and_then(|array| array.as_primitive_opt());
        Ok(Self { src: address("src_ip")?, dst: address("dst_ip")?, time: time.ok_or(Error::Column(FLOWS.time))? })
    }
}

/// The distinct addresses of a batch, each with the version of the definitions that holds for it, and which of them
/// stands in which row.
struct Asked {
    addresses: Vec<(Ip, Option<usize>)>,
    src: UInt32Array,
    dst: UInt32Array,
}

impl Asked {
    /// No addresses, where nobody has anything to say of them.
    fn nothing(rows: usize) -> Self {
        let none = || UInt32Array::new_null(rows);
        Self { addresses: Vec::new(), src: none(), dst: none() }
    }

    fn of(flows: &Flows<'_>, sources: &Sources, counters: &Counters) -> Self {
        let mut numbers: HashMap<(Ip, Option<usize>), u32, RandomState> = HashMap::default();
        let mut addresses = Vec::new();
        let mut number = |ip: Option<Ip>, version| {
            let key = (ip?, version);
            Some(*numbers.entry(key).or_insert_with(|| {
                addresses.push(key);
                u32::try_from(addresses.len() - 1).unwrap_or(u32::MAX)
            }))
        };
        let rows = flows.time.len();
        let (mut src, mut dst) = (UInt32Builder::with_capacity(rows), UInt32Builder::with_capacity(rows));
        let mut undefined = 0;
        for row in 0..rows {
            let version = sources.version(flows.time.value(row));
            undefined += usize::from(version.is_none());
            src.append_option(number(ip(flows.src, row), version));
            dst.append_option(number(ip(flows.dst, row), version));
        }
        if !sources.tables.is_empty() {
            counters.undefined(undefined);
        }
        Self { addresses, src: src.finish(), dst: dst.finish() }
    }
}

/// The columns of the result as they come together.
struct Columns<'a> {
    fields: Vec<Arc<Field>>,
    arrays: Vec<ArrayRef>,
    batch: &'a RecordBatch,
    counters: &'a Counters,
}

impl<'a> Columns<'a> {
    fn new(batch: &'a RecordBatch, counters: &'a Counters) -> Self {
        let fields = batch.schema_ref().fields().iter().map(Arc::clone).collect();
        Self { fields, arrays: batch.columns().to_vec(), batch, counters }
    }

    /// Adds a column unless nothing is in it; where the batch has it already, for the rows that have no value.
    fn add(&mut self, name: &str, array: ArrayRef) -> Result<(), ArrowError> {
        let values = array.len() - array.null_count();
        let Some(column) = FLOWS.column(name).filter(|_| values > 0) else { return Ok(()) };
        let Ok(at) = self.batch.schema_ref().index_of(name) else {
            self.counters.filled(name, values);
            self.fields.push(Arc::new(column.field()));
            self.arrays.push(array);
            return Ok(());
        };
        let Some(told) = self.arrays.get_mut(at).filter(|told| told.null_count() > 0) else { return Ok(()) };
        let whole = zip(&is_not_null(told)?, told, &array)?;
        self.counters.filled(name, told.null_count() - whole.null_count());
        *told = whole;
        Ok(())
    }

    /// Adds a column for each side from the values of the distinct addresses.
    fn add_both(&mut self, names: [&str; 2], values: ArrayRef, asked: &Asked) -> Result<(), ArrowError> {
        if values.null_count() == values.len() {
            return Ok(());
        }
        for (name, numbers) in names.into_iter().zip([&asked.src, &asked.dst]) {
            self.add(name, take(&values, numbers, None)?)?;
        }
        Ok(())
    }

    fn add_names(&mut self, flows: &Flows<'_>, asked: &Asked, names: &mut Names) -> Result<(), ArrowError> {
        if names.is_empty() {
            return Ok(());
        }
        let known: Vec<bool> = asked.addresses.iter().map(|(ip, _)| names.knows(*ip)).collect();
        let at = |number: Option<u32>| usize::try_from(number?).ok();
        let address = |number: Option<u32>| asked.addresses.get(at(number)?).map(|(ip, _)| *ip);
        let (src, dst) = (&asked.src, &asked.dst);
        for (column, own, peers) in [("src_name", src, dst), ("dst_name", dst, src)] {
            let name = |(row, (own, peer)): (usize, (Option<u32>, Option<u32>))| {
                known.get(at(own)?).filter(|known| **known)?;
                names.name(address(own)?, address(peer)?, flows.time.value(row))
            };
            // All of them are held until the column is made: a name may be evicted while others are asked for.
            let found: Vec<Option<Arc<str>>> = own.iter().zip(peers).enumerate().map(name).collect();
            let mut texts = Texts::default();
            found.iter().for_each(|name| texts.push(name.as_deref()));
            self.add(column, texts.finish()?)?;
        }
        Ok(())
    }

    /// The names of destinations where the row has none yet: what an exporter told of TLS and HTTP, and what DNS said. A
    /// probe joins names itself, and with more to go by.
    fn add_hosts(&mut self) -> Result<(), ArrowError> {
        let named = ["host_name", "name_source", "name_confidence"];
        let sources = [("tls_sni", "sni", "medium"), ("http_host", "http", "medium"), ("dst_name", "dns", "low")];
        let column = |name: &str| self.fields.iter().position(|field| field.name() == name);
        let text =
            |at: Option<usize>| at.and_then(|at| self.arrays.get(at)).and_then(|array| array.as_string_view_opt());
        let found = sources.map(|(name, source, sure)| (text(column(name)), source, sure));
        let before = named.map(|name| text(column(name)));
        if found.iter().all(|(array, ..)| array.is_none()) {
            return Ok(());
        }
        let mut built = [(); 3].map(|()| StringViewBuilder::new().with_deduplicate_strings());
        let mut added = 0;
        for row in 0..self.batch.num_rows() {
            let told = before.iter().any(|array| array.is_some_and(|array| array.is_valid(row)));
            let new = found.iter().find_map(|(array, source, sure)| {
                let name = array.filter(|array| array.is_valid(row))?.value(row);
                (!told && is_host(name)).then_some([name, source, sure])
            });
            added += usize::from(new.is_some());
            for (at, builder) in built.iter_mut().enumerate() {
                let kept = before.get(at).copied().flatten().filter(|array| array.is_valid(row));
                builder.append_option(new.and_then(|new| new.get(at).copied()).or(kept.map(|array| array.value(row))));
            }
        }
        if added == 0 {
            return Ok(());
        }
        for (name, mut builder) in named.into_iter().zip(built) {
            let Some(known) = FLOWS.column(name) else { continue };
            let array: ArrayRef = Arc::new(builder.finish());
            match self.fields.iter().position(|field| field.name() == name) {
                Some(at) => self.arrays.iter_mut().skip(at).take(1).for_each(|old| *old = Arc::clone(&array)),
                None => {
                    self.fields.push(Arc::new(known.field()));
                    self.arrays.push(array);
                }
            }
        }
        Ok(())
    }

    fn add_networks(&mut self, asked: &Asked, sources: &Sources) -> Result<(), ArrowError> {
        if sources.tables.is_empty() {
            return Ok(());
        }
        let mut nets = Texts::default();
        let mut tags = ListBuilder::new(StringViewBuilder::new().with_deduplicate_strings());
        let mut local = BooleanBuilder::new();
        for (ip, version) in &asked.addresses {
            let table = version.and_then(|version| sources.tables.get(version));
            let label: Option<&Label> = table.and_then(|table| table.lookup(*ip));
            nets.push(label.and_then(|label| label.name.as_deref()));
            let found = label.map(|label| label.tags.as_slice()).unwrap_or_default();
            found.iter().for_each(|tag| tags.values().append_value(tag));
            tags.append(!found.is_empty());
            local.append_option(table.map(|_| label.and_then(|label| label.local).unwrap_or_else(|| ip.is_private())));
        }
        self.add_both(["src_net", "dst_net"], nets.finish()?, asked)?;
        self.add_both(["src_tags", "dst_tags"], Arc::new(tags.finish()), asked)?;
        self.add_both(["src_local", "dst_local"], Arc::new(local.finish()), asked)
    }

    fn add_places(&mut self, asked: &Asked, sources: &Sources, counters: &Counters) -> Result<(), ArrowError> {
        let ips = || asked.addresses.iter().map(|(ip, _)| *ip);
        let found: Vec<_> = sources.databases.iter().map(|database| database.places(ips(), counters)).collect();
        // For each address what the databases say, in their order.
        let at = |number: usize| found.iter().filter_map(move |places| places.get(number)?.as_deref());
        let (mut countries, mut cities) = (StringViewBuilder::new(), Texts::default());
        let mut systems = Vec::with_capacity(asked.addresses.len());
        for number in 0..asked.addresses.len() {
            countries.append_option(at(number).find_map(|place| place.country.as_deref()));
            cities.push(at(number).find_map(|place| place.city.as_deref()));
            systems.push(at(number).find(|place| place.system.is_some()));
        }
        self.add_both(["src_country", "dst_country"], Arc::new(countries.finish()), asked)?;
        self.add_both(["src_city", "dst_city"], cities.finish()?, asked)?;
        self.add_system(["exporter_src_as", "src_as", "src_as_org"], &asked.src, &systems)?;
        self.add_system(["exporter_dst_as", "dst_as", "dst_as_org"], &asked.dst, &systems)
    }

    /// The autonomous system of one side. The exporter knows the routes; 0 is its word for not knowing. An organisation
    /// stands only beside the number that it belongs to.
    fn add_system(
        &mut self,
        [exporter, system, organisation]: [&str; 3],
        numbers: &UInt32Array,
        found: &[Option<&Place>],
    ) -> Result<(), ArrowError> {
        let told = self.batch.column_by_name(exporter).and_then(|array| array.as_primitive_opt::<UInt32Type>());
        if told.is_none() && found.iter().all(Option::is_none) {
            return Ok(());
        }
        if let Some(told) = told.filter(|_| found.iter().all(Option::is_none)) {
            let known = BooleanArray::from_unary(told, |number| number != 0);
            self.add(system, nullif(told, &not(&known)?)?)?;
            return Ok(());
        }
        let mut systems = UInt32Builder::with_capacity(numbers.len());
        let mut organisations = Texts::default();
        for (row, number) in numbers.iter().enumerate() {
            let told = told.filter(|told| told.is_valid(row)).map(|told| told.value(row)).filter(|number| *number != 0);
            let number = number.and_then(|number| usize::try_from(number).ok());
            let place = number.and_then(|number| found.get(number).copied().flatten());
            let known = told.or_else(|| place.and_then(|place| place.system));
            systems.append_option(known);
            organisations.push(place.filter(|p| p.system == known).and_then(|p| p.organisation.as_deref()));
        }
        self.add(system, Arc::new(systems.finish()))?;
        self.add(organisation, organisations.finish()?)?;
        Ok(())
    }

    fn finish(self) -> Result<RecordBatch, ArrowError> {
        let schema = Schema::new_with_metadata(self.fields, self.batch.schema_ref().metadata().clone());
        let options = RecordBatchOptions::new().with_row_count(Some(self.batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(schema), self.arrays, &options)
    }
}

/// True for a name with a dot, as opposed to an address.
fn is_host(name: &str) -> bool {
    name.contains('.') && name.parse::<std::net::IpAddr>().is_err()
}

/// A column of texts of which each is kept once. They are told apart by where they lie in memory, much quicker than by what
/// they say: whoever pushes them keeps them alive until the end.
#[derive(Default)]
struct Texts {
    places: HashMap<(usize, usize), u32, RandomState>,
    texts: StringViewBuilder,
    rows: UInt32Builder,
}

impl Texts {
    fn push(&mut self, text: Option<&str>) {
        let number = text.map(|text| {
            let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            *self.places.entry((text.as_ptr().addr(), text.len())).or_insert_with(|| {
                self.texts.append_value(text);
                next
            })
        });
        self.rows.append_option(number);
    }

    fn finish(mut self) -> Result<ArrayRef, ArrowError> {
        take(&self.texts.finish(), &self.rows.finish(), None)
    }
}
