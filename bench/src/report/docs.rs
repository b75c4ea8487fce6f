use std::fs;
use std::path::Path;

use crate::Outcome;

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Draws `performance.svg` and puts the tables into `performance.md`, between two comments; prose around them stays.
pub(crate) fn write_docs(folder: &Path, tables: &str, chart: &str) -> Outcome {
    let page = folder.join("performance.md");
    let old = fs::read_to_string(&page).unwrap_or_else(|_| format!("# Performance\n\n{BEGIN}\n{END}\n"));
    let measured = format!("![CPU time for one request](performance.svg)\n\n{tables}");
    fs::write(page, replaced(&old, &measured).ok_or("performance.md has lost its two comments")?)?;
    Ok(fs::write(folder.join("performance.svg"), chart)?)
}

fn replaced(page: &str, measured: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{measured}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_comments_is_replaced() {
        let page = format!("# A\n{BEGIN}\nold\n{END}\nz\n");
        assert_eq!(replaced(&page, "new\n"), Some(format!("# A\n{BEGIN}\nnew\n{END}\nz\n")));
        assert_eq!(replaced("# A\n", "new\n"), None);
    }
}
