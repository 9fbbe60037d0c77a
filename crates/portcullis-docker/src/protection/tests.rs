//! Ways round the gate, each refused; and what is none.

use rego::Value;

use super::*;
use crate::facts::{FactsOptions, derive};
use crate::host_tree::HostTree;
use crate::protection::own::{Surroundings, protect};
use crate::protection::plugins::PluginsOptions;
use crate::uri;
use crate::wire::AuthzRequest;

const ID: &str = "0f3c5a7d9e1b2c4d6f8a0b2c4d6e8f0a1b3c5d7e9f1a3b5c7d9e1f3a5b7c9d1e";

/// Returns why `METHOD target body` is refused; empty where it is not.
fn refusal(protection: &Protection, tree: Option<&HostTree>, call: &str, user: &str) -> String {
    let mut words = call.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (method, target, body) = (next(), uri::parse(next()).unwrap(), next());
    let body = if body.is_empty() { "null" } else { body };
    let body = Value::from_json(body.as_bytes()).unwrap();
    let asked = Asked::find(method, &target, &body);
    let request = AuthzRequest {
        user: user.to_string(),
        user_authn_method: "TLS".to_string(),
        ..AuthzRequest::default()
    };
    let look = |path: &str| tree.map(|tree| tree.look(path)).unwrap_or_default();
    let options = FactsOptions { look: &look, identity_header: None };
    let facts = derive(&request, &asked, options).unwrap();
    protection.refusal(&asked, &facts).unwrap_or_default()
}

fn plugins(named: &[&str], own_id: Option<&str>) -> Protection {
    let options = PluginsOptions {
        plugin_name: "opa-docker-authz".to_string(),
        named: named.iter().map(|name| name.to_string()).collect(),
        own_id: own_id.map(str::to_string),
    };
    let break_glass = ["root".to_string()].into();
    Protection { plugins: Plugins::new(options), break_glass, ..Protection::default() }
}

#[test]
fn its_plugin_is_left_alone_however_it_is_called() {
    let protection = plugins(&["az:1"], Some(ID));
    let refuses = |call: &str| !refusal(&protection, None, call, "alice").is_empty();
    for call in [
        "POST /v1.41/plugins/az:1/disable",
        "POST /v1.41/plugins/az:1/disable?force=1",
        "POST /plugins/az/disable",
        "POST /plugins/az:latest/set",
        "POST /plugins/docker.io/library/az:1/disable",
        "POST /plugins/index.docker.io/library/az/upgrade?remote=x",
        "POST /plugins/library/az:1/disable",
        "POST /v1.41/plugins/%61z:1/disabl%65",
        "POST http://d/v1.41/plugins/az:1/disable",
        "POST /plugins/AZ:1/disable",
        "DELETE /plugins/az:1?force=1",
        "DELETE /v1.41/plugins/docker.io/library/az",
        "POST /plugins/opa-docker-authz/disable",
        "POST /plugins/0/disable",
        "POST /plugins/0f3c5a7d9e1b/disable",
        r#"POST /services/create {"TaskTemplate":{"PluginSpec":{"Name":"az:1","Disabled":true}}}"#,
        r#"POST /services/x/update {"TaskTemplate":{"PluginSpec":{"Name":"docker.io/library/az"}}}"#,
    ] {
        assert!(refuses(call), "{call}");
        assert_eq!(refusal(&protection, None, call, "root"), "", "{call}");
    }
    let whole = format!("DELETE /plugins/{ID}");
    assert!(refuses(&whole));
    for call in [
        "POST /plugins/az:1/enable",
        "GET /plugins/az:1/json",
        "POST /plugins/az2/disable",
        "POST /plugins/team/az/disable",
        "POST /plugins/1f3c/disable",
        "POST /plugins/pull?remote=x&name=az",
        "POST /containers/az/kill",
        r#"POST /services/create {"TaskTemplate":{"ContainerSpec":{"Image":"az"}}}"#,
    ] {
        assert!(!refuses(call), "{call}");
    }
}

