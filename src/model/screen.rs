//! The grid of a full-screen program (vi, less, top): an `avt` terminal and its rows as runs of equal style. Not here: drawing.

/// A run of cells with the same look.
#[derive(PartialEq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) bold: bool,
    pub(crate) underline: bool,
    pub(crate) inverse: bool,
    /// The cursor stands on it (one cell).
    pub(crate) cursor: bool,
}

/// A grid of cells.
pub(crate) struct Screen(Option<avt::Terminal>);

impl Screen {
    pub(crate) fn new(cols: usize, rows: usize) -> Self {
        // None only for a size of 0, which the transcript never asks for.
        Screen(avt::Terminal::new(cols, rows).ok())
    }
    pub(crate) fn resize(&mut self, cols: usize, rows: usize) {
        if let Some(grid) = &mut self.0 {
            grid.resize(cols, rows);
        }
    }
    pub(crate) fn feed(&mut self, text: &str) {
        if let Some(grid) = &mut self.0 {
            grid.feed(text);
        }
    }
    /// Rows from top to bottom.
    pub(crate) fn rows(&self) -> Vec<Vec<Run>> {
        let mut rows = Vec::new();
        let Some(grid) = &self.0 else { return rows };
        let cursor = grid.cursor();
        for (y, line) in grid.screen().visible_lines().enumerate() {
            let mut runs: Vec<Run> = Vec::new();
            for (x, cell) in line.cells().iter().enumerate() {
                if cell.width() == 0 {
                    continue;
                }
                let pen = cell.pen();
                let here = cursor.visible && (cursor.col, cursor.row) == (x, y);
                let (bold, underline, inverse) = (pen.is_bold(), pen.is_underline(), pen.is_inverse());
                match runs.last_mut() {
                    Some(r) if !here && !r.cursor && (r.bold, r.underline, r.inverse) == (bold, underline, inverse) => {
                        r.text.push(cell.char());
                    }
                    _ => runs.push(Run { text: cell.char().into(), bold, underline, inverse, cursor: here }),
                }
            }
            rows.push(runs);
        }
        rows
    }
}
