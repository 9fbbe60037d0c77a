//! A host that answers as told, and keeps what it was asked.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use rego_value::Value;
use rego_vm::Host;
use rego_vm::world::{HostError, HttpRequest, HttpResponse, Kept, Memory};

type Answering = dyn Fn(&HttpRequest) -> Result<HttpResponse, HostError> + Sync;

/// A host that answers as told.
pub(crate) struct World {
    answering: Box<Answering>,
    sent: Mutex<Vec<HttpRequest>>,
    pauses: Mutex<Vec<Duration>>,
    seconds: AtomicI64,
    asks_max: AtomicUsize,
    memory: Option<Remembered>,
}

/// A memory without bounds.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<BTreeMap<Value, Kept>>);

pub(crate) fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

/// Returns an answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    let header = |(name, value): &(&str, &str)| ((*name).to_string(), (*value).to_string());
    let reason = if status == 200 { "OK" } else { "Other" };
    HttpResponse {
        status,
        reason: reason.to_string(),
        headers: headers.iter().map(header).collect(),
        body: body.as_bytes().to_vec(),
    }
}

impl World {
    /// Returns a host that answers as `answering` says, and keeps nothing between queries.
    pub(crate) fn new(
        answering: impl Fn(&HttpRequest) -> Result<HttpResponse, HostError> + Sync + 'static,
    ) -> Self {
        Self {
            answering: Box::new(answering),
            sent: Mutex::default(),
            pauses: Mutex::default(),
            seconds: AtomicI64::new(0),
            asks_max: AtomicUsize::new(usize::MAX),
            memory: None,
        }
    }

    /// Returns it with a memory.
    pub(crate) fn remembering(self) -> Self {
        Self { memory: Some(Remembered::default()), ..self }
    }

    pub(crate) fn sent(&self) -> Vec<HttpRequest> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }

    pub(crate) fn forget(&self) {
        self.sent.lock().unwrap().clear();
    }

    pub(crate) fn cancel_after(&self, asks: usize) {
        self.asks_max.store(asks, Ordering::Relaxed);
    }

    /// Sets the seconds since 2024-01-01.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::Relaxed);
    }

    /// Returns how much the memory holds: entries, and bytes they count as.
    pub(crate) fn held(&self) -> (usize, u64) {
        let memory = self.memory.as_ref().unwrap().0.lock().unwrap();
        (memory.len(), memory.values().map(|kept| kept.bytes).sum())
    }
}

impl Host for World {
    fn now_ns(&self) -> i64 {
        (1_704_067_200 + self.seconds.load(Ordering::Relaxed)) * 1_000_000_000
    }

    fn cancelled(&self) -> bool {
        self.sent.lock().unwrap().len() >= self.asks_max.load(Ordering::Relaxed)
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0x99);
    }

    fn runtime(&self) -> Value {
        Value::NULL
    }

    fn print(&self, _: &str, _: &str) {}

    fn http(&self, request: &HttpRequest) -> Result<HttpResponse, HostError> {
        self.sent.lock().unwrap().push(request.clone());
        (self.answering)(request)
    }

    fn lookup(&self, _: &str) -> Result<Vec<String>, HostError> {
        Ok(vec!["192.0.2.1".to_string()])
    }

    fn read_file(&self, path: &str) -> Result<Vec<u8>, HostError> {
        if path == "none" {
            return Err(HostError::Failed("no such file or directory".to_string()));
        }
        Ok(format!("file {path}").into_bytes())
    }

    fn pause(&self, duration: Duration) {
        self.pauses.lock().unwrap().push(duration);
    }

    fn memory(&self) -> Option<&dyn Memory> {
        self.memory.as_ref().map(|memory| memory as &dyn Memory)
    }
}

impl Memory for Remembered {
    fn get(&self, key: &Value) -> Option<Kept> {
        self.0.lock().unwrap().get(key).cloned()
    }

    fn insert(&self, key: Value, kept: Kept) {
        self.0.lock().unwrap().insert(key, kept);
    }

    fn remove(&self, key: &Value) {
        self.0.lock().unwrap().remove(key);
    }
}
