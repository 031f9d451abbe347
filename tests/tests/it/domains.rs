//! The allocators of `CPython` itself.

use crate::interpreters;
use crate::scenario::Scenario;

#[test]
fn each_function_of_cpythons_domains_is_recorded_once_by_its_own_name() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "domains.py").recorded();
        let capture = run.capture();
        let lines = run.words();
        assert_eq!(lines.len(), 3 * 4);
        for words in lines {
            let [name, size, address] = words[..] else {
                panic!("{words:?}")
            };
            let address = u64::from_str_radix(&address[2..], 16).unwrap();
            let of_size = capture.of_size(size.parse().unwrap());
            let of_size: Vec<_> = of_size.iter().filter(|it| it.address == address).collect();
            assert_eq!(of_size.len(), 1, "{interpreter} {name} {size}: {of_size:?}");
            assert_eq!(of_size[0].by, name, "{interpreter} {size}");
            assert_eq!(capture.frees_of(of_size[0]), 1, "{interpreter} {name}");
        }
    }
}

#[test]
fn without_python_allocators_only_what_reaches_the_system_is_recorded() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "domains.py")
            .option("--no-python-allocators")
            .recorded();
        let capture = run.capture();
        let from_python = capture.allocations().find(|it| it.by.contains('.'));
        assert_eq!(from_python, None, "{interpreter}");
        for words in run.words() {
            // a realloc of nothing may be a malloc below
            let name = words[0].split('.').nth(1).unwrap();
            let names = [name, if name == "realloc" { "malloc" } else { name }];
            let of_size = capture.of_size(words[1].parse().unwrap());
            let seen: Vec<_> = of_size.iter().filter(|it| names.contains(&it.by)).collect();
            assert!(!seen.is_empty(), "{interpreter} {words:?}: {of_size:?}");
        }
        let stats = run.json(&["stats"]);
        let names = stats["by_allocator"].as_object().unwrap();
        assert!(names.keys().all(|name| !name.contains('.')), "{names:?}");
    }
}

#[test]
fn small_objects_have_stacks_and_every_one_is_counted() {
    let code = "def make():\n    return [(number,) for number in range(100_000)]\nall = make()\n";
    for interpreter in interpreters::all() {
        let run = Scenario::code(interpreter, code).recorded();
        let capture = run.capture();
        let stacks = capture.stacks(capture.allocations().map(|it| it.at));
        let in_make = stacks.iter().zip(capture.allocations());
        let in_make = in_make.filter(|(stack, it)| {
            it.by.starts_with("obj.")
                && stack.iter().any(|frame| frame.function.starts_with("make"))
        });
        // a tuple and, beyond the small ones that are shared, a number each
        let count = in_make.count();
        assert!(
            (199_000..202_000).contains(&count),
            "{interpreter}: {count}"
        );
    }
}
