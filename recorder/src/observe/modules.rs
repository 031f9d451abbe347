//! The files with machine code that a program has mapped, from `/proc/PID/maps`.

use super::build_id::BuildIds;
use crate::capture::Module;
use memprof_wire::units::Microseconds;
use std::fs;
use std::path::Path;

/// After the start, when most programs have loaded what they use.
const SETTLED: u64 = 300_000;
/// Between two looks when nothing tells of changes.
const INTERVAL: u64 = 10_000_000;
/// Between two looks, whatever tells of changes.
const PAUSE: u64 = 20_000;
/// The same where native stacks need the modules: a program may end soon after it loaded one.
const EAGER_PAUSE: u64 = 500;

/// Watches the modules of one process.
#[derive(Debug)]
pub struct ModuleWatch {
    process: u32,
    modules: Vec<Module>,
    changes: u32,
    pause: u64,
    started: Microseconds,
    last: Option<Microseconds>,
}

impl ModuleWatch {
    /// Nothing is known yet. With `eager` the first look is due now, and not when the program has
    /// settled, and changes are looked at soon.
    pub fn new(process: u32, now: Microseconds, eager: bool) -> Self {
        Self {
            process,
            modules: Vec::new(),
            changes: 0,
            pause: if eager { EAGER_PAUSE } else { PAUSE },
            started: now,
            last: (!eager).then_some(now),
        }
    }

    /// Looks, if it is time to; returns the modules when they have changed. `changes` is the
    /// counter that the program's side keeps of them.
    pub fn look(
        &mut self,
        now: Microseconds,
        changes: u32,
        build_ids: &mut BuildIds,
    ) -> Option<&[Module]> {
        if !self.is_due(now, changes) {
            return None;
        }
        self.changes = changes;
        self.last = Some(now);
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.process)).ok()?;
        let mut modules: Vec<Module> = maps.lines().filter_map(module).collect();
        let unchanged = modules.len() == self.modules.len()
            && modules
                .iter()
                .zip(&self.modules)
                .all(|(new, known)| is_same(new, known));
        if modules.is_empty() || unchanged {
            return None;
        }
        for module in &mut modules {
            let known = self.modules.iter().find(|known| is_same(module, known));
            if let Some(known) = known {
                *module = known.clone();
            } else {
                module.time = now.0;
                module.build_id = build_ids.of(self.process, Path::new(&module.path));
            }
        }
        self.modules = modules;
        Some(&self.modules)
    }

    /// Whether these changes were seen.
    pub fn has_seen(&self, changes: u32) -> bool {
        self.last.is_some() && self.changes == changes
    }

    fn is_due(&self, now: Microseconds, changes: u32) -> bool {
        let Some(last) = self.last else { return true };
        let since = now.0 - last.0;
        let settled = self.started.0 + SETTLED;
        since >= INTERVAL
            || last.0 < settled && now.0 >= settled
            || self.changes != changes && since >= self.pause
    }
}

fn is_same(one: &Module, other: &Module) -> bool {
    (one.start, one.end, one.offset, &one.path)
        == (other.start, other.end, other.offset, &other.path)
}

/// The module of one line, if code of a file is mapped there:
/// `7f…-7f… r-xp 00028000 fe:00 1234    /usr/lib/libc.so.6`.
fn module(line: &str) -> Option<Module> {
    let mut fields = line.splitn(6, ' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let permissions = fields.next()?;
    let offset = fields.next()?;
    let path = fields.nth(2)?.trim_start();
    if !permissions.contains('x') || !(path.starts_with('/') || path == "[vdso]") {
        return None;
    }
    let hexadecimal = |digits| u64::from_str_radix(digits, 16).ok();
    Some(Module {
        path: path.to_owned(),
        build_id: None,
        start: hexadecimal(start)?,
        end: hexadecimal(end)?,
        offset: hexadecimal(offset)?,
        time: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::{BuildIds, INTERVAL, ModuleWatch, PAUSE, SETTLED, module};
    use memprof_wire::units::Microseconds;

    #[test]
    fn code_of_files_is_a_module() {
        let line = "7f10-7f20 r-xp 00028000 fe:00 1234      /usr/lib/with space.so";
        let found = module(line).expect("it is code");
        assert_eq!(
            (found.start, found.end, found.offset),
            (0x7f10, 0x7f20, 0x28000)
        );
        assert_eq!(found.path, "/usr/lib/with space.so");
        assert_eq!(
            module("7f10-7f20 r--p 00000000 fe:00 1234      /usr/lib/libc.so"),
            None
        );
        assert_eq!(module("7f10-7f20 rwxp 00000000 00:00 0"), None);
    }

    #[test]
    fn this_program_is_among_its_own_modules_and_is_told_once() {
        let start = 5_000_000;
        let process = std::process::id();
        let mut watch = ModuleWatch::new(process, Microseconds(start), true);
        let mut build_ids = BuildIds::default();
        let modules = watch
            .look(Microseconds(start), 0, &mut build_ids)
            .expect("it is due");
        let own = std::env::current_exe().expect("it is known");
        assert!(
            modules
                .iter()
                .any(|module| module.path == own.to_string_lossy())
        );
        assert!(
            watch
                .look(Microseconds(start + SETTLED), 0, &mut build_ids)
                .is_none()
        );
    }

    #[test]
    fn looks_are_taken_when_there_is_something_to_see() {
        let mut watch = ModuleWatch::new(1, Microseconds(100), false);
        let due = |watch: &ModuleWatch, now, changes| watch.is_due(Microseconds(now), changes);
        assert!(!due(&watch, 100 + SETTLED - 1, 0));
        assert!(due(&watch, 100 + SETTLED, 0));
        assert!(due(&watch, 100 + PAUSE, 1));
        watch.last = Some(Microseconds(100 + SETTLED));
        assert!(!due(&watch, 100 + SETTLED + PAUSE - 1, 1));
        assert!(!due(&watch, 100 + SETTLED + PAUSE, 0));
        assert!(due(&watch, 100 + SETTLED + INTERVAL, 0));
    }
}
