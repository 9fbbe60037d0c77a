//! `version`.

use insta::assert_snapshot;

use crate::place::run;

#[test]
fn fields_are_those_of_opa() {
    let shown = run(&["version"])
        .replace(std::env::consts::ARCH, "ARCH")
        .replace(env!("CARGO_PKG_VERSION"), "VERSION");
    assert_snapshot!(shown, @r"
    exit 0
    --- stdout
    Version: VERSION
    Build Commit:
    Build Timestamp:
    Build Hostname:
    Rust Version: 1.95
    Platform: linux/ARCH
    Rego Version: v1
    WebAssembly: unavailable
    ");
}
