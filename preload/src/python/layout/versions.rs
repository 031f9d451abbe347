//! The tables: one a version.

use super::{Attributes, Layout, Runs};
use memprof_wire::event::LineTable;

/// CPython 3.9
#[derive(Debug)]
pub struct V39;
/// CPython 3.10
#[derive(Debug)]
pub struct V310;
/// CPython 3.11
#[derive(Debug)]
pub struct V311;
/// CPython 3.12
#[derive(Debug)]
pub struct V312;
/// CPython 3.13
#[derive(Debug)]
pub struct V313;
/// CPython 3.14
#[derive(Debug)]
pub struct V314;
/// CPython 3.15
#[derive(Debug)]
pub struct V315;

impl Layout for V39 {
    const RUNTIME_THREAD: usize = 568;
    const THREAD_ID: usize = 176;
    const THREAD_FRAME: usize = 24;
    const FRAME_CODE: usize = 32;
    const FRAME_PREVIOUS: usize = 24;
    const FRAME_INSTRUCTION: usize = 104;
    const FRAME_TRACE_LINES: usize = 88;
    const FRAME_GENERATOR: usize = 96;
    const RUNS: Runs = Runs::Code;
    const INSTRUCTION_IS_POINTER: bool = false;
    const CODE_FILE: usize = 104;
    const CODE_NAME: usize = 112;
    const CODE_FIRST_LINE: usize = 40;
    const CODE_LINES: usize = 120;
    const TABLE: LineTable = LineTable::Lnotab;
    const TEXT_ASCII: usize = 48;
    const TEXT_WIDE: usize = 72;
    const TYPE_QUALIFIED_NAME: usize = 856;
    const PRE_HEADER_FLAGS: u64 = 0;
    const COMPACT_KEYS: bool = false;
    const POOL: usize = 4 << 10;
    const FRAME_LOCALS: usize = 360;
    const ATTRIBUTES: Attributes = Attributes::Dict;
}

impl Layout for V310 {
    const RUNTIME_THREAD: usize = 568;
    const THREAD_ID: usize = 176;
    const THREAD_FRAME: usize = 24;
    const FRAME_CODE: usize = 32;
    const FRAME_PREVIOUS: usize = 24;
    const FRAME_INSTRUCTION: usize = 96;
    const FRAME_TRACE_LINES: usize = 84;
    const FRAME_GENERATOR: usize = 88;
    const RUNS: Runs = Runs::CFrameEach {
        thread: 48,
        previous: 8,
    };
    const INSTRUCTION_IS_POINTER: bool = false;
    const LASTI_UNIT: usize = 2;
    const CODE_FILE: usize = 104;
    const CODE_NAME: usize = 112;
    const CODE_FIRST_LINE: usize = 40;
    const CODE_LINES: usize = 120;
    const TABLE: LineTable = LineTable::Lines310;
    const TEXT_ASCII: usize = 48;
    const TEXT_WIDE: usize = 72;
    const TYPE_QUALIFIED_NAME: usize = 864;
    const PRE_HEADER_FLAGS: u64 = 0;
    const COMPACT_KEYS: bool = false;
    const FRAME_LOCALS: usize = 352;
    const ATTRIBUTES: Attributes = Attributes::Dict;
}

impl Layout for V311 {
    const RUNTIME_THREAD: usize = 576;
    const THREAD_ID: usize = 152;
    const THREAD_FRAME: usize = 56;
    const CFRAME_FRAME: Option<usize> = Some(8);
    const THREAD_CHUNK: usize = 296;
    const FRAME_CODE: usize = 32;
    const FRAME_PREVIOUS: usize = 48;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 69;
    const RUNS: Runs = Runs::CFrames {
        thread: 56,
        previous: 16,
    };
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 72;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 168;
    const CODE_START: usize = 184;
    const TEXT_ASCII: usize = 48;
    const TEXT_WIDE: usize = 72;
    const TYPE_QUALIFIED_NAME: usize = 864;
    const PRE_HEADER_FLAGS: u64 = 0b1_0000;
    const FRAME_LOCALS: usize = 72;
    const ATTRIBUTES: Attributes = Attributes::ValuesAndDict;
}

impl Layout for V312 {
    const THREAD_ID: usize = 136;
    const THREAD_FRAME: usize = 56;
    const CFRAME_FRAME: Option<usize> = Some(0);
    const THREAD_CHUNK: usize = 232;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 70;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 176;
    const CODE_START: usize = 192;
    const TYPE_QUALIFIED_NAME: usize = 872;
    const FRAME_LOCALS: usize = 72;
    const ATTRIBUTES: Attributes = Attributes::Tagged;
}

impl Layout for V313 {
    const THREAD_ID: usize = 152;
    const THREAD_FRAME: usize = 72;
    const THREAD_CHUNK: usize = 232;
    const CHUNKS_KEPT_FROM: u32 = 12;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 70;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 184;
    const CODE_START: usize = 200;
    const TYPE_QUALIFIED_NAME: usize = 872;
    const FRAME_LOCALS: usize = 72;
    const VALUES_OFFSET: usize = 8;
}

impl Layout for V314 {
    const LINKS_IN_REFERENCES: bool = true;
    const THREAD_ID: usize = 152;
    const THREAD_FRAME: usize = 72;
    const THREAD_CHUNK: usize = 232;
    const CHUNKS_KEPT_FROM: u32 = 3;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 74;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 192;
    const CODE_START: usize = 208;
    const TYPE_QUALIFIED_NAME: usize = 872;
}

impl Layout for V315 {
    const LINKS_IN_REFERENCES: bool = true;
    const THREAD_ID: usize = 176;
    const THREAD_FRAME: usize = 72;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 74;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 192;
    const CODE_START: usize = 208;
    const TYPE_QUALIFIED_NAME: usize = 880;
}
