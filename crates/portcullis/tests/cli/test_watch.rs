//! `test --watch`: tests run again when files change.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::place::Place;

/// How long a line may take: others use the machine, too.
const PATIENCE: Duration = Duration::from_secs(30);

struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_change_runs_the_tests_again() {
    let place = Place::with(&[("p/a.rego", "package p\n\ntest_a if true\n")]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .arg0("portcullis")
        .args(["test", "--watch", "p"])
        .current_dir(place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let _watching = Watching(child);
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    let until = |wanted: &str| {
        let mut seen = Vec::new();
        loop {
            let line =
                lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{wanted}: {seen:?}"));
            seen.push(line);
            if seen.last().is_some_and(|line| line == wanted) {
                return seen;
            }
        }
    };
    let first = until("Watching for changes ...");
    assert_eq!(first, ["PASS: 1/1", &"*".repeat(80), "Watching for changes ..."]);
    place.put("p/a.rego", b"package p\n\ntest_a if true\n\ntest_b if true\n");
    until("PASS: 2/2");
    until("Watching for changes ...");
    place.put("p/b.rego", b"package p\n\ntest_c if false\n");
    until("FAIL: 1/3");
}
