//! The policies that are part of the program: rules, what they share, and the decision.
//!
//! Must not know: how they are set, what they say.

use std::sync::Arc;

/// Where the policies' text stands in the project.
const DIRECTORY: &str = "policies/docker";

macro_rules! modules {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../policies/docker/", $name)))),*]
    };
}

/// Name below the directory, and text, in the order of names.
const MODULES: &[(&str, &str)] = &modules![
    "audit.rego",
    "authz.rego",
    "lib/images.rego",
    "lib/mounts.rego",
    "lib/names.rego",
    "lib/people.rego",
    "lib/request.rego",
    "lib/security.rego",
    "rules/apparmor.rego",
    "rules/audit.rego",
    "rules/build.rego",
    "rules/buildkit.rego",
    "rules/capabilities.rego",
    "rules/cgroup.rego",
    "rules/complete.rego",
    "rules/container_user.rego",
    "rules/devices.rego",
    "rules/exec.rego",
    "rules/ipc.rego",
    "rules/leaks.rego",
    "rules/masked_paths.rego",
    "rules/mounts.rego",
    "rules/network.rego",
    "rules/no_new_privileges.rego",
    "rules/pid.rego",
    "rules/plugins.rego",
    "rules/ports.rego",
    "rules/privileged.rego",
    "rules/registries.rego",
    "rules/resources.rego",
    "rules/restart.rego",
    "rules/rootfs.rego",
    "rules/runtimes.rego",
    "rules/scanning.rego",
    "rules/seccomp.rego",
    "rules/selinux.rego",
    "rules/signatures.rego",
    "rules/swarm.rego",
    "rules/sysctls.rego",
    "rules/update.rego",
    "rules/userns.rego",
    "rules/users.rego",
    "rules/uts.rego",
    "rules/volumes.rego",
];

/// Returns the modules: the name of each file in the project, and its text.
pub fn modules() -> Vec<(String, Arc<str>)> {
    let module = |(name, text): &(&str, &str)| (format!("{DIRECTORY}/{name}"), Arc::from(*text));
    MODULES.iter().map(module).collect()
}
