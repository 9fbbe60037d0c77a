//! Which version the engine has, as far as its responses tell, and what is known to be wrong with
//! it.
//!
//! The plugin protocol itself does not name the engine: only the `Server` header of its responses
//! does. Must not know: the wire, metrics.
//!
//! Source: GHSA-v23v-6jw2-98fq (CVE-2024-41110), GHSA-x744-4wpc-v9h2 (CVE-2026-34040),
//! GHSA-pxq6-2prw-chj9 (CVE-2026-33997); moby `daemon/command/httphandler.go` as of 29.2.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a response is looked at: an engine may be replaced while the gate runs.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// Longest version that is kept, in bytes.
const VERSION_BYTES_MAX: usize = 64;

/// Something that is known of some versions and that administrators should know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Its name, as metrics have it.
    pub name: &'static str,
    /// What it is, in words.
    pub about: &'static str,
}

const EMPTY_BODY: Hole = Hole {
    name: "CVE-2024-41110",
    about: "a request with Content-Length 0 reaches plugins without its body; fixed in 23.0.15, \
            25.0.6, 26.1.5 and 27.1.1, and by some distributions under older numbers",
};

const WITHHELD_BODY: Hole = Hole {
    name: "CVE-2026-34040",
    about: "bodies above 1 MiB are kept from plugins, which refuse what they cannot see; fixed in \
            29.3.1",
};

const PLUGIN_PRIVILEGES: Hole = Hole {
    name: "CVE-2026-33997",
    about: "privileges that a plugin is granted are compared wrongly: allow nobody to install or \
            upgrade plugins; fixed in 29.3.1",
};

const NATIVE_GRPC: Hole = Hole {
    name: "native-grpc",
    about: "gRPC over HTTP/2 (BuildKit) is served without asking any plugin since 29.2.0: let \
            nobody reach the socket whom the policy does not trust with builds",
};

type Version = (u64, u64, u64);

/// The last fix of each line of versions that CVE-2024-41110 was fixed in.
const EMPTY_BODY_FIXED: [Version; 4] = [(23, 0, 15), (25, 0, 6), (26, 1, 5), (27, 1, 1)];

/// The first version without CVE-2026-34040 and CVE-2026-33997.
const WITHHELD_BODY_FIXED: Version = (29, 3, 1);

/// The first version that serves gRPC by itself.
const NATIVE_GRPC_SINCE: Version = (29, 2, 0);

/// An engine that was heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Its version as it spells it, such as `20.10.24+dfsg1`.
    pub version: String,
    /// What is known of that version. A distribution may have mended it under the same number.
    pub holes: Vec<Hole>,
}

impl Engine {
    /// Returns the engine of a `Server` header, such as `Docker/20.10.24 (linux)`; nothing where it
    /// names no version of Docker.
    pub fn of_server(header: &str) -> Option<Self> {
        let version = header.strip_prefix("Docker/")?.split_whitespace().next()?;
        if version.len() > VERSION_BYTES_MAX || !version.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let holes = holes(numbers(version)?);
        Some(Self { version: version.to_string(), holes })
    }
}

/// Returns the three numbers that a version begins with; those that are absent are 0.
fn numbers(version: &str) -> Option<Version> {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let mut parts = version.get(..end)?.split('.').map(|part| part.parse::<u64>().ok());
    let first = parts.next()??;
    let mut rest = || parts.next().flatten().unwrap_or(0);
    Some((first, rest(), rest()))
}

fn holes(version: Version) -> Vec<Hole> {
    let of_line = EMPTY_BODY_FIXED.iter().find(|fixed| fixed.0 == version.0);
    let last = EMPTY_BODY_FIXED.iter().map(|fixed| fixed.0).max().unwrap_or(0);
    let has_empty_body = match of_line {
        Some(fixed) => version < *fixed,
        None => version.0 < last,
    };
    let mut holes = Vec::new();
    holes.extend(has_empty_body.then_some(EMPTY_BODY));
    if version < WITHHELD_BODY_FIXED {
        holes.extend([WITHHELD_BODY, PLUGIN_PRIVILEGES]);
    }
    holes.extend((version >= NATIVE_GRPC_SINCE).then_some(NATIVE_GRPC));
    holes
}

