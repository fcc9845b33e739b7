//! MODE Z: the data goes as one zlib stream (RFC 1950; draft-preston-ftpext-deflate-04), whose end is the end of the file.

use bytes::BytesMut;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use ftp_proto::transform::{State, Transform};

/// Storage to wire. Holds a few hundred KiB while a transfer runs.
pub(super) struct Deflate(Compress);

impl Deflate {
    /// At the beginning of a file; `level` is 1 (fast) to 9 (small).
    pub(super) fn new(level: u8) -> Self {
        Self(Compress::new(Compression::new(u32::from(level.clamp(1, 9))), true))
    }

    /// Returns whether the stream has ended.
    fn run(&mut self, input: &[u8], out: &mut BytesMut, flush: FlushCompress) -> bool {
        let before = self.0.total_out();
        let status = in_spare_room(out, |room| {
            // Compressing fails for no input.
            let status = self.0.compress(input, room, flush).unwrap_or(Status::BufError);
            (self.0.total_out() - before, status)
        });
        status == Status::StreamEnd
    }
}

impl Transform for Deflate {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        let before = self.0.total_in();
        self.run(input, out, FlushCompress::None);
        moved(self.0.total_in() - before)
    }

    fn finish(&mut self, out: &mut BytesMut) -> bool {
        let ended = self.run(&[], out, FlushCompress::Finish);
        if ended {
            self.0.reset();
        }
        ended
    }
}

/// Wire to storage.
pub(super) struct Inflate {
    inner: Decompress,
    state: State,
}

impl Inflate {
    /// At the beginning of a file. One that ends before it begins is empty: some peers send no stream for it.
    pub(super) fn new() -> Self {
        Self { inner: Decompress::new(true), state: State::Open }
    }
}

impl Transform for Inflate {
    fn push(&mut self, input: &[u8], out: &mut BytesMut) -> usize {
        if matches!(self.state, State::Ended | State::Malformed)
            || input.is_empty() && self.state == State::Open
        {
            return 0;
        }
        let (taken, given) = (self.inner.total_in(), self.inner.total_out());
        let status = in_spare_room(out, |room| {
            let status = self.inner.decompress(input, room, FlushDecompress::None);
            (self.inner.total_out() - given, status)
        });
        self.state = match status {
            Ok(Status::StreamEnd) => State::Ended,
            Ok(Status::Ok | Status::BufError) => State::Unended,
            Err(_) => State::Malformed,
        };
        moved(self.inner.total_in() - taken)
    }

    fn finish(&mut self, _out: &mut BytesMut) -> bool {
        self.inner.reset(true);
        self.state = State::Open;
        true
    }

    fn state(&self) -> State {
        self.state
    }
}

/// Lets `fill` write into the room that `out` has, and say how much it wrote.
fn in_spare_room<T>(out: &mut BytesMut, fill: impl FnOnce(&mut [u8]) -> (u64, T)) -> T {
    let start = out.len();
    out.resize(out.capacity(), 0);
    let (written, result) = fill(out.get_mut(start..).unwrap_or_default());
    out.truncate(start + moved(written));
    result
}

/// Counts of one call fit: they are lengths of slices.
fn moved(octets: u64) -> usize {
    usize::try_from(octets).unwrap_or(usize::MAX)
}
