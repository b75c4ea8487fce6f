//! How long the last calls took.

/// Four for each power of two of microseconds: a percentile is at most a quarter too high.
const BUCKETS: usize = 160;

/// With this many, the older ones begin to count for less.
const MOST: u32 = 1_000;

/// A histogram that forgets.
#[derive(Debug)]
pub(crate) struct Latencies {
    buckets: [u32; BUCKETS],
    count: u32,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        Self { buckets: [0; BUCKETS], count: 0 }
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn add(&mut self, microseconds: u64) {
        if self.count >= MOST {
            self.buckets.iter_mut().for_each(|bucket| *bucket /= 2);
            self.count = self.buckets.iter().sum();
        }
        self.buckets[bucket(microseconds)] += 1;
        self.count += 1;
    }

    /// In microseconds, what no more than five in a hundred exceeded.
    pub(crate) fn p95(&self) -> u64 {
        let wanted = u64::from(self.count) * 95;
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count) * 100;
            if seen >= wanted {
                return end(index);
            }
        }
        end(BUCKETS - 1)
    }
}

/// The power of two, and the two bits after it.
fn bucket(microseconds: u64) -> usize {
    let value = microseconds.max(4);
    let power = value.ilog2();
    let quarter = (value >> (power - 2)) & 3;
    ((power as usize - 2) * 4 + quarter as usize).min(BUCKETS - 1)
}

/// The first value that is beyond a bucket.
fn end(index: usize) -> u64 {
    (index as u64 % 4 + 5) << (index / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_its_bucket() {
        for value in (4..100_000).chain([1_000_000, 60_000_000, 86_400_000_000]) {
            let index = bucket(value);
            let start = if index == 0 { 0 } else { end(index - 1) };
            assert!((start..end(index)).contains(&value), "{value}: {start} to {}", end(index));
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn the_percentile_follows_what_happens_now() {
        let mut latencies = Latencies::new();
        (0..95).for_each(|_| latencies.add(1_000));
        (0..5).for_each(|_| latencies.add(500_000));
        assert!((1_000..=1_250).contains(&latencies.p95()), "{}", latencies.p95());
        latencies.add(500_000);
        assert!((500_000..=625_000).contains(&latencies.p95()), "{}", latencies.p95());
        (0..4_000).for_each(|_| latencies.add(2_000));
        assert!((2_000..=2_500).contains(&latencies.p95()), "{}", latencies.p95());
    }
}
