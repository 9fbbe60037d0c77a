//! From flags and configuration to a running server, until a signal ends it.

use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use portcullis_server::{
    Address, BindOptions, ClientCertificates, ListenLimits, Listeners, Server, ServerOptions,
    TlsOptions, TlsVersion,
};
use portcullis_service::config::{Config, Loaded};
use portcullis_service::config_file::{self, ConfigFlags};
use portcullis_service::console::{Console, Level};
use portcullis_service::decide::Limits;
use portcullis_service::files::Reload;
use portcullis_service::host::SystemHost;
use portcullis_service::plugin::{ClientOptions, LocalBundles, Manager, StartOptions, file_log};
use portcullis_service::service::{Identity, ServiceParts};
use portcullis_service::watch::{Watched, Watcher};
use rego::Value;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::arguments::{Args, Authentication, Authorization};
use super::initial::{self, Initial};
use super::local_bundle;
use crate::command::version;
use crate::console_layer::ConsoleLayer;
use crate::network::network;

/// Threads that serve, for each core: evaluation runs on them, too.
const WORKERS_PER_CORE: usize = 2;

/// Most threads for what takes long: large bodies, slow decisions, writes, bundles.
const BLOCKING_THREADS_MAX: usize = 64;

/// Stack of every thread that evaluates.
const STACK_BYTES: usize = 8 << 20;

/// Runs the server until a signal ends it.
///
/// Errors: whatever keeps it from starting.
pub(super) fn serve(args: &Args) -> Result<()> {
    let parts = Parts::new(args)?;
    threads()?.block_on(async {
        let stop = stop_signal()?;
        run(args, parts, stop).await
    })
}

/// What a server consists of before it serves.
pub(super) struct Parts {
    console: Console,
    loaded: Loaded,
    initial: Initial,
    pub(super) listeners: Listeners,
}

impl Parts {
    /// Reads and binds what the arguments name.
    ///
    /// Errors: what is wrong with any of it.
    pub(super) fn new(args: &Args) -> Result<Self> {
        let loaded = configuration(args)?;
        let console = console(args, &loaded.config)?;
        for warning in &loaded.warnings {
            console.line(Level::Warn, warning, &nothing());
        }
        let initial = initial::open(args, loaded.config.storage.as_ref())?;
        let listeners = Listeners::bind(&bind_options(args)?)?;
        Ok(Self { console, loaded, initial, listeners })
    }
}

/// Returns the threads that serve.
pub(super) fn threads() -> Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.saturating_mul(WORKERS_PER_CORE))
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .context("cannot start threads")
}

/// Serves until `stop` completes.
///
/// Errors: whatever keeps it from starting.
pub(super) async fn run(
    args: &Args,
    parts: Parts,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let Parts { console, loaded, initial, listeners } = parts;
    let options = server_options(args, &loaded.config);
    let manager = Manager::start(start_options(args, console.clone(), loaded, &initial)?).await?;
    let ready = Duration::from_secs(args.ready_timeout);
    if !ready.is_zero() && !manager.wait_until_ready(ready).await {
        bail!("the plugins were not ready within {} s (`--ready-timeout`)", args.ready_timeout);
    }
    let options = ServerOptions { traces: manager.traces(), ..options };
    let server = Arc::new(Server::new(manager.service(), options));
    let watcher = match args.watch {
        true => watched(args, initial)?.map(|files| watch(files, console.clone())).transpose()?,
        false => None,
    };
    announce(&console, &listeners);
    let stopping = console.clone();
    let stop = async move {
        stop.await;
        stopping.line(Level::Info, "Shutting down...", &nothing());
    };
    listeners.serve(server, stop).await?;
    drop(watcher);
    manager.shutdown(Duration::from_secs(args.shutdown_grace_period)).await;
    console.line(Level::Info, "Server shutdown.", &nothing());
    Ok(())
}

/// Returns the console, where the libraries write, too: the standard error, or the file of
/// `server.logger_plugin`.
fn console(args: &Args, config: &Config) -> Result<Console> {
    let file = config.server.logger_plugin.as_ref().and(config.plugins.file_logger.as_ref());
    let console = match file {
        Some(file) => {
            file_log::open(file).with_context(|| format!("cannot write the log `{}`", file.path))?
        }
        None => {
            // Where nobody reads the log any more, the server goes on.
            let sink = |line: &str| drop(std::io::stderr().lock().write_all(line.as_bytes()));
            Console::new(Arc::new(sink), args.log_format.into(), args.log_level.into())
        }
    };
    drop(tracing_subscriber::registry().with(ConsoleLayer(console.clone())).try_init());
    Ok(console)
}

fn nothing() -> Value {
    Value::object(Vec::new())
}

/// Returns the configuration, with URLs of bundles put in as OPA does: a service, a bundle.
fn configuration(args: &Args) -> Result<Loaded> {
    let mut set = args.set.clone();
    let urls = args.paths.iter().filter(|path| initial::is_remote(path));
    for (at, url) in urls.enumerate() {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let name = format!("cli{}", at + 1);
        let escaped = |text: &str| text.replace('\\', "\\\\").replace(',', "\\,");
        set.push(format!("services.{name}.url={scheme}://{}", escaped(host)));
        set.push(format!("bundles.{name}.service={name}"));
        set.push(format!("bundles.{name}.resource=/{}", escaped(path)));
        set.push(format!("bundles.{name}.persist=true"));
    }
    let flags =
        ConfigFlags { file: args.config_file.clone(), set, set_file: args.set_file.clone() };
    Ok(config_file::load(&flags)?)
}

