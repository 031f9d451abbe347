//! What a page may hold: texts of a recording made harmless to read, and the names by which a page's policy knows its own
//! script and style. (That they are no markup is the templates' work.)

use sha2::{Digest, Sha256};

use super::base64;

/// How a content security policy names a script or style that may be used.
pub(super) fn hash(text: &str) -> String {
    base64::encode(&Sha256::digest(text.as_bytes()))
}

/// The text with a dot for every control character and every change of writing direction, which would garble the text around
/// it, and for what XML does not know. (The pages' scripts do the same with what they show.)
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fffe}'
            | '\u{ffff}' => '·',
            control if control.is_control() => '·',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{hash, visible};

    #[test]
    fn a_policy_names_a_script_by_its_sha_256() {
        assert_eq!(hash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn what_would_garble_is_a_dot() {
        assert_eq!(visible("a\u{202e}b\nc\u{7}d"), "a·b·c·d");
        assert_eq!(visible("naïve <b> 日本"), "naïve <b> 日本");
    }
}
