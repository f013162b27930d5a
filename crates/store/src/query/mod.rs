// SPDX-License-Identifier: Apache-2.0
//! Questions to the lake. SQL and the fixed questions of the console go the same way: a DataFusion plan
//! over one view of the tables, with limits of time and memory.

mod addresses;
mod aggregate;
mod answers;
mod as_of;
mod billing;
mod bounded;
mod check;
mod duplicates;
mod errors;
mod export;
mod filter;
mod functions;
mod grouping;
mod groups;
mod in_set;
mod kept;
mod key;
mod known;
mod list_any;
mod measure;
mod newest;
mod pages;
mod parts;
mod paths;
mod pieces;
mod prevalence;
mod provider;
mod ranges;
mod ranking;
mod reader;
mod running;
mod sampling;
mod scan;
mod series;
mod sides;
mod sql;
mod tags;
mod times;
mod top;
mod turn;

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use datafusion::catalog::memory::MemorySchemaProvider;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, SchemaProvider,
};
use datafusion::dataframe::DataFrame;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, ident};
use datafusion::optimizer::analyzer::Analyzer;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use minamo_base::Time;
use minamo_filter::{NoSets, Sets};
use minamo_model::FLOWS;
use minamo_schema::Value;
use object_store::local::LocalFileSystem;

pub use as_of::AsOf;
pub use billing::{Billing, BillingQuery};
pub use check::CheckedSql;
pub use duplicates::with_duplicates;
pub(crate) use duplicates::without_duplicates;
pub(crate) use errors::explain_error;
pub use export::{Rows, RowsQuery};
pub use filter::compile;
pub use groups::{Figure, GroupRow, Groups, GroupsQuery};
pub use key::Key;
pub use measure::{Function, Measure, Operand};
pub use pages::{FlowPage, FlowsQuery};
pub use parts::{Hit, PartsQuery};
pub use paths::{Paths, PathsQuery, Stop};
pub use prevalence::{Prevalence, Prevalences};
pub(crate) use running::Queries;
pub use running::{Asker, RunningQuery, asked_by};
pub use sampling::{Interval, Intervals, Sides};
pub(crate) use sampling::{Rates, is_sampled};
pub use series::{Counting, Series, SeriesQuery};
pub use sql::SqlAnswer;
pub use tags::FlowTags;
pub use top::{By, Sampled, Summary, SummaryQuery, Top, TopQuery, Totals};
pub(crate) use turn::Turns;

use crate::counters::add;
use crate::settings::Settings;
use crate::shared::View;
use crate::tables::{PerTable, tables};
use crate::{Lake, QueryError, StoreError};
use provider::LakeTable;

const CATALOG: &str = "minamo";
const SCHEMA: &str = "lake";

/// The query engine: everything that all queries share.
pub(crate) struct Engine {
    state: SessionState,
    url: ObjectStoreUrl,
    footers: Arc<reader::Footers>,
    query_memory: usize,
    community_seed: u16,
    /// The named sets and tags that questions may ask for.
    sets: OnceLock<Arc<dyn Sets + Send + Sync>>,
}

impl Engine {
    /// The engine of a lake in `dir`; it spills to the lake's `tmp`, or, where nothing may be changed there,
    /// to the system's directory.
    pub(crate) fn new(dir: &Path, settings: &Settings, read_only: bool) -> Result<Self, StoreError> {
        let mode = if read_only {
            DiskManagerMode::OsTmpDirectory
        } else {
            DiskManagerMode::Directories(vec![dir.join("tmp")])
        };
        let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(settings.query_spill);
        let runtime = RuntimeEnvBuilder::new().with_disk_manager_builder(disk).build_arc()?;
        let url = ObjectStoreUrl::parse("lake://local")?;
        let store = LocalFileSystem::new_with_prefix(dir).map_err(|e| StoreError::Engine(e.to_string()))?;
        runtime.register_object_store(url.as_ref(), Arc::new(store));
        let mut config = SessionConfig::new()
            .with_target_partitions(settings.query_threads)
            .with_information_schema(true)
            .with_default_catalog_and_schema(CATALOG, SCHEMA)
            .with_create_default_catalog_and_schema(false);
        let options = config.options_mut();
        options.sql_parser.collect_spans = true;
        options.execution.parquet.pushdown_filters = true;
        let mut rules = Analyzer::new().rules;
        rules.insert(0, Arc::new(addresses::AddressText));
        let mut builder = SessionStateBuilder::new_with_default_features()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_analyzer_rules(rules);
        builder.expr_planners().get_or_insert_default().insert(0, Arc::new(addresses::AddressText));
        let functions = builder.scalar_functions().get_or_insert_default();
        *functions = functions.drain(..).map(bounded::bounded).collect();
        functions.extend(functions::all());
        Ok(Self {
            state: builder.build(),
            url,
            footers: Arc::default(),
            query_memory: settings.query_memory,
            community_seed: settings.community_seed,
            sets: OnceLock::new(),
        })
    }

    /// Seed of community ids.
    pub(crate) fn community_seed(&self) -> u16 {
        self.community_seed
    }

    /// Footers that were read before.
    pub(crate) fn footers(&self) -> &Arc<reader::Footers> {
        &self.footers
    }

