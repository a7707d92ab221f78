//! hostname, domainname, dnsdomainname: show or set the host's name.  Source: hostname(1) 3.23 of Debian and its recordings.
//! Not here: NIS domains, which nobody has set.

use crate::{Arg, Ex, Opt, Spec, opts};
use machine::{STDERR, STDOUT, Sys, resolver};
use std::net::Ipv4Addr;

pub(super) const SPEC: Spec = Spec {
    name: "hostname",
    path: "/usr/bin/hostname",
    synopsis: "[-b] {hostname|-F file} | [-a|-A|-d|-f|-i|-I|-s|-y]",
    about: "show or set the system's host name",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "hostname 'bad name'", out: "hostname: the specified hostname is invalid\n", code: 1 }],
};

pub(super) const DOMAINNAME: Spec = Spec {
    name: "domainname",
    path: "/usr/bin/domainname",
    synopsis: "[nisdomain|-F file]",
    about: "show or set the system's NIS/YP domain name",
    run: |sys| Box::pin(run(sys)),
    examples: &[Ex { sh: "domainname", out: "(none)\n", code: 0 }],
};

pub(super) const DNSDOMAINNAME: Spec = Spec {
    name: "dnsdomainname",
    path: "/usr/bin/dnsdomainname",
    synopsis: "",
    about: "show the system's DNS domain name",
    run: |sys| Box::pin(run(sys)),
    examples: &[],
};

const USAGE: &str = "Usage: hostname [-b] {hostname|-F file}         set host name (from file)
       hostname [-a|-A|-d|-f|-i|-I|-s|-y]       display formatted name
       hostname                                 display host name

       {yp,nis,}domainname {nisdomain|-F file}  set NIS domain name (from file)
       {yp,nis,}domainname                      display NIS domain name

       dnsdomainname                            display dns domain name

       hostname -V|--version|-h|--help          print info and exit

Program name:
       {yp,nis,}domainname=hostname -y
       dnsdomainname=hostname -d

Program options:
    -a, --alias            alias names
    -A, --all-fqdns        all long host names (FQDNs)
    -b, --boot             set default hostname if none available
    -d, --domain           DNS domain name
    -f, --fqdn, --long     long host name (FQDN)
    -F, --file             read host name or NIS domain name from given file
    -i, --ip-address       addresses for the host name
    -I, --all-ip-addresses all addresses for the host
    -s, --short            short host name
    -y, --yp, --nis        NIS/YP domain name

Description:
   This command can get or set the host name or the NIS domain name. You can
   also get the DNS domain or the FQDN (fully qualified domain name).
   Unless you are using bind or NIS for host lookups you can change the
   FQDN (Fully Qualified Domain Name) and the DNS domain name (which is
   part of the FQDN) in the /etc/hosts file.
";

const OPTIONS: &[Opt] = &[
    Opt(b'a', "alias", Arg::No),
    Opt(b'A', "all-fqdns", Arg::No),
    Opt(b'b', "boot", Arg::No),
    Opt(b'd', "domain", Arg::No),
    Opt(b'f', "fqdn", Arg::No),
    Opt(b'f', "long", Arg::No),
    Opt(b'F', "file", Arg::Yes),
    Opt(b'i', "ip-address", Arg::No),
    Opt(b'I', "all-ip-addresses", Arg::No),
    Opt(b's', "short", Arg::No),
    Opt(b'y', "yp", Arg::No),
    Opt(b'y', "nis", Arg::No),
    Opt(b'V', "version", Arg::No),
    Opt(b'h', "help", Arg::No),
];

/// Letters, digits, hyphens inside, and dots between such labels.
fn valid(name: &str) -> bool {
    let label =
        |l: &str| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    name.split('.').all(label)
}

