//! Screens as text.

use super::draw;
use crate::drawn::drawn;
use crate::live::follow::Condition;
use crate::live::state::{Pane, Sort, State};
use crate::live::survey::{Entry, Looked, Node, ProcessEntry, Rate, Survey, Values};
use crate::profile::Totals;
use crate::replay::{Peak, Sample};
use memprof_wire::units::Microseconds;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn values(bytes: i64, blocks: i64) -> Values {
    let now = Totals { bytes, blocks };
    let peak = Totals {
        bytes: bytes * 2,
        blocks: blocks * 2,
    };
    Values {
        now,
        peak,
        since: Totals::ZERO,
    }
}

fn entry(name: &str, own: (i64, i64), total: (i64, i64), churn: f64) -> Entry {
    Entry {
        name: name.into(),
        own: values(own.0, own.1),
        total: values(total.0, total.1),
        churn: Rate {
            bytes: churn,
            blocks: churn / 100.0,
        },
    }
}

fn node(parent: u32, name: &str, bytes: i64) -> Node {
    Node {
        parent,
        name: name.into(),
        own: values(0, 0),
        total: values(bytes, bytes / 1024),
    }
}

fn state() -> State {
    let heap = |time, heap| Sample {
        time: Microseconds(time),
        heap,
        files: 0,
    };
    State {
        program: "app.py".into(),
        process: 4711,
        lag: Some(0.3),
        survey: Survey {
            elapsed: 12.5,
            heap: Totals {
                bytes: 3 << 20,
                blocks: 3000,
            },
            peak: Peak {
                heap: Totals {
                    bytes: 6 << 20,
                    blocks: 6000,
                },
                time: Microseconds(8_000_000),
                ..Peak::default()
            },
            resident: Some(9 << 20),
            events: 1_234_567.0,
            samples: vec![
                heap(0, 0),
                heap(8_000_000, 6 << 20),
                heap(12_500_000, 3 << 20),
            ],
            lines: vec![
                entry(
                    "load (/home/me/app/models.py:12)",
                    (2 << 20, 2000),
                    (3 << 20, 3000),
                    2048.0,
                ),
                entry(
                    "decode (/usr/lib/python3.11/json/decoder.py:355)",
                    (1 << 20, 1000),
                    (1 << 20, 1000),
                    4096.0,
                ),
            ],
            threads: vec![entry(
                "MainThread (4711)",
                (3 << 20, 3000),
                (3 << 20, 3000),
                6144.0,
            )],
            types: vec![entry("dict", (1 << 30, 5_000_000), (0, 0), 0.0)],
            tree: vec![
                node(0, "", 3 << 20),
                node(0, "<module> (/home/me/app/main.py:3)", 3 << 20),
                node(1, "load (/home/me/app/models.py:12)", 2 << 20),
                node(1, "parse (/home/me/app/models.py:30)", 1 << 20),
                node(
                    2,
                    "decode (/usr/lib/python3.11/json/decoder.py:355)",
                    1 << 20,
                ),
            ],
            processes: vec![ProcessEntry {
                process: 4711,
                parent: 4700,
                command: "python3 app.py".into(),
                heap: Some((3 << 20, 6 << 20, 1_234_567.0)),
                resident: Some(9 << 20),
                threads: 1,
                end: None,
                is_shown: false,
            }],
            ..Survey::default()
        },
        ..State::default()
    }
}

fn screen(state: &mut State, width: u16, height: u16) -> Vec<String> {
    drawn(width, height, |frame| {
        draw(frame, state);
    })
}

#[test]
fn the_lines_on_a_small_terminal() {
    let screen = screen(&mut state(), 80, 12);
    let expected = [
        " app.py  pid 4711  12.5 s  running",
        " heap 3.0 MiB  peak 6.0 MiB at 8.000 s  RSS 9.0 MiB",
        " 3,000 blocks  1,234,567 events/s  0.3 s behind",
        " 1 Lines  2 Functions  3 Types  4 Tree  5 Threads  6 Processes",
        "        own      total      blocks    churn/s  line",
        "    2.0 MiB    3.0 MiB       2,000    2.0 KiB  load (/home/me/app/models.py:12)",
        "    1.0 MiB    1.0 MiB       1,000    4.0 KiB  decode (….11/json/decoder.py:355)",
        "",
        "",
        "",
        "",
        " ? help  q quit  s sort: own  p shows: now  / filter  m mark  space pause",
    ];
    assert_eq!(screen, expected);
}

