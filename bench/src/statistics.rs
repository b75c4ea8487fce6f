//! Numbers out of many numbers.

use std::time::Duration;

/// The smallest value that at least this share of the sorted values does not exceed (nearest rank); zero of none.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The value in the middle by `key`; of two in the middle, the lower.
pub(crate) fn median_by<T>(mut values: Vec<T>, key: impl Fn(&T) -> f64) -> Option<T> {
    values.sort_by(|one, other| key(one).total_cmp(&key(other)));
    let middle = values.len().checked_sub(1)? / 2;
    Some(values.swap_remove(middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 0.5), Duration::from_millis(100));
        assert_eq!(percentile(&sorted, 0.99), Duration::from_millis(198));
        assert_eq!(percentile(&sorted, 1.0), Duration::from_millis(200));
        assert_eq!(percentile(&sorted[..1], 0.99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 0.99), Duration::ZERO);
    }

    #[test]
    fn the_median_is_one_of_the_values() {
        assert_eq!(median_by(vec![3.0, 1.0, 2.0], |value| *value), Some(2.0));
        assert_eq!(median_by(vec![4.0, 1.0, 2.0, 3.0], |value| *value), Some(2.0));
        assert_eq!(median_by(Vec::<f64>::new(), |value| *value), None);
    }
}
