//! A logger with a console and an upload that tests look into.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use portcullis_service::config::{DecisionLogsConfig, LogBuffer, ReportingConfig, Trigger};
use portcullis_service::decide::Limits;
use portcullis_service::decision_log::{
    DecisionLogOptions, DecisionLogger, Event, Upload, UploadError, Uploading,
};
use portcullis_service::host::SystemHost;
use portcullis_service::snapshot::{CompileOptions, Snapshot};
use portcullis_service::state::{ModuleRecord, Origin, State};
use rego::Value;
use tokio::runtime::Handle;
use tokio::time::Instant;

pub(crate) fn value(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A policy of one module.
pub(crate) fn snapshot(text: &str) -> Arc<Snapshot> {
    let mut state = State::default();
    let record = ModuleRecord {
        file: "log.rego".to_string(),
        text: text.into(),
        version: None,
        origin: Origin::File,
    };
    state.modules.insert("log.rego".to_string(), Arc::new(record));
    Arc::new(Snapshot::compile(state, Arc::new(CompileOptions::default()), 1).unwrap())
}

pub(crate) fn no_policy() -> Arc<Snapshot> {
    snapshot("package nothing")
}

/// An event with a number, and so much text.
pub(crate) fn event(number: usize, text: &str) -> Event {
    Event {
        decision_id: format!("{number}"),
        input: Some(Value::object_from_strs([("text", Value::from(text))])),
        ..Event::default()
    }
}

/// Text that does not compress.
pub(crate) fn noise(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from((state >> 32) % 90).unwrap())
    };
    (0..length).map(|_| letter()).filter(|c| !"\\\"<>&".contains(*c)).collect()
}

pub(crate) fn config() -> DecisionLogsConfig {
    DecisionLogsConfig {
        service: None,
        plugin: None,
        console: false,
        resource: "/logs".to_string(),
        mask_decision: "/system/log/mask".to_string(),
        drop_decision: "/system/log/drop".to_string(),
        request_headers: Vec::new(),
        reporting: ReportingConfig {
            buffer: LogBuffer::Size { limit_bytes: None },
            upload_size_limit_bytes: 32_768,
            min_delay: Duration::from_secs(300),
            max_delay: Duration::from_secs(600),
            max_decisions_per_second: None,
            trigger: Trigger::Manual,
            spill: None,
        },
    }
}

/// What was shown and uploaded.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) console: Mutex<Vec<Value>>,
    /// When, and the size and the events of each chunk, delivered or not.
    pub(crate) attempts: Mutex<Vec<(Instant, usize, Vec<Value>)>>,
    /// How many attempts succeed before any fails or hangs.
    pub(crate) passes: AtomicUsize,
    /// How many attempts after those fail.
    pub(crate) failures: AtomicUsize,
    /// How many, after those, never end.
    pub(crate) hangs: AtomicUsize,
}

impl Seen {
    pub(crate) fn attempted(&self) -> usize {
        self.attempts.lock().unwrap().len()
    }

    /// The ids of the events of each chunk.
    pub(crate) fn ids(&self) -> Vec<Vec<String>> {
        let attempts = self.attempts.lock().unwrap();
        let id = |event: &Value| {
            event.get_path(&["decision_id"]).and_then(Value::as_str).unwrap().to_string()
        };
        attempts.iter().map(|(_, _, events)| events.iter().map(id).collect()).collect()
    }
}

impl Upload for Seen {
    fn upload(&self, body: Bytes) -> Uploading<'_> {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*body).read_to_end(&mut text).unwrap();
        let events = Value::from_json(&text).unwrap().as_array().unwrap().to_vec();
        self.attempts.lock().unwrap().push((Instant::now(), body.len(), events));
        let fewer = |count: &AtomicUsize| {
            count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
        };
        let passes = fewer(&self.passes);
        let fails = !passes && fewer(&self.failures);
        let hangs = !passes && !fails && fewer(&self.hangs);
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            let message = "no".to_string();
            if fails { Err(UploadError { message, http_code: Some(503) }) } else { Ok(()) }
        })
    }
}

pub(crate) fn options(config: DecisionLogsConfig, seen: &Arc<Seen>) -> DecisionLogOptions {
    let console = Arc::clone(seen);
    DecisionLogOptions {
        config,
        labels: value(r#"{"id":"x"}"#),
        upload: Some(Arc::clone(seen) as _),
        console: Some(Arc::new(move |event| console.console.lock().unwrap().push(event.clone()))),
        limits: Limits::default(),
        host: SystemHost::new(),
    }
}

pub(crate) fn start(config: DecisionLogsConfig) -> (Arc<DecisionLogger>, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let logger = DecisionLogger::start(options(config, &seen), &Handle::current()).unwrap();
    (logger, seen)
}
