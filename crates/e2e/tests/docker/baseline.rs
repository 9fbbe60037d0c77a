//! With no policy at all, the embedded one decides.

use crate::bench::Bench;
use crate::place::can_run;

#[test]
fn without_a_policy_the_baseline_decides() {
    if !can_run() {
        return;
    }
    let bench = Bench::start("baseline", "", &[]);
    bench.load_image();
    bench.assert_allowed(&["run", "--rm", "--network", "none", "bb", "echo", "ran"]);
    bench.assert_allowed(&["ps", "-a"]);
    let refused: &[&[&str]] = &[
        &["--privileged"],
        &["--pid", "host"],
        &["--ipc", "host"],
        &["--network", "host"],
        &["--uts", "host"],
        &["--security-opt", "seccomp=unconfined"],
        &["--security-opt", "seccomp:unconfined"],
        &["--security-opt", "apparmor=unconfined"],
        &["-v", "/var/run/docker.sock:/var/run/docker.sock"],
        &["-v", "/etc:/x"],
        &["-v", "/:/x"],
        &["--mount", "type=bind,source=/etc,target=/x"],
        &["--cap-add", "SYS_ADMIN"],
        &["--cap-add", "ALL"],
    ];
    for options in refused {
        let arguments = [&["create"], *options, &["bb", "true"]].concat();
        let seen = bench.assert_denied(&arguments);
        let reason = seen.rsplit(&format!("{}: ", bench.name)).next().unwrap_or_default().trim();
        assert!(
            !reason.is_empty() && !reason.starts_with("request rejected"),
            "{options:?}: {seen}"
        );
    }
}
