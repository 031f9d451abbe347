//! `memprof timeline`: memory over time as an image and as a page.

use crate::interpreters::usual;
use crate::scenario::{Run, Scenario};
use std::fs;

const MARKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../preload/marks");

/// A program with a mark and a span, whose heap ends so large.
fn recorded(size: usize) -> Run {
    let code = format!(
        "import sys\nsys.path.insert(0, {MARKS:?})\nimport memprof, time\n\
         with memprof.span('load <all>'):\n    kept = [bytearray({size})]\n    time.sleep(0.02)\n\
         memprof.mark('loaded')\nkept.append(bytearray({size}))\ntime.sleep(0.02)\n"
    );
    Scenario::code(usual(), &code).recorded()
}

#[test]
fn the_image_has_peak_slope_span_and_mark() {
    let run = recorded(4 << 20);
    run.report(&["timeline", "-o", "time.svg"]);
    let image = fs::read_to_string(run.folder().join("time.svg")).unwrap();
    let peak = run.json(&["stats"])["peak"]["bytes"].as_f64().unwrap() / f64::from(1 << 20);
    for wanted in [
        format!("peak {peak:.1} MiB at "),
        "slope ".into(),
        "load &#60;all&#62;".into(),
        ">loaded<".into(),
    ] {
        assert!(image.contains(&wanted), "no {wanted} in {image}");
    }
    assert!(image.starts_with("<svg ") && !image.contains("<all>"));
}

#[test]
fn several_recordings_lie_over_one_another() {
    let (small, large) = (recorded(2 << 20), recorded(8 << 20));
    let other = large.folder().join("other.bin");
    fs::copy(&small.file, &other).unwrap();
    let words = ["timeline", "-o", "both.html", other.to_str().unwrap()];
    large.report(&words);
    let page = fs::read_to_string(large.folder().join("both.html")).unwrap();
    for name in ["other.bin", "recording.bin"] {
        assert!(page.contains(&format!("{name}: Heap")), "{name}");
    }
    for run in [&small, &large] {
        let peak = run.json(&["stats"])["peak"]["bytes"].as_f64().unwrap();
        let wanted = format!("peak {:.1} MiB at ", peak / f64::from(1 << 20));
        assert!(page.contains(&wanted), "{wanted}");
    }
    assert!(!page.contains("src=\"http"));
}
