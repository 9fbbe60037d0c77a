//! Of any body the gate's form means to the daemon what the body itself means; and what is refused is
//! what the daemon would refuse, or would read in more than one way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

#[path = "support/go_model.rs"]
mod go_model;

use portcullis_docker::api::{Body, Shape, table};
use portcullis_docker::body::{self, BodyError};
use portcullis_docker::canonical::canonical;
use proptest::prelude::*;

use crate::go_model::{Lifted, Maker, daemon, read, repeats};

fn shapes() -> Vec<&'static Shape> {
    let shape = |body: &'static Body| match body {
        Body::Json { shape, .. } => Some(shape),
        _ => None,
    };
    table().routes().iter().filter_map(|route| shape(&route.body)).collect()
}

/// Holds the gate's reading of a body against Go's.
fn agree(shape: &Shape, text: &str) {
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
        Err(error @ BodyError::Kind { .. }) => assert!(meant.is_none(), "{error}: {text}"),
    }
}

/// Bodies are made of bytes, which say little to whoever reads them; failures show the text.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_gate_reads_bodies_as_go_does(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let shapes = shapes();
        let mut maker = Maker(&bytes);
        let shape = shapes[maker.choose(shapes.len())];
        agree(shape, &maker.body(shape, 0));
    }

    #[test]
    fn creates_are_read_as_go_does(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let create = table().routes().iter().find(|route| route.action == "container_create");
        let Body::Json { shape, .. } = &create.unwrap().body else { panic!("no body") };
        agree(shape, &Maker(&bytes).body(shape, 0));
    }
}

#[test]
fn corners_that_chance_may_miss() {
    let shapes = shapes();
    for text in [
        " ",
        "{}",
        "null",
        "nul",
        "{\"a\":1}x",
        r#"{"HostConfig":{"Privileged":true},"HostConfig":{"NetworkMode":"none"}}"#,
        r#"{"Privileged":true}"#,
        r#"{"Runtime":null,"Memory":0}"#,
        r#"{"HostConfig":{"Mounts":[{"Type":"bind"}],"mounts":[{"Source":"/"}]}}"#,
        r#"{"Hostname":"\ud800","Labels":{"\ud800":"x"}}"#,
        r#"{"Data":"aGl=","Labels":{}}"#,
        "{\"\u{131}mage\":\"x\"}",
    ] {
        shapes.iter().for_each(|shape| agree(shape, text));
    }
}
