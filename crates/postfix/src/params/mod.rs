//! The table of main.cf parameters that the simulated programs read: name, type, readers, bounds, default.
//! Beside it those that nobody here reads, for postconf. Not here: values (`crate::config`). Source: postconf(5), `postconf -d`.
//!
//! A line of table.txt: name, type letter followed by readers and bounds (`min` or `min-max`, 0: none), default. Types: s string, r string
//! expanded at use, i number, l large number, n number with a textual default, b yes or no, B the same with a textual default, t time.
//! Readers: `*` every program, d smtpd, c cleanup, r trivial-rewrite, q qmgr, l local, o smtp, L lmtp, b bounce, a anvil, f flush, p pickup,
//! P pipe, v virtual, w showq, V verify, X proxymap, S spawn, m master, x postfix, s sendmail, D postdrop, Q postqueue, C postconf, t TLS;
//! N: it is read and has no effect here.

static TABLE: &str = include_str!("table.txt");
/// Parameters that nobody here reads, in the same form.
static REST: &str = include_str!("rest.txt");

/// One parameter.
pub(crate) struct Param {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its type letter.
    pub(crate) kind: u8,
    /// Letters of the programs that read it.
    pub(crate) readers: &'static str,
    /// Smallest and largest value, or length of a string; 0: no bound.
    pub(crate) bounds: (i64, i64),
    /// The default as `postconf -d` prints it, not expanded.
    pub(crate) default: &'static str,
}

/// The letter of a program in the table.
pub(crate) fn reader(program: &str) -> char {
    const LETTERS: [(&str, char); 24] = [
        ("anvil", 'a'),
        ("bounce", 'b'),
        ("cleanup", 'c'),
        ("flush", 'f'),
        ("lmtp", 'L'),
        ("local", 'l'),
        ("mailq", 's'),
        ("master", 'm'),
        ("newaliases", 's'),
        ("pickup", 'p'),
        ("pipe", 'P'),
        ("postdrop", 'D'),
        ("postfix", 'x'),
        ("postqueue", 'Q'),
        ("proxymap", 'X'),
        ("qmgr", 'q'),
        ("sendmail", 's'),
        ("showq", 'w'),
        ("smtp", 'o'),
        ("smtpd", 'd'),
        ("spawn", 'S'),
        ("trivial-rewrite", 'r'),
        ("verify", 'V'),
        ("virtual", 'v'),
    ];
    LETTERS.iter().find(|(name, _)| *name == program).map_or('*', |&(_, letter)| letter)
}

/// Reads a line of a table in this form.
pub(crate) fn parse(line: &'static str) -> Param {
    let mut fields = line.splitn(3, ' ');
    let name = fields.next().unwrap_or("");
    let spec = fields.next().unwrap_or("s");
    let end = spec.find(|c: char| c.is_ascii_digit()).unwrap_or(spec.len());
    let (letters, bounds) = spec.split_at(end);
    let (min, max) = bounds.split_once('-').unwrap_or((bounds, ""));
    Param {
        name,
        kind: letters.as_bytes().first().copied().unwrap_or(b's'),
        readers: letters.get(1..).unwrap_or(""),
        bounds: (min.parse().unwrap_or(0), max.parse().unwrap_or(0)),
        default: fields.next().unwrap_or(""),
    }
}

/// Where the lines of a table start, as the compiler counts them: looking for a name then takes no search for the ends of lines.
const fn starts<const N: usize>(table: &str) -> [u16; N] {
    let mut starts = [0; N];
    let (mut i, mut line) = (0, 1);
    while i < table.len() && line < N {
        if table.as_bytes()[i] == b'\n' {
            starts[line] = (i + 1) as u16;
            line += 1;
        }
        i += 1;
    }
    starts
}

const fn count(table: &str) -> usize {
    let (mut i, mut lines) = (0, 0);
    while i < table.len() {
        lines += (table.as_bytes()[i] == b'\n') as usize;
        i += 1;
    }
    // A place in a table is a `u16`.
    assert!(i <= 0xffff);
    lines
}

static STARTS: [u16; count(TABLE)] = starts(TABLE);
static REST_STARTS: [u16; count(REST)] = starts(REST);

/// All parameters in the order of their names.
pub(crate) fn all() -> impl Iterator<Item = Param> {
    TABLE.lines().map(parse)
}

