//! The program's environment: taken out of it is what brought this library here, put back only for
//! an `exec` that stays in the recording.

use crate::session;
use core::ffi::{CStr, c_char};
use memprof_wire::environment::{LD_PRELOAD, SESSION};

/// Room for one variable, `NAME=value` and the closing zero.
const ROOM: usize = 4352;

/// The two variables as `memprof run` set them, kept for an `exec`.
#[derive(Debug)]
pub struct Carried {
    /// `MEMPROF_SESSION=…`
    session: [u8; ROOM],
    /// `LD_PRELOAD=…`, this library first
    preload: [u8; ROOM],
}

impl Carried {
    /// Nothing kept.
    pub const fn empty() -> Self {
        Self {
            session: [0; ROOM],
            preload: [0; ROOM],
        }
    }

    /// The value of `MEMPROF_SESSION`: the path of the session.
    pub fn session_path(&self) -> Option<&CStr> {
        let value = self.session.get(SESSION.len() + 1..)?;
        if self.session[0] == 0 {
            None
        } else {
            CStr::from_bytes_until_nul(value).ok()
        }
    }
}

#[cfg(not(test))]
unsafe extern "C" {
    #[link_name = "environ"]
    static ENVIRONMENT: *const *const c_char;
}

/// The program's present environment array; null before the C library is ready.
pub fn present() -> *const *const c_char {
    #[cfg(test)]
    return core::ptr::null();
    #[cfg(not(test))]
    // SAFETY: the C library's variable; programs that change it while they exec are on their own.
    unsafe {
        (&raw const ENVIRONMENT).read()
    }
}

/// Keeps both variables in `carried`. False when the session's is not there.
///
/// # Safety
///
/// `variables` must be an environment array: it ends with a null pointer.
pub unsafe fn keep(variables: *mut *mut c_char, carried: &mut Carried) -> bool {
    let mut from = variables;
    // SAFETY: the array ends with a null pointer, its strings with a zero byte.
    unsafe {
        while !from.is_null() && !(*from).is_null() {
            let variable = CStr::from_ptr(*from).to_bytes_with_nul();
            if is_named(variable, SESSION) {
                store(variable, &mut carried.session);
            } else if is_named(variable, LD_PRELOAD) {
                store(variable, &mut carried.preload);
            }
            from = from.add(1);
        }
    }
    carried.session[0] != 0 && carried.preload[0] != 0
}

/// Takes both variables out, so that the program finds what its user set.
///
/// # Safety
///
/// `variables` must be the environment array of a program whose `main` has not begun.
pub unsafe fn remove(variables: *mut *mut c_char) {
    let mut from = variables;
    let mut to = variables;
    // SAFETY: the array ends with a null pointer, its strings with a zero byte; `to` never
    // overtakes `from`.
    unsafe {
        while !(*from).is_null() {
            let variable = CStr::from_ptr(*from).to_bytes_with_nul();
            let stays = if is_named(variable, LD_PRELOAD) {
                drop_first_entry((*from).cast(), variable.len())
            } else {
                !is_named(variable, SESSION)
            };
            if stays {
                *to = *from;
                to = to.add(1);
            }
            from = from.add(1);
        }
        *to = core::ptr::null_mut();
    }
}

fn is_named(variable: &[u8], name: &str) -> bool {
    variable.starts_with(name.as_bytes()) && variable.get(name.len()) == Some(&b'=')
}

fn store(variable: &[u8], room: &mut [u8; ROOM]) -> bool {
    let Some(room) = room.get_mut(..variable.len()) else {
        return false;
    };
    room.copy_from_slice(variable);
    true
}

/// Removes the first entry, this library's own, from `LD_PRELOAD=…` in place. False when nothing
/// was behind it, and so the variable did not exist.
///
/// # Safety
///
/// `variable` must be a writable string of `length` bytes, its closing zero included.
unsafe fn drop_first_entry(variable: *mut u8, length: usize) -> bool {
    let start = LD_PRELOAD.len() + 1;
    // SAFETY: all positions are below `length`.
    unsafe {
        let Some(colon) = (start..length).find(|&place| *variable.add(place) == b':') else {
            return false;
        };
        core::ptr::copy(
            variable.add(colon + 1),
            variable.add(start),
            length - colon - 1,
        );
    }
    true
}

/// The most variables that [`Extended`] has room for.
const VARIABLES: usize = 1020;

/// An environment array with the two variables in it, for an `exec` that stays in the recording.
#[derive(Debug)]
pub struct Extended {
    variables: [*const c_char; VARIABLES + 3],
}

