//! Files of AWS's own tools: sections of keys and values.
//!
//! Must not know: what is signed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::aws::{AwsKeys, region};
use super::config::ProfileConfig;
use crate::files::read_trimmed;
use crate::{Environment, RemoteError, Secret};

/// `profile_credentials`.
pub(crate) struct ProfileKeys {
    key: String,
    config: ProfileConfig,
}

impl ProfileKeys {
    pub(crate) fn new(config: &ProfileConfig, key: &str) -> Self {
        Self { key: key.to_string(), config: config.clone() }
    }

    /// Reads the file anew for each request: other tools renew what is in it.
    pub(crate) fn keys(&self, environment: &Environment) -> Result<AwsKeys, RemoteError> {
        let path = path_or(&self.config.path, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let path = path(environment, &self.key)?;
        let profile = profile_or(&self.config.profile, environment);
        let text = read_trimmed(&format!("{}.path", self.key), &path)?;
        let sections = sections(&text);
        let fail = |reason: String| RemoteError::Credentials(format!("`{}`: {reason}", self.key));
        let section = sections
            .get(&profile)
            .ok_or_else(|| fail(format!("`{}` has no profile `{profile}`", path.display())))?;
        let need = |name: &str| {
            let found = section.get(name).filter(|value| !value.is_empty());
            found.ok_or_else(|| fail(format!("profile `{profile}` has no `{name}`")))
        };
        Ok(AwsKeys {
            access_key: need("aws_access_key_id")?.clone(),
            secret_key: Secret::new(need("aws_secret_access_key")?),
            session_token: section.get("aws_session_token").map(Secret::new),
            region: region(&self.key, &self.config.aws_region, environment)?,
        })
    }
}

/// Returns a file of AWS's tools: the configured one, that of a variable, or the usual one.
pub(super) fn path_or(
    configured: &str,
    variable: &'static str,
    name: &'static str,
) -> impl Fn(&Environment, &str) -> Result<PathBuf, RemoteError> {
    let configured = Some(configured.to_string()).filter(|path| !path.is_empty());
    move |environment, key| match configured.clone().or_else(|| environment.get(variable)) {
        Some(path) => Ok(PathBuf::from(path)),
        None => Ok(home(environment, key)?.join(name)),
    }
}

/// Returns the directory of AWS's tools.
pub(super) fn home(environment: &Environment, key: &str) -> Result<PathBuf, RemoteError> {
    let home = environment.get("HOME").ok_or_else(|| {
        RemoteError::Credentials(format!("`{key}.path`: neither it nor `HOME` is set"))
    })?;
    Ok(PathBuf::from(home).join(".aws"))
}

/// Returns the profile: the configured one, that of the environment, or `default`.
pub(super) fn profile_or(configured: &str, environment: &Environment) -> String {
    match configured {
        "" => environment.get("AWS_PROFILE").unwrap_or_else(|| "default".to_string()),
        profile => profile.to_string(),
    }
}

/// Sections by name, and what each holds.
pub(super) type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Reads such a file. What is no section, key or comment is passed over, as AWS's tools do, and so
/// are indented lines, which belong to a value of several lines.
pub(super) fn sections(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut current = None;
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with(['#', ';', ' ', '\t']) {
            continue;
        }
        if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            sections.entry(name.clone()).or_default();
            current = Some(name);
        } else if let (Some(section), Some((key, value))) = (&current, line.split_once('=')) {
            let value = value.split(" #").next().unwrap_or_default().trim().to_string();
            let key = key.trim().to_ascii_lowercase();
            sections.entry(section.clone()).or_default().insert(key, value);
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sections() {
        let text =
            "stray = 1\n# c\n[ default ]\nA_Key = x=y  # why\n nested = 2\nno\n[profile b]\n";
        let sections = sections(text);
        assert_eq!(sections["default"], BTreeMap::from([("a_key".into(), "x=y".into())]));
        assert!(sections["profile b"].is_empty());
        assert_eq!(sections.len(), 2);
    }
}
