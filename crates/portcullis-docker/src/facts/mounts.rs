//! The host paths that a request would mount, and where they really lead.
//!
//! Pure but for the function that says where a path leads. Must not know: policies.
//!
//! Source: opa-docker-authz README, "BindMounts"; moby `volume/mounts` (the parser for Linux) and
//! `volume/local` (options of a local volume are those of mount(2)).

use std::fmt;

use rego::Value;

use super::{Asked, elements, entries, text};
use crate::fields::Fields;
use crate::host_tree::{Place, clean};

/// Most mounts of one request. Ours: people have a dozen.
pub const MOUNTS_MAX: usize = 256;

/// Most bytes of all their paths. Ours; bounds how much of the host is looked at.
pub const MOUNTS_BYTES_MAX: usize = 64 << 10;

/// The minor version of the API that knows `ReadOnlyForceRecursive`. Engines before pass it over.
const RECURSIVE_SINCE: u32 = 44;

/// What a request calls a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An entry of `Binds`.
    Bind,
    /// A mount of type `bind`, of a container or a service.
    Mount,
    /// A volume that a driver mounts from a device or a path.
    VolumeBind,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Mount => "mount",
            Self::VolumeBind => "volume-bind",
        }
    }
}

/// A host path that a request would mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindMount {
    /// The path as the request spells it; of a volume the device, which need be no path.
    pub source: String,
    /// Where the container sees it; empty where a volume is only made.
    pub target: String,
    /// Whether the request asks for a mount that cannot be written to: with the option `ro` alone,
    /// or with `ReadOnly`.
    pub read_only: bool,
    /// Whether file systems that are mounted below it cannot be written to either.
    pub read_only_below: bool,
    /// What the request calls it.
    pub kind: Kind,
    /// The type of file system of a volume (`none`, `nfs`, …); empty for other kinds.
    pub volume_type: String,
    /// Where it leads.
    pub place: Place,
}

impl BindMount {
    /// Returns the mount as policies see it.
    pub fn to_value(&self) -> Value {
        static FIELDS: Fields = Fields::new();
        FIELDS.object([
            ("HasSymlink", self.place.has_symlink.into()),
            ("Kind", self.kind.name().into()),
            ("ParentsRootOwned", self.place.parents_root_owned.into()),
            ("ReadOnly", self.read_only.into()),
            ("Resolved", self.place.resolved.as_str().into()),
            ("Source", self.source.as_str().into()),
            ("Target", self.target.as_str().into()),
            ("VolumeType", self.volume_type.as_str().into()),
        ])
    }
}

/// A request has more mounts than are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MountsError;

impl fmt::Display for MountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request has more than {MOUNTS_MAX} mounts, or 64 KiB of their paths")
    }
}

impl std::error::Error for MountsError {}

/// Returns the mounts of a request: `Binds` whose source is a path, mounts of type `bind`, then
/// volumes that a driver mounts from somewhere. `look` says where a path leads.
///
/// Errors: too many of them.
pub fn of(asked: &Asked<'_>, look: &dyn Fn(&str) -> Place) -> Result<Vec<BindMount>, MountsError> {
    let mut found = Vec::new();
    let of_container = elements(asked.body, &["HostConfig", "Mounts"]);
    let of_service =
        asked.service_container().map_or(&[][..], |container| elements(container, &["Mounts"]));
    let binds = elements(asked.body, &["HostConfig", "Binds"]);
    found.extend(binds.iter().filter_map(|bind| from_bind(bind.as_str()?)));
    let mounts = || of_container.iter().chain(of_service);
    let can_be_below = asked.is_since(RECURSIVE_SINCE);
    found.extend(mounts().filter_map(from_mount).map(|mount| BindMount {
        read_only_below: mount.read_only_below && can_be_below,
        ..mount
    }));
    mounts().for_each(|mount| from_volume_of(mount, &mut found));
    if asked.action == "volume_create" {
        let options = Options::of(asked.body, &["DriverOpts"]);
        options.mounts("", ReadOnly::No, &mut found);
    }
    let bytes: usize = found.iter().map(|mount| mount.source.len()).sum();
    if found.len() > MOUNTS_MAX || bytes > MOUNTS_BYTES_MAX {
        return Err(MountsError);
    }
    for mount in &mut found {
        mount.place = match mount.kind {
            // The daemon takes `..` out before it follows links.
            Kind::Bind | Kind::Mount if mount.source.starts_with('/') => {
                look(&clean(&mount.source))
            }
            Kind::VolumeBind if mount.source.starts_with('/') => look(&mount.source),
            _ => Place::default(),
        };
    }
    Ok(found)
}

