//! Names, each kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// A name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

/// All names of a profile.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Vec<Arc<str>>,
    known: HashMap<Arc<str>, NameId>,
}

impl Names {
    pub(super) fn intern(&mut self, name: &str) -> NameId {
        if let Some(id) = self.known.get(name) {
            return *id;
        }
        let id = NameId(self.names.len() as u32);
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.known.insert(name, id);
        id
    }

    pub(super) fn get(&self, name: NameId) -> &str {
        &self.names[name.0 as usize]
    }
}
