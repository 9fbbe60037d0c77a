//! The ports of the host that a request would open.
//!
//! A port that cannot be read counts as every port, so that a rule about one cannot be got round by
//! spelling it oddly. Pure. Must not know: policies.
//!
//! Source: Docker Engine API, `PortBindings`, `PublishAllPorts` and `EndpointPortConfig`; go-connections
//! `nat` (how ports and ranges are read).

use rego::Value;

use super::{Asked, elements, entries, text};
use crate::fields::Fields;

/// Ports of the host, and the one of the container that they lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The address of the host; empty for all.
    pub host_ip: String,
    /// The first port of the host; 0 where the daemon picks one.
    pub start: u16,
    /// The last one.
    pub end: u16,
    /// The protocol, in small letters: `tcp`, `udp`, `sctp`; empty where it is not known.
    pub proto: String,
    /// The container's first port; 0 where it is not known.
    pub container_port: u16,
    /// The container's last port.
    pub container_end: u16,
    /// Whether the daemon picks the port.
    pub is_ephemeral: bool,
}

impl Port {
    /// Returns the port as policies see it.
    pub fn to_value(&self) -> Value {
        let number = |port: u16| Value::from(i64::from(port));
        static FIELDS: Fields = Fields::new();
        FIELDS.object([
            ("ContainerEnd", number(self.container_end)),
            ("ContainerPort", number(self.container_port)),
            ("End", number(self.end)),
            ("Ephemeral", self.is_ephemeral.into()),
            ("HostIP", self.host_ip.as_str().into()),
            ("Proto", self.proto.as_str().into()),
            ("Start", number(self.start)),
        ])
    }
}

/// Returns the ports that a request would open: those bound by name, those that
/// `PublishAllPorts` leaves to the daemon, those of a service.
pub fn of(asked: &Asked<'_>) -> Vec<Port> {
    let mut ports = Vec::new();
    let bindings = &["HostConfig", "PortBindings"];
    for (key, bound) in entries(asked.body, bindings) {
        for binding in bound.as_array().unwrap_or_default() {
            let (host_ip, host) = (text(binding, &["HostIp"]), text(binding, &["HostPort"]));
            ports.push(port(host_ip, read_host(host), key));
        }
    }
    let publishes_all = asked.body.get_path(&["HostConfig", "PublishAllPorts"]);
    if publishes_all.is_some_and(Value::is_true) {
        let exposed = entries(asked.body, &["ExposedPorts"]).map(|(key, _)| key);
        ports.extend(exposed.map(|key| port("", EPHEMERAL, key)));
        // The ports of the image, which the request does not show.
        ports.push(Port { proto: String::new(), ..port("", EPHEMERAL, "0") });
    }
    let published = elements(asked.body, &["EndpointSpec", "Ports"]);
    ports.extend(published.iter().map(of_service));
    ports
}

/// First and last port.
type Range = (u16, u16);

/// A port that the daemon picks.
const EPHEMERAL: Range = (0, 0);

/// A port that cannot be read.
const EVERY: Range = (0, u16::MAX);

fn port(host_ip: &str, (start, end): Range, key: &str) -> Port {
    let (range, proto) = key.split_once('/').unwrap_or((key, "tcp"));
    let (container_port, container_end) = read(range).unwrap_or(EPHEMERAL);
    Port {
        host_ip: host_ip.to_string(),
        start,
        end,
        proto: proto.to_ascii_lowercase(),
        container_port,
        container_end,
        is_ephemeral: (start, end) == EPHEMERAL,
    }
}

fn read_host(host: &str) -> Range {
    match host {
        "" => EPHEMERAL,
        host => read(host).unwrap_or(EVERY),
    }
}

/// Reads `8080` or `8080-8090`.
fn read(range: &str) -> Option<Range> {
    let (start, end) = range.split_once('-').unwrap_or((range, range));
    let range = (number(start)?, number(end)?);
    (range.0 <= range.1).then_some(range)
}

/// Reads a number as Go does: digits alone.
fn number(digits: &str) -> Option<u16> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

