//! diff: which lines differ: the shortest way from one file to the other, its changes moved to where GNU shows them.
//! Not here: reading and writing (`diff`, `show`). Source: E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).

use super::Blind;
use super::show::Side;

/// Lines `from..from + count` on each side, counted from 0: these became those.
pub(super) struct Change {
    pub(super) left: (usize, usize),
    pub(super) right: (usize, usize),
}

impl Blind {
    /// A line as it counts.
    fn key(&self, line: &[u8]) -> Vec<u8> {
        let mut line = line;
        if self.cr {
            line = line.strip_suffix(b"\r").unwrap_or(line);
        }
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | 0x0b | 0x0c);
        let mut out = Vec::with_capacity(line.len());
        for b in line {
            if blank(b) && self.all_space {
                continue;
            }
            if blank(b) && self.space_change {
                if out.last() != Some(&b' ') {
                    out.push(b' ');
                }
                continue;
            }
            out.push(if self.case { b.to_ascii_lowercase() } else { *b });
        }
        if self.space_change || self.trailing {
            while out.last().is_some_and(blank) {
                out.pop();
            }
        }
        out
    }
}

struct Search<'a> {
    a: &'a [u32],
    b: &'a [u32],
    /// Lines of either side that have no counterpart.
    gone: [Vec<bool>; 2],
    forward: Vec<i64>,
    backward: Vec<i64>,
    zero: i64,
}

impl Search<'_> {
    /// The middle of a shortest path.
    fn middle(&mut self, (x0, x1): (i64, i64), (y0, y1): (i64, i64)) -> (i64, i64) {
        let (dmin, dmax) = (x0 - y1, x1 - y0);
        let (fmid, bmid) = (x0 - y0, x1 - y1);
        let (mut fmin, mut fmax, mut bmin, mut bmax) = (fmid, fmid, bmid, bmid);
        let odd = (fmid - bmid) % 2 != 0;
        let at = |d: i64, zero: i64| (d + zero) as usize;
        let zero = self.zero;
        self.forward[at(fmid, zero)] = x0;
        self.backward[at(bmid, zero)] = x1;
        loop {
            if fmin > dmin {
                fmin -= 1;
                self.forward[at(fmin - 1, zero)] = -1;
            } else {
                fmin += 1;
            }
            if fmax < dmax {
                fmax += 1;
                self.forward[at(fmax + 1, zero)] = -1;
            } else {
                fmax -= 1;
            }
            let mut d = fmax;
            while d >= fmin {
                let (low, high) = (self.forward[at(d - 1, zero)], self.forward[at(d + 1, zero)]);
                let mut x = if low < high { high } else { low + 1 };
                let mut y = x - d;
                while x < x1 && y < y1 && self.a[x as usize] == self.b[y as usize] {
                    x += 1;
                    y += 1;
                }
                self.forward[at(d, zero)] = x;
                if odd && (bmin..=bmax).contains(&d) && self.backward[at(d, zero)] <= x {
                    return (x, y);
                }
                d -= 2;
            }
            if bmin > dmin {
                bmin -= 1;
                self.backward[at(bmin - 1, zero)] = i64::MAX;
            } else {
                bmin += 1;
            }
            if bmax < dmax {
                bmax += 1;
                self.backward[at(bmax + 1, zero)] = i64::MAX;
            } else {
                bmax -= 1;
            }
            let mut d = bmax;
            while d >= bmin {
                let (low, high) = (self.backward[at(d - 1, zero)], self.backward[at(d + 1, zero)]);
                let mut x = if low < high { low } else { high - 1 };
                let mut y = x - d;
                while x0 < x && y0 < y && self.a[x as usize - 1] == self.b[y as usize - 1] {
                    x -= 1;
                    y -= 1;
                }
                self.backward[at(d, zero)] = x;
                if !odd && (fmin..=fmax).contains(&d) && x <= self.forward[at(d, zero)] {
                    return (x, y);
                }
                d -= 2;
            }
        }
    }
    fn run(&mut self, xs: (i64, i64), ys: (i64, i64)) {
        let mut todo = vec![(xs, ys)];
        while let Some(((mut x0, mut x1), (mut y0, mut y1))) = todo.pop() {
            while x0 < x1 && y0 < y1 && self.a[x0 as usize] == self.b[y0 as usize] {
                x0 += 1;
                y0 += 1;
            }
            while x0 < x1 && y0 < y1 && self.a[x1 as usize - 1] == self.b[y1 as usize - 1] {
                x1 -= 1;
                y1 -= 1;
            }
            if x0 == x1 {
                self.gone[1][y0 as usize..y1 as usize].fill(true);
            } else if y0 == y1 {
                self.gone[0][x0 as usize..x1 as usize].fill(true);
            } else {
                let (x, y) = self.middle((x0, x1), (y0, y1));
                todo.push(((x0, x), (y0, y)));
                todo.push(((x, x1), (y, y1)));
            }
        }
    }
}