async fn run(sys: Sys) -> i32 {
    let mut wrong = String::new();
    let args = sys.args().get(1..).unwrap_or(&[]).to_vec();
    let given = match parse(&sys, &args, &mut wrong) {
        Ok(given) => given,
        Err(()) => {
            sys.complain(format_args!("{wrong}"));
            sys.print(STDOUT, format_args!("{USAGE}"));
            return 255;
        }
    };
    let has = |letter| given.has(OPTIONS, letter);
    if has(b'h') {
        sys.print(STDOUT, format_args!("{USAGE}"));
        return 0;
    }
    if has(b'V') {
        sys.print(STDOUT, format_args!("hostname 3.23\n"));
        return 0;
    }
    let nis = has(b'y') || sys.name().ends_with("domainname") && sys.name() != "dnsdomainname";
    if nis {
        if has(b'y') {
            sys.complain(format_args!("Local domain name not set"));
            return 1;
        }
        if !given.operands.is_empty() {
            sys.unsupported("setting the NIS domain name");
            return 1;
        }
        sys.print(STDOUT, format_args!("(none)\n"));
        return 0;
    }
    let mut new = given.operands.first().cloned();
    if let Some(path) = given.value(OPTIONS, b'F') {
        let text = match sys.read_file(path).await {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(e) => {
                sys.complain(format_args!("{e}"));
                return 1;
            }
        };
        new = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#')).map(String::from);
    }
    if let Some(new) = new {
        return set(&sys, &new).await;
    }
    let name = sys.host_name().await;
    let shown = match () {
        () if has(b's') => Ok(name.split('.').next().unwrap_or("").to_string()),
        () if has(b'I') => {
            let ifaces = sys.ifaces().await;
            let addrs = ifaces.iter().filter(|i| i.up && i.name != "lo").flat_map(|i| &i.addrs);
            Ok(addrs.map(|(ip, _)| format!("{ip} ")).collect())
        }
        () if has(b'A') => {
            let mut out = String::new();
            for (ip, _) in sys.ifaces().await.iter().filter(|i| i.up && i.name != "lo").flat_map(|i| &i.addrs) {
                if let Ok(name) = resolver::addr_name(&sys, *ip).await {
                    out += &format!("{name} ");
                }
            }
            Ok(out)
        }
        () if has(b'f') || has(b'd') || sys.name() == "dnsdomainname" => resolver::host_entry(&sys, &name)
            .await
            .map(|(full, _)| if has(b'f') { full } else { full.split_once('.').map_or("", |(_, d)| d).to_string() }),
        () if has(b'i') => resolver::host_addrs(&sys, &name).await.map(|ips| join(&ips)),
        () if has(b'a') => resolver::host_entry(&sys, &name).await.map(|(full, _)| full),
        () => Ok(name.clone()),
    };
    let shown = match shown {
        // The other names in the line of /etc/hosts.
        Ok(full) if has(b'a') => {
            let hosts = resolver::hosts(&sys).await;
            let row = hosts.into_iter().find(|(_, names)| names.contains(&full));
            Ok(row.map_or(String::new(), |(_, names)| names.into_iter().filter(|n| *n != full).collect::<Vec<_>>().join(" ")))
        }
        other => other,
    };
    match shown {
        Ok(text) if text.is_empty() && (has(b'd') || sys.name() == "dnsdomainname") => 0,
        Ok(text) => {
            sys.print(STDOUT, format_args!("{text}\n"));
            0
        }
        Err(e) => {
            sys.complain(format_args!("{}", e.text()));
            1
        }
    }
}

fn join(ips: &[Ipv4Addr]) -> String {
    ips.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>().join(" ")
}

/// getopt_long; its message comes back in `wrong`, since the usage goes to standard output here.
fn parse(sys: &Sys, args: &[String], wrong: &mut String) -> Result<crate::Given, ()> {
    let known = |c: char| OPTIONS.iter().any(|o| char::from(o.0) == c);
    for arg in args.iter().take_while(|a| *a != "--") {
        if let Some(long) = arg.strip_prefix("--") {
            let key = long.split('=').next().unwrap_or("");
            if !OPTIONS.iter().any(|o| o.1.starts_with(key)) {
                *wrong = format!("unrecognized option '{arg}'");
                return Err(());
            }
        } else if let Some(c) = arg.strip_prefix('-').and_then(|rest| rest.chars().find(|c| !known(*c))) {
            *wrong = format!("invalid option -- '{c}'");
            return Err(());
        }
    }
    opts::parse_args(sys, args, OPTIONS, USAGE, 255, false).map_err(|_| *wrong = "option requires an argument -- 'F'".to_string())
}

async fn set(sys: &Sys, new: &str) -> i32 {
    if !valid(new) {
        sys.complain(format_args!("the specified hostname is invalid"));
        return 1;
    }
    if new.len() > 64 {
        sys.complain(format_args!("name too long"));
        return 1;
    }
    if sys.set_host_name(new).await.is_err() {
        sys.print(STDERR, format_args!("{}: you must be root to change the host name\n", sys.name()));
        return 1;
    }
    0
}
