//! How many calls a service takes at once before they only wait for each other in it.
//!
//! The limit follows the gradient between how long calls usually take and how long they take now, as Gradient2 of
//! Netflix's concurrency-limits does (<https://github.com/Netflix/concurrency-limits>, `Gradient2Limit` and
//! `WindowedLimit`). Like there, averages are compared and not minima, since the cheapest call says nothing about the
//! others. Two things differ. What is usual falls fast, and rises only while there are places to spare, so that an
//! overload that lasts does not become usual. And where fewer calls at once take as long as many did, they are no longer
//! held back: then they are dear, and the service is not overloaded.

use std::time::Duration;

use tokio::time::Instant;

mod window;
#[cfg(test)]
mod tests;

use window::{Average, Window};

/// However slow the service is, so many are let through to find out when it no longer is.
const LEAST: f64 = 16.0;

/// Calls may take so many times as long as usual …
const TOLERANCE: f64 = 2.0;

/// … of which less than this is not worth a thought: a busy machine of ours may add as much.
const UNNOTICED: Duration = Duration::from_millis(10);

/// How far a window moves what is usual.
const RISE: f64 = 1.0 / 600.0;
const FALL: f64 = 1.0 / 20.0;

#[derive(Debug)]
pub(crate) struct Limit {
    most: f64,
    now: f64,
    /// In seconds; unknown before the first window has ended.
    usual: Option<f64>,
    window: Window,
    /// The window in which the limit began to fall.
    squeezed: Option<Average>,
}

impl Limit {
    /// Starts with all that is allowed.
    pub(crate) fn new(most: usize, now: Instant) -> Self {
        Self { most: most as f64, now: most as f64, usual: None, window: Window::new(now), squeezed: None }
    }

    /// Takes note of a call that was answered, or given up unanswered, after `took`, while `in_flight` were under way.
    /// Returns what the window says that ends with it, if one does.
    pub(crate) fn observe(
        &mut self,
        now: Instant,
        took: Duration,
        answered: bool,
        in_flight: usize,
    ) -> Option<Verdict> {
        // That a caller gave up early says nothing.
        if !answered && self.usual.is_some_and(|usual| took.as_secs_f64() < usual) {
            return None;
        }
        let average = self.window.add(now, took, answered, in_flight)?;
        self.judge(&average);
        Some(Verdict { limit: self.now as usize, latency: Duration::from_secs_f64(average.seconds) })
    }

    fn judge(&mut self, average: &Average) {
        // With places to spare, it is not the limit that decides how long calls take.
        let spare = average.in_flight < self.now / 2.0;
        // Nor does it at its least.
        let rises = spare || self.now <= LEAST;
        let usual = self.usual.unwrap_or(average.seconds);
        let weight = if average.seconds <= usual {
            FALL
        } else if rises {
            RISE
        } else {
            0.0
        };
        let usual = usual + (average.seconds - usual) * weight;
        self.usual = Some(usual);
        if spare {
            return;
        }
        let tolerated = usual.max(UNNOTICED.as_secs_f64()) * TOLERANCE;
        let gradient = (tolerated / average.seconds).clamp(0.5, 1.0);
        let base = if gradient < 1.0 { self.now.min(average.in_flight) } else { self.now };
        // Room for the queue that a service needs to be busy; Envoy's adaptive concurrency allows the same.
        let target = base * gradient + self.now.sqrt();
        self.now = target.clamp(LEAST.min(self.most), self.most);
        self.look_back(gradient, average);
    }

    /// Whether fewer calls at once have made each faster, as they do where they had to wait for each other.
    fn look_back(&mut self, gradient: f64, average: &Average) {
        match &mut self.squeezed {
            _ if gradient == 1.0 => self.squeezed = None,
            None => self.squeezed = Some(average.clone()),
            // The worst of them, for the first has calls in it from before.
            Some(before) if average.in_flight > before.in_flight * 0.7 => {
                before.seconds = before.seconds.max(average.seconds);
                before.given_up = before.given_up.max(average.given_up);
            }
            // How long those would have taken is not known.
            Some(before) if before.given_up.max(average.given_up) > 0.05 => self.squeezed = Some(average.clone()),
            Some(before) => {
                if average.seconds > before.seconds * 0.9 {
                    self.usual = Some(average.seconds);
                }
                self.squeezed = Some(average.clone());
            }
        }
    }
}

/// What a window has shown.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) limit: usize,
    /// How long calls take now.
    pub(crate) latency: Duration,
}
