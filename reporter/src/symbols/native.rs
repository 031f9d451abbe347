//! Machine code: which module an address is in.

use memprof_recorder::capture::Module;
use memprof_wire::units::Address;

/// The modules of one image, by address.
#[derive(Clone, Debug, Default)]
pub struct NativeNames {
    modules: Vec<Module>,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeName {
    /// `libfoo.so+0x1234`, or the bare address.
    pub function: String,
    /// The path of the module, empty if there is none.
    pub file: String,
}

impl NativeNames {
    /// Of all modules that were ever seen.
    pub fn new(mut modules: Vec<Module>) -> Self {
        modules.sort_by_key(|module| module.start);
        Self { modules }
    }

    /// The name of an address.
    pub fn name(&self, Address(address): Address) -> NativeName {
        let behind = self
            .modules
            .partition_point(|module| module.start <= address);
        match self.modules[..behind].last() {
            Some(module) if address < module.end => {
                let name = module.path.rsplit('/').next().unwrap_or(&module.path);
                let offset = address - module.start + module.offset;
                NativeName {
                    function: format!("{name}+{offset:#x}"),
                    file: module.path.clone(),
                }
            }
            _ => NativeName {
                function: format!("{address:#x}"),
                file: String::new(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NativeNames;
    use memprof_recorder::capture::Module;
    use memprof_wire::units::Address;

    #[test]
    fn an_address_is_named_by_its_module() {
        let module = |path: &str, start, end, offset| Module {
            path: path.into(),
            start,
            end,
            offset,
            ..Module::default()
        };
        let names = NativeNames::new(vec![
            module("/lib/b.so", 0x2000, 0x3000, 0x500),
            module("/bin/a", 0x1000, 0x1800, 0),
        ]);
        assert_eq!(names.name(Address(0x2010)).function, "b.so+0x510");
        assert_eq!(names.name(Address(0x2010)).file, "/lib/b.so");
        assert_eq!(names.name(Address(0x17ff)).function, "a+0x7ff");
        assert_eq!(names.name(Address(0x1800)).function, "0x1800");
        assert_eq!(names.name(Address(0x10)).file, "");
    }
}
