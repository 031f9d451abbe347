//! Names on their way into a recording.

use super::NativeName;
use memprof_recorder::capture::{Module, ModuleSymbols, NamedPlace};
use std::collections::{BTreeMap, HashMap};

/// What a recording is to bring along.
#[derive(Debug, Default)]
pub struct Gathered {
    modules: BTreeMap<(String, Option<String>), Found>,
    unnamed: usize,
}

/// As in [`NamedPlace`].
type Frames = Vec<(u32, u32, u32)>;

/// What is known of one module.
#[derive(Debug, Default)]
struct Found {
    names: Vec<String>,
    known: HashMap<String, u32>,
    /// The frames of each place; `None` where nothing is known.
    places: BTreeMap<u64, Option<Frames>>,
}

impl Found {
    fn intern(&mut self, name: String) -> u32 {
        let new = self.names.len() as u32;
        *self.known.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            new
        })
    }
}

impl Gathered {
    /// Adds a place, with what `find` knows of it, unless it is there already.
    pub(super) fn add(
        &mut self,
        module: &Module,
        in_file: u64,
        find: impl FnOnce() -> Option<Vec<NativeName>>,
    ) {
        let key = (module.path.clone(), module.build_id.clone());
        let names = self.modules.entry(key).or_default();
        if names.places.contains_key(&in_file) {
            return;
        }
        let found = find().filter(|frames| !frames.is_empty());
        self.unnamed += usize::from(found.is_none());
        let frames = found.map(|frames| {
            let frames = frames.into_iter();
            frames
                .map(|frame| {
                    let function = names.intern(frame.function);
                    (function, names.intern(frame.file), frame.line)
                })
                .collect()
        });
        names.places.insert(in_file, frames);
    }

    /// How many modules there are.
    pub fn modules(&self) -> usize {
        self.modules.len()
    }

    /// How many places there are.
    pub fn places(&self) -> usize {
        let modules = self.modules.values();
        modules.map(|module| module.places.len()).sum()
    }

    /// How many of them have no name.
    pub fn unnamed(&self) -> usize {
        self.unnamed
    }

    /// As it is written. Places without a name are left out: another machine may know them.
    pub fn finish(self) -> Vec<ModuleSymbols> {
        let modules = self.modules.into_iter();
        modules
            .map(|((path, build_id), names)| ModuleSymbols {
                path,
                build_id,
                names: names.names,
                places: names
                    .places
                    .into_iter()
                    .filter_map(|(place, frames)| Some(NamedPlace(place, frames?)))
                    .collect(),
            })
            .collect()
    }
}
