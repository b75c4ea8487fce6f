use std::sync::atomic::{AtomicUsize, Ordering};

/// How large something will probably be that is made again and again: most are as large as the one before.
#[derive(Debug)]
pub(crate) struct UsualSize(AtomicUsize);

impl UsualSize {
    pub(crate) fn new(first: usize) -> Self {
        Self(AtomicUsize::new(first))
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Grows at once, and shrinks slowly. Of two that end together one may be lost.
    pub(crate) fn was(&self, size: usize) {
        let known = self.get();
        self.0.store(size.max(known - known / 8), Ordering::Relaxed);
    }
}
