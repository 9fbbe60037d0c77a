//! Where results go: the report of the format that was asked for.

use std::io::{self, Write};

use super::coverage::CoverageReport;
use super::json_report::JsonReport;
use super::junit::JunitReport;
use super::pretty::PrettyReport;
use super::runner::{Runner, TestResult};
use super::{Args, Format};
use crate::exit::Exit;

/// Takes results one by one, and what is to be said at the end.
pub(super) enum Sink<'t> {
    /// Says each at once.
    Pretty(PrettyReport),
    /// Says all at the end.
    Json(JsonReport<'t>),
    /// Says all at the end.
    Junit(JunitReport<'t>),
    /// Says at the end what ran.
    Coverage(CoverageReport),
}

impl<'t> Sink<'t> {
    /// Returns the report that the flags ask for.
    pub(super) fn new(args: &Args) -> Self {
        if args.coverage() {
            return Self::Coverage(CoverageReport::default());
        }
        match args.format {
            Format::Pretty | Format::Gobench => Self::Pretty(PrettyReport::new(args)),
            Format::Json => Self::Json(JsonReport::new(args)),
            Format::Junit => Self::Junit(JunitReport::default()),
        }
    }

    /// Takes a result.
    pub(super) fn take(&mut self, args: &Args, result: TestResult<'t>) -> io::Result<()> {
        match self {
            Self::Pretty(report) => report.take(&result, &mut io::stdout().lock())?,
            Self::Json(report) => report.take(result),
            Self::Junit(report) => report.take(result),
            Self::Coverage(report) => report.take(args, &result)?,
        }
        Ok(())
    }

    /// Says the rest; returns how the process ends, where not as the tests have it.
    pub(super) fn finish(self, args: &Args, runner: &Runner<'_>) -> io::Result<Option<Exit>> {
        let mut out = io::stdout().lock();
        match self {
            Self::Coverage(report) => return report.finish(args, &runner.coverage(), &mut out),
            Self::Pretty(report) => report.finish(&mut out)?,
            Self::Json(report) => report.finish(&mut out)?,
            Self::Junit(report) => report.finish(&mut out)?,
        }
        out.flush()?;
        Ok(None)
    }
}
