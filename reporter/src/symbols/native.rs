//! Machine code: the functions, files and lines of an address.
//!
//! What is known comes from the files that the program had mapped, and from separate files with
//! their debug information where there are any ([`debug_file`]). Each file is read when it is first
//! needed.

mod debug_file;
mod embedded;
mod gathered;
mod hidden;
mod mapped;
mod object;
mod server;
mod settings;

pub use gathered::Gathered;
pub use mapped::{Mapped, Place};
pub use settings::Settings;

use crate::replay::SpaceIndex;
use embedded::Embedded;
use memprof_recorder::capture::{Module, ModuleSymbols, Modules};
use memprof_wire::units::{Address, Microseconds};
use object::Object;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The file of a module: its path and build id.
type FileKey = (String, Option<String>);
/// A file that was looked for.
type Opened = Arc<Mutex<Option<Object>>>;

/// The modules of one image, by address and time.
#[derive(Debug, Default)]
pub struct NativeNames {
    mapped: Arc<Mapped>,
    embedded: Embedded,
    settings: Settings,
    objects: Mutex<HashMap<FileKey, Opened>>,
}

/// What is known of an address: a function at a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeName {
    /// Its name; without one, the place in the module, as `0x1234 in libfoo.so`.
    pub function: String,
    /// The source file, or else the path of the module; empty if there is none.
    pub file: String,
    /// The line, 0 where none is known.
    pub line: u32,
}

impl NativeNames {
    /// Of modules that stay where they are.
    pub fn new(modules: Vec<Module>) -> Self {
        let list = Modules {
            modules,
            ..Modules::default()
        };
        let mapped = Arc::new(Mapped::new(vec![vec![list]]));
        Self::of(mapped, Vec::new(), Settings::default())
    }

    /// Of the modules that were there at one time or another, with the names that a recording brings
    /// along.
    pub fn of(mapped: Arc<Mapped>, symbols: Vec<ModuleSymbols>, settings: Settings) -> Self {
        Self {
            mapped,
            embedded: Embedded::new(symbols),
            settings,
            objects: Mutex::default(),
        }
    }

    /// The same with other modules. Files that were read stay so.
    #[must_use]
    pub fn with_modules(self, mapped: Arc<Mapped>) -> Self {
        Self { mapped, ..self }
    }

    /// Where an address was that was first seen at a time.
    pub fn place(&self, address: Address, seen: Microseconds) -> Place {
        self.mapped.place(address, seen)
    }

    /// The functions at a place that are of interest, innermost first: those that were inlined into
    /// another one stand before it. There may be none.
    pub fn frames_of(&self, place: Place) -> Vec<NativeName> {
        let mut frames = self.all(place);
        if !self.settings.everything {
            let module = self.mapped.module(place).map_or("", |module| &module.path);
            if hidden::is_interpreter(module) {
                return Vec::new();
            }
            frames.retain(|frame| !hidden::is_plumbing(&frame.function, &frame.file));
        }
        frames
    }

    /// Whether a function is of no interest where nothing that is stands further out: it may be what
    /// starts `main` or a thread.
    pub fn may_be_a_start(&self, name: &NativeName) -> bool {
        !self.settings.everything && hidden::is_nameless_in_c_library(&name.function, &name.file)
    }

    /// Adds what is known of an address to what a recording is to bring along.
    pub fn gather(&self, address: Address, seen: Microseconds, into: &mut Gathered) {
        let place = self.place(address, seen);
        if let Some(module) = self.mapped.module(place) {
            let in_file = place.in_file(module);
            into.add(module, in_file, || self.found(module, in_file));
        }
    }

    /// The functions at a place, innermost first; at least one.
    fn all(&self, place: Place) -> Vec<NativeName> {
        if place.address().0 == 0 {
            return vec![NativeName {
                function: "<unknown callers>".into(),
                ..NativeName::default()
            }];
        }
        let Some(module) = self.mapped.module(place) else {
            return vec![NativeName {
                function: format!("{:#x}", SpaceIndex::within(place.address()).0),
                ..NativeName::default()
            }];
        };
        let in_file = place.in_file(module);
        self.found(module, in_file)
            .filter(|frames| !frames.is_empty())
            .unwrap_or_else(|| vec![unnamed(module, in_file)])
    }

