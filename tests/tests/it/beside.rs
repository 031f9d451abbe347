//! Allocators beside the C library's, libraries that go past what is preloaded, and programs in
//! other languages.

use crate::capture::Capture;
use crate::programs::{c, c_with, scratch, source};
use crate::scenario::{Run, Scenario};
use memprof_wire::event::Note;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_program_with_its_own_malloc_is_recognised_and_that_is_said() {
    let program = c_with("own_malloc", "own_malloc", &["-rdynamic"]);
    let run = Scenario::program(program).recorded();
    assert_eq!(run.stdout, "1 1\n");
    let capture = run.capture();
    assert_eq!(capture.notes, [Note::OwnAllocator]);
    // what it hands out cannot be seen, its mappings can
    assert_eq!(capture.of_size(300_007), []);
    let info = run.json(&["info"]);
    let note = info["notes"][0].as_str().unwrap();
    assert!(note.contains("its own malloc"), "{note}");
    let plain = Scenario::program(c("threads")).argument("1").argument("9");
    assert_eq!(plain.recorded().capture().notes, []);
}

#[test]
fn what_is_bound_past_the_hooks_is_said_and_what_is_looked_up_by_name_is_seen() {
    let library = c_with("deep", "deep.so", &["-DLIBRARY", "-shared", "-fPIC"]);
    let run = Scenario::program(c("deep")).argument(&library).recorded();
    assert_eq!(run.stdout, "1\n");
    let capture = run.capture();
    for size in [400_009, 500_009] {
        let block = capture.only(size);
        assert_eq!(capture.frees_of(&block), 1, "{size}");
    }
    assert_eq!(capture.of_size(300_007), []);
    assert_eq!(capture.notes, [Note::DeepBinding]);
}

#[test]
fn an_allocator_with_a_name_of_its_own_is_recognised_by_that() {
    for (output, options, known) in [
        ("prefixed", &[][..], true),
        ("prefixed_stripped", &["-s"], false),
        ("prefixed_exported", &["-s", "-rdynamic"], true),
    ] {
        let run = Scenario::program(c_with("prefixed", output, options)).recorded();
        assert_eq!(run.stdout, "1\n");
        let info = run.json(&["info"]);
        let notes = info["notes"].as_array().unwrap();
        assert_eq!(notes.len(), usize::from(known), "{output}: {notes:?}");
        if known {
            let note = notes[0].as_str().unwrap();
            assert!(
                note.contains("linked with jemalloc (_rjem_malloc)"),
                "{note}"
            );
            let peak = run.json(&["stats"])["peak"]["bytes"].as_u64().unwrap();
            assert!(peak >= 300_000, "what it maps is there: {peak}");
        }
    }
}

/// Where a library looks for others depends on who calls `dlopen`: that must not become memprof's
/// own library.
#[test]
fn libraries_are_found_by_the_path_within_the_library_or_program_that_opens_them() {
    let inner = c_with("inner", "inner.so", &["-shared", "-fPIC"]);
    let folder = inner.with_file_name("beneath");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::rename(&inner, folder.join("inner.so")).unwrap();
    for (tags, kind) in [
        ("--enable-new-dtags", "runpath"),
        ("--disable-new-dtags", "rpath"),
    ] {
        let path = format!("-Wl,{tags},-rpath,$ORIGIN/beneath");
        let program = c_with("outer", &format!("outer_{kind}"), &[&path]);
        let library = ["-DLIBRARY", "-shared", "-fPIC", &path];
        let library = c_with("outer", &format!("outer_{kind}.so"), &library);
        let plain = c_with("outer", "outer_plain", &[]);
        let cases = [
            Scenario::program(program),
            Scenario::program(plain).argument(library),
        ];
        for (number, scenario) in cases.into_iter().enumerate() {
            for option in ["--no-python-allocators", "--native"] {
                let run = scenario.clone().option(option).recorded();
                assert_eq!(run.stdout, scenario.bare().stdout);
                assert_eq!(run.stdout, "done\n", "{kind} {number} {option}");
                let capture = run.capture();
                assert_eq!(capture.frees_of(&capture.only(345_678)), 1);
            }
        }
    }
}

/// A library of this machine, or of the folder that `MEMPROF_ALLOCATORS` names.
fn library(name: &str) -> Option<PathBuf> {
    let folders = [
        std::env::var_os("MEMPROF_ALLOCATORS").unwrap_or_default(),
        "/usr/lib/x86_64-linux-gnu".into(),
        "/usr/lib64".into(),
        "/usr/local/lib".into(),
    ];
    let found = folders
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("not tested for want of a library: {name}");
    }
    found
}

