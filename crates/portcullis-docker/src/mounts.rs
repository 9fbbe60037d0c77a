//! The host paths that a request would mount, and where they really lead.
//!
//! The only place that asks the host's file system about a request. Must not know: policies.
//!
//! Source: opa-docker-authz README, "BindMounts". Keys are matched as the daemon matches them,
//! whatever their case.

use std::path::Path;

use rego::Value;

/// A host path that a request would mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindMount {
    /// The path as the request spells it.
    pub source: String,
    /// Whether the request asks for a mount that cannot be written to: with the option `ro` alone,
    /// or with `ReadOnly`.
    pub read_only: bool,
    /// Where the path leads once symbolic links are followed; empty where it does not exist or
    /// cannot be looked at.
    pub resolved: String,
}

/// Returns where a path leads; empty where that is not known.
pub fn resolve(source: &str) -> String {
    let resolved = std::fs::canonicalize(Path::new(source));
    resolved.ok().and_then(|path| path.to_str().map(str::to_string)).unwrap_or_default()
}

/// Returns the bind mounts of a body's `HostConfig`: those of `Binds` whose source is a path, then
/// those of `Mounts` whose type is `bind`. `resolve` says where a path leads.
pub fn bind_mounts(body: &Value, resolve: &dyn Fn(&str) -> String) -> Vec<BindMount> {
    let Some(config) = field(body, "HostConfig") else { return Vec::new() };
    let binds = elements(field(config, "Binds")).filter_map(|bind| from_bind(bind.as_str()?));
    let mounts = elements(field(config, "Mounts")).filter_map(from_mount);
    let with_target = |(source, read_only): (&str, bool)| BindMount {
        source: source.to_string(),
        read_only,
        resolved: resolve(source),
    };
    binds.chain(mounts).map(with_target).collect()
}

/// Reads `source:target[:options]`.
fn from_bind(bind: &str) -> Option<(&str, bool)> {
    let mut parts = bind.split(':');
    let source = parts.next().filter(|source| source.starts_with('/'))?;
    let options = parts.nth(1);
    Some((source, options == Some("ro")))
}

fn from_mount(mount: &Value) -> Option<(&str, bool)> {
    let is_bind = field(mount, "Type").and_then(Value::as_str) == Some("bind");
    let source = field(mount, "Source").and_then(Value::as_str).filter(|_| is_bind)?;
    Some((source, field(mount, "ReadOnly").is_some_and(Value::is_true)))
}

fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).unwrap_or_default().iter()
}

/// Returns the field of an object that Go would decode `name` from: exactly that key, or one that
/// differs in case only.
fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let object = object.as_object()?;
    let folded = || object.iter().find(|(key, _)| key.as_str().is_some_and(|k| folds(k, name)));
    object.get_str(name).or_else(|| folded().map(|(_, value)| value))
}

/// Whether Go's JSON decoder takes `key` for the field `name`.
fn folds(key: &str, name: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(body: &str) -> Vec<(String, bool)> {
        let body = Value::from_json(body.as_bytes()).unwrap();
        let mounts = bind_mounts(&body, &|_| String::new());
        mounts.into_iter().map(|mount| (mount.source, mount.read_only)).collect()
    }

    #[test]
    fn lists_binds_and_bind_mounts() {
        let body = r#"{"HostConfig":{
            "Binds":["/a:/x","/b:/x:ro","/c:/x:ro,z","vol:/x",7],
            "Mounts":[{"Type":"bind","Source":"/d","ReadOnly":true},{"Type":"volume","Source":"v"},
                      {"Type":"bind","source":"/e"}, null]}}"#;
        let expected = [("/a", false), ("/b", true), ("/c", false), ("/d", true), ("/e", false)];
        assert_eq!(mounts(body), expected.map(|(source, ro)| (source.to_string(), ro)));
    }

    #[test]
    fn matches_keys_as_the_daemon_does() {
        assert_eq!(mounts(r#"{"ho\u017ftconfig":{"BINDS":["/a:/x"]}}"#).len(), 1);
        assert_eq!(mounts(r#"{"HostConfigs":{"Binds":["/a:/x"]}}"#).len(), 0);
    }

    #[test]
    fn survives_other_types() {
        for body in ["null", "[]", r#"{"HostConfig":[]}"#, r#"{"HostConfig":{"Binds":{}}}"#] {
            assert_eq!(mounts(body), []);
        }
    }

    #[test]
    fn follows_symbolic_links() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/", &link).unwrap();
        assert_eq!(resolve(link.to_str().unwrap()), "/");
        assert_eq!(resolve("/no/such/path"), "");
    }
}
