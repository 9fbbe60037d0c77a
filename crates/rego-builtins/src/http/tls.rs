//! Certificates and keys of a request: written in it, in files, or in environment variables.
//!
//! Must not know: how certificates are checked.

use rego_value::ObjectRef;
use rego_vm::Context;
use rego_vm::world::{HostError, HttpIdentity, HttpTls};

use super::error::{SendError, Sent};
use super::fields;
use crate::{charge, gofmt};

/// What stands at the beginning of a certificate in PEM.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Reads everything but the name of the server.
///
/// Errors: a file that cannot be read, authorities that are none.
pub(super) fn read(context: &mut Context<'_>, object: ObjectRef<'_>) -> Sent<HttpTls> {
    let text = |key| fields::text(object, key).map(|text| text.filter(|text| !text.is_empty()));
    let is_blind = fields::switch(object, "tls_insecure_skip_verify")?.unwrap_or(false);
    let with_system = fields::switch(object, "tls_use_system_certs")?;
    let pair = |cert, key| -> Sent<_> { Ok(text(cert)?.zip(text(key)?)) };
    let inline = pair("tls_client_cert", "tls_client_key")?;
    let files = pair("tls_client_cert_file", "tls_client_key_file")?;
    let variables = pair("tls_client_cert_env_variable", "tls_client_key_env_variable")?;

    let mut identities = Vec::new();
    if let Some((certificates, key)) = inline {
        identities.push(HttpIdentity { certificates, key });
    }
    if let Some((certificates, key)) = files {
        let certificates = file(context, &certificates)?;
        identities.push(HttpIdentity { certificates, key: file(context, &key)? });
    }
    if let Some((certificates, key)) = variables {
        let value = |name: &str| context.host().variable(name).unwrap_or_default();
        identities.push(HttpIdentity { certificates: value(&certificates), key: value(&key) });
    }

    let mut authorities = Vec::new();
    if let Some(pem) = text("tls_ca_cert")? {
        // Where a line break could not be written, `\n` stands for it.
        authorities.push(checked(pem.replace("\\n", "\n"))?);
    }
    if let Some(path) = text("tls_ca_cert_file")? {
        authorities.push(checked(file(context, &path)?)?);
    }
    if let Some(name) = text("tls_ca_cert_env_variable")? {
        let pem = checked(context.host().variable(&name).unwrap_or_default());
        let wrong = |_| {
            let name = gofmt::quote(&name);
            let why = "could not append certificates";
            SendError::Failed(format!("could not add CA certificates from envvar {name}: {why}"))
        };
        authorities.push(pem.map_err(wrong)?);
    }
    let system_authorities = with_system.unwrap_or(authorities.is_empty());
    Ok(HttpTls { system_authorities, authorities, identities, is_blind, server_name: None })
}

fn checked(pem: String) -> Sent<String> {
    match pem.contains(CERTIFICATE) {
        true => Ok(pem),
        false => Err(SendError::Failed("could not append certificates".to_string())),
    }
}

fn file(context: &mut Context<'_>, path: &str) -> Sent<String> {
    let bytes = context.host().read_file(path).map_err(|error| match error {
        HostError::Unavailable => {
            SendError::Failed(format!("open {path}: files are not available here"))
        }
        other => SendError::Failed(format!("open {path}: {other}")),
    })?;
    charge::make(context, bytes.len())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
