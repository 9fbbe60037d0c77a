//! A server that spills decision logs is killed while it decides and uploads: what it has decided
//! reaches the collector.
//!
//! `PORTCULLIS_KILLS` says how many times.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::collector::{Collector, Mood};
use crate::http;
use crate::process::Server;
use crate::wait;

/// Each takes about a second, since the collector is in a bad mood.
const KILLS_DEFAULT: usize = 6;

/// Clients at the same time.
const CLIENTS: usize = 3;

/// A decision younger than this may still have been in memory when the server was killed. What is
/// older is on the disk: the log is written at once, and nothing waits for the network.
const YOUTH: Duration = Duration::from_secs(1);

/// A server lives for so long, past the first second, in shares of it that differ.
const LIFE: Duration = Duration::from_millis(1300);
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
        let life = LIFE + LIFE_SHARE * u32::try_from(kill % 5).unwrap();
        let (decided, killed) = decide_until_killed(server, life);
        let old = decided.into_iter().filter(|(_, when)| killed.duration_since(*when) > YOUTH);
        owed.extend(old.map(|(id, _)| id));
    }
    assert!(!owed.is_empty(), "decisions were made");

    collector.becomes(Mood::Takes);
    let server = start(dir.path());
    let last = decide(server.port()).expect("it decides");
    owed.insert(last);
    wait::until(&format!("{} decisions to come", owed.len()), DELIVERY_MAX, || {
        let taken = collector.taken();
        owed.iter().all(|id| taken.contains_key(id))
    });

    // Delivered is delivered: a server that starts anew has nothing more to say of them.
    let before = collector.taken();
    server.stop();
    let server = start(dir.path());
    let last = decide(server.port()).expect("it decides");
    wait::until("one more decision", DELIVERY_MAX, || collector.taken().contains_key(&last));
    server.stop();
    let again = |id: &&String| collector.taken().get(*id) != before.get(*id);
    assert_eq!(before.keys().filter(again).count(), 0, "delivered before, and again");
    println!("{} decisions were owed, {} came", owed.len(), before.len());
}

fn prepare(dir: &Path, url: &str) {
    let config = json!({
        "services": {"collector": {"url": url}},
        "decision_logs": {
            "service": "collector",
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
    Server::start(dir, &["--config-file", "config.json", "--log-level", "error", "p.rego"])
}

/// Asks for decisions until the server's life is over. Returns their ids, each with when it was
/// known, and when the server was killed.
fn decide_until_killed(server: Server, life: Duration) -> (Vec<(String, Instant)>, Instant) {
    let (decided, is_over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let port = server.port();
    let killed = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while let Some(id) = decide(port).filter(|_| !is_over.load(Ordering::SeqCst)) {
                    decided.lock().unwrap().push((id, Instant::now()));
                    thread::sleep(PAUSE);
                }
            });
        }
        thread::sleep(life);
        let killed = Instant::now();
        is_over.store(true, Ordering::SeqCst);
        server.kill();
        killed
    });
    (decided.into_inner().unwrap(), killed)
}

/// Returns the id of a decision, if the server answers.
fn decide(port: u16) -> Option<String> {
    let answer = http::send(port, "POST", "/v1/data/p/allow", "{\"input\": {\"x\": true}}").ok()?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let id = answer.json()["decision_id"].as_str().map(str::to_owned);
    Some(id.expect("an id, where decisions are logged"))
}