#[test]
fn a_managed_plugin_without_a_name_takes_every_plugin_for_itself() {
    let nameless = plugins(&[], Some(ID));
    for call in ["POST /plugins/x/disable", "DELETE /plugins/x", "POST /plugins/a/b/set"] {
        assert!(refusal(&nameless, None, call, "").contains("--protect-plugin"), "{call}");
    }
    assert_eq!(refusal(&nameless, None, "POST /plugins/x/enable", ""), "");
    // A name, and no id to compare others with: what may be an id may be its id.
    let idless = plugins(&["az"], None);
    assert_ne!(refusal(&idless, None, "DELETE /plugins/0f3c", ""), "");
    assert_eq!(refusal(&idless, None, "DELETE /plugins/sshfs", ""), "");
    // A gate on the host is no managed plugin.
    let on_host = plugins(&[], None);
    assert_eq!(refusal(&on_host, None, "DELETE /plugins/0f3c", ""), "");
    assert_ne!(refusal(&on_host, None, "DELETE /plugins/opa-docker-authz", ""), "");
}

#[test]
fn its_container_is_left_alone() {
    let containers = Containers { names: vec!["gate".to_string()], own_id: Some(ID.to_string()) };
    let protection = Protection { containers, ..Protection::default() };
    let refuses = |call: &str| !refusal(&protection, None, call, "alice").is_empty();
    for name in ["gate", "0f3c5a", "0F3C5A", "%67ate", "%2Fgate"] {
        for deed in
            ["kill", "stop?t=0", "restart", "pause", "rename?name=x", "update", "exec", "attach"]
        {
            assert!(refuses(&format!("POST /v1.41/containers/{name}/{deed}")), "{name} {deed}");
        }
        assert!(refuses(&format!("DELETE /containers/{name}?force=1")));
        assert!(refuses(&format!("PUT /containers/{name}/archive?path=/")));
        assert!(refuses(&format!("GET /containers/{name}/attach/ws")));
        let cut = format!(r#"POST /networks/n/disconnect {{"Container":"{name}"}}"#);
        assert_eq!(refuses(&cut), !name.contains('%'));
        for config in [
            format!(r#"{{"PidMode":"container:{name}"}}"#),
            format!(r#"{{"VolumesFrom":["{name}"]}}"#),
            format!(r#"{{"Links":["{name}:x"]}}"#),
        ] {
            let is_encoded = name.contains('%');
            let call = format!(r#"POST /containers/create {{"HostConfig":{config}}}"#);
            assert_eq!(refuses(&call), !is_encoded, "{call}");
        }
    }
    for call in [
        "POST /containers/gate2/kill",
        "POST /containers/gate/wait",
        "GET /containers/gate/json",
        "GET /containers/gate/archive?path=/",
        "DELETE /images/gate",
        "POST /containers/create?name=gate2 {}",
        r#"POST /containers/create {"HostConfig":{"VolumesFrom":["gate:ro"],"PidMode":"host"}}"#,
    ] {
        assert!(!refuses(call), "{call}");
    }
}

/// A tree with the gate's policy and socket in it, and others' files.
fn tree() -> (tempfile::TempDir, HostTree, Protection) {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    for directory in ["etc/gate/policy", "run/plugins", "data/app", "etc/other"] {
        std::fs::create_dir_all(at(directory)).unwrap();
    }
    std::fs::write(at("etc/gate/policy/a.rego"), "").unwrap();
    for (link, target) in [
        ("data/link", "/etc/gate/policy/a.rego"),
        ("data/up", "../etc"),
        ("data/gate", "/etc/gate"),
        ("var", "/run"),
        ("data/gone", "/etc/gate/policy/new"),
    ] {
        std::os::unix::fs::symlink(target, at(link)).unwrap();
    }
    let tree = HostTree::open(root.path()).unwrap();
    let here = (&Surroundings::default(), "/", &tree);
    let paths = ["/etc/gate/policy", "/run/plugins/gate.sock"];
    let paths = paths.map(|path| protect("its policy", path.as_ref(), here));
    let protection = Protection { paths: Paths(paths.to_vec()), ..Protection::default() };
    (root, tree, protection)
}

/// Returns a request for each way to mount a path.
fn mounts(source: &str) -> [String; 5] {
    let device = format!(r#"{{"device":"{source}","o":"bind","type":"none"}}"#);
    [
        format!(r#"POST /containers/create {{"HostConfig":{{"Binds":["{source}:/x"]}}}}"#),
        format!(
            r#"POST /containers/create {{"HostConfig":{{"Mounts":[{{"Type":"bind","Source":"{source}"}}]}}}}"#
        ),
        format!(
            r#"POST /containers/create {{"HostConfig":{{"Mounts":[{{"Type":"volume","VolumeOptions":{{"DriverConfig":{{"Options":{device}}}}}}}]}}}}"#
        ),
        format!(r#"POST /volumes/create {{"DriverOpts":{device}}}"#),
        format!(
            r#"POST /services/x/update {{"TaskTemplate":{{"ContainerSpec":{{"Mounts":[{{"Type":"bind","Source":"{source}"}}]}}}}}}"#
        ),
    ]
}

#[test]
fn its_files_are_mounted_by_nobody() {
    let (_root, tree, protection) = tree();
    let refuses = |call: &str| !refusal(&protection, Some(&tree), call, "alice").is_empty();
    for source in [
        "/",
        "/etc",
        "/etc/gate",
        "/etc/gate/",
        "//etc/./gate/policy",
        "/etc/gate/policy/a.rego",
        "/etc/gate/policy/new",
        "/data/../etc/gate",
        "/data/link",
        "/data/gate",
        "/data/gate/policy",
        "/data/gone",
        "/data/up",
        "/run",
        "/var",
        "/var/plugins/gate.sock",
    ] {
        for call in mounts(source) {
            assert!(refuses(&call), "{call}");
        }
    }
    for source in ["/data/app", "/etc/other", "/etc/gate/policy2", "/etc/gat", "/nowhere"] {
        for call in mounts(source) {
            assert!(!refuses(&call), "{call}");
        }
    }
    // The daemon takes `..` out first for binds, the kernel last for volumes.
    let [bind, _, _, volume, _] = mounts("/data/up/../data/app");
    assert!(!refuses(&bind) && !refuses(&volume));
    let [bind, _, _, volume, _] = mounts("/data/gate/../other");
    assert!(!refuses(&bind) && !refuses(&volume));
    let [bind, _, _, volume, _] = mounts("/data/gate/../gate/policy");
    assert!(refuses(&bind) && refuses(&volume));
}

#[test]
fn reading_is_allowed_where_nothing_below_can_be_written_to() {
    let (_root, tree, protection) = tree();
    let refuses = |call: String| !refusal(&protection, Some(&tree), &call, "alice").is_empty();
    let bind = |bind: &str| {
        format!(r#"POST /v1.47/containers/create {{"HostConfig":{{"Binds":["{bind}"]}}}}"#)
    };
    assert!(!refuses(bind("/etc/gate/policy:/x:ro")));
    assert!(!refuses(bind("/etc/gate/policy/a.rego:/x:ro")));
    assert!(refuses(bind("/etc/gate/policy:/x:rw,ro")));
    assert!(refuses(bind("/etc/gate:/x:ro")));
    assert!(refuses(bind("/:/x:ro")));
    let mount = |version: &str, read_only: bool| {
        format!(
            r#"POST {version}/containers/create {{"HostConfig":{{"Mounts":[{{"Type":"bind","Source":"/","ReadOnly":{read_only},"BindOptions":{{"ReadOnlyForceRecursive":true}}}}]}}}}"#
        )
    };
    assert!(!refuses(mount("/v1.44", true)));
    assert!(refuses(mount("/v1.44", false)));
    assert!(refuses(mount("/v1.43", true)));
    assert!(refuses(mount("", true)));
}

#[test]
fn a_directory_is_known_by_more_than_its_name() {
    let (_root, tree, mut protection) = tree();
    // As if it were mounted elsewhere: none of its names is known.
    protection.paths.0.iter_mut().for_each(|path| path.paths.clear());
    let refuses = |source: &str| {
        let [bind, ..] = mounts(source);
        !refusal(&protection, Some(&tree), &bind, "alice").is_empty()
    };
    for source in ["/etc", "/etc/gate/policy", "/etc/gate/policy/a.rego", "/data/up", "/var"] {
        assert!(refuses(source), "{source}");
    }
    assert!(!refuses("/data/app"));
}

#[test]
fn nothing_is_protected_where_it_is_switched_off_and_nobody_has_no_name() {
    let off = Protection::default();
    assert_eq!(refusal(&off, None, "POST /plugins/opa-docker-authz/disable", ""), "");
    let mut nobody = plugins(&["az"], None);
    nobody.break_glass.insert(String::new());
    let message = refusal(&nobody, None, "POST /plugins/az/disable", "");
    assert_eq!(
        message,
        "the gate protects itself, whatever the policy says: disabling its plugin `az` is refused; \
         who is named by --break-glass may"
    );
}
