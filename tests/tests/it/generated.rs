//! Machine code that is made while a program runs is a part of its stacks.

use crate::interpreters;
use crate::known::allocations;
use crate::native::functions_of;
use crate::programs::{self, source};
use crate::scenario::Scenario;

/// How often functions allocated that were called by Python, by a function of C, and by each other. There
/// are more of them than trampolines on a page, and than rules that never come to the same place.
#[test]
fn stacks_go_through_the_trampolines_of_perf() {
    let with_perf = |it: &&interpreters::Interpreter| it.version >= (3, 12);
    for interpreter in interpreters::all().iter().filter(with_perf) {
        let run = Scenario::program(&interpreter.path)
            .argument("-X")
            .argument("perf")
            .argument(source("trampolines.py"))
            .option("--native")
            .recorded();
        let (mut direct, mut by_sort, mut in_chains) = (0, 0, 0);
        for (stack, count) in allocations(&run, "maker_") {
            let is_in_no_file = |name: &str| name.starts_with("0x") && !name.contains(" in ");
            let is_odd = |name: &str| name.contains("unknown") || is_in_no_file(name);
            assert!(!stack.split(';').any(is_odd), "{interpreter}: {stack}");
            let calls = match stack.split("every_caller").nth(1) {
                None => &mut in_chains,
                Some(inside) if inside.contains("list_sort") => &mut by_sort,
                Some(_) => &mut direct,
            };
            *calls += count;
        }
        // an object and its bytes each
        assert_eq!((direct, by_sort), (1000, 1000), "{interpreter}");
        // the same at the end of each chain, the rest of it at each call but the last two, and what the
        // interpreter needs for a trampoline
        assert!(in_chains >= 60 * (2 + 198), "{interpreter}: {in_chains}");
    }
}

/// Code that was registered, other code in its place, and code of which nobody knows anything.
#[test]
fn stacks_go_through_code_whose_tables_are_registered() {
    let run = Scenario::program(programs::c("compiled")).recorded();
    assert_eq!(run.stdout, "1 1\n", "what libgcc finds");
    let functions = |bytes| {
        let mut stacks = functions_of(&run, bytes);
        let mut stack = stacks.pop().expect("a block");
        for name in &mut stack {
            if name.starts_with("0x") {
                *name = "compiled".into();
            }
        }
        assert!(stacks.is_empty());
        stack
    };
    // both calls come from the same place, and are one stack
    assert_eq!(functions(2001), ["main", "compiled", "allocate"]);
    assert_eq!(
        functions(2005),
        ["<unknown callers>", "compiled", "allocate"]
    );
}