#[test]
fn allocators_that_the_user_preloads_are_recorded_through() {
    for name in [
        "libjemalloc.so.2",
        "libtcmalloc_minimal.so.4",
        "libmimalloc.so.2.0",
    ] {
        let Some(library) = library(name) else {
            continue;
        };
        let scenario = Scenario::program(c("threads"))
            .argument("3")
            .argument("4000");
        let usual = scenario.recorded().json(&["stats"]);
        let run = scenario.environment("LD_PRELOAD", &library).recorded();
        let stats = run.json(&["stats"]);
        let capture = run.capture();
        assert!(capture.complete && capture.lost == 0, "{name}");
        assert_eq!(stats["unknown_frees"], 0, "{name}");
        // the program's own blocks are the same; an allocator may make some for itself
        let blocks = |stats: &serde_json::Value| stats["allocations"].as_i64().unwrap();
        let more = blocks(&stats) - blocks(&usual);
        assert!((-20..400).contains(&more), "{name}: {more} more blocks");
    }
}

/// Runs a program bare and recorded, and makes sure that it does the same.
fn same(program: &Path, arguments: &[&str]) -> Run {
    let mut scenario = Scenario::program(program);
    for argument in arguments {
        scenario = scenario.argument(argument);
    }
    let (bare, run) = (scenario.bare(), scenario.recorded());
    assert_eq!(run.stdout, bare.stdout, "{}", program.display());
    run
}

/// Compiles a program of `programs/`; `None` where there is no compiler.
fn compiled(compiler: &str, file: &str, arguments: &[&str]) -> Option<PathBuf> {
    let program = scratch().join(format!("{file}-{}", std::process::id()));
    let mut command = Command::new(compiler);
    command.args(arguments).arg("-o").arg(&program);
    let Ok(output) = command.arg(source(file)).output() else {
        eprintln!("not tested, because it is not installed: {compiler}");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{file}: {errors}");
    Some(program)
}

fn freed_each(capture: &Capture, size: u64, count: usize) {
    let blocks = capture.of_size(size);
    assert_eq!(blocks.len(), count, "blocks of {size} bytes");
    for block in blocks {
        assert_eq!(capture.frees_of(&block), 1, "{size}");
    }
}

#[test]
fn exceptions_of_cpp_pass_and_their_blocks_are_freed() {
    let Some(program) = compiled("c++", "exceptions.cpp", &["-O1", "-g"]) else {
        return;
    };
    for options in [&[][..], &["--native"]] {
        let mut scenario = Scenario::program(&program);
        for option in options {
            scenario = scenario.option(option);
        }
        let run = scenario.recorded();
        assert_eq!(run.stdout, "25000450 2000\n");
        let capture = run.capture();
        // the text and its terminator: once made, once copied by `what`
        freed_each(&capture, 500_010, 100);
        assert!(capture.complete && capture.lost == 0);
    }
    std::fs::remove_file(program).unwrap();
}

#[test]
fn new_of_cpp_is_malloc_and_a_growing_vector_leaves_temporary_blocks() {
    let Some(program) = compiled("c++", "vector.cpp", &["-O1", "-g"]) else {
        return;
    };
    let run = same(&program, &[]);
    let capture = run.capture();
    assert_eq!(capture.only(123_457).by, "malloc");
    for size in (2..=12).map(|power| 1 << power) {
        freed_each(&capture, size, 1);
    }
    // each array goes when the next one is there; the last goes with nothing after it
    for (within, bytes, blocks) in [("0", 4_096, 1), ("1", 8_188, 11)] {
        let temporary = run.json(&["temporary", "--within", within]);
        assert_eq!(temporary["total"]["bytes"], bytes, "{temporary}");
        assert_eq!(temporary["total"]["blocks"], blocks, "{temporary}");
    }
    std::fs::remove_file(program).unwrap();
}

#[test]
fn a_rust_program_is_recorded() {
    let Some(program) = compiled("rustc", "grow.rs", &["-Copt-level=0"]) else {
        return;
    };
    let run = same(&program, &[]);
    assert_eq!(run.stdout, "300007 1600042 true\n");
    let capture = run.capture();
    freed_each(&capture, 300_007, 1);
    for number in 0..4 {
        freed_each(&capture, 400_009 + number, 1);
    }
    freed_each(&capture, 500_009, 1);
    std::fs::remove_file(program).unwrap();
}

#[test]
fn a_java_machine_is_unharmed() {
    if Command::new("java").arg("-version").output().is_err() {
        eprintln!("not tested, because it is not installed: java");
        return;
    }
    let folder = scratch().join(format!("java-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("Main.java");
    let text = "class Main { public static void main(String[] a) { \
        var all = new java.util.ArrayList<int[]>(); \
        for (int i = 0; i < 2000; i++) all.add(new int[i % 99]); \
        var off = java.nio.ByteBuffer.allocateDirect(7000001); \
        System.out.println(all.size() + \" \" + off.capacity()); } }";
    std::fs::write(&file, text).unwrap();
    let run = same(Path::new("java"), &[&file.display().to_string()]);
    assert_eq!(run.stdout, "2000 7000001\n");
    let capture = run.capture();
    assert!(capture.complete && capture.lost == 0);
    let direct = capture
        .allocations()
        .filter(|it| (7_000_001..7_010_000).contains(&it.size));
    assert!(direct.count() >= 1);
    std::fs::remove_dir_all(folder).unwrap();
}
