//! Names of machine code: inlined functions, templates, separate debug files, libraries that come
//! and go, and recordings that are read where the program is not.

use crate::binaries::memprof;
use crate::programs::source;
use crate::scenario::{Folder, Run, Scenario, finish};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The block that the inlined functions of `generics.cpp` ask for.
const CHAINED: i64 = 7070 * 11 + 7;

fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {stderr}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `generics.cpp`, compiled into a folder.
fn generics(folder: &Folder, options: &[&str]) -> PathBuf {
    let program = folder.0.join("generics");
    let source = source("generics.cpp");
    let words = [
        "-O2",
        "-g",
        "-fno-builtin",
        "-o",
        text(&program),
        text(&source),
    ];
    run("c++", &[&words, options].concat());
    program
}

fn record(program: &Path) -> Run {
    Scenario::program(program).option("--native").recorded()
}

/// The frames of the only stack that holds so many bytes at the end, innermost first, as
/// `function file:line`.
fn frames_with(run: &Run, bytes: i64, words: &[&str]) -> Vec<String> {
    let export = ["export", "json", "--at", "end"];
    let report: Value = serde_json::from_str(&run.report(&[&export, words].concat())).unwrap();
    let stacks = report["stacks"].as_array().unwrap();
    let stack = stacks.iter().find(|stack| stack["bytes"] == bytes);
    let stack = stack.unwrap_or_else(|| panic!("no stack holds {bytes}: {report:#}"));
    let frames = stack["frames"].as_array().unwrap().iter().rev();
    frames
        .map(|frame| {
            let file = frame["file"].as_str().unwrap();
            let file = file.rsplit('/').next().unwrap();
            format!(
                "{} {file}:{}",
                frame["function"].as_str().unwrap(),
                frame["line"]
            )
        })
        .collect()
}

fn frames(run: &Run, bytes: i64) -> Vec<String> {
    frames_with(run, bytes, &[])
}

const CHAIN: [&str; 5] = [
    "innermost generics.cpp:20",
    "middle generics.cpp:22",
    "outermost generics.cpp:24",
    "chain() generics.cpp:27",
    "main generics.cpp:34",
];

#[test]
fn inlined_functions_are_frames_of_their_own() {
    let folder = Folder::new();
    let run = record(&generics(&folder, &[]));
    assert_eq!(frames(&run, CHAINED), CHAIN);
}