fn of_service(value: &Value) -> Port {
    let number = |field: &str| match value.get_path(&[field]) {
        None => Some(0),
        Some(value) if value == &Value::NULL => Some(0),
        Some(value) => value.as_i64().and_then(|port| u16::try_from(port).ok()),
    };
    let range = number("PublishedPort").map_or(EVERY, |port| (port, port));
    let proto = Some(text(value, &["Protocol"])).filter(|proto| !proto.is_empty());
    let target = number("TargetPort").unwrap_or_default();
    Port {
        proto: proto.unwrap_or("tcp").to_ascii_lowercase(),
        container_port: target,
        container_end: target,
        ..port("", range, "0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::Target;

    /// Returns each port as `ip:start-end>container-end/proto`, with `*` where the daemon picks.
    fn lines(body: &str) -> Vec<String> {
        let body = Value::from_json(body.as_bytes()).unwrap();
        let target = Target::default();
        let line = |port: &Port| {
            let Port { host_ip, start, end, proto, container_port, container_end, .. } = port;
            let picked = if port.is_ephemeral { "*" } else { "" };
            format!("{host_ip}:{start}-{end}>{container_port}-{container_end}/{proto}{picked}")
        };
        of(&Asked::find("POST", &target, &body)).iter().map(line).collect()
    }

    #[test]
    fn reads_ports_as_the_daemon_does_and_takes_the_rest_for_every_port() {
        for (host, expected) in [
            ("8080", "8080-8080"),
            ("0080", "80-80"),
            ("20-25", "20-25"),
            ("", "0-0*"),
            ("0", "0-0*"),
            ("22/tcp", "0-65535"),
            (" 22", "0-65535"),
            ("+22", "0-65535"),
            ("0x16", "0-65535"),
            ("22-", "0-65535"),
            ("-", "0-65535"),
            ("25-20", "0-65535"),
            ("65536", "0-65535"),
            ("99999999999999999999", "0-65535"),
            ("１", "0-65535"),
        ] {
            let body = format!(
                r#"{{"HostConfig":{{"PortBindings":{{"80/TCP":[{{"HostIp":"::1","HostPort":"{host}"}}]}}}}}}"#
            );
            let (range, picked) = expected.strip_suffix('*').map_or((expected, ""), |r| (r, "*"));
            assert_eq!(lines(&body), [format!("::1:{range}>80-80/tcp{picked}")], "{host}");
        }
    }

    #[test]
    fn reads_the_ports_of_the_container() {
        for (key, expected) in [
            ("53/udp", ":1-1>53-53/udp"),
            ("53", ":1-1>53-53/tcp"),
            ("80-82/tcp", ":1-1>80-82/tcp"),
            ("x/tcp", ":1-1>0-0/tcp"),
        ] {
            let body = format!(
                r#"{{"HostConfig":{{"PortBindings":{{"{key}":[{{"HostPort":"1"}}],"9/tcp":[],"8":null}}}}}}"#
            );
            assert_eq!(lines(&body), [expected], "{key}");
        }
    }

    #[test]
    fn ports_that_the_daemon_picks_are_there() {
        let body = r#"{"ExposedPorts":{"80/tcp":{}},"HostConfig":{"PublishAllPorts":true}}"#;
        assert_eq!(lines(body), [":0-0>80-80/tcp*", ":0-0>0-0/*"]);
        let body = r#"{"ExposedPorts":{"80/tcp":{}},"HostConfig":{"PublishAllPorts":false}}"#;
        assert_eq!(lines(body).len(), 0);
    }

    #[test]
    fn reads_the_ports_of_services() {
        let body = r#"{"EndpointSpec":{"Ports":[
            {"Protocol":"udp","TargetPort":53,"PublishedPort":5353},{"TargetPort":80},
            {"TargetPort":80,"PublishedPort":99999},{"PublishedPort":"22"},{"PublishedPort":null}]}}"#;
        let expected = [
            ":5353-5353>53-53/udp",
            ":0-0>80-80/tcp*",
            ":0-65535>80-80/tcp",
            ":0-65535>0-0/tcp",
            ":0-0>0-0/tcp*",
        ];
        assert_eq!(lines(body), expected);
    }
}
