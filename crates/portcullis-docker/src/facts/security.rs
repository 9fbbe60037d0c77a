//! How what a request starts is confined: seccomp, AppArmor, SELinux, privileges, hidden paths.
//!
//! Pure. Must not know: policies.
//!
//! Source: moby `daemon/daemon_unix.go`, `parseSecurityOpt`: `=` divides before `:` does, the last of
//! an option wins, names are exact; Docker Engine API, `ContainerSpec.Privileges`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rego::{Value, View};

use super::{Asked, elements, text, texts};
use crate::api::fold;
use crate::body;
use crate::fields::Fields;

/// Paths that the daemon hides from containers where it is not told otherwise, in every version.
const MASKED_DEFAULT: [&str; 7] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/sched_debug",
    "/sys/firmware",
];

/// Paths that the daemon keeps containers from writing to where it is not told otherwise.
const READONLY_DEFAULT: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The fields of seccomp profiles, which the daemon reads in any case.
///
/// Source: moby `profiles/seccomp`, `Seccomp`; OCI runtime specification, `linux.seccomp`.
const PROFILE_FIELDS: [&str; 23] = [
    "action",
    "architecture",
    "architectures",
    "archMap",
    "arches",
    "args",
    "caps",
    "comment",
    "defaultAction",
    "defaultErrnoRet",
    "errnoRet",
    "excludes",
    "flags",
    "includes",
    "index",
    "listenerMetadata",
    "listenerPath",
    "minKernel",
    "name",
    "names",
    "op",
    "subArchitectures",
    "syscalls",
];

/// How what a request starts is confined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Security {
    /// Empty where nothing is asked for, or `default`, `unconfined`, `builtin`, `inline`.
    pub seccomp: &'static str,
    /// The profile in the request; none where there is none, or none that can be read.
    pub seccomp_inline: Option<Value>,
    /// The profile of AppArmor; empty where nothing is asked for.
    pub apparmor: String,
    /// Options of SELinux, in order.
    pub labels: Vec<String>,
    /// Whether processes can gain no privileges.
    pub no_new_privileges: bool,
    /// Whether system paths are neither hidden nor kept from being written to.
    pub system_paths_unconfined: bool,
    /// Whether a path that the daemon hides by default is not.
    pub masked_paths_cleared: bool,
    /// Whether a path that the daemon keeps from being written to by default is not.
    pub readonly_paths_cleared: bool,
    /// Options that are none of these, or have values that cannot be read.
    pub unknown: Vec<String>,
}

impl Security {
    /// Returns the confinement as policies see it.
    pub fn to_value(&self) -> Value {
        static FIELDS: Fields = Fields::new();
        FIELDS.object([
            ("AppArmor", self.apparmor.as_str().into()),
            ("Label", texts(&self.labels)),
            ("LabelDisabled", self.labels.iter().any(|label| label == "disable").into()),
            ("MaskedPathsCleared", self.masked_paths_cleared.into()),
            ("NoNewPrivileges", self.no_new_privileges.into()),
            ("ReadonlyPathsCleared", self.readonly_paths_cleared.into()),
            ("Seccomp", self.seccomp.into()),
            ("SeccompInline", self.seccomp_inline.clone().unwrap_or(Value::NULL)),
            ("SystemPathsUnconfined", self.system_paths_unconfined.into()),
            ("Unknown", texts(&self.unknown)),
        ])
    }

    fn take(&mut self, option: &str) {
        let divided = option.split_once('=').or_else(|| option.split_once(':'));
        match divided {
            None if option == "no-new-privileges" => self.no_new_privileges = true,
            None if option == "disable" => self.labels.push(option.to_string()),
            None => self.unknown.push(option.to_string()),
            Some(("label", value)) => self.labels.push(value.to_string()),
            Some(("apparmor", value)) => self.apparmor = value.to_string(),
            Some(("seccomp", value)) => self.take_seccomp(value),
            Some(("no-new-privileges", value)) => match go_bool(value) {
                Some(on) => self.no_new_privileges = on,
                None => self.unknown.push(option.to_string()),
            },
            // The client's own; it stands for two empty lists.
            Some(("systempaths", "unconfined")) => self.system_paths_unconfined = true,
            Some(_) => self.unknown.push(option.to_string()),
        }
    }

