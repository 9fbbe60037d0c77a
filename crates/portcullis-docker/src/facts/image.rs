//! The image that a request is about.
//!
//! Pure. Must not know: policies.
//!
//! Source: Docker Engine API; moby `api/server/router/image` (`tag` replaces the tag of `fromImage`,
//! and may be a digest).

use rego::Value;

use super::reference::{Reference, is_digest, is_hex, is_id};
use super::{Asked, text};
use crate::fields::Fields;

/// Shortest beginning of an id that is taken for one, in digits: what Docker prints.
const SHORT_ID_DIGITS: usize = 12;

/// An image, by name or by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// As the request spells it.
    pub reference: String,
    /// `docker.io` where none is named; empty where the image is named by its id, or not readably.
    pub registry: String,
    /// With `library/` where the default registry has it; empty as `registry`.
    pub repository: String,
    /// `latest` where neither tag nor digest is named; empty beside a digest alone.
    pub tag: String,
    /// Empty without.
    pub digest: String,
}

impl Image {
    /// Returns the image as policies see it.
    pub fn to_value(&self) -> Value {
        static FIELDS: Fields = Fields::new();
        FIELDS.object([
            ("Digest", self.digest.as_str().into()),
            ("Reference", self.reference.as_str().into()),
            ("Registry", self.registry.as_str().into()),
            ("Repository", self.repository.as_str().into()),
            ("Tag", self.tag.as_str().into()),
        ])
    }

    /// Returns the image that a text names.
    fn parse(text: &str) -> Self {
        let reference = text.to_string();
        if let Some(digest) = id_digest(text) {
            return Self { reference, digest, ..Self::default() };
        }
        match Reference::parse(text) {
            None => Self { reference, ..Self::default() },
            Some(name) => Self {
                reference,
                tag: name.effective_tag().to_string(),
                registry: name.registry,
                repository: name.repository,
                digest: name.digest,
            },
        }
    }

    /// Returns the image that a text names, with a tag or digest given apart.
    fn with_tag(text: &str, tag: &str) -> Self {
        let text = text.strip_suffix(':').unwrap_or(text);
        let mut image = Self::parse(text);
        if tag.is_empty() {
            return image;
        }
        if is_digest(tag) {
            (image.tag, image.digest) = (String::new(), tag.to_string());
            image.reference = format!("{text}@{tag}");
        } else {
            image.tag = tag.to_string();
            let name = strip_tag(text);
            image.reference = format!("{name}:{tag}");
        }
        image
    }
}

/// Returns a name without its tag; a port is none.
fn strip_tag(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') && !text.contains('@') => name,
        _ => text,
    }
}

/// Returns the digest of an image that is named by its id: all of it, or the part that Docker
/// prints; none where the text is a name. Nobody can tell of an id where its image came from.
fn id_digest(text: &str) -> Option<String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let is_prefixed = digits.len() < text.len();
    if is_id(digits) {
        return Some(format!("sha256:{digits}"));
    }
    let is_short = is_hex(digits) && (is_prefixed || digits.len() >= SHORT_ID_DIGITS);
    is_short.then(String::new)
}

/// Returns the image of a request; none where what it does has no image.
pub fn of(asked: &Asked<'_>) -> Option<Image> {
    let named = asked.path.get(1..).unwrap_or_default();
    // Without what is done to it.
    let before_last = || named.split_last().map(|(_, name)| name.join("/")).unwrap_or_default();
    match asked.action {
        "container_create" => Some(Image::parse(text(asked.body, &["Image"]))),
        "service_create" | "service_update" => of_service(asked.body),
        "image_pull" => Some(Image::with_tag(asked.parameter("fromImage"), asked.parameter("tag"))),
        "image_push" => Some(Image::with_tag(&before_last(), asked.parameter("tag"))),
        "image_attestations"
        | "image_get"
        | "image_history"
        | "image_inspect"
        | "image_tag"
        | "distribution_inspect" => Some(Image::parse(&before_last())),
        "image_delete" => Some(Image::parse(&named.join("/"))),
        "plugin_pull" | "plugin_upgrade" => Some(Image::parse(asked.parameter("remote"))),
        _ => None,
    }
}

