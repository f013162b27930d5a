// SPDX-License-Identifier: Apache-2.0
//! A table of the lake for DataFusion: the segments whose times can match, read from Parquet with filters
//! pushed down, and the hot batches from memory. Columns that a file or batch lacks are null.

use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::scalar::ScalarValue;
use minamo_base::Time;
use minamo_model::{FLOWS, Table};

use crate::identity::{self, Derived};
use crate::segment::{Segment, fit};
use crate::shared::View;
use crate::span::{Span, TIME_END};

use super::reader::{Factory, Footers};

type Plan = Arc<dyn ExecutionPlan>;

/// Octets of segments from which on it pays to read them by several threads.
const DIVIDE_BYTES: usize = 1 << 20;

/// One table as of one instant.
#[derive(Debug)]
pub(crate) struct LakeTable {
    table: &'static Table,
    view: View,
    url: ObjectStoreUrl,
    footers: Arc<Footers>,
    community_seed: u16,
}

impl LakeTable {
    /// The table as `view` shows it; `url` names the store that has the segments.
    pub(crate) fn new(
        table: &'static Table,
        view: View,
        url: ObjectStoreUrl,
        footers: &Arc<Footers>,
        community_seed: u16,
    ) -> Self {
        Self { table, view, url, footers: Arc::clone(footers), community_seed }
    }

    /// The plan with the columns put together that follow from others, where they are asked for.
    fn with_derived(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Plan> {
        let schema = self.table.schema();
        let all: Vec<usize>;
        let wanted = match projection {
            Some(wanted) => wanted,
            None => {
                all = (0..schema.fields().len()).collect();
                &all
            }
        };
        let name = |at: usize| schema.fields().get(at).map_or("", |field| field.name());
        if self.table.name != FLOWS.name || !wanted.iter().any(|at| identity::DERIVED.contains(&name(*at))) {
            return self.plan(state, projection, filters, limit);
        }
        let derived = identity::derived(self.community_seed);
        let asked: Vec<&Derived> = derived.iter().filter(|d| wanted.iter().any(|at| name(*at) == d.name)).collect();
        let mut read = wanted.clone();
        for input in asked.iter().flat_map(|derived| &derived.inputs) {
            if !read.contains(input) {
                read.push(*input);
            }
        }
        let plan = self.plan(state, Some(&read), filters, limit)?;
        let column = |at: usize| -> Result<Arc<dyn PhysicalExpr>> {
            let place = read.iter().position(|read| *read == at).unwrap_or_default();
            Ok(Arc::new(Column::new(name(at), place)))
        };
        let exprs = wanted.iter().map(|at| {
            let expr: Arc<dyn PhysicalExpr> = match asked.iter().find(|derived| derived.name == name(*at)) {
                Some(derived) => Arc::new(ScalarFunctionExpr::new(
                    derived.name,
                    Arc::clone(&derived.function),
                    derived.inputs.iter().map(|input| column(*input)).collect::<Result<Vec<_>>>()?,
                    Arc::new(schema.field(*at).clone()),
                    Arc::new(state.config_options().clone()),
                )),
                None => column(*at)?,
            };
            Ok((expr, name(*at).to_owned()))
        });
        Ok(Arc::new(ProjectionExec::try_new(exprs.collect::<Result<Vec<_>>>()?, plan)?))
    }

    fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Plan> {
        let bounds = Bounds::of(self.table, filters);
        let segments: Vec<_> = self.view.segments.iter().filter(|s| bounds.overlap(&s.span)).collect();
        let hot: Vec<_> = self.view.hot.iter().filter(|h| bounds.overlap(&h.span)).map(|h| &h.batch).collect();
        let mut parts = Vec::new();
        if !segments.is_empty() {
            parts.push(self.segments(state, projection, filters, &segments, limit)?);
        }
        if !hot.is_empty() {
            parts.push(self.hot(state, projection, &hot)?);
        }
        match parts.len() {
            0 => Ok(Arc::new(EmptyExec::new(project(&self.table.schema(), projection)?))),
            1 => parts.pop().ok_or_else(|| datafusion::error::DataFusionError::Internal("no part".to_owned())),
            _ => UnionExec::try_new(parts),
        }
    }

    fn segments(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        segments: &[&Arc<Segment>],
        limit: Option<usize>,
    ) -> Result<Plan> {
        let schema = self.table.schema();
        let source = ParquetSource::new(Arc::clone(&schema))
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_parquet_file_reader_factory(Arc::new(Factory::new(&self.footers)));
        let source = match identity::asked(filters) {
            Some(id) => {
                let condition = identity::condition(id);
                let of = DFSchema::try_from(Arc::clone(&schema))?;
                source.with_predicate(state.create_physical_expr(condition, &of)?)
            }
            None => source,
        };
        let mut groups = vec![Vec::new(); state.config().target_partitions().min(segments.len()).max(1)];
        let count = groups.len();
        for (at, segment) in segments.iter().enumerate() {
            let statistics = self.statistics(segment.rows, segment.bytes, segment.span);
            // The extension keeps the segment, and so its file, until the plan is gone.
            let file = PartitionedFile::new(segment.path.as_str(), segment.bytes)
                .with_statistics(Arc::new(statistics))
                .with_extension(Arc::clone(segment));
            if let Some(group) = groups.get_mut(at % count) {
                group.push(file);
            }
        }
        let rows = segments.iter().map(|s| s.rows).sum();
        let bytes = segments.iter().map(|s| s.bytes).sum();
        let span = segments.iter().fold(Span::NONE, |span, s| span.join(s.span));
        let config = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_statistics(self.statistics(rows, bytes, span))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        // A few large segments: their row groups are divided, too.
        let threads = state.config().target_partitions();
        let divided = config.repartitioned(threads, DIVIDE_BYTES, None)?;
        Ok(Arc::new(DataSourceExec::new(divided.unwrap_or_else(|| Arc::new(config)))))
    }

    fn statistics(&self, rows: u64, bytes: u64, span: Span) -> Statistics {
        let exact = |n: u64| usize::try_from(n).map_or(Precision::Absent, Precision::Exact);
        let schema = self.table.schema();
        let mut out = Statistics::new_unknown(&schema);
        out.num_rows = exact(rows);
        out.total_byte_size = exact(bytes).to_inexact();
        let mut set = |name: &str, low: Time, high: Time| {
            let at = schema.index_of(name).ok().and_then(|at| out.column_statistics.get_mut(at));
            let value = |at: Time| Precision::Exact(ScalarValue::TimestampNanosecond(Some(at.0), Some("UTC".into())));
            if let Some(column) = at {
                *column = ColumnStatistics { min_value: value(low), max_value: value(high), ..column.clone() };
                column.null_count = Precision::Exact(0);
            }
        };
        set(self.table.time, span.min_start, span.max_start);
        set(TIME_END, span.min_end, span.max_end);
        out
    }

    fn hot(&self, state: &dyn Session, projection: Option<&Vec<usize>>, hot: &[&RecordBatch]) -> Result<Plan> {
        let schema = project(&self.table.schema(), projection)?;
        let mut partitions = vec![Vec::new(); state.config().target_partitions().min(hot.len()).max(1)];
        let count = partitions.len();
        for (at, batch) in hot.iter().enumerate() {
            if let Some(partition) = partitions.get_mut(at % count) {
                partition.push(fit(batch, &schema)?);
            }
        }
        Ok(MemorySourceConfig::try_new_exec(&partitions, schema, None)?)
    }
}

impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Here they choose segments; DataFusion pushes them into the Parquet scan itself.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn scan<'life0, 'life1, 'life2, 'life3, 'async_trait>(
        &'life0 self,
        state: &'life1 dyn Session,
        projection: Option<&'life2 Vec<usize>>,
        filters: &'life3 [Expr],
        limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Plan>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        'life2: 'async_trait,
        'life3: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(std::future::ready(self.with_derived(state, projection, filters, limit)))
    }
}

