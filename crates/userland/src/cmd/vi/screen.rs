//! What the screen shows: lines, wrapped and numbered, the message, the ruler. Only rows that changed are sent.
//! Not here: the text, modes of the terminal (`util::keys`). Source: vim's behaviour with 'wrap', 'list', 'number', 'ruler'.

use super::text::{Pos, pos};
use super::{Mode, Vi};
use crate::util::columns::char_width;
use crate::util::keys::{PAGE_DOWN, PAGE_UP};
use machine::STDOUT;

/// A character on the screen: its place in the line and the columns it takes.
struct Cell {
    col: usize,
    text: String,
    width: usize,
}

/// Columns of the ruler, and where in it the position in the file stands.
const RULER: usize = 18;
const RELATIVE: usize = 14;

impl Vi {
    /// Rows for text.
    pub(super) fn height(&self) -> usize {
        self.keys.size.1 - 1
    }
    fn margin(&self) -> usize {
        if self.options.on("number") { self.text.len().to_string().len().max(3) + 1 } else { 0 }
    }

    /// The cells of a line.
    fn cells(&self, row: usize) -> Vec<Cell> {
        let list = self.options.on("list");
        let tab = self.options.number("tabstop").clamp(1, 100);
        let mut at = 0;
        let mut out = Vec::new();
        for (col, &c) in self.text.line(row).iter().enumerate() {
            let text = match c {
                '\t' if !list => " ".repeat(tab - at % tab),
                c if (c as u32) < 32 => format!("^{}", char::from(c as u8 + 64)),
                '\u{7f}' => "^?".into(),
                c => c.into(),
            };
            let width = if (c as u32) < 32 || c == '\u{7f}' { text.len() } else { char_width(c) };
            at += width;
            out.push(Cell { col, text, width });
        }
        if list {
            out.push(Cell { col: out.len(), text: "$".into(), width: 1 });
        }
        out
    }

    /// Screen column in the line of a place, counted from 0 as if the line were not wrapped.
    pub(super) fn column(&self, p: Pos) -> usize {
        self.cells(p.row).iter().take_while(|c| c.col < p.col).map(|c| c.width).sum()
    }

    /// The rows of the screen that a line takes; with the selected part in reverse.
    fn rows(&self, row: usize) -> Vec<String> {
        let (cols, margin) = (self.keys.size.0, self.margin());
        let selected = self.selection().filter(|(from, to, _)| (from.row..=to.row).contains(&row));
        let mut rows = Vec::new();
        let mut line = if margin > 0 { format!("{:>w$} ", row + 1, w = margin - 1) } else { String::new() };
        let (mut used, mut reverse) = (margin, false);
        let mut cells = self.cells(row);
        if cells.is_empty() && selected.is_some() {
            cells.push(Cell { col: 0, text: " ".into(), width: 1 });
        }
        for cell in cells {
            let mut parts = vec![(cell.text, cell.width)];
            if parts[0].1 > 1 && parts[0].0.len() == parts[0].1 {
                // Blanks of a tab may stand on two rows.
                parts = parts[0].0.chars().map(|c| (c.to_string(), 1)).collect();
            }
            let now = selected.is_some_and(|(from, to, lines)| lines || pos(row, cell.col) >= from && pos(row, cell.col) <= to);
            for (text, width) in parts {
                if used + width > cols {
                    if reverse {
                        line.push_str("\x1b[m");
                        reverse = false;
                    }
                    rows.push(std::mem::take(&mut line));
                    line.push_str(&" ".repeat(margin));
                    used = margin;
                }
                if now != reverse {
                    line.push_str(if now { "\x1b[7m" } else { "\x1b[m" });
                    reverse = now;
                }
                line.push_str(&text);
                used += width;
            }
        }
        if reverse {
            line.push_str("\x1b[m");
        }
        rows.push(line);
        rows
    }
    fn row_count(&self, row: usize) -> usize {
        let width: usize = self.cells(row).iter().map(|c| c.width).sum();
        width.div_ceil((self.keys.size.0 - self.margin().min(self.keys.size.0 - 1)).max(1)).max(1)
    }

