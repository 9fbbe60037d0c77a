//! Flags about the policy that recorded calls are decided with, spelled as the gate spells them.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use portcullis_docker::cli::{DockerAuthzArgs, Grammar, GuardArgs};
use portcullis_docker::profile::Profile;
use portcullis_docker::records::Records;

/// What a gate without a daemon decides with, besides policy files.
#[derive(clap::Args)]
pub(super) struct PolicyFlags {
    /// Data file or directory (JSON or YAML); may be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) data_file: Vec<String>,
    /// Which of the embedded policies are in force, where no policy file is given
    #[arg(long, value_enum, value_name = "NAME")]
    pub(super) profile: Option<Profile>,
    /// Settings of the embedded policies, over those of the profile (YAML or JSON)
    #[arg(long, value_name = "FILE")]
    pub(super) settings: Option<String>,
    /// Document that must be true, as data.a.b or /a/b
    #[arg(long, alias = "allowPath", value_name = "PATH")]
    pub(super) allow_path: Option<String>,
    /// Document that must be an empty set or array; its members are the reasons that users see
    #[arg(long, alias = "denyPath", value_name = "PATH")]
    pub(super) deny_path: Option<String>,
    /// Document that must be true for a response to be released
    #[arg(long, alias = "allowResponsePath", value_name = "PATH")]
    pub(super) allow_response_path: Option<String>,
    /// Grammar of the policies
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) rego_version: Grammar,
    /// Directory at which the host's files are, to see where mounts lead
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub(super) host_root: PathBuf,
    /// Header whose value is believed to be the user's name
    #[arg(long, value_name = "NAME")]
    pub(super) trust_identity_header: Option<String>,
}

impl PolicyFlags {
    /// Returns the arguments of the gate with these policy files.
    pub(super) fn gate(&self, policy_file: &[String]) -> DockerAuthzArgs {
        DockerAuthzArgs {
            policy_file: policy_file.to_vec(),
            data_file: self.data_file.clone(),
            profile: self.profile,
            settings: self.settings.clone(),
            allow_path: self.allow_path.clone(),
            deny_path: self.deny_path.clone(),
            allow_response_path: self.allow_response_path.clone(),
            rego_version: self.rego_version,
            guard: GuardArgs {
                host_root: self.host_root.clone(),
                trust_identity_header: self.trust_identity_header.clone(),
                ..GuardArgs::default()
            },
            ..DockerAuthzArgs::default()
        }
    }
}

/// Opens a file of records; `-` is the standard input.
pub(super) fn records(path: &Path) -> Result<Records<Box<dyn BufRead>>> {
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(stdin().lock())
    } else {
        let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
        Box::new(BufReader::new(file))
    };
    Ok(Records::new(reader))
}
