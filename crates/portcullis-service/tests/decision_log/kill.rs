//! What was spilled is delivered, whenever the process is killed.
//!
//! The test runs itself again as a child, which logs numbers, says which ones are on the disk, and
//! uploads to a file meanwhile. The parent kills it, again and again, and in the end uploads the
//! rest.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use portcullis_service::config::{DecisionLogsConfig, SpillConfig, Trigger};
use portcullis_service::decision_log::{DecisionLogger, Upload, UploadError, Uploading};
use rego::Value;
use tokio::runtime::Handle;

use super::support::{Seen, config, event, no_policy, noise, options};

/// Set for the child: its directory, and its first number.
const DIRECTORY: &str = "PORTCULLIS_LOG_DIRECTORY";
const FIRST: &str = "PORTCULLIS_LOG_FIRST";
/// How many times a child is killed.
const KILLS: &str = "PORTCULLIS_KILLS";
const KILLS_DEFAULT: u64 = 10;
/// Longest time a child gets, in microseconds after it was started or logged its first number.
const LIFE_MAX: u64 = 100_000;

/// Appends the ids of each chunk to a file, but for some, which it refuses.
struct ToFile {
    file: PathBuf,
    attempts: AtomicUsize,
    /// Every so many are refused.
    refused_every: usize,
}

impl Upload for ToFile {
    fn upload(&self, body: Bytes) -> Uploading<'_> {
        Box::pin(async move {
            let attempt = self.attempts.fetch_add(1, Ordering::SeqCst) + 1;
            if attempt.is_multiple_of(self.refused_every) {
                return Err(UploadError { message: "not now".to_string(), http_code: None });
            }
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(&*body).read_to_end(&mut text).unwrap();
            let chunk = Value::from_json(&text).unwrap();
            let id = |event: &Value| {
                format!("{}\n", event.get_path(&["decision_id"]).unwrap().as_str().unwrap())
            };
            let ids: String = chunk.as_array().unwrap().iter().map(id).collect();
            let mut file = OpenOptions::new().create(true).append(true).open(&self.file).unwrap();
            file.write_all(ids.as_bytes()).unwrap();
            Ok(())
        })
    }
}

fn spilling(directory: &Path) -> DecisionLogsConfig {
    let mut config = config();
    config.reporting.trigger = Trigger::Immediate;
    config.reporting.max_delay = Duration::from_millis(200);
    config.reporting.upload_size_limit_bytes = 8000;
    let spill = SpillConfig { directory: directory.join("spill"), size_limit_bytes: 1 << 30 };
    config.reporting.spill = Some(spill);
    config
}

fn start(directory: &Path, refused_every: usize) -> Arc<DecisionLogger> {
    let mut options = options(spilling(directory), &Arc::new(Seen::default()));
    let file = directory.join("delivered");
    let upload = ToFile { file, attempts: AtomicUsize::new(0), refused_every };
    options.upload = Some(Arc::new(upload));
    options.console = None;
    DecisionLogger::start(options, &Handle::current()).unwrap()
}

#[tokio::test]
async fn child_logs_numbers() {
    let Some(directory) = env::var_os(DIRECTORY) else { return };
    let first: usize = env::var(FIRST).unwrap().parse().unwrap();
    let logger = start(Path::new(&directory), 3);
    let snapshot = no_policy();
    let mut out = std::io::stdout();
    for number in first.. {
        let filling = noise(number as u64, number % 7 * 100);
        logger.log(snapshot.clone(), event(number, &filling));
        if number % 5 == 0 {
            logger.settled().await.unwrap();
            out.write_all(format!("logged {number}\n").as_bytes()).unwrap();
            out.flush().unwrap();
        }
    }
}

/// Kills a child some time after its start, or after its first number. Returns its last number.
fn run_and_kill(directory: &Path, first: usize, life: u64) -> Option<usize> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::child_logs_numbers", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null()) // refused uploads are told there
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let number = |line: &str| line.split_once("logged ").map(|(_, n)| n.trim().parse().unwrap());
    let mut last = None;
    while last.is_none() && !life.is_multiple_of(5) {
        last = number(&lines.next().expect("the child failed").unwrap());
    }
    thread::sleep(Duration::from_micros(life)); // the moment is what is tried here
    child.kill().unwrap();
    lines.for_each(|line| last = number(&line.unwrap()).or(last));
    child.wait().unwrap();
    last
}

#[tokio::test]
async fn what_is_on_the_disk_is_delivered_after_kills() {
    let kills = env::var(KILLS).map_or(KILLS_DEFAULT, |text| text.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let mut expected = BTreeSet::new();
    let mut first = 1;
    for kill in 0..kills {
        let life = kill * 39_597 % LIFE_MAX;
        if let Some(last) = run_and_kill(directory.path(), first, life) {
            expected.extend(first..=last);
            first = last + 1_000_000; // numbers beyond the last one said may be there, too
        }
    }
    let logger = start(directory.path(), usize::MAX);
    logger.shutdown(Duration::from_secs(120)).await.unwrap();
    let text = fs::read_to_string(directory.path().join("delivered")).unwrap();
    let delivered: BTreeSet<usize> = text.lines().map(|line| line.parse().unwrap()).collect();
    let lost: Vec<_> = expected.difference(&delivered).collect();
    assert!(lost.is_empty(), "{} of {}: {lost:?}", lost.len(), expected.len());
    assert!(expected.len() > 50);
    // Of each child no more than the chunk that was under way.
    let repeated = text.lines().count() - delivered.len();
    let longest = 200 * usize::try_from(kills).unwrap();
    assert!(repeated < longest, "{repeated} of {}", delivered.len());
}
