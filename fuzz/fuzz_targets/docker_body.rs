//! The form that the gate gives a body means to the daemon what the body means; what is refused the
//! daemon would refuse, or read in more than one way. The first byte says whether the rest is a body
//! or what a body is made of.
#![no_main]

#[path = "../../crates/portcullis-docker/tests/support/agree.rs"]
mod agree;
#[path = "../../crates/portcullis-docker/tests/support/go_model.rs"]
mod go_model;

use libfuzzer_sys::fuzz_target;

use crate::agree::{agree, shapes};
use crate::go_model::Maker;

fuzz_target!(|bytes: &[u8]| {
    let mut maker = Maker(bytes);
    let is_made = maker.choose(2) == 0;
    let shapes = shapes();
    let shape = shapes[maker.choose(shapes.len())];
    if is_made {
        agree(shape, &maker.body(shape, 0));
    } else if let Some(text) = std::str::from_utf8(maker.0).ok().filter(|text| !text.is_empty()) {
        agree(shape, text);
    }
});
