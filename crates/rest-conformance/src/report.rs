//! What a run prints.
//!
//! Must not know: how steps are judged.

use std::io::{self, Write};

use crate::finer::Finer;
use crate::known::Deviations;
use crate::run::{FileResult, StepResult};

/// Prints a line a file; with `details` also what was wrong in each step, in the finer grades, too.
///
/// Errors: those of the writer.
pub fn file(out: &mut dyn Write, result: &FileResult, details: Details) -> io::Result<()> {
    let (passed, failed) = totals([result]);
    writeln!(out, "{:<32} {passed:>4} passed {failed:>4} failed", result.name)?;
    for remark in &result.remarks {
        writeln!(out, "  {remark}")?;
    }
    if details == Details::None {
        return Ok(());
    }
    for step in &result.steps {
        if !step.passed() {
            writeln!(out, "  FAIL {}", step.id)?;
        } else if !step.judgement.finer.misses.is_empty() {
            writeln!(out, "  finer {}", step.id)?;
        }
        for complaint in &step.judgement.complaints {
            writeln!(out, "    {complaint}")?;
        }
        for miss in &step.judgement.finer.misses {
            writeln!(out, "    finer: {miss}")?;
        }
    }
    Ok(())
}

/// How much is printed of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Details {
    /// Numbers.
    #[default]
    None,
    /// What was wrong, step by step.
    Steps,
}

/// Prints the finer grades, the deviations from the list, and last `N passed, N failed`.
///
/// Errors: those of the writer.
pub fn end(out: &mut dyn Write, results: &[FileResult], deviations: &Deviations) -> io::Result<()> {
    let mut finer = Finer::default();
    for step in results.iter().flat_map(|file| &file.steps) {
        finer.add(&step.judgement.finer);
    }
    writeln!(out)?;
    for (grade, share) in &finer.shares {
        let percent = 100.0 * share.right as f64 / share.all.max(1) as f64;
        writeln!(
            out,
            "{:<32} {:>4} of {:>4} ({percent:.1} %)",
            grade.name(),
            share.right,
            share.all
        )?;
    }
    writeln!(out)?;
    for id in &deviations.unexpected_failures {
        writeln!(out, "not on the list, fails: {id}")?;
    }
    for id in &deviations.unexpected_passes {
        writeln!(out, "on the list, passes: {id}")?;
    }
    for id in &deviations.unknown {
        writeln!(out, "on the list, no such step: {id}")?;
    }
    let (passed, failed) = totals(results);
    writeln!(out, "{passed} passed, {failed} failed")
}

/// Returns how many steps passed and failed.
pub fn totals<'a>(results: impl IntoIterator<Item = &'a FileResult>) -> (usize, usize) {
    let steps: Vec<&StepResult> = results.into_iter().flat_map(|file| &file.steps).collect();
    let passed = steps.iter().filter(|step| step.passed()).count();
    (passed, steps.len() - passed)
}
