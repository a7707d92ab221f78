//! One sort for all: stable, and its code is there once, whatever is sorted. The library's own sorts cost 4 KB for each type and order;
//! `crates/clippy.toml` sends their users here.

use std::cmp::Ordering;

/// Sorts by the order of the items; equal ones keep theirs.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// Sorts by an order; items that are equal in it keep theirs.
pub fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let mut places = places(items.len(), &mut |a, b| compare(&items[a], &items[b]).is_gt());
    for i in 0..items.len() {
        while places[i] != i {
            let to = places[i];
            items.swap(i, to);
            places.swap(i, to);
        }
    }
}

/// Sorts by a key that each comparison works out anew; items of the same key keep their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Where each of `n` items belongs. Merges runs of growing length; `after` tells whether one item belongs after another.
fn places(n: usize, after: &mut dyn FnMut(usize, usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut merged = Vec::with_capacity(n);
    let mut run = 1;
    while run < n {
        merged.clear();
        for both in order.chunks(run * 2) {
            let (mut left, mut right) = both.split_at(run.min(both.len()));
            while let (Some((&l, rest_l)), Some((&r, rest_r))) = (left.split_first(), right.split_first()) {
                if after(l, r) {
                    merged.push(r);
                    right = rest_r;
                } else {
                    merged.push(l);
                    left = rest_l;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut order, &mut merged);
        run *= 2;
    }
    let mut places = merged;
    places.clear();
    places.resize(n, 0);
    for (place, item) in order.into_iter().enumerate() {
        places[item] = place;
    }
    places
}

#[cfg(test)]
mod tests {
    /// Against the library's sort, which is stable too, for every length up to 70 and for orders with many equals.
    #[test]
    #[allow(clippy::disallowed_methods)]
    fn sorts_as_the_library_does() {
        let mut seed = 1u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 16
        };
        for n in 0..70 {
            for spread in [1, 3, 1000] {
                let items: Vec<(u32, usize)> = (0..n).map(|i| (next() % spread, i)).collect();
                let (mut ours, mut theirs) = (items.clone(), items);
                super::sort_by_key(&mut ours, |i| i.0);
                theirs.sort_by_key(|i| i.0);
                assert_eq!(ours, theirs);
            }
        }
    }
}