#[test]
fn templates_and_their_containers_are_named_and_what_allocates_for_them_is_not() {
    let folder = Folder::new();
    let run = record(&generics(&folder, &[]));
    let found = frames(&run, 333 * 16);
    let shelf = "Shelf<Point>::fill() generics.cpp:13";
    assert!(found.contains(&shelf.to_owned()), "{found:?}");
    assert!(found[0].starts_with("std::vector<Point"), "{found:?}");
    // the line in the user's own code, not in a header of the library
    let table = run.json(&["table", "--by", "site", "--at", "end"]);
    let rows = table["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["bytes"] == 333 * 16).unwrap();
    assert_eq!(row["function"], "Shelf<Point>::fill()");
    assert_eq!(row["line"], 13);
    // with everything, the wrappers are there
    let all = frames_with(&run, 333 * 16, &["--all-frames"]);
    assert!(
        all.iter().any(|frame| frame.contains("allocate")),
        "{all:?}"
    );
    assert!(all.last().unwrap().starts_with("_start"), "{all:?}");
}

#[test]
fn generic_functions_of_rust_are_named_without_their_hashes() {
    let folder = Folder::new();
    let program = folder.0.join("generics-rust");
    let source = source("generics.rs");
    let words = [
        "-O",
        "-g",
        "--edition",
        "2021",
        "-o",
        text(&program),
        text(&source),
    ];
    run("rustc", &words);
    let run = record(&program);
    let found = frames(&run, 555 * 8);
    let own = |frame: &&String| frame.contains("Shelf<u64>") || frame.contains("Shelf<T>");
    let shelf = found
        .iter()
        .find(own)
        .unwrap_or_else(|| panic!("{found:?}"));
    assert!(shelf.ends_with("::fill generics.rs:12"), "{shelf}");
    assert!(
        !found.iter().any(|frame| frame.contains("::h")),
        "{found:?}"
    );
    assert!(
        !found
            .iter()
            .any(|frame| frame.contains("raw_vec") || frame.contains("__rust_alloc")),
        "{found:?}"
    );
    // what the compiler inlined has no path in its name: known by its file
    assert!(found[0].contains("::reserve_exact "), "{found:?}");
    assert!(
        found[found.len() - 2].contains("main generics.rs:19"),
        "{found:?}"
    );
    let table = run.json(&["table", "--by", "site", "--at", "end"]);
    let rows = table["rows"].as_array().unwrap();
    for (bytes, line) in [(555 * 8, 12), (3210, 20)] {
        let row = rows.iter().find(|row| row["bytes"] == bytes);
        let row = row.unwrap_or_else(|| panic!("{table:#}"));
        assert_eq!(row["line"], line, "{row}");
        assert!(
            row["file"].as_str().unwrap().ends_with("generics.rs"),
            "{row}"
        );
    }
}

/// Takes a program's debug information out, into a file of its own.
fn strip(program: &Path, debug: &Path) {
    fs::create_dir_all(debug.parent().unwrap()).unwrap();
    let words = ["--only-keep-debug", text(program), text(debug)];
    run("objcopy", &words);
    run("strip", &["--strip-all", text(program)]);
}

/// What the linker called a program.
fn build_id(program: &Path) -> String {
    let output = Command::new("readelf").arg("-n").arg(program).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let (_, id) = text.split_once("Build ID: ").unwrap();
    id.lines().next().unwrap().trim().to_owned()
}

#[test]
fn a_debug_file_is_found_by_build_id() {
    let folder = Folder::new();
    let program = generics(&folder, &["-Wl,--build-id=sha1"]);
    let id = build_id(&program);
    let debug = folder.0.join("debug");
    let name = format!("{}.debug", &id[2..]);
    strip(&program, &debug.join(".build-id").join(&id[..2]).join(name));
    let run = record(&program);
    let bare = frames(&run, CHAINED);
    assert!(bare[0].contains(" in generics "), "{bare:?}");
    let named = frames_with(&run, CHAINED, &["--debug-path", text(&debug)]);
    assert_eq!(named, CHAIN);
}

#[test]
fn a_debug_file_is_found_by_the_name_in_the_program() {
    let folder = Folder::new();
    let program = generics(&folder, &["-Wl,--build-id=none"]);
    let debug = folder.0.join("generics.debug");
    strip(&program, &debug);
    let link = format!("--add-gnu-debuglink={}", text(&debug));
    run("objcopy", &[&link, text(&program)]);
    assert_eq!(frames(&record(&program), CHAINED), CHAIN);
}

#[test]
fn a_program_of_another_machine_is_found_below_its_root() {
    let folder = Folder::new();
    let program = generics(&folder, &[]);
    let run = record(&program);
    let root = folder.0.join("root");
    let moved = root.join(program.strip_prefix("/").unwrap());
    fs::create_dir_all(moved.parent().unwrap()).unwrap();
    fs::rename(&program, &moved).unwrap();
    assert!(frames(&run, CHAINED)[0].contains(" in generics "));
    assert_eq!(
        frames_with(&run, CHAINED, &["--sysroot", text(&root)]),
        CHAIN
    );
}

#[test]
fn libraries_that_were_unloaded_are_named() {
    let folder = Folder::new();
    let loader = folder.0.join("plugins");
    run(
        "cc",
        &[
            "-g",
            "-o",
            text(&loader),
            text(&source("plugins.c")),
            "-ldl",
        ],
    );
    let mut scenario = Scenario::program(&loader).option("--native");
    let names = ["first_plugin", "second_plugin"];
    for name in names {
        let library = folder.0.join(format!("lib{name}.so"));
        let define = format!("-DNAME={name}");
        let words = [
            "-g",
            "-O1",
            "-fno-builtin",
            "-shared",
            "-fPIC",
            &define,
            "-o",
        ];
        let source = source("plugin.c");
        run(
            "cc",
            &[&words[..], &[text(&library), text(&source)]].concat(),
        );
        scenario = scenario.argument(&library).argument(name);
    }
    let run = scenario.recorded();
    for (number, name) in names.iter().enumerate() {
        let found = frames(&run, 5001 + 2 * number as i64);
        assert_eq!(found[0], format!("{name} plugin.c:6"));
        assert_eq!(found[1], "visit plugins.c:14");
        assert_eq!(found[2], "main plugins.c:22");
    }
}

#[test]
fn a_recording_with_its_names_is_read_where_the_program_is_not() {
    let folder = Folder::new();
    let program = generics(&folder, &[]);
    let run = record(&program);
    let stats = run.report(&["stats", "--json"]);
    let said = run.json(&["symbolize"]);
    assert!(said["places"].as_u64().unwrap() > 3, "{said}");
    let size = fs::metadata(&run.file).unwrap().len();
    fs::remove_file(&program).unwrap();
    assert_eq!(frames(&run, CHAINED), CHAIN);
    assert_eq!(run.report(&["stats", "--json"]), stats);
    assert_eq!(run.json(&["info"])["complete"], true);
    // once more, without the program: what is known stays, and the file does not grow
    run.report(&["symbolize"]);
    assert_eq!(frames(&run, CHAINED), CHAIN);
    assert_eq!(fs::metadata(&run.file).unwrap().len(), size);
}

#[test]
fn a_program_that_was_compiled_anew_does_not_lend_its_names() {
    let folder = Folder::new();
    let program = generics(&folder, &["-Wl,--build-id=sha1"]);
    let run = record(&program);
    generics(&folder, &["-Wl,--build-id=sha1", "-DANOTHER", "-O0"]);
    assert!(frames(&run, CHAINED)[0].contains(" in generics "));
}

/// Serves one file under every path that ends in `/buildid/ID/debuginfo`, and counts the requests.
fn serve(content: Vec<u8>, id: &str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let path = format!("GET /buildid/{id}/debuginfo ");
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &path, &content, &count);
        }
    });
    (url, served)
}

