//! Loading a big document: time and memory, in a process of its own for each engine.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::clock;
use crate::failure::{Failure, Outcome};
use crate::ours::Ours;
use crate::peer::Interpreter;
use crate::workload;

/// What loading took.
pub(crate) struct Load {
    /// CPU time until the first answer, in nanoseconds.
    pub(crate) time_ns: f64,
    /// Resident memory after it, in KiB.
    pub(crate) rss_kib: u64,
}

/// Runs this program again to load a workload with one engine.
pub(crate) fn measure(engine: &str, dir: &Path) -> Outcome<Load> {
    let program = std::env::current_exe()?;
    let output = Command::new(program).arg("load").arg(engine).arg(dir).output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Failure(format!("loading with {engine}: {}", text.trim())));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(time)), Some(Ok(rss_kib))) => Ok(Load { time_ns: time as f64, rss_kib }),
        _ => Err(Failure(format!("loading with {engine} said `{}`", text.trim()))),
    }
}

/// What the other process does: loads, asks once, prints nanoseconds and KiB.
pub(crate) fn child(engine: &str, dir: &str) -> Outcome<()> {
    let workload = workload::read(Path::new(dir))?;
    let start = clock::cpu_time();
    // The text of the workload is not the engine's memory, so it goes before that is measured.
    if engine == "ours" {
        let ours = Ours::new(&workload)?;
        drop(workload);
        ours.eval()?;
        print(start)
    } else {
        let mut peer = Interpreter::new(&workload)?;
        drop(workload);
        peer.eval()?;
        print(start)
    }
}

fn print(start: Duration) -> Outcome<()> {
    let time = clock::cpu_time() - start;
    Ok(writeln!(io::stdout(), "{} {}", time.as_nanos(), rss_kib("self")?)?)
}

/// Returns the resident memory of a process, in KiB.
pub(crate) fn rss_kib(process: &str) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok());
    number.ok_or_else(|| Failure(format!("no VmRSS in the status of {process}")))
}
