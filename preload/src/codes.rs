//! Numbers for pointers that the interpreter owns: code objects and types.
//!
//! Process-wide, lock-free tables. A pointer is forgotten when the block behind it is freed, and
//! only that one: the interpreter uses such addresses again within microseconds.

use crate::raw;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// An entry's key before anybody used it.
const EMPTY: usize = 0;
/// An entry whose pointer was forgotten; look-ups go on behind it.
const FORGOTTEN: usize = 1;
/// An entry that is being filled in.
const FILLING: usize = 2;

/// How many entries the first table of a [`Numbers`] has; each further one has twice as many.
const FIRST: usize = 4096;
const TABLES: usize = 12;
/// Forgotten pointers that threads are told one by one; who missed more starts afresh.
const RECENT: usize = 64;

#[derive(Debug)]
#[repr(C)]
struct Entry {
    key: AtomicUsize,
    number: AtomicU32,
    detail: AtomicU32,
}

impl Entry {
    /// Takes an entry that has this key; false when somebody else did.
    fn claim(&self, key: usize) -> bool {
        self.key
            .compare_exchange(key, FILLING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

/// Numbers for the live pointers of one kind.
#[derive(Debug)]
pub struct Numbers {
    tables: [AtomicPtr<Entry>; TABLES],
    used: [AtomicU32; TABLES],
    next: AtomicU32,
    forgotten: AtomicU64,
    recent: [Recent; RECENT],
}

/// A pointer that was forgotten.
#[derive(Debug)]
struct Recent {
    pointer: AtomicUsize,
    /// How many were forgotten with it; written last, so that it tells that the pointer is there.
    count: AtomicU64,
}

/// A pointer's number, and a word about it that the caller chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The number, from 1.
    pub number: u32,
    /// What was noted with it.
    pub detail: u32,
}

impl Numbers {
    /// No pointer is known.
    pub const fn new() -> Self {
        Self {
            tables: [const { AtomicPtr::new(core::ptr::null_mut()) }; TABLES],
            used: [const { AtomicU32::new(0) }; TABLES],
            next: AtomicU32::new(1),
            forgotten: AtomicU64::new(0),
            recent: [const {
                Recent {
                    pointer: AtomicUsize::new(0),
                    count: AtomicU64::new(0),
                }
            }; RECENT],
        }
    }

    /// The number of a pointer, if it has one.
    #[inline]
    pub fn find(&self, pointer: usize) -> Option<Known> {
        let entry = self.entry(pointer)?;
        let known = Known {
            number: entry.number.load(Ordering::Acquire),
            detail: entry.detail.load(Ordering::Acquire),
        };
        // it may have become another pointer's meanwhile
        (entry.key.load(Ordering::Acquire) == pointer).then_some(known)
    }

    /// Gives a pointer the next number; `None` when memory is short. Two threads that do this at
    /// once for one pointer get two numbers, which means the same to a reader.
    #[cold]
    pub fn insert(&self, pointer: usize, detail: u32) -> Option<Known> {
        for level in 0..TABLES {
            let size = FIRST << level;
            let has_room = (self.used[level].load(Ordering::Relaxed) as usize) < size / 2;
            let table = self.table(level)?;
            let mut place = hash(pointer);
            loop {
                // SAFETY: the masked place is below the size of the table.
                let entry = unsafe { &*table.add(place & (size - 1)) };
                let key = entry.key.load(Ordering::Acquire);
                // what was forgotten is used again: who makes types or code without end has few at a time
                if key == FORGOTTEN || key == EMPTY && has_room {
                    if entry.claim(key) {
                        if key == EMPTY {
                            self.used[level].fetch_add(1, Ordering::Relaxed);
                        }
                        let number = self.next.fetch_add(1, Ordering::Relaxed);
                        entry.number.store(number, Ordering::Release);
                        entry.detail.store(detail, Ordering::Release);
                        entry.key.store(pointer, Ordering::Release);
                        return Some(Known { number, detail });
                    }
                } else if key == EMPTY {
                    break;
                }
                place += 1;
            }
        }
        None
    }

    /// Forgets a pointer, because what it pointed to is gone. False when it was not known. Interpreters with
    /// locks of their own do this at the same time.
    pub fn forget(&self, pointer: usize) -> bool {
        let Some(mut entry) = self.entry(pointer) else {
            return false;
        };
        // twice where two threads made it known at once: a type in use, and found by a census that
        // another interpreter takes under a lock of its own
        loop {
            entry.key.store(FORGOTTEN, Ordering::Release);
            match self.entry(pointer) {
                Some(other) => entry = other,
                None => break,
            }
        }
        let count = self.forgotten.fetch_add(1, Ordering::AcqRel);
        let recent = &self.recent[count as usize % RECENT];
        recent.pointer.store(pointer, Ordering::Release);
        recent.count.store(count + 1, Ordering::Release);
        true
    }

    /// Forgets every pointer, in the child of a fork: what its parent has defined stands in the
    /// parent's image of the recording. Only one thread may be there.
    pub fn start_afresh(&self) {
        for (level, table) in self.tables.iter().enumerate() {
            let old = table.swap(core::ptr::null_mut(), Ordering::AcqRel);
            self.used[level].store(0, Ordering::Relaxed);
            if !old.is_null() {
                // SAFETY: the only thread is here, and not in the table.
                unsafe { raw::unmap(old.cast(), (FIRST << level) * size_of::<Entry>()) };
            }
        }
    }

    /// Calls `each` with every pointer that is known.
    pub fn each(&self, mut each: impl FnMut(usize)) {
        for (level, table) in self.tables.iter().enumerate() {
            let table = table.load(Ordering::Acquire);
            if table.is_null() {
                return;
            }
            for place in 0..FIRST << level {
                // SAFETY: the place is below the size of the table, which never moves.
                let key = unsafe { &*table.add(place) }.key.load(Ordering::Acquire);
                if key > FILLING {
                    each(key);
                }
            }
        }
    }

    /// How many pointers were forgotten so far.
    #[inline(always)]
    pub fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Acquire)
    }

