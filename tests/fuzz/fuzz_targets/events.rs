//! Any bytes as the events of a stream: decoded to an end, without a panic and without a hang.
//!
//!     cd tests/fuzz && cargo fuzz run events
#![no_main]

use libfuzzer_sys::fuzz_target;
use memprof_wire::codec::{Decoder, Sites};
use memprof_wire::predictor::SitePair;
use memprof_wire::units::StackId;

/// Sites for any stack number: those of damaged numbers are shared.
struct Shared(Vec<SitePair>);

impl Sites for Shared {
    fn site(&mut self, stack: StackId) -> &mut SitePair {
        let place = stack.0 as usize % self.0.len();
        &mut self.0[place]
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut input = bytes;
    let mut decoder = Decoder::new();
    let mut sites = Shared(vec![SitePair::EMPTY; 1024]);
    while decoder.next(&mut input, &mut sites).is_ok() {}
});
