//! The server over real sockets: what is answered, what is refused, and that nobody keeps it waiting.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::http::limits::{HEAD_BYTES_MAX, HEADERS_MAX, PARAMETERS_MAX};
use crate::http::{Delivery, Limits, Request, Response, Running, Server};

/// Far longer than anything takes, far shorter than a hang.
const SOON: Duration = Duration::from_secs(20);

fn limits() -> Limits {
    Limits { body_bytes_max: 1000, connections_max: 64, read_ms_max: 10_000, write_ms_max: 10_000 }
}

fn serve(limits: Limits, handler: impl Fn(Request) -> Response + Send + Sync + 'static) -> Running {
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), limits).unwrap();
    let addr = server.addr();
    let running = server.serve(Arc::new(handler)).unwrap();
    assert_eq!(running.addr(), addr);
    running
}

fn text(body: impl Into<Vec<u8>>) -> Response {
    Response { status: 200, content_type: "text/plain", body: body.into(), delivery: Delivery::Whole }
}

/// Answers with what it understood.
fn echo(request: Request) -> Response {
    let Request { method, path, query, body, .. } = request;
    text(format!("{method} {path} {query:?} {}", String::from_utf8_lossy(&body)))
}

fn connect(running: &Running) -> TcpStream {
    let stream = TcpStream::connect(running.addr()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

/// All that comes until the end. A reset counts as the end: what came before it was read.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0u8; 1000];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => bytes.extend_from_slice(&piece[..len]),
            Err(e) if e.kind() == ErrorKind::ConnectionReset => break,
            Err(e) => panic!("the server neither answers nor closes: {e}"),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn ask(running: &Running, request: &str) -> String {
    let mut stream = connect(running);
    // The server may refuse and close while this is still being written.
    drop(stream.write_all(request.as_bytes()));
    rest(&mut stream)
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

/// One answer from a connection that is kept.
fn one_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut byte = [0u8];
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
        let so_far = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let len = head.split("Content-Length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            if body.len() == len.parse::<usize>().unwrap() {
                return so_far;
            }
        }
    }
}

#[test]
fn a_request_is_answered_with_what_the_handler_says() {
    let running = serve(limits(), echo);
    let answer = ask(&running, &get("/a/b%20c?x=1&y=&z&%E4%BD%A0=%26%3d"));
    let expected = "GET /a/b%20c [(\"x\", \"1\"), (\"y\", \"\"), (\"z\", \"\"), (\"\u{4f60}\", \"&=\")] ";
    assert_eq!(
        answer,
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n{expected}",
            expected.len()
        )
    );
    let post = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: Close\r\n\r\nbody";
    assert_eq!(body(&ask(&running, post)), "POST /p [] body");
    let old = ask(&running, "GET /old HTTP/1.0\r\n\r\n");
    assert_eq!((status(&old), body(&old)), ("200", "GET /old [] "));
    let head = ask(&running, "HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!((status(&head), body(&head)), ("200", ""));
    assert!(head.contains("Content-Length: 11\r\n"), "the length of what GET would bring: {head}");
}

/// The wire form of the official vector A1: its `+` come as `%2B`. A raw `+` is no space either.
#[test]
fn a_plus_survives_the_query() {
    const PLAIN: &str =
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
    const WIRE: &str =
        "P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D";
    let running = serve(limits(), |request| text(request.query[0].1.clone()));
    for sent in [WIRE, PLAIN] {
        assert_eq!(body(&ask(&running, &get(&format!("/?echostr={sent}")))), PLAIN);
    }
}

#[test]
fn a_connection_is_kept_for_more_requests_even_sent_ahead() {
    let running = serve(limits(), echo);
    let mut stream = connect(&running);
    let first = "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none";
    let second = "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(format!("{first}{second}").as_bytes()).unwrap();
    let answer = one_answer(&mut stream);
    assert!(answer.contains("Connection: keep-alive"), "{answer}");
    assert_eq!(body(&answer), "POST /1 [] one");
    assert_eq!(body(&one_answer(&mut stream)), "GET /2 [] ");
    stream.write_all(get("/3").as_bytes()).unwrap();
    assert_eq!(body(&rest(&mut stream)), "GET /3 [] ");
}