#[test]
fn the_tree_on_a_wide_terminal_under_a_chart() {
    let mut state = state();
    state.pane = Pane::Tree;
    let screen = screen(&mut state, 130, 24);
    assert_eq!(
        screen[1],
        " heap 3.0 MiB  peak 6.0 MiB at 8.000 s  RSS 9.0 MiB    3,000 blocks  1,234,567 events/s  0.3 s behind"
    );
    assert!(screen[2].starts_with("6.0 MiB│"), "{screen:#?}");
    assert!(screen[7].trim_start().starts_with('0'), "{screen:#?}");
    assert!(screen[7].ends_with("12.5 s"), "{screen:#?}");
    let expected = [
        "      total      %      blocks    call",
        "    3.0 MiB 100.0%       3,072  ▾ <module> (/home/me/app/main.py:3)",
        "    2.0 MiB  66.7%       2,048    ▾ load (/home/me/app/models.py:12)",
        "    1.0 MiB  33.3%       1,024      decode (/usr/lib/python3.11/json/decoder.py:355)",
        "    1.0 MiB  33.3%       1,024      parse (/home/me/app/models.py:30)",
    ];
    assert_eq!(screen[9..14], expected);
}

#[test]
fn types_threads_and_processes() {
    let mut state = state();
    state.pane = Pane::Types;
    let types = screen(&mut state, 80, 8);
    assert_eq!(
        types[5],
        "    1.0 GiB    5,000,000          ?           ?  dict"
    );
    state.survey.types[0].total = values(2 << 10, 3);
    state.survey.looked = Looked::At {
        time: 10.5,
        programs: 1,
    };
    assert_eq!(
        screen(&mut state, 100, 8)[4..6],
        [
            "      freed      objects      alive     objects  type (alive as of the census 2.000 s ago)",
            "    1.0 GiB    5,000,000    2.0 KiB           3  dict"
        ]
    );
    state.pane = Pane::Threads;
    let threads = screen(&mut state, 60, 8);
    assert_eq!(
        threads[5],
        "    3.0 MiB    3.0 MiB    6.0 KiB  MainThread (4711)"
    );
    state.pane = Pane::Processes;
    let processes = screen(&mut state, 80, 8);
    assert_eq!(
        processes[5],
        "     4711    3.0 MiB    6.0 MiB  1,234,567    9.0 MiB  running    python3 app.py"
    );
}

#[test]
fn every_pane_has_room_for_names_on_a_narrow_terminal() {
    let mut state = state();
    state.filter = "d".into();
    let lines = screen(&mut state, 40, 8);
    assert_eq!(lines[3], " 1 Lines  2  3  4  5  6");
    assert_eq!(lines[7], " / only “d”  q quit  s sort: own");
    state.filter.clear();
    state.pane = Pane::Types;
    state.survey.looked = Looked::At {
        time: 10.5,
        programs: 2,
    };
    let expected = [
        " 1  2  3 Types  4  5  6",
        "      freed      alive  type (census of…",
        "    1.0 GiB        0 B  dict",
    ];
    assert_eq!(screen(&mut state, 40, 8)[3..6], expected);
    assert_eq!(
        screen(&mut state, 80, 8)[4],
        "      freed      objects      alive     objects  type (census of 2 2.000 s ago)"
    );
    state.sort = Sort::Total;
    assert!(screen(&mut state, 80, 8)[7].contains("s sort: alive"));
    state.pane = Pane::Processes;
    let expected = [
        " 1  2  3  4  5  6 Processes",
        "  process       heap  state      command",
        "     4711    3.0 MiB  running    python…",
    ];
    assert_eq!(screen(&mut state, 40, 8)[3..6], expected);
}

