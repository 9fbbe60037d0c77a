//! `storage.disk`: policies and data that outlive the process.
//!
//! Must not know: how they are stored.

use super::read::Section;

/// Where policies and data are stored.
///
/// Source: OPA's configuration reference, `storage.disk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskConfig {
    /// The directory.
    pub directory: String,
    /// Whether the directory is made if it is missing; not by default.
    pub auto_create: bool,
    /// Paths of data, such as `/users/*`, whose children are stored each by itself.
    pub partitions: Vec<String>,
}

impl DiskConfig {
    /// Reads `storage`. None where it has no `disk`: in memory then.
    pub(super) fn read(top: &Section<'_>) -> Option<Self> {
        let storage = top.section("storage")?;
        let section = storage.section("disk")?;
        if !section.is_set("directory") {
            section.unfit_whole("needs a `directory`");
        }
        if section.is_set("badger") {
            section.text("badger");
            section
                .warn("badger", "`storage.disk.badger` has no effect: another engine stores here");
        }
        let partitions = section.texts("partitions").unwrap_or_default();
        for (index, partition) in partitions.iter().enumerate() {
            if !partition.starts_with('/') {
                let path = section.path("partitions").index(index);
                section.report().unfit(path, format!("`{partition}` does not begin with `/`"));
            }
        }
        Some(Self {
            directory: section.name("directory").unwrap_or_default(),
            auto_create: section.flag("auto_create").unwrap_or(false),
            partitions,
        })
    }
}
