//! How measurements are distributed.
//!
//! Source: the histograms of OPA's metrics.

use std::collections::BTreeMap;

use crate::measure::Measured;
use crate::percentile::percentile;

/// Most measurements that are kept of one name. Where there are more, every second one is dropped,
/// and so on.
const SAMPLES_MAX: usize = 1 << 20;

/// Measurements by name.
#[derive(Default)]
pub(super) struct Histograms(BTreeMap<String, Samples>);

#[derive(Default)]
struct Samples {
    values: Vec<i64>,
    count: u64,
    /// One of so many is kept, as a power of two.
    stride_log: u32,
}

impl Samples {
    fn add(&mut self, value: i64) {
        if self.count.trailing_zeros() >= self.stride_log {
            self.values.push(value);
        }
        self.count += 1;
        if self.values.len() >= SAMPLES_MAX {
            let mut at = 0;
            self.values.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.stride_log += 1;
        }
    }

    /// Returns what OPA tells of a histogram.
    fn statistics(&self) -> Vec<(&'static str, f64)> {
        let mut sorted = self.values.clone();
        sorted.sort_unstable();
        let (Some(min), Some(max)) = (sorted.first(), sorted.last()) else { return Vec::new() };
        let len = sorted.len() as f64;
        let mean = sorted.iter().map(|value| *value as f64).sum::<f64>() / len;
        let squares = sorted.iter().map(|value| (*value as f64 - mean).powi(2)).sum::<f64>();
        let share = |share: f64| percentile(&sorted, share).unwrap_or_default();
        vec![
            ("75%", share(0.75)),
            ("90%", share(0.9)),
            ("95%", share(0.95)),
            ("99%", share(0.99)),
            ("99.9%", share(0.999)),
            ("99.99%", share(0.9999)),
            ("count", self.count as f64),
            ("max", *max as f64),
            ("mean", mean),
            ("median", share(0.5)),
            ("min", *min as f64),
            ("stddev", (squares / len).sqrt()),
        ]
    }
}

impl Histograms {
    /// Adds a measurement.
    pub(super) fn add(&mut self, name: &str, value: i64) {
        match self.0.get_mut(name) {
            Some(samples) => samples.add(value),
            None => self.0.entry(name.to_string()).or_default().add(value),
        }
    }

    /// Forgets all measurements.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns what was measured with what is told of each histogram.
    pub(super) fn add_to(&self, measured: Measured) -> Measured {
        let all = self.0.iter().flat_map(|(name, samples)| {
            let statistics = samples.statistics().into_iter();
            statistics.map(move |(what, value)| (format!("histogram_{name}_{what}"), value))
        });
        all.fold(measured, |measured, (unit, value)| measured.with_extra(&unit, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_measurements_are_thinned_out() {
        let mut samples = Samples::default();
        for value in 0..3_000_000 {
            samples.add(value);
        }
        assert!(samples.values.len() < SAMPLES_MAX);
        let of = |name| samples.statistics().into_iter().find(|(n, _)| *n == name).unwrap().1;
        assert_eq!(of("count"), 3_000_000.0);
        assert!((of("median") - 1_500_000.0).abs() < 1000.0, "{}", of("median"));
        assert!((of("99%") - 2_970_000.0).abs() < 1000.0, "{}", of("99%"));
    }
}
