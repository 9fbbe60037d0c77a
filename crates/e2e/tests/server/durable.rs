//! A server with a durable store is killed while it is written to, again and again: what it had
//! answered with success is there afterwards.
//!
//! `PORTCULLIS_KILLS` says how many times.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::http;
use crate::process::Server;
use crate::wait;

const KILLS_DEFAULT: usize = 15;

/// Writers at the same time; even ones write data, odd ones policies.
const WRITERS: usize = 4;

/// Documents, or policies, of each writer.
const KEYS: usize = 6;

/// A server is killed after fewer answers than this.
const ANSWERS_MAX: usize = 120;

/// So many answers may take this long.
const ANSWERS_LIMIT: Duration = Duration::from_secs(60);

/// What a document or policy may be found to be: what was acknowledged last, and what was sent last
/// without an answer. `None`: not there.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    acknowledged: Option<u64>,
    unanswered: Option<Option<u64>>,
}

/// What one writer knows of what it has written, by path.
type Written = BTreeMap<String, Known>;

#[test]
fn acknowledged_writes_survive_kill_9() {
    let kills = std::env::var("PORTCULLIS_KILLS").ok().and_then(|kills| kills.parse().ok());
    let dir = TempDir::new().unwrap();
    let config = json!({"storage": {"disk": {
        "directory": dir.path().join("store"), "auto_create": true,
    }}});
    fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    let mut written: Vec<Written> = vec![Written::new(); WRITERS];
    let mut total = 0;
    for _ in 0..kills.unwrap_or(KILLS_DEFAULT) {
        total += round(dir.path(), &mut written);
    }
    let server = start(dir.path());
    settle(&server, &mut written);
    server.stop();
    println!("{total} writes were acknowledged");
}

fn start(dir: &Path) -> Server {
    Server::start(dir, &["--config-file", "config.json", "--log-level", "error"])
}

/// Starts, looks, writes, kills. Returns how many writes were acknowledged.
fn round(dir: &Path, written: &mut [Written]) -> usize {
    let server = start(dir);
    settle(&server, written);
    let answers = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = written
        .iter()
        .enumerate()
        .map(|(writer, known)| {
            let (mut known, answers, port) = (known.clone(), Arc::clone(&answers), server.port());
            thread::spawn(move || {
                write_until_killed(port, writer, &mut known, &answers);
                known
            })
        })
        .collect();
    let most = random(ANSWERS_MAX);
    wait::until("answers to writes", ANSWERS_LIMIT, || answers.load(Ordering::SeqCst) >= most);
    server.kill();
    for (known, writer) in written.iter_mut().zip(writers) {
        *known = writer.join().unwrap();
    }
    answers.load(Ordering::SeqCst)
}

/// Writes until nobody answers, with every key in turn, and now and then takes one away.
fn write_until_killed(port: u16, writer: usize, written: &mut Written, answers: &AtomicUsize) {
    let newest = written.values().filter_map(|known| known.acknowledged).max();
    let mut number = newest.unwrap_or(0);
    loop {
        number += 1;
        let key = random(KEYS);
        let path = match writer % 2 {
            0 => format!("/v1/data/written/w{writer}/k{key}"),
            _ => format!("/v1/policies/w{writer}/k{key}.rego"),
        };
        let known = written.entry(path.clone()).or_default();
        let removes = known.acknowledged.is_some() && random(8) == 0;
        let (method, body, new) = match (removes, writer % 2) {
            (true, _) => ("DELETE", String::new(), None),
            (false, 0) => ("PUT", json!({ "number": number }).to_string(), Some(number)),
            (false, _) => ("PUT", policy(writer, key, number), Some(number)),
        };
        known.unanswered = Some(new);
        let Ok(answer) = http::send(port, method, &path, &body) else { return };
        assert!(answer.is_success(), "{method} {path}: {}", answer.body);
        *known = Known { acknowledged: new, unanswered: None };
        answers.fetch_add(1, Ordering::SeqCst);
    }
}

fn policy(writer: usize, key: usize, number: u64) -> String {
    format!("package policies.w{writer}.k{key}\n\nnumber := {number}\n")
}

/// Compares what is there with what has to be, and takes it as the new truth.
#[track_caller]
fn settle(server: &Server, written: &mut [Written]) {
    for (path, known) in written.iter_mut().flatten() {
        let asked = path.replace("/v1/policies/", "/v1/data/policies/");
        let answer = server.ask("GET", asked.trim_end_matches(".rego"), "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let found = answer.json()["result"]["number"].as_u64();
        let may_be = found == known.acknowledged || Some(found) == known.unanswered;
        assert!(may_be, "{path} is {found:?}, but {known:?}\n{}", server.log());
        if path.starts_with("/v1/policies/") {
            let status = server.ask("GET", path, "").status;
            assert_eq!(status == 200, found.is_some(), "{path}: the text and its rules agree");
        }
        *known = Known { acknowledged: found, unanswered: None };
    }
}

/// Returns a number below this one, another one each time.
fn random(below: usize) -> usize {
    let number = RandomState::new().hash_one(0_u8);
    usize::try_from(number % u64::try_from(below).unwrap()).unwrap()
}
