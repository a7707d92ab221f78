//! Commands that a mail host of this kind has, or that its administrator asks for, and that are not simulated: who types one is told so
//! instead of being left to think that it was not installed. Their files do not exist. Not here: options (`Sys::unsupported`).

/// In alphabetical order.
const ABSENT: &[&str] = &[
    "apt",
    "apt-get",
    "at",
    "bzip2",
    "curl",
    "dmesg",
    "dovecot",
    "doveadm",
    "doveconf",
    "dpkg",
    "ed",
    "emacs",
    "ftp",
    "gcc",
    "git",
    "gunzip",
    "gzip",
    "htop",
    "iptables",
    "journalctl",
    "locate",
    "lsblk",
    "lsof",
    "make",
    "mutt",
    "nano",
    "nft",
    "nmap",
    "perl",
    "python",
    "python3",
    "rsync",
    "scp",
    "screen",
    "sftp",
    "ssh",
    "ssh-keygen",
    "strace",
    "swaks",
    "tar",
    "tcpdump",
    "tmux",
    "traceroute",
    "tree",
    "tshark",
    "ufw",
    "unzip",
    "vmstat",
    "wget",
    "whois",
    "xz",
    "zcat",
    "zip",
];

/// Whether a command of this name is one of them.
pub(crate) fn absent(name: &str) -> bool {
    ABSENT.contains(&name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_here_is_not_called_absent() {
        for program in [crate::RESIDENT, crate::BASE, crate::COMMON, crate::ACCOUNTS, crate::TOOLS, crate::SCREEN].into_iter().flatten() {
            assert!(!super::absent(program.name), "{} is simulated", program.name);
        }
    }
}
