//! `portcullis docker-authz record`: a plugin that takes down what a daemon asks.

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use portcullis_docker::cli::{PLUGIN_NAME_DEFAULT, log_to_stderr};
use portcullis_docker::gate::Secrets;
use portcullis_docker::recording::{RECORD_BYTES_MAX, RECORD_FILES, RecordOptions};
use portcullis_docker::rotate::{FILES_MAX, Rotation};
use portcullis_docker::run::{RecorderOptions, run_recorder};
use portcullis_docker::server::ServerLimits;

use crate::allocator::give_back_memory;
use crate::exit::Exit;

/// What becomes of secrets.
#[derive(Clone, Copy, ValueEnum)]
enum SecretsMode {
    /// They are hidden; keys and types stay
    Mask,
    /// They are taken down
    Keep,
}

/// Take down what a Docker daemon asks, as JSON lines, and allow everything
///
/// Runs in place of the gate, on the same socket, until a signal ends it. The gate itself takes down
/// what it is asked with `--record`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// File to write to, behind what it holds; `-` for the standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What becomes of environment variables, credentials and other secrets
    #[arg(long, value_enum, default_value = "mask")]
    secrets: SecretsMode,
    /// Most bytes of the file; one that is full is moved to FILE.1 and so on
    #[arg(long, value_name = "BYTES", default_value_t = RECORD_BYTES_MAX)]
    max_bytes: u64,
    /// How many files are kept
    #[arg(long, value_name = "NUMBER", default_value_t = RECORD_FILES,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(FILES_MAX)))]
    files: u32,
    /// Name that the daemon knows the plugin by; also names its socket
    #[arg(long, default_value = PLUGIN_NAME_DEFAULT, value_name = "NAME")]
    plugin_name: String,
    /// Socket, instead of /run/docker/plugins/NAME.sock
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    give_back_memory();
    log_to_stderr();
    let secrets = match args.secrets {
        SecretsMode::Mask => Secrets::Masked,
        SecretsMode::Keep => Secrets::Logged,
    };
    let rotation = Rotation { bytes_max: args.max_bytes, files_max: args.files };
    let options = RecorderOptions {
        record: RecordOptions { path: args.file.clone(), rotation, secrets },
        plugin_name: args.plugin_name.clone(),
        socket: args.socket.clone(),
        limits: ServerLimits::default(),
    };
    match run_recorder(options, Box::new(stdout())) {
        Ok(()) => Ok(Exit::Success),
        Err(error) => {
            writeln!(stderr(), "error: {error}")?;
            Ok(Exit::Refused)
        }
    }
}
