//! Of any body the gate's form means to the daemon what the body itself means; and what is refused is
//! what the daemon would refuse, or would read in more than one way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "functions that tests share"
)]

#[path = "support/agree.rs"]
mod agree;
#[path = "support/go_model.rs"]
mod go_model;

use portcullis_docker::api::{Body, table};
use proptest::prelude::*;

use crate::agree::{agree, shapes};
use crate::go_model::Maker;

/// Bodies are made of bytes, which say little to whoever reads them; failures show the text.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) }
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
