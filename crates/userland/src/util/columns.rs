//! Names in columns, as `ls` lays them out on a terminal, and the width of text.
//! Not here: which names. Source: coreutils 9.1 ls.c; East Asian wide ranges of Unicode, coarsely.

/// Columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns that a character takes on a terminal.
pub(crate) fn char_width(c: char) -> usize {
    match c as u32 {
        0x300..=0x36F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF => 2,
        0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Moves from column `from` to column `to` with tabs and blanks.
fn indent(out: &mut String, mut from: usize, to: usize) {
    while from < to {
        if to / 8 > (from + 1) / 8 {
            out.push('\t');
            from += 8 - from % 8;
        } else {
            out.push(' ');
            from += 1;
        }
    }
}

/// The names, of known widths, in as few lines as fit into `line` columns: down the columns, or (`across`) along the lines. Each name
/// comes with the blanks that belong in front of it; colours may stand in it.
pub(crate) fn columns(names: &[String], widths: &[usize], line: usize, across: bool) -> String {
    let n = names.len();
    let mut best: (usize, Vec<usize>) = (1, vec![widths.iter().copied().max().unwrap_or(0) + 2]);
    for cols in 2..=n.min((line / 3).max(1)) {
        let rows = n.div_ceil(cols);
        let mut sizes = vec![3usize; cols];
        for (i, w) in widths.iter().enumerate() {
            let col = if across { i % cols } else { i / rows };
            sizes[col] = sizes[col].max(w + if col == cols - 1 { 0 } else { 2 });
        }
        if sizes.iter().sum::<usize>() < line {
            best = (cols, sizes);
        }
    }
    let (cols, sizes) = best;
    let rows = n.div_ceil(cols);
    let mut out = String::new();
    for row in 0..rows {
        let (mut at, mut column) = (0, 0);
        for (col, size) in sizes.iter().enumerate() {
            let i = if across { row * cols + col } else { col * rows + row };
            let Some(name) = names.get(i) else { break };
            indent(&mut out, at, column);
            out.push_str(name);
            at = column + widths[i];
            column += size;
        }
        out.push('\n');
    }
    out
}
