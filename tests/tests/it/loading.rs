//! Where the preloaded library can be loaded, and what it does while others are.

use crate::binaries::memprof;
use crate::programs::{c, c_with};
use crate::scenario::Scenario;
use std::process::Command;

/// The oldest C library that it is to be loaded by.
const OLDEST: (u32, u32) = (2, 31);

/// Whatever it was built against, it must not ask for anything newer: neither for symbols nor for
/// libraries that are not everywhere.
#[test]
fn the_library_asks_for_no_symbol_newer_than_glibc_2_31() {
    let library = memprof().with_file_name("libmemprof_preload.so");
    let asked = |option| {
        let output = Command::new("objdump").arg(option).arg(&library).output();
        let output = output.expect("objdump is needed, which comes with the C compiler");
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let symbols = asked("-T");
    let wanted = || symbols.lines().filter(|line| line.contains("*UND*"));
    assert!(wanted().any(|line| line.contains("getauxval")), "{symbols}");
    // one without a version is taken from any C library
    let versions: Vec<(u32, u32)> = wanted()
        .filter_map(|line| line.split("GLIBC_").nth(1))
        .map(|version| {
            let numbers = version.split(|it: char| !it.is_ascii_digit());
            let mut numbers = numbers.map(|number| number.parse().unwrap_or(0));
            (numbers.next().unwrap(), numbers.next().unwrap_or(0))
        })
        .collect();
    let newest = versions.iter().max();
    assert!(
        newest.is_none_or(|it| *it <= OLDEST),
        "{newest:?}: {symbols}"
    );
    let headers = asked("-p");
    let needed = headers
        .lines()
        .filter_map(|line| line.trim().strip_prefix("NEEDED"));
    for library in needed.map(str::trim) {
        let everywhere = [
            "libc.so.6",
            "libgcc_s.so.1",
            "ld-linux-x86-64.so.2",
            "libm.so.6",
        ];
        assert!(everywhere.contains(&library), "{library}");
    }
}

/// Whoever looks for something among the loaded objects does it while others are unloaded.
#[test]
fn threads_may_load_and_unload_libraries_at_the_same_time() {
    let library = |name| c_with("plugin", name, &["-shared", "-fPIC", "-DNAME=work"]);
    let run = Scenario::program(c("loads"))
        .argument("100")
        .argument(library("coming.so"))
        .argument(library("going.so"))
        .recorded();
    assert_eq!(run.stdout, "ok\n");
    let capture = run.capture();
    assert!(capture.complete && capture.lost == 0);
    for size in 7001..7004 {
        assert_eq!(capture.of_size(size).len(), 100, "{size}");
    }
}
