//! dd: copy a file in blocks.  Source: POSIX dd, coreutils 9.1. Not here: EBCDIC, records of fixed length (`cbs=`).

use crate::util::format::{self, Style};
use crate::util::gnu;
use crate::util::quote::{quote, quoteaf};
use crate::{Ex, Spec};
use machine::{Errno, Fd, Open, STDERR, STDIN, STDOUT, Sys, Whence};

pub(super) const SPEC: Spec = Spec {
    name: "dd",
    path: "/usr/bin/dd",
    synopsis: "[OPERAND]...",
    about: "convert and copy a file",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "echo abcdefgh | dd bs=2 skip=1 count=2 status=none; echo", out: "cdef\n", code: 0 },
        Ex {
            sh: "dd if=/dev/zero of=z bs=1k count=3 status=noxfer; stat -c %s z",
            out: "3+0 records in\n3+0 records out\n3072\n",
            code: 0,
        },
    ],
};

const HELP: &str = "Usage: dd [OPERAND]...\n  or:  dd OPTION\nCopy a file, converting and formatting according to the operands.\n\n  bs=BYTES        read and write up to BYTES bytes at a time (default: 512);\n                  overrides ibs and obs\n  conv=CONVS      convert the file as per the comma separated symbol list\n  count=N         copy only N input blocks\n  ibs=BYTES       read up to BYTES bytes at a time (default: 512)\n  if=FILE         read from FILE instead of stdin\n  iflag=FLAGS     read as per the comma separated symbol list\n  obs=BYTES       write BYTES bytes at a time (default: 512)\n  of=FILE         write to FILE instead of stdout\n  oflag=FLAGS     write as per the comma separated symbol list\n  seek=N          (or oseek=N) skip N obs-sized output blocks\n  skip=N          (or iseek=N) skip N ibs-sized input blocks\n  status=LEVEL    The LEVEL of information to print to stderr\n";

const CONVERSIONS: &[&str] = &["lcase", "ucase", "swab", "noerror", "nocreat", "excl", "notrunc", "sync", "fdatasync", "fsync", "sparse"];
const FLAGS: &[&str] = &[
    "append",
    "direct",
    "directory",
    "dsync",
    "sync",
    "fullblock",
    "nonblock",
    "noatime",
    "nocache",
    "noctty",
    "nofollow",
    "count_bytes",
    "skip_bytes",
    "seek_bytes",
];
/// Blocks may not be longer: a block is kept in memory.
const LARGEST: u64 = 64 << 20;

/// A number with suffixes and products: `2x1k`.
fn number(text: &str) -> Option<u64> {
    text.split('x').try_fold(1u64, |n, part| {
        let part = part.strip_suffix('c').map(str::to_string).or(part.strip_suffix('w').map(|p| format!("{p}x2"))).unwrap_or(part.into());
        match part.split_once('x') {
            Some((p, _)) => n.checked_mul(gnu::size(p)?)?.checked_mul(2),
            None => {
                n.checked_mul(gnu::size(part.strip_suffix('B').filter(|p| p.ends_with(|c: char| c.is_ascii_digit())).unwrap_or(&part))?)
            }
        }
    })
}

/// Bytes as `1.5 MB` or `1.4 MiB`.
fn human(n: u64, base: u64) -> String {
    let units = if base == 1000 { ["B", "kB", "MB", "GB", "TB"] } else { ["B", "KiB", "MiB", "GiB", "TiB"] };
    let (mut scale, mut unit) = (1, 0);
    while n + scale / 2 >= base * scale && unit + 1 < units.len() {
        scale *= base;
        unit += 1;
    }
    let tenths = (u128::from(n) * 10 + u128::from(scale) / 2) / u128::from(scale);
    if unit > 0 && tenths < 100 {
        return format!("{}.{} {}", tenths / 10, tenths % 10, units[unit]);
    }
    format!("{} {}", (n + scale / 2) / scale, units[unit])
}

#[derive(Default)]
struct Order {
    input: Option<String>,
    output: Option<String>,
    ibs: usize,
    obs: usize,
    /// `bs=`: every block read is written as it is.
    same: bool,
    count: Option<u64>,
    skip: u64,
    seek: u64,
    conv: Vec<String>,
    flags: Vec<String>,
    status: String,
}

