//! The gate on a real socket: clients that behave, clients that do not, and policies that change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

#[path = "support/house.rs"]
mod house;

use std::io::Write;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::house::{ALLOW, DENY, House, LIMITS, request};

#[test]
fn speaks_the_protocol_on_one_connection() {
    let house = House::open(ALLOW);
    let mut client = house.client();
    let (status, body) = client.post("/Plugin.Activate", b"");
    assert_eq!((status, body.as_slice()), (200, &br#"{"Implements":["authz"]}"#[..]));
    assert_eq!(client.authorize("/v1.41/info", b"")["Allow"], true);
    let (status, body) = client.post("/AuthZPlugin.AuthZRes", &request("/v1.41/info", b"{}"));
    assert_eq!((status, body.as_slice()), (200, &br#"{"Allow":true}"#[..]));
    assert_eq!(client.post("/nonsense", b"").0, 404);
    // Kept connections outlive the time that a head may take.
    std::thread::sleep(LIMITS().head_timeout * 2);
    assert_eq!(client.authorize("/v1.41/info", b"")["Allow"], true);
}

#[test]
fn refuses_what_is_not_a_request() {
    let house = House::open(ALLOW);
    for body in [&b""[..], b"nonsense", b"{}", b"\xff\xfe", b"[[[[[["] {
        let (status, answer) = house.client().post("/AuthZPlugin.AuthZReq", body);
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        assert_eq!((status, &answer["Allow"]), (200, &Json::Bool(false)));
        assert!(answer["Msg"].as_str().unwrap().contains("malformed"), "{answer}");
    }
    let answer = house.client().authorize("/v1.41/containers/create", b"{} {}");
    assert_eq!(answer["Allow"], false);
    assert!(answer["Msg"].as_str().unwrap().contains("not JSON"), "{answer}");
}

#[test]
fn slow_and_half_open_clients_are_cut_off() {
    let house = House::open(ALLOW);
    let mut silent = house.client();
    let mut half_head = house.client();
    half_head.0.write_all(b"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHos").unwrap();
    let mut second_head = house.client();
    assert_eq!(second_head.authorize("/v1.41/info", b"")["Allow"], true);
    second_head.0.write_all(b"POST /").unwrap();
    let mut half_body = house.client();
    half_body
        .0
        .write_all(b"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost:\r\nContent-Length: 9\r\n\r\n{")
        .unwrap();
    let mut half_open = house.client();
    half_open
        .0
        .write_all(b"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost:\r\nContent-Length: 9\r\n\r\n")
        .unwrap();
    half_open.0.shutdown(Shutdown::Write).unwrap();
    let began = Instant::now();
    let (_, answer) = half_body.answer().expect("an answer to half a body");
    let answer: Json = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["Allow"], false);
    for (client, name) in
        [(&mut silent, "silent"), (&mut half_head, "half a head"), (&mut second_head, "second")]
    {
        assert!(client.is_closed(), "{name}");
    }
    if let Some((_, answer)) = half_open.answer() {
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["Allow"], false);
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(house.client().authorize("/v1.41/info", b"")["Allow"], true);
}

#[test]
fn large_bodies_are_judged_and_larger_ones_refused() {
    let policy = "package docker.authz\n\nallow if input.Body.Labels.pad != \"\"\n";
    let house = House::open(policy);
    let body = |bytes| format!(r#"{{"Labels":{{"pad":"{}"}}}}"#, "x".repeat(bytes)).into_bytes();
    let ask = |bytes| {
        // Made before connecting: a client that connects must not be silent for long.
        let message = request("/v1.41/containers/create", &body(bytes));
        let (status, answer) = house.client().post("/AuthZPlugin.AuthZReq", &message);
        assert_eq!(status, 200);
        serde_json::from_slice::<Json>(&answer).unwrap()
    };
    for bytes in [900 << 10, 6 << 20] {
        assert_eq!(ask(bytes)["Allow"], true, "{bytes} bytes");
    }
    let answer = ask(17 << 20);
    assert_eq!(answer["Allow"], false);
    assert!(answer["Msg"].as_str().unwrap().contains("larger than"), "{answer}");
}

#[test]
fn fifty_clients_at_a_time_while_the_policy_changes() {
    let house = House::open(ALLOW);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let mut client = house.client();
                for _ in 0..40 {
                    let answer = client.authorize("/v1.41/containers/create", b"{}");
                    assert!(answer["Allow"].is_boolean(), "{answer}");
                }
            });
        }
        for turn in 0..10 {
            std::fs::write(house.policy(), if turn % 2 == 0 { DENY } else { ALLOW }).unwrap();
            std::thread::sleep(Duration::from_millis(60));
        }
    });
    assert!(began.elapsed() < Duration::from_secs(30));
    house.wait_for(true, "");
}

#[test]
fn a_broken_policy_leaves_the_last_good_one() {
    let house = House::open(DENY);
    house.wait_for(false, "administrative policy");
    std::fs::write(house.policy(), "package docker.authz\n\nallow if {").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    house.wait_for(false, "administrative policy");
    std::fs::write(house.policy(), ALLOW).unwrap();
    house.wait_for(true, "");
}

#[test]
fn a_deleted_policy_refuses_until_it_is_back() {
    let house = House::open(ALLOW);
    house.wait_for(true, "");
    std::fs::remove_file(house.policy()).unwrap();
    house.wait_for(false, "missing");
    std::fs::write(house.policy(), ALLOW).unwrap();
    house.wait_for(true, "");
}

#[test]
fn an_editor_that_renames_is_noticed() {
    let house = House::open(ALLOW);
    for (policy, allow) in [(DENY, false), (ALLOW, true), (DENY, false)] {
        let draft = house.policy().with_extension("tmp");
        std::fs::write(&draft, policy).unwrap();
        std::fs::rename(&draft, house.policy()).unwrap();
        house.wait_for(allow, "");
    }
}

#[test]
fn a_mounted_volume_that_swaps_its_link_is_noticed() {
    let house = House::open(ALLOW);
    let volume = house.policy().parent().unwrap().to_path_buf();
    let publish = |version: &str, policy: &str| {
        std::fs::create_dir(volume.join(version)).unwrap();
        std::fs::write(volume.join(version).join("authz.rego"), policy).unwrap();
        std::os::unix::fs::symlink(version, volume.join("..data_tmp")).unwrap();
        std::fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    };
    publish("..one", DENY);
    std::fs::remove_file(house.policy()).unwrap();
    std::os::unix::fs::symlink("..data/authz.rego", house.policy()).unwrap();
    house.wait_for(false, "");
    publish("..two", ALLOW);
    house.wait_for(true, "");
    publish("..three", DENY);
    house.wait_for(false, "");
}

#[test]
fn a_policy_without_end_is_a_refusal_in_time() {
    let policy = "package docker.authz\n\nallow if {\n\tsome x in numbers.range(1, 100000)\n\tsome y in numbers.range(1, 100000)\n\tx + y == 0\n}\n";
    let house = House::open(policy);
    let began = Instant::now();
    let answer = house.client().authorize("/v1.41/info", b"");
    assert_eq!(answer["Allow"], false);
    assert!(answer["Msg"].as_str().unwrap().contains("exceeded its"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(8));
}
