//! A small profile that the tests of reports share.

use super::{Profile, ProfileRow, Resolver, StackId, Thread, Totals};
use crate::replay::recorded::code_object;
use crate::replay::{Call, Calls, Definitions, StackTable, StreamIndex};
use crate::symbols::NativeNames;
use memprof_wire::allocator::Allocator;
use memprof_wire::units::CodeId;

/// `main` calls `load`, which allocates and calls `decode` of the standard library, which
/// allocates more; something without a stack does too.
pub(crate) fn profile() -> Profile {
    let mut definitions = Definitions::default();
    for (code, name, file, line) in [
        (1, "<module>", "/home/me/app/main.py", 3),
        (2, "load", "/home/me/app/models.py", 12),
        (3, "decode", "/usr/lib/python3.11/json/decoder.py", 355),
    ] {
        define(&mut definitions, code, name, file, line);
    }
    let call = |code| Call::Python {
        code: CodeId(code),
        instruction: 0,
    };
    let main = definitions.calls.child(Calls::ROOT, call(1));
    let load = definitions.calls.child(main, call(2));
    let decode = definitions.calls.child(load, call(3));
    let native = NativeNames::default();
    let mut resolver = Resolver::new(&definitions, &native);
    let [load, decode] = [load, decode].map(|call| resolver.stack(call));
    let dict = resolver.intern("dict");
    let row = |stack, thread, allocator, kind, bytes, blocks| ProfileRow {
        stack,
        thread,
        allocator,
        kind,
        size: None,
        age: None,
        totals: Totals { bytes, blocks },
    };
    let rows = vec![
        row(StackId(0), 0, Allocator::Malloc, None, 50, 1),
        row(load, 1, Allocator::MemMalloc, None, 400, 2),
        row(decode, 0, Allocator::ObjMalloc, Some(dict), 10240, 10),
    ];
    Profile {
        moment: "peak".into(),
        complete: true,
        time: 1.5,
        total: rows.iter().map(|row| row.totals).sum(),
        rows,
        stacks: resolver.finish(),
        threads: vec![
            Thread {
                id: 7,
                name: "MainThread".into(),
                process: 7,
            },
            Thread {
                id: 8,
                name: String::new(),
                process: 7,
            },
        ],
        folder: "/home/me".into(),
        has_types: true,
        ..Profile::default()
    }
}

/// `walk` calls itself: 10 bytes at the first level, 20 at the second, 40 at the third.
pub(crate) fn recursion() -> Profile {
    let walk = ("walk", "/home/me/walk.py", 2);
    of_stacks(&[walk], &[(&[0], 10), (&[0, 0], 20), (&[0, 0, 0], 40)])
}

/// `main` calls `big`, which calls `deep`, and `small`; all but `big` allocate.
pub(crate) fn branches() -> Profile {
    let file = "/home/me/a.py";
    let functions = [
        ("main", file, 1),
        ("big", file, 2),
        ("small", file, 3),
        ("deep", file, 4),
    ];
    of_stacks(
        &functions,
        &[(&[0], 5), (&[0], 7), (&[0, 1, 3], 1000), (&[0, 2], 100)],
    )
}

/// A module is imported, and allocates.
pub(crate) fn import() -> Profile {
    let system = "<frozen importlib._bootstrap>";
    let functions = [
        ("<module>", "/home/me/main.py", 3),
        ("_find_and_load", system, 1176),
        ("_load_unlocked", system, 690),
        ("<module>", "/home/me/models.py", 1),
    ];
    of_stacks(&functions, &[(&[0, 1, 2, 3], 40)])
}

/// One allocation, so many calls deep.
pub(crate) fn nested(depth: usize) -> Profile {
    of_stacks(&[("nest", "/home/me/nest.py", 1)], &[(&vec![0; depth], 1)])
}

/// Functions with their files and lines, and one block for each stack of them.
pub(crate) fn of_stacks(functions: &[(&str, &str, u32)], blocks: &[(&[usize], i64)]) -> Profile {
    let mut definitions = Definitions::default();
    for (code, (name, file, line)) in functions.iter().enumerate() {
        define(&mut definitions, code as u32, name, file, *line);
    }
    let calls: Vec<_> = blocks
        .iter()
        .map(|(stack, _)| {
            stack.iter().fold(Calls::ROOT, |parent, &code| {
                let code = CodeId(code as u32);
                definitions.calls.child(
                    parent,
                    Call::Python {
                        code,
                        instruction: 0,
                    },
                )
            })
        })
        .collect();
    let native = NativeNames::default();
    let mut resolver = Resolver::new(&definitions, &native);
    let rows: Vec<ProfileRow> = calls
        .into_iter()
        .zip(blocks)
        .map(|(call, (_, bytes))| ProfileRow {
            stack: resolver.stack(call),
            thread: 0,
            allocator: Allocator::Malloc,
            kind: None,
            size: None,
            age: None,
            totals: Totals::block(*bytes),
        })
        .collect();
    Profile {
        moment: "peak".into(),
        complete: true,
        total: rows.iter().map(|row| row.totals).sum(),
        rows,
        stacks: resolver.finish(),
        threads: vec![Thread {
            id: 7,
            name: "MainThread".into(),
            process: 7,
        }],
        ..Profile::default()
    }
}

fn define(definitions: &mut Definitions, code: u32, name: &str, file: &str, first_line: u32) {
    let stacks = &mut StackTable::default();
    for event in code_object(code, name, file, first_line) {
        definitions.take(StreamIndex(0), stacks, &event);
    }
}
