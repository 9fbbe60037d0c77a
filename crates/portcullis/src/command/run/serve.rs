//! From flags and configuration to a running server, until a signal ends it.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use portcullis_server::{Authentication, Peer, Scope, Server, ServerOptions};
use portcullis_service::config_file::{self, ConfigFlags};
use portcullis_service::console::{Console, Level};
use portcullis_service::decide::Limits;
use portcullis_service::host::SystemHost;
use portcullis_service::service::{Identity, Service, ServiceParts, Settings};
use portcullis_service::telemetry::prometheus::{Registry, RegistryOptions};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Args;
use super::arguments;
use super::initial;
use crate::console_layer::ConsoleLayer;

/// Threads that serve, for each core: evaluation runs on them, too.
const WORKERS_PER_CORE: usize = 2;

/// Stack of every thread that evaluates.
const STACK_BYTES: usize = 8 << 20;

pub(super) fn serve(args: &Args) -> Result<()> {
    let sink = |line: &str| drop(std::io::stderr().lock().write_all(line.as_bytes()));
    let console = Console::new(Arc::new(sink), args.log_format.into(), args.log_level.into());
    drop(tracing_subscriber::registry().with(ConsoleLayer(console.clone())).try_init());
    let flags = ConfigFlags {
        file: args.config_file.clone(),
        set: args.set.clone(),
        set_file: args.set_file.clone(),
    };
    let loaded = config_file::load(&flags)?;
    for warning in &loaded.warnings {
        console.line(Level::Warn, warning, &rego::Value::NULL);
    }
    let config = &loaded.config;
    let initial = initial::open(args, config.storage.as_ref())?;
    let identity = Identity::new(env!("CARGO_PKG_VERSION"));
    let settings = Settings::new(config, &loaded.document, &identity);
    let registry = Arc::new(Registry::new(&RegistryOptions {
        http_buckets: config.server.duration_buckets.clone(),
        status: None,
    })?);
    let limits = Limits { timeout: args.decision_timeout, ..Limits::default() };
    let parts = ServiceParts {
        identity,
        store: Arc::clone(&initial.store),
        host: SystemHost::new(),
        limits,
        console,
        registry,
    };
    let service = Arc::new(Service::new(parts, settings));
    let bytes = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    let server = Arc::new(Server::new(
        service,
        ServerOptions {
            authentication: match args.authentication {
                arguments::Authentication::Off => Authentication::Off,
                arguments::Authentication::Token => Authentication::Token,
                arguments::Authentication::Tls => Authentication::Tls,
            },
            authorization: args.authorization == arguments::Authorization::Basic,
            body_bytes_max: bytes(config.server.body_max_bytes),
            unpacked_bytes_max: bytes(config.server.gzip_body_max_bytes),
            gzip_bytes_min: bytes(config.server.gzip_min_bytes),
            gzip_level: config.server.gzip_level,
            traces: None,
        },
    ));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores * WORKERS_PER_CORE)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(accept(args, server))
}

async fn accept(args: &Args, server: Arc<Server>) -> Result<()> {
    let address = args.addresses().first().cloned().unwrap_or_default();
    let listener = tokio::net::TcpListener::bind(&address).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let peer =
                Peer { address: peer.to_string().into(), identity: None, certificates: None };
            let service = hyper::service::service_fn(|request| {
                let (server, peer) = (Arc::clone(&server), peer.clone());
                async move {
                    Ok::<_, std::convert::Infallible>(
                        server.respond(request, peer, Scope::All).await,
                    )
                }
            });
            let io = hyper_util::rt::TokioIo::new(stream);
            let http = hyper::server::conn::http1::Builder::new().serve_connection(io, service);
            drop(http.await);
        });
    }
}
