//! A control plane that answers as it is told, and a manager that asks it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_bundle::{BundleFiles, Manifest, write};
use portcullis_remote::{ClientOptions, Environment, ProxyChoice};
use portcullis_service::config::Config;
use portcullis_service::console::{Console, Format, Level};
use portcullis_service::decide::Limits;
use portcullis_service::host::SystemHost;
use portcullis_service::plugin::{Manager, PluginError, StartOptions};
use portcullis_service::service::{Identity, ServiceParts};
use portcullis_service::snapshot::CompileOptions;
use portcullis_service::state::State;
use portcullis_service::store::Store;
use portcullis_service::telemetry::prometheus::{Registry, RegistryOptions, StatusOptions};
use rego::{EvalOptions, QueryOptions, Value};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a path is answered with.
#[derive(Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) etag: String,
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
    /// Bytes of the body that are sent, where not all are.
    pub(crate) cut_off: Option<usize>,
    /// Comes before the answer.
    pub(crate) held: Option<Arc<Notify>>,
}

impl Reply {
    pub(crate) fn bundle(body: Vec<u8>, etag: &str) -> Self {
        let kind = "application/gzip".to_string();
        Self { status: 200, etag: etag.to_string(), kind, body, ..Self::default() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(prefix.as_str()))
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Clone, Default)]
pub(crate) struct ControlPlane {
    pub(crate) url: String,
    replies: Arc<Mutex<BTreeMap<String, Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl ControlPlane {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let plane = Self { url, ..Self::default() };
        let serving = plane.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        plane
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut bytes = Vec::new();
        let end = loop {
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let path = text.split(' ').nth(1)?.to_string();
        let mut seen = Seen { path: path.clone(), head: text.to_lowercase(), body: Vec::new() };
        let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
        while bytes.len() < end + 4 + length {
            stream.read_buf(&mut bytes).await.ok()?;
        }
        seen.body = bytes.split_off(end + 4);
        self.seen.lock().unwrap().push(seen.clone());
        let reply = self.replies.lock().unwrap().get(&path).cloned();
        let mut reply = reply.unwrap_or_else(|| Reply::status(404));
        if let Some(held) = reply.held.take() {
            held.notified().await;
        }
        let known = seen.header("if-none-match").filter(|etag| !etag.is_empty());
        if reply.status == 200 && known == Some(&reply.etag.to_lowercase()) {
            reply = Reply { body: Vec::new(), status: 304, ..reply };
        }
        let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", reply.status);
        if reply.status != 304 {
            head += &format!("Content-Length: {}\r\n", reply.body.len());
        }
        if !reply.etag.is_empty() {
            head += &format!("ETag: {}\r\n", reply.etag);
        }
        if !reply.kind.is_empty() {
            head += &format!("Content-Type: {}\r\n", reply.kind);
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.ok()?;
        let sent = reply.cut_off.unwrap_or(reply.body.len());
        stream.write_all(&reply.body[..sent]).await.ok()?;
        stream.shutdown().await.ok()
    }

    pub(crate) fn answer(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(path.to_string(), reply);
    }

    /// Returns the requests for a path so far.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// Waits until so many requests for a path have come, and returns the last of them.
    pub(crate) async fn wait_for(&self, path: &str, count: usize) -> Seen {
        let coming = async {
            loop {
                if let Some(seen) = self.seen(path).get(count - 1) {
                    return seen.clone();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, coming).await.expect("a request in time")
    }

    pub(crate) fn services(&self) -> Json {
        json!({"s": {"url": self.url}})
    }
}

/// A manager and what it wrote on the console.
pub(crate) struct Running {
    pub(crate) manager: Manager,
    lines: Arc<Mutex<Vec<Json>>>,
}

/// How a manager is started.
pub(crate) struct Start {
    pub(crate) config: Json,
    pub(crate) directory: PathBuf,
    pub(crate) store: Arc<Store>,
    pub(crate) local_bundles: Vec<portcullis_service::plugin::LocalBundle>,
}

impl Start {
    pub(crate) fn new(config: Json) -> Self {
        let store = Arc::new(Store::open(State::default(), CompileOptions::default()).unwrap());
        Self { config, directory: PathBuf::from("/nonexistent"), store, local_bundles: Vec::new() }
    }

    pub(crate) fn within(self, directory: &Path) -> Self {
        Self { directory: directory.to_path_buf(), ..self }
    }

    pub(crate) async fn run(self) -> Result<Running, PluginError> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let sink = move |line: &str| kept.lock().unwrap().push(serde_json::from_str(line).unwrap());
        let status = StatusOptions { version: "1.2.3".to_string(), bundle_buckets: Vec::new() };
        let options = RegistryOptions { status: Some(status), ..RegistryOptions::default() };
        let parts = ServiceParts {
            identity: Identity::new("1.2.3"),
            store: self.store,
            host: SystemHost::new(),
            limits: Limits::default(),
            console: Console::new(Arc::new(sink), Format::Json, Level::Info),
            registry: Arc::new(Registry::new(&options).unwrap()),
        };
        let client = ClientOptions {
            proxy: ProxyChoice::Off,
            environment: Environment::Fixed(BTreeMap::new()),
            ..ClientOptions::new("test")
        };
        let manager = Manager::start(StartOptions {
            loaded: Config::from_value(self.config).unwrap(),
            parts,
            client,
            working_directory: self.directory,
            local_bundles: self.local_bundles,
            variables: Arc::new(|name| (name == "REGION").then(|| "north".to_string())),
        })
        .await?;
        Ok(Running { manager, lines })
    }
}

impl Running {
    /// Returns what the policy in force says.
    pub(crate) fn eval(&self, query: &str) -> Option<Json> {
        let snapshot = self.manager.service().store().snapshot();
        let (query, _) = snapshot.prepare(query, &QueryOptions::default()).unwrap();
        let value = query.value(None, &EvalOptions::default()).unwrap()?;
        Some(serde_json::from_str(&value.to_json()).unwrap())
    }

    /// Returns the status as `GET /v1/status` has it.
    pub(crate) fn status(&self) -> Json {
        let status = self.manager.service().status().expect("a status");
        serde_json::from_str(&status.to_json()).unwrap()
    }

    /// Returns the status of a bundle.
    pub(crate) fn bundle(&self, name: &str) -> Json {
        self.status()["bundles"][name].clone()
    }

    /// Returns the state of a plugin.
    pub(crate) fn state(&self, plugin: &str) -> &'static str {
        let states = self.manager.service().plugins().all();
        states.get(plugin).map_or("none", |(state, _)| state.name())
    }

    /// Returns the lines on the console with this message.
    pub(crate) fn lines(&self, message: &str) -> Vec<Json> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|line| line["msg"] == message).cloned().collect()
    }

    /// Looks for all bundles, and returns why that failed.
    pub(crate) async fn look(&self) -> Option<String> {
        let looked = self.manager.trigger("bundle").await;
        looked.err().map(|error| error.to_string())
    }
}

/// Returns a bundle as it is served.
pub(crate) fn bundle(
    revision: &str,
    roots: &[&str],
    data: Json,
    modules: &[(&str, &str)],
) -> Vec<u8> {
    write(&files(revision, roots, data, modules)).unwrap()
}

/// Returns the files of a bundle.
pub(crate) fn files(
    revision: &str,
    roots: &[&str],
    data: Json,
    modules: &[(&str, &str)],
) -> BundleFiles {
    let manifest = Manifest {
        revision: revision.to_string(),
        roots: roots.iter().map(|root| (*root).to_string()).collect(),
        ..Manifest::default()
    };
    let owned = |(path, text): &(&str, &str)| ((*path).to_string(), (*text).to_string());
    BundleFiles {
        manifest,
        data: Value::from_json(data.to_string().as_bytes()).unwrap(),
        modules: modules.iter().map(owned).collect(),
        ..BundleFiles::default()
    }
}
