//! Compiled tables `NAME.db` of hash: and btree:. The first page says Berkeley DB to file(1); behind it stand the entries in the order in
//! which Berkeley DB would walk them, each with the line of the source text it came from, and an index by key.
//! Not here: compiling a text (`cli::postmap`), the order of the entries. Source: db(5) magic numbers; the layout is ours.

/// Size of a page.
pub(crate) const PAGE: usize = 4096;
/// Where the entries begin: behind what file(1) looks at.
const START: usize = 72;

/// One entry of a table.
#[derive(Clone)]
pub(crate) struct Record {
    /// The key, as it is compared.
    pub(crate) key: Vec<u8>,
    /// The value.
    pub(crate) value: Vec<u8>,
    /// Line of the source text; 0: none (`postmap -i`, alias bookkeeping).
    pub(crate) line: u32,
}

/// A compiled table.
pub(crate) struct Db {
    bytes: Vec<u8>,
    count: usize,
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(four) as usize)
}

fn put_word(out: &mut Vec<u8>, n: usize) {
    out.extend_from_slice(&(n as u32).to_le_bytes());
}

impl Db {
    /// Reads a file; `None` if it is not one of these.
    pub(crate) fn read(bytes: Vec<u8>) -> Option<Db> {
        let magic = word(&bytes, 12)?;
        if magic != 0x0006_1561 && magic != 0x0005_3162 {
            return None;
        }
        let count = word(&bytes, 24)?;
        let index_end = word(&bytes, 28)?.checked_add(count.checked_mul(4)?)?;
        (index_end <= bytes.len()).then_some(Db { bytes, count })
    }
    /// A table of this kind; the library's complaint on standard error if it is something else.
    pub(crate) fn open(sys: &machine::Sys, kind: &str, path: &str, bytes: Vec<u8>) -> Option<Db> {
        // What is shorter than a table's description is not even looked at.
        let whole = bytes.len() >= START;
        let db = Db::read(bytes).filter(|db| db.is_hash() == (kind == "hash"));
        if db.is_none() && whole {
            sys.print(machine::STDERR, format_args!("BDB0641 __db_meta_setup: {path}: unexpected file type or format\n"));
        }
        db
    }
    /// Writes a file of `pages` pages, or as many as it takes, with the entries in this order.
    pub(crate) fn write(hash: bool, records: &[Record], pages: usize) -> Vec<u8> {
        let mut out = vec![0; 12];
        put_word(&mut out, if hash { 0x0006_1561 } else { 0x0005_3162 });
        put_word(&mut out, 9);
        put_word(&mut out, PAGE);
        put_word(&mut out, records.len());
        out.resize(START, 0);
        let mut offsets: Vec<usize> = Vec::new();
        for record in records {
            offsets.push(out.len());
            for n in [record.line as usize, record.key.len(), record.value.len()] {
                put_word(&mut out, n);
            }
            out.extend_from_slice(&record.key);
            out.extend_from_slice(&record.value);
        }
        let mut order: Vec<usize> = (0..records.len()).collect();
        machine::sort_by(&mut order, |&a, &b| records[a].key.cmp(&records[b].key));
        let index = out.len() as u32;
        out[28..32].copy_from_slice(&index.to_le_bytes());
        for at in order {
            put_word(&mut out, offsets[at]);
        }
        let size = (pages * PAGE).max(out.len().div_ceil(PAGE) * PAGE);
        out.resize(size, 0);
        out
    }
    /// Whether it is a hash, not a btree.
    pub(crate) fn is_hash(&self) -> bool {
        word(&self.bytes, 12) == Some(0x0006_1561)
    }
    fn record(&self, at: usize) -> Option<(&[u8], &[u8], u32, usize)> {
        let (line, klen, vlen) = (word(&self.bytes, at)?, word(&self.bytes, at + 4)?, word(&self.bytes, at + 8)?);
        let from = at + 12;
        let middle = from.checked_add(klen)?;
        let end = middle.checked_add(vlen)?;
        Some((self.bytes.get(from..middle)?, self.bytes.get(middle..end)?, line as u32, end))
    }
    /// The value of a key and its source line.
    pub(crate) fn find(&self, key: &[u8]) -> Option<(&[u8], u32)> {
        let index = word(&self.bytes, 28)?;
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let (k, value, line, _) = self.record(word(&self.bytes, index + middle * 4)?)?;
            match k.cmp(key) {
                std::cmp::Ordering::Equal => return Some((value, line)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
    /// All entries in the order of the file.
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut out = Vec::new();
        let mut at = START;
        for _ in 0..self.count {
            let Some((key, value, line, end)) = self.record(at) else { break };
            out.push(Record { key: key.to_vec(), value: value.to_vec(), line });
            at = end;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_found() {
        let records: Vec<Record> = (0..300u32)
            .map(|i| Record { key: format!("k{}", (i * 7) % 300).into_bytes(), value: format!("v{i}").into_bytes(), line: i + 1 })
            .collect();
        let bytes = Db::write(true, &records, 3);
        assert_eq!(bytes.len() % PAGE, 0);
        let Some(db) = Db::read(bytes) else { panic!("unreadable") };
        for r in &records {
            assert_eq!(db.find(&r.key), Some((r.value.as_slice(), r.line)));
        }
        assert!(db.find(b"nosuch").is_none() && db.is_hash() && db.records().len() == 300);
        assert!(Db::read(b"not a table".to_vec()).is_none() && Db::read(Vec::new()).is_none());
    }
}
