//! Any bytes as a capture file: read to an end, without a panic and without a hang.
//!
//!     cd tests/fuzz && cargo fuzz run capture
#![no_main]

use libfuzzer_sys::fuzz_target;
use memprof_recorder::capture::CaptureReader;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("memprof-fuzz-{}", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder takes a file");
    if let Ok(reader) = CaptureReader::open(&path) {
        let mut decoded = Vec::new();
        for chunk in reader.chunks() {
            let _ = reader.read(chunk, &mut decoded);
        }
    }
});