fn project(schema: &SchemaRef, projection: Option<&Vec<usize>>) -> Result<Arc<Schema>> {
    Ok(match projection {
        Some(columns) => Arc::new(schema.project(columns)?),
        None => Arc::clone(schema),
    })
}

/// What the filters say of the times of a row: lowest and highest start and end.
struct Bounds {
    start: (i64, i64),
    end: (i64, i64),
}

impl Bounds {
    fn of(table: &'static Table, filters: &[Expr]) -> Self {
        let mut bounds = Self { start: (i64::MIN, i64::MAX), end: (i64::MIN, i64::MAX) };
        for part in filters.iter().flat_map(split_conjunction) {
            let Some((column, op, at)) = comparison(part) else { continue };
            let range = match column {
                name if name == table.time => &mut bounds.start,
                TIME_END => &mut bounds.end,
                _ => continue,
            };
            match op {
                Operator::Lt => range.1 = range.1.min(at.saturating_sub(1)),
                Operator::LtEq => range.1 = range.1.min(at),
                Operator::Gt => range.0 = range.0.max(at.saturating_add(1)),
                Operator::GtEq => range.0 = range.0.max(at),
                Operator::Eq => *range = (range.0.max(at), range.1.min(at)),
                _ => {}
            }
        }
        bounds
    }

    fn overlap(&self, span: &Span) -> bool {
        span.min_start.0 <= self.start.1
            && span.max_start.0 >= self.start.0
            && span.min_end.0 <= self.end.1
            && span.max_end.0 >= self.end.0
    }
}

/// True where filters say from which time on rows are read.
pub(super) fn begins_somewhere(table: &'static Table, filters: &[Expr]) -> bool {
    Bounds::of(table, filters).start.0 > i64::MIN
}

/// A comparison of a column with a time, column first.
fn comparison(expr: &Expr) -> Option<(&str, Operator, i64)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return None };
    let nanos = |expr: &Expr| match expr {
        Expr::Literal(ScalarValue::TimestampNanosecond(Some(at), _), _) => Some(*at),
        _ => None,
    };
    match (&**left, &**right) {
        (Expr::Column(column), literal) => Some((column.name.as_str(), *op, nanos(literal)?)),
        (literal, Expr::Column(column)) => Some((column.name.as_str(), op.swap()?, nanos(literal)?)),
        _ => None,
    }
}
