//! What each profile does with everyday commands, and with containers made to fit it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

mod support;

use std::sync::Arc;

use portcullis_docker::cli::DockerAuthzArgs;
use portcullis_docker::gate::Gate;
use portcullis_docker::profile::Profile;
use portcullis_service::files::PolicyFiles;
use portcullis_service::host::SystemHost;
use portcullis_service::watch::Watched;
use serde_json::{Value as Json, json};

fn gate(args: &DockerAuthzArgs) -> (Gate, PolicyFiles) {
    let options = args.to_options().unwrap();
    let files = PolicyFiles::open(options.source, options.gate.question.queries()).unwrap();
    (Gate::new(Arc::clone(files.store()), SystemHost::new(), options.gate, None), files)
}

fn of(profile: Profile, settings: Option<&str>) -> (Gate, PolicyFiles) {
    let settings = settings.map(str::to_string);
    gate(&DockerAuthzArgs { profile: Some(profile), settings, ..DockerAuthzArgs::default() })
}

/// Returns the message of the daemon about a request with this JSON body.
fn message(method: &str, uri: &str, body: &Json) -> Vec<u8> {
    use base64::Engine;
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let headers = match text.len() {
        0 => json!({"Content-Length": "0"}),
        length => json!({
            "Content-Length": length.to_string(), "Content-Type": "application/json",
        }),
    };
    let body = base64::engine::general_purpose::STANDARD.encode(&text);
    let mut message =
        json!({"RequestMethod": method, "RequestUri": uri, "RequestHeaders": headers});
    if !text.is_empty() {
        message["RequestBody"] = Json::from(body);
    }
    message.to_string().into_bytes()
}

fn create(gate: &Gate, config: &Json, host: &Json) -> String {
    let mut body = config.clone();
    body["HostConfig"] = host.clone();
    gate.authorize(message("POST", "/v1.41/containers/create", &body)).msg
}

/// A container that `restricted` allows.
fn confined() -> (Json, Json) {
    let config = json!({"Image": "nginx:1", "User": "1000", "Labels": {}});
    let host = json!({
        "CapDrop": ["ALL"],
        "CapAdd": ["NET_BIND_SERVICE"],
        "SecurityOpt": ["no-new-privileges"],
        "Memory": 1 << 28,
        "MemorySwap": 1 << 28,
        "NanoCpus": 500_000_000,
        "PidsLimit": 100,
        "NetworkMode": "web",
        "Binds": ["data:/data"],
        "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 5},
        "ReadonlyRootfs": true,
    });
    (config, host)
}

#[test]
fn restricted_allows_what_fits() {
    let (gate, _files) = of(Profile::Restricted, None);
    let (config, host) = confined();
    assert_eq!(create(&gate, &config, &host), "");
}

/// Each change of a container that fits, and what is said of it.
const MISFITS: [(&str, &str, &str); 28] = [
    ("Privileged", "true", "privileged containers"),
    ("CapDrop", "null", "must drop the capability ALL"),
    ("CapAdd", "[\"CHOWN\"]", "CHOWN"),
    ("SecurityOpt", "null", "must not gain privileges"),
    ("SecurityOpt", "[\"no-new-privileges\",\"seccomp=unconfined\"]", "seccomp"),
    ("SecurityOpt", "[\"no-new-privileges\",\"apparmor:unconfined\"]", "AppArmor"),
    ("SecurityOpt", "[\"no-new-privileges\",\"label=type:spc_t\"]", "spc_t"),
    ("SecurityOpt", "[\"no-new-privileges\",\"writable-cgroups=true\"]", "writable-cgroups"),
    ("MaskedPaths", "[\"/proc/kcore\"]", "MaskedPaths"),
    ("Memory", "0", "limit of memory"),
    ("MemorySwap", "-1", "swap"),
    ("NanoCpus", "0", "share of CPU"),
    ("PidsLimit", "-1", "limit of processes"),
    ("NetworkMode", "\"host\"", "host's network"),
    ("NetworkMode", "\"container:a\"", "another container"),
    ("PidMode", "\"container:a\"", "needs permission"),
    ("IpcMode", "\"host\"", "IPC"),
    ("UTSMode", "\"host\"", "UTS"),
    ("UsernsMode", "\"host\"", "user namespace"),
    ("CgroupnsMode", "\"host\"", "cgroup namespace"),
    ("CgroupParent", "\"/a\"", "control groups"),
    ("Binds", "[\"/srv:/x:ro\"]", "mounting /srv"),
    ("VolumesFrom", "[\"a\"]", "volumes of another container"),
    ("Devices", "[{\"PathOnHost\":\"/dev/sda\"}]", "/dev/sda"),
    ("PortBindings", "{\"80/tcp\":[{\"HostPort\":\"80-81\"}]}", "port 80-81"),
    ("Runtime", "\"/srv/evil\"", "by its path"),
    ("RestartPolicy", "{\"Name\":\"on-failure\"}", "at most 5"),
    ("Sysctls", "{\"kernel.msgmax\":\"1\"}", "kernel.msgmax"),
];