/// Moves runs of changes as far down as they can go, or back to where the other side has a run.
fn shift(lines: &[u32], changed: &mut [bool], other: &[bool]) {
    let end = lines.len();
    // One before the start and one behind the end never change.
    let is = |c: &[bool], i: i64| i >= 0 && c.get(i as usize).copied().unwrap_or(false);
    let (mut i, mut j) = (0i64, 0i64);
    loop {
        while (i as usize) < end && !changed[i as usize] {
            while is(other, j) {
                j += 1;
            }
            j += 1;
            i += 1;
        }
        if i as usize >= end {
            return;
        }
        let mut start = i;
        while is(changed, i) {
            i += 1;
        }
        while is(other, j) {
            j += 1;
        }
        let mut corresponding;
        loop {
            let length = i - start;
            while start > 0 && lines[start as usize - 1] == lines[i as usize - 1] {
                start -= 1;
                changed[start as usize] = true;
                i -= 1;
                changed[i as usize] = false;
                while is(changed, start - 1) {
                    start -= 1;
                }
                j -= 1;
                while is(other, j) {
                    j -= 1;
                }
            }
            corresponding = if is(other, j - 1) { i } else { end as i64 };
            while (i as usize) < end && lines[start as usize] == lines[i as usize] {
                changed[start as usize] = false;
                start += 1;
                changed[i as usize] = true;
                i += 1;
                while is(changed, i) {
                    i += 1;
                }
                j += 1;
                while is(other, j) {
                    corresponding = i;
                    j += 1;
                }
            }
            if length == i - start {
                break;
            }
        }
        while corresponding < i {
            start -= 1;
            changed[start as usize] = true;
            i -= 1;
            changed[i as usize] = false;
            j -= 1;
            while is(other, j) {
                j -= 1;
            }
        }
    }
}

/// The changes from one side to the other.
pub(super) fn compare(left: &Side, right: &Side, blind: Blind) -> Vec<Change> {
    // Lines that count as the same get the same number.
    let mut all: Vec<(Vec<u8>, usize)> = Vec::new();
    for side in [left, right] {
        for i in 0..side.lines.len() {
            let mut key = blind.key(side.line(i));
            let whole = i + 1 < side.lines.len() || side.ended;
            if !(whole || blind.all_space || blind.space_change || blind.trailing) {
                key.push(b'\n');
            }
            all.push((key, all.len()));
        }
    }
    let n = left.lines.len();
    let mut ids = vec![0u32; all.len()];
    machine::sort(&mut all);
    let mut id = 0;
    for i in 0..all.len() {
        if i > 0 && all[i].0 != all[i - 1].0 {
            id += 1;
        }
        ids[all[i].1] = id;
    }
    let (a, b) = ids.split_at(n);
    let size = a.len() + b.len() + 3;
    let gone = [vec![false; a.len()], vec![false; b.len()]];
    let zero = b.len() as i64 + 1;
    let mut search = Search { a, b, gone, forward: vec![-1; size], backward: vec![i64::MAX; size], zero };
    search.run((0, a.len() as i64), (0, b.len() as i64));
    let [mut x, mut y] = search.gone;
    shift(a, &mut x, &y);
    shift(b, &mut y, &x);
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < x.len() || j < y.len() {
        let (from_i, from_j) = (i, j);
        while x.get(i) == Some(&true) {
            i += 1;
        }
        while y.get(j) == Some(&true) {
            j += 1;
        }
        if i > from_i || j > from_j {
            let blank = |side: &Side, from: usize, to: usize| (from..to).all(|n| side.line(n).is_empty());
            if !(blind.blank_lines && blank(left, from_i, i) && blank(right, from_j, j)) {
                out.push(Change { left: (from_i, i - from_i), right: (from_j, j - from_j) });
            }
        } else {
            i += 1;
            j += 1;
        }
    }
    out
}