#[test]
fn a_client_that_waits_to_send_its_body_is_told_to() {
    let running = serve(limits(), echo);
    let mut stream = connect(&running);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut told = [0u8; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ok").unwrap();
    assert_eq!(body(&rest(&mut stream)), "POST / [] ok");
}

#[test]
fn what_is_no_request_is_refused_and_closed() {
    let running = serve(limits(), echo);
    let head = |lines: &str| format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\nabc");
    let lines = [
        ("no length", head("A: b"), "411"),
        ("lengths that differ", head("Content-Length: 3\r\nContent-Length: 4"), "400"),
        ("lengths that agree", head("Content-Length: 3\r\nContent-Length: 3"), "400"),
        ("a list of lengths", head("Content-Length: 3, 3"), "400"),
        ("a signed length", head("Content-Length: +3"), "400"),
        ("a length below zero", head("Content-Length: -3"), "400"),
        ("an empty length", head("Content-Length:"), "400"),
        ("a length in hex", head("Content-Length: 0x3"), "400"),
        ("a length beyond any", head("Content-Length: 99999999999999999999999"), "413"),
        ("chunks", head("Transfer-Encoding: chunked"), "501"),
        ("chunks and a length", head("Content-Length: 3\r\nTransfer-Encoding: chunked"), "501"),
        ("an expectation", head("Content-Length: 3\r\nExpect: 200-ok"), "417"),
        ("a space before the colon", head("Content-Length : 3"), "400"),
        ("a folded line", head("Content-Length: 3\r\nA: b\r\n c"), "400"),
        ("a bare line feed", head("Content-Length: 3\r\nA: b\nC: d"), "400"),
        ("two hosts", head("Content-Length: 3\r\nHost: y"), "400"),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("another version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n".to_owned(), "505"),
        ("no HTTP", "\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), "400"),
        ("a proxy's target", get("http://x/"), "400"),
        ("a fragment", get("/#a"), "400"),
        ("half an escape", get("/?a=%2"), "400"),
        ("an escape that is none", get("/?a=%+1"), "400"),
        ("text that is none", get("/?a=%FF"), "400"),
        ("an empty line first", format!("\r\n\r\n{}", get("/")), "400"),
    ];
    for (what, request, expected) in lines {
        let answer = ask(&running, &request);
        assert_eq!(status(&answer), expected, "{what}: {answer}");
        assert!(answer.contains("Connection: close\r\n"), "{what}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{what}: only one answer: {answer}");
    }
}

#[test]
fn every_limit_holds_at_it_and_beyond_it() {
    let running = serve(limits(), |request| text(request.body.len().to_string()));
    let check = |what: &str, fits: &str, beyond: &str, refusal: &str| {
        assert_eq!(status(&ask(&running, fits)), "200", "{what} at its limit");
        assert_eq!(status(&ask(&running, beyond)), refusal, "{what} beyond its limit");
    };
    let body = |len: usize| {
        let head =
            format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n");
        format!("{head}{}", "b".repeat(len))
    };
    check("the body", &body(1000), &body(1001), "413");
    let head = |len: usize| {
        let begin = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: ";
        format!("{begin}{}\r\n\r\n", "a".repeat(len - begin.len() - 4))
    };
    assert_eq!(head(HEAD_BYTES_MAX).len(), HEAD_BYTES_MAX);
    check("the head", &head(HEAD_BYTES_MAX), &head(HEAD_BYTES_MAX + 1), "431");
    let lines = |count: usize| {
        let more = "A: b\r\n".repeat(count - 2);
        format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n")
    };
    check("the headers", &lines(HEADERS_MAX), &lines(HEADERS_MAX + 1), "431");
    let query = |count: usize| get(&format!("/?{}", vec!["a=b"; count].join("&")));
    check("the query", &query(PARAMETERS_MAX), &query(PARAMETERS_MAX + 1), "400");
}

/// A body far larger than the limit: the client still reads the refusal, though nobody reads the body.
#[test]
fn a_client_that_sends_too_much_is_told_so() {
    let running = serve(limits(), echo);
    let mut stream = connect(&running);
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n").unwrap();
    drop(stream.write_all(&[b'b'; 500_000]));
    assert_eq!(status(&rest(&mut stream)), "413");
}

/// Writes a byte a time, each after a while in which no answer came, until the server has had enough.
fn drip(running: &Running, bytes: &[u8]) -> String {
    let mut stream = connect(running);
    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut answer = Vec::new();
    for byte in bytes.iter().cycle() {
        drop(stream.write_all(&[*byte]));
        let mut piece = [0u8; 1000];
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => answer.extend_from_slice(&piece[..len]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

#[test]
fn whoever_sends_slowly_is_given_up_at_the_deadline_however_busy_he_is() {
    let running = serve(Limits { read_ms_max: 300, ..limits() }, echo);
    let begun = Instant::now();
    assert_eq!(status(&drip(&running, b"GET / HTTP/1.1\r\nHost: x\r\nA: b")), "408", "in the head");
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n";
    let mut stream = connect(&running);
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(status(&rest(&mut stream)), "408", "before the body");
    assert_eq!(rest(&mut connect(&running)), "", "who says nothing is told nothing");
    assert!(begun.elapsed() < SOON);
}

#[test]
fn a_reader_who_does_not_read_is_given_up() {
    let (enter, entered) = channel();
    let enter = Mutex::new(enter);
    // More than any buffer of the system holds.
    let running = serve(Limits { write_ms_max: 200, connections_max: 1, ..limits() }, move |_| {
        enter.lock().unwrap().send(()).unwrap();
        text(vec![b'x'; 64 << 20])
    });
    let _silent = begun(&running, &entered);
    // His place is free again.
    let begun = Instant::now();
    loop {
        let mut next = connect(&running);
        drop(next.write_all(get("/").as_bytes()));
        let mut first = [0u8; 12];
        if next.read_exact(&mut first).is_ok() && &first == b"HTTP/1.1 200" {
            break;
        }
        assert!(begun.elapsed() < SOON, "the place is kept for ever");
    }
}

#[test]
fn connections_beyond_the_cap_are_turned_away_at_once() {
    let (running, entered, leave) = held();
    let inside: Vec<TcpStream> = (0..4).map(|_| begun(&running, &entered)).collect();
    for _ in 0..50 {
        assert_eq!(status(&ask(&running, &get("/"))), "503");
    }
    for mut stream in inside {
        leave.send(()).unwrap();
        assert_eq!(body(&rest(&mut stream)), "done");
    }
}

/// A server whose handler says that it began and waits until it may go on.
fn held() -> (Running, Receiver<()>, Sender<()>) {
    let (enter, entered) = channel();
    let (leave, left) = channel();
    let (enter, left) = (Mutex::new(enter), Mutex::new(left));
    let running = serve(Limits { connections_max: 4, ..limits() }, move |_| {
        enter.lock().unwrap().send(()).unwrap();
        left.lock().unwrap().recv().unwrap();
        text("done")
    });
    (running, entered, leave)
}

/// A connection whose request the handler has.
fn begun(running: &Running, entered: &Receiver<()>) -> TcpStream {
    let mut stream = connect(running);
    stream.write_all(get("/").as_bytes()).unwrap();
    entered.recv_timeout(SOON).unwrap();
    stream
}

#[test]
fn stopping_answers_what_was_asked_and_waits_for_nothing_else() {
    let (running, entered, leave) = held();
    let mut asked = begun(&running, &entered);
    let mut half = connect(&running);
    half.write_all(b"POST / HTTP/1.1\r\nHost").unwrap();
    let mut silent = connect(&running);
    let addr = running.addr();
    let stopper = std::thread::spawn(move || running.stop());
    // Half a request and none are dropped while the other is still being answered.
    for stream in [&mut half, &mut silent] {
        // The listener may not have taken it before the stop.
        assert!(matches!(status(&rest(stream)), "" | "503"));
    }
    assert!(!stopper.is_finished());
    leave.send(()).unwrap();
    assert_eq!(body(&rest(&mut asked)), "done");
    stopper.join().unwrap();
    assert!(TcpStream::connect_timeout(&addr, SOON).is_err(), "nobody listens any more");
}

#[test]
fn a_server_is_stopped_in_the_middle_of_a_slow_answer() {
    let day_ms = 86_400_000;
    let (enter, entered) = channel();
    let enter = Mutex::new(enter);
    let running = serve(limits(), move |_| {
        enter.lock().unwrap().send(()).unwrap();
        Response { delivery: Delivery::Slow { bytes: 1, pause_ms: day_ms }, ..text("never") }
    });
    let mut stream = begun(&running, &entered);
    running.stop();
    assert_eq!(rest(&mut stream), "");
}

/// Asks until this is the answer: the place of the one before may be given back a little later.
fn until(running: &Running, target: &str, expected: &str) {
    let begun = Instant::now();
    while status(&ask(running, &get(target))) != expected {
        assert!(begun.elapsed() < SOON, "no place becomes free");
    }
}

#[test]
fn a_handler_that_panics_costs_its_own_connection_only() {
    let running = serve(Limits { connections_max: 1, ..limits() }, |request| {
        assert_ne!(request.path, "/bad", "as asked");
        text("fine")
    });
    for _ in 0..3 {
        until(&running, "/bad", "");
        until(&running, "/", "200");
    }
    running.stop();
}

#[test]
fn faults_are_delivered_as_ordered() {
    let running = serve(limits(), |request| {
        let delivery = match request.path.as_str() {
            "/hang-up" => Delivery::HangUp,
            "/cut" => Delivery::CutAfter(3),
            "/cut-late" => Delivery::CutAfter(300),
            "/slow" => Delivery::Slow { bytes: 2, pause_ms: 1 },
            _ => Delivery::Slow { bytes: 0, pause_ms: 0 },
        };
        Response { delivery, ..text("answer") }
    });
    assert_eq!(ask(&running, &get("/hang-up")), "");
    let cut = ask(&running, &get("/cut"));
    assert!(cut.contains("Content-Length: 6\r\n"));
    assert_eq!(body(&cut), "ans");
    for path in ["/cut-late", "/slow", "/slower"] {
        assert_eq!(body(&ask(&running, &get(path))), "answer");
    }
}

#[test]
fn requests_and_answers_show_nothing_of_what_they_hold() {
    let canary = || "canary".to_owned();
    let request = Request {
        method: "GET".to_owned(),
        path: canary(),
        query: vec![(canary(), canary())],
        headers: vec![(canary(), canary())],
        body: canary().into_bytes(),
    };
    let shown = format!("{request:?} {:?}", text(canary()));
    assert!(!shown.contains("canary") && !shown.contains("99, 97"), "{shown}");
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let running = serve(limits(), echo);
    let taken = Server::bind(running.addr(), limits()).err().unwrap();
    assert_eq!(taken.to_string(), "could not listen on the address");
}

#[test]
fn a_client_that_goes_half_way_is_forgotten() {
    let running = serve(Limits { connections_max: 1, ..limits() }, echo);
    for _ in 0..20 {
        let mut stream = connect(&running);
        drop(stream.write_all(b"GET / HT"));
        drop(stream.shutdown(Shutdown::Write));
        assert!(matches!(status(&rest(&mut stream)), "" | "503"));
    }
    until(&running, "/", "200");
}