#[test]
fn several_processes_together_and_one_alone() {
    let mut state = state();
    state.survey.processes.push(ProcessEntry {
        process: 4712,
        parent: 4711,
        command: "python3 app.py --worker".into(),
        heap: Some((1 << 20, 2 << 20, 1000.0)),
        resident: None,
        threads: 3,
        end: Some("signal 9".into()),
        is_shown: false,
    });
    state.pane = Pane::Processes;
    let together = screen(&mut state, 80, 9);
    assert_eq!(
        together[0],
        " app.py  pid 4711 and 1 other  12.5 s  running"
    );
    let expected = [
        "  process       heap       peak   events/s        RSS  state      command",
        "*     all    3.0 MiB    6.0 MiB  1,234,567    9.0 MiB  1 running  all processes…",
        "     4711    3.0 MiB    6.0 MiB  1,234,567    9.0 MiB  running    python3 app.py",
        "     4712    1.0 MiB    2.0 MiB      1,000          -  signal 9   python3 app.p…",
    ];
    assert_eq!(together[4..8], expected);
    let wide = screen(&mut state, 120, 26);
    let line = wide.iter().find(|line| line.starts_with('*'));
    assert_eq!(
        line.expect("all are shown"),
        "*     all        -    3.0 MiB    6.0 MiB  1,234,567    9.0 MiB       4  1 running  all processes together"
    );
    state.process = 4712;
    state.survey.chosen = Some(4712);
    state.survey.processes[0].heap = None;
    state.survey.processes[1].is_shown = true;
    let alone = screen(&mut state, 80, 9);
    assert_eq!(alone[0], " app.py  pid 4712 alone, of 2  12.5 s  running");
    let expected = [
        "      all          -          -          -          -  1 running  all processes…",
        "     4711          -          -          -    9.0 MiB  running    python3 app.py",
        "*    4712    1.0 MiB    2.0 MiB      1,000          -  signal 9   python3 app.p…",
    ];
    assert_eq!(alone[5..8], expected);
}

#[test]
fn an_end_is_told_and_the_screen_stays_usable() {
    let mut state = state();
    state.lag = None;
    state.condition = Condition::Broken {
        reason: "its recorder was killed".into(),
    };
    state.paused = true;
    let broken = screen(&mut state, 80, 8);
    assert_eq!(
        broken[0],
        " app.py  pid 4711  12.5 s  cut short: its recorder was killed  PAUSED"
    );
    assert_eq!(broken[2], " 3,000 blocks  1,234,567 events/s");
    state.condition = Condition::Finished {
        how: "signal 9".into(),
    };
    assert!(screen(&mut state, 80, 8)[0].contains("finished: signal 9"));
}

#[test]
fn filter_help_and_tiny_screens() {
    let mut state = state();
    state.filter = "decode".into();
    state.typing = true;
    let filtered = screen(&mut state, 80, 8);
    assert!(filtered[5].contains("decode (") && filtered[6].is_empty());
    assert!(filtered[7].starts_with(" show only: decode_"));
    state.help = true;
    let help = screen(&mut state, 80, 24).join("\n");
    for whole in [
        "another pane",
        "a click does both",
        "for a census",
        "forget it",
    ] {
        assert!(help.contains(whole), "{whole}: {help}");
    }
    for (width, height) in [(1, 1), (3, 2), (20, 5), (300, 80)] {
        assert_eq!(screen(&mut state, width, height).len(), usize::from(height));
    }
}

#[test]
fn without_colour_there_is_none() {
    let mut state = state();
    state.colour = false;
    let mut terminal = Terminal::new(TestBackend::new(100, 30)).expect("in memory");
    terminal
        .draw(|frame| {
            draw(frame, &mut state);
        })
        .expect("in memory");
    let none = ratatui::style::Color::Reset;
    let mut cells = terminal.backend().buffer().content().iter();
    assert!(cells.all(|cell| cell.fg == none && cell.bg == none));
}
