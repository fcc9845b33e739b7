//! Buffers of transfers, used again instead of being allocated and cleared anew.

use core::fmt;
use core::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// How large a buffer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 32 KiB: what a transfer that has to wait holds at most.
    Small,
    /// 256 KiB: for uploads that flow.
    Large,
}

impl Size {
    /// In octets.
    #[must_use]
    pub const fn octets(self) -> usize {
        match self {
            Self::Small => 32 * 1024,
            Self::Large => 256 * 1024,
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// Buffers that are not in use, one pool for all transfers of a process or of an event loop; cheap to clone.
///
/// A transfer holds at most one buffer, and a small one while it waits for its peer, so that what is in use is bounded by
/// the number of transfers; what is kept for later is bounded here.
#[derive(Clone)]
pub struct BufferPool(Arc<Shelves>);

struct Shelves {
    /// By [`Size::index`].
    free: Mutex<[Vec<Box<[u8]>>; 2]>,
    /// Octets to keep of each size.
    keep: usize,
}

impl BufferPool {
    /// Keeps at most `octets` of memory in unused buffers.
    #[must_use]
    pub fn keeping(octets: usize) -> Self {
        Self(Arc::new(Shelves { free: Mutex::default(), keep: octets / 2 }))
    }

    /// A buffer, whose content is whatever was in it before.
    #[must_use]
    pub fn take(&self, size: Size) -> Buffer {
        let kept = self.0.with(|free| free[size.index()].pop());
        let octets = kept.unwrap_or_else(|| vec![0; size.octets()].into_boxed_slice());
        Buffer { octets, size, home: Arc::clone(&self.0) }
    }

    /// How much memory is in unused buffers, in octets.
    #[must_use]
    pub fn unused(&self) -> usize {
        self.0.with(|free| free.iter().flatten().map(|octets| octets.len()).sum())
    }
}

impl Default for BufferPool {
    /// Keeps at most 8 MiB.
    fn default() -> Self {
        Self::keeping(8 * 1024 * 1024)
    }
}

impl Shelves {
    fn with<T>(&self, act: impl FnOnce(&mut [Vec<Box<[u8]>>; 2]) -> T) -> T {
        act(&mut self.free.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A buffer of the pool: goes back there when dropped.
pub struct Buffer {
    octets: Box<[u8]>,
    size: Size,
    home: Arc<Shelves>,
}

impl Buffer {
    /// Which size it is.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let octets = core::mem::take(&mut self.octets);
        self.home.with(|free| {
            let shelf = &mut free[self.size.index()];
            if (shelf.len() + 1) * self.size.octets() <= self.home.keep {
                shelf.push(octets);
            }
        });
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.octets
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool").field("unused", &self.unused()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again() {
        let pool = BufferPool::default();
        let mut first = pool.take(Size::Small);
        first[0] = 7;
        drop(first);
        assert_eq!(pool.take(Size::Small)[0], 7);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let pool = BufferPool::keeping(4 * Size::Small.octets());
        let all: Vec<_> = (0..10).flat_map(|_| [pool.take(Size::Small), pool.take(Size::Large)]).collect();
        assert!(all.iter().all(|buffer| buffer.len() == buffer.size().octets()));
        drop(all);
        assert_eq!(pool.unused(), 2 * Size::Small.octets());
    }
}
