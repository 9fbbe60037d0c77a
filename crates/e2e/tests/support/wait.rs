//! Waiting: for a condition, and for a process, never longer than said.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Waits until `condition` holds; fails with `what` if it does not in time.
#[track_caller]
pub(crate) fn until(what: &str, most: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < most, "waited {most:?} for: {what}");
        thread::sleep(POLL);
    }
}

/// Waits for a process to end; returns whether it did in time.
pub(crate) fn ended(child: &mut Child, most: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < most {
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return true;
        }
        thread::sleep(POLL);
    }
    false
}

/// Runs a command to its end, with what it printed; fails if it takes too long.
#[track_caller]
pub(crate) fn output(command: &mut Command, most: Duration) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let out = child.stdout.take().map(reader);
    let err = child.stderr.take().map(reader);
    if !ended(&mut child, most) {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{command:?} took longer than {most:?}");
    }
    Output {
        status: child.wait().unwrap(),
        stdout: out.map(|thread| thread.join().unwrap()).unwrap_or_default(),
        stderr: err.map(|thread| thread.join().unwrap()).unwrap_or_default(),
    }
}

fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}
