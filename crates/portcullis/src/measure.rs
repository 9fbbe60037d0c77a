//! Measures an operation as Go's benchmarks do: often enough to take a second, then told by run.
//!
//! Must not know: what is measured.
//!
//! Source: Go's `testing.Benchmark` and "Go Benchmark Data Format".

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rego::Usage;

use crate::json::Json;

/// How long the operation is repeated.
const TIME: Duration = Duration::from_secs(1);

/// Most repetitions. Go's.
const RUNS_MAX: u64 = 1_000_000_000;

/// How many times more repetitions a next try has, at most. Go's.
const GROWTH_MAX: u64 = 100;

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Measured {
    /// How often.
    runs: u64,
    /// For how long, all repetitions together.
    time: Duration,
    /// Bytes of the results that all made together.
    bytes: u64,
    /// How many results those were.
    results: u64,
    /// Further numbers by unit.
    extra: BTreeMap<String, f64>,
}

/// Repeats `operation`, in tries of more and more repetitions. Only the last try counts, also of what
/// is noted in `usage`.
///
/// Errors: the first one of the operation.
pub(crate) fn measure<E>(
    usage: &Usage,
    mut operation: impl FnMut(Try) -> Result<(), E>,
) -> Result<Measured, E> {
    let mut runs = 1;
    loop {
        let (bytes, results) = (usage.bytes(), usage.results());
        let start = Instant::now();
        for at in 0..runs {
            operation(if at == 0 { Try::First } else { Try::Further })?;
        }
        let time = start.elapsed();
        if time >= TIME || runs >= RUNS_MAX {
            let (bytes, results) = (usage.bytes() - bytes, usage.results() - results);
            return Ok(Measured { runs, time, bytes, results, extra: BTreeMap::new() });
        }
        runs = more_runs(runs, time);
    }
}

/// Which repetition of a try it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Try {
    /// The first: what was noted of a try before does not count.
    First,
    /// Another one.
    Further,
}

/// Returns how many repetitions will take the time, and some more.
fn more_runs(runs: u64, time: Duration) -> u64 {
    let ns_per_run = (time.as_nanos() / u128::from(runs)).max(1);
    let wanted = u64::try_from(TIME.as_nanos() / ns_per_run).unwrap_or(RUNS_MAX);
    let wanted = wanted.saturating_add(wanted / 5);
    wanted.clamp(runs + 1, runs.saturating_mul(GROWTH_MAX)).min(RUNS_MAX)
}

impl Measured {
    /// Returns it with a further number.
    pub(crate) fn with_extra(mut self, unit: &str, number: f64) -> Self {
        self.extra.insert(unit.to_string(), number);
        self
    }

    /// Returns the nanoseconds of one repetition.
    pub(crate) fn ns_per_op(&self) -> f64 {
        self.time.as_nanos() as f64 / self.runs.max(1) as f64
    }

    /// Returns Go's line without the name: repetitions, time, further numbers, and memory where
    /// wanted.
    pub(crate) fn line(&self, memory: Memory) -> String {
        let mut line = format!("{:8}\t{} ns/op", self.runs, in_columns(self.ns_per_op(), IN_LINES));
        for (unit, number) in &self.extra {
            line += &format!("\t{} {unit}", in_columns(*number, IN_LINES));
        }
        if memory == Memory::Shown {
            let [bytes, results] = self.memory_per_op();
            line += &format!("\t{bytes:8} B/op\t{results:8} allocs/op");
        }
        line
    }

    /// Returns the same as rows of a table.
    pub(crate) fn rows(&self, memory: Memory) -> Vec<[String; 2]> {
        let mut rows = vec![
            ["samples".to_string(), self.runs.to_string()],
            ["ns/op".to_string(), in_columns(self.ns_per_op(), IN_TABLES)],
        ];
        if memory == Memory::Shown {
            let [bytes, results] = self.memory_per_op();
            rows.push(["B/op".to_string(), bytes.to_string()]);
            rows.push(["allocs/op".to_string(), results.to_string()]);
        }
        let extra = self.extra.iter();
        rows.extend(extra.map(|(unit, number)| [unit.clone(), in_columns(*number, IN_TABLES)]));
        rows
    }

