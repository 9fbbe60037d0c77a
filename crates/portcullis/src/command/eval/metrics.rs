//! How long each stage took, and statistics of many runs.

use std::time::Instant;

use super::format::Output;
use crate::percentile::percentile;

/// Nanoseconds a stage, sorted by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(pub(super) Vec<(&'static str, i64)>);

impl Timers {
    /// Returns what `work` returns, and notes how long it took.
    pub(super) fn time<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        let elapsed_ns = i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.0.push((name, elapsed_ns));
        self.0.sort_unstable();
        result
    }
}

impl Timers {
    /// Adds counters.
    pub(super) fn extend(&mut self, counters: impl Iterator<Item = (&'static str, i64)>) {
        self.0.extend(counters);
        self.0.sort_unstable();
    }
}

/// Statistics of one timer over many runs, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statistics {
    pub(super) name: &'static str,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) mean: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
}

/// Returns the first output with the statistics of all in place of its own timers.
pub(super) fn aggregate(outputs: Vec<Output>) -> Option<Output> {
    let timers: Vec<Timers> = outputs.iter().map(|output| output.timers.clone()).collect();
    let mut first = outputs.into_iter().next()?;
    let names = std::mem::take(&mut first.timers).0;
    first.aggregates = names
        .into_iter()
        .filter_map(|(name, _)| {
            let all = timers.iter().flat_map(|timers| &timers.0);
            statistics(name, all.filter(|timer| timer.0 == name).map(|timer| timer.1).collect())
        })
        .collect();
    Some(first)
}

fn statistics(name: &'static str, mut values: Vec<i64>) -> Option<Statistics> {
    values.sort_unstable();
    let (min, max) = (*values.first()?, *values.last()?);
    let sum: f64 = values.iter().map(|value| *value as f64).sum();
    let mean = sum / values.len() as f64;
    let (p90, p99) = (percentile(&values, 0.9)?, percentile(&values, 0.99)?);
    Some(Statistics { name, min, max, mean, p90, p99 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values() {
        let hundred: Vec<i64> = (1..=100).collect();
        let all = statistics("t", hundred).unwrap();
        assert_eq!((all.min, all.max, all.mean), (1, 100, 50.5));
        assert!((all.p90 - 90.9).abs() < 1e-9, "{}", all.p90);
        assert!((all.p99 - 99.99).abs() < 1e-9, "{}", all.p99);
        assert_eq!(statistics("t", vec![7]).unwrap().p99, 7.0);
    }
}
