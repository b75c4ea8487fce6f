//! Retries and hedges as a share of calls, so that they cannot multiply the load on a service that is down.

use std::sync::{Mutex, PoisonError};

/// Unused ones are saved up to this many, for one burst and no more.
const MOST_SAVED: f64 = 10.0;

/// A token bucket that calls fill and further attempts empty. It starts empty: at no time have there been more of those
/// than `ratio` times the calls.
#[derive(Debug)]
pub(crate) struct Budget {
    ratio: f64,
    saved: Mutex<f64>,
}

impl Budget {
    pub(crate) fn new(ratio: f64) -> Self {
        Self { ratio: ratio.clamp(0.0, 1.0), saved: Mutex::new(0.0) }
    }

    pub(crate) fn deposit(&self) {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        *saved = (*saved + self.ratio).min(MOST_SAVED);
    }

    /// Gives back one that was taken and is not used.
    pub(crate) fn refund(&self) {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        *saved += 1.0;
    }

    /// Takes one further attempt, if there is one.
    pub(crate) fn withdraw(&self) -> bool {
        // Ten times a tenth is a little less than one.
        const ONE: f64 = 1.0 - 1e-9;
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let granted = *saved >= ONE;
        if granted {
            *saved = (*saved - 1.0).max(0.0);
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn a_tenth_of_the_calls_may_be_retried() {
        let budget = Budget::new(0.1);
        let mut retries = 0;
        for calls in 1..=1000 {
            budget.deposit();
            retries += u32::from(budget.withdraw());
            assert!(retries * 10 <= calls, "{retries} retries in {calls} calls");
        }
        assert_eq!(retries, 100);
    }
}
