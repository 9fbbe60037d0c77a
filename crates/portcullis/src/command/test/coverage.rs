//! `test --coverage`: which rows of the policies the tests run, in place of results.
//!
//! Source: OPA's `test --coverage` and `--threshold`; `v1/cover`.

use std::fmt::Write as _;
use std::io::{self, Write};

use rego::cover::{FileReport, Report, row_ranges};
use rego::testing::Verdict;

use super::Args;
use super::pretty::PrettyReport;
use super::runner::TestResult;
use crate::exit::Exit;
use crate::json::{self, Json};

/// What stands in the way of a report: tests that do not pass.
#[derive(Default)]
pub(super) struct CoverageReport {
    /// The first error.
    error: Option<String>,
    /// The first failure.
    failure: Option<String>,
    failures: Vec<u8>,
    shown: Option<PrettyReport>,
}

impl CoverageReport {
    /// Takes a result.
    pub(super) fn take(&mut self, args: &Args, result: &TestResult<'_>) -> io::Result<()> {
        match &result.outcome.verdict {
            Verdict::Errored(error) if self.error.is_none() => self.error = Some(error.to_string()),
            Verdict::Failed => {
                self.failure.get_or_insert_with(|| super::pretty::line(result));
                let shown = self.shown.get_or_insert_with(|| PrettyReport::new(args));
                shown.take(result, &mut self.failures)?;
            }
            Verdict::Errored(_) | Verdict::Passed | Verdict::Skipped => {}
        }
        Ok(())
    }

    /// Writes the report, or what stands in its way; returns how the process ends, where not as the
    /// tests have it.
    pub(super) fn finish(
        mut self,
        args: &Args,
        report: &Report,
        mut out: &mut dyn Write,
    ) -> io::Result<Option<Exit>> {
        let mut err = io::stderr().lock();
        if let Some(error) = self.error {
            writeln!(err, "{error}")?;
            return Ok(Some(Exit::Refused));
        }
        if let (Some(shown), Some(failure)) = (self.shown, self.failure) {
            shown.finish(&mut self.failures)?;
            out.write_all(&self.failures)?;
            out.flush()?;
            writeln!(err, "{failure}")?;
            return Ok(Some(Exit::Refused));
        }
        if report.percent() < args.threshold {
            writeln!(err, "{}", below_threshold(args, report))?;
            return Ok(Some(Exit::Failure));
        }
        json::write(&mut out, &document(report))?;
        out.flush()?;
        Ok(None)
    }
}

fn below_threshold(args: &Args, report: &Report) -> String {
    let mut text = format!(
        "Code coverage threshold not met: got {:.2} instead of {:.2}",
        report.percent(),
        args.threshold
    );
    if args.verbose() && !report.files.is_empty() {
        text += "\nLines not covered:";
        for (name, file) in &report.files {
            for (first, last) in row_ranges(&file.not_covered) {
                // Writing to a string does not fail.
                let _ = match first == last {
                    true => write!(text, "\n\t{name}:{first}"),
                    false => write!(text, "\n\t{name}:{first}-{last}"),
                };
            }
        }
    }
    text
}

fn document(report: &Report) -> Json<'_> {
    let files = report.files.iter().map(|(name, report)| (name.as_str(), file(report)));
    let (covered, not_covered) = report.rows();
    Json::Object(vec![
        ("files", Json::Object(files.collect())),
        ("covered_lines", count(covered)),
        ("not_covered_lines", count(not_covered)),
        ("coverage", Json::Float(report.percent())),
    ])
}

/// Every key is left out where there is nothing to say.
fn file(report: &FileReport) -> Json<'_> {
    let mut entries = Vec::new();
    for (key, rows) in [("covered", &report.covered), ("not_covered", &report.not_covered)] {
        if !rows.is_empty() {
            let ranges = row_ranges(rows).into_iter().map(|(first, last)| {
                Json::Object(vec![("start", place(first)), ("end", place(last))])
            });
            entries.push((key, Json::Array(ranges.collect())));
        }
    }
    for (key, rows) in
        [("covered_lines", &report.covered), ("not_covered_lines", &report.not_covered)]
    {
        if !rows.is_empty() {
            entries.push((key, count(rows.len())));
        }
    }
    if !report.covered.is_empty() {
        entries.push(("coverage", Json::Float(report.percent())));
    }
    Json::Object(entries)
}

fn place(row: u32) -> Json<'static> {
    Json::Object(vec![("row", Json::Integer(row.into()))])
}

fn count(rows: usize) -> Json<'static> {
    Json::Integer(i64::try_from(rows).unwrap_or(i64::MAX))
}
