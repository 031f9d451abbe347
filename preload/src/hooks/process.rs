//! The start of the program, and what becomes of it: `exec` and `vfork`.
//!
//! A fork needs no hook: the memory that says which ring is a thread's own is wiped in the child.
//! Only when children are followed, the C library is asked to say when it forks, so that the child
//! can tell what it inherited.

use crate::environment::{Extended, present as environment};
use crate::guard::Guard;
use crate::hooks::python;
use crate::thread::Thread;
use crate::{census, elf, original, raw, session, tls};
use core::ffi::{c_char, c_int, c_void};
use memprof_wire::event::Event;
use memprof_wire::session::option;

/// Asks the C library to call [`before_fork`] and [`after_fork`]. Handlers that run before a fork
/// run in the reverse order of their registration, so that this one, registered before the
/// program's first constructor, is the last.
pub fn watch_forks() {
    type Handler = Option<unsafe extern "C" fn()>;
    type Register = unsafe extern "C" fn(Handler, Handler, Handler, *mut c_void) -> c_int;
    if !session::wants(option::FOLLOW_CHILDREN) {
        return;
    }
    // pthread_atfork itself is no symbol of the C library: each program has a copy that calls this
    if let Some(register) = elf::find_behind(c"__register_atfork") {
        // SAFETY: the C library's function, with its type; a null handle is that of the program,
        // whose handlers are never removed.
        unsafe {
            let register: Register = core::mem::transmute(register);
            register(
                Some(before_fork),
                Some(after_fork),
                None,
                core::ptr::null_mut(),
            );
        }
    }
}

/// Takes a turn: what this process did before it, its child inherits. A child that has recorded
/// nothing yet has only what it inherited itself, so the turn of its own fork stays.
unsafe extern "C" fn before_fork() {
    if let Some(page) = session::page()
        && raw::process() == session::process()
    {
        // SAFETY: the block is the calling thread's.
        unsafe { (*tls::tls()).forked_at = page.next_turn().0 };
    }
}

/// In the parent: the turn is over.
unsafe extern "C" fn after_fork() {
    if raw::process() == session::process() {
        // SAFETY: the block is the calling thread's.
        unsafe { (*tls::tls()).forked_at = 0 };
    }
}

type Main = unsafe extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;
type Texts = *const *const c_char;

/// The C library's entry: what `_start` calls. Here is the only place where the interpreter is
/// loaded and has not begun.
///
/// # Safety
///
/// That of the C library's function; only the program's start code calls it.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __libc_start_main(
    main: Option<Main>,
    count: c_int,
    arguments: *mut *mut c_char,
    init: *mut c_void,
    fini: *mut c_void,
    loader_fini: *mut c_void,
    stack_end: *mut c_void,
) -> c_int {
    type Start = unsafe extern "C" fn(
        Option<Main>,
        c_int,
        *mut *mut c_char,
        *mut c_void,
        *mut c_void,
        *mut c_void,
        *mut c_void,
    ) -> c_int;
    if session::page().is_some() {
        let program = elf::objects().find(|object| object.is_program());
        if program.is_some_and(|program| program.mentions(c"Py_BytesMain")) {
            // SAFETY: the program is a Python that has not begun, and these are its arguments.
            unsafe { initialise_allocators(count, arguments) };
        }
        python::install_if_loaded();
    }
    let Some(start) = elf::find_behind(c"__libc_start_main") else {
        return 127;
    };
    // SAFETY: the C library's own function, and the arguments that were meant for it.
    unsafe {
        let start: Start = core::mem::transmute(start);
        start(main, count, arguments, init, fini, loader_fini, stack_end)
    }
}

/// Does what `Py_BytesMain` does first: pre-initialises the interpreter, which chooses its
/// allocators. Hooks set before that would be dropped when `PYTHONMALLOC` or `-X dev` is given;
/// the interpreter itself finds the work done and keeps them.
///
/// # Safety
///
/// The program must be a Python whose `main` has not begun, with these arguments.
unsafe fn initialise_allocators(count: c_int, arguments: *mut *mut c_char) {
    /// `PyPreConfig`: ten ints, with room for more.
    #[repr(C, align(8))]
    struct PreConfig([u8; 256]);
    /// `PyStatus`
    #[repr(C)]
    struct Status([usize; 4]);
    type Initialise = unsafe extern "C" fn(*mut PreConfig);
    type PreInitialise = unsafe extern "C" fn(*const PreConfig, isize, *mut *mut c_char) -> Status;
    let (Some(initialise), Some(pre_initialise)) = (
        elf::find(c"PyPreConfig_InitPythonConfig"),
        elf::find(c"Py_PreInitializeFromBytesArgs"),
    ) else {
        return;
    };
    let mut config = PreConfig([0; 256]);
    // SAFETY: the interpreter's own functions, with the types of its headers. An error is not
    // ours to report: the interpreter comes upon it again by itself.
    unsafe {
        let initialise: Initialise = core::mem::transmute(initialise);
        let pre_initialise: PreInitialise = core::mem::transmute(pre_initialise);
        initialise(&raw mut config);
        pre_initialise(&raw const config, count as isize, arguments);
    }
    crate::python::note_preinitialised();
}

/// Calls `exec` with the environment it is to have.
unsafe fn with_environment(variables: Texts, exec: impl FnOnce(Texts) -> c_int) -> c_int {
    if session::keeps_recording_after_exec() {
        // SAFETY: the caller's environment array.
        unsafe { Extended::with(variables, exec) }
    } else {
        exec(variables)
    }
}