    /// Calls `each` for the pointers forgotten since `seen`; false when there were too many, or one that is
    /// being forgotten right now.
    pub fn forgotten_since(&self, seen: u64, mut each: impl FnMut(usize)) -> bool {
        let now = self.forgotten();
        if now - seen > RECENT as u64 / 2 {
            return false;
        }
        for count in seen..now {
            let recent = &self.recent[count as usize % RECENT];
            if recent.count.load(Ordering::Acquire) != count + 1 {
                return false;
            }
            each(recent.pointer.load(Ordering::Acquire));
        }
        // none of them has made way for a later one meanwhile
        self.forgotten() - seen <= RECENT as u64
    }

    #[inline]
    fn entry(&self, pointer: usize) -> Option<&Entry> {
        for (level, table) in self.tables.iter().enumerate() {
            let table = table.load(Ordering::Acquire);
            if table.is_null() {
                return None;
            }
            let size = FIRST << level;
            let mut place = hash(pointer);
            loop {
                // SAFETY: the masked place is below the size of the table, which never moves. At
                // most half of a table is used, so an empty entry ends the loop.
                let entry = unsafe { &*table.add(place & (size - 1)) };
                let key = entry.key.load(Ordering::Acquire);
                if key == pointer {
                    return Some(entry);
                }
                if key == EMPTY {
                    break;
                }
                place += 1;
            }
        }
        None
    }

    fn table(&self, level: usize) -> Option<*mut Entry> {
        let table = self.tables[level].load(Ordering::Acquire);
        if !table.is_null() {
            return Some(table);
        }
        let bytes = (FIRST << level) * size_of::<Entry>();
        let fresh = raw::map(bytes)?.cast();
        let empty = core::ptr::null_mut();
        match self.tables[level].compare_exchange(empty, fresh, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => Some(fresh),
            Err(theirs) => {
                // SAFETY: made above and known to nobody.
                unsafe { raw::unmap(fresh.cast(), bytes) };
                Some(theirs)
            }
        }
    }
}

