//! What the binary is called, and flags from the environment.

use insta::assert_snapshot;

use crate::place::Place;

#[test]
fn called_opa_it_says_opa() {
    let shown = Place::with(&[]).called("/usr/bin/opa").run(&["eval", "--count", "0", "1"]);
    assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    error: invalid value '0' for '--count <NUMBER>': 0 is not in 1..=4294967295

    For more information, try '--help'.
    ");
}

#[test]
fn called_opa_docker_authz_it_takes_single_dashes() {
    let shown = Place::with(&[])
        .called("/usr/bin/opa-docker-authz")
        .run(&["-version"])
        .replace(std::env::consts::ARCH, "ARCH")
        .replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    Version: VERSION
    ");
}

#[test]
fn called_opa_docker_authz_it_checks_policies() {
    let shown =
        Place::with(&[]).called("opa-docker-authz").run(&["-policy-file", "none.rego", "-check"]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stderr
    error: 1 error occurred during loading: open none.rego: no such file or directory
    ");
}

#[test]
fn a_gate_tells_of_likely_mistakes() {
    let policy = "package docker.authz\n\nallow if not deny\n\ndeny contains \"no\" if input.Body.Privileged\n";
    let place = Place::with(&[("p.rego", policy)]).called("opa-docker-authz");
    assert_snapshot!(place.run(&["-policy-file", "p.rego", "-check"]), @"
    exit 0
    --- stderr
    warning: p.rego:3: set-as-condition: `deny` is a set, which is always defined: `not deny` is never true (write `count(deny) == 0`)
    ");
}

#[test]
fn a_gate_needs_a_configuration_that_leads_to_a_policy() {
    let place = Place::with(&[("c.yaml", "decision_logs:\n  console: true\n")]);
    let gate = place.called("opa-docker-authz");
    assert_snapshot!(gate.run(&["-config-file", "c.yaml"]), @r"
    exit 1
    --- stderr
    error: `c.yaml` configures neither `bundles` nor `discovery`: no policy decides
    ");
}

#[test]
fn flags_come_from_the_environment() {
    let shown = Place::with(&[]).called("opa").variable("OPA_EVAL_FAIL", "true").run(&[
        "eval",
        "-f",
        "pretty",
        "data.nothing",
    ]);
    assert_snapshot!(shown, @r"
    exit 1
    --- stdout
    undefined
    ");
}

#[test]
fn flags_count_more_than_the_environment() {
    let shown = Place::with(&[])
        .called("opa")
        .variable("OPA_EVAL_FORMAT", "json")
        .run(&["eval", "-f", "raw", "\"x\""]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    x
    ");
}

#[test]
fn the_prefix_is_the_name() {
    let shown = Place::with(&[])
        .variable("PORTCULLIS_EVAL_FORMAT", "pretty")
        .run(&["eval", "data.nothing"]);
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    undefined
    ");
}
