//! Tests of sources against servers on this machine.

use super::*;
use crate::{
    ServerOptions, serve,
    world::{DEFAULT_START, MarketForm, World, WorldOptions, WorldSource},
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};
use tokio::sync::oneshot;

const NOW: u64 = DEFAULT_START + 200_000;

/// A world on a port of this machine, until it is dropped.
struct ServedWorld {
    world: Arc<World>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl ServedWorld {
    fn start(form: MarketForm, limit: Option<u32>) -> Self {
        let options = WorldOptions { seed: 7, feed_rate: 1_000, ..WorldOptions::default() };
        let world = Arc::new(World::new(options).unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let (sender, address) = std::sync::mpsc::channel();
        let served = Arc::clone(&world);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                let limit = limit.and_then(NonZeroU32::new);
                let options = ServerOptions { form, limit, clock: Arc::new(|| NOW * 1_000) };
                serve(served, listener, options, async { drop(stopped.await) }).await;
            });
        });
        Self { world, address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    fn source(&self, form: HttpForm, path: &str) -> HttpSource {
        source(form, &format!("http://{}{path}", self.address))
    }

    fn local(&self) -> WorldSource {
        WorldSource::new(Arc::clone(&self.world), Arc::new(|| NOW * 1_000))
    }
}

impl Drop for ServedWorld {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn source(form: HttpForm, url: &str) -> HttpSource {
    HttpSource::new(form, url, HttpOptions { is_local: true, pause: Duration::from_millis(1) }).unwrap()
}

/// Answers each connection with these bytes. Returns its address and the count of connections.
fn answers(bytes: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(bytes);
        }
    });
    (address, count)
}

