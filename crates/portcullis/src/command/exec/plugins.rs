//! The plugins that a decision needs: what a configuration and `--bundle` say, each at work once.
//!
//! Must not know: inputs and results.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use portcullis_bundle::{
    SignatureAlgorithm, Unsigned, Verification, VerificationConfig, VerificationKey,
};
use portcullis_service::config::{Config, Trigger};
use portcullis_service::config_file::{self, ConfigFlags};
use portcullis_service::console::{Console, Level};
use portcullis_service::decide::Limits;
use portcullis_service::host::SystemHost;
use portcullis_service::plugin::{ClientOptions, LocalBundle, Manager, PluginError, StartOptions};
use portcullis_service::service::{Identity, ServiceParts};
use portcullis_service::snapshot::CompileOptions;
use portcullis_service::state::State;
use portcullis_service::store::Store;
use rego::{Annotations, Budget, RegoVersion, Value};

use super::Args;
use crate::command::version;
use crate::network::network;

/// Longest wait for plugins to be up, where there is no `--timeout`. Ours; OPA waits for ever.
const READY_WAIT_MAX: Duration = Duration::from_secs(600);

/// Longest evaluation of one input, where there is no `--timeout`. Ours: steps end it long before.
const EVALUATION_TIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Starts the plugins, and waits until what they fetch is in force.
pub(super) async fn start(
    args: &Args,
    console: &Console,
    deadline: Option<Instant>,
) -> Result<Manager> {
    let options = options(args, console)?;
    let has_discovery = options.loaded.config.discovery.is_some();
    let late = || {
        anyhow!(
            "exec error: timed out before OPA was ready. This can happen when a remote bundle is \
             malformed, or the timeout is set too low for normal OPA initialization"
        )
    };
    let left =
        || deadline.map_or(READY_WAIT_MAX, |at| at.saturating_duration_since(Instant::now()));
    let begin = async {
        let manager = Manager::start(options).await.context("runtime error")?;
        if has_discovery {
            trigger(&manager, "discovery").await?;
        }
        trigger(&manager, "bundle").await?;
        trigger(&manager, "status").await?;
        Ok::<_, anyhow::Error>(manager)
    };
    let manager = tokio::time::timeout(left(), begin).await.map_err(|_| late())??;
    if !manager.wait_until_ready(left()).await {
        return Err(late());
    }
    Ok(manager)
}

/// Lets a plugin do its work once, where it is configured.
pub(super) async fn trigger(manager: &Manager, plugin: &str) -> Result<()> {
    match manager.trigger(plugin).await {
        Ok(()) | Err(PluginError::Unknown(_)) => Ok(()),
        Err(error) => Err(anyhow!(error)).context("runtime error"),
    }
}

fn options(args: &Args, console: &Console) -> Result<StartOptions> {
    let flags = ConfigFlags {
        file: args.config_file.clone(),
        set: args.set.clone(),
        set_file: args.set_file.clone(),
    };
    let mut loaded = config_file::load(&flags).context("config error")?;
    for warning in &loaded.warnings {
        console.line(Level::Warn, warning, &Value::object(Vec::new()));
    }
    make_manual(&mut loaded.config);
    if loaded.config.storage.is_some() {
        bail!("config error: `storage` is for servers: one decision has nothing to keep");
    }
    let compile = CompileOptions {
        rego_version: if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 },
        annotations: Annotations::Check,
        ..CompileOptions::default()
    };
    let identity = Identity {
        commit: version::commit().to_string(),
        ..Identity::new(env!("CARGO_PKG_VERSION"))
    };
    let registry = identity.registry(&loaded.config)?;
    let agent = identity.user_agent();
    let printed = console.clone();
    let host = SystemHost::new().with_network(network()).with_print(move |place, line| {
        let fields = Value::object_from_strs([("line", Value::from(place))]);
        printed.line(Level::Info, line, &fields);
    });
    let timeout = if args.timeout.is_zero() { EVALUATION_TIME_MAX } else { args.timeout };
    Ok(StartOptions {
        local_bundles: local_bundles(args, &loaded.config)?,
        parts: ServiceParts {
            identity,
            store: Arc::new(Store::open(State::default(), compile)?),
            host,
            limits: Limits { timeout, budget: Budget::default() },
            console: console.clone(),
            registry: Arc::new(registry),
        },
        loaded,
        client: ClientOptions::new(agent),
        working_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        variables: Arc::new(|name| std::env::var(name).ok()),
    })
}

/// Nothing happens by time: each plugin works when it is asked to.
fn make_manual(config: &mut Config) {
    let discovery = config.discovery.iter_mut().map(|it| &mut it.trigger);
    let bundles = config.bundles.values_mut().map(|it| &mut it.trigger);
    let logs = config.decision_logs.iter_mut().map(|it| &mut it.reporting.trigger);
    let status = config.status.iter_mut().map(|it| &mut it.trigger);
    for trigger in discovery.chain(bundles).chain(logs).chain(status) {
        *trigger = Trigger::Manual;
    }
}

/// Returns the bundles of `--bundle`, called `~0`, `~1` and so on. A signature is verified with the
/// keys of the configuration.
fn local_bundles(args: &Args, config: &Config) -> Result<Vec<LocalBundle>> {
    let keys = config.keys.iter().map(|(id, key)| {
        let algorithm = SignatureAlgorithm::from_name(&key.algorithm)
            .with_context(|| format!("config error: `keys.{id}`"))?;
        let key = VerificationKey {
            key: key.key.expose().to_string(),
            algorithm,
            scope: key.scope.clone(),
        };
        Ok((id.clone(), key))
    });
    let keys: BTreeMap<_, _> = keys.collect::<Result<_>>()?;
    let verification = match keys.is_empty() {
        true => Verification::NoKeys,
        false => Verification::Verify(VerificationConfig {
            keys,
            unsigned: Unsigned::Accept,
            ..VerificationConfig::default()
        }),
    };
    let bundle = |(position, path): (usize, &String)| LocalBundle {
        name: format!("~{position}"),
        path: PathBuf::from(path.strip_prefix("file://").unwrap_or(path)),
        verification: verification.clone(),
        ignore: Vec::new(),
    };
    Ok(args.bundle.iter().enumerate().map(bundle).collect())
}
