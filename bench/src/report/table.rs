/// A table whose columns are aligned in the text too.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    /// Cells that are missing at the end stay empty.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Whether there is nothing below the header.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// What begins with a digit in the first row of figures stands to the right.
    pub(crate) fn to_markdown(&self) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let cell = |row: &'_ Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let width = |column| self.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0).max(3);
        let numeric =
            |column| self.rows.get(1).is_some_and(|row| cell(row, column).starts_with(|c: char| c.is_ascii_digit()));
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let aligned = |column| {
                let (cell, width) = (cell(row, column), width(column));
                if numeric(column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            };
            text.push_str(&line((0..columns).map(aligned).collect()));
            if index == 0 {
                let rule = |column| {
                    let dashes = "-".repeat(width(column) - 1);
                    if numeric(column) { format!("{dashes}:") } else { format!(":{dashes}") }
                };
                text.push_str(&line((0..columns).map(rule).collect()));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_short_rows_are_filled() {
        let mut table = Table::new(&["who", "ms"]);
        table.push(vec!["gateway".into(), "12.5".into()]);
        table.push(vec!["none".into()]);
        assert_eq!(
            table.to_markdown(),
            "\
| who     |   ms |
| :------ | ---: |
| gateway | 12.5 |
| none    |      |
"
        );
    }
}
