//! The lines of text below the chart that tell which curve is which.

/// Width of a letter, about: the chart is drawn where no text can be measured.
pub(super) const LETTER: f64 = 6.6;

/// An entry, where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LegendItem {
    /// The curve's class.
    pub(super) class: String,
    pub(super) text: String,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Sets entries (class, text) side by side, in as many lines as they need between `left` and `right`, from `top` on.
pub(super) fn set(
    entries: Vec<(String, String)>,
    left: f64,
    right: f64,
    top: f64,
) -> Vec<LegendItem> {
    const SWATCH: f64 = 24.0;
    const GAP: f64 = 22.0;
    let (mut x, mut y) = (left, top);
    entries
        .into_iter()
        .map(|(class, text)| {
            let width = SWATCH + text.chars().count() as f64 * LETTER;
            if x > left && x + width > right {
                x = left;
                y += 20.0;
            }
            let item = LegendItem {
                class,
                text,
                x: super::scale::tenth(x),
                y,
            };
            x += width + GAP;
            item
        })
        .collect()
}

/// At most so many letters of a text, with an ellipsis for the rest; nothing when there is no room for two.
pub(super) fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    if letters < 3 {
        return String::new();
    }
    text.chars().take(letters - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_to_the_next_line() {
        let entry = || (String::from("heap"), "x".repeat(20));
        let items = set(vec![entry(), entry(), entry()], 0.0, 400.0, 100.0);
        assert_eq!(
            items.iter().map(|item| item.y).collect::<Vec<_>>(),
            [100.0, 100.0, 120.0]
        );
        assert!(items[2].x < 0.1);
        assert!(items[1].x > 150.0);
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("loading", 9), "loading");
        assert_eq!(shortened("loading", 5), "load…");
        assert_eq!(shortened("loading", 2), "");
    }
}
