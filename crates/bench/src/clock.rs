//! CPU time of this process, and how often a piece of work is repeated to measure it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::failure::Outcome;

/// A sample lasts at least this long, so that the clock's grain does not show.
const SAMPLE_MIN: Duration = Duration::from_millis(60);

/// Samples of each side; they take turns, so that a disturbance hits both.
const SAMPLES: usize = 5;

/// Work whose single run is longer than this is sampled fewer times.
const LONG_RUN: Duration = Duration::from_millis(400);

/// Work to be measured.
pub(crate) type Work<'w> = Box<dyn FnMut() -> Outcome<()> + 'w>;

/// Returns the CPU time this process has used.
pub(crate) fn cpu_time() -> Duration {
    let spec = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(spec.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(spec.tv_nsec).unwrap_or(0))
}

/// Returns the CPU time of one run.
pub(crate) fn once(work: &mut Work<'_>) -> Outcome<Duration> {
    let start = cpu_time();
    work()?;
    Ok(cpu_time() - start)
}

/// Returns the least CPU time a run takes on each side, in nanoseconds. The least of several
/// samples is what other work on the machine disturbs least.
pub(crate) fn compare(sides: &mut [Work<'_>]) -> Outcome<Vec<f64>> {
    let mut runs = Vec::with_capacity(sides.len());
    for side in sides.iter_mut() {
        runs.push(calibrate(side)?);
    }
    let mut least = vec![f64::INFINITY; sides.len()];
    for turn in 0..SAMPLES {
        for ((side, best), (runs, single)) in sides.iter_mut().zip(&mut least).zip(&runs) {
            if turn > 1 && *single > LONG_RUN {
                continue;
            }
            *best = best.min(sample(side, *runs)?);
        }
    }
    Ok(least)
}

/// Returns how many runs make a sample, and how long one takes.
fn calibrate(work: &mut Work<'_>) -> Outcome<(u32, Duration)> {
    let mut runs = 1_u32;
    loop {
        let start = cpu_time();
        for _ in 0..runs {
            work()?;
        }
        let spent = cpu_time() - start;
        if spent >= SAMPLE_MIN || runs >= 1 << 24 {
            return Ok((runs, spent / runs));
        }
        runs = runs.saturating_mul(if spent < SAMPLE_MIN / 8 { 8 } else { 2 });
    }
}

fn sample(work: &mut Work<'_>, runs: u32) -> Outcome<f64> {
    let start = cpu_time();
    for _ in 0..runs {
        work()?;
    }
    Ok((cpu_time() - start).as_nanos() as f64 / f64::from(runs))
}
