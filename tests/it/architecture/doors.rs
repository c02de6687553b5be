//! What only one place may do: open files and sockets, print, read the clock, be unsafe.

use crate::architecture::code::{Token, paths};
use crate::architecture::sources::{none, sources};

/// Something that only some files may do, and how it is noticed.
struct Door {
    what: &'static str,
    /// Paths that begin so.
    paths: &'static [&'static str],
    /// Words, wherever they come from.
    words: &'static [&'static str],
    /// Calls of an associated function or a macro of this name.
    calls: &'static [&'static str],
    /// Where it may be done: beginnings of paths.
    only_in: &'static [&'static str],
}

const DOORS: &[Door] = &[
    Door {
        // sled does its own I/O; what it leaves undone is done beside it.
        what: "files are opened by the vfs, the command-line tool, and what stands around sled",
        paths: &["std::fs", "std::os"],
        words: &["OpenOptions"],
        calls: &[],
        only_in: &["src/vfs/", "src/bin/", "src/kv/sled.rs", "src/kv/sled_files.rs"],
    },
    Door {
        what: "only the HTTP server opens sockets",
        paths: &["std::net"],
        words: &["TcpStream", "TcpListener", "UdpSocket"],
        calls: &[],
        // The callback server names the address it is given.
        only_in: &["src/bin/", "src/http/", "src/simulator/server.rs", "src/sync/callback/server.rs"],
    },
    Door {
        what: "only the command-line tool prints, reads its environment and exits",
        paths: &["std::env", "std::process"],
        words: &["stdout", "stderr", "stdin"],
        calls: &["println!", "eprintln!", "print!", "eprint!", "dbg!"],
        only_in: &["src/bin/"],
    },
    Door {
        // Deadlines of sockets only: a caller who would hand in a clock would hand in this one, and nothing that is
        // stored or answered depends on it.
        what: "only the command-line tool reads the clock, and the deadlines of the HTTP server",
        paths: &[],
        words: &["SystemTime", "Instant"],
        calls: &["::now"],
        only_in: &["src/bin/", "src/http/deadline.rs"],
    },
    Door {
        // Those that measure end before the call does, and are as many as the caller says.
        what: "only checkpoints, spills, connections and what measures are threads of the library",
        paths: &["std::thread"],
        words: &[],
        calls: &[],
        only_in: &[
            "src/analytics/pass/threads.rs",
            "src/bin/",
            "src/graph/checkpointer.rs",
            "src/graph/spill.rs",
            "src/graph/turn.rs",
            "src/http/server.rs",
            // Waits until threads of sled let go of a file, which nobody can be told of.
            "src/kv/sled.rs",
        ],
    },
    Door {
        what: "the library never sleeps",
        paths: &[],
        words: &["sleep"],
        calls: &[],
        only_in: &["src/bin/"],
    },
    Door {
        what: "other files come into the build by `mod` lines only",
        paths: &[],
        words: &[],
        calls: &["include!", "#[path"],
        only_in: &[],
    },
];

