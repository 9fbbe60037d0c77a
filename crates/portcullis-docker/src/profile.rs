//! Ready-made settings of the embedded policies, and what a file changes of them.
//!
//! Must not know: what a setting means.

use std::sync::Arc;

use portcullis_service::made::MadeData;
use rego::Value;

use crate::settings;

/// A ready-made choice of settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Refuses what makes a container, or whoever starts it, the master of the host
    #[default]
    Baseline,
    /// Besides, containers must be confined, bounded and not root's, and see nothing of the host
    Restricted,
    /// Nobody may do more than look
    ReadOnly,
    /// For build servers: builds, pulls and runs, with paths of the host only where builds are
    Ci,
}

impl Profile {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
            Self::ReadOnly => "read-only",
            Self::Ci => "ci",
        }
    }

    /// Returns what it sets beside the defaults, as YAML: below its name, so that all profiles can be
    /// read as data at once.
    pub fn text(self) -> &'static str {
        match self {
            Self::Baseline => include_str!("../../../policies/docker/profiles/baseline.yaml"),
            Self::Restricted => include_str!("../../../policies/docker/profiles/restricted.yaml"),
            Self::ReadOnly => include_str!("../../../policies/docker/profiles/read-only.yaml"),
            Self::Ci => include_str!("../../../policies/docker/profiles/ci.yaml"),
        }
    }

    /// Returns the profile of this name: `baseline`, `restricted`, `read-only` or `ci`.
    pub fn from_name(name: &str) -> Option<Self> {
        <Self as clap::ValueEnum>::from_str(name, false).ok()
    }

    /// Returns the data that the policies find at `data.docker.settings`: the profile's, and over
    /// it those of a file, which is read again when it changes.
    pub fn data(self, file: Option<String>) -> MadeData {
        let make = move |document: Option<&Value>| {
            let ours = Value::from_yaml(self.text().as_bytes()).map_err(|e| e.to_string())?;
            let ours = ours.get_path(&[self.name()]).unwrap_or(&Value::NULL);
            let ours = settings::check(ours).map_err(|e| e.to_string())?;
            let theirs = document.unwrap_or(&Value::NULL);
            let theirs = settings::check(theirs).map_err(|error| error.to_string())?;
            let merged = settings::merge(&ours, &theirs);
            let docker = Value::object_from_strs([("settings", merged)]);
            Ok(Value::object_from_strs([("docker", docker)]))
        };
        MadeData::new(file, Arc::new(make))
    }
}
