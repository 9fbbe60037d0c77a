//! Runs tests on several threads, and hands on the results in the order of the tests.
//!
//! Must not know: how results are shown.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use portcullis_service::host::{SystemHost, runtime_document};
use rego::cover::{Cover, Report as Coverage};
use rego::testing::{Outcome, PreparedTest, Test, TestLog, Verdict};
use rego::trace::Tracer;
use rego::{EvalOptions, Policy, Usage};

use super::progress::Progress;
use super::sources::Sources;
use super::traced::{Traced, Tracing};
use super::{Args, pattern};
use crate::command::version;
use crate::exit::Exit;
use crate::measure::{self, Measured};
use crate::network::network;
use crate::report::Report;

/// Stack of a thread that runs tests, in bytes.
const STACK_BYTES: usize = 8 << 20;

/// Results that may wait to be shown before the threads wait, too.
const RESULTS_WAITING_MAX: usize = 1024;

/// What a test came to, and how long it took.
pub(super) struct TestResult<'t> {
    pub(super) test: &'t Test,
    pub(super) outcome: Outcome,
    pub(super) duration: Duration,
    /// Where it was measured.
    pub(super) measured: Option<Measured>,
    /// Where it was traced.
    pub(super) traced: Traced,
}

impl TestResult<'_> {
    /// Whether it holds.
    pub(super) fn passed(&self) -> bool {
        matches!(self.outcome.verdict, Verdict::Passed)
    }
}

/// How many tests came to what.
#[derive(Default)]
pub(super) struct Tally {
    ran: usize,
    not_passed: usize,
    skipped: usize,
}

impl Tally {
    fn add(&mut self, result: &TestResult<'_>) {
        self.ran += 1;
        match result.outcome.verdict {
            Verdict::Passed => {}
            Verdict::Skipped => self.skipped += 1,
            Verdict::Failed | Verdict::Errored(_) => self.not_passed += 1,
        }
    }

    /// Whether there was no test.
    pub(super) fn is_empty(&self) -> bool {
        self.ran == 0
    }

    /// Returns how the process ends.
    pub(super) fn exit(&self, args: &Args) -> Exit {
        if self.not_passed > 0 || (self.skipped > 0 && !args.exit_zero_on_skipped) {
            Exit::Failure
        } else if self.is_empty() && args.fail_on_empty {
            Exit::Refused
        } else {
            Exit::Success
        }
    }
}

/// Tests that are ready to be run.
pub(super) struct Runner<'a> {
    args: &'a Args,
    policy: Policy,
    tests: Vec<Test>,
    host: SystemHost,
    cover: Option<Cover>,
}

impl<'a> Runner<'a> {
    /// Compiles what was read.
    ///
    /// Errors: what is wrong with it, or with the filter.
    pub(super) fn new(args: &'a Args, sources: &Sources) -> Result<Self, Vec<Report>> {
        let wanted = pattern(args)?;
        let policy = sources.compile(args)?;
        let mut tests = policy.tests();
        tests
            .retain(|test| wanted.as_ref().is_none_or(|wanted| wanted.is_match(&test.full_name())));
        tests.sort_by(|a, b| (&a.file, a.position).cmp(&(&b.file, b.position)));
        let runtime = runtime_document(env!("CARGO_PKG_VERSION"), version::commit());
        let host = SystemHost::new()
            .with_runtime(runtime)
            .with_network(network())
            .with_values(Arc::default());
        let cover = args.coverage().then(Cover::new);
        Ok(Self { args, policy, tests, host, cover })
    }