fn read_order(sys: &Sys) -> Result<Order, i32> {
    let mut order = Order { ibs: 512, obs: 512, ..Order::default() };
    let mut operands = sys.args().iter().skip(1).peekable();
    if operands.peek().is_some_and(|a| a.starts_with('-') && a.len() > 1) {
        gnu::options(sys, &[], HELP, 1, true)?;
    }
    for arg in operands.filter(|a| *a != "--") {
        let Some((key, value)) = arg.split_once('=') else {
            return Err(gnu::misuse(sys, 1, format_args!("unrecognized operand {}", quote(arg))));
        };
        let n = || {
            number(value).ok_or_else(|| {
                sys.complain(format_args!("invalid number: {}", quote(value)));
                1
            })
        };
        let size = || match n()? {
            0 => {
                sys.complain(format_args!("invalid number: {}", quote(value)));
                Err(1)
            }
            n if n > LARGEST => {
                sys.complain(format_args!("memory exhausted by input buffer of size {n} bytes ({})", human(n, 1024)));
                Err(1)
            }
            n => Ok(n as usize),
        };
        let list = |known: &[&str], what: &str| {
            let all: Vec<String> = value.split(',').map(String::from).collect();
            match all.iter().find(|c| !known.contains(&c.as_str())) {
                Some(bad) => Err(gnu::misuse(sys, 1, format_args!("invalid {what}: {}", quote(bad)))),
                None => Ok(all),
            }
        };
        match key {
            "if" => order.input = Some(value.to_string()),
            "of" => order.output = Some(value.to_string()),
            "bs" => (order.ibs, order.obs, order.same) = (size()?, size()?, true),
            "ibs" => order.ibs = size()?,
            "obs" => order.obs = size()?,
            "count" => order.count = Some(n()?),
            "skip" | "iseek" => order.skip = n()?,
            "seek" | "oseek" => order.seek = n()?,
            "conv" => order.conv.extend(list(CONVERSIONS, "conversion")?),
            "iflag" => order.flags.extend(list(FLAGS, "input flag")?.into_iter().map(|f| format!("i{f}"))),
            "oflag" => order.flags.extend(list(FLAGS, "output flag")?.into_iter().map(|f| format!("o{f}"))),
            "status" if ["none", "noxfer", "progress"].contains(&value) => order.status = value.to_string(),
            "status" => return Err(gnu::misuse(sys, 1, format_args!("invalid status level: {}", quote(value)))),
            _ => return Err(gnu::misuse(sys, 1, format_args!("unrecognized operand {}", quote(arg)))),
        }
    }
    Ok(order)
}

/// Full and partial blocks.
#[derive(Default)]
struct Count([u64; 2]);

impl Count {
    fn add(&mut self, n: usize, block: usize) {
        self.0[usize::from(n < block)] += 1;
    }
}

