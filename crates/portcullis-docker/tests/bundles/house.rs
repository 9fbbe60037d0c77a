//! A gate under a configuration, in this process.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use portcullis_docker::api::find;
use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::gate::Gate;
use portcullis_docker::managed::{Managed, load};
use portcullis_docker::wire::Answer;
use portcullis_service::console::{Console, Format, Level};
use portcullis_service::plugin::PluginError;
use serde_json::{Value as Json, json};

/// A gate, what it says on its console, and threads for both.
pub(crate) struct House {
    pub(crate) directory: Arc<tempfile::TempDir>,
    managed: Option<Managed>,
    runtime: tokio::runtime::Runtime,
    lines: Arc<Mutex<Vec<Json>>>,
}

impl House {
    /// Opens a gate with this configuration, and a directory of its own at `DIR`.
    pub(crate) fn open(config: &str) -> Self {
        Self::with(config, DockerAuthzArgs::default())
    }

    pub(crate) fn with(config: &str, args: DockerAuthzArgs) -> Self {
        Self::at(Arc::new(tempfile::tempdir().unwrap()), config, args)
    }

    pub(crate) fn at(
        directory: Arc<tempfile::TempDir>,
        config: &str,
        mut args: DockerAuthzArgs,
    ) -> Self {
        let file = write_config(directory.path(), config);
        args.config_file = Some(file.clone());
        let options = args.to_options().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let sink = move |line: &str| kept.lock().unwrap().push(serde_json::from_str(line).unwrap());
        let console = Console::new(Arc::new(sink), Format::Json, Level::Info);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let started = Managed::start(load(&file).unwrap(), options.into(), console);
        let managed = Some(runtime.block_on(started).unwrap());
        Self { directory, managed, runtime, lines }
    }

    fn managed(&self) -> &Managed {
        self.managed.as_ref().unwrap()
    }

    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::clone(self.managed().gate())
    }

    /// Lets a plugin work once.
    pub(crate) fn trigger(&self, plugin: &str) -> Result<(), PluginError> {
        self.runtime.block_on(self.managed().manager().trigger(plugin))
    }

    pub(crate) fn ask(&self, uri: &str, body: &Json) -> Answer {
        self.gate().authorize(request(uri, body))
    }

    /// Returns the message of a refusal; empty where a plain request is allowed.
    pub(crate) fn refusal(&self) -> String {
        let answer = self.ask("/v1.41/info", &json!({}));
        assert_eq!(answer.allow, answer.msg.is_empty());
        answer.msg
    }

    /// Ends the gate; returns what its console has said.
    pub(crate) fn close(mut self) -> Vec<Json> {
        let managed = self.managed.take().unwrap();
        self.runtime.block_on(managed.shutdown(Duration::from_secs(10)));
        std::mem::take(&mut *self.lines.lock().unwrap())
    }

    pub(crate) fn lines(&self) -> Vec<Json> {
        self.lines.lock().unwrap().clone()
    }
}

pub(crate) fn write_config(directory: &Path, config: &str) -> String {
    let file = directory.join("config.yaml");
    let text = config.replace("DIR", directory.to_str().unwrap());
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_string()
}

/// Returns a request of the daemon, with a secret in its headers.
pub(crate) fn request(uri: &str, body: &Json) -> Vec<u8> {
    let method = if find("POST", uri).route.is_some() { "POST" } else { "GET" };
    let body = base64::engine::general_purpose::STANDARD.encode(body.to_string());
    let headers = json!({"Content-Type": "application/json", "X-Registry-Auth": "hush"});
    serde_json::to_vec(&json!({
        "RequestMethod": method,
        "RequestUri": uri,
        "RequestHeaders": headers,
        "RequestBody": body,
    }))
    .unwrap()
}
