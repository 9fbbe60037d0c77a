//! A server that spills decision logs is killed while it decides and uploads: what it has decided
//! reaches the collector.
//!
//! `PORTCULLIS_KILLS` says how many times.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::collector::{Collector, Mood};
use crate::http;
use crate::process::Server;
use crate::wait;

const KILLS_DEFAULT: usize = 10;

/// Clients at the same time.
const CLIENTS: usize = 3;

/// A server lives for so long, and for a share of it more that differs.
const LIFE: Duration = Duration::from_millis(300);
const LIFE_SHARE: Duration = Duration::from_millis(97);

/// All that is left over is uploaded in this time.
const DELIVERY_MAX: Duration = Duration::from_secs(60);

/// Between two requests of one client.
const PAUSE: Duration = Duration::from_millis(5);

#[test]
fn decisions_reach_the_collector() {
    let kills = std::env::var("PORTCULLIS_KILLS").ok().and_then(|kills| kills.parse().ok());
    let dir = TempDir::new().unwrap();
    let collector = Collector::start(Mood::Refuses);
    prepare(dir.path(), &collector.url());
    let mut owed = BTreeSet::new();
    for kill in 0..kills.unwrap_or(KILLS_DEFAULT) {
        let server = start(dir.path());
        let life = LIFE + LIFE_SHARE * u32::try_from(kill % 13).unwrap();
        owed.extend(decide_until_killed(server, dir.path(), life));
    }
    assert!(!owed.is_empty(), "decisions were made");

    collector.becomes(Mood::Takes);
    let server = start(dir.path());
    let last = decide(server.port()).expect("it decides");
    owed.insert(last);
    // A long backlog may take its time, as long as it shrinks.
    let mut left = collector.missing(&owed);
    while left > 0 {
        let before = left;
        wait::until(&format!("{left} of {} decisions to come", owed.len()), DELIVERY_MAX, || {
            left = collector.missing(&owed);
            left < before
        });
    }

    // Delivered is delivered: a server that starts anew has nothing more to say of them.
    let before = collector.taken();
    server.stop();
    let server = start(dir.path());
    let last = decide(server.port()).expect("it decides");
    let last = BTreeSet::from([last]);
    wait::until("one more decision", DELIVERY_MAX, || collector.missing(&last) == 0);
    server.stop();
    let after = collector.taken();
    let again = before.iter().filter(|(id, times)| after.get(*id) != Some(*times));
    assert_eq!(again.count(), 0, "delivered before, and again");
    println!("{} decisions were owed, {} came", owed.len(), before.len());
}

fn prepare(dir: &Path, url: &str) {
    let config = json!({
        "services": {"collector": {"url": url}},
        "decision_logs": {
            "service": "collector",
            "console": true,
            "reporting": {
                "min_delay_seconds": 1,
                "max_delay_seconds": 1,
                "upload_size_limit_bytes": 4096,
                "spill_directory": dir.join("spill"),
            },
        },
    });
    fs::write(dir.join("config.json"), config.to_string()).unwrap();
    fs::write(dir.join("p.rego"), "package p\n\nallow if input.x\n").unwrap();
}

fn start(dir: &Path) -> Server {
    Server::start(dir, &["--config-file", "config.json", "p.rego"])
}

/// Asks for decisions until the server's life is over. Returns the ids of those that are on the
/// disk: a decision is shown on the console before it is written, one after the other, so that
/// all that were shown are there but for the last one.
fn decide_until_killed(server: Server, dir: &Path, life: Duration) -> Vec<String> {
    let (is_over, port) = (AtomicBool::new(false), server.port());
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) && decide(port).is_some() {
                    thread::sleep(PAUSE);
                }
            });
        }
        thread::sleep(life);
        is_over.store(true, Ordering::SeqCst);
        server.kill();
    });
    let mut shown = shown(dir);
    shown.pop();
    shown
}

/// Returns the ids of the decisions on the console since the last look.
fn shown(dir: &Path) -> Vec<String> {
    let log = fs::read_to_string(dir.join("opa.log")).unwrap();
    fs::remove_file(dir.join("opa.log")).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let decisions = lines.filter(|line| line["msg"] == "Decision Log");
    decisions.map(|line| line["decision_id"].as_str().unwrap().to_owned()).collect()
}

/// Returns the id of a decision, if the server answers.
fn decide(port: u16) -> Option<String> {
    let answer = http::send(port, "POST", "/v1/data/p/allow", "{\"input\": {\"x\": true}}").ok()?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let id = answer.json()["decision_id"].as_str().map(str::to_owned);
    Some(id.expect("an id, where decisions are logged"))
}
