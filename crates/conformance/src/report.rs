//! What a run prints.

use std::io::{self, Write};

use crate::judge::Finer;
use crate::known::Deviations;
use crate::run::FileResult;

/// Prints a line a file; with `verbose` also each failure, with what was asked for and what came.
///
/// Errors: those of the writer.
pub fn file(out: &mut dyn Write, result: &FileResult, verbose: bool) -> io::Result<()> {
    let (passed, failed) = (result.passed.len(), result.failed.len());
    writeln!(out, "{:<58} {passed:>4} passed {failed:>4} failed", result.name)?;
    if verbose {
        for (id, failure) in &result.failed {
            writeln!(out, "  FAIL {id}  [{}]", failure.sort)?;
            writeln!(out, "    want {}\n    got  {}", failure.want, failure.got)?;
        }
        for (id, line) in &result.near {
            writeln!(out, "  NEAR {id}\n    want {line}")?;
        }
    }
    Ok(())
}

/// Prints the finer grade, the deviations from the list, and last `N passed, N failed`.
///
/// Errors: those of the writer.
pub fn end(out: &mut dyn Write, results: &[FileResult], deviations: &Deviations) -> io::Result<()> {
    writeln!(out)?;
    suites(out, results)?;
    for id in &deviations.unexpected_failures {
        writeln!(out, "not on the list, fails: {id}")?;
    }
    for id in &deviations.unexpected_passes {
        writeln!(out, "on the list, passes: {id}")?;
    }
    let (passed, failed) = totals(results);
    writeln!(out, "{passed} passed, {failed} failed")
}

/// Returns how many cases passed and failed.
pub fn totals<'a>(results: impl IntoIterator<Item = &'a FileResult>) -> (usize, usize) {
    let add = |(p, f): (usize, usize), r: &FileResult| (p + r.passed.len(), f + r.failed.len());
    results.into_iter().fold((0, 0), add)
}

/// Returns the share as a percentage, 100 of nothing.
pub fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn suites(out: &mut dyn Write, results: &[FileResult]) -> io::Result<()> {
    for of_suite in results.chunk_by(|a, b| suite(a) == suite(b)) {
        let name = of_suite.first().map(suite).unwrap_or_default();
        let (passed, failed) = totals(of_suite);
        let share = percent(passed, passed + failed);
        writeln!(out, "{name}: {passed} passed, {failed} failed ({share:.1} %)")?;
        let mut finer = Finer::default();
        of_suite.iter().for_each(|r| finer.add(r.finer));
        if finer.errors > 0 {
            let of = |part| percent(part, finer.errors);
            let Finer { errors, codes, messages, places } = finer;
            writeln!(
                out,
                "  of its {errors} errors: code {:.1} %, message {:.1} %, row and column {:.1} %",
                of(codes),
                of(messages),
                of(places)
            )?;
        }
    }
    Ok(())
}

fn suite(result: &FileResult) -> &str {
    result.name.split('/').next().unwrap_or_default()
}
