// SPDX-License-Identifier: Apache-2.0
//! Reads segments for DataFusion: every block is compared with its checksum, footers are kept for the next
//! question.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use crate::StoreError;
use crate::checked::{CheckedFile, external};
use crate::segment::Segment;

/// Memory that footers may take.
const FOOTER_BYTES: usize = 256 << 20;

/// Footers of segments that were asked before; the one that was not asked for longest goes first.
#[derive(Debug, Default)]
pub(crate) struct Footers {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    footers: HashMap<i64, (u64, Arc<ParquetMetaData>)>,
    bytes: usize,
    clock: u64,
}

impl Footers {
    /// The footer of a segment, whose file is open.
    pub(crate) fn of(
        &self,
        segment: &Segment,
        file: &CheckedFile,
    ) -> std::result::Result<Arc<ParquetMetaData>, StoreError> {
        self.read(segment, file).map_err(|error| match error {
            ParquetError::External(inner) => match inner.downcast::<StoreError>() {
                Ok(error) => *error,
                Err(other) => StoreError::parquet("read", &segment.file)(ParquetError::External(other)),
            },
            other => StoreError::parquet("read", &segment.file)(other),
        })
    }

    fn read(&self, segment: &Segment, file: &CheckedFile) -> parquet::errors::Result<Arc<ParquetMetaData>> {
        if let Some(footer) = self.get(segment.id) {
            return Ok(footer);
        }
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
        let footer = Arc::new(reader.parse_and_finish(file)?);
        self.put(segment.id, &footer);
        Ok(footer)
    }

    fn get(&self, id: i64) -> Option<Arc<ParquetMetaData>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clock += 1;
        let now = state.clock;
        let (used, footer) = state.footers.get_mut(&id)?;
        *used = now;
        Some(Arc::clone(footer))
    }

    fn put(&self, id: i64, footer: &Arc<ParquetMetaData>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clock += 1;
        let now = state.clock;
        if state.footers.insert(id, (now, Arc::clone(footer))).is_none() {
            state.bytes += footer.memory_size();
        }
        while state.bytes > FOOTER_BYTES && state.footers.len() > 1 {
            let oldest = state.footers.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            let Some((_, gone)) = oldest.and_then(|id| state.footers.remove(&id)) else { break };
            state.bytes = state.bytes.saturating_sub(gone.memory_size());
        }
    }
}

/// Makes readers for the segments that the files of a scan carry with them.
#[derive(Debug)]
pub(crate) struct Factory {
    footers: Arc<Footers>,
}

impl Factory {
    /// Readers that share footers.
    pub(crate) fn new(footers: &Arc<Footers>) -> Self {
        Self { footers: Arc::clone(footers) }
    }
}

impl ParquetFileReaderFactory for Factory {
    fn create_reader(
        &self,
        _: usize,
        file: PartitionedFile,
        _: Option<usize>,
        _: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let segment = file.extension::<Arc<Segment>>().map(Arc::clone);
        let segment = segment.ok_or_else(|| DataFusionError::Internal("a file without its segment".to_owned()))?;
        Ok(Box::new(Reader { segment, file: None, footers: Arc::clone(&self.footers) }))
    }
}

struct Reader {
    segment: Arc<Segment>,
    file: Option<CheckedFile>,
    footers: Arc<Footers>,
}

impl Reader {
    fn file(&mut self) -> parquet::errors::Result<&CheckedFile> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(self.segment.open().map_err(external)?)),
        }
    }

    fn read(&mut self, range: Range<u64>) -> parquet::errors::Result<Bytes> {
        self.file()?.read(range).map_err(external)
    }

    fn footer(&mut self) -> parquet::errors::Result<Arc<ParquetMetaData>> {
        let (segment, footers) = (Arc::clone(&self.segment), Arc::clone(&self.footers));
        footers.read(&segment, self.file()?)
    }
}

// The disk is local and what is asked lies mostly in its cache: a read is not worth another thread.
impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        let read = self.read(range);
        async move { read }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        let footer = self.footer();
        async move { footer }.boxed()
    }
}
