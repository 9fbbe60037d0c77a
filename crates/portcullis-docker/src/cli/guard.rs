//! Flags about whom and what the gate trusts: where the host's files are, which header names people,
//! and what of itself it protects.
//!
//! Must not know: what a decision is.

use std::path::PathBuf;
use std::sync::Arc;

use super::{ArgumentError, DockerAuthzArgs};
use crate::host_tree::HostTree;
use crate::listen::plugin_socket;
use crate::protection::Protection;
use crate::protection::containers::Containers;
use crate::protection::own::{Surroundings, protect};
use crate::protection::paths::Paths;
use crate::protection::plugins::{Plugins, PluginsOptions};

/// Where the host's files are, unless another place is named.
const HOST_ROOT_DEFAULT: &str = "/";

/// Whom and what the gate trusts.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct GuardArgs {
    /// Directory at which the host's files are, to see where mounts lead
    #[arg(long, default_value = HOST_ROOT_DEFAULT, value_name = "DIR")]
    pub host_root: PathBuf,
    /// Header whose value is believed to be the user's name (input.Identity), where no client
    /// certificate says it. Any client can send any header: use it only behind what sets it
    #[arg(long, value_name = "NAME")]
    pub trust_identity_header: Option<String>,
    /// Refuse what would switch the gate off, whatever the policy says
    #[arg(long, default_value_t = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", action = clap::ArgAction::Set)]
    pub self_protection: bool,
    /// Identity that self-protection does not hold for; may be repeated
    #[arg(long, value_name = "IDENTITY")]
    pub break_glass: Vec<String>,
    /// Name of the managed plugin that this gate is; may be repeated
    #[arg(long, value_name = "NAME")]
    pub protect_plugin: Vec<String>,
    /// More of the gate's paths on the host; may be repeated
    #[arg(long, value_name = "PATH")]
    pub protect_path: Vec<PathBuf>,
    /// Name of the container that the gate runs in; may be repeated
    #[arg(long, value_name = "NAME")]
    pub protect_container: Vec<String>,
}

impl Default for GuardArgs {
    fn default() -> Self {
        Self {
            host_root: PathBuf::from(HOST_ROOT_DEFAULT),
            trust_identity_header: None,
            self_protection: true,
            break_glass: Vec::new(),
            protect_plugin: Vec::new(),
            protect_path: Vec::new(),
            protect_container: Vec::new(),
        }
    }
}

/// What a gate guards by.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The host's files.
    pub tree: Arc<HostTree>,
    /// The header that names people; none is trusted without.
    pub identity_header: Option<String>,
    /// What is protected.
    pub protection: Arc<Protection>,
    /// What whoever runs the gate should know about it, a line each.
    pub warnings: Vec<String>,
}

impl DockerAuthzArgs {
    /// Returns what the gate guards by; finds out where it is itself.
    ///
    /// Errors: no directory at `--host-root`; a header's name that cannot be one; an identity that
    /// is nobody's.
    pub(super) fn guard(&self) -> Result<Guard, ArgumentError> {
        let args = &self.guard;
        let tree = HostTree::open(&args.host_root)
            .map_err(|error| ArgumentError::HostRoot(args.host_root.clone(), error.to_string()))?;
        let header = args.trust_identity_header.clone();
        if let Some(name) = header.as_ref().filter(|name| !is_header_name(name)) {
            return Err(ArgumentError::Header(name.clone()));
        }
        if args.break_glass.iter().any(|identity| identity.trim().is_empty()) {
            return Err(ArgumentError::BreakGlass);
        }
        let protection =
            if args.self_protection { self.protection(&tree) } else { Protection::default() };
        Ok(Guard {
            tree: Arc::new(tree),
            warnings: self.guard.warnings(&protection),
            identity_header: header,
            protection: Arc::new(protection),
        })
    }

    fn protection(&self, tree: &HostTree) -> Protection {
        let args = &self.guard;
        let here = Surroundings::read();
        let own_plugin = here.plugin_id();
        let own_container = here.container_id().filter(|id| own_plugin.as_ref() != Some(id));
        let host_root = args.host_root.to_string_lossy();
        let socket = self.socket.clone().unwrap_or_else(|| plugin_socket(&self.plugin_name));
        let files = |paths: &[String]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        let one = |file: &Option<String>| file.iter().map(PathBuf::from).collect::<Vec<_>>();
        let settings: Vec<String> = self.settings.iter().cloned().collect();
        let groups = [
            ("its socket", vec![socket]),
            ("its policy", files(&self.policy_file)),
            ("its data", files(&self.data_file)),
            ("its settings", one(&self.settings)),
            ("its configuration", one(&self.config_file)),
            ("its settings", files(&settings)),
            ("its program", std::env::current_exe().into_iter().collect()),
        ];
        let here_paths = groups.iter().flat_map(|(what, paths)| {
            paths.iter().map(|path| protect(what, path, (&here, &host_root, tree)))
        });
        // Paths that are named are those of the host already.
        let nowhere = Surroundings::default();
        let named = args.protect_path.iter();
        let named = named.map(|path| protect("a protected path", path, (&nowhere, "/", tree)));
        Protection {
            plugins: Plugins::new(PluginsOptions {
                plugin_name: self.plugin_name.clone(),
                named: args.protect_plugin.clone(),
                own_id: own_plugin,
            }),
            paths: Paths(here_paths.chain(named).collect()),
            containers: Containers { names: args.protect_container.clone(), own_id: own_container },
            break_glass: args.break_glass.iter().cloned().collect(),
        }
    }
}

impl GuardArgs {
    fn warnings(&self, protection: &Protection) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(name) = &self.trust_identity_header {
            warnings.push(format!(
                "any client that reaches the daemon can send `{name}` and be whom it likes: let \
                 none reach it but what sets that header, and takes away the client's own"
            ));
        }
        if !self.self_protection {
            warnings.push("the gate does not protect itself: only the policy does".to_string());
            return warnings;
        }
        let Protection { plugins, containers, .. } = protection;
        if plugins.is_nameless() {
            warnings.push(
                "no plugin can be disabled, removed, upgraded or set: the name of this one is not \
                 known (--protect-plugin NAME)"
                    .to_string(),
            );
        }
        if containers.is_nameless() {
            warnings.push(
                "this gate's container is protected by its id alone: its name is not known \
                 (--protect-container NAME)"
                    .to_string(),
            );
        }
        warnings
    }
}

/// Whether a text can be a header's name.
///
/// Source: RFC 9110, section 5.6.2, `token`.
fn is_header_name(name: &str) -> bool {
    let is_mark = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}
