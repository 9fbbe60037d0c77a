//! Runs scenarios: a fresh server each, its steps in order, then its console.
//!
//! Must not know: how answers are compared.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::console;
use crate::error::Error;
use crate::exchange::exchange;
use crate::judge::{self, Judgement};
use crate::scenario::{Scenario, TranscriptFile};
use crate::server::Server;

/// Scenarios that run at the same time.
const AT_ONCE: usize = 2;

/// Longest wait for one answer.
const STEP_LIMIT: Duration = Duration::from_secs(4);

/// Longest time for the steps of one scenario.
const SCENARIO_LIMIT: Duration = Duration::from_secs(15);

/// Longest time for all scenarios; those that would begin later fail.
const RUN_LIMIT: Duration = Duration::from_secs(50);

/// Longest wait for lines on the console: they are written behind the answers.
const CONSOLE_LIMIT: Duration = Duration::from_secs(2);

/// Time between two looks at the console.
const CONSOLE_LOOK: Duration = Duration::from_millis(10);

/// What a server with bundles gets to load them once it listens: what was recorded is its state after
/// that, and asking would change what is counted.
const SETTLE: Duration = Duration::from_millis(400);

/// What a file of scenarios came to.
#[derive(Clone, Debug, Default)]
pub struct FileResult {
    /// The file's name.
    pub name: String,
    /// Its steps, in its order.
    pub steps: Vec<StepResult>,
    /// What was odd about its servers.
    pub remarks: Vec<String>,
}

/// What a step came to.
#[derive(Clone, Debug, Default)]
pub struct StepResult {
    /// The scenario's note, ` #` and the step's number from 0, or ` #console`.
    pub id: String,
    /// What is said of it.
    pub judgement: Judgement,
}

impl StepResult {
    /// Whether nothing is wrong but perhaps in the finer grades.
    pub fn passed(&self) -> bool {
        self.judgement.complaints.is_empty()
    }
}

/// Runs the scenarios of the files whose notes contain `filter`, each with a fresh process of the
/// binary. Returns the results in the order of the files.
pub fn run(server: &Path, files: &[TranscriptFile], filter: &str) -> Vec<FileResult> {
    let mut results: Vec<FileResult> = files
        .iter()
        .map(|f| FileResult { name: f.name.clone(), ..FileResult::default() })
        .collect();
    let scenarios: Vec<(usize, &Scenario)> = files
        .iter()
        .enumerate()
        .flat_map(|(at, file)| file.scenarios.iter().map(move |scenario| (at, scenario)))
        .filter(|(_, scenario)| scenario.note.contains(filter))
        .collect();
    for (at, (file, outcome)) in outcomes(server, &scenarios).into_iter().enumerate() {
        let Some(result) = results.get_mut(file) else { continue };
        let note = scenarios.get(at).map_or("", |(_, scenario)| &scenario.note);
        result.steps.extend(outcome.steps);
        if !outcome.ended_in_time {
            result.remarks.push(format!("did not end when told to: {note}"));
        }
    }
    results
}

/// What a scenario came to.
#[derive(Default)]
struct Outcome {
    steps: Vec<StepResult>,
    ended_in_time: bool,
}

/// Runs scenarios, some at a time; returns their outcomes in their order, with their file's number.
fn outcomes(server: &Path, scenarios: &[(usize, &Scenario)]) -> Vec<(usize, Outcome)> {
    let end = Instant::now() + RUN_LIMIT;
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, (file, scenario))) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            scenarios.get(at).map(|scenario| (at, scenario))
        } {
            let outcome = run_scenario(server, scenario, end);
            if let Ok(mut done) = done.lock() {
                done.push((at, *file, outcome));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, ..)| *at);
    done.into_iter().map(|(_, file, outcome)| (file, outcome)).collect()
}

fn run_scenario(binary: &Path, scenario: &Scenario, end: Instant) -> Outcome {
    let fail = |error: &Error| {
        let steps = (0..scenario.steps.len()).map(|at| at.to_string());
        let names = steps.chain(scenario.console.iter().map(|_| "console".to_owned()));
        let steps = names.map(|name| result(scenario, &name, Judgement::failed(error))).collect();
        Outcome { steps, ended_in_time: true }
    };
    if Instant::now() >= end {
        return fail(&Error::OutOfTime);
    }
    let server = match Server::start(binary, &scenario.server) {
        Ok(server) => server,
        Err(error) => return fail(&error),
    };
    if scenario.server.config.as_ref().is_some_and(|config| config.get("bundles").is_some()) {
        thread::sleep(SETTLE);
    }
    let end = end.min(Instant::now() + SCENARIO_LIMIT);
    let mut steps = Vec::new();
    for (at, step) in scenario.steps.iter().enumerate() {
        let limit = STEP_LIMIT.min(end.saturating_duration_since(Instant::now()));
        let answer = match limit.is_zero() {
            true => Err(Error::OutOfTime),
            false => exchange(server.address(), &step.request, limit),
        };
        steps.push(result(scenario, &at.to_string(), judge::step(step, &answer)));
    }
    let (judgement, ended_in_time) = console_of(server, scenario);
    steps.extend(judgement.map(|judgement| result(scenario, "console", judgement)));
    Outcome { steps, ended_in_time }
}

/// Ends a server and judges its console: the status as it was before it was told to end, decisions
/// also from after that, for some may be written late.
fn console_of(server: Server, scenario: &Scenario) -> (Option<Judgement>, bool) {
    let Some(want) = &scenario.console else {
        return (None, server.stop().in_time);
    };
    let end = Instant::now() + CONSOLE_LIMIT;
    let mut before = server.log();
    while !console::is_complete(want, &before) && Instant::now() < end {
        thread::sleep(CONSOLE_LOOK);
        before = server.log();
    }
    let ended = server.stop();
    let mut judgement = console::decisions(want, &ended.log);
    let status = console::status(want, &before);
    judgement.complaints.extend(status.complaints);
    judgement.finer.add(&status.finer);
    (Some(judgement), ended.in_time)
}

fn result(scenario: &Scenario, step: &str, judgement: Judgement) -> StepResult {
    StepResult { id: format!("{} #{step}", scenario.note), judgement }
}
