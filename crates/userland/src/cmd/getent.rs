//! getent: what the C library knows of users, groups, hosts, services …  Source: getent(1) of glibc 2.36 and recordings.
//! Not here: IPv6, rpc, netgroups.

use crate::util::users::Accounts;
use crate::{Ex, Spec};
use machine::{STDERR, STDOUT, Sys, resolver};

pub(super) const SPEC: Spec = Spec {
    name: "getent",
    path: "/usr/bin/getent",
    synopsis: "[OPTION...] database [key ...]",
    about: "get entries from Name Service Switch libraries",
    run: |sys| Box::pin(run(sys)),
    examples: &[
        Ex { sh: "getent passwd root", out: "root:x:0:0:root:/root:/bin/bash\n", code: 0 },
        Ex { sh: "getent passwd nosuch", out: "", code: 2 },
        Ex { sh: "getent services smtp", out: "smtp                  25/tcp mail\n", code: 0 },
    ],
};

const HELP: &str = "Usage: getent [OPTION...] database [key ...]
Get entries from administrative database.

  -A, --no-addrconfig        do not filter out unsupported IPv4/IPv6 addresses
                             (with ahosts*)
  -i, --no-idn               disable IDN encoding
  -s, --service=CONFIG       Service configuration to be used
  -?, --help                 Give this help list
      --usage                Give a short usage message
  -V, --version              Print program version

Mandatory or optional arguments to long options are also mandatory or optional
for any corresponding short options.

Supported databases:
ahosts ahostsv4 ahostsv6 aliases ethers group gshadow hosts initgroups
netgroup networks passwd protocols rpc services shadow

For bug reporting instructions, please see:
<http://www.debian.org/Bugs/>.
";

async fn run(sys: Sys) -> i32 {
    let mut words = Vec::new();
    for arg in sys.args().iter().skip(1) {
        match arg.as_str() {
            "-?" | "--help" => {
                sys.print(STDOUT, format_args!("{HELP}"));
                return 0;
            }
            "-V" | "--version" => {
                sys.print(STDOUT, format_args!("getent (Debian GLIBC 2.36-9+deb12u10) 2.36\n"));
                return 0;
            }
            "-A" | "-i" | "--no-addrconfig" | "--no-idn" => {}
            _ if arg.len() > 1 && arg.starts_with('-') && words.is_empty() => {
                sys.unsupported(arg);
                return 1;
            }
            _ => words.push(arg.clone()),
        }
    }
    let hint = "Try `getent --help' or `getent --usage' for more information.";
    let Some((database, keys)) = words.split_first() else {
        sys.print(STDERR, format_args!("getent: wrong number of arguments\n{hint}\n"));
        return 1;
    };
    match database.as_str() {
        "passwd" => rows(&sys, "/etc/passwd", 7, 2, keys).await,
        "group" => rows(&sys, "/etc/group", 4, 2, keys).await,
        "shadow" => rows(&sys, "/etc/shadow", 9, usize::MAX, keys).await,
        "gshadow" => rows(&sys, "/etc/gshadow", 4, usize::MAX, keys).await,
        "hosts" => hosts(&sys, keys).await,
        "ahosts" | "ahostsv4" => ahosts(&sys, keys).await,
        "services" => services(&sys, keys).await,
        "protocols" => protocols(&sys, keys).await,
        "initgroups" => initgroups(&sys, keys).await,
        "ahostsv6" | "aliases" | "ethers" | "netgroup" | "networks" | "rpc" => {
            sys.unsupported(database);
            1
        }
        _ => {
            sys.print(STDERR, format_args!("Unknown database: {database}\n{hint}\n"));
            1
        }
    }
}

/// A file of colons: all rows, or those of the keys, which are names or (in the field `number`) numbers.
async fn rows(sys: &Sys, path: &str, fields: usize, number: usize, keys: &[String]) -> i32 {
    let text = sys.read_file(path).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let table: Vec<(&str, Vec<&str>)> =
        text.lines().map(|l| (l, l.split(':').collect::<Vec<_>>())).filter(|(_, r)| r.len() == fields).collect();
    if keys.is_empty() {
        for (line, _) in &table {
            sys.print(STDOUT, format_args!("{line}\n"));
        }
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let digits = key.bytes().all(|b| b.is_ascii_digit());
        let fits = |row: &[&str]| if digits { row.get(number) == Some(&key.as_str()) } else { row[0] == key };
        match table.iter().find(|(_, row)| fits(row)) {
            Some((line, _)) => sys.print(STDOUT, format_args!("{line}\n")),
            None => status = 2,
        }
    }
    status
}

