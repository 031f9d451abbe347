//! How a program ended, in words.

use super::measure::Bytes;
use memprof_recorder::capture::Ending;

/// The signal that nobody can catch, and that the kernel ends programs by for want of memory.
const KILL: i32 = 9;

/// The signals of Linux, by their numbers from 1.
const NAMES: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// A signal with its name: `signal 9 (SIGKILL)`.
pub fn signal(number: i32) -> String {
    let place = usize::try_from(number)
        .ok()
        .and_then(|number| number.checked_sub(1));
    match place.and_then(|place| NAMES.get(place)) {
        Some(name) => format!("signal {number} ({name})"),
        None => format!("signal {number}"),
    }
}

/// Whether a program ended in a way that only the kernel or somebody outside can have caused.
pub fn is_abrupt(ending: &Ending) -> bool {
    ending.signal == Some(KILL) || ending.killed_for_memory > 0
}

/// Who was killed, and by whom as far as can be known; `None` where nobody was.
pub fn killed(ending: &Ending) -> Option<String> {
    let group = match ending.memory_limit {
        Some(limit) => format!(
            "its memory group reached its limit of {}",
            Bytes(i64::try_from(limit).unwrap_or(i64::MAX))
        ),
        None => "its memory group reached its limit".to_owned(),
    };
    match (ending.signal, ending.killed_for_memory) {
        (Some(KILL), 0) if ending.killed_for_memory_in_system > 0 => Some(format!(
            "killed by {}, perhaps by the kernel, which killed processes for want of memory \
             meanwhile",
            signal(KILL)
        )),
        (Some(KILL), 0) => Some(format!("killed by {}, nobody knows by whom", signal(KILL))),
        (Some(KILL), 1) => Some(format!("killed by {}: {group}", signal(KILL))),
        (Some(KILL), count) => Some(format!(
            "killed by {}: {group}, and the kernel killed {count} processes of it",
            signal(KILL)
        )),
        (Some(number), 0) => Some(format!("killed by {}", signal(number))),
        (None, 0) => None,
        (_, count) => Some(format!(
            "{group}, and the kernel killed {count} of the processes in it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{killed, signal};
    use memprof_recorder::capture::Ending;

    #[test]
    fn what_is_known_is_said_and_what_is_guessed_is_called_so() {
        let ending = |signal, in_group, in_system| Ending {
            signal,
            killed_for_memory: in_group,
            killed_for_memory_in_system: in_system,
            memory_limit: Some(64 << 20),
            ..Ending::default()
        };
        let words = |signal, group, system| killed(&ending(signal, group, system));
        assert_eq!(words(None, 0, 5), None);
        assert_eq!(
            words(Some(1), 0, 0).as_deref(),
            Some("killed by signal 1 (SIGHUP)")
        );
        assert_eq!(
            words(Some(9), 0, 0).as_deref(),
            Some("killed by signal 9 (SIGKILL), nobody knows by whom")
        );
        assert!(words(Some(9), 0, 1).is_some_and(|it| it.contains("perhaps")));
        assert_eq!(
            words(Some(9), 1, 1).as_deref(),
            Some("killed by signal 9 (SIGKILL): its memory group reached its limit of 64.0 MiB")
        );
        assert!(
            words(None, 2, 2).is_some_and(|it| it.ends_with("killed 2 of the processes in it"))
        );
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!(signal(11), "signal 11 (SIGSEGV)");
        assert_eq!(signal(31), "signal 31 (SIGSYS)");
        assert_eq!(signal(64), "signal 64");
        assert_eq!(signal(-1), "signal -1");
        assert_eq!(signal(0), "signal 0");
    }
}
