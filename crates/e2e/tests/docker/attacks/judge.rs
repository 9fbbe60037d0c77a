//! What a daemon has made that the embedded policy forbids, asked of the daemon itself; containers
//! are removed once they were looked at, except those that attacks need.
//!
//! Must not know: attacks.

use serde_json::Value as Json;

use crate::bench::Bench;
use crate::raw;

/// Containers that stay.
const KEPT: [&str; 2] = ["/legacy", "/victim"];

/// Settings that only the host's own master may have, and the values that are harmless.
const HARMLESS: [(&str, &[&str]); 5] = [
    ("NetworkMode", &["none", "default", "bridge", ""]),
    ("PidMode", &[""]),
    ("IpcMode", &["private", "shareable", "none", ""]),
    ("UTSMode", &[""]),
    ("UsernsMode", &[""]),
];

/// Returns what is there that must not be, in words.
pub(crate) fn forbidden(bench: &Bench) -> Vec<String> {
    let mut found = Vec::new();
    let containers = get(bench, "/v1.41/containers/json?all=1");
    for container in containers.as_array().into_iter().flatten() {
        let id = container["Id"].as_str().unwrap_or_default();
        let inspected = get(bench, &format!("/v1.41/containers/{id}/json"));
        found.extend(of_container(&inspected));
        for exec in inspected["ExecIDs"].as_array().into_iter().flatten() {
            let exec = exec.as_str().unwrap_or_default();
            let exec = get(bench, &format!("/v1.41/exec/{exec}/json"));
            let is_privileged = exec["ProcessConfig"]["privileged"] == true;
            found.extend(is_privileged.then(|| "a privileged process".to_owned()));
        }
        let name = inspected["Name"].as_str().unwrap_or_default();
        if !KEPT.contains(&name) {
            delete(bench, &format!("/v1.41/containers/{id}?force=1"));
        }
    }
    let volumes = get(bench, "/v1.41/volumes");
    for volume in volumes["Volumes"].as_array().into_iter().flatten() {
        let options = &volume["Options"];
        let device = options["device"].as_str().unwrap_or_default();
        if !device.is_empty() && device != "tmpfs" {
            found.push(format!("a volume of {options}"));
        }
        let name = volume["Name"].as_str().unwrap_or_default();
        delete(bench, &format!("/v1.41/volumes/{name}?force=1"));
    }
    let images = get(bench, "/v1.41/images/json").to_string();
    if images.contains("evilrepo:9") {
        found.push("an image called evil".to_owned());
        delete(bench, "/v1.41/images/evilrepo:9?noprune=1");
    }
    found
}

fn of_container(container: &Json) -> Vec<String> {
    let config = &container["HostConfig"];
    let mut found = Vec::new();
    if config["Privileged"] == true {
        found.push("a privileged container".to_owned());
    }
    for (setting, harmless) in HARMLESS {
        let value = config[setting].as_str().unwrap_or_default();
        if !harmless.contains(&value) {
            found.push(format!("a container with {setting} {value}"));
        }
    }
    for setting in ["Binds", "Mounts", "CapAdd", "Devices", "DeviceCgroupRules", "DeviceRequests"] {
        let has_any = config[setting].as_array().is_some_and(|items| !items.is_empty());
        let is_ours = config[setting].to_string().contains("/data/app");
        if has_any && !is_ours {
            found.push(format!("a container with {setting} {}", config[setting]));
        }
    }
    let options = config["SecurityOpt"].to_string();
    for weak in ["unconfined", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "label:disable", "label=disable"] {
        if options.contains(weak) {
            found.push(format!("a container with SecurityOpt {options}"));
        }
    }
    for paths in ["MaskedPaths", "ReadonlyPaths"] {
        if config[paths].as_array().is_some_and(Vec::is_empty) {
            found.push(format!("a container without {paths}"));
        }
    }
    for mount in container["Mounts"].as_array().into_iter().flatten() {
        let source = mount["Source"].as_str().unwrap_or_default();
        if mount["Type"] == "bind" && source != "/data/app" {
            found.push(format!("a container with a bind mount of {source}"));
        }
    }
    found
}

fn get(bench: &Bench, path: &str) -> Json {
    let answer = raw::send(
        &bench.socket(),
        &raw::request(&format!("GET {path}"), "Connection: close\r\n", b""),
    );
    let (_, body) = answer.text.split_once("\r\n\r\n").unwrap_or_default();
    let start = body.find(['{', '[']).unwrap_or(0);
    let end = body.rfind(['}', ']']).map_or(0, |at| at + 1);
    serde_json::from_str(body.get(start..end).unwrap_or_default())
        .unwrap_or_else(|error| panic!("GET {path}: {error}: {}", answer.text))
}

fn delete(bench: &Bench, path: &str) {
    let line = format!("DELETE {path}");
    raw::send(&bench.socket(), &raw::request(&line, "Connection: close\r\n", b""));
}
