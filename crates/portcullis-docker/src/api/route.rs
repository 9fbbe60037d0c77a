//! Which endpoint a method and a path mean.
//!
//! Must not know: bodies, headers.
//!
//! Source: moby `api/server/server.go` and the routers beside it; gorilla/mux: routes are tried in
//! order on the decoded path, one that is not clean is redirected before any is tried.

use super::kind::Shape;
use super::table::table;

/// The action of a request that no route takes.
pub const UNKNOWN: &str = "unknown";

/// What an endpoint does with a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// It reads none.
    None,
    /// It reads a stream (an archive, another protocol), which no plugin sees.
    Stream,
    /// It decodes JSON.
    Json {
        /// Into this.
        shape: Shape,
        /// Whether a request without a body is an error.
        needed: bool,
    },
}

impl Body {
    pub(super) fn plain(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "stream" => Some(Self::Stream),
            _ => None,
        }
    }
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: String,
    /// Its path without the version: `{}` stands for one segment, `{*}` for any text.
    pub path: String,
    /// What it does, the object first: `container_create`.
    pub action: String,
    /// Whether the daemon changes nothing, and gives out nothing that a container or a secret holds.
    pub read_only: bool,
    /// What it does with a body.
    pub body: Body,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The API's version as the path has it: `1.41`; empty without.
    pub version: &'a str,
    /// The endpoint, where there is one.
    pub route: Option<&'static Route>,
}

impl Found<'_> {
    /// Returns what is asked for: the route's action, and [`UNKNOWN`] without. `query` are the
    /// pairs of the target, decoded.
    pub fn action(&self, query: &[(String, String)]) -> &'static str {
        let Some(route) = self.route else { return UNKNOWN };
        if route.action != "image_create" {
            return &route.action;
        }
        // Go's form takes the first of equal names, and the daemon pulls where there is one.
        let from = query.iter().find(|(name, _)| name == "fromImage");
        if from.is_some_and(|(_, image)| !image.is_empty()) { "image_pull" } else { "image_import" }
    }

    /// Whether the daemon changes nothing and gives nothing away.
    pub fn is_read_only(&self) -> bool {
        self.route.is_some_and(|route| route.read_only)
    }
}

/// Returns the endpoint that the daemon sends a request to, by its method and its decoded path.
pub fn find<'a>(method: &str, path: &'a str) -> Found<'a> {
    let (version, plain) = split_version(path);
    if !is_clean(path) {
        return Found { version, route: None };
    }
    let routes = table().routes.iter();
    let mut of_method = routes.filter(|route| route.method == method);
    let route = of_method.find(|route| matches(&route.path, plain));
    Found { version, route }
}

/// Returns the version that a decoded path begins with: `1.41`; empty without.
pub fn version(path: &str) -> &str {
    split_version(path).0
}

/// Splits `/v1.41/info` into `1.41` and `/info`.
fn split_version(path: &str) -> (&str, &str) {
    let is_version = |version: &str| {
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let split = path.strip_prefix("/v").and_then(|rest| {
        let at = rest.find('/')?;
        rest.split_at_checked(at)
    });
    split.filter(|(version, _)| is_version(version)).unwrap_or(("", path))
}

/// Whether the daemon takes the path as it is; it sends clients elsewhere from another.
fn is_clean(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if matches!(segment, "." | "..") || segment.is_empty() && !is_last {
            return false;
        }
    }
    true
}

fn matches(template: &str, path: &str) -> bool {
    // Most routes are told apart by how they begin.
    if !path.starts_with(template.split_once('{').map_or(template, |(literal, _)| literal)) {
        return false;
    }
    let Some((before, rest)) = template.split_once("{*}") else {
        return matches_segments(template, path);
    };
    // What a name with slashes leaves at either end: a literal before it, segments after it.
    let Some(path) = path.strip_prefix(before) else { return false };
    if !rest.contains("{}") {
        return path.ends_with(rest);
    }
    let after = rest.matches('/').count();
    let at = path.rmatch_indices('/').nth(after.saturating_sub(1)).map(|(at, _)| at);
    at.and_then(|at| path.get(at..)).is_some_and(|end| matches_segments(rest, end))
}

fn matches_segments(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("{}"), Some(segment)) if !segment.is_empty() => {}
            (Some(word), Some(segment)) if word == segment => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(method: &str, path: &str) -> &'static str {
        find(method, path).action(&[])
    }

    #[test]
    fn finds_what_the_daemon_would() {
        for (method, path, expected) in [
            ("POST", "/v1.41/containers/create", "container_create"),
            ("POST", "/containers/create", "container_create"),
            ("POST", "/v1.12/containers/create", "container_create"),
            ("GET", "/v1.41/containers/json", "container_list"),
            ("GET", "/containers/a/json", "container_inspect"),
            ("GET", "/containers/json/json", "container_inspect"),
            ("POST", "/containers/a/exec", "exec_create"),
            ("POST", "/exec/a/start", "exec_start"),
            ("POST", "/images/quay.io/a/b:1/push", "image_push"),
            ("DELETE", "/images/quay.io/a/b:1", "image_delete"),
            ("GET", "/images/json", "image_list"),
            ("GET", "/images/a/get", "image_get"),
            ("POST", "/plugins/a/b:1/disable", "plugin_disable"),
            ("DELETE", "/plugins/a/b", "plugin_remove"),
            ("GET", "/networks/", "network_list"),
            ("GET", "/networks/n", "network_inspect"),
            ("GET", "/containers/a/attach/ws", "container_attach_ws"),
            ("DELETE", "/containers/a/checkpoints/c", "checkpoint_delete"),
            ("DELETE", "/containers/a", "container_delete"),
            ("POST", "/services/s/update", "service_update"),
            ("POST", "/grpc", "buildkit"),
            ("POST", "/session", "session"),
            ("GET", "/debug/pprof/heap", "debug"),
            ("OPTIONS", "/anything", "system_options"),
            ("HEAD", "/v1.41/_ping", "system_ping"),
            ("GET", "/version", "system_version"),
            ("GET", "/volumes", "volume_list"),
        ] {
            assert_eq!(action(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn what_the_daemon_does_not_serve_is_unknown() {
        for (method, path) in [
            ("GET", ""),
            ("GET", "*"),
            ("GET", "/"),
            ("GET", "/v1.41"),
            ("GET", "/nothing"),
            ("POST", "/v1.41//containers/create"),
            ("POST", "/v1.41/x/../containers/create"),
            ("POST", "/v1.41/./containers/create"),
            ("POST", "/v1.41/containers/create/"),
            ("POST", "/v1.41/v1.41/containers/create"),
            ("POST", "/vx/containers/create"),
            ("post", "/containers/create"),
            ("PATCH", "/containers/create"),
            ("HEAD", "/containers/json"),
            ("GET", "/services/a/b"),
            ("POST", "/services//update"),
        ] {
            assert_eq!(action(method, path), UNKNOWN, "{method} {path}");
        }
    }

    #[test]
    fn a_pull_is_told_from_an_import() {
        let pairs = |names: &[(&str, &str)]| -> Vec<(String, String)> {
            names.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
        };
        let found = find("POST", "/v1.41/images/create");
        assert_eq!(found.action(&pairs(&[("tag", "1"), ("fromImage", "a")])), "image_pull");
        assert_eq!(found.action(&pairs(&[("fromImage", ""), ("fromImage", "a")])), "image_import");
        assert_eq!(found.action(&pairs(&[("fromSrc", "-")])), "image_import");
        assert_eq!(found.version, "1.41");
    }
}
