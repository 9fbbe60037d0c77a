//! The gate's container: it must not be stopped, changed or entered, nor may others share what would
//! let them do so.
//!
//! Must not know: how its name and id are found out.
//!
//! Source: Docker Engine API; moby `daemon/container.go`: a container is named by its id, its name,
//! or the beginning of its id.

use rego::Value;

use crate::facts::Asked;
use crate::facts::sharing::Share;

/// What the gate is as a container.
#[derive(Clone, Debug, Default)]
pub struct Containers {
    /// Its names.
    pub names: Vec<String>,
    /// Its id; none where it is in no container, or that is not known.
    pub own_id: Option<String>,
}

/// What is done to a container by a path's last name, in words.
const DEEDS: [(&str, &str); 10] = [
    ("attach", "attaching to"),
    ("checkpoints", "checkpointing"),
    ("exec", "running something in"),
    ("kill", "killing"),
    ("pause", "pausing"),
    ("rename", "renaming"),
    ("restart", "restarting"),
    ("stop", "stopping"),
    ("update", "updating"),
    ("archive", "writing into"),
];

impl Containers {
    /// Returns what a request would do to the gate's container; none where it does nothing to it.
    pub fn touched(&self, asked: &Asked<'_>, sharing: &[Share]) -> Option<String> {
        if self.names.is_empty() && self.own_id.is_none() {
            return None;
        }
        if let Some((verb, container)) = deed(asked)
            && self.is_own(&container)
        {
            return Some(format!("{verb} its container `{container}` is refused"));
        }
        let shared = sharing.iter().find(|share| !share.read_only && self.is_own(&share.target));
        if let Some(Share { kind, target, .. }) = shared {
            return Some(format!("sharing {kind} with its container `{target}` is refused"));
        }
        // A link is a second name for a container.
        let links = asked.body.get_path(&["HostConfig", "Links"]).and_then(Value::as_array);
        let linked = links.unwrap_or_default().iter().filter_map(Value::as_str);
        let mut linked = linked.map(|link| link.split(':').next().unwrap_or_default());
        let name = linked.find(|name| self.is_own(name))?;
        Some(format!("linking to its container `{name}` is refused"))
    }

    /// Whether the container has an id, and no name that is known.
    pub fn is_nameless(&self) -> bool {
        self.own_id.is_some() && self.names.is_empty()
    }

    fn is_own(&self, container: &str) -> bool {
        let container = container.trim_start_matches('/');
        let is_id = |id: &String| id.starts_with(&container.to_ascii_lowercase());
        !container.is_empty()
            && (self.names.iter().any(|name| name.trim_start_matches('/') == container)
                || self.own_id.as_ref().is_some_and(is_id))
    }
}

/// Returns what a request does to a container, and to which.
fn deed(asked: &Asked<'_>) -> Option<(&'static str, String)> {
    let (verb, name) = match (asked.method, asked.path.as_slice()) {
        ("DELETE", ["containers", name @ ..]) => ("removing", name),
        (_, ["containers", name @ .., "attach", "ws"]) => ("attaching to", name),
        ("GET" | "HEAD" | "OPTIONS", _) => return None,
        (_, ["networks", .., "disconnect"]) => {
            let container = asked.body.get_path(&["Container"]).and_then(Value::as_str)?;
            return Some(("disconnecting", container.to_string()));
        }
        (_, ["containers", name @ .., last]) => {
            let (_, verb) = DEEDS.iter().find(|(deed, _)| deed == last)?;
            (*verb, name)
        }
        _ => return None,
    };
    Some((verb, name.join("/")))
}
