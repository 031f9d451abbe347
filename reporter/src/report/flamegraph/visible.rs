//! Texts of a recording as they may stand in the head of the page.

/// The text with a dot for every control character and every change of writing direction, which would garble the text around
/// it. (The script does the same with the packed texts.)
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '·',
            control if control.is_control() => '·',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_would_garble_is_a_dot() {
        assert_eq!(visible("a\u{202e}b\nc\u{7}d"), "a·b·c·d");
        assert_eq!(visible("naïve <b> 日本"), "naïve <b> 日本");
    }
}
