//! A collector of decision logs on loopback, which can refuse, or hang up after reading.
//!
//! Must not know: what is logged.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value as Json;

/// Most bytes of an upload, packed and unpacked.
const UPLOAD_BYTES_MAX: u64 = 64 << 20;

/// A connection that says nothing for so long is over.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// What happens to uploads.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    /// All are taken.
    Takes,
    /// Every third is answered with 500, every fifth is read and not answered.
    Refuses,
}

/// What was taken, and said to be.
#[derive(Default)]
struct Taken {
    uploads: usize,
    times: BTreeMap<String, usize>,
}

/// A collector. It lasts as long as the test.
pub(crate) struct Collector {
    port: u16,
    taken: Arc<Mutex<Taken>>,
    mood: Arc<Mutex<Mood>>,
}

impl Collector {
    /// Starts one.
    pub(crate) fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let collector = Self { port, taken: Arc::default(), mood: Arc::new(Mutex::new(mood)) };
        let (taken, mood) = (Arc::clone(&collector.taken), Arc::clone(&collector.mood));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (taken, mood) = (Arc::clone(&taken), Arc::clone(&mood));
                thread::spawn(move || while serve(&stream, &taken, &mood).is_some() {});
            }
        });
        collector
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes what happens to uploads from now on.
    pub(crate) fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How many of these have not been taken.
    pub(crate) fn missing(&self, owed: &BTreeSet<String>) -> usize {
        let taken = self.taken.lock().unwrap();
        owed.iter().filter(|id| !taken.times.contains_key(*id)).count()
    }

    /// How many times each decision, by its id, was in an upload that was answered with success.
    pub(crate) fn taken(&self) -> BTreeMap<String, usize> {
        self.taken.lock().unwrap().times.clone()
    }
}

/// Answers one upload. Returns nothing once the connection is of no more use.
fn serve(stream: &TcpStream, taken: &Mutex<Taken>, mood: &Mutex<Mood>) -> Option<()> {
    stream.set_read_timeout(Some(SILENCE_MAX)).ok()?;
    let mut reader = BufReader::new(stream.take(UPLOAD_BYTES_MAX));
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut packed = Vec::new();
    reader.take(length).read_to_end(&mut packed).ok()?;
    let mut text = Vec::new();
    GzDecoder::new(packed.as_slice()).take(UPLOAD_BYTES_MAX).read_to_end(&mut text).ok()?;
    let events: Vec<Json> = serde_json::from_slice(&text).ok()?;

    let mut taken = taken.lock().unwrap();
    taken.uploads += 1;
    let refuses = *mood.lock().unwrap() == Mood::Refuses;
    if refuses && taken.uploads.is_multiple_of(5) {
        return None;
    }
    let status = if refuses && taken.uploads.is_multiple_of(3) { 500 } else { 200 };
    let head = format!("HTTP/1.1 {status} .\r\nContent-Length: 0\r\n\r\n");
    let mut writer = stream;
    writer.write_all(head.as_bytes()).ok()?;
    if status == 200 {
        for event in events {
            let id = event["decision_id"].as_str().unwrap().to_owned();
            *taken.times.entry(id).or_default() += 1;
        }
    }
    Some(())
}