/// Reads `source:target[:options]`.
fn from_bind(bind: &str) -> Option<BindMount> {
    let mut parts = bind.split(':');
    let source = parts.next().filter(|source| source.starts_with('/'))?;
    let target = parts.next().unwrap_or_default();
    let is_read_only = parts.next() == Some("ro");
    Some(mount(Kind::Bind, source, target, ReadOnly::from(is_read_only)))
}

fn from_mount(value: &Value) -> Option<BindMount> {
    let is_bind = text(value, &["Type"]) == "bind";
    let source = value.get_path(&["Source"]).and_then(Value::as_str).filter(|_| is_bind)?;
    let mount = mount(Kind::Mount, source, text(value, &["Target"]), read_only(value));
    let is_forced = value.get_path(&["BindOptions", "ReadOnlyForceRecursive"]);
    let read_only_below = mount.read_only && is_forced.is_some_and(Value::is_true);
    Some(BindMount { read_only_below, ..mount })
}

/// Whether a mount cannot be written to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadOnly {
    Yes,
    No,
}

impl From<bool> for ReadOnly {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

fn read_only(value: &Value) -> ReadOnly {
    value.get_path(&["ReadOnly"]).is_some_and(Value::is_true).into()
}

fn mount(kind: Kind, source: &str, target: &str, read_only: ReadOnly) -> BindMount {
    BindMount {
        source: source.to_string(),
        target: target.to_string(),
        read_only: read_only == ReadOnly::Yes,
        read_only_below: false,
        kind,
        volume_type: String::new(),
        place: Place::default(),
    }
}

fn from_volume_of(value: &Value, found: &mut Vec<BindMount>) {
    let options = Options::of(value, &["VolumeOptions", "DriverConfig", "Options"]);
    options.mounts(text(value, &["Target"]), read_only(value), found);
}

/// Options of a volume's driver. Whatever the driver, those of the local one are understood.
#[derive(Default)]
struct Options<'a> {
    kind: &'a str,
    device: &'a str,
    o: &'a str,
}

/// Options of overlay file systems that name directories.
const OVERLAY_DIRECTORIES: [&str; 5] = ["lowerdir", "lowerdir+", "datadir+", "upperdir", "workdir"];

impl<'a> Options<'a> {
    fn of(value: &'a Value, path: &[&str]) -> Self {
        let mut options = Self::default();
        for (key, value) in entries(value, path) {
            let value = value.as_str().unwrap_or_default();
            match key.to_ascii_lowercase().as_str() {
                "type" => options.kind = value,
                "device" => options.device = value,
                "o" => options.o = value,
                _ => {}
            }
        }
        options
    }

