//! The known word that an unknown one was probably meant to be.

/// The nearest of some words, if one is near enough: at most a third of the letters are others.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|known| (distance(&lower, &known.to_lowercase()), known))
        .filter(|(distance, known)| {
            let longest = known.chars().count().max(lower.chars().count());
            *distance * 3 <= longest.max(3)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// ` (did you mean …?)`, or nothing.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, known) {
        Some(known) => format!(" (did you mean {known}?)"),
        None => String::new(),
    }
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut letter_before = None;
    for (row, letter) in one.chars().enumerate() {
        let mut now = vec![row + 1];
        for (column, &its) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != its);
            let mut least = changed.min(last[column + 1] + 1).min(now[column] + 1);
            if column > 0 && letter_before == Some(its) && other[column - 1] == letter {
                least = least.min(before[column - 1] + 1);
            }
            now.push(least);
        }
        before = std::mem::replace(&mut last, now);
        letter_before = Some(letter);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let known = ["size", "lifetime", "age", "thread", "type"];
        for (word, expected) in [
            ("sise", Some("size")),
            ("tpye", Some("type")),
            ("Thread", Some("thread")),
            ("lifetimes", Some("lifetime")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
