//! Which versions are known, and the one place where code for each of them is chosen.

/// The versions that are known, by `PY_VERSION_HEX >> 16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Family {
    /// 3.9
    V39 = 0x309,
    /// 3.10
    V310 = 0x30a,
    /// 3.11
    V311 = 0x30b,
    /// 3.12
    V312 = 0x30c,
    /// 3.13
    V313 = 0x30d,
    /// 3.14
    V314 = 0x30e,
    /// 3.15
    V315 = 0x30f,
}

impl Family {
    /// The family of its number.
    #[inline(always)]
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            0x309 => Some(Self::V39),
            0x30a => Some(Self::V310),
            0x30b => Some(Self::V311),
            0x30c => Some(Self::V312),
            0x30d => Some(Self::V313),
            0x30e => Some(Self::V314),
            0x30f => Some(Self::V315),
            _ => None,
        }
    }
}

/// Evaluates an expression with a name standing for the layout of a family: the code is there once
/// for each version, and the family is looked at once.
macro_rules! with_layout {
    ($family:expr, $layout:ident => $code:expr) => {{
        use $crate::python::layout::{Family, V39, V310, V311, V312, V313, V314, V315};
        $crate::python::layout::with_layout!(@of $family, $layout => $code,
            V39 V310 V311 V312 V313 V314 V315)
    }};
    (@of $family:expr, $layout:ident => $code:expr, $($version:ident)+) => {
        match $family {
            $(Family::$version => {
                type $layout = $version;
                $code
            })+
        }
    };
}
pub(crate) use with_layout;
