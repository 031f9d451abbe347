//! Libraries that come and go while the program runs.
//!
//! `dlopen` looks for a bare file name where the *calling* object says (`DT_RUNPATH`), and knows
//! its caller by the return address. A hook in between would be taken for the caller; so a call
//! that depends on it is not wrapped but handed on by a jump, and its effects are noticed at the
//! next call that is wrapped.

use crate::guard::Guard;
use crate::hooks::python;
use crate::stack::native;
use crate::thread::Thread;
use crate::{elf, original, session};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use memprof_wire::event::{Event, Note};

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void {
    core::arch::naked_asm!(
        "push rdi",
        "push rsi",
        "sub rsp, 8",
        "mov rsi, qword ptr [rsp + 24]",
        "call {search}",
        "add rsp, 8",
        "pop rsi",
        "pop rdi",
        "test rax, rax",
        "je {wrapped}",
        "jmp rax",
        search = sym original_if_caller_matters,
        wrapped = sym open_and_look,
    )
}

/// The address of the original `dlopen` when its caller decides where the file is looked for; else
/// zero.
unsafe extern "C" fn original_if_caller_matters(
    name: *const c_char,
    return_address: usize,
) -> usize {
    if name.is_null() {
        return 0;
    }
    // SAFETY: the caller's argument: a text.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    if name.contains(&b'/') && !name.contains(&b'$') {
        return 0;
    }
    // the caller is the object with the greatest base below the return address
    let matters = elf::held(|| {
        let caller = elf::objects()
            .filter(|object| object.base() <= return_address)
            .max_by_key(|object| object.base());
        caller.is_some_and(elf::Object::has_search_path)
    });
    if matters {
        changed();
        native::forget_all();
        return original::DLOPEN.address().unwrap_or(0);
    }
    0
}

/// See the C library's manual.
unsafe extern "C" fn open_and_look(name: *const c_char, flags: c_int) -> *mut c_void {
    let Some(original) = original::dlopen() else {
        return core::ptr::null_mut();
    };
    // SAFETY: the caller's arguments, handed on.
    let library = unsafe { original(name, flags) };
    if !library.is_null() {
        changed();
        if native::wanted() && !name.is_null() {
            // SAFETY: the caller's argument: a text.
            native::greenlets::look_in(unsafe { CStr::from_ptr(name) });
        }
        if flags & libc::RTLD_DEEPBIND != 0 {
            note_deep_binding();
        }
        if python::install_if_loaded() {
            // what came by dlopen could go by dlclose, and its functions and data are used now
            let is_interpreter = |object: &&elf::Object| object.find(c"_PyRuntime").is_some();
            if let Some(interpreter) = elf::held(|| elf::objects().find(is_interpreter)) {
                pin(interpreter);
            }
        }
        python::reinstall_if_lost(None);
    }
    library
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn dlclose(library: *mut c_void) -> c_int {
    let Some(original) = original::dlclose() else {
        return -1;
    };
    session::await_look();
    let count = || elf::held(|| elf::objects().count());
    let before = count();
    native::forget_all();
    // SAFETY: the caller's argument, handed on.
    let result = unsafe { original(library) };
    native::forget_all();
    if count() < before {
        native::greenlets::look_again();
        native::forget_meanings();
    }
    changed();
    // another library may come to the same place
    session::await_look();
    result
}

/// Says, once, that a library goes past the hooks.
#[cold]
fn note_deep_binding() {
    static SAID: AtomicBool = AtomicBool::new(false);
    if let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
        && !SAID.swap(true, Ordering::Relaxed)
    {
        thread.event(&Event::Note(Note::DeepBinding));
    }
}

/// Keeps a library loaded for good.
fn pin(object: &elf::Object) {
    // what the loader allocates for this is not the program's
    let _guard = Guard::enter();
    // SAFETY: the name that the loader itself has for an object that is loaded.
    unsafe {
        if let Some(original) = original::dlopen()
            && !object.name().is_null()
            && object.name().read() != 0
        {
            let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
            original(object.name(), flags);
        }
    }
}

/// Tells the recorder that the list of modules is another one.
fn changed() {
    if let Some(_guard) = Guard::enter()
        && let Some(page) = session::page()
    {
        page.module_changes.fetch_add(1, Ordering::Relaxed);
    }
}