fn start_options(
    args: &Args,
    console: Console,
    loaded: Loaded,
    initial: &Initial,
) -> Result<StartOptions> {
    let config = &loaded.config;
    let identity = Identity {
        commit: version::commit().to_string(),
        ..Identity::new(env!("CARGO_PKG_VERSION"))
    };
    let registry = identity.registry(config)?;
    let agent = identity.user_agent();
    let printed = console.clone();
    let host = SystemHost::new().with_network(network()).with_print(move |place, line| {
        let fields = Value::object_from_strs([("line", Value::from(place))]);
        printed.line(Level::Info, line, &fields);
    });
    if !args.bundle && args.verification.config(&args.signing_alg)?.is_some() {
        bail!("enable bundle mode (ie. --bundle) to verify bundle files or directories");
    }
    let local_bundles = if args.bundle { local_bundle::all(args)? } else { Vec::new() };
    Ok(StartOptions {
        parts: ServiceParts {
            identity,
            store: Arc::clone(&initial.store),
            host,
            limits: Limits { timeout: args.decision_timeout, ..Limits::default() },
            console,
            registry: Arc::new(registry),
        },
        loaded,
        client: ClientOptions::new(agent),
        working_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        local_bundles,
        variables: Arc::new(|name| std::env::var(name).ok()),
    })
}

fn server_options(args: &Args, config: &Config) -> ServerOptions {
    let bytes = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    ServerOptions {
        authentication: match args.authentication {
            Authentication::Off => portcullis_server::Authentication::Off,
            Authentication::Token => portcullis_server::Authentication::Token,
            Authentication::Tls => portcullis_server::Authentication::Tls,
        },
        authorization: args.authorization == Authorization::Basic,
        body_bytes_max: bytes(config.server.body_max_bytes),
        unpacked_bytes_max: bytes(config.server.gzip_body_max_bytes),
        gzip_bytes_min: bytes(config.server.gzip_min_bytes),
        gzip_level: config.server.gzip_level,
        traces: None,
    }
}

fn bind_options(args: &Args) -> Result<BindOptions> {
    let parse = |texts: &[String]| {
        texts.iter().map(|text| Address::parse(text)).collect::<Result<Vec<_>, _>>()
    };
    Ok(BindOptions {
        addresses: parse(&args.addresses())?,
        diagnostic_addresses: parse(&args.diagnostic_addr)?,
        unix_socket_mode: args.unix_socket_perm,
        tls: tls_options(args)?,
        h2c: args.h2c,
        limits: ListenLimits {
            shutdown_wait: Duration::from_secs(args.shutdown_wait_period),
            shutdown_grace: Duration::from_secs(args.shutdown_grace_period),
            ..ListenLimits::default()
        },
    })
}

fn tls_options(args: &Args) -> Result<Option<TlsOptions>> {
    let min_version = TlsVersion::parse(&args.min_tls_version)?;
    let authenticates = args.authentication == Authentication::Tls;
    let (certificate, key) = match (&args.tls_cert_file, &args.tls_private_key_file) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) if authenticates => {
            bail!("--authentication=tls needs --tls-cert-file and --tls-private-key-file")
        }
        (None, None) => return Ok(None),
        _ => bail!("--tls-cert-file and --tls-private-key-file must be specified together"),
    };
    if authenticates && args.tls_ca_cert_file.is_none() {
        bail!("--authentication=tls needs --tls-ca-cert-file: whose certificates clients may show");
    }
    Ok(Some(TlsOptions {
        certificate: certificate.into(),
        key: key.into(),
        client_authorities: args.tls_ca_cert_file.as_ref().map(PathBuf::from),
        client_certificates: match authenticates {
            true => ClientCertificates::Required,
            false => ClientCertificates::NotAsked,
        },
        min_version,
        cipher_suites: args.tls_cipher_suites.clone(),
        refresh_period: Some(args.tls_cert_refresh_period).filter(|period| !period.is_zero()),
    }))
}

/// Says where it listens: first the whole API, then diagnostics.
fn announce(console: &Console, listeners: &Listeners) {
    let of = |scope| {
        let all = listeners.local_addresses().into_iter();
        let urls = all.filter(|address| address.scope == scope).map(|address| address.url);
        Value::array(urls.map(Value::from).collect())
    };
    let fields = Value::object_from_strs([
        ("addrs", of(portcullis_server::Scope::All)),
        ("diagnostic-addrs", of(portcullis_server::Scope::Diagnostics)),
    ]);
    console.line(Level::Info, "Initializing server.", &fields);
}

/// Returns what completes at the first signal to stop.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot await signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot await signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Returns what is to be watched: the files, or the bundles, that were named at the start.
fn watched(args: &Args, initial: Initial) -> Result<Option<Arc<dyn Watched>>> {
    if !args.bundle {
        return Ok(initial.files.map(|files| files as Arc<dyn Watched>));
    }
    let bundles = local_bundle::all(args)?;
    Ok(Some(Arc::new(LocalBundles::new(bundles, initial.store))))
}

/// Loads the files again when they change, and says what that came to.
fn watch(files: Arc<dyn Watched>, console: Console) -> Result<Watcher> {
    let report = move |reload: &Reload| match reload {
        Reload::Activated(revision) => {
            let revision = i64::try_from(*revision).unwrap_or(i64::MAX);
            let fields = Value::object_from_strs([("revision", Value::from(revision))]);
            console.line(Level::Info, "Processed file watch event.", &fields);
        }
        Reload::Unchanged => {}
        Reload::Rejected(reason) | Reload::Missing(reason) => {
            let fields = Value::object_from_strs([("err", Value::from(reason.as_str()))]);
            console.line(Level::Error, "Failed to reload files.", &fields);
        }
    };
    Watcher::start(files, Box::new(report)).context("cannot watch the files")
}
