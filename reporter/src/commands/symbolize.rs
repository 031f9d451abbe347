//! `memprof symbolize`

use super::{Failure, output};
use crate::recording::Recording;
use crate::replay::{Order, StackTable, StreamIndex, Visitor};
use crate::symbols::Settings;
use crate::symbols::native::Gathered;
use memprof_recorder::capture::{Completeness, write_symbols};
use memprof_wire::event::Event;
use memprof_wire::units::{Address, Microseconds, Turn};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The recording.
    pub path: PathBuf,
    /// Where names are looked for.
    pub symbols: Settings,
    /// As JSON.
    pub json: bool,
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Files that machine code was in.
    modules: usize,
    /// Places in them that stacks go through.
    places: usize,
    /// How many of those have no name.
    unnamed: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            modules,
            places,
            unnamed,
        } = self;
        let named = places - unnamed;
        writeln!(
            out,
            "{named} of {places} places in {modules} files have names now."
        )
    }
}

/// Writes the names of machine code into a recording.
///
/// # Errors
///
/// When the recording cannot be read or written, or still grows.
pub fn run(options: &Options) -> Result<(), Failure> {
    let recording = Recording::open(&options.path, None)?.naming(options.symbols.clone());
    if recording.reader().completeness() == Completeness::Growing {
        return Err(Failure::StillRecording(options.path.clone()));
    }
    let mut images: Vec<u32> = recording.recorded_images().into_keys().collect();
    images.sort_unstable();
    let mut gathered = Gathered::default();
    for image in images {
        let mut seen = Seen::default();
        let mut order = Order::new(&recording, &recording.streams_of(image))?;
        order.drive(&mut seen)?;
        let names = recording.native_names_of(image);
        for (address, times) in seen.addresses {
            for time in times {
                names.gather(address, time, &mut gathered);
            }
        }
    }
    let report = Report {
        modules: gathered.modules(),
        places: gathered.places(),
        unnamed: gathered.unnamed(),
    };
    write_symbols(recording.reader(), &gathered.finish())
        .map_err(crate::recording::RecordingError::from)?;
    output::print(&report, options.json)
}

/// The machine code that stacks go through, and when it was first seen there.
#[derive(Default)]
struct Seen {
    now: Microseconds,
    addresses: BTreeMap<Address, Vec<Microseconds>>,
}

impl Visitor for Seen {
    fn run(&mut self, _: StreamIndex, _: Turn, time: Microseconds) {
        self.now = time;
    }

    fn event(&mut self, _: StreamIndex, _: &mut StackTable, event: Event<'_>) -> ControlFlow<()> {
        if let Event::NativeFrame { address, .. } = event {
            self.addresses.entry(address).or_default().push(self.now);
        }
        ControlFlow::Continue(())
    }
}