/// Looks at a response now and then.
#[derive(Debug)]
pub struct EngineWatch {
    started: Instant,
    /// Milliseconds after the start at which the next look is due.
    due: AtomicU64,
    seen: Mutex<Option<Engine>>,
}

impl Default for EngineWatch {
    fn default() -> Self {
        Self { started: Instant::now(), due: AtomicU64::new(0), seen: Mutex::default() }
    }
}

impl EngineWatch {
    /// Whether the next response should be looked at.
    pub fn is_due(&self) -> bool {
        self.now() >= self.due.load(Ordering::Relaxed)
    }

    /// Takes note of the `Server` header of a response; returns the engine where it is another one
    /// than before.
    pub fn note(&self, server: Option<&str>) -> Option<Engine> {
        // Not every response has one: the next is looked at, then.
        let engine = Engine::of_server(server?)?;
        let interval = u64::try_from(LOOK_INTERVAL.as_millis()).unwrap_or(u64::MAX);
        self.due.store(self.now().saturating_add(interval), Ordering::Relaxed);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref() == Some(&engine) {
            return None;
        }
        *seen = Some(engine.clone());
        Some(engine)
    }

    /// Returns the engine that was heard of last.
    pub fn seen(&self) -> Option<Engine> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_wrong_with_which_version() {
        for (server, names) in [
            ("Docker/20.10.24+dfsg1 (linux)", "CVE-2024-41110 CVE-2026-34040 CVE-2026-33997"),
            ("Docker/23.0.15 (linux)", "CVE-2026-34040 CVE-2026-33997"),
            ("Docker/24.0.9 (linux)", "CVE-2024-41110 CVE-2026-34040 CVE-2026-33997"),
            ("Docker/27.1.0", "CVE-2024-41110 CVE-2026-34040 CVE-2026-33997"),
            ("Docker/27.1.1-rc.1 (linux)", "CVE-2026-34040 CVE-2026-33997"),
            ("Docker/28 (linux)", "CVE-2026-34040 CVE-2026-33997"),
            ("Docker/29.2.0 (linux)", "CVE-2026-34040 CVE-2026-33997 native-grpc"),
            ("Docker/29.3.1 (linux)", "native-grpc"),
        ] {
            let engine = Engine::of_server(server).unwrap();
            let found: Vec<_> = engine.holes.iter().map(|hole| hole.name).collect();
            assert_eq!(found.join(" "), names, "{server}");
        }
        for server in ["", "nginx/1.2", "Docker/", "Docker/dev (linux)", "Docker/\u{1b}1"] {
            assert_eq!(Engine::of_server(server), None, "{server}");
        }
        let huge = format!("Docker/{}", "9".repeat(80));
        assert_eq!(Engine::of_server(&huge), None);
        assert_eq!(Engine::of_server("Docker/99999999999999999999.1"), None);
    }

    #[test]
    fn looks_until_it_knows_and_tells_of_changes() {
        let watch = EngineWatch::default();
        assert!(watch.is_due());
        assert_eq!(watch.note(None), None);
        assert!(watch.is_due(), "that response had no header");
        assert_eq!(watch.note(Some("Docker/28.0.1 (linux)")).unwrap().version, "28.0.1");
        assert!(!watch.is_due());
        assert_eq!(watch.note(Some("Docker/28.0.1 (linux)")), None);
        assert_eq!(watch.note(Some("Docker/29.3.1 (linux)")).unwrap().version, "29.3.1");
        assert_eq!(watch.seen().unwrap().version, "29.3.1");
    }
}