fn answer(mut stream: TcpStream, path: &str, content: &[u8], served: &AtomicUsize) {
    let mut request = [0; 4096];
    let length = stream.read(&mut request).unwrap();
    let found = request[..length].starts_with(path.as_bytes());
    let content = if found { content } else { b"" };
    served.fetch_add(usize::from(found), Ordering::Relaxed);
    let status = if found { "200 OK" } else { "404 Not Found" };
    let length = content.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(content).unwrap();
}

#[test]
fn servers_are_asked_for_debug_files_when_the_environment_says_so_and_only_then() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("not shown: there is no curl, so no server can be asked for debug files");
        return;
    }
    let folder = Folder::new();
    let program = generics(&folder, &["-Wl,--build-id=sha1"]);
    let id = build_id(&program);
    let debug = folder.0.join("debug");
    strip(&program, &debug);
    let (url, served) = serve(fs::read(&debug).unwrap(), &id);
    let run = record(&program);
    let export = |servers: Option<&str>| {
        let mut command = Command::new(memprof());
        command
            .args(["export", "collapsed", "--at", "end"])
            .arg(&run.file);
        command
            .env_remove("DEBUGINFOD_URLS")
            .env("NO_PROXY", "127.0.0.1");
        command.env("DEBUGINFOD_CACHE_PATH", folder.0.join("cache"));
        if let Some(servers) = servers {
            command.env("DEBUGINFOD_URLS", servers);
        }
        let output = finish(command, &[]);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!export(None).contains("innermost"));
    assert_eq!(served.load(Ordering::Relaxed), 0);
    assert!(export(Some(&url)).contains("innermost"));
    assert_eq!(served.load(Ordering::Relaxed), 1);
    // the second time it comes from the cache
    assert!(export(Some(&url)).contains("innermost"));
    assert_eq!(served.load(Ordering::Relaxed), 1);
}
