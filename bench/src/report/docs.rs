use std::fs;
use std::path::Path;

use crate::Outcome;

/// Draws `performance.svg` and puts the gateway's tables into `performance.md`.
pub(crate) fn write_docs(folder: &Path, tables: &str, chart: &str) -> Outcome {
    let measured = format!("![CPU time for one request](performance.svg)\n\n{tables}");
    write_section(folder, "bench", &measured)?;
    Ok(fs::write(folder.join("performance.svg"), chart)?)
}

/// Puts tables into `performance.md`, between two comments with this name; prose around them stays.
pub(crate) fn write_section(folder: &Path, name: &str, tables: &str) -> Outcome {
    let page = folder.join("performance.md");
    let old = fs::read_to_string(&page)?;
    let new = replaced(&old, name, tables)
        .ok_or_else(|| format!("{} has no comments {name}:begin and {name}:end", page.display()))?;
    Ok(fs::write(page, new)?)
}

fn replaced(page: &str, name: &str, measured: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name}:begin -->"), format!("<!-- {name}:end -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{measured}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_comments_is_replaced() {
        let page = |tables| format!("# A\n<!-- a:begin -->\n{tables}<!-- a:end -->\nz\n");
        assert_eq!(replaced(&page("old\n"), "a", "new\n"), Some(page("new\n")));
        assert_eq!(replaced(&page("old\n"), "b", "new\n"), None);
    }
}