/// Returns the image of a service's tasks, or the plugin that they are.
fn of_service(body: &Value) -> Option<Image> {
    let template = body.get_path(&["TaskTemplate"])?;
    let plugin = text(template, &["PluginSpec", "Remote"]);
    match template.get_path(&["ContainerSpec", "Image"]).and_then(Value::as_str) {
        Some(image) if !image.is_empty() || plugin.is_empty() => Some(Image::parse(image)),
        _ => Some(Image::parse(plugin)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri;

    fn line(method: &str, path: &str, body: &str) -> String {
        let body = Value::from_json(body.as_bytes()).unwrap();
        let target = uri::parse(path).unwrap();
        of(&Asked::find(method, &target, &body)).map_or_else(String::new, |image| {
            let Image { reference, registry, repository, tag, digest } = image;
            format!("{reference}|{registry}|{repository}|{tag}|{digest}")
        })
    }

    #[test]
    fn finds_the_image_of_a_request() {
        let digest = format!("sha256:{}", "1".repeat(64));
        for (call, body, expected) in [
            (
                "POST /v1.41/containers/create",
                r#"{"Image":"nginx"}"#,
                "nginx|docker.io|library/nginx|latest|",
            ),
            ("POST /containers/create", r#"{"Image":"r.io/a/b:v1"}"#, "r.io/a/b:v1|r.io|a/b|v1|"),
            ("POST /containers/create", r#"{"Image":"Nginx"}"#, "Nginx||||"),
            ("POST /containers/create", "{}", "||||"),
            ("POST /containers/create", r#"{"Image":"bb"}"#, "bb|docker.io|library/bb|latest|"),
            ("POST /containers/create", r#"{"Image":"0123456789ab"}"#, "0123456789ab||||"),
            ("POST /containers/create", r#"{"Image":"sha256:0123"}"#, "sha256:0123||||"),
            (
                "POST /v1.41/images/create?fromImage=nginx&tag=1",
                "null",
                "nginx:1|docker.io|library/nginx|1|",
            ),
            ("POST /images/create?fromImage=h:5000/a:2&tag=1", "null", "h:5000/a:1|h:5000|a|1|"),
            ("POST /images/create?fromImage=h:5000/a&tag=1", "null", "h:5000/a:1|h:5000|a|1|"),
            (
                "POST /images/create?fromImage=a&fromImage=b",
                "null",
                "a|docker.io|library/a|latest|",
            ),
            ("POST /images/create?fromSrc=-&repo=x", "null", ""),
            ("POST /images/r.io/a/b/push?tag=v1", "null", "r.io/a/b:v1|r.io|a/b|v1|"),
            ("POST /images/a/tag?repo=b", "null", "a|docker.io|library/a|latest|"),
            ("DELETE /v1.41/images/r.io/a:1", "null", "r.io/a:1|r.io|a|1|"),
            ("GET /images/json", "null", ""),
            ("GET /images/get?names=a", "null", ""),
            ("POST /build?t=x", "null", ""),
            ("POST /plugins/pull?remote=r.io/p&name=x", "null", "r.io/p|r.io|p|latest|"),
            (
                "POST /services/create",
                r#"{"TaskTemplate":{"ContainerSpec":{"Image":"a:1"}}}"#,
                "a:1|docker.io|library/a|1|",
            ),
            (
                "POST /services/x/update",
                r#"{"TaskTemplate":{"PluginSpec":{"Remote":"r.io/p"}}}"#,
                "r.io/p|r.io|p|latest|",
            ),
        ] {
            let (method, path) = call.split_once(' ').unwrap();
            assert_eq!(line(method, path, body), expected, "{call}");
        }
        let pulled = line("POST", &format!("/images/create?fromImage=a:2&tag={digest}"), "null");
        assert_eq!(pulled, format!("a:2@{digest}|docker.io|library/a||{digest}"));
        let of_id = line("POST", "/containers/create", &format!(r#"{{"Image":"{digest}"}}"#));
        assert_eq!(of_id, format!("{digest}||||{digest}"));
    }
}