#[test]
fn fw_61_a_world_over_http_is_the_world_of_the_process() {
    let world = ServedWorld::start(MarketForm::World, None);
    let (far, near) = (world.source(HttpForm::World, "/"), world.local());
    for series in ["a0", "a5", "a6"] {
        for at in [DEFAULT_START - 1, DEFAULT_START, DEFAULT_START + 11, DEFAULT_START + 12, NOW, NOW + 1] {
            assert_eq!(far.value(series, at), near.value(series, at), "{series} {at}");
        }
    }
    let (mut after, mut seen) = (None::<String>, 0);
    loop {
        let page = far.items("posts", after.as_deref(), 400).unwrap();
        assert_eq!(near.items("posts", after.as_deref(), 400).unwrap(), page);
        seen += page.items.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(seen > 1_500, "{seen}");
    assert_eq!(far.items("other", None, 4), Err(SourceError::NoSuchSeries));
    assert!(matches!(far.items("posts", Some("../x"), 4), Err(SourceError::Form(_))));
    assert_eq!(far.value("../a0", NOW), Err(SourceError::NoSuchSeries));
}

#[test]
fn fw_61_candles_and_rates_of_a_world_have_its_points() {
    let world = ServedWorld::start(MarketForm::Candles, None);
    let candles = world.source(HttpForm::Candles, "/v1/market/{series}/bars?to={to}");
    for at in [DEFAULT_START + 12, DEFAULT_START + 40_000, NOW] {
        // The bar that a time is in has not ended, so the last one that is told began a step before.
        let expected = world.local().value("a2", at - 12).unwrap();
        assert_eq!(candles.value("a2", at), Ok(expected));
    }
    assert_eq!(candles.value("a2", NOW + 1), Ok(None));
    assert_eq!(candles.value("a7", NOW), Err(SourceError::NoSuchSeries));

    let world = ServedWorld::start(MarketForm::Ecb, None);
    let rates = world.source(HttpForm::Ecb, "/rates.csv");
    let first = DEFAULT_START + RATES_AT;
    for (at, taken) in
        [(first, first), (first + 86_399, first), (first + 86_400, first + 86_400), (NOW, first + 86_400)]
    {
        let point = rates.value("a4", at).unwrap().unwrap();
        let expected = world.local().value("a4", taken).unwrap().unwrap();
        assert_eq!(point, DataPoint { at: taken, micros: expected.micros });
    }
    assert_eq!(rates.value("a4", first - 1), Err(SourceError::NotKnown));
    assert_eq!(rates.value("a9", first), Err(SourceError::NoSuchSeries));
}

#[test]
fn fw_62_a_limit_is_told_and_obeyed() {
    let world = ServedWorld::start(MarketForm::World, Some(2));
    let far = world.source(HttpForm::World, "");
    let near = world.local();
    for step in 0..5_u64 {
        let at = DEFAULT_START + 12 * step;
        assert_eq!(far.value("a1", at), near.value("a1", at));
    }
}

#[test]
fn fw_61_a_server_is_asked_five_times() {
    for answer in [
        b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n".as_slice(),
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let (address, count) = answers(answer);
        let asked = source(HttpForm::World, &format!("http://{address}")).value("a0", 1);
        assert!(matches!(asked, Err(SourceError::Unreachable(_))), "{asked:?}");
        assert_eq!(count.load(Ordering::SeqCst), 5);
    }
    let (address, count) = answers(b"HTTP/1.1 429 X\r\nRetry-After: 61\r\nContent-Length: 0\r\n\r\n");
    let asked = source(HttpForm::World, &format!("http://{address}")).value("a0", 1);
    assert_eq!(asked, Err(SourceError::Limited { retry: Duration::from_secs(61) }));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn fw_61_what_is_no_answer_is_refused_once() {
    for (answer, why) in [
        (b"HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n".as_slice(), "status 403"),
        (b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.9/x\r\nContent-Length: 0\r\n\r\n", "another host"),
        (b"HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n", "leads nowhere"),
        (b"HTTP/1.1 302 X\r\nLocation: /again\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "too many redirects"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n", "4194304 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "missing field"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"at\":1,\"value\":\"1e9\"}", "no decimal"),
    ] {
        // A body that is announced must come, or the answer is only cut.
        let long: &'static [u8] = if why.contains("bytes") {
            Box::leak([answer, &vec![b' '; MAX_ANSWER + 1]].concat().into())
        } else {
            answer
        };
        let (address, _) = answers(long);
        let asked = source(HttpForm::World, &format!("http://{address}")).value("a0", 1);
        assert!(matches!(&asked, Err(SourceError::Form(said)) if said.contains(why)), "{why}: {asked:?}");
    }
}

#[test]
fn candles_of_exchanges_are_read() {
    let value = |body: &str, at| candle(body.as_bytes(), at).map(|point| point.map(|point| (point.at, point.micros)));
    let newest_first = "[[120,3,4,2.5,3.5,9],[60,1.5,2,1,2,7]]";
    assert_eq!(value(newest_first, 59), Err(SourceError::NotKnown));
    assert_eq!(value(newest_first, 60), Ok(Some((60, 1_500_000))));
    assert_eq!(value(newest_first, 119), Ok(Some((60, 1_500_000))));
    assert_eq!(value(newest_first, 500), Ok(Some((120, 3_000_000))));
    let millis_and_texts = r#"[[1764536400000,"1.50000000","2.00000000","1.00000000","1.75","99.123456789",0]]"#;
    assert_eq!(value(millis_and_texts, 1_764_536_400), Ok(Some((1_764_536_400, 1_500_000))));
    assert_eq!(value("[]", 500), Ok(None));
    for wrong in [
        "",
        "{}",
        "[1]",
        "[[1,2,3,4]]",
        "[[1,2,1,1,1]]",
        "[[1,1,1,2,1]]",
        "[[-1,1,1,1,1]]",
        "[[1,1e1,1,1,1]]",
        "[[1,1,1,1,null]]",
        "[[1.5,1,1,1,1]]",
    ] {
        assert!(matches!(value(wrong, 500), Err(SourceError::Form(_))), "{wrong}");
    }
}

#[test]
fn reference_rates_are_read() {
    let rates = "Date, USD, JPY,\n2026-11-27,1.0900,N/A,\n\n2026-11-26,1.0800,163.01,\n";
    let day = parse_time("2026-11-26").unwrap();
    let value =
        |series, at| rate(rates.as_bytes(), series, at).map(|point| point.map(|point| (point.at - day, point.micros)));
    assert_eq!(value("USD", day + RATES_AT - 1), Err(SourceError::NotKnown));
    assert_eq!(value("USD", day + RATES_AT), Ok(Some((RATES_AT, 1_080_000))));
    assert_eq!(value("USD", day + 9 * 86_400), Ok(Some((RATES_AT + 86_400, 1_090_000))));
    assert_eq!(value("JPY", day + 9 * 86_400), Ok(Some((RATES_AT, 163_010_000))));
    assert_eq!(value("CHF", day), Err(SourceError::NoSuchSeries));
    for wrong in
        ["", "USD,Date\n", "Date,USD\n27 November 2026,1\n", "Date,USD\n2026-11-27,x\n", "Date,USD\n1764536400,1\n"]
    {
        assert!(
            matches!(rate(wrong.as_bytes(), "USD", day), Err(SourceError::Form(_) | SourceError::NoSuchSeries)),
            "{wrong}"
        );
    }
}

#[test]
fn dt_11_only_addresses_that_all_machines_reach_are_asked() {
    let made = |url: &str| HttpSource::new(HttpForm::World, url, HttpOptions::default()).map(drop);
    for refused in [
        "http://example.com",
        "https://127.0.0.1",
        "https://10.0.0.1",
        "https://[::1]",
        "https://[::ffff:8.8.8.8]",
        "https://169.254.169.254/latest",
        "https://user:password@example.com",
        "file:///etc/passwd",
        "example.com",
        "https://0x7f.1",
    ] {
        assert!(matches!(made(refused), Err(SourceError::Form(_))), "{refused}");
    }
    assert_eq!(made("https://example.com"), Ok(()));
    let name = HttpSource::new(
        HttpForm::World,
        "https://localhost",
        HttpOptions { pause: Duration::ZERO, ..HttpOptions::default() },
    );
    let asked = name.unwrap().value("a0", 1);
    assert!(matches!(&asked, Err(SourceError::Unreachable(why)) if why.contains("no address")), "{asked:?}");
}