    /// Adds what mount(2) would take from the host with these options.
    fn mounts(&self, target: &str, read_only: ReadOnly, found: &mut Vec<BindMount>) {
        let items = || self.o.split(',').map(str::trim);
        let binds = items().any(|item| matches!(item, "bind" | "rbind"));
        // One in memory takes nothing from the host, whatever it calls its device.
        if self.kind == "tmpfs" && !binds {
            return;
        }
        let directories = items().filter_map(|item| item.split_once('='));
        let directories = directories.filter(|(key, _)| OVERLAY_DIRECTORIES.contains(key));
        let directories = directories.flat_map(|(_, value)| value.split(':'));
        let device = Some(self.device).filter(|device| !device.is_empty());
        let mut sources: Vec<&str> = device.into_iter().chain(directories).collect();
        sources.retain(|source| !source.is_empty());
        if sources.is_empty() && !(self.kind.is_empty() && self.o.is_empty()) {
            sources.push("");
        }
        found.extend(sources.into_iter().map(|source| BindMount {
            volume_type: self.kind.to_string(),
            ..mount(Kind::VolumeBind, source, target, read_only)
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::Target;

    fn mounts_of(path: &str, body: &str) -> Vec<BindMount> {
        let body = Value::from_json(body.as_bytes()).unwrap();
        let target = Target { path: path.to_string(), ..Target::default() };
        of(&Asked::find("POST", &target, &body), &|path| Place {
            resolved: path.to_string(),
            ..Place::default()
        })
        .unwrap()
    }

    /// Returns each mount as `kind source>resolved>target [ro] [type]`.
    fn lines(path: &str, body: &str) -> Vec<String> {
        let line = |mount: &BindMount| {
            let ro = if mount.read_only { " ro" } else { "" };
            let (kind, source, target) = (mount.kind.name(), &mount.source, &mount.target);
            let (resolved, volume_type) = (&mount.place.resolved, &mount.volume_type);
            format!("{kind} {source}>{resolved}>{target}{ro} {volume_type}").trim_end().to_string()
        };
        mounts_of(path, body).iter().map(line).collect()
    }

    #[test]
    fn lists_binds_and_bind_mounts_in_the_originals_order() {
        let body = r#"{"HostConfig":{
            "Mounts":[{"Type":"volume","VolumeOptions":{"DriverConfig":{"Options":{"device":"/v","type":"none","o":"bind"}}},"Target":"/y"},
                      {"Type":"bind","Source":"/d","ReadOnly":true,"Target":"/z"},{"Type":"volume","Source":"v"}, null],
            "Binds":["/a:/x","/b:/x:ro","/c:/x:ro,z","vol:/x",7,"/l/../e"]}}"#;
        let expected = [
            "bind /a>/a>/x",
            "bind /b>/b>/x ro",
            "bind /c>/c>/x",
            "bind /l/../e>/e>",
            "mount /d>/d>/z ro",
            "volume-bind /v>/v>/y none",
        ];
        assert_eq!(lines("/v1.41/containers/create", body), expected);
    }

    #[test]
    fn lists_volumes_that_mount_something_of_the_host() {
        for (options, expected) in [
            (r#"{"type":"none","o":"bind","device":"/etc"}"#, &["volume-bind /etc>/etc> none"][..]),
            (
                r#"{"type":"none","o":"bind","device":"/a/../b"}"#,
                &["volume-bind /a/../b>/a/../b> none"],
            ),
            (
                r#"{"TYPE":"tmpfs","o":"size=1m,rbind","Device":"/etc"}"#,
                &["volume-bind /etc>/etc> tmpfs"],
            ),
            (
                r#"{"type":"nfs","o":"addr=10.0.0.1,rw","device":":/export"}"#,
                &["volume-bind :/export>> nfs"],
            ),
            (
                r#"{"type":"overlay","device":"overlay","o":"lowerdir=/a:/b,upperdir=/c,workdir=/d"}"#,
                &[
                    "volume-bind overlay>> overlay",
                    "volume-bind /a>/a> overlay",
                    "volume-bind /b>/b> overlay",
                    "volume-bind /c>/c> overlay",
                    "volume-bind /d>/d> overlay",
                ],
            ),
            (r#"{"type":"proc","device":""}"#, &["volume-bind >> proc"]),
            (r#"{"type":"tmpfs","device":"tmpfs","o":"size=1m"}"#, &[]),
            (r#"{"size":"1g"}"#, &[]),
            ("{}", &[]),
            ("null", &[]),
        ] {
            let body = format!(r#"{{"Name":"v","Driver":"local","DriverOpts":{options}}}"#);
            assert_eq!(lines("/volumes/create", &body), expected, "{options}");
            assert!(lines("/networks/create", &body).is_empty());
        }
    }

    #[test]
    fn lists_mounts_of_services() {
        let body = r#"{"TaskTemplate":{"ContainerSpec":{"Mounts":[
            {"Type":"bind","Source":"/srv","Target":"/d"},
            {"Type":"volume","Target":"/e","ReadOnly":true,"VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"device":"/etc","o":"bind","type":"none"}}}}]}}}"#;
        let expected = ["mount /srv>/srv>/d", "volume-bind /etc>/etc>/e ro none"];
        assert_eq!(lines("/v1.41/services/create", body), expected);
        assert_eq!(lines("/v1.41/services/x/update", body), expected);
    }

    #[test]
    fn survives_other_types_and_bounds_its_work() {
        for body in ["null", "[]", r#"{"HostConfig":[]}"#, r#"{"HostConfig":{"Binds":{}}}"#] {
            assert!(mounts_of("/containers/create", body).is_empty());
        }
        let many = vec!["\"/a:/b\""; MOUNTS_MAX + 1].join(",");
        let body = format!(r#"{{"HostConfig":{{"Binds":[{many}]}}}}"#);
        let body = Value::from_json(body.as_bytes()).unwrap();
        let target = Target { path: "/containers/create".to_string(), ..Target::default() };
        let asked = Asked::find("POST", &target, &body);
        assert_eq!(of(&asked, &|_| unreachable!()), Err(MountsError));
    }
}
