//! Signature Version 4 and 4a of AWS.
//!
//! Must not know: where keys come from.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningInstructions,
    SigningParams, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::{v4, v4a};
use http::{HeaderName, HeaderValue};

use super::aws::AwsKeys;
use crate::RemoteError;
use crate::outgoing::Outgoing;

/// Which signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SigningVersion {
    V4,
    V4a,
}

/// Signs a request: adds `Authorization` and what goes with it.
///
/// Errors: the request holds headers that cannot be signed.
pub(crate) fn sign_request(
    keys: &AwsKeys,
    service: &str,
    version: SigningVersion,
    outgoing: &mut Outgoing,
) -> Result<(), RemoteError> {
    if service == "s3" {
        let path = encoded_path(outgoing.url.path());
        outgoing.url.set_path(&path);
    }
    let instructions = instructions(keys, service, version, outgoing)
        .map_err(|reason| RemoteError::Credentials(format!("cannot sign for AWS: {reason}")))?;
    let (headers, _) = instructions.into_parts();
    for header in headers {
        let name = HeaderName::from_bytes(header.name().as_bytes());
        if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_str(header.value())) {
            value.set_sensitive(true);
            outgoing.headers.insert(name, value);
        }
    }
    Ok(())
}

fn instructions(
    keys: &AwsKeys,
    service: &str,
    version: SigningVersion,
    outgoing: &Outgoing,
) -> Result<SigningInstructions, String> {
    let session = keys.session_token.as_ref().map(|token| token.expose().to_string());
    let secret = keys.secret_key.expose();
    let identity = Credentials::new(&keys.access_key, secret, session, None, "portcullis").into();
    let settings = settings(service, version);
    let time = SystemTime::now();
    let params: SigningParams<'_> = match version {
        SigningVersion::V4 => v4::SigningParams::builder()
            .identity(&identity)
            .region(&keys.region)
            .name(service)
            .time(time)
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into(),
        SigningVersion::V4a => v4a::SigningParams::builder()
            .identity(&identity)
            .region_set(&keys.region)
            .name(service)
            .time(time)
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into(),
    };
    let mut headers = Vec::new();
    for (name, value) in &outgoing.headers {
        let value = value.to_str().map_err(|_| format!("the header `{name}` is not ASCII"))?;
        headers.push((name.as_str(), value));
    }
    let body = SignableBody::Bytes(outgoing.body.as_deref().unwrap_or_default());
    let method = outgoing.method.as_str();
    let request = SignableRequest::new(method, outgoing.url.as_str(), headers.into_iter(), body);
    let signed = sign(request.map_err(|error| error.to_string())?, &params);
    Ok(signed.map_err(|error| error.to_string())?.into_parts().0)
}

/// S3 signs over a path in which all but letters, digits and `-._~/` is encoded, while an address may
/// hold much more as it is: it has to be sent in the form that is signed.
fn encoded_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
        match is_plain {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// S3 takes paths as they are and wants the hash of the body in a header; the other services differ.
fn settings(service: &str, version: SigningVersion) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if service == "s3" || service == "glacier" || version == SigningVersion::V4a {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}
