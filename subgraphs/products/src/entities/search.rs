//! The stored forms of text that lists are sorted by and searched in.
//!
//! They are made here and not in SQL, because SQLite folds only ASCII and PostgreSQL folds by locale.

use sea_orm::sea_query::LikeExpr;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// PostgreSQL refuses index rows above 2.7 kB; folded text has at most four bytes a character.
const MAX_SORT_KEY: usize = 200;

/// What a list by name is sorted by: cases and accents do not matter.
pub(crate) fn sort_key(name: &str) -> String {
    fold(name).chars().take(MAX_SORT_KEY).collect()
}

/// What words are looked for in.
pub(crate) fn document(name: &str, sku: &str, description: &str) -> String {
    fold(&format!("{name}\n{sku}\n{description}"))
}

/// The different words of a search, each to be found in a [`document`].
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = fold(text).split_whitespace().map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// The pattern that finds a word anywhere; `%` and `_` in it stand for themselves.
pub(crate) fn containing(word: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}

/// Lower case, compatibility forms resolved, accents dropped.
fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_accents_and_widths_do_not_matter() {
        assert_eq!(sort_key("Café ÉCLAIR Ｌａｍｐ"), "cafe eclair lamp");
        assert_eq!(words("  Lamp lamp OAK "), ["lamp", "oak"]);
    }

    #[test]
    fn a_sort_key_is_bounded_however_its_text_expands() {
        assert_eq!(sort_key(&"\u{FDFA}".repeat(200)).chars().count(), MAX_SORT_KEY);
    }
}