#[test]
fn restricted_refuses_what_does_not() {
    let (gate, _files) = of(Profile::Restricted, None);
    for (field, value, words) in MISFITS {
        let (config, mut host) = confined();
        host[field] = serde_json::from_str(value).unwrap();
        let said = create(&gate, &config, &host);
        assert!(said.contains(words), "{field} {value}: {said:?}");
    }
    let (mut config, host) = confined();
    for user in ["", "root", "0:0", "+0"] {
        config["User"] = Json::from(user);
        let said = create(&gate, &config, &host);
        assert!(said.contains("(User)"), "{user}: {said:?}");
    }
}

/// Commands of the recording that `ci` allows.
const OF_BUILDS: [&str; 9] = [
    "docker build -t built:1 --network none",
    "docker pull",
    "docker push",
    "docker tag",
    "docker load",
    "docker run --rm --network none bb echo hi",
    "docker login",
    "docker exec r1 true",
    "docker rmi",
];

#[test]
fn ci_lets_builds_through() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let (gate, _files) = of(Profile::Ci, None);
    for command in OF_BUILDS {
        let of_command = records.iter().filter(|record| {
            record["call"] == "AuthZReq" && record["cmd"].as_str().unwrap().starts_with(command)
        });
        let mut count = 0;
        for record in of_command {
            let answer = gate.authorize(record["request"].to_string().into_bytes());
            assert!(answer.allow, "{}: {}", record["cmd"], answer.msg);
            count += 1;
        }
        assert!(count > 0, "{command}");
    }
    let upgraded = gate.authorize(message("POST", "/v1.41/session", &Json::Null));
    assert!(upgraded.allow, "{}", upgraded.msg);
    let bind = |path: &str| {
        create(&gate, &json!({"Image": "a"}), &json!({"Binds": [format!("{path}:/x")]}))
    };
    assert!(bind("/home/dev").contains("only paths in /builds, /cache, /workspace are"));
}

#[test]
fn read_only_lets_nothing_change() {
    let Some(records) = support::lines("docker/requests.jsonl") else { return };
    let (gate, _files) = of(Profile::ReadOnly, None);
    let (mut looked, mut changed) = (0, 0);
    for record in records.iter().filter(|record| record["call"] == "AuthZReq") {
        let answer = gate.authorize(record["request"].to_string().into_bytes());
        let request = &record["request"];
        let (method, uri) = (&request["RequestMethod"], request["RequestUri"].as_str().unwrap());
        let reads = method == "GET" || method == "HEAD";
        let hands_out = ["/archive", "/export", "/logs", "/images/get", "/swarm", "/configs"];
        let is_harmless = uri.contains("/auth") || uri.contains("/wait");
        if reads && !hands_out.iter().any(|path| uri.contains(path)) {
            assert!(answer.allow, "{method} {uri}: {}", answer.msg);
            looked += 1;
        } else if !reads && !is_harmless {
            assert!(!answer.allow, "{method} {uri}");
            changed += 1;
        }
    }
    assert!(looked > 50 && changed > 100, "{looked} {changed}");
    let export = gate.authorize(message("GET", "/v1.41/containers/a/export", &Json::Null));
    assert!(!export.allow);
}

#[test]
fn settings_change_a_profile_while_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.yaml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write("");
    let (gate, files) = of(Profile::Baseline, path.to_str());
    let config = json!({"Image": "nginx"});
    let privileged = json!({"Privileged": true});
    assert_eq!(create(&gate, &config, &json!({})), "");
    assert!(create(&gate, &config, &privileged).contains("privileged containers"));
    write("privileged: {enabled: false}\nresources: {require_memory: true}\n");
    files.reload();
    assert!(create(&gate, &config, &json!({})).contains("limit of memory"));
    assert_eq!(create(&gate, &config, &json!({"Privileged": true, "Memory": 1 << 28})), "");
    for broken in ["privileged: {enabeld: false}", "a: [", "privileged: {enabled: 1}"] {
        write(broken);
        let reload = format!("{:?}", files.reload());
        assert!(reload.starts_with("Rejected"), "{reload}");
        assert!(create(&gate, &config, &json!({})).contains("limit of memory"), "{broken}");
    }
    std::fs::remove_file(&path).unwrap();
    files.reload();
    let said = create(&gate, &config, &json!({"Memory": 1 << 28}));
    assert!(said.contains("is missing"), "{said}");
}

#[test]
fn data_files_do_not_set_what_profiles_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.json");
    std::fs::write(&path, r#"{"docker":{"settings":{"leaks":{"refused":[]}}}}"#).unwrap();
    let data_file = vec![path.to_str().unwrap().to_string()];
    let profile = Some(Profile::Restricted);
    let args = DockerAuthzArgs { data_file, profile, ..DockerAuthzArgs::default() };
    let options = args.to_options().unwrap();
    let opened = PolicyFiles::open(options.source, options.gate.question.queries());
    let error = opened.err().unwrap().to_string();
    assert!(error.contains("`data.docker.settings.leaks.refused` has another value"), "{error}");
}
