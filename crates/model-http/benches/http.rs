//! Requests per second over HTTP: one client, one connection, one request at a time. `cargo bench -p model-http`. What the
//! model itself takes stands in crates/model/benches.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use divan::Bencher;
use divan::counter::ItemsCount;
use model::{Options, Server, Timestamp};
use model_http::{Model, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const N: usize = 100;

fn main() {
    divan::main();
}

/// A served model and a connection to it.
struct Bed {
    stream: BufReader<TcpStream>,
    _runtime: Runtime,
}

impl Bed {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let model = Model::new(Server::new(1, Options::default()), || Timestamp::from_secs(1_800_000_000));
        runtime.spawn(serve(model, listener));
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), _runtime: runtime }
    }

    /// Sends one request and reads its answer.
    fn send(&mut self, method: &str, path: &str, body: &str) {
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: model\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
        let mut line = String::new();
        let mut length = 0;
        self.stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 2"), "{line}");
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        assert!(answer.starts_with(b"{"));
    }
}

#[divan::bench]
fn get_config_map(bencher: Bencher<'_, '_>) {
    let mut bed = Bed::new();
    bed.send("POST", MAPS, r#"{"metadata":{"name":"a"},"data":{"a":"b"}}"#);
    bencher.counter(ItemsCount::new(N)).bench_local(|| {
        for _ in 0..N {
            bed.send("GET", &format!("{MAPS}/a"), "");
        }
    });
}

#[divan::bench]
fn create_config_map(bencher: Bencher<'_, '_>) {
    let mut bed = Bed::new();
    let mut made = 0;
    bencher.counter(ItemsCount::new(N)).bench_local(|| {
        for _ in 0..N {
            made += 1;
            bed.send("POST", MAPS, &format!(r#"{{"metadata":{{"name":"c{made}"}},"data":{{"a":"b"}}}}"#));
        }
    });
}
