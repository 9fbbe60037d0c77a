//! What a request would share with the host, or with another container.
//!
//! Pure. Must not know: policies.
//!
//! Source: Docker Engine API, `HostConfig`; moby `volume/mounts` (`VolumesFrom`). The daemon takes
//! `host` in small letters alone; other letters count here as well, which refuses nothing useful.

use rego::Value;

use super::{Asked, elements, entries, text};
use crate::fields::Fields;

/// What the host is called.
pub const HOST: &str = "host";

/// Something shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// What: `network`, `pid`, `ipc`, `uts`, `userns`, `cgroupns`, `cgroup`, `volumes_from`.
    pub kind: &'static str,
    /// With whom: `host`, or a container's name or id.
    pub target: String,
    /// Whether it is shared for reading alone; only volumes can be.
    pub read_only: bool,
}

impl Share {
    /// Returns it as policies see it.
    pub fn to_value(&self) -> Value {
        static FIELDS: Fields = Fields::new();
        FIELDS.object([
            ("Kind", self.kind.into()),
            ("ReadOnly", self.read_only.into()),
            ("Target", self.target.as_str().into()),
        ])
    }
}

/// Fields that name a namespace, and what they share.
const NAMESPACES: [(&str, &str); 7] = [
    ("NetworkMode", "network"),
    ("PidMode", "pid"),
    ("IpcMode", "ipc"),
    ("UTSMode", "uts"),
    ("UsernsMode", "userns"),
    ("CgroupnsMode", "cgroupns"),
    ("Cgroup", "cgroup"),
];

/// Returns what a request shares: namespaces, the host's network by any way it can be named,
/// volumes of other containers.
pub fn of(asked: &Asked<'_>) -> Vec<Share> {
    let body = asked.body;
    let host = body.get_path(&["HostConfig"]).unwrap_or(&Value::NULL);
    let mut shares: Vec<Share> = NAMESPACES
        .iter()
        .filter_map(|(field, kind)| Some((*kind, of_mode(text(host, &[field]))?)))
        .map(|(kind, target)| Share { kind, target, read_only: false })
        .collect();
    let endpoints = entries(body, &["NetworkingConfig", "EndpointsConfig"]).map(|(name, _)| name);
    let named = |path: &[&str]| elements(body, path).iter().map(|one| text(one, &["Target"]));
    let services = named(&["TaskTemplate", "Networks"]).chain(named(&["Networks"]));
    let built = Some(asked.parameter("networkmode")).filter(|_| asked.action == "image_build");
    let built = built.and_then(of_mode);
    let hosts = endpoints.chain(services).filter(|name| is_host(name)).map(|_| HOST.to_string());
    for target in built.into_iter().chain(hosts) {
        let share = Share { kind: "network", target, read_only: false };
        if !shares.contains(&share) {
            shares.push(share);
        }
    }
    let volumes = elements(host, &["VolumesFrom"]).iter();
    shares.extend(volumes.filter_map(Value::as_str).map(of_volumes));
    shares
}

/// Returns with whom a mode shares: `host`, `container:NAME`; none for others.
fn of_mode(mode: &str) -> Option<String> {
    if is_host(mode) {
        return Some(HOST.to_string());
    }
    let (prefix, name) = mode.trim().split_once(':')?;
    prefix.eq_ignore_ascii_case("container").then(|| name.to_string())
}

fn is_host(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case(HOST)
}

/// Reads `NAME[:MODE]`.
fn of_volumes(from: &str) -> Share {
    let (name, mode) = from.split_once(':').unwrap_or((from, ""));
    let read_only = mode.split(',').any(|item| item == "ro");
    Share { kind: "volumes_from", target: name.to_string(), read_only }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::Target;

    fn lines(path: &str, body: &str) -> Vec<String> {
        let body = Value::from_json(body.as_bytes()).unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.split_once('=').map(|(k, v)| (k.to_string(), v.to_string()));
        let target = Target {
            path: path.to_string(),
            query: query.into_iter().collect(),
            ..Target::default()
        };
        let shares = of(&Asked::find("POST", &target, &body));
        let line = |share: &Share| {
            format!("{} {}{}", share.kind, share.target, if share.read_only { " ro" } else { "" })
        };
        shares.iter().map(line).collect()
    }

    #[test]
    fn lists_what_is_shared() {
        for (field, value, expected) in [
            ("NetworkMode", "host", &["network host"][..]),
            ("NetworkMode", "Host ", &["network host"]),
            ("NetworkMode", "container:web", &["network web"]),
            ("NetworkMode", "bridge", &[]),
            ("PidMode", "host", &["pid host"]),
            ("PidMode", "container:x", &["pid x"]),
            ("IpcMode", "shareable", &[]),
            ("IpcMode", "host", &["ipc host"]),
            ("UTSMode", "host", &["uts host"]),
            ("UsernsMode", "host", &["userns host"]),
            ("CgroupnsMode", "host", &["cgroupns host"]),
            ("CgroupnsMode", "private", &[]),
            ("Cgroup", "container:x", &["cgroup x"]),
        ] {
            let body = format!(r#"{{"HostConfig":{{"{field}":"{value}"}}}}"#);
            assert_eq!(lines("/containers/create", &body), expected, "{field} {value}");
        }
        let body = r#"{"HostConfig":{"VolumesFrom":["a","b:ro","c:rw","d:z,ro",7]}}"#;
        let expected = ["a", "b ro", "c", "d ro"].map(|from| format!("volumes_from {from}"));
        assert_eq!(lines("/containers/create", body), expected);
    }

    #[test]
    fn the_hosts_network_has_many_names() {
        for (path, body) in [
            ("/containers/create", r#"{"NetworkingConfig":{"EndpointsConfig":{"host":{}}}}"#),
            ("/services/create", r#"{"TaskTemplate":{"Networks":[{"Target":"host"}]}}"#),
            ("/services/x/update", r#"{"Networks":[{"Target":"host"}]}"#),
            ("/build?networkmode=host", "null"),
            (
                "/containers/create",
                r#"{"HostConfig":{"NetworkMode":"host"},"NetworkingConfig":{"EndpointsConfig":{"host":{}}}}"#,
            ),
        ] {
            assert_eq!(lines(path, body), ["network host"], "{path} {body}");
        }
        assert_eq!(lines("/build?networkmode=container:x", "null"), ["network x"]);
        assert!(lines("/images/create?networkmode=host", "null").is_empty());
    }
}
