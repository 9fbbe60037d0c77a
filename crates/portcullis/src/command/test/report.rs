//! Where results go: the report of the format that was asked for.

use std::io::{self, Write};

use super::json_report::JsonReport;
use super::junit::JunitReport;
use super::pretty::PrettyReport;
use super::runner::TestResult;
use super::{Args, Format};

/// Takes results one by one, and what is to be said at the end.
pub(super) enum Sink<'t> {
    /// Says each at once.
    Pretty(PrettyReport),
    /// Says all at the end.
    Json(JsonReport<'t>),
    /// Says all at the end.
    Junit(JunitReport<'t>),
}

impl<'t> Sink<'t> {
    /// Returns the report that the flags ask for.
    pub(super) fn new(args: &Args) -> Self {
        match args.format {
            Format::Pretty | Format::Gobench => Self::Pretty(PrettyReport::new(args)),
            Format::Json => Self::Json(JsonReport::new(args)),
            Format::Junit => Self::Junit(JunitReport::default()),
        }
    }

    /// Takes a result.
    pub(super) fn take(&mut self, result: TestResult<'t>) -> io::Result<()> {
        match self {
            Self::Pretty(report) => report.take(&result, &mut io::stdout().lock())?,
            Self::Json(report) => report.take(result),
            Self::Junit(report) => report.take(result),
        }
        Ok(())
    }

    /// Says the rest.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self {
            Self::Pretty(report) => report.finish(&mut out)?,
            Self::Json(report) => report.finish(&mut out)?,
            Self::Junit(report) => report.finish(&mut out)?,
        }
        out.flush()
    }
}
