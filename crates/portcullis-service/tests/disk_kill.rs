//! What was acknowledged is there after SIGKILL at any moment.
//!
//! The test runs itself again as a child, which writes numbers as fast as it can and says each one
//! when it is stored. The parent kills it, opens the store, and counts.
#![cfg(test)]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use portcullis_service::snapshot::CompileOptions;
use portcullis_service::state::{ModuleRecord, Origin, State};
use portcullis_service::store::{DiskOptions, DiskStore, Store};
use rego::Value;

/// Set for the child: the directory of its store.
const DIRECTORY: &str = "PORTCULLIS_KILL_DIRECTORY";
/// How many times a child is killed.
const KILLS: &str = "PORTCULLIS_KILLS";
const KILLS_DEFAULT: u64 = 30;
/// Longest time a child gets, in microseconds after it was started or wrote its first number.
const LIFE_MAX: u64 = 60_000;
/// Every so many numbers the whole document is replaced. The log is full after some seventy.
const REPLACED_EVERY: i64 = 40;

fn options(directory: &Path) -> DiskOptions {
    let partitions = vec!["/numbers".to_string()];
    DiskOptions { directory: directory.to_path_buf(), auto_create: true, partitions }
}

fn path(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_string()).collect()
}

fn module(number: i64) -> ModuleRecord {
    let text = format!("package p{}\n\nx := {number}\n", number % 3);
    ModuleRecord { file: "p".to_string(), text: text.into(), version: None, origin: Origin::Api }
}

/// The last number in the store, which is there in each of its three forms.
fn last_number(state: &State) -> i64 {
    let Some(last) = state.data.get_path(&["last"]).and_then(Value::as_i64) else {
        assert!(state.data.as_object().unwrap().is_empty() && state.modules.is_empty());
        return 0;
    };
    let text = last.to_string();
    assert_eq!(state.data.get_path(&["numbers", &text]), Some(&filling(last)), "{last}");
    let module = &state.modules[&(last % 3).to_string()];
    assert!(module.text.ends_with(&format!("x := {last}\n")), "{last}: {}", module.text);
    let numbers = state.data.get_path(&["numbers"]).unwrap().as_object().unwrap();
    let first = last - last % REPLACED_EVERY;
    assert_eq!(numbers.len() as i64, last - first + 1, "{last}: a number is missing");
    last
}

fn filling(number: i64) -> Value {
    Value::from("x".repeat(usize::try_from(number % 7).unwrap() * 5000).as_str())
}

#[test]
fn child_writes_numbers() {
    let Some(directory) = env::var_os(DIRECTORY) else { return };
    let (disk, state) = DiskStore::open(&options(Path::new(&directory))).unwrap();
    let mut number = last_number(&state);
    let store = Store::open(state, CompileOptions::default()).unwrap();
    let store = store.with_durable(Box::new(disk));
    let mut out = std::io::stdout();
    loop {
        number += 1;
        let written = store.write(|transaction| {
            transaction.put_module(&(number % 3).to_string(), module(number));
            if number % REPLACED_EVERY == 0 || number == 1 {
                let zero = Value::object_from_strs([("0", filling(0))]);
                let none = Value::object(Vec::new());
                let numbers = if number == 1 { zero } else { none };
                transaction.set_data(Value::object_from_strs([("numbers", numbers)]))?;
            }
            transaction.put(&path(&["numbers", &number.to_string()]), filling(number))?;
            transaction.put(&path(&["last"]), Value::from(number))
        });
        written.unwrap();
        out.write_all(format!("stored {number}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

fn start(directory: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_writes_numbers", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Kills a child some time after its start, or after its first number. Returns its last number.
fn run_and_kill(directory: &Path, life: u64) -> i64 {
    let mut child = start(directory);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut last = 0;
    let mut see = |line: &str| {
        // The harness may have begun the line with the test's name.
        if let Some((_, number)) = line.trim().split_once("stored ") {
            last = number.parse().unwrap();
        }
    };
    let mut line = String::new();
    while !life.is_multiple_of(5) && !line.contains("stored ") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the child failed");
        see(&line);
    }
    thread::sleep(Duration::from_micros(life)); // the moment is what is tried here
    child.kill().unwrap();
    lines.lines().for_each(|line| see(&line.unwrap()));
    child.wait().unwrap();
    last
}

#[test]
fn acknowledged_writes_survive_a_kill() {
    let kills = env::var(KILLS).map_or(KILLS_DEFAULT, |text| text.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let mut before = 0;
    for kill in 0..kills {
        // Every eighth time from nothing: a store that is just being made must open, too.
        let fresh = tempfile::tempdir().unwrap();
        let is_fresh = kill % 8 == 7;
        let place = if is_fresh { fresh.path() } else { directory.path() };
        let life = kill * 7919 % LIFE_MAX / if is_fresh { 4 } else { 1 };
        let acknowledged = run_and_kill(place, life);
        let (_, state) = DiskStore::open(&options(place)).unwrap();
        let stored = last_number(&state);
        // At most the one that was under way is there without having been acknowledged.
        let expected = acknowledged.max(if is_fresh { 0 } else { before });
        assert!(stored == expected || stored == expected + 1, "{stored} for {expected}");
        if !is_fresh {
            before = stored;
        }
    }
    assert!(before > 0);
}
