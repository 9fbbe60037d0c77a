//! Any message becomes a request or an error, and any request an input or a refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_docker::gate::input_of;
use portcullis_docker::host_tree::Place;
use portcullis_docker::wire;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = wire::decode(bytes) {
        let _ = input_of(&request, &|_: &str| Place::default());
    }
});
