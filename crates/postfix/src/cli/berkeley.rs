//! In which order Berkeley DB walks the entries of a hash table, and how many pages its file has: what `postmap -s` and `ls -l` show.
//! Not here: the file (`lookup::db`). Source: Berkeley DB 5.3, linear hashing with two buckets at first, pages of 4096 bytes, keys with their NUL.

use crate::lookup::db::{PAGE, Record};

/// Room for entries on a page: without its header.
const ROOM: usize = PAGE - 26;

/// A table being filled: buckets of pages of entries.
struct Hash {
    buckets: Vec<Vec<Vec<Record>>>,
    high: usize,
    low: usize,
    pages: usize,
}

/// The hash function of a key with its NUL.
fn hash(key: &[u8]) -> usize {
    key.iter().chain([&0]).fold(0u32, |h, &b| h.wrapping_mul(16_777_619) ^ u32::from(b)) as usize
}

/// Bytes of an entry: key and value with their NUL, a type byte and an index of two bytes each.
fn size(record: &Record) -> usize {
    record.key.len() + record.value.len() + 8
}

impl Hash {
    fn bucket(&self, key: &[u8]) -> usize {
        let n = hash(key) & self.high;
        if n >= self.buckets.len() { n & self.low } else { n }
    }
    /// Adds an entry; true if a page had to be added for it.
    fn put(&mut self, record: Record) -> bool {
        let at = self.bucket(&record.key);
        let need = size(&record);
        let pages = &mut self.buckets[at];
        let page = pages.iter().position(|p| p.iter().map(size).sum::<usize>() + need <= ROOM);
        let added = page.is_none();
        if added {
            pages.push(Vec::new());
            self.pages += 1;
        }
        let page = page.unwrap_or(pages.len() - 1);
        let place = pages[page].partition_point(|r| r.key < record.key);
        pages[page].insert(place, record);
        added
    }
    /// Splits the next bucket in two.
    fn grow(&mut self) {
        let new = self.buckets.len();
        if new > self.high {
            // The table doubles: pages for all of the new buckets are taken at once.
            self.pages += new;
            self.low = self.high;
            self.high = new | self.low;
        }
        self.buckets.push(vec![Vec::new()]);
        let old = new & self.low;
        let moved = std::mem::replace(&mut self.buckets[old], vec![Vec::new()]);
        self.pages -= moved.len() - 1;
        for record in moved.into_iter().flatten() {
            self.put(record);
        }
    }
}

/// The entries in the order of the walk, and the number of pages of the file.
pub(super) fn arrange(is_hash: bool, mut records: Vec<Record>) -> (Vec<Record>, usize) {
    if !is_hash {
        machine::sort_by(&mut records, |a, b| a.key.cmp(&b.key));
        let bytes: usize = records.iter().map(size).sum();
        let leaves = bytes.div_ceil(ROOM).max(1);
        return (records, if leaves > 1 { leaves + 2 } else { 2 });
    }
    let mut table = Hash { buckets: vec![vec![Vec::new()], vec![Vec::new()]], high: 1, low: 0, pages: 3 };
    for record in records {
        if table.put(record) {
            table.grow();
        }
    }
    (table.buckets.into_iter().flatten().flatten().collect(), table.pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_the_recorded_order() {
        let keys = |list: &[&str]| -> Vec<Record> {
            list.iter().map(|k| Record { key: k.as_bytes().to_vec(), value: b"x".to_vec(), line: 1 }).collect()
        };
        for (given, walked) in [
            (&["a@t.example", "b@t.example", "c@t.example"][..], &["b@t.example", "a@t.example", "c@t.example"][..]),
            (&["a@t.example", "c@t.example", "new"][..], &["new", "a@t.example", "c@t.example"][..]),
            (
                &["mailer-daemon", "postmaster", "nobody", "dup", "@", "YP_LAST_MODIFIED", "YP_MASTER_NAME"][..],
                &["@", "YP_LAST_MODIFIED", "YP_MASTER_NAME", "postmaster", "dup", "mailer-daemon", "nobody"][..],
            ),
        ] {
            let (out, pages) = arrange(true, keys(given));
            let out: Vec<String> = out.iter().map(|r| String::from_utf8_lossy(&r.key).into_owned()).collect();
            assert_eq!(out, walked);
            assert_eq!(pages, 3);
        }
    }
}
