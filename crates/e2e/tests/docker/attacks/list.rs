//! The recorded list of attacks, written from its labels: each made disagree, once, what the daemon
//! does and what a plugin believes.
//!
//! Must not know: how an attack is judged.

use super::Want::{self, Denied, Refused, Seen};
use super::{Attack, raw};

/// The path that most attacks go to.
const CREATE: &str = "/v1.41/containers/create";

/// The type of a body as clients send it.
const JSON: &str = "Content-Type: application/json\r\n";

/// What the daemon must never make.
const PRIVILEGED: &str =
    r#"{"Image":"bb","Cmd":["true"],"HostConfig":{"NetworkMode":"none","Privileged":true}}"#;

type Row = (&'static str, Want, Vec<u8>);

/// Returns a request with these headers and the length of its body.
pub(super) fn with(line: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let headers = format!("Connection: close\r\n{headers}Content-Length: {}\r\n", body.len());
    raw::request(line, &headers, body)
}

/// Returns a request with a body of JSON.
pub(super) fn post(path: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    with(&format!("POST {path}"), JSON, body)
}

/// Returns a request that creates a container.
pub(super) fn create(body: impl AsRef<[u8]>) -> Vec<u8> {
    post(CREATE, body)
}

/// Returns a request that creates a container of these host settings.
pub(super) fn host(settings: &str) -> Vec<u8> {
    create(format!(r#"{{"Image":"bb","HostConfig":{{"NetworkMode":"none",{settings}}}}}"#))
}

/// All of them, in the order of the list.
pub(super) fn attacks() -> Vec<Attack> {
    let parts: [fn() -> Vec<Row>; 6] =
        [content_types, sizes, keys, targets, beside_the_body, settings];
    let all = parts.into_iter().flat_map(|part| part());
    let attacks = all.map(|(label, want, bytes)| Attack::new(label, want, bytes));
    attacks.chain(reads()).collect()
}

/// Rows 1 to 2: headers that say the body is something else.
fn content_types() -> Vec<Row> {
    let typed = |headers: &str| with(&format!("POST {CREATE}"), headers, PRIVILEGED);
    let utf16: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(PRIVILEGED.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    vec![
        ("baseline privileged (must deny)", Denied, create(PRIVILEGED)),
        (
            "CT 'application/json; charset=utf-8'",
            Denied,
            typed("Content-Type: application/json; charset=utf-8\r\n"),
        ),
        ("CT 'Application/JSON'", Denied, typed("Content-Type: Application/JSON\r\n")),
        (
            "CT dup json then text/plain",
            Denied,
            typed("Content-Type: application/json\r\nContent-Type: text/plain\r\n"),
        ),
        (
            "CT dup text/plain then json",
            Denied,
            typed("Content-Type: text/plain\r\nContent-Type: application/json\r\n"),
        ),
        ("no CT", Denied, typed("")),
        (
            "chunked body (CL -1)",
            Denied,
            raw::request(
                &format!("POST {CREATE}"),
                &format!("Connection: close\r\nTransfer-Encoding: chunked\r\n{JSON}"),
                &raw::chunked(PRIVILEGED.as_bytes()),
            ),
        ),
        (
            "CT json;charset utf-16 body",
            Denied,
            with(
                &format!("POST {CREATE}"),
                "Content-Type: application/json;charset=utf-16\r\n",
                utf16,
            ),
        ),
        (
            "Content-Encoding gzip",
            Denied,
            with(
                &format!("POST {CREATE}"),
                &format!("Content-Encoding: gzip\r\n{JSON}"),
                gzip(PRIVILEGED),
            ),
        ),
    ]
}

/// Rows 3, 4 and 14: bodies that are not shown, or are no document.
fn sizes() -> Vec<Row> {
    let padded = |bytes: usize| {
        let pad = "x".repeat(bytes);
        create(format!(
            r#"{{"Image":"bb","Labels":{{"pad":"{pad}"}},"HostConfig":{{"NetworkMode":"none","Privileged":true}}}}"#
        ))
    };
    let spaces = |bytes: usize| " ".repeat(bytes);
    let deep = format!(r#"{{"Image":"bb","Labels":{}{}}}"#, "[".repeat(11_000), "]".repeat(11_000));
    let bom = [b"\xef\xbb\xbf".as_slice(), PRIVILEGED.as_bytes()].concat();
    let invalid =
        b"{\"Image\":\"bb\",\"Labels\":{\"x\":\"\xff\"},\"HostConfig\":{\"Privileged\":true}}";
    vec![
        ("body >1MiB padded", Denied, padded(1 << 20)),
        (
            "body =1MiB-1ish space padded",
            Denied,
            create(format!("{}{PRIVILEGED}", spaces((1 << 20) - 1 - PRIVILEGED.len()))),
        ),
        (
            "body >1MiB space padded after",
            Denied,
            create(format!("{PRIVILEGED}{}", spaces(1 << 20))),
        ),
        ("body >4MiB", Denied, padded(4 << 20)),
        (
            "Expect/CL0 smuggle",
            Denied,
            raw::request(
                &format!("POST {CREATE}"),
                &format!("Connection: close\r\n{JSON}Content-Length: 0\r\n"),
                PRIVILEGED.as_bytes(),
            ),
        ),
        ("trailing junk after JSON", Denied, create(format!("{PRIVILEGED} {{\"a\":1}}"))),
        (
            "leading benign JSON + 2nd",
            Denied,
            create(format!(
                r#"{{"Image":"bb","HostConfig":{{"NetworkMode":"none"}}}} {PRIVILEGED}"#
            )),
        ),
        ("BOM", Denied, create(bom)),
        ("invalid utf8 in label", Denied, create(invalid)),
        ("deep nest 11000", Denied, create(deep)),
    ]
}

/// Rows 5 to 9: keys that the daemon takes for others.
fn keys() -> Vec<Row> {
    let body = |text: &str| create(text);
    vec![
        (
            "lowercase keys",
            Denied,
            body(r#"{"image":"bb","cmd":["true"],"hostconfig":{"privileged":true}}"#),
        ),
        (
            "HostConfig.PRIVILEGED",
            Denied,
            body(r#"{"Image":"bb","HostConfig":{"PRIVILEGED":true,"NetworkMode":"none"}}"#),
        ),
        (
            "long-s Ho\u{17f}tConfig (U+017F)",
            Denied,
            body(
                "{\"Image\":\"bb\",\"Ho\u{17f}tConfig\":{\"Privileged\":true,\"NetworkMode\":\"none\"}}",
            ),
        ),
        (
            "Kelvin-sign NetworKMode=host",
            Denied,
            body("{\"Image\":\"bb\",\"HostConfig\":{\"Networ\u{212a}Mode\":\"host\"}}"),
        ),
        (
            "dup HostConfig, 2nd benign (merge)",
            Denied,
            body(
                r#"{"Image":"bb","HostConfig":{"Privileged":true},"HostConfig":{"NetworkMode":"none"}}"#,
            ),
        ),
        (
            "dup Privileged true,false (last wins)",
            Denied,
            body(r#"{"Image":"bb","HostConfig":{"Privileged":true,"Privileged":false}}"#),
        ),
        (
            "Privileged true + privileged... null",
            Denied,
            body(r#"{"Image":"bb","HostConfig":{"Privileged":true,"Privileged":null}}"#),
        ),
        (
            "Privileged false then PRIVILEGED true",
            Denied,
            body(r#"{"Image":"bb","HostConfig":{"Privileged":false,"PRIVILEGED":true}}"#),
        ),
        (
            "top-level Privileged (no HostConfig)",
            Denied,
            body(r#"{"Image":"bb","Privileged":true,"NetworkMode":"none"}"#),
        ),
        ("top-level Binds (no HostConfig)", Denied, body(r#"{"Image":"bb","Binds":["/etc:/x"]}"#)),
        ("top-level NetworkMode=host", Denied, body(r#"{"Image":"bb","NetworkMode":"host"}"#)),
        (
            "top-level + inner HostConfig (legacy merge)",
            Denied,
            body(r#"{"Image":"bb","Privileged":true,"HostConfig":{"NetworkMode":"none"}}"#),
        ),
        (
            "escaped key \\u0048ostConfig",
            Denied,
            body(r#"{"Image":"bb","\u0048ostConfig":{"Privileged":true}}"#),
        ),
        ("HostConfig: [] type confusion", Refused, body(r#"{"Image":"bb","HostConfig":[]}"#)),
        ("number 1e0 for bool", Refused, body(r#"{"Image":"bb","HostConfig":{"Privileged":1}}"#)),
        (
            "nested dup Mounts keys",
            Denied,
            host(
                r#""Mounts":[{"Type":"bind","Source":"/data/app","source":"/etc","Target":"/x"}]"#,
            ),
        ),
        ("dup Binds (last wins)", Denied, host(r#""Binds":["/etc:/x"],"Binds":["/data/app:/x"]"#)),
        (
            "Binds then binds null elem",
            Denied,
            host(
                r#""Mounts":[{"Type":"bind","Source":"/etc","Target":"/x"}],"Mounts":[{"Target":"/y","Type":"bind"}]"#,
            ),
        ),
        (
            "Mounts bind lower-case source",
            Denied,
            host(r#""Mounts":[{"Type":"bind","source":"/etc","target":"/x"}]"#),
        ),
    ]
}

/// Rows 12 and 13: targets that mean the same.
fn targets() -> Vec<Row> {
    let to = |path: &str| post(path, PRIVILEGED);
    vec![
        ("versionless path", Denied, to("/containers/create")),
        ("double slash //v1.41", Refused, to("//v1.41/containers/create")),
        ("/v1.41//containers/create", Refused, to("/v1.41//containers/create")),
        ("percent /containers/cre%61te", Denied, to("/v1.41/containers/cre%61te")),
        ("/v1.41/x/../containers/create", Refused, to("/v1.41/x/../containers/create")),
        ("trailing slash", Refused, to("/v1.41/containers/create/")),
        ("absolute-URI http://d/v1.41/...", Denied, to("http://d/v1.41/containers/create")),
        (
            "path ...create?x=/auth (suffix trick)",
            Denied,
            to("/v1.41/containers/create?name=/auth"),
        ),
        ("path ...create?name=a%2Fauth", Denied, to("/v1.41/containers/create?name=a%2Fauth")),
        ("path http://auth/v1.41/... (scheme)", Denied, to("http://auth/v1.41/containers/create")),
        ("version v1.24", Denied, to("/v1.24/containers/create")),
        ("version v1.12", Denied, to("/v1.12/containers/create")),
        (
            "semicolon in query",
            Refused,
            post("/v1.41/images/create?fromImage=go;fromImage=evil", ""),
        ),
        (
            "bad pct + evi%6c",
            Refused,
            post("/v1.41/images/create?fromImage=good%zz&fromImage=evi%6c", ""),
        ),
    ]
}

/// Rows 10 and 11: what an endpoint reads beside the body that a plugin sees.
fn beside_the_body() -> Vec<Row> {
    const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
    let pull = |query: &str| with(&format!("POST /v1.41/images/create?{query}"), "", "");
    vec![
        (
            "start v1.23 w/ HostConfig body",
            Denied,
            post(
                "/v1.23/containers/legacy/start",
                r#"{"Privileged":true,"Binds":["/etc:/x"],"NetworkMode":"none"}"#,
            ),
        ),
        // The embedded policy has no opinion of images: the daemon looks for these, and finds none.
        ("pull evil via query (must deny)", Seen, pull("fromImage=evil&tag=1")),
        ("dup query good,evil", Seen, pull("fromImage=good&fromImage=evil")),
        (
            "pull evil via form body",
            Denied,
            with("POST /v1.41/images/create?tag=1", FORM, "fromImage=evil"),
        ),
        (
            "query=good, form=evil",
            Denied,
            with("POST /v1.41/images/create?fromImage=good&tag=1", FORM, "fromImage=evil"),
        ),
        (
            "build networkmode=host query (deny)",
            Denied,
            with("POST /v1.41/build?networkmode=host", "Content-Type: application/x-tar\r\n", ""),
        ),
        (
            "build networkmode=host in form",
            Denied,
            with("POST /v1.41/build?t=q", FORM, "networkmode=host&remote=http://127.0.0.1:1/"),
        ),
        (
            "tag form + dup CT",
            Denied,
            with(
                "POST /v1.41/images/bb/tag?repo=x&tag=1",
                &format!("{FORM}Content-Type: text/plain\r\n"),
                "repo=evilrepo&tag=9",
            ),
        ),
        ("evilrepo:9 exists?", Refused, with("GET /v1.41/images/evilrepo:9/json", "", "")),
        ("/session", Denied, upgraded("POST /session")),
        ("/grpc", Denied, upgraded("POST /grpc")),
    ]
}

/// Rows 15 to 19 and 22: settings, wherever they stand.
fn settings() -> Vec<Row> {
    vec![
        (
            "volume create o=bind device=/etc",
            Denied,
            post(
                "/v1.41/volumes/create",
                r#"{"Name":"v1","Driver":"local","DriverOpts":{"type":"none","o":"bind","device":"/etc"}}"#,
            ),
        ),
        // The volume is an ordinary one, since none of /etc could be made.
        (
            "use volume v1 in Binds",
            Seen,
            create(r#"{"Image":"bb","Volumes":{"/x":{}},"HostConfig":{"NetworkMode":"none"}}"#),
        ),
        (
            "Mounts volume DriverConfig bind /etc",
            Denied,
            host(
                r#""Mounts":[{"Type":"volume","Target":"/x","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"type":"none","o":"bind","device":"/etc"}}}}]"#,
            ),
        ),
        (
            "Mounts Type BIND",
            Refused,
            host(r#""Mounts":[{"Type":"BIND","Source":"/etc","Target":"/x"}]"#),
        ),
        ("Binds /data/app/../../etc", Denied, host(r#""Binds":["/data/app/../../etc:/x"]"#)),
        ("Binds relative ../etc", Refused, host(r#""Binds":["../etc:/x"]"#)),
        ("Binds ' /etc:/x' leading space", Refused, host(r#""Binds":[" /etc:/x"]"#)),
        (
            "Binds single 'v1:/x:volume-opt'",
            Denied,
            host(r#""Binds":["/data/app:/x:ro","/data/../etc:/y:ro"]"#),
        ),
        ("HostPort range", Seen, ports("20-25")),
        ("HostPort 22/tcp", Seen, ports("22/tcp")),
        (
            "NetworkMode container:x",
            Denied,
            create(r#"{"Image":"bb","HostConfig":{"NetworkMode":"Host"}}"#),
        ),
        (
            "seccomp inline allow-all",
            Denied,
            host(r#""SecurityOpt":["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]"#),
        ),
        ("MaskedPaths []", Denied, host(r#""MaskedPaths":[],"ReadonlyPaths":[]"#)),
        (
            "exec Privileged (top-level Privileged)",
            Denied,
            post(
                "/v1.41/containers/victim/exec",
                r#"{"Cmd":["id"],"Privileged":true,"AttachStdout":true}"#,
            ),
        ),
        (
            "update memory",
            Seen,
            post("/v1.41/containers/victim/update", r#"{"RestartPolicy":{"Name":"no"}}"#),
        ),
        (
            "NetworkingConfig host endpoint",
            Denied,
            create(
                r#"{"Image":"bb","HostConfig":{},"NetworkingConfig":{"EndpointsConfig":{"host":{}}}}"#,
            ),
        ),
        ("VolumesFrom", Refused, host(r#""VolumesFrom":["nosuch"]"#)),
        (
            "image volumes / Config.Volumes",
            Seen,
            create(r#"{"Image":"bb","Volumes":{"/x":{}},"HostConfig":{"NetworkMode":"none"}}"#),
        ),
    ]
}

/// Rows 20 and 21: reads that are none, and names that anybody may take. The embedded policy knows
/// no users: `read_only.rs` judges these with a policy that lets people look only.
pub(crate) fn reads() -> Vec<Attack> {
    let restart = |headers: &str| with("POST /v1.41/containers/victim/restart?t=0", headers, "");
    let read = |path: &str| {
        with(&format!("GET /v1.41/containers/victim/{path}"), "Authz-User: bob\r\n", "")
    };
    let rows = vec![
        ("bob restart hdr=(('Authz-User', 'bob'),)", Seen, restart("Authz-User: bob\r\n")),
        ("bob restart hdr=(('authz-user', 'bob'),)", Seen, restart("authz-user: bob\r\n")),
        (
            "bob restart hdr=(('Authz-User', 'bob'), ('Authz-User', 'alice'))",
            Seen,
            restart("Authz-User: bob\r\nAuthz-User: alice\r\n"),
        ),
        ("bob restart hdr=(('Authz_User', 'bob'),)", Seen, restart("Authz_User: bob\r\n")),
        (
            "bob: GET attach/ws (a write via GET!)",
            Seen,
            upgraded("GET /v1.41/containers/victim/attach/ws?stream="),
        ),
        ("bob: GET archive (reads files)", Seen, read("archive?path=/etc/passwd")),
        ("bob: GET export", Seen, read("export")),
        ("OPTIONS", Seen, with("OPTIONS /v1.41/containers/json", "", "")),
        ("HEAD /_ping?x", Seen, with("HEAD /_ping?x", "", "")),
    ];
    rows.into_iter().map(|(label, want, bytes)| Attack::new(label, want, bytes)).collect()
}

fn upgraded(line: &str) -> Vec<u8> {
    raw::request(line, "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n", b"")
}

fn ports(host_port: &str) -> Vec<u8> {
    create(format!(
        r#"{{"Image":"bb","ExposedPorts":{{"80/tcp":{{}}}},"HostConfig":{{"NetworkMode":"bridge","PortBindings":{{"80/tcp":[{{"HostPort":"{host_port}"}}]}}}}}}"#
    ))
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;

    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}