    /// The line behind the last one that is shown whole.
    pub(super) fn bottom(&self) -> usize {
        let (mut row, mut left) = (self.top, self.height());
        while row < self.text.len() {
            let need = self.row_count(row);
            if need > left {
                break;
            }
            left -= need;
            row += 1;
        }
        row
    }

    /// Moves the window so that the cursor is in it.
    pub(super) fn scroll(&mut self) {
        self.top = self.top.min(self.text.len() - 1);
        if self.at.row < self.top {
            self.top = if self.top - self.at.row >= (self.height() / 2).saturating_sub(1).max(1) {
                self.centred(self.at.row)
            } else {
                self.at.row
            };
        } else if self.at.row >= self.bottom() {
            let far = self.at.row - self.bottom() > self.height();
            self.top = if far { self.centred(self.at.row) } else { self.at_bottom(self.at.row) };
        }
    }
    /// First line shown if `row` stands in the middle.
    pub(super) fn centred(&self, row: usize) -> usize {
        row.saturating_sub(self.height().saturating_sub(1) / 2)
    }
    /// First line shown if `row` is the last one.
    pub(super) fn at_bottom(&self, row: usize) -> usize {
        let (mut top, mut used) = (row, self.row_count(row));
        while top > 0 && used + self.row_count(top - 1) <= self.height() {
            top -= 1;
            used += self.row_count(top);
        }
        top
    }

    /// Scrolls by pages, half pages or lines.
    pub(super) fn page(&mut self, key: char, n: usize, counted: bool) {
        let (last, height) = (self.text.len() - 1, self.height());
        let half = if counted { n } else { (height / 2).max(1) };
        match key {
            '\u{6}' | PAGE_DOWN => {
                for _ in 0..n {
                    if self.top >= last {
                        break;
                    }
                    self.top = self.bottom().saturating_sub(2).max(self.top + 1).min(last);
                }
                self.at.row = self.at.row.max(self.top);
            }
            '\u{2}' | PAGE_UP => {
                for _ in 0..n {
                    self.top = if self.top == 0 { 0 } else { self.at_bottom((self.top + 1).min(last)) };
                }
                self.at.row = self.at.row.min(self.window().1);
            }
            '\u{4}' => {
                self.at.row = (self.at.row + half).min(last);
                if self.bottom() <= last {
                    self.top = (self.top + half).min(last);
                    self.top = self.top.min(self.at_bottom(last));
                }
            }
            '\u{15}' => {
                self.at.row = self.at.row.saturating_sub(half);
                self.top = self.top.saturating_sub(half);
            }
            '\u{5}' => {
                self.top = (self.top + n).min(last);
                self.at.row = self.at.row.max(self.top);
            }
            _ => {
                self.top = self.top.saturating_sub(n);
                self.at.row = self.at.row.min(self.window().1);
            }
        }
        if !matches!(key, '\u{5}' | '\u{19}') {
            self.at.col = self.text.indent(self.at.row);
            self.want = self.at.col;
        } else {
            self.at.col = self.col_for(self.at.row, self.want);
        }
    }

    fn ruler(&self) -> String {
        let (row, col) = (self.at.row, self.at.col);
        let line = self.text.line(row);
        let bytes: usize = line.iter().take(col).map(|c| c.len_utf8()).sum();
        let mut column = self.column(self.at);
        if !matches!(self.mode, Mode::Insert | Mode::Replace) && !self.options.on("list") {
            column += self.cells(row).get(col).filter(|_| line.get(col) == Some(&'\t')).map_or(0, |c| c.width - 1);
        }
        let place = if line.is_empty() {
            "0-1".into()
        } else if bytes == column {
            (bytes + 1).to_string()
        } else {
            format!("{}-{}", bytes + 1, column + 1)
        };
        let above = self.top;
        let below = self.text.len().saturating_sub(self.bottom());
        let part = match (above, below) {
            (0, 0) => "All".into(),
            (0, _) => "Top".into(),
            (_, 0) => "Bot".into(),
            (a, b) => format!("{:2}%", a * 100 / (a + b)),
        };
        let number = if self.text.none { 0 } else { row + 1 };
        format!("{:<RELATIVE$}{part}", format!("{number},{place}"))
    }