    /// Returns Go's `testing.BenchmarkResult`.
    pub(crate) fn json(&self) -> Json<'_> {
        let integer = |number: u64| Json::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let extra = self.extra.iter().map(|(unit, number)| (&**unit, Json::Float(*number)));
        Json::Object(vec![
            ("N", integer(self.runs)),
            ("T", integer(u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX))),
            ("Bytes", Json::Integer(0)),
            ("MemAllocs", integer(self.results)),
            ("MemBytes", integer(self.bytes)),
            ("Extra", Json::Object(extra.collect())),
        ])
    }

    fn memory_per_op(&self) -> [u64; 2] {
        [self.bytes / self.runs.max(1), self.results / self.runs.max(1)]
    }
}

/// Whether memory is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// It is.
    Shown,
    /// It is not.
    Hidden,
}

impl Memory {
    /// Returns what a flag says.
    pub(crate) fn of_flag(flag: bool) -> Self {
        if flag { Self::Shown } else { Self::Hidden }
    }
}

/// From which number on no decimals are shown, and how many are at most: in Go's lines, and in OPA's
/// table, which is that of an older Go.
const IN_LINES: (f64, usize) = (999.95, 7);
const IN_TABLES: (f64, usize) = (99.95, 6);

/// Returns a number with about three digits or more, in a column whose point stands at one place.
fn in_columns(number: f64, (whole_from, decimals_max): (f64, usize)) -> String {
    let size = number.abs();
    let marks = std::iter::successors(Some(whole_from), |mark| Some(mark / 10.0));
    let decimals = match size == 0.0 {
        true => 0,
        false => marks.take(decimals_max).filter(|mark| size < *mark).count(),
    };
    let width = if decimals == 0 { 10 } else { 11 + decimals };
    format!("{number:width$.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_columns() {
        for (number, go, table) in [
            (0.0, "         0", "         0"),
            (1234.5, "      1234", "      1234"),
            (999.94, "       999.9", "      1000"),
            (100.0, "       100.0", "       100"),
            (99.9, "        99.90", "        99.9"),
            (12.345, "        12.35", "        12.3"),
            (1.2345, "         1.234", "         1.23"),
            (0.01234, "         0.01234", "         0.0123"),
            (0.00001, "         0.0000100", "         0.000010"),
        ] {
            assert_eq!(in_columns(number, IN_LINES), go, "{number}");
            assert_eq!(in_columns(number, IN_TABLES), table, "{number}");
        }
    }

    #[test]
    fn a_second_is_reached_in_few_tries() {
        assert_eq!(more_runs(1, Duration::from_millis(100)), 12);
        assert_eq!(more_runs(1, Duration::from_nanos(10)), 100);
        assert_eq!(more_runs(10, Duration::from_millis(999)), 12);
        assert_eq!(more_runs(RUNS_MAX - 1, Duration::from_nanos(1)), RUNS_MAX);
        let mut calls = 0;
        let failed = measure(&Usage::default(), |_| {
            calls += 1;
            if calls > 3 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((failed, calls), (Err("enough"), 4));
    }

    #[test]
    fn results_are_told_as_go_does() {
        let measured = Measured {
            runs: 200,
            time: Duration::from_micros(400),
            bytes: 20_000,
            results: 600,
            extra: BTreeMap::from([("timer/op".to_string(), 1500.0)]),
        };
        assert_eq!(
            measured.line(Memory::Shown),
            "     200\t      2000 ns/op\t      1500 timer/op\t     100 B/op\t       3 allocs/op"
        );
        assert_eq!(measured.rows(Memory::Hidden).len(), 3);
    }
}