#[inline(always)]
fn hash(pointer: usize) -> usize {
    (pointer >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

#[cfg(test)]
mod tests {
    use super::Numbers;
    use core::sync::atomic::Ordering;
    use std::sync::Barrier;

    #[test]
    fn a_pointer_keeps_its_number_until_it_is_forgotten() {
        let numbers = Numbers::new();
        assert_eq!(numbers.find(0x1000), None);
        let first = numbers.insert(0x1000, 7);
        assert_eq!(
            first.map(|known| (known.number, known.detail)),
            Some((1, 7))
        );
        assert_eq!(numbers.find(0x1000), first);
        assert!(numbers.forget(0x1000));
        assert!(!numbers.forget(0x1000));
        assert_eq!(numbers.find(0x1000), None);
        assert_eq!(numbers.insert(0x1000, 7).map(|known| known.number), Some(2));
    }

    #[test]
    fn more_pointers_than_one_table_holds() {
        let numbers = Numbers::new();
        for pointer in 1..=20_000usize {
            assert!(numbers.insert(pointer * 16, 0).is_some());
        }
        for pointer in 1..=20_000usize {
            assert_eq!(
                numbers.find(pointer * 16).map(|known| known.number),
                Some(pointer as u32)
            );
        }
    }

    #[test]
    fn a_pointer_that_two_threads_made_known_at_once_is_forgotten_as_a_whole() {
        let numbers = Numbers::new();
        let both_looked = Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    assert_eq!(numbers.find(0x40), None);
                    both_looked.wait();
                    assert!(numbers.insert(0x40, 0).is_some());
                });
            }
        });
        let seen = numbers.forgotten();
        assert!(numbers.forget(0x40));
        assert_eq!(numbers.find(0x40), None);
        assert_eq!(numbers.forgotten(), seen + 1);
    }

    #[test]
    fn what_comes_and_goes_needs_no_more_room() {
        let numbers = Numbers::new();
        for pointer in 1..=100_000usize {
            assert!(numbers.insert(pointer * 16, 0).is_some());
            assert_eq!(
                numbers.find(pointer * 16).map(|known| known.number),
                Some(pointer as u32)
            );
            assert!(numbers.forget(pointer * 16));
            assert_eq!(numbers.find(pointer * 16), None);
        }
        assert!(numbers.tables[5].load(Ordering::Relaxed).is_null());
    }

    #[test]
    fn the_child_of_a_fork_numbers_afresh() {
        let numbers = Numbers::new();
        numbers.insert(0x20, 0);
        numbers.start_afresh();
        assert_eq!(numbers.find(0x20), None);
        assert_eq!(numbers.insert(0x20, 0).map(|known| known.number), Some(2));
    }

    #[test]
    fn threads_learn_which_pointers_are_gone() {
        let numbers = Numbers::new();
        numbers.insert(0x20, 0);
        numbers.insert(0x30, 0);
        let seen = numbers.forgotten();
        numbers.forget(0x30);
        let mut gone = Vec::new();
        assert!(numbers.forgotten_since(seen, |pointer| gone.push(pointer)));
        assert_eq!(gone, [0x30]);
    }

    #[test]
    fn pointers_that_are_forgotten_at_the_same_time_are_all_told() {
        const EACH: usize = 5_000;
        let numbers = Numbers::new();
        std::thread::scope(|scope| {
            for thread in 1..=4usize {
                let numbers = &numbers;
                scope.spawn(move || {
                    let own = thread << 32;
                    for _ in 0..EACH {
                        let seen = numbers.forgotten();
                        numbers.insert(own, 0);
                        assert!(numbers.forget(own));
                        let mut gone = Vec::new();
                        let all = numbers.forgotten_since(seen, |pointer| gone.push(pointer));
                        assert!(!all || gone.contains(&own));
                    }
                });
            }
        });
        assert_eq!(numbers.forgotten(), 4 * EACH as u64);
    }
}