    /// Columns for a message.
    pub(super) fn room(&self) -> usize {
        let cols = self.keys.size.0;
        if self.options.on("ruler") && !self.options.on("paste") { cols.saturating_sub(RULER) } else { cols }
    }

    /// The bottom line, and where the cursor stands in it while a command is typed.
    fn status(&self) -> (String, Option<usize>) {
        let cols = self.keys.size.0;
        if self.mode == Mode::Command {
            let (prompt, line, at) = &self.command;
            let text: String = line.iter().collect();
            let before = line.iter().take(*at).map(|c| char_width(*c)).sum::<usize>();
            return (format!("{prompt}{text}"), Some((before + 1).min(cols - 1)));
        }
        let mode = match self.mode {
            Mode::Insert if self.options.on("paste") => "-- INSERT (paste) --",
            Mode::Insert => "-- INSERT --",
            Mode::Replace => "-- REPLACE --",
            Mode::Visual(false) => "-- VISUAL --",
            Mode::Visual(true) => "-- VISUAL LINE --",
            _ => "",
        };
        let mut text = if mode.is_empty() { self.message.clone() } else { mode.to_string() };
        if let Some((name, _)) = &self.recording {
            text.push_str(&format!("recording @{name}"));
        }
        let shows = self.options.on("ruler") && !self.options.on("paste");
        let ruler = if shows { self.ruler() } else { String::new() };
        let room = self.room();
        let mut shown = String::new();
        let mut width = 0;
        for c in text.chars() {
            width += char_width(c);
            if width > room {
                width -= char_width(c);
                break;
            }
            shown.push(c);
        }
        let style = if self.bad && mode.is_empty() {
            "\x1b[37;41m"
        } else if mode.is_empty() {
            ""
        } else {
            "\x1b[1m"
        };
        let end = if style.is_empty() { "" } else { "\x1b[m" };
        (format!("{style}{shown}{end}{:fill$}{ruler}", "", fill = room - width), None)
    }

    /// Brings the screen up to date.
    pub(super) fn draw(&mut self) {
        self.settle();
        self.scroll();
        let (cols, height) = (self.keys.size.0, self.height());
        let mut rows: Vec<String> = Vec::new();
        let mut cursor = (0, 0);
        for row in self.top..self.text.len() {
            if rows.len() >= height {
                break;
            }
            let lines = self.rows(row);
            if row == self.at.row {
                let mut column = self.column(self.at);
                let on_tab = self.text.line(row).get(self.at.col) == Some(&'\t') && !self.options.on("list");
                if on_tab && !matches!(self.mode, Mode::Insert | Mode::Replace) {
                    column += self.cells(row).get(self.at.col).map_or(0, |c| c.width - 1);
                }
                let room = cols.saturating_sub(self.margin()).max(1);
                cursor = ((rows.len() + column / room).min(height - 1), (self.margin() + column % room).min(cols - 1));
            }
            if rows.len() + lines.len() > height && !rows.is_empty() {
                // A line that does not fit is not begun.
                rows.resize(height, "@".into());
                break;
            }
            rows.extend(lines);
        }
        rows.truncate(height);
        rows.resize(height, "~".into());
        let (status, typed) = self.status();
        rows.push(status);
        if let Some(col) = typed {
            cursor = (height, col);
        }
        let whole = self.drawn.len() != rows.len();
        if whole {
            self.sys.put(STDOUT, b"\x1b[2J");
        }
        for (n, row) in rows.iter().enumerate() {
            if whole || self.drawn[n] != *row {
                self.sys.print(STDOUT, format_args!("\x1b[{};1H\x1b[2K{row}", n + 1));
            }
        }
        self.sys.print(STDOUT, format_args!("\x1b[{};{}H", cursor.0 + 1, cursor.1 + 1));
        self.drawn = rows;
    }
}
