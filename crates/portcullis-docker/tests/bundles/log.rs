//! The form of logged decisions, what is hidden in them, and where they go.

use portcullis_docker::cli::DockerAuthzArgs;
use serde_json::{Value as Json, json};

use crate::house::House;
use crate::server::{Server, bundle, bundle_of};

const POLICY: &str = "package docker.authz\n\n\
    default allow := false\n\n\
    allow if not input.Body.HostConfig.Privileged\n";

fn config(server: &Server, rest: &str) -> String {
    format!(
        "services: {{s: {{url: {}}}}}\n\
         labels: {{site: here}}\n\
         bundles: {{authz: {{resource: bundle.tar.gz, trigger: manual}}}}\n{rest}",
        server.url()
    )
}

const CONSOLE: &str = "decision_logs: {console: true}\n";

fn decisions(lines: Vec<Json>) -> Vec<Json> {
    lines.into_iter().filter(|line| line["msg"] == "Decision Log").collect()
}

/// Asks for a container, for a privileged one, and with nonsense; returns what was logged.
fn logged(server: &Server, rest: &str, args: DockerAuthzArgs) -> Vec<Json> {
    let house = House::with(&config(server, rest), args);
    house.trigger("bundle").unwrap();
    let body = |privileged: bool| json!({"Env": ["TOKEN=secret"], "HostConfig": {"Privileged": privileged}});
    assert!(house.ask("/v1.41/containers/create", &body(false)).allow);
    assert!(!house.ask("/v1.41/containers/create", &body(true)).allow);
    assert!(!house.gate().authorize(b"nonsense".to_vec()).allow);
    decisions(house.close())
}

#[test]
fn a_decision_has_the_fields_of_the_original() {
    let server = Server::start();
    server.put("bundle.tar.gz", bundle("", "docker", POLICY));
    let lines = logged(&server, CONSOLE, DockerAuthzArgs::default());
    let [allowed, denied, nonsense] = lines.as_slice() else { panic!("{lines:?}") };
    let keys = |value: &Json| {
        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    let want = "bundles decision_id duration_ns input labels level metrics msg nd_builtin_cache \
                path reasons result time timestamp type";
    assert_eq!(keys(allowed), want);
    assert_eq!(keys(denied), want);
    assert_eq!(allowed["bundles"], json!({"authz": {}}));
    assert_eq!(keys(&allowed["labels"]), "id site version");
    assert_eq!(allowed["labels"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(keys(&allowed["metrics"]), "timer_rego_query_eval_ns timer_sdk_decision_eval_ns");
    assert_eq!(allowed["nd_builtin_cache"], Json::Null);
    assert_eq!(allowed["path"], "/docker/authz/allow");
    assert_eq!((&allowed["result"], &denied["result"]), (&json!(true), &json!(false)));
    assert_eq!(allowed["level"], "info");
    assert_eq!(allowed["type"], "openpolicyagent.org/decision_logs");
    assert_eq!(allowed["input"]["PathPlain"], "/v1.41/containers/create");
    assert_eq!(allowed["decision_id"].as_str().unwrap().len(), 36);
    assert_eq!(nonsense["result"], false);
    assert!(nonsense["error"]["message"].as_str().unwrap().contains("malformed"), "{nonsense}");
    assert_eq!(nonsense.get("input"), None);
}

#[test]
fn secrets_stay_hidden_unless_they_are_asked_for() {
    let server = Server::start();
    server.put("bundle.tar.gz", bundle("7", "docker", POLICY));
    for (log_unmasked, env, auth) in
        [(false, "TOKEN=**masked**", "**masked**"), (true, "TOKEN=secret", "hush")]
    {
        let args = DockerAuthzArgs { log_unmasked, ..DockerAuthzArgs::default() };
        let lines = logged(&server, CONSOLE, args);
        assert_eq!(lines[0]["input"]["Body"]["Env"][0], env);
        assert_eq!(lines[0]["input"]["Headers"]["X-Registry-Auth"], auth);
        assert_eq!(lines[0]["bundles"], json!({"authz": {"revision": "7"}}));
    }
}

#[test]
fn flags_say_which_decisions_are_logged() {
    let server = Server::start();
    server.put("bundle.tar.gz", bundle("1", "docker", POLICY));
    let args = |quiet, log_only_denied| {
        let default = DockerAuthzArgs::default();
        logged(&server, CONSOLE, DockerAuthzArgs { quiet, log_only_denied, ..default })
    };
    assert_eq!(args(true, false).len(), 0);
    let denied = args(false, true);
    assert!(denied.iter().all(|line| line["result"] == false));
    assert_eq!(denied.len(), 2);
    assert_eq!(logged(&server, "", DockerAuthzArgs::default()).len(), 0, "none is configured");
}

#[test]
fn policies_of_the_bundle_drop_and_mask_on_top() {
    let server = Server::start();
    let log = "package system.log\n\n\
        drop if input.result\n\n\
        mask contains \"/input/Headers\"\n";
    let bundle = bundle_of("1", &["docker", "system/log"], &[POLICY, log]);
    server.put("bundle.tar.gz", bundle);
    let uploads = "decision_logs: {service: s}\n";
    assert!(logged(&server, uploads, DockerAuthzArgs::default()).is_empty(), "not on the console");
    let sent = server.logs();
    assert_eq!(sent.len(), 2, "the allowed one is dropped");
    assert_eq!(sent[0]["input"]["Body"]["Env"][0], "TOKEN=**masked**");
    assert_eq!(sent[0]["input"].get("Headers"), None);
    assert_eq!(sent[0]["erased"], json!(["/input/Headers"]));
    assert_eq!(sent[0].get("msg"), None, "that is the console's");
    assert!(server.requests().iter().any(|line| line == "POST /logs HTTP/1.1"));
}

#[test]
fn answers_of_nondeterministic_builtins_are_kept_where_asked_for() {
    let server = Server::start();
    let policy = "package docker.authz\n\nallow if rand.intn(\"x\", 1) == 0\n";
    server.put("bundle.tar.gz", bundle("1", "docker", policy));
    let config = config(&server, &format!("{CONSOLE}nd_builtin_cache: true\n"));
    let house = House::open(&config);
    house.trigger("bundle").unwrap();
    assert_eq!(house.refusal(), "");
    let lines = decisions(house.close());
    assert_eq!(lines[0]["nd_builtin_cache"], json!({"rand.intn": {"[\"x\",1]": 0}}));
}