macro_rules! exec {
    ($name:ident($($argument:ident: $type:ty),*; $variables:expr) => $original:ident($($handed:ident),*)) => {
        /// See the C library's manual.
        ///
        /// # Safety
        ///
        /// That of the C library's function.
        #[cfg_attr(not(test), unsafe(no_mangle))]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> c_int {
            let Some(original) = original::$original() else { return -1 };
            // SAFETY: the caller's arguments, handed on.
            unsafe {
                with_environment($variables, |environment| original($($handed,)* environment))
            }
        }
    };
}

exec!(execve(path: *const c_char, arguments: Texts, variables: Texts; variables) => execve(path, arguments));
exec!(execv(path: *const c_char, arguments: Texts; environment()) => execve(path, arguments));
exec!(execvpe(file: *const c_char, arguments: Texts, variables: Texts; variables) => execvpe(file, arguments));
exec!(execvp(file: *const c_char, arguments: Texts; environment()) => execvpe(file, arguments));
exec!(fexecve(file: c_int, arguments: Texts, variables: Texts; variables) => fexecve(file, arguments));

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn execveat(
    folder: c_int,
    path: *const c_char,
    arguments: Texts,
    variables: Texts,
    flags: c_int,
) -> c_int {
    let Some(original) = original::execveat() else {
        return -1;
    };
    // SAFETY: the caller's arguments, handed on.
    unsafe {
        with_environment(variables, |environment| {
            original(folder, path, arguments, environment, flags)
        })
    }
}

/// The most arguments that `execl` and its kin are taken to have.
const ARGUMENTS: usize = 512;

/// What the exported `execl`, `execlp` and `execle` share: their arguments are listed one by one,
/// five in registers and the others on the stack.
unsafe extern "C" fn exec_listed(
    path: *const c_char,
    in_registers: *const *const c_char,
    on_stack: *const *const c_char,
    kind: c_int,
) -> c_int {
    let mut arguments = [core::ptr::null(); ARGUMENTS];
    let mut variables = environment();
    // SAFETY: the list ends with a null pointer; for execle the environment follows it.
    unsafe {
        let listed = |place: usize| {
            if place < 5 {
                *in_registers.add(place)
            } else {
                *on_stack.add(place - 5)
            }
        };
        let mut count = 0;
        while !listed(count).is_null() {
            if count == ARGUMENTS - 1 {
                return -1;
            }
            arguments[count] = listed(count);
            count += 1;
        }
        match kind {
            0 => execve(path, arguments.as_ptr(), variables),
            1 => execvpe(path, arguments.as_ptr(), variables),
            _ => {
                variables = listed(count + 1).cast();
                execve(path, arguments.as_ptr(), variables)
            }
        }
    }
}

macro_rules! exec_listed {
    ($name:ident, $kind:literal) => {
        /// See the C library's manual. Takes any number of arguments.
        ///
        /// # Safety
        ///
        /// That of the C library's function.
        #[cfg_attr(not(test), unsafe(no_mangle))]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name(path: *const c_char, first: *const c_char) -> c_int {
            core::arch::naked_asm!(
                "push r9",
                "push r8",
                "push rcx",
                "push rdx",
                "push rsi",
                "mov rsi, rsp",
                "lea rdx, [rsp + 48]",
                "mov ecx, {kind}",
                "call {exec}",
                "add rsp, 40",
                "ret",
                kind = const $kind,
                exec = sym exec_listed,
            )
        }
    };
}

exec_listed!(execl, 0);
exec_listed!(execlp, 1);
exec_listed!(execle, 2);

/// Says that the process ends, where others of the recording may go on: its parent may know of it
/// before the recorder does. A child that recorded nothing has nothing to say.
fn tell_of_the_end() {
    if session::wants(option::FOLLOW_CHILDREN)
        && session::process() == raw::process()
        && let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        thread.event(&Event::Exits);
    }
}

macro_rules! immediate_exit {
    ($name:ident, $symbol:literal) => {
        /// See the C library's manual. What is alive here stays so: this is the last chance to look.
        ///
        /// # Safety
        ///
        /// That of the C library's function.
        #[cfg_attr(not(test), unsafe(export_name = $symbol))]
        pub unsafe extern "C" fn $name(status: c_int) -> ! {
            census::at_exit();
            tell_of_the_end();
            match original::exit() {
                // SAFETY: the caller's argument, handed on.
                Some(original) => unsafe { original(status) },
                None => raw::exit(status),
            }
        }
    };
}

immediate_exit!(exit_now, "_exit");
immediate_exit!(exit_now_by_another_name, "_Exit");

/// See the C library's manual.
///
/// The child runs on its parent's memory, ring included, while the parent waits. Its thread-local
/// block says "record nothing", and the parent's word is put back when the parent goes on. The
/// function returns twice, so it keeps the return address in a register.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn vfork() -> c_int {
    core::arch::naked_asm!(
        "mov rsi, qword ptr fs:[0]",
        "add rsi, qword ptr [rip + memprof_tls@GOTTPOFF]",
        "mov rdx, qword ptr [rsi]",
        "mov qword ptr [rsi + 8], rdx",
        "pop rdi",
        "mov eax, 58",
        "syscall",
        "push rdi",
        "test eax, eax",
        "jne 2f",
        "mov qword ptr [rsi], 1",
        "ret",
        "2:",
        "mov rdx, qword ptr [rsi + 8]",
        "mov qword ptr [rsi], rdx",
        "cmp eax, -4095",
        "jae 3f",
        "ret",
        "3:",
        "neg eax",
        "push rax",
        "call {error}",
        "pop rdx",
        "mov dword ptr [rax], edx",
        "mov eax, -1",
        "ret",
        error = sym libc::__errno_location,
    )
}
