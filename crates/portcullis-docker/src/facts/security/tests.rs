//! Both spellings, and what hides behind them.

use super::*;
use crate::uri::Target;

fn security(body: &str) -> Security {
    let body = Value::from_json(body.as_bytes()).unwrap();
    of(&Asked::find("POST", &Target::default(), &body))
}

fn options(options: &[&str]) -> Security {
    let options = serde_json::to_string(options).unwrap();
    security(&format!(r#"{{"HostConfig":{{"SecurityOpt":{options}}}}}"#))
}

#[test]
fn both_spellings_say_the_same() {
    for divider in ["=", ":"] {
        let with = |name: &str, value: &str| options(&[&format!("{name}{divider}{value}")]);
        assert_eq!(with("seccomp", "unconfined").seccomp, "unconfined");
        assert_eq!(with("seccomp", "builtin").seccomp, "builtin");
        assert_eq!(with("apparmor", "unconfined").apparmor, "unconfined");
        assert_eq!(with("label", "disable").labels, ["disable"]);
        assert_eq!(with("label", "type:spc_t").labels, ["type:spc_t"]);
        assert!(with("no-new-privileges", "true").no_new_privileges);
        assert!(!with("no-new-privileges", "false").no_new_privileges);
        assert!(with("systempaths", "unconfined").system_paths_unconfined);
    }
    assert!(options(&["no-new-privileges"]).no_new_privileges);
    assert!(options(&["disable"]).to_value().get_path(&["LabelDisabled"]).unwrap().is_true());
}

#[test]
fn the_last_one_wins_and_the_rest_is_told() {
    assert_eq!(options(&["seccomp=builtin", "seccomp:unconfined"]).seccomp, "unconfined");
    let other =
        options(&["Seccomp=unconfined", "seccomp:a=b", "x", "unmask=ALL", "no-new-privileges=yes"]);
    assert_eq!(other.seccomp, "");
    assert_eq!(other.unknown.len(), 5);
    assert_eq!(options(&[]), Security::default());
}

#[test]
fn inline_profiles_are_read_as_the_daemon_reads_them() {
    let profile = |text: &str| options(&[&format!("seccomp={text}")]);
    for text in [
        r#"{"defaultAction":"SCMP_ACT_ALLOW"}"#,
        r#"{"DEFAULTACTION":"SCMP_ACT_ALLOW"}"#,
        r#"{"default\u0041ction":"SCMP_ACT_ALLOW"}"#,
    ] {
        let security = profile(text);
        let profile = security.seccomp_inline.unwrap();
        let action = profile.get_path(&["defaultAction"]);
        assert_eq!(action.and_then(Value::as_str), Some("SCMP_ACT_ALLOW"), "{text}");
        assert_eq!((security.seccomp, security.unknown.len()), ("inline", 0));
    }
    let nested = profile(r#"{"\u017fyscalls":[{"NAMES":["x"],"Args":[{"INDEX":0}]}]}"#);
    let names = nested
        .seccomp_inline
        .as_ref()
        .unwrap()
        .get_path(&["syscalls"])
        .unwrap()
        .as_array()
        .unwrap();
    assert!(names.first().unwrap().get_path(&["names"]).is_some());
    for text in [
        r#"{"defaultAction":"a","DefaultAction":"b"}"#,
        r#"{"defaultAction":"a","defaultAction":"b"}"#,
        "{} {}",
        "/etc/profile.json",
        "[]",
        "Unconfined",
    ] {
        let security = profile(text);
        assert_eq!((security.seccomp, &security.seccomp_inline), ("inline", &None), "{text}");
        assert_eq!(security.unknown.len(), 1, "{text}");
    }
}

#[test]
fn paths_are_cleared_where_one_of_the_daemons_is_missing() {
    let paths = |masked: &str, readonly: &str| {
        let security = security(&format!(
            r#"{{"HostConfig":{{"MaskedPaths":{masked},"ReadonlyPaths":{readonly}}}}}"#
        ));
        (
            security.masked_paths_cleared,
            security.readonly_paths_cleared,
            security.system_paths_unconfined,
        )
    };
    let all = serde_json::to_string(&MASKED_DEFAULT).unwrap();
    assert_eq!(paths("null", "null"), (false, false, false));
    assert_eq!(paths("[]", "null"), (true, false, false));
    assert_eq!(paths("[]", "[]"), (true, true, true));
    assert_eq!(paths(r#"["/proc/kcore"]"#, "null"), (true, false, false));
    assert_eq!(paths(&all, "null"), (false, false, false));
}

#[test]
fn services_have_privileges() {
    let of = |privileges: &str| {
        security(&format!(
            r#"{{"TaskTemplate":{{"ContainerSpec":{{"Privileges":{privileges}}}}}}}"#
        ))
    };
    assert_eq!(of(r#"{"Seccomp":{"Mode":"unconfined"}}"#).seccomp, "unconfined");
    assert_eq!(of(r#"{"AppArmor":{"Mode":"disabled"}}"#).apparmor, "unconfined");
    assert!(of(r#"{"NoNewPrivileges":true}"#).no_new_privileges);
    assert_eq!(
        of(r#"{"SELinuxContext":{"Disable":true,"Type":"t"}}"#).labels,
        ["disable", "type:t"]
    );
    let custom = of(r#"{"Seccomp":{"Mode":"custom","Profile":"eyJkZWZhdWx0QWN0aW9uIjoieCJ9"}}"#);
    assert_eq!(
        custom.seccomp_inline.unwrap().get_path(&["defaultAction"]).unwrap().as_str(),
        Some("x")
    );
    assert_eq!(of(r#"{"Seccomp":{"Mode":"custom","Profile":"?"}}"#).unknown.len(), 1);
}

#[test]
fn builds_have_options_in_their_query() {
    let options = ["seccomp=unconfined", "apparmor:x", "y"];
    let pair = |option: &str| ("securityopt".to_string(), option.to_string());
    let target = Target {
        path: "/v1.41/build".to_string(),
        query: options.map(pair).into_iter().collect(),
        ..Target::default()
    };
    let security = of(&Asked::find("POST", &target, &Value::NULL));
    assert_eq!((security.seccomp, security.apparmor.as_str()), ("unconfined", "x"));
    assert_eq!(security.unknown, ["y"]);
}
