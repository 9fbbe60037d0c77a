//! The gate's reading of a body, held against the model's of Go's.

use portcullis_docker::api::{Body, Shape, table};
use portcullis_docker::body::{self, BodyError};
use portcullis_docker::canonical::canonical;

use crate::go_model::{Lifted, daemon, read, repeats};

/// Returns what all the API's bodies are decoded into.
pub(crate) fn shapes() -> Vec<&'static Shape> {
    let shape = |body: &'static Body| match body {
        Body::Json { shape, .. } => Some(shape),
        _ => None,
    };
    table().routes().iter().filter_map(|route| shape(&route.body)).collect()
}

/// Holds the gate's reading of a body against Go's.
pub(crate) fn agree(shape: &Shape, text: &str) {
    let node = read(text);
    let meant = node.as_ref().and_then(|node| daemon(shape, node));
    let made = body::parse(text.as_bytes()).and_then(|body| canonical(&body, shape));
    match made {
        Ok(made) => {
            let made = made.to_json();
            let node = node.unwrap_or_else(|| panic!("not JSON: {text}"));
            assert!(!repeats(shape, &node), "repeats: {text}");
            let (meant, lifted) = meant.unwrap_or_else(|| panic!("the daemon refuses {text}"));
            assert_ne!(lifted, Lifted::Something, "{text}");
            assert_eq!(daemon(shape, &read(&made).unwrap()).unwrap().0, meant, "{text}\n{made}");
            let again = canonical(&body::parse(made.as_bytes()).unwrap(), shape).unwrap();
            assert_eq!(again.to_json(), made, "not final: {text}");
        }
        Err(BodyError::Json(_) | BodyError::Depth) => assert!(node.is_none(), "JSON: {text}"),
        Err(BodyError::RepeatedKey(_)) => assert!(repeats(shape, &node.unwrap()), "{text}"),
        // What an old engine refuses beside HostConfig counts as lifted already.
        Err(BodyError::Lifted(_)) => {
            assert!(meant.is_none_or(|(_, lifted)| lifted != Lifted::Nothing), "{text}");
        }
        Err(BodyError::Many(_)) => assert!(text.len() > 1000, "{text}"),
        Err(error @ BodyError::Kind { .. }) => assert!(meant.is_none(), "{error}: {text}"),
    }
}