impl Extended {
    /// The array to hand to the kernel: `variables` with this library's own set again, or as it is
    /// when there are too many.
    ///
    /// # Safety
    ///
    /// `variables` must be an environment array, or null.
    pub unsafe fn with<R>(
        variables: *const *const c_char,
        then: impl FnOnce(*const *const c_char) -> R,
    ) -> R {
        let carried = session::carried();
        let mut extended = Self {
            variables: [core::ptr::null(); VARIABLES + 3],
        };
        let mut preload = carried.preload;
        let mut count = 0;
        let mut from = variables;
        // SAFETY: the array ends with a null pointer, its strings with a zero byte.
        unsafe {
            while !from.is_null() && !(*from).is_null() {
                if count == VARIABLES {
                    return then(variables);
                }
                let variable = CStr::from_ptr(*from).to_bytes_with_nul();
                if is_named(variable, LD_PRELOAD) {
                    prepend(&mut preload, variable);
                } else {
                    extended.variables[count] = *from;
                    count += 1;
                }
                from = from.add(1);
            }
        }
        extended.variables[count] = carried.session.as_ptr().cast();
        extended.variables[count + 1] = preload.as_ptr().cast();
        then(extended.variables.as_ptr())
    }
}

/// Makes `LD_PRELOAD=` of this library and of what the program has set by now.
fn prepend(preload: &mut [u8; ROOM], variable: &[u8]) {
    let start = LD_PRELOAD.len() + 1;
    let own = preload[start..]
        .iter()
        .position(|&byte| byte == b':' || byte == 0)
        .map_or(start, |length| start + length);
    // a program that was followed here has this library in its own environment
    let mut theirs = &variable[start..];
    while let Some(rest) = theirs.strip_prefix(&preload[start..own])
        && let [b':' | b'\0', behind @ ..] = rest
    {
        theirs = behind;
    }
    if theirs.len() <= 1 {
        preload[own] = 0;
    } else if let Some(room) = preload.get_mut(own + 1..own + 1 + theirs.len()) {
        room.copy_from_slice(theirs);
        preload[own] = b':';
    }
}

#[cfg(test)]
mod tests {
    use super::{Carried, ROOM, keep, prepend, remove};
    use std::ffi::{CStr, CString, c_char};

    fn taken(variables: &[&str]) -> (bool, Vec<String>, Box<Carried>) {
        let mut array: Vec<*mut c_char> = variables
            .iter()
            .map(|text| CString::new(*text).expect("no zero byte").into_raw())
            .collect();
        array.push(std::ptr::null_mut());
        let mut carried = Box::new(Carried::empty());
        // SAFETY: an array of writable strings that ends with a null pointer.
        let found = unsafe { keep(array.as_mut_ptr(), &mut carried) };
        if found {
            // SAFETY: the same array.
            unsafe { remove(array.as_mut_ptr()) };
        }
        let rest = array
            .iter()
            .take_while(|variable| !variable.is_null())
            .map(|&variable| {
                // SAFETY: the strings were made above.
                unsafe { CStr::from_ptr(variable) }
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        (found, rest, carried)
    }

    #[test]
    fn the_program_sees_the_environment_its_user_set() {
        let (found, rest, carried) = taken(&[
            "A=1",
            "LD_PRELOAD=/x/ours.so:/y/theirs.so",
            "MEMPROF_SESSION=/s",
            "B=2",
        ]);
        assert!(found);
        assert_eq!(rest, ["A=1", "LD_PRELOAD=/y/theirs.so", "B=2"]);
        assert_eq!(carried.session_path(), Some(c"/s"));
    }

    #[test]
    fn a_variable_that_only_this_library_needed_vanishes() {
        let (_, rest, _) = taken(&["LD_PRELOAD=/x/ours.so", "MEMPROF_SESSION=/s", "B=2"]);
        assert_eq!(rest, ["B=2"]);
    }

    #[test]
    fn this_library_stands_once_before_what_the_program_preloads() {
        let prepended = |variable: &str| {
            let mut preload = [0; ROOM];
            let own = b"LD_PRELOAD=/x/ours.so:/y/theirs.so\0";
            preload[..own.len()].copy_from_slice(own);
            prepend(&mut preload, format!("{variable}\0").as_bytes());
            let text = CStr::from_bytes_until_nul(&preload).expect("it ends");
            text.to_str().expect("a text").to_owned()
        };
        for (variable, expected) in [
            (
                "LD_PRELOAD=/y/theirs.so",
                "LD_PRELOAD=/x/ours.so:/y/theirs.so",
            ),
            (
                "LD_PRELOAD=/x/ours.so:/y/theirs.so",
                "LD_PRELOAD=/x/ours.so:/y/theirs.so",
            ),
            (
                "LD_PRELOAD=/x/ours.so:/x/ours.so:/z/new.so",
                "LD_PRELOAD=/x/ours.so:/z/new.so",
            ),
            ("LD_PRELOAD=/x/ours.so", "LD_PRELOAD=/x/ours.so"),
            ("LD_PRELOAD=", "LD_PRELOAD=/x/ours.so"),
            (
                "LD_PRELOAD=/x/ours.so.old",
                "LD_PRELOAD=/x/ours.so:/x/ours.so.old",
            ),
        ] {
            assert_eq!(prepended(variable), expected, "{variable}");
        }
    }

    #[test]
    fn without_a_session_nothing_is_recorded() {
        let (found, rest, _) = taken(&["A=1"]);
        assert!(!found);
        assert_eq!(rest, ["A=1"]);
    }
}
