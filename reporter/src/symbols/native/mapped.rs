//! Which module was at an address, and when: programs load libraries and unload them, and others
//! come to the same place.

use memprof_recorder::capture::{Module, Modules};
use memprof_wire::units::{Address, Microseconds};

/// All modules that were ever seen.
#[derive(Debug, Default)]
pub struct Mapped {
    modules: Vec<Period>,
    unloads: Vec<Vec<Microseconds>>,
}

/// A module, and the time in which it was there.
#[derive(Debug)]
struct Period {
    module: Module,
    from: Microseconds,
    until: Microseconds,
}

/// An address in a module, or in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    address: Address,
    module: u32,
}

const NO_MODULE: u32 = u32::MAX;
/// The end of what stayed to the end.
const FOR_EVER: Microseconds = Microseconds(u64::MAX);

impl Place {
    /// The address.
    pub fn address(self) -> Address {
        self.address
    }

    /// A number of its module, by which places of the same address are told apart.
    pub fn module(self) -> u32 {
        self.module
    }

    /// The offset in the file of its module.
    pub(super) fn in_file(self, module: &Module) -> u64 {
        self.address.0 - module.start + module.offset
    }
}

impl Mapped {
    /// Of the lists of each address space, in the order of time: each replaces the one before.
    pub fn new(spaces: Vec<Vec<Modules>>) -> Self {
        let mut mapped = Self::default();
        for lists in spaces {
            let periods = Self::periods(lists);
            let ends = periods.iter().map(|period| period.until);
            let mut unloads: Vec<_> = ends.filter(|&end| end != FOR_EVER).collect();
            unloads.sort_unstable();
            unloads.dedup();
            mapped.unloads.push(unloads);
            mapped.modules.extend(periods);
        }
        mapped
    }

    /// When modules were gone that had been there, by address space: from then on their addresses
    /// may mean something else. The recorder sees to it that code which runs then has a later time,
    /// and code which ran before an earlier one.
    pub fn unloads(&self) -> &[Vec<Microseconds>] {
        &self.unloads
    }

    fn periods(lists: Vec<Modules>) -> Vec<Period> {
        let mut modules: Vec<Period> = Vec::new();
        let times: Vec<Microseconds> = lists.iter().map(|list| list.time).collect();
        for (number, list) in lists.into_iter().enumerate() {
            let until = times.get(number + 1).copied();
            let until = until.unwrap_or(FOR_EVER);
            for module in list.modules {
                let same = |known: &&mut Period| {
                    known.until == list.time
                        && (known.module.start, known.module.offset)
                            == (module.start, module.offset)
                        && (&known.module.path, &known.module.build_id)
                            == (&module.path, &module.build_id)
                };
                match modules.iter_mut().rev().find(same) {
                    Some(known) => {
                        known.until = until;
                        known.module.end = known.module.end.max(module.end);
                    }
                    None => modules.push(Period {
                        module,
                        from: list.time,
                        until,
                    }),
                }
            }
        }
        modules
    }

    /// Where an address was that was first seen at a time. The recorder looks at modules now and
    /// then, so a module that it saw a little later than its code ran is as good; and the first one
    /// after that time is better than one that was gone before.
    pub fn place(&self, address: Address, seen: Microseconds) -> Place {
        // the call before a return address lies in the same module, even where that ends
        let call = address.0.wrapping_sub(1);
        let holding = self
            .modules
            .iter()
            .enumerate()
            .filter(|(_, period)| (period.module.start..period.module.end).contains(&call));
        let nearest = holding.min_by_key(|(_, period)| {
            if period.until <= seen {
                (1, seen.0 - period.until.0)
            } else {
                (0, period.from.0.saturating_sub(seen.0))
            }
        });
        Place {
            address,
            module: nearest.map_or(NO_MODULE, |(number, _)| number as u32),
        }
    }

    /// The module of a place.
    pub fn module(&self, place: Place) -> Option<&Module> {
        let period = self.modules.get(place.module as usize)?;
        Some(&period.module)
    }
}

#[cfg(test)]
mod tests {
    use super::Mapped;
    use memprof_recorder::capture::{Module, Modules};
    use memprof_wire::units::{Address, Microseconds};

    fn list(time: u64, modules: &[(&str, u64)]) -> Modules {
        Modules {
            image: 1,
            time: Microseconds(time),
            modules: modules
                .iter()
                .map(|&(path, start)| Module {
                    path: path.into(),
                    start,
                    end: start + 0x1000,
                    ..Module::default()
                })
                .collect(),
        }
    }

    #[test]
    fn of_modules_at_one_place_the_time_decides() {
        let mapped = Mapped::new(vec![vec![
            list(0, &[("/app", 0x1000)]),
            list(100, &[("/app", 0x1000), ("/one.so", 0x9000)]),
            list(200, &[("/app", 0x1000)]),
            list(300, &[("/app", 0x1000), ("/two.so", 0x9000)]),
        ]]);
        let path = |address, seen| {
            let place = mapped.place(Address(address), Microseconds(seen));
            mapped.module(place).map(|module| module.path.as_str())
        };
        assert_eq!(path(0x1500, 250), Some("/app"));
        assert_eq!(path(0x9500, 150), Some("/one.so"));
        // seen before the recorder looked
        assert_eq!(path(0x9500, 99), Some("/one.so"));
        assert_eq!(path(0x9500, 299), Some("/two.so"));
        assert_eq!(path(0x9500, 1000), Some("/two.so"));
        assert_eq!(path(0x5000, 150), None);
        // one module that stays is one module
        let module = |seen| mapped.place(Address(0x1500), Microseconds(seen)).module();
        assert_eq!(module(0), module(1000));
    }

    #[test]
    fn addresses_change_their_meaning_when_a_module_goes_not_when_one_comes() {
        let one = ("/one.so", 0x9000);
        let other_space = vec![list(0, &[one]), list(50, &[one])];
        let mapped = Mapped::new(vec![
            vec![
                list(0, &[("/app", 0x1000), one]),
                list(100, &[("/app", 0x1000), one, ("/more.so", 0xb000)]),
                list(200, &[("/app", 0x1000)]),
                // elsewhere is as good as gone
                list(300, &[("/app", 0x2000), one]),
                list(400, &[]),
            ],
            other_space,
        ]);
        let times = [200, 300, 400].map(Microseconds).to_vec();
        assert_eq!(mapped.unloads(), [times, vec![]]);
    }

    #[test]
    fn a_module_that_was_gone_is_better_than_none() {
        let mapped = Mapped::new(vec![vec![
            list(0, &[("/one.so", 0x9000)]),
            list(10, &[("/app", 0x1000)]),
        ]]);
        let place = mapped.place(Address(0x9500), Microseconds(20));
        let module = mapped.module(place).expect("it was there");
        assert_eq!(module.path, "/one.so");
    }
}