/// What a door finds in a file.
fn through(door: &Door, path: &str, tokens: &[Token]) -> Vec<String> {
    if door.only_in.iter().any(|place| path.starts_with(place)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for prefix in door.paths {
        let prefix: Vec<&str> = prefix.split("::").collect();
        let hits = paths(tokens, prefix[0]).into_iter();
        let hits =
            hits.filter(|(_, path)| path.iter().zip(&prefix).filter(|(x, y)| x == y).count() == prefix.len());
        found.extend(hits.map(|(line, hit)| format!("{path}:{line}: {}", hit.join("::"))));
    }
    for (at, token) in tokens.iter().enumerate() {
        let pair = tokens.get(at + 1).map(|next| format!("{}{}", token.text, next.text)).unwrap_or_default();
        let triple = tokens.get(at + 2).map(|next| format!("{pair}{}", next.text)).unwrap_or_default();
        let is_call = door.calls.iter().any(|call| *call == pair || *call == triple);
        if door.words.contains(&token.text.as_str()) || is_call {
            let seen = if is_call { &pair } else { &token.text };
            found.push(format!("{path}:{}: {seen}", token.line));
        }
    }
    found
}

#[test]
fn only_the_named_places_do_what_only_they_may() {
    let sources = sources();
    for door in DOORS {
        let of_crate = sources.iter().filter(|source| source.path.starts_with("src/"));
        let found: Vec<String> =
            of_crate.flat_map(|source| through(door, &source.path, &source.shipped())).collect();
        none(&format!("{}:", door.what), &found);
    }
}

#[test]
fn only_the_memory_map_is_unsafe() {
    // The trial that chose the form of the index is a program of its own, which nothing links.
    let only_in = &[
        "src/segment/mmap.rs",
        "benches/index_forms/src/backing.rs",
        // A rival whose binding is unsafe to open.
        "benches/rivals/src/kv/lmdb.rs",
        // An allocator, whose trait is unsafe, for the fuzz targets.
        "fuzz/bounded.rs",
    ];
    let door = Door { what: "", paths: &[], words: &["unsafe"], calls: &[], only_in };
    let found: Vec<String> =
        sources().iter().flat_map(|source| through(&door, &source.path, &source.tokens)).collect();
    none("unsafe code outside src/segment/mmap.rs:", &found);
}

#[test]
fn resolution_sees_no_bytes_files_locks_or_time() {
    let door = Door {
        what: "",
        paths: &["std::io", "std::fs", "std::path", "std::sync", "std::time", "std::os"],
        words: &["from_le_bytes", "to_le_bytes", "from_utf8", "Vfs", "Mutex", "RwLock", "Cell", "RefCell"],
        calls: &["[u8]", "[u8;", "<u8>"],
        only_in: &[],
    };
    let sources = sources();
    let of_resolve = sources.iter().filter(|source| source.module() == Some("resolve"));
    let found: Vec<String> =
        of_resolve.flat_map(|source| through(&door, &source.path, &source.shipped())).collect();
    // `Iterator<Item = u8>` over an id's text is how 3.3 orders ties; it is no encoding.
    none("resolve/ is pure:", &found);
}

#[test]
fn tests_do_not_sleep() {
    let door =
        Door { what: "", paths: &[], words: &["sleep"], calls: &["thread::park_timeout"], only_in: &[] };
    let sources = sources();
    let tests = sources.iter().filter(|source| source.is_test && !source.path.starts_with("benches/"));
    let found: Vec<String> = tests.flat_map(|source| through(&door, &source.path, &source.tokens)).collect();
    none("a test that sleeps is slow or flaky, or both:", &found);
}

#[test]
fn every_door_is_watched() {
    use crate::architecture::code::tokens;
    let seen = |index: usize, text: &str| through(&DOORS[index], "src/model/x.rs", &tokens(text));
    assert_eq!(seen(0, "use std::{fmt, fs::File};"), ["src/model/x.rs:1: std::fs::File"]);
    assert_eq!(seen(1, "\nstd::net::TcpStream::connect()").len(), 2);
    assert_eq!(
        seen(2, "use std::io;\nio::stdout();\nprintln!(\"x\"); // dbg!"),
        ["src/model/x.rs:2: stdout", "src/model/x.rs:3: println!"]
    );
    assert_eq!(seen(3, "jiff::Timestamp::now()"), ["src/model/x.rs:1: ::now"]);
    assert_eq!(seen(4, "use std::thread;"), ["src/model/x.rs:1: std::thread"]);
    assert_eq!(seen(5, "pause::sleep(1);"), ["src/model/x.rs:1: sleep"]);
    assert_eq!(seen(6, "#[path = \"y.rs\"]\nmod y;"), ["src/model/x.rs:1: #["]);
    assert!(through(&DOORS[0], "src/vfs/real.rs", &tokens("use std::fs;")).is_empty());
    assert!(seen(2, "\"println!(stdout)\" std::io::Error").is_empty());
}
