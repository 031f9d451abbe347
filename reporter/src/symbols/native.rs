//! Machine code: the functions, files and lines of an address.
//!
//! What is known comes from the files that the program had mapped, and from separate files with
//! their debug information where there are any ([`debug_file`]). Each file is read when it is first
//! needed.

mod debug_file;
mod hidden;
mod object;

use crate::replay::SpaceIndex;
use memprof_recorder::capture::Module;
use memprof_wire::units::Address;
use object::Object;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The modules of one image, by address.
#[derive(Debug, Default)]
pub struct NativeNames {
    modules: Vec<Module>,
    settings: Settings,
    objects: Mutex<HashMap<PathBuf, Arc<Mutex<Option<Object>>>>>,
}

/// How addresses are named.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Folders with separate debug files, looked through before the system's own.
    pub debug_paths: Vec<PathBuf>,
    /// Name the interpreter's own functions, allocators' wrappers and what starts a program too.
    pub everything: bool,
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
    /// Of all modules that were ever seen.
    pub fn new(modules: Vec<Module>) -> Self {
        Self::with(modules, Settings::default())
    }

    /// The same, with settings.
    pub fn with(mut modules: Vec<Module>, settings: Settings) -> Self {
        modules.sort_by_key(|module| module.start);
        Self {
            modules,
            settings,
            objects: Mutex::default(),
        }
    }

    /// The name of an address, whether or not it is one of interest.
    pub fn name(&self, address: Address) -> NativeName {
        self.all(address).swap_remove(0)
    }

    /// The functions of an address that are of interest, innermost first: those that were inlined
    /// into another one stand before it. There may be none.
    pub fn frames(&self, address: Address) -> Vec<NativeName> {
        let mut frames = self.all(address);
        if !self.settings.everything {
            let module = self.module(address).map_or("", |module| &module.path);
            if hidden::is_interpreter(module) {
                return Vec::new();
            }
            frames.retain(|frame| !hidden::is_plumbing(&frame.function));
        }
        frames
    }

    /// The functions of an address, innermost first; at least one.
    fn all(&self, address: Address) -> Vec<NativeName> {
        if address.0 == 0 {
            return vec![NativeName {
                function: "<unknown callers>".into(),
                ..NativeName::default()
            }];
        }
        let Some(module) = self.module(address) else {
            return vec![NativeName {
                function: format!("{:#x}", SpaceIndex::within(address).0),
                ..NativeName::default()
            }];
        };
        // an address is where a call returns to; the call is before
        let in_file = address.0 - module.start + module.offset;
        let object = self.object(module);
        let object = object.lock().unwrap_or_else(PoisonError::into_inner);
        let found = object
            .as_ref()
            .map(|object| object.frames(in_file - 1, &module.path));
        found
            .filter(|frames| !frames.is_empty())
            .unwrap_or_else(|| vec![unnamed(module, in_file)])
    }

    fn object(&self, module: &Module) -> Arc<Mutex<Option<Object>>> {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let path = PathBuf::from(&module.path);
        let entry = objects.entry(path).or_insert_with_key(|path| {
            let id = module.build_id.as_deref();
            Arc::new(Mutex::new(self.open(path, id)))
        });
        Arc::clone(entry)
    }

    /// Opens the file of a module, unless it is another one by now.
    fn open(&self, path: &Path, build_id: Option<&str>) -> Option<Object> {
        Object::open(path, build_id, &self.settings.debug_paths)
    }

    fn module(&self, Address(address): Address) -> Option<&Module> {
        // the call before a return address lies in the same module, even where that ends
        let call = address.wrapping_sub(1);
        let behind = self.modules.partition_point(|module| module.start <= call);
        // of those that were at the same place one after the other, the later one
        let mut before = self.modules[..behind].iter().rev();
        before.find(|module| call < module.end)
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
    use super::NativeNames;
    use memprof_recorder::capture::Module;
    use memprof_wire::units::Address;

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
        assert_eq!(names.name(Address(0x2010)).function, "0x510 in b.so");
        assert_eq!(names.name(Address(0x2010)).file, "/nowhere/b.so");
        assert_eq!(names.name(Address(0x1800)).function, "0x800 in a");
        assert_eq!(names.name(Address(0x1801)).function, "0x1801");
        assert_eq!(names.name(Address(0x10)).file, "");
        assert_eq!(names.name(Address(0)).function, "<unknown callers>");
    }

    #[test]
    fn the_interpreter_is_not_of_interest() {
        let path = "/usr/lib/libpython3.11.so.1.0";
        let names = NativeNames::new(vec![module(path, 0x1000, 0x2000, 0)]);
        assert_eq!(names.frames(Address(0x1100)), []);
        assert_eq!(names.frames(Address(0x9100)).len(), 1);
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
        let name = names.name(caller_of_this_place());
        assert!(name.function.contains("caller_of_this_place"), "{name:?}");
        assert!(name.file.ends_with("native.rs"), "{name:?}");
        assert!(name.line > 0, "{name:?}");
    }
}
