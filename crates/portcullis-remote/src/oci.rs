//! `type: oci`: a bundle out of a registry, by the distribution protocol of OCI.
//!
//! Everything is bounded and checked against its digest, whoever sends it.
//!
//! Must not know: what is in a bundle.

use bytes::Bytes;
use http::HeaderValue;
use http::header::ACCEPT;
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};

use crate::hex::to_hex;
use crate::oci_auth::{answer_challenge, with_token};
use crate::oci_reference::{Reference, canonical_host, is_digest};
use crate::outgoing::{host_of, parse_url};
use crate::response::Response;
use crate::service::{Request, Service};
use crate::{RemoteError, ServiceKind};

/// Largest manifest, as the specification asks of registries.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// The layer that is a bundle.
const BUNDLE_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// What to fetch.
#[derive(Clone, Copy, Debug)]
pub struct OciRequest<'a> {
    /// `registry/repository:tag`, or `…@digest`.
    pub resource: &'a str,
    /// The digest of what one has already, as an earlier [`OciOutcome::Layer`] has it.
    pub known_digest: Option<&'a str>,
    /// Largest layer, in bytes.
    pub max_bytes: u64,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OciOutcome {
    /// It is what one has already.
    Unchanged,
    /// A bundle.
    Layer {
        /// The digest of the manifest; it changes with the bundle.
        digest: String,
        /// The bundle, as the registry keeps it.
        bytes: Bytes,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    media_type: Option<String>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
}

impl Service {
    /// Fetches a bundle of a registry, unless it is the known one.
    ///
    /// Errors: [`RemoteError::Config`] for a resource that is none, or one of another registry
    /// than the service's while the service has credentials; [`RemoteError::Status`] for what the
    /// registry does not have or give; [`RemoteError::TooLarge`]; [`RemoteError::Oci`] for an
    /// answer that is not what its digest or the specification say.
    pub async fn fetch_oci(&self, request: &OciRequest<'_>) -> Result<OciOutcome, RemoteError> {
        if self.kind != ServiceKind::Oci {
            let text = format!("service `{}` is not of type `oci`", self.name());
            return Err(RemoteError::Config(text));
        }
        let reference = Reference::parse(request.resource)?;
        self.check_registry(&reference)?;
        let (digest, mut manifest) = self.manifest(&reference, &reference.version).await?;
        if request.known_digest == Some(digest.as_str()) {
            return Ok(OciOutcome::Unchanged);
        }
        if !manifest.manifests.is_empty() {
            let chosen = choose(&manifest.manifests)?;
            manifest = self.manifest(&reference, &chosen.digest).await?.1;
        }
        let layer = manifest.layers.iter().find(|layer| layer.media_type == BUNDLE_LAYER);
        let layer = layer.ok_or_else(|| {
            RemoteError::Oci(format!("`{}` has no layer `{BUNDLE_LAYER}`", request.resource))
        })?;
        let bytes = self.blob(&reference, layer, request.max_bytes).await?;
        Ok(OciOutcome::Layer { digest, bytes })
    }

    /// Credentials are for the service's registry alone.
    fn check_registry(&self, reference: &Reference) -> Result<(), RemoteError> {
        let own = host_of(&self.url);
        if canonical_host(&own) == reference.host() || !self.has_credentials() {
            return Ok(());
        }
        let registry = &reference.registry;
        let text = format!(
            "`{registry}` is not the registry of the service `{}`, which has credentials for `{own}`",
            self.name()
        );
        Err(RemoteError::Config(text))
    }

    /// Returns a manifest and its digest.
    async fn manifest(
        &self,
        reference: &Reference,
        version: &str,
    ) -> Result<(String, Manifest), RemoteError> {
        let mut request = Request::default();
        request.headers.insert(ACCEPT, HeaderValue::from_static(MANIFESTS));
        let path = format!("manifests/{version}");
        let response = self.pull(reference, &path, request).await?;
        let announced = response.header("docker-content-digest").map(str::to_string);
        let body = response.body_bounded(MANIFEST_BYTES_MAX).await?;
        let digest = match (is_digest(version), announced) {
            (true, _) => version.to_string(),
            (false, Some(digest)) if is_digest(&digest) => digest,
            _ => format!("sha256:{}", to_hex(&Sha256::digest(&body))),
        };
        check_digest("a manifest", &digest, &body)?;
        let manifest: Manifest = serde_json::from_slice(&body)
            .map_err(|error| RemoteError::Oci(format!("the manifest is broken: {error}")))?;
        let kind = manifest.media_type.as_deref().unwrap_or(MANIFEST);
        if !MANIFESTS.split(", ").any(|known| known == kind) {
            return Err(RemoteError::Oci(format!("`{kind}` is no manifest")));
        }
        Ok((digest, manifest))
    }

    async fn blob(
        &self,
        reference: &Reference,
        layer: &Descriptor,
        max_bytes: u64,
    ) -> Result<Bytes, RemoteError> {
        if layer.size > max_bytes {
            return Err(RemoteError::TooLarge { max: max_bytes });
        }
        if !is_digest(&layer.digest) {
            return Err(RemoteError::Oci("a layer has no usable digest".to_string()));
        }
        let path = format!("blobs/{}", layer.digest);
        let response = self.pull(reference, &path, Request::default()).await?;
        let bytes = response.body_bounded(max_bytes).await?;
        check_digest("a layer", &layer.digest, &bytes)?;
        Ok(bytes)
    }

    /// Asks the registry, and once more with the token it may want.
    async fn pull(
        &self,
        reference: &Reference,
        path: &str,
        request: Request,
    ) -> Result<Response, RemoteError> {
        let (scheme, host) = (self.url.scheme(), reference.host());
        let repository = &reference.repository;
        let url = format!("{scheme}://{host}/v2/{repository}/{path}");
        let url = parse_url("resource", &url)?;
        let first = with_token(self, request.clone(), reference);
        let mut response = self.request_url(first, url.clone()).await?;
        let is_refused = response.status().as_u16() == 401;
        if is_refused && answer_challenge(self, &response, reference).await? {
            let second = with_token(self, request, reference);
            response = self.request_url(second, url).await?;
        }
        if !response.status().is_success() {
            let (host, status) = (host.to_string(), response.status().as_u16());
            return Err(RemoteError::Status { host, status });
        }
        Ok(response)
    }
}

/// Returns the first image of an index: a bundle is the same for every platform.
fn choose(manifests: &[Descriptor]) -> Result<&Descriptor, RemoteError> {
    let is_image = |kind: &str| kind != INDEX && MANIFESTS.split(", ").any(|known| known == kind);
    let images = manifests.iter().filter(|manifest| is_image(&manifest.media_type));
    images
        .into_iter()
        .find(|manifest| is_digest(&manifest.digest))
        .ok_or_else(|| RemoteError::Oci("the index names no image".to_string()))
}

fn check_digest(what: &str, digest: &str, bytes: &[u8]) -> Result<(), RemoteError> {
    let found = match digest.split_once(':') {
        Some(("sha512", _)) => format!("sha512:{}", to_hex(&Sha512::digest(bytes))),
        _ => format!("sha256:{}", to_hex(&Sha256::digest(bytes))),
    };
    if found == digest {
        return Ok(());
    }
    Err(RemoteError::Oci(format!("{what} is not what its digest `{digest}` says")))
}
