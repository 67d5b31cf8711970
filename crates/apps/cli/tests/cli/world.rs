//! Worlds that are served to other processes.

use crate::{network::send, support::Home};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    process::{Child, Stdio},
};

/// A served world that ends with the test.
struct World {
    process: Child,
    told: Value,
}

impl World {
    fn start(home: &Home, options: &str) -> Self {
        let mut command = home.command(&format!("world --listen 127.0.0.1:0 --output json {options}"));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, told: serde_json::from_str(&line).unwrap() }
    }

    fn get(&self, target: &str) -> (String, String) {
        request(TcpStream::connect(self.told["address"].as_str().unwrap()).unwrap(), target)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the status line and the body of an answer.
fn request(mut stream: impl Read + Write, target: &str) -> (String, String) {
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn fw_62_two_processes_serve_the_same_world() {
    let home = Home::new();
    let (first, second, other) =
        (World::start(&home, "--seed 7"), World::start(&home, "--seed 7"), World::start(&home, "--seed 8"));
    assert_eq!(first.told["start"], "2026-11-01T00:00:00Z");
    for target in [
        "/v1/market/a0/bars?from=2026-11-02&to=2026-11-03&most=50",
        "/v1/market/a5/signals?at=2026-11-04T05:06:07Z",
        "/v1/feed/posts/items?most=30",
        "/v1/texts/story?seed=3&count=4",
    ] {
        let answer = first.get(target);
        assert_eq!(answer.0, "HTTP/1.1 200 OK", "{answer:?}");
        assert_eq!(answer, second.get(target));
        assert_eq!(answer == other.get(target), target.contains("texts"), "the seed of texts is in the request");
    }
}

#[test]
fn fw_62_only_the_socket_tells_the_future() {
    let home = Home::new();
    let socket = home.path().join("truth");
    let mut world = World::start(&home, &format!("--seed 7 --truth {}", socket.display()));
    let target = "/v1/market/a0/signals?at=2027-03-01";
    let (status, body) = world.get(target);
    assert!(status.contains("404") && body.contains("not-yet"), "{status} {body}");
    let (status, body) = request(UnixStream::connect(&socket).unwrap(), target);
    assert!(status.contains("200") && body.contains("factors"), "{status} {body}");
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let taken = home.run(&format!("world --seed 7 --listen {} --output json", world.told["address"].as_str().unwrap()));
    assert_eq!((taken.code, taken.error().as_str()), (1, "listen"));
    let refused = home.run("world --seed 7 --loud 11 --output json");
    assert_eq!((refused.code, refused.error().as_str()), (2, "usage"));

    send(world.process.id().into(), "-INT");
    assert!(world.process.wait().unwrap().success());
    assert!(!socket.exists());
}