/// The parameters that nobody here reads.
pub(crate) fn all_rest() -> impl Iterator<Item = Param> {
    REST.lines().map(parse)
}

/// The parameters whose name or default somebody wants, in the order of their names.
pub(crate) fn wanted(wants: impl Fn(&str, &str) -> bool) -> impl Iterator<Item = Param> {
    TABLE.lines().filter(move |line| line.split_once(' ').is_some_and(|(name, rest)| wants(name, rest))).map(parse)
}

/// Whether a parameter is accepted and has no effect here.
pub(crate) fn is_idle(name: &str) -> bool {
    find_rest(name).or_else(|| find(name)).is_some_and(|p| p.readers.contains('N') || find(name).is_none())
}

/// One of the parameters that nobody here reads.
pub(crate) fn find_rest(name: &str) -> Option<Param> {
    line_in(REST, &REST_STARTS, name).map(parse)
}

/// The parameter of this name.
pub(crate) fn find(name: &str) -> Option<Param> {
    line_in(TABLE, &STARTS, name).map(parse)
}

/// The default of the parameter of this name: what is asked for most.
pub(crate) fn default(name: &str) -> Option<&'static str> {
    line_in(TABLE, &STARTS, name).map(|line| line.splitn(3, ' ').nth(2).unwrap_or(""))
}

fn line_in(table: &'static str, starts: &[u16], name: &str) -> Option<&'static str> {
    let key = name.as_bytes();
    let from = |start: u16| table.as_bytes().get(usize::from(start)..).unwrap_or(&[]);
    let found = starts.binary_search_by(|start| {
        let line = from(*start);
        let (head, rest) = line.split_at(key.len().min(line.len()));
        // The blank behind the name comes before all that can be part of one.
        head.cmp(key).then_with(|| rest.first().unwrap_or(&b' ').cmp(&b' '))
    });
    found.ok().and_then(|i| table.get(usize::from(starts[i])..)?.lines().next())
}

/// Endings of parameters that belong to one transport, `smtp_destination_concurrency_limit`, each with the general one.
pub(crate) const TRANSPORT: [(&str, &str); 17] = [
    ("_delivery_slot_cost", "$default_delivery_slot_cost"),
    ("_delivery_slot_discount", "$default_delivery_slot_discount"),
    ("_delivery_slot_loan", "$default_delivery_slot_loan"),
    ("_destination_concurrency_failed_cohort_limit", "$default_destination_concurrency_failed_cohort_limit"),
    ("_destination_concurrency_limit", "$default_destination_concurrency_limit"),
    ("_destination_concurrency_negative_feedback", "$default_destination_concurrency_negative_feedback"),
    ("_destination_concurrency_positive_feedback", "$default_destination_concurrency_positive_feedback"),
    ("_destination_rate_delay", "$default_destination_rate_delay"),
    ("_destination_recipient_limit", "$default_destination_recipient_limit"),
    ("_extra_recipient_limit", "$default_extra_recipient_limit"),
    ("_initial_destination_concurrency", "$initial_destination_concurrency"),
    ("_minimum_delivery_slots", "$default_minimum_delivery_slots"),
    ("_recipient_limit", "$default_recipient_limit"),
    ("_recipient_refill_delay", "$default_recipient_refill_delay"),
    ("_recipient_refill_limit", "$default_recipient_refill_limit"),
    ("_time_limit", "$command_time_limit"),
    ("_transport_rate_delay", "$default_transport_rate_delay"),
];

/// The default of a parameter that belongs to one transport: the general one.
pub(crate) fn transport_default(name: &str) -> Option<&'static str> {
    TRANSPORT.iter().find(|(suffix, _)| name.len() > suffix.len() && name.ends_with(suffix)).map(|&(_, default)| default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_line_can_be_found() {
        let names: Vec<&str> = all().map(|p| p.name).collect();
        assert!(names.is_sorted());
        for p in all() {
            assert_eq!(find(p.name).unwrap().default, p.default);
            assert!(b"srilnbBt".contains(&p.kind), "{}", p.name);
        }
        assert!(is_idle("smtpd_milters") && is_idle("lmtp_bind_address6") && !is_idle("relayhost") && !is_idle("nosuch"));
        assert!(find("").is_none() && find("zzz").is_none() && find("smtp").is_none());
    }
}
