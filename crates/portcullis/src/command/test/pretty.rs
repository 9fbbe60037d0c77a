//! Results for people: each as it comes, a summary at the end.
//!
//! Source: OPA's `test --format=pretty` and `--format=gobench`.

use std::io::{self, Write};

use rego::testing::{Case, Verdict};

use super::runner::TestResult;
use super::traced::Failure;
use super::{Args, Format};
use crate::duration;
use crate::measure::Memory;

/// How wide a rule is.
const RULE: usize = 80;

/// What is to be shown, and what was.
pub(super) struct PrettyReport {
    verbose: bool,
    var_values: bool,
    bench: bool,
    memory: Memory,
    gobench: bool,
    last_file: Option<String>,
    /// What is said of failures at the end.
    failures: String,
    is_dirty: bool,
    passed: usize,
    failed: usize,
    skipped: usize,
    errors: usize,
}

impl PrettyReport {
    pub(super) fn new(args: &Args) -> Self {
        Self {
            verbose: args.verbose(),
            var_values: args.var_values,
            bench: args.bench,
            memory: Memory::of_flag(args.benchmem),
            gobench: args.format == Format::Gobench,
            last_file: None,
            failures: String::new(),
            is_dirty: false,
            passed: 0,
            failed: 0,
            skipped: 0,
            errors: 0,
        }
    }

    /// Counts a result and shows it where it is to be shown.
    pub(super) fn take(&mut self, result: &TestResult<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.count(result);
        if result.passed() && self.bench {
            self.is_dirty = true;
            writeln!(out, "{}", self.benchmark(result))?;
        } else if self.verbose || !result.passed() {
            self.is_dirty = true;
            self.show(result, out)?;
        }
        if let Verdict::Errored(error) = &result.outcome.verdict {
            writeln!(out, "  {error}")?;
        }
        out.flush()
    }

    /// A test with cases counts as many times as it has.
    fn count(&mut self, result: &TestResult<'_>) {
        match &result.outcome.verdict {
            Verdict::Skipped => self.skipped += 1,
            Verdict::Errored(_) => self.errors += 1,
            Verdict::Passed | Verdict::Failed if !result.outcome.cases.is_empty() => {
                result.outcome.cases.each(&mut |_, case| {
                    let leaf = usize::from(case.cases.is_empty());
                    *(if case.failed { &mut self.failed } else { &mut self.passed }) += leaf;
                });
            }
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
        }
        let tells_why = self.verbose || self.var_values;
        if matches!(result.outcome.verdict, Verdict::Failed) && tells_why {
            self.failures += &self.failure(result);
        }
    }

    /// Returns what is said of a failure at the end: its trace, the statement that failed; of one
    /// with cases, the same of each that failed, below the parts of its name.
    fn failure(&self, result: &TestResult<'_>) -> String {
        let (traced, cases) = (&result.traced, &result.outcome.cases);
        let mut text = format!("{}\n", line(result));
        if self.verbose {
            text.push('\n');
            text += &traced.lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
        }
        if cases.is_empty() {
            text += &self.statement(traced.failure.as_ref(), 0);
            return text + "\n";
        }
        text.push('\n');
        cases.each(&mut |name, case| {
            if !case.failed || !case.cases.is_empty() {
                return;
            }
            for (depth, part) in name.iter().enumerate() {
                text += &format!("{}{part}: FAIL\n", "  ".repeat(depth + 1));
            }
            let name: Vec<String> = name.iter().map(|part| part.to_string()).collect();
            text += &self.statement(traced.cases.get(&name), name.len() + 1);
        });
        text + "\n"
    }

    /// Returns the statement that failed, so many steps to the right.
    fn statement(&self, failure: Option<&Failure>, depth: usize) -> String {
        if !self.var_values {
            return String::new();
        }
        let (outer, inner) = ("  ".repeat(depth + 1), "  ".repeat(depth + 2));
        // OPA's blank lines are as far to the right as what stands around them.
        let blank = format!("{}\n", "  ".repeat(depth));
        let mut text = blank.clone();
        if let Some(failure) = failure {
            text += &format!("{outer}{}:{}:\n", failure.file, failure.row);
            text += &failure.lines.iter().map(|l| format!("{inner}{l}\n")).collect::<String>();
            text += &blank;
        }
        text
    }

    fn show(&mut self, result: &TestResult<'_>, out: &mut dyn Write) -> io::Result<()> {
        let file = &result.test.file;
        if self.last_file.as_ref().is_some_and(|last| last != file) {
            writeln!(out)?;
        }
        writeln!(out, "{file}:{}:", result.test.position.row)?;
        self.last_file = Some(file.clone());
        writeln!(out, "{}", line(result))?;
        let mut cases = String::new();
        result.outcome.cases.each(&mut |name, case| {
            if case.failed || self.verbose {
                let indent = "  ".repeat(name.len());
                let last = name.last().copied().unwrap_or_default();
                cases += &format!("{indent}{last}: {}\n", case_verdict(case));
            }
        });
        out.write_all(cases.as_bytes())?;
        let output = result.outcome.output.trim();
        if !result.outcome.output.is_empty() {
            writeln!(out, "\n{}\n", indented(output))?;
        }
        Ok(())
    }

    fn benchmark(&self, result: &TestResult<'_>) -> String {
        let name = result.test.full_name();
        let name = if self.gobench { go_name(&name) } else { name };
        let line = result.measured.as_ref().map(|measured| measured.line(self.memory));
        format!("{name}\t{}", line.unwrap_or_default())
    }

    /// Shows failures again, and how many tests came to what.
    pub(super) fn finish(&self, out: &mut dyn Write) -> io::Result<()> {
        let rule = "-".repeat(RULE);
        if !self.failures.is_empty() && self.failed > 0 {
            write!(out, "{rule}\nFAILURES\n{rule}\n{}", self.failures)?;
        }
        if self.is_dirty {
            writeln!(out, "{rule}")?;
        }
        let counts = [
            ("PASS", self.passed),
            ("FAIL", self.failed),
            ("SKIPPED", self.skipped),
            ("ERROR", self.errors),
        ];
        let total: usize = counts.iter().map(|(_, count)| count).sum();
        for (name, count) in counts.iter().filter(|(_, count)| *count > 0) {
            writeln!(out, "{name}: {count}/{total}")?;
        }
        Ok(())
    }
}

/// Returns the line of a test.
pub(super) fn line(result: &TestResult<'_>) -> String {
    let name = result.test.full_name();
    let verdict = match result.outcome.verdict {
        Verdict::Passed => "PASS",
        Verdict::Failed => "FAIL",
        Verdict::Errored(_) => "ERROR",
        Verdict::Skipped => return format!("{name}: SKIPPED"),
    };
    format!("{name}: {verdict} ({})", duration::text(result.duration))
}

fn case_verdict(case: &Case) -> &'static str {
    if case.failed { "FAIL" } else { "PASS" }
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// Returns `BenchmarkDataAuthzTestAllowed` for `data.authz.test_allowed`: Go's tools want it so.
fn go_name(name: &str) -> String {
    let parts = name.split(['.', '_']).map(|part| {
        let mut chars = part.chars();
        let first = chars.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + chars.as_str()
    });
    format!("Benchmark{}", parts.collect::<String>())
}
