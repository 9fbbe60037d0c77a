//! `portcullis docker-authz check`: does the policy compile, does it look right, do its tests pass?

use std::io::{BufWriter, Write, stderr, stdout};

use anyhow::Result;
use portcullis_docker::policy_tests::{CheckError, TestResult, check};
use rego::testing::Verdict;

use super::policy::PolicyFlags;
use crate::exit::Exit;

/// Compile the gate's policy, look for likely mistakes, and run its tests
///
/// Tests are rules whose names begin with `test_`, in the policy's directories and in those of
/// `--tests`. Exits with 0 where all is well; with 1 where the policy does not compile, a test does not
/// pass, or with --strict something looks like a mistake; with 2 for wrong flags.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Policy file or directory; may be repeated. Without any, the embedded policy
    #[arg(long = "policy", visible_alias = "policy-file", value_name = "PATH")]
    policy: Vec<String>,
    /// File or directory with tests that the gate does not load; may be repeated
    #[arg(long, value_name = "PATH")]
    tests: Vec<String>,
    /// Likely mistakes fail the check
    #[arg(long, short = 'S')]
    strict: bool,
    /// Show tests that pass, too
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    flags: PolicyFlags,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let checked = match check(&args.flags.gate(&args.policy), &args.tests) {
        Ok(checked) => checked,
        Err(error) => {
            writeln!(stderr(), "error: {error}")?;
            return Ok(match error {
                CheckError::Arguments(_) => Exit::Failure,
                CheckError::Policy(_) | CheckError::Load(_) | CheckError::Tests(_) => Exit::Refused,
            });
        }
    };
    for line in checked.warnings.iter().chain(&checked.findings) {
        writeln!(stderr(), "warning: {line}")?;
    }
    let mut out = BufWriter::new(stdout().lock());
    for test in &checked.tests {
        show(test, args, &mut out)?;
    }
    let count = |is: fn(&Verdict) -> bool| checked.tests.iter().filter(|t| is(&t.verdict)).count();
    let passed = count(|verdict| matches!(verdict, Verdict::Passed));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped));
    let failed = checked.tests.len() - passed - skipped;
    let findings = checked.findings.len();
    let counts = format!("{passed} passed, {failed} failed, {skipped} skipped");
    writeln!(out, "policy compiles; likely mistakes: {findings}; tests: {counts}")?;
    out.flush()?;
    let is_well = failed == 0 && !(args.strict && findings > 0);
    Ok(if is_well { Exit::Success } else { Exit::Refused })
}

fn show(test: &TestResult, args: &Args, out: &mut dyn Write) -> Result<()> {
    let (file, row) = &test.place;
    let (word, is_shown) = match &test.verdict {
        Verdict::Passed => ("PASS", args.verbose),
        Verdict::Skipped => ("SKIPPED", args.verbose),
        Verdict::Failed => ("FAIL", true),
        Verdict::Errored(_) => ("ERROR", true),
    };
    if !is_shown {
        return Ok(());
    }
    writeln!(out, "{file}:{row}: {}: {word}", test.name)?;
    if let Verdict::Errored(error) = &test.verdict {
        writeln!(out, "  {error}")?;
    }
    for line in test.output.lines() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}