    /// What the recording or the files say of a place in a module.
    fn found(&self, module: &Module, in_file: u64) -> Option<Vec<NativeName>> {
        if let Some(frames) = self.embedded.frames(module, in_file) {
            return Some(frames);
        }
        let object = self.object(module);
        let object = object.lock().unwrap_or_else(PoisonError::into_inner);
        // an address is where a call returns to; the call is before
        object
            .as_ref()
            .map(|object| object.frames(in_file - 1, &module.path))
    }

    fn object(&self, module: &Module) -> Opened {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = objects
            .entry((module.path.clone(), module.build_id.clone()))
            .or_insert_with_key(|(path, id)| {
                Arc::new(Mutex::new(Object::find(
                    path,
                    id.as_deref(),
                    &self.settings,
                )))
            });
        Arc::clone(entry)
    }
}

fn unnamed(module: &Module, in_file: u64) -> NativeName {
    let name = module.path.rsplit('/').next().unwrap_or(&module.path);
    NativeName {
        function: format!("{in_file:#x} in {name}"),
        file: module.path.clone(),
        line: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{NativeName, NativeNames};
    use memprof_recorder::capture::Module;
    use memprof_wire::units::{Address, Microseconds};

    fn name(names: &NativeNames, address: Address) -> NativeName {
        names
            .all(names.place(address, Microseconds(0)))
            .swap_remove(0)
    }

    fn module(path: &str, start: u64, end: u64, offset: u64) -> Module {
        Module {
            path: path.into(),
            start,
            end,
            offset,
            ..Module::default()
        }
    }

    #[test]
    fn without_a_file_an_address_is_named_by_its_module() {
        let names = NativeNames::new(vec![
            module("/nowhere/b.so", 0x2000, 0x3000, 0x500),
            module("/nowhere/a", 0x1000, 0x1800, 0),
        ]);
        assert_eq!(name(&names, Address(0x2010)).function, "0x510 in b.so");
        assert_eq!(name(&names, Address(0x2010)).file, "/nowhere/b.so");
        assert_eq!(name(&names, Address(0x1800)).function, "0x800 in a");
        assert_eq!(name(&names, Address(0x1801)).function, "0x1801");
        assert_eq!(name(&names, Address(0x10)).file, "");
        assert_eq!(name(&names, Address(0)).function, "<unknown callers>");
    }

    #[test]
    fn the_interpreter_is_not_of_interest() {
        let path = "/usr/lib/libpython3.11.so.1.0";
        let names = NativeNames::new(vec![module(path, 0x1000, 0x2000, 0)]);
        let frames = |address| names.frames_of(names.place(Address(address), Microseconds(0)));
        assert_eq!(frames(0x1100), []);
        assert_eq!(frames(0x9100).len(), 1);
    }

    #[inline(never)]
    fn caller_of_this_place() -> Address {
        // the address of a function is as good as a return into it
        Address(caller_of_this_place as *const () as u64 + 4)
    }

    #[test]
    fn functions_of_this_very_program_are_found_with_their_lines() {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("linux");
        let own = std::env::current_exe().expect("known");
        let own = own.to_str().expect("plain");
        let line = maps
            .lines()
            .find(|line| line.contains("r-xp") && line.ends_with(own))
            .expect("mapped");
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (start, end) = fields[0].split_once('-').expect("a range");
        let number = |digits| u64::from_str_radix(digits, 16).expect("digits");
        let found = module(own, number(start), number(end), number(fields[2]));
        let names = NativeNames::new(vec![found]);
        let name = name(&names, caller_of_this_place());
        assert!(name.function.contains("caller_of_this_place"), "{name:?}");
        assert!(name.file.ends_with("native.rs"), "{name:?}");
        assert!(name.line > 0, "{name:?}");
    }
}
