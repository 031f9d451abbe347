//! Who may depend on whom: `preload → wire ← recorder ← reporter`, and nothing on the preload.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;

/// What each package of the workspace needs to be built, by kind of dependency.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let needs = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        let built_in = all.filter(|it| it["kind"] != "dev");
        built_in
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    packages
        .map(|package| (package["name"].as_str().unwrap().to_owned(), needs(package)))
        .collect()
}

fn own(names: &BTreeSet<String>) -> Vec<&str> {
    let own = names.iter().filter(|name| name.starts_with("memprof"));
    own.map(String::as_str).collect()
}

#[test]
fn the_arrows_between_the_crates_point_one_way() {
    let needs = dependencies();
    assert_eq!(needs["memprof-wire"], BTreeSet::new());
    assert_eq!(own(&needs["memprof-preload"]), ["memprof-wire"]);
    assert_eq!(own(&needs["memprof-recorder"]), ["memprof-wire"]);
    assert_eq!(
        own(&needs["memprof-reporter"]),
        ["memprof-recorder", "memprof-wire"]
    );
    for (package, names) in &needs {
        let links = names.contains("memprof-preload");
        assert!(
            !links,
            "{package} links the preload: its malloc would take over"
        );
    }
}

#[test]
fn the_preload_brings_nothing_into_the_program_but_what_it_is_known_to_need() {
    let known = ["memprof-wire", "libc", "backtrace", "framehop"];
    for name in &dependencies()["memprof-preload"] {
        assert!(known.contains(&name.as_str()), "{name}");
    }
}
