//! Names that a recording brings along.

use super::NativeName;
use memprof_recorder::capture::{Module, ModuleSymbols};
use std::collections::HashMap;

/// Names by module and offset.
#[derive(Debug, Default)]
pub struct Embedded {
    modules: Vec<ModuleSymbols>,
    places: HashMap<(usize, u64), usize>,
}

impl Embedded {
    /// Of what stands in a recording.
    pub fn new(modules: Vec<ModuleSymbols>) -> Self {
        let mut places = HashMap::new();
        for (number, module) in modules.iter().enumerate() {
            for (place, named) in module.places.iter().enumerate() {
                places.insert((number, named.0), place);
            }
        }
        Self { modules, places }
    }

    /// The functions at a place, innermost first, if the recording knows any.
    pub fn frames(&self, module: &Module, in_file: u64) -> Option<Vec<NativeName>> {
        let number = self
            .modules
            .iter()
            .position(|known| (&known.path, &known.build_id) == (&module.path, &module.build_id))?;
        let known = &self.modules[number];
        let place = &known.places[*self.places.get(&(number, in_file))?];
        let name = |name: u32| known.names.get(name as usize).cloned().unwrap_or_default();
        let frames = place.1.iter().map(|&(function, file, line)| NativeName {
            function: name(function),
            file: name(file),
            line,
        });
        Some(frames.collect())
    }
}