    /// Runs all tests; `show` gets each result, in their order.
    ///
    /// Errors: those of `show`, and a system that has no threads.
    pub(super) fn run<'t>(
        &'t self,
        show: &mut dyn FnMut(TestResult<'t>) -> std::io::Result<()>,
    ) -> Result<Tally> {
        // What is measured has the machine for itself.
        let threads = if self.args.bench { 1 } else { self.args.parallel() };
        let threads = threads.clamp(1, self.tests.len().max(1));
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, results) = mpsc::sync_channel(RESULTS_WAITING_MAX);
        let mut tally = Tally::default();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (sender, next, stop) = (sender.clone(), &next, &stop);
                let work = move || {
                    while !stop.load(Ordering::Relaxed) {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(test) = self.tests.get(at) else { break };
                        if sender.send((at, self.one(test))).is_err() {
                            break;
                        }
                    }
                };
                std::thread::Builder::new()
                    .name("test".to_string())
                    .stack_size(STACK_BYTES)
                    .spawn_scoped(scope, work)
                    .context("cannot start a thread")?;
            }
            drop(sender);
            let shown = self.show_all(results, &mut tally, show);
            stop.store(true, Ordering::Relaxed);
            shown.map_err(anyhow::Error::from)
        })?;
        Ok(tally)
    }

    /// Shows results as soon as all before them are there.
    fn show_all<'t>(
        &self,
        results: mpsc::Receiver<(usize, TestResult<'t>)>,
        tally: &mut Tally,
        show: &mut dyn FnMut(TestResult<'t>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let mut waiting = BTreeMap::new();
        let mut progress = Progress::new(self.tests.len());
        for (at, result) in results {
            progress.done(!result.passed());
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&tally.ran) {
                tally.add(&result);
                progress.clear();
                show(result)?;
            }
            progress.show();
        }
        progress.clear();
        Ok(())
    }

    /// Returns what ran of the policy so far.
    pub(super) fn coverage(&self) -> Coverage {
        self.cover.as_ref().map(|cover| cover.report(&self.policy)).unwrap_or_default()
    }

    fn one<'t>(&self, test: &'t Test) -> TestResult<'t> {
        let traced = Traced::default();
        if test.skipped {
            let (outcome, duration) = (Outcome::skipped(), Duration::ZERO);
            return TestResult { test, outcome, duration, measured: None, traced };
        }
        let deadline = Instant::now() + self.args.timeout();
        let start = Instant::now();
        let prepared = match test.prepare(&self.policy) {
            Ok(prepared) => prepared,
            Err(error) => {
                let (outcome, duration) = (Outcome::errored(error), start.elapsed());
                return TestResult { test, outcome, duration, measured: None, traced };
            }
        };
        let tracing = self.args.traces().then(|| Arc::new(Tracing::new(self.args)));
        let (outcome, measured) = if self.args.bench {
            self.measure(&prepared, deadline)
        } else {
            (self.evaluate(&prepared, deadline, tracing.as_ref(), None), None)
        };
        let mut result = TestResult { test, outcome, duration: start.elapsed(), measured, traced };
        if let Some(tracing) = &tracing {
            result.traced = tracing.finish(self.args, test, &prepared, result.passed());
        }
        result
    }

    fn evaluate(
        &self,
        test: &PreparedTest,
        deadline: Instant,
        tracing: Option<&Arc<Tracing>>,
        usage: Option<&Usage>,
    ) -> Outcome {
        let log = Arc::new(TestLog::default());
        let (lines, cases, traced) = (Arc::clone(&log), Arc::clone(&log), tracing.cloned());
        let host = self
            .host
            .clone()
            .with_deadline(Some(deadline))
            .with_print(move |_place, line| lines.print(line))
            .with_test_case(move |name| {
                cases.test_case(name);
                if let Some(traced) = &traced {
                    traced.test_case(name);
                }
            });
        let trace = tracing.map(|tracing| &tracing.trace as &dyn Tracer);
        let cover = self.cover.as_ref().map(|cover| cover as &dyn Tracer);
        let tracer = trace.or(cover);
        let options = EvalOptions { host: &host, usage, tracer, ..EvalOptions::default() };
        test.run(&options, &log)
    }

    /// Runs a test over and over, as long as it passes.
    fn measure(&self, test: &PreparedTest, deadline: Instant) -> (Outcome, Option<Measured>) {
        let usage = Usage::default();
        let mut last = None;
        let measured = measure::measure(&usage, |_| {
            let outcome = self.evaluate(test, deadline, None, Some(&usage));
            let passed = matches!(outcome.verdict, Verdict::Passed);
            last = Some(outcome);
            if passed { Ok(()) } else { Err(()) }
        });
        let outcome = last.unwrap_or_else(Outcome::skipped);
        let measured = measured.ok().map(|measured| {
            let ns_per_op = measured.ns_per_op();
            measured.with_extra("timer_rego_query_eval_ns/op", ns_per_op)
        });
        (outcome, measured)
    }
}
