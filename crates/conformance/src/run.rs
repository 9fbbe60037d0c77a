//! Runs cases one after the other, each in a thread of its own, so that one that panics or never
//! ends is a failure like any other.

use std::any::Any;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::case::{Case, CaseFile};
use crate::judge::{Failure, Finer, Judged, Mode, judge};

/// How long a case may take, compilation included.
const CASE_TIME_MAX: Duration = Duration::from_secs(120);

/// Stack of the thread a case runs in, in bytes: that of an ordinary main thread.
const STACK_BYTES: usize = 8 << 20;

/// What came of a file of cases.
#[derive(Clone, Debug, Default)]
pub struct FileResult {
    /// `suite/file`.
    pub name: String,
    /// The ids of the cases that passed.
    pub passed: Vec<String>,
    /// The others, each with the reason.
    pub failed: Vec<(String, Failure)>,
    /// The finer grade of the errors.
    pub finer: Finer,
    /// The ids of cases whose errors differ in a finer way, with a line for each.
    pub near: Vec<(String, String)>,
}

/// Runs the cases of a file whose id contains `filter`.
pub fn run_file(file: &CaseFile, filter: &str, mode: Mode) -> FileResult {
    crate::sleep::install();
    let mut result = FileResult { name: file.name.clone(), ..FileResult::default() };
    for (id, case) in file.cases.iter().filter(|(id, _)| id.contains(filter)) {
        let judged = run_case(case, mode);
        result.finer.add(judged.finer);
        result.near.extend(judged.differences.into_iter().map(|line| (id.clone(), line)));
        match judged.failure {
            None => result.passed.push(id.clone()),
            Some(failure) => result.failed.push((id.clone(), failure)),
        }
    }
    result
}

/// Runs a case. One that does not end is left behind, which a run of some minutes can bear.
fn run_case(case: &Case, mode: Mode) -> Judged {
    let (sender, receiver) = mpsc::channel();
    let owned = case.clone();
    let work = move || {
        // The receiver is gone only where the case took too long, and then nobody asks.
        let _ = sender.send(judge(&owned, mode));
    };
    let Ok(thread) = thread::Builder::new().stack_size(STACK_BYTES).spawn(work) else {
        return failed("no thread to run in", String::new());
    };
    match receiver.recv_timeout(CASE_TIME_MAX) {
        Ok(judged) => judged,
        Err(mpsc::RecvTimeoutError::Timeout) => failed("did not end", String::new()),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Ok(()) => failed("no answer", String::new()),
            Err(payload) => failed("panicked", payload_text(payload.as_ref())),
        },
    }
}

fn failed(sort: &str, got: String) -> Judged {
    let failure = Failure { sort: sort.to_owned(), want: "an answer".to_owned(), got };
    Judged { failure: Some(failure), finer: Finer::default(), differences: Vec::new() }
}

fn payload_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}
