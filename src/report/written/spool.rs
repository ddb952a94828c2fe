//! Spool: text that grows beyond what memory should hold, until its place in a file has come.
//!
//! Unaware of what the text is.

use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// Bytes that memory holds; what is more lies on disk.
const HELD: usize = 1 << 20;

/// The text so far.
pub(super) struct Spool(BufWriter<SpooledTempFile>);

impl Default for Spool {
    fn default() -> Self {
        Self(BufWriter::new(tempfile::spooled_tempfile(HELD)))
    }
}

impl Spool {
    /// Copies all of it.
    pub(super) fn copy(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.0.rewind()?;
        io::copy(self.0.get_mut(), to).map(drop)
    }

    /// Copies a part: so many bytes from a place on.
    pub(super) fn copy_part(
        &mut self,
        from: u64,
        bytes: u64,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(from))?;
        io::copy(&mut self.0.get_mut().take(bytes), to).map(drop)
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
