//! Attacks that no list has.
//!
//! Must not know: how an attack is judged.

use super::Want::{self, Denied, Refused, Seen};
use super::list::{create, host, post, with};
use super::{Attack, raw};

type Row = (&'static str, Want, Vec<u8>);

/// What the daemon must never make.
const PRIVILEGED: &str =
    r#"{"Image":"bb","Cmd":["true"],"HostConfig":{"NetworkMode":"none","Privileged":true}}"#;

const JSON: &str = "Content-Type: application/json\r\n";

/// All of them.
pub(super) fn attacks() -> Vec<Attack> {
    let parts: [fn() -> Vec<Row>; 8] =
        [framing, versions, keys, profiles, volumes, paths, settings, other_endpoints];
    let all = parts.into_iter().flat_map(|part| part());
    all.map(|(label, want, bytes)| Attack::new(label, want, bytes)).collect()
}

/// Heads and lengths that two readers might read in two ways.
fn framing() -> Vec<Row> {
    let line = "POST /v1.41/containers/create";
    let framed = |headers: &str, body: &[u8]| {
        raw::request(line, &format!("Connection: close\r\n{JSON}{headers}"), body)
    };
    let length = PRIVILEGED.len();
    let big = format!("{}{PRIVILEGED}", " ".repeat(2 << 20));
    let chunks: Vec<u8> = PRIVILEGED
        .as_bytes()
        .chunks(7)
        .flat_map(|part| {
            [format!("{:X};x=y\r\n", part.len()).into_bytes(), part.to_vec(), b"\r\n".to_vec()]
                .concat()
        })
        .chain(*b"0\r\nContent-Length: 0\r\n\r\n")
        .collect();
    let ping = "GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n";
    let piped = [ping.as_bytes(), &with(line, JSON, PRIVILEGED)].concat();
    let old = format!("{line} HTTP/1.0\r\n{JSON}Content-Length: {length}\r\n\r\n{PRIVILEGED}");
    let bare = format!(
        "{line} HTTP/1.1\nHost: d\nConnection: close\nContent-Type: application/json\n\
         Content-Length: {length}\n\n{PRIVILEGED}"
    );
    vec![
        (
            "chunked, and longer than the daemon shows",
            Denied,
            framed("Transfer-Encoding: chunked\r\n", &raw::chunked(big.as_bytes())),
        ),
        (
            "small chunks with extensions and a trailer",
            Denied,
            framed("Transfer-Encoding: chunked\r\n", &chunks),
        ),
        (
            "both a length of none and chunks",
            Denied,
            framed(
                "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                &raw::chunked(PRIVILEGED.as_bytes()),
            ),
        ),
        (
            "two lengths",
            Refused,
            framed(
                &format!("Content-Length: 0\r\nContent-Length: {length}\r\n"),
                PRIVILEGED.as_bytes(),
            ),
        ),
        (
            "a length with zeros before it",
            Denied,
            framed(&format!("Content-Length: 000{length}\r\n"), PRIVILEGED.as_bytes()),
        ),
        (
            "100-continue",
            Denied,
            framed(
                &format!("Expect: 100-continue\r\nContent-Length: {length}\r\n"),
                PRIVILEGED.as_bytes(),
            ),
        ),
        ("behind a ping on one connection", Denied, piped),
        ("HTTP/1.0", Denied, old.into_bytes()),
        ("lines that end with LF", Denied, bare.into_bytes()),
        (
            "a body of two lines of headers",
            Denied,
            with(line, "Content-Type:\r\n application/json\r\n", PRIVILEGED),
        ),
        (
            "a type with broken parameters",
            Refused,
            with(line, "Content-Type: application/json; =\r\n", PRIVILEGED),
        ),
        (
            "a type with an empty parameter",
            Denied,
            with(line, "Content-Type: application/json;\r\n", PRIVILEGED),
        ),
        (
            "a type in two parameters of one name",
            Refused,
            with(line, "Content-Type: application/json; a=b; a=c\r\n", PRIVILEGED),
        ),
        (
            "a type that is another one's prefix",
            Refused,
            with(line, "Content-Type: application/jsonx\r\n", PRIVILEGED),
        ),
        (
            "another method in a header",
            Denied,
            with(line, &format!("X-HTTP-Method-Override: GET\r\n{JSON}"), PRIVILEGED),
        ),
        (
            "a method in lower case",
            Refused,
            with("post /v1.41/containers/create", JSON, PRIVILEGED),
        ),
    ]
}

/// Versions that the daemon compares as numbers, and paths it decodes.
fn versions() -> Vec<Row> {
    let to = |path: &str| post(path, PRIVILEGED);
    vec![
        ("version v1.041", Denied, to("/v1.041/containers/create")),
        ("version v01.41", Denied, to("/v01.41/containers/create")),
        ("version v1.41.0", Denied, to("/v1.41.0/containers/create")),
        ("version v1.41.", Denied, to("/v1.41./containers/create")),
        ("version v1..41", Denied, to("/v1..41/containers/create")),
        ("version v1", Denied, to("/v1/containers/create")),
        ("version v.", Denied, to("/v./containers/create")),
        ("version v1.99", Denied, to("/v1.99/containers/create")),
        ("an encoded version", Denied, to("/%761%2e41/containers/create")),
        ("an encoded slash", Denied, to("/v1.41/containers%2Fcreate")),
        ("an encoded slash in lower case", Denied, to("/v1.41%2fcontainers/create")),
        ("encoded dots", Refused, to("/v1.41/x/%2e%2e/containers/create")),
        ("a semicolon in the path", Refused, to("/v1.41/containers/create;x")),
        ("another scheme", Denied, to("unix://x/v1.41/containers/create")),
        ("a scheme without an authority", Denied, to("http:/v1.41/containers/create")),
        ("a fragment", Refused, to("/v1.41/containers/create#/json")),
        ("a path in full width", Refused, to("/v1.41/containers/%ef%bd%83reate")),
    ]
}

/// Names of fields, spelt in ways that JSON allows.
fn keys() -> Vec<Row> {
    let body = |text: &str| create(text);
    vec![
        (
            "an escaped long s",
            Denied,
            body(r#"{"Image":"bb","Ho\u017ftConfig":{"Privileged":true}}"#),
        ),
        ("an escaped Kelvin sign", Denied, host(r#""Networ\u212aMode":"host""#)),
        (
            "the same, deeper",
            Denied,
            host(r#""Moun\u0074\u017f":[{"Type":"bind","Source":"/etc","Target":"/x"}]"#),
        ),
        (
            "one settings as written, one folded",
            Denied,
            body(
                "{\"Image\":\"bb\",\"HostConfig\":{\"NetworkMode\":\"none\"},\"ho\u{17f}tconfig\":{\"Privileged\":true}}",
            ),
        ),
        (
            "an object and then null",
            Denied,
            body(r#"{"Image":"bb","HostConfig":{"Privileged":true},"HostConfig":null}"#),
        ),
        (
            "null and then an object",
            Denied,
            body(r#"{"Image":"bb","HostConfig":null,"hostConfig":{"Privileged":true}}"#),
        ),
        ("a text for a boolean", Refused, host(r#""Privileged":"true""#)),
        (
            "an invalid escape",
            Seen,
            body(r#"{"Image":"bb","HostConfig\ud800":{"Privileged":true}}"#),
        ),
        (
            "a zero byte in a key",
            Seen,
            body(r#"{"Image":"bb","HostConfig\u0000":{"Privileged":true}}"#),
        ),
        (
            "lower case in an exec",
            Denied,
            post("/v1.41/containers/victim/exec", r#"{"Cmd":["id"],"privileged":true}"#),
        ),
        (
            "twice in an exec",
            Denied,
            post(
                "/v1.41/containers/victim/exec",
                r#"{"Cmd":["id"],"Privileged":true,"pRIVILEGED":null}"#,
            ),
        ),
        (
            "lower case in a volume",
            Denied,
            post(
                "/v1.41/volumes/create",
                r#"{"name":"v2","driveropts":{"type":"none","o":"bind","device":"/etc"}}"#,
            ),
        ),
        (
            "a volume's options twice",
            Denied,
            post(
                "/v1.41/volumes/create",
                r#"{"Name":"v3","DriverOpts":{"type":"none","o":"bind","device":"/etc"},"DriverOpts":{}}"#,
            ),
        ),
        ("an array for the whole", Refused, body(&format!("[{PRIVILEGED}]"))),
        ("null for the whole", Refused, body("null")),
    ]
}

/// Profiles of seccomp, which the daemon decodes as it does bodies.
fn profiles() -> Vec<Row> {
    let inline = |profile: &str| {
        let escaped = profile.replace('"', "\\\"");
        host(&format!(r#""SecurityOpt":["seccomp={escaped}"]"#))
    };
    vec![
        (
            "a profile's key in another case",
            Denied,
            inline(r#"{"DefaultAction":"SCMP_ACT_ALLOW"}"#),
        ),
        (
            "a profile's key twice",
            Denied,
            inline(r#"{"defaultAction":"SCMP_ACT_ERRNO","DEFAULTACTION":"SCMP_ACT_ALLOW"}"#),
        ),
        ("a profile that logs", Denied, inline(r#"{"defaultAction":"SCMP_ACT_LOG"}"#)),
        (
            "a profile behind a colon",
            Denied,
            host(r#""SecurityOpt":["seccomp:{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]"#),
        ),
        (
            "a default, then unconfined",
            Denied,
            host(r#""SecurityOpt":["seccomp=","seccomp=unconfined"]"#),
        ),
        ("unconfined behind a colon", Denied, host(r#""SecurityOpt":["seccomp:unconfined"]"#)),
        ("AppArmor behind a colon", Denied, host(r#""SecurityOpt":["apparmor:unconfined"]"#)),
        ("labels behind a colon", Denied, host(r#""SecurityOpt":["label:disable"]"#)),
        ("options in lower-case keys", Denied, host(r#""securityopt":["seccomp=unconfined"]"#)),
        ("masked paths alone", Denied, host(r#""MaskedPaths":[]"#)),
        ("masked paths in lower case", Denied, host(r#""maskedpaths":[]"#)),
    ]
}

/// Volumes that are more than volumes.
fn volumes() -> Vec<Row> {
    let volume = |options: &str| {
        post("/v1.41/volumes/create", format!(r#"{{"Name":"w","DriverOpts":{options}}}"#))
    };
    vec![
        ("rbind", Denied, volume(r#"{"type":"none","o":"rbind","device":"/etc"}"#)),
        ("bind among options", Denied, volume(r#"{"type":"none","o":"ro,bind","device":"/etc"}"#)),
        ("a type of bind", Denied, volume(r#"{"type":"bind","o":"","device":"/etc"}"#)),
        ("through ..", Denied, volume(r#"{"type":"none","o":"bind","device":"/data/../etc"}"#)),
        ("slashes", Denied, volume(r#"{"type":"none","o":"bind","device":"//etc//"}"#)),
        ("a disk", Denied, volume(r#"{"type":"ext4","device":"/dev/vda"}"#)),
        (
            "an overlay of the host",
            Refused,
            volume(
                r#"{"type":"overlay","device":"overlay","o":"lowerdir=/etc,upperdir=/tmp/u,workdir=/tmp/w"}"#,
            ),
        ),
        ("proc", Refused, volume(r#"{"type":"proc","device":"proc"}"#)),
        (
            "in a mount, without a driver's name",
            Denied,
            host(
                r#""Mounts":[{"Type":"volume","Target":"/x","VolumeOptions":{"DriverConfig":{"Options":{"type":"none","o":"bind","device":"/etc"}}}}]"#,
            ),
        ),
        (
            "in a mount, lower case",
            Denied,
            host(
                r#""Mounts":[{"type":"volume","target":"/x","volumeoptions":{"driverconfig":{"options":{"type":"none","o":"bind","device":"/etc"}}}}]"#,
            ),
        ),
        ("a disk of memory", Seen, volume(r#"{"type":"tmpfs","device":"tmpfs"}"#)),
    ]
}

/// Paths that lead to where they do not seem to.
fn paths() -> Vec<Row> {
    let bind = |path: &str| host(&format!(r#""Binds":["{path}:/x"]"#));
    vec![
        ("the root, spelt longer", Denied, bind("/././/")),
        ("slashes before etc", Denied, bind("//etc")),
        ("a dot behind etc", Denied, bind("/etc/.")),
        ("out of a directory that is not there", Denied, bind("/nowhere/../etc")),
        ("the root of a process", Denied, bind("/proc/self/root/etc")),
        ("the root of another process", Denied, bind("/proc/1/root")),
        ("a link of the system", Denied, bind("/var/run")),
        ("the engine's socket through a link", Denied, bind("/var/run/docker.sock")),
        ("below a link", Denied, bind("/dev/fd/../../../etc")),
        ("propagation", Denied, host(r#""Binds":["/:/x:rslave"]"#)),
        ("an escaped slash", Denied, host(r#""Binds":["\/etc:\/x"]"#)),
        ("a second bind", Denied, host(r#""Binds":["/data/app:/y","/etc:/x"]"#)),
        (
            "a service of binds",
            Denied,
            post(
                "/v1.41/services/create",
                r#"{"Name":"s","TaskTemplate":{"ContainerSpec":{"Image":"bb","Mounts":[{"Type":"bind","Source":"/etc","Target":"/x"}]}}}"#,
            ),
        ),
        (
            "a service of binds, lower case",
            Denied,
            post(
                "/v1.41/services/create",
                r#"{"name":"s","tasktemplate":{"containerspec":{"image":"bb","mounts":[{"type":"bind","source":"/etc","target":"/x"}]}}}"#,
            ),
        ),
    ]
}

/// Settings that few think of.
fn settings() -> Vec<Row> {
    vec![
        ("a capability in lower case", Denied, host(r#""CapAdd":["sys_admin"]"#)),
        ("a capability with its prefix", Denied, host(r#""CapAdd":["CAP_SYS_ADMIN"]"#)),
        ("all, in lower case", Denied, host(r#""CapAdd":["all"]"#)),
        (
            "a device",
            Denied,
            host(
                r#""Devices":[{"PathOnHost":"/dev/vda","PathInContainer":"/dev/x","CgroupPermissions":"rwm"}]"#,
            ),
        ),
        ("rules for devices", Denied, host(r#""DeviceCgroupRules":["b *:* rwm"]"#)),
        ("the host's processes", Denied, host(r#""PidMode":"host""#)),
        ("the host's IPC", Denied, host(r#""IpcMode":"host""#)),
        ("the host's names", Denied, host(r#""UTSMode":"host""#)),
        ("the host's users", Denied, host(r#""UsernsMode":"host""#)),
        ("the host's control groups", Denied, host(r#""CgroupnsMode":"host""#)),
        ("an unknown runtime", Refused, host(r#""Runtime":"/tmp/evil""#)),
        ("a control group above", Refused, host(r#""CgroupParent":"/../..","PidMode":"host""#)),
        (
            "a log that goes to a socket of the host",
            Seen,
            host(
                r#""LogConfig":{"Type":"syslog","Config":{"syslog-address":"unixgram:///dev/log"}}"#,
            ),
        ),
    ]
}

/// Other doors.
fn other_endpoints() -> Vec<Row> {
    vec![
        (
            "start with host settings",
            Denied,
            post("/v1.41/containers/legacy/start", r#"{"Privileged":true}"#),
        ),
        (
            "start with host settings, old",
            Denied,
            post("/v1.12/containers/legacy/start", r#"{"binds":["/etc:/x"]}"#),
        ),
        (
            "start with chunks",
            Denied,
            raw::request(
                "POST /v1.23/containers/legacy/start",
                &format!("Connection: close\r\nTransfer-Encoding: chunked\r\n{JSON}"),
                &raw::chunked(br#"{"Privileged":true}"#),
            ),
        ),
        (
            "devices by an update",
            Denied,
            post("/v1.41/containers/victim/update", r#"{"Devices":[{"PathOnHost":"/dev/vda"}]}"#),
        ),
        (
            "into the host's network",
            Refused,
            post("/v1.41/networks/host/connect", r#"{"Container":"victim"}"#),
        ),
        (
            "a build in the host's network",
            Denied,
            with("POST /v1.41/build?networkmode=HOST", "Content-Type: application/x-tar\r\n", ""),
        ),
        (
            "a build by BuildKit, which needs a session",
            Seen,
            with(
                "POST /v1.41/build?version=2&remote=client-session",
                "Content-Type: application/x-tar\r\n",
                "",
            ),
        ),
        ("a plugin to disable", Denied, with("POST /v1.41/plugins/any/disable?force=1", "", "")),
        ("a plugin to remove", Denied, with("DELETE /v1.41/plugins/any?force=1", "", "")),
        ("a plugin to set", Denied, post("/v1.41/plugins/any/set", r#"["args=-policy-file /x"]"#)),
        ("a plugin to pull", Denied, post("/v1.41/plugins/pull?remote=evil/plugin", "[]")),
        (
            "a plugin to create",
            Denied,
            with("POST /v1.41/plugins/create?name=evil", "Content-Type: application/x-tar\r\n", ""),
        ),
        ("a plugin, encoded", Denied, with("POST /v1.41/plugin%73/any/disable", "", "")),
        ("a route that nobody knows", Refused, post("/v1.41/containers/victim/obey", "{}")),
        (
            "a body that is shown, for an endpoint without",
            Seen,
            post("/v1.41/containers/victim/restart?t=0", "{}"),
        ),
        ("read with a body", Refused, with("GET /v1.41/containers/json", JSON, "{")),
    ]
}