    /// What filters are planned with.
    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    /// A session over one view of the tables, with its own memory.
    pub(crate) fn session(&self, views: PerTable<View>, now: Time) -> Result<SessionContext, QueryError> {
        let schema = MemorySchemaProvider::new();
        for (table, view) in tables().into_iter().zip(views) {
            schema.register_table(
                table.name.to_owned(),
                Arc::new(LakeTable::new(table, view, self.url.clone(), &self.footers, self.community_seed)),
            )?;
        }
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(schema))?;
        let list = MemoryCatalogProviderList::new();
        list.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let shared = self.state.runtime_env();
        let runtime = RuntimeEnv {
            memory_pool: Arc::new(FairSpillPool::new(self.query_memory)),
            disk_manager: Arc::clone(&shared.disk_manager),
            cache_manager: Arc::clone(&shared.cache_manager),
            object_store_registry: Arc::clone(&shared.object_store_registry),
        };
        let mut builder = SessionStateBuilder::new_from_existing(self.state.clone())
            .with_catalog_list(Arc::new(list))
            .with_runtime_env(Arc::new(runtime));
        let sets = self.sets.get().cloned().unwrap_or_else(|| Arc::new(NoSets));
        let known = known::Known { sets, now };
        let functions = builder.scalar_functions().get_or_insert_default();
        functions.push(in_set::function(&known));
        functions.extend(tags::functions(&known));
        builder.config().get_or_insert_default().set_extension(Arc::new(known));
        let state = builder.build();
        Ok(SessionContext::new_with_state(state))
    }
}

impl Lake {
    /// Says which named sets and tags SQL may ask for by `in_set`, `has_tag` and `tags`, and which tags groups may have
    /// as a key; each question looks them up anew. Said once: what is said
    /// later changes nothing, and gives false.
    pub fn know_sets(&self, sets: Arc<dyn Sets + Send + Sync>) -> bool {
        self.engine.sets.set(sets).is_ok()
    }

    /// A session over the tables as they are now.
    pub(crate) fn session(&self) -> Result<SessionContext, QueryError> {
        self.engine.session(self.shared.views(), (self.shared.clock)())
    }

    /// Runs a query within its time.
    pub(crate) async fn limited<T>(&self, query: impl Future<Output = Result<T, QueryError>>) -> Result<T, QueryError> {
        let (counters, limit) = (&self.shared.counters, self.shared.settings.query_time);
        add(&counters.queries, 1);
        let listed = self.shared.queries.enter(counters, (self.shared.clock)());
        let in_turn = async {
            let Some(_slot) = self.shared.turns.take(listed.user()).await else {
                return Err(QueryError::Busy(self.shared.settings.query_queue));
            };
            listed.run(query).await
        };
        let answer = tokio::select! {
            biased;
            () = listed.stopped() => Err(QueryError::Stopped),
            answer = tokio::time::timeout(limit, in_turn) => {
                answer.unwrap_or_else(|_| Err(QueryError::Timeout(limit.as_secs())))
            }
        };
        listed.finish();
        match &answer {
            Err(QueryError::Timeout(_)) => add(&counters.query_timeouts, 1),
            Err(QueryError::Stopped) => add(&counters.query_stopped, 1),
            Err(QueryError::Busy(_)) => add(&counters.query_busy, 1),
            Err(QueryError::Damaged(_)) => add(&counters.damaged, 1),
            Err(QueryError::Memory) => add(&counters.query_memory, 1),
            Err(QueryError::Spill) => add(&counters.query_spill, 1),
            _ => {}
        }
        answer
    }

    /// Earliest start and latest end of all flows, known without reading them; nothing where there are none.
    pub async fn time_range(&self) -> Option<(Time, Time)> {
        let stats = self.stats();
        let flows = stats.table(FLOWS.name)?;
        flows.first.zip(flows.last)
    }
}

/// A time as a literal.
pub(crate) fn time(at: Time) -> Expr {
    Expr::Literal(ScalarValue::TimestampNanosecond(Some(at.0), Some("UTC".into())), None)
}

/// The flows that overlap `from ..= to` and pass the filter. A flow is in the range where it started before
/// `to` and ended at `from` or later.
pub(crate) async fn flows(
    session: &SessionContext,
    from: Option<Time>,
    to: Option<Time>,
    filter: &minamo_filter::Expr,
) -> Result<DataFrame, QueryError> {
    let mut frame = session.table(FLOWS.name).await?;
    if let Some(to) = to {
        frame = frame.filter(ident("time_start").lt(time(to)))?;
    }
    if let Some(from) = from {
        frame = frame.filter(ident("time_end").gt_eq(time(from)))?;
    }
    let Some(sides) = sides::split(filter) else {
        return Ok(if *filter == minamo_filter::Expr::All { frame } else { frame.filter(compile(filter)?)? });
    };
    let one = |side: &minamo_filter::Expr| Ok::<_, QueryError>(frame.clone().filter(compile(side)?)?);
    Ok(one(&sides.0)?.union(one(&sides.1)?)?)
}

/// A value that borrows nothing.
pub(crate) fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Bool(v) => Value::Bool(v),
        Value::Uint(v) => Value::Uint(v),
        Value::Int(v) => Value::Int(v),
        Value::Real(v) => Value::Real(v),
        Value::Text(v) => Value::Text(v.into_owned().into()),
        Value::Ip(v) => Value::Ip(v),
        Value::Mac(v) => Value::Mac(v),
        Value::Time(v) => Value::Time(v),
        Value::Numbers(v) => Value::Numbers(v),
        Value::Texts(v) => Value::Texts(v.into_owned().into()),
        _ => Value::Null,
    }
}