    fn take_seccomp(&mut self, value: &str) {
        self.seccomp_inline = None;
        self.seccomp = match value {
            "" => "",
            "default" => "default",
            "unconfined" => "unconfined",
            "builtin" => "builtin",
            profile => {
                self.take_profile(profile.as_bytes());
                return;
            }
        };
    }

    fn take_profile(&mut self, profile: &[u8]) {
        self.seccomp = "inline";
        match body::parse(profile).ok().and_then(|value| canonical(&value)) {
            Some(value) if value.as_object().is_some() => self.seccomp_inline = Some(value),
            _ => self.unknown.push(format!("seccomp={}", String::from_utf8_lossy(profile))),
        }
    }

    fn take_paths(&mut self, config: &Value) {
        let is_cleared = |field: &str, default: &[&str]| {
            let given = config.get_path(&[field]).and_then(Value::as_array);
            given.is_some_and(|given| {
                let has = |path: &&str| given.iter().any(|one| one.as_str() == Some(*path));
                !default.iter().all(has)
            })
        };
        self.masked_paths_cleared |= is_cleared("MaskedPaths", &MASKED_DEFAULT);
        self.readonly_paths_cleared |= is_cleared("ReadonlyPaths", &READONLY_DEFAULT);
    }

    /// Takes `ContainerSpec.Privileges` of a service.
    fn take_privileges(&mut self, privileges: &Value) {
        let is_true = |path: &[&str]| privileges.get_path(path).is_some_and(Value::is_true);
        self.no_new_privileges |= is_true(&["NoNewPrivileges"]);
        match text(privileges, &["Seccomp", "Mode"]) {
            "" => {}
            "default" => self.seccomp = "default",
            "unconfined" => self.seccomp = "unconfined",
            _ => {
                let profile = STANDARD.decode(text(privileges, &["Seccomp", "Profile"]));
                self.take_profile(&profile.unwrap_or_default());
            }
        }
        match text(privileges, &["AppArmor", "Mode"]) {
            "" | "default" => {}
            "disabled" => self.apparmor = "unconfined".to_string(),
            mode => self.unknown.push(format!("apparmor={mode}")),
        }
        if is_true(&["SELinuxContext", "Disable"]) {
            self.labels.push("disable".to_string());
        }
        for field in ["User", "Role", "Type", "Level"] {
            let value = text(privileges, &["SELinuxContext", field]);
            if !value.is_empty() {
                self.labels.push(format!("{}:{value}", field.to_ascii_lowercase()));
            }
        }
    }
}

/// Returns how what a request starts is confined: a container, a service's tasks, or a build.
pub fn of(asked: &Asked<'_>) -> Security {
    let mut security = Security::default();
    if let Some(config) = asked.body.get_path(&["HostConfig"]) {
        for option in elements(config, &["SecurityOpt"]) {
            security.take(option.as_str().unwrap_or_default());
        }
        security.take_paths(config);
    }
    let privileges = asked.service_container().and_then(|spec| spec.get_path(&["Privileges"]));
    if let Some(privileges) = privileges {
        security.take_privileges(privileges);
    }
    if asked.action == "image_build" {
        let options = asked.query.iter().filter(|(name, _)| name == "securityopt");
        options.for_each(|(_, option)| security.take(option));
    }
    security.system_paths_unconfined |=
        security.masked_paths_cleared && security.readonly_paths_cleared;
    security
}

/// Returns what Go takes a text for, where it is a truth value.
fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Returns a profile whose fields have their own spelling; none where two are one field. Its depth
/// is bounded by that of bodies.
fn canonical(value: &Value) -> Option<Value> {
    match value.view() {
        View::Array(items) => {
            Some(Value::array(items.iter().map(canonical).collect::<Option<_>>()?))
        }
        View::Object(object) => {
            let entry = |(key, value): (&Value, &Value)| {
                let key = key.as_str()?;
                let folded = fold(key);
                let field = PROFILE_FIELDS.iter().find(|field| field.eq_ignore_ascii_case(&folded));
                Some((Value::from(field.copied().unwrap_or(key)), canonical(value)?))
            };
            let entries = object.iter().map(entry).collect::<Option<Vec<_>>>()?;
            let canonical = Value::object(entries);
            (canonical.as_object().map(|fields| fields.len()) == Some(object.len()))
                .then_some(canonical)
        }
        _ => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests;