async fn run(sys: Sys) -> i32 {
    let order = match read_order(&sys) {
        Ok(order) => order,
        Err(status) => return status,
    };
    let has = |c: &str| order.conv.iter().any(|x| x == c);
    let flag = |f: &str| order.flags.iter().any(|x| x == f);
    let cannot = |name: &str, e: Errno| {
        sys.complain(format_args!("failed to open {}: {e}", quoteaf(name)));
        1
    };
    let input = match &order.input {
        None => STDIN,
        Some(name) => match sys.open(name, Open::READ, 0).await {
            Ok(fd) => fd,
            Err(e) => return cannot(name, e),
        },
    };
    let offset = if flag("oseek_bytes") { order.seek } else { order.seek.saturating_mul(order.obs as u64) };
    let output = match &order.output {
        None => STDOUT,
        Some(name) => {
            let (create, excl, append) = (!has("nocreat"), has("excl"), flag("oappend"));
            let open = Open { read: false, write: true, create, excl, append, ..Open::default() };
            let opened = match sys.open(name, open, 0o666).await {
                Ok(fd) => fd,
                Err(e) => return cannot(name, e),
            };
            if !has("notrunc") && !append {
                let _ = sys.truncate(opened, offset).await;
            }
            opened
        }
    };
    if offset > 0 {
        let _ = sys.seek(output, Whence::Start, offset as i64).await;
    }
    let begun = sys.now();
    let (mut read, mut written, mut bytes) = (Count::default(), Count::default(), 0u64);
    let mut status = skip(&sys, &order, input, flag("iskip_bytes")).await;
    let mut left = order.count.map(|n| if flag("icount_bytes") { n } else { n.saturating_mul(order.ibs as u64) });
    let mut blocks = order.count.filter(|_| !flag("icount_bytes"));
    let mut waiting: Vec<u8> = Vec::new();
    while left != Some(0) && blocks != Some(0) {
        let want = left.map_or(order.ibs, |l| l.min(order.ibs as u64) as usize);
        let mut block = Vec::new();
        let error = loop {
            match sys.read(input, want - block.len()).await {
                Ok(part) if part.is_empty() => break None,
                Ok(part) => block.extend(part),
                Err(e) => break Some(e),
            }
            if block.len() >= want || !flag("ifullblock") {
                break None;
            }
        };
        if let Some(e) = error {
            sys.complain(format_args!("error reading {}: {e}", quoteaf(order.input.as_deref().unwrap_or("standard input"))));
            status = 1;
        }
        if block.is_empty() {
            break;
        }
        read.add(block.len(), order.ibs);
        left = left.map(|l| l.saturating_sub(block.len() as u64));
        blocks = blocks.map(|b| b - 1);
        convert(&mut block, &order);
        if order.same {
            written.add(block.len(), order.obs);
            waiting = block;
        } else {
            waiting.extend(block);
        }
        let ready = if order.same { waiting.len() } else { waiting.len() / order.obs * order.obs };
        if !order.same {
            written.0[0] += (ready / order.obs) as u64;
        }
        let part: Vec<u8> = waiting.drain(..ready).collect();
        bytes += part.len() as u64;
        if let Err(e) = sys.write(output, &part).await {
            sys.complain(format_args!("error writing {}: {e}", quoteaf(order.output.as_deref().unwrap_or("standard output"))));
            status = 1;
            break;
        }
    }
    if !waiting.is_empty() {
        written.0[1] += 1;
        bytes += waiting.len() as u64;
        let _ = sys.write(output, &waiting).await;
    }
    if order.status != "none" {
        let ([a, b], [c, d]) = (read.0, written.0);
        sys.print(STDERR, format_args!("{a}+{b} records in\n{c}+{d} records out\n"));
    }
    if order.status.is_empty() || order.status == "progress" {
        // What copying costs in life is not simulated: a plausible speed stands for it.
        let nanos = sys.now().since(begun).saturating_mul(1000) + 25_000 + bytes * 5 / 8;
        let more = if bytes >= 1000 {
            let binary = if bytes >= 1024 { format!(", {}", human(bytes, 1024)) } else { String::new() };
            format!(" ({}{binary})", human(bytes, 1000))
        } else {
            String::new()
        };
        let secs = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
        let style = Style { quote: |s| s.into(), date: None, no_char: b"", stops: false };
        let time = String::from_utf8_lossy(&format::format("%g", &[secs], &style).bytes).into_owned();
        let rate = u64::try_from(u128::from(bytes) * 1_000_000_000 / u128::from(nanos)).unwrap_or(0);
        let speed = if bytes == 0 { "0.0 kB".to_string() } else { human(rate, 1000) };
        sys.print(STDERR, format_args!("{bytes} byte{}{more} copied, {time} s, {speed}/s\n", if bytes == 1 { "" } else { "s" }));
    }
    status
}

async fn skip(sys: &Sys, order: &Order, input: Fd, in_bytes: bool) -> i32 {
    let mut left = if in_bytes { order.skip } else { order.skip.saturating_mul(order.ibs as u64) };
    if left > 0 && sys.seek(input, Whence::Current, 0).await.is_ok() {
        let _ = sys.seek(input, Whence::Start, i64::try_from(left).unwrap_or(i64::MAX)).await;
        return 0;
    }
    while left > 0 {
        match sys.read(input, left.min(1 << 16) as usize).await {
            Ok(part) if !part.is_empty() => left -= part.len() as u64,
            _ => return 0,
        }
    }
    0
}

fn convert(block: &mut Vec<u8>, order: &Order) {
    for conv in &order.conv {
        match conv.as_str() {
            "ucase" => block.make_ascii_uppercase(),
            "lcase" => block.make_ascii_lowercase(),
            "swab" => block.chunks_exact_mut(2).for_each(|p| p.swap(0, 1)),
            "sync" => block.resize(order.ibs, 0),
            _ => {}
        }
    }
}
