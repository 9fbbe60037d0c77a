//! A gate without a socket, and the log it writes.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::event::{Labels, encoder};
use portcullis_docker::gate::{Gate, Secrets};
use portcullis_service::decision_log::DecisionLog;
use portcullis_service::files::PolicyFiles;
use portcullis_service::host::SystemHost;
use serde_json::Value as Json;

/// What was written.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    pub(crate) fn lines(&self) -> Vec<Json> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A gate in this process; its policy is one file.
pub(crate) struct Desk {
    pub(crate) gate: Gate,
    written: Written,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) files: PolicyFiles,
}

impl Desk {
    /// Opens a gate with these arguments, but with this policy.
    pub(crate) fn open(policy: &str, args: DockerAuthzArgs) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("authz.rego");
        std::fs::write(&file, policy).unwrap();
        let policy_file = vec![file.to_str().unwrap().to_string()];
        let options = DockerAuthzArgs { policy_file, ..args }.to_options().unwrap();
        let queries = options.gate.question.queries();
        let files = PolicyFiles::open(options.source, queries).unwrap();
        let written = Written::default();
        let encode = encoder(&Labels::new("desk"), Secrets::Masked);
        let log = DecisionLog::start(Box::new(written.clone()), Box::new(encode)).unwrap();
        let store = Arc::clone(files.store());
        let gate = Gate::new(store, SystemHost::new(), options.gate, Some(log));
        Self { gate, written, directory, files }
    }

    /// Closes the gate; returns what was logged.
    pub(crate) fn close(self) -> Vec<Json> {
        drop(self.gate);
        self.written.lines()
    }
}