async fn hosts(sys: &Sys, keys: &[String]) -> i32 {
    let file = resolver::hosts(sys).await;
    if keys.is_empty() {
        for (ip, names) in file {
            sys.print(STDOUT, format_args!("{:15} {}\n", ip.to_string(), names.join(" ")));
        }
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let numeric = resolver::numeric(key);
        let row = file
            .iter()
            .find(|(ip, names)| numeric == Some(*ip) || (numeric.is_none() && names.iter().any(|n| n.eq_ignore_ascii_case(key))));
        if let Some((ip, names)) = row {
            sys.print(STDOUT, format_args!("{:15} {}\n", ip.to_string(), names.join(" ")));
            continue;
        }
        let found = match numeric {
            Some(ip) => resolver::addr_name(sys, ip).await.map(|name| (name, vec![ip])),
            None => resolver::host_entry(sys, key).await,
        };
        let Ok((name, ips)) = found else {
            status = 2;
            continue;
        };
        for ip in ips {
            // The name that was asked for is an alias of the one found.
            let alias =
                if numeric.is_none() && !name.eq_ignore_ascii_case(key) && key.contains('.') { format!(" {key}") } else { String::new() };
            sys.print(STDOUT, format_args!("{:15} {name}{alias}\n", ip.to_string()));
        }
    }
    status
}

async fn ahosts(sys: &Sys, keys: &[String]) -> i32 {
    let mut status = 0;
    for key in keys {
        let Ok((name, ips)) = resolver::host_entry(sys, key).await else {
            status = 2;
            continue;
        };
        for (i, ip) in ips.into_iter().enumerate() {
            for kind in ["STREAM", "DGRAM", "RAW"] {
                let name = if i == 0 && kind == "STREAM" { name.as_str() } else { "" };
                sys.print(STDOUT, format_args!("{:15} {kind:6} {name}\n", ip.to_string()));
            }
        }
    }
    status
}

async fn services(sys: &Sys, keys: &[String]) -> i32 {
    let table = resolver::services(sys).await;
    let show = |(names, port, proto): &(Vec<String>, u16, String)| {
        let rest: String = names.iter().skip(1).map(|n| format!(" {n}")).collect();
        sys.print(STDOUT, format_args!("{:21} {port}/{proto}{rest}\n", names.first().map_or("", String::as_str)));
    };
    if keys.is_empty() {
        table.iter().for_each(show);
        return 0;
    }
    let mut status = 0;
    for key in keys {
        let (name, proto) = key.split_once('/').map_or((key.as_str(), None), |(n, p)| (n, Some(p)));
        let fits = |row: &&(Vec<String>, u16, String)| {
            (row.0.iter().any(|n| n == name) || name.parse() == Ok(row.1)) && proto.is_none_or(|p| p == row.2)
        };
        match table.iter().find(fits) {
            Some(row) => show(row),
            None => status = 2,
        }
    }
    status
}

async fn protocols(sys: &Sys, keys: &[String]) -> i32 {
    let text = sys.read_file("/etc/protocols").await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let strip = |l: &str| l.split('#').next().unwrap_or("").split_whitespace().map(String::from).collect::<Vec<_>>();
    let table: Vec<Vec<String>> = text.lines().map(strip).filter(|r| r.len() > 1).collect();
    let mut status = 0;
    let all: Vec<&Vec<String>> = if keys.is_empty() { table.iter().collect() } else { Vec::new() };
    let mut shown = all;
    for key in keys {
        match table.iter().find(|r| r.contains(key)) {
            Some(row) => shown.push(row),
            None => status = 2,
        }
    }
    for row in shown {
        sys.print(STDOUT, format_args!("{:21} {}\n", row[0], row[1..].join(" ")));
    }
    status
}

async fn initgroups(sys: &Sys, keys: &[String]) -> i32 {
    let accounts = Accounts::read(sys).await;
    for key in keys {
        let groups: String = accounts.groups_of(key, u32::MAX).iter().skip(1).map(|g| format!(" {g}")).collect();
        sys.print(STDOUT, format_args!("{key:21}{groups}\n"));
    }
    0
}
