//! Arrow IPC files: not compressed, so that they can be mapped into memory and read in place.

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;

use crate::error::Result;
use crate::export::output::Output;

/// Rows of a batch within a file; all batches share its dictionaries.
const BATCH_ROWS: usize = 1 << 16;

/// Writes the rows of a part.
pub(in crate::export) fn write(rows: &RecordBatch, out: Output) -> Result<Output> {
    let failure = out.failure();
    let failed = |_| failure.or("the Arrow writer refused the rows of a part");
    let mut writer = FileWriter::try_new(out, &rows.schema()).map_err(failed)?;
    let mut from = 0;
    while from < rows.num_rows() {
        let count = BATCH_ROWS.min(rows.num_rows() - from);
        writer.write(&rows.slice(from, count)).map_err(failed)?;
        from += count;
    }
    writer.finish().map_err(failed)?;
    writer.into_inner().map_err(failed)
}
