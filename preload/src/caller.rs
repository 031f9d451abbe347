//! Where a hook was called from, taken before the hook has a frame of its own.
//!
//! A hook that records a stack is entered by way of three instructions that have no frame: they
//! hand it, behind its own arguments, what the processor knows of the frame that called. So the
//! native stack begins at that frame, and nobody has to walk through this library first.

/// The frame that called a hook.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Caller {
    /// Where the return address stands.
    return_slot: usize,
    /// `rbp`, a frame pointer or anything else.
    bp: usize,
}

impl Caller {
    /// The instruction to which the hook returns.
    #[inline(always)]
    pub fn ip(self) -> usize {
        // SAFETY: the hook has not returned yet, so its return address is where it was.
        unsafe { (self.return_slot as *const usize).read_volatile() }
    }

    /// The stack pointer, as it is once the hook has returned.
    #[inline(always)]
    pub fn sp(self) -> usize {
        self.return_slot + 8
    }

    /// See the field.
    #[inline(always)]
    pub fn bp(self) -> usize {
        self.bp
    }
}

/// Defines the way into a hook: a function of these arguments, which goes on in `$hook` with a
/// [`Caller`] as one argument more.
macro_rules! entrance {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident $(<$($type:ident: $bound:path),+>)?
        ($first:ty) -> $result:ty => $hook:path) => {
        $crate::caller::entrance!(@ "rsi", "rdx", $(#[$attribute])* $visibility fn $name
            $(<$($type: $bound),+>)? ($first) -> $result => $hook);
    };
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident $(<$($type:ident: $bound:path),+>)?
        ($first:ty, $second:ty) -> $result:ty => $hook:path) => {
        $crate::caller::entrance!(@ "rdx", "rcx", $(#[$attribute])* $visibility fn $name
            $(<$($type: $bound),+>)? ($first, $second) -> $result => $hook);
    };
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident $(<$($type:ident: $bound:path),+>)?
        ($first:ty, $second:ty, $third:ty) -> $result:ty => $hook:path) => {
        $crate::caller::entrance!(@ "rcx", "r8", $(#[$attribute])* $visibility fn $name
            $(<$($type: $bound),+>)? ($first, $second, $third) -> $result => $hook);
    };
    (@ $slot:literal, $base:literal, $(#[$attribute:meta])* $visibility:vis fn $name:ident
        $(<$($type:ident: $bound:path),+>)? ($($argument:ty),+) -> $result:ty => $hook:path) => {
        $(#[$attribute])*
        #[unsafe(naked)]
        $visibility unsafe extern "C" fn $name $(<$($type: $bound),+>)? ($(_: $argument),+) -> $result {
            // the next two registers after those of the arguments, by the calling convention
            core::arch::naked_asm!(
                ".cfi_startproc",
                concat!("mov ", $slot, ", rsp"),
                concat!("mov ", $base, ", rbp"),
                "jmp {hook}",
                ".cfi_endproc",
                hook = sym $hook,
            )
        }
    };
}
pub(crate) use entrance;
