//! Error numbers of the simulated system calls, with the C library's words. Source: errno(3), glibc's strerror.

macro_rules! errnos {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// Why a system call failed.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Errno { $($name),+ }
        impl Errno {
            /// The message that `strerror` gives, as programs print it.
            pub fn text(self) -> &'static str { match self { $(Errno::$name => $text),+ } }
        }
    };
}

errnos! {
    EPERM = "Operation not permitted",
    ENOENT = "No such file or directory",
    ESRCH = "No such process",
    EINTR = "Interrupted system call",
    EIO = "Input/output error",
    E2BIG = "Argument list too long",
    ENOEXEC = "Exec format error",
    EBADF = "Bad file descriptor",
    ECHILD = "No child processes",
    EAGAIN = "Resource temporarily unavailable",
    EACCES = "Permission denied",
    EBUSY = "Device or resource busy",
    EEXIST = "File exists",
    EXDEV = "Invalid cross-device link",
    ENOTDIR = "Not a directory",
    EISDIR = "Is a directory",
    EINVAL = "Invalid argument",
    EMFILE = "Too many open files",
    ENOTTY = "Inappropriate ioctl for device",
    ETXTBSY = "Text file busy",
    EFBIG = "File too large",
    ENOSPC = "No space left on device",
    ESPIPE = "Illegal seek",
    EROFS = "Read-only file system",
    EMLINK = "Too many links",
    EPIPE = "Broken pipe",
    ERANGE = "Numerical result out of range",
    ENAMETOOLONG = "File name too long",
    ENOTEMPTY = "Directory not empty",
    ELOOP = "Too many levels of symbolic links",
    ENOTSOCK = "Socket operation on non-socket",
    EOPNOTSUPP = "Operation not supported",
    EADDRINUSE = "Address already in use",
    EADDRNOTAVAIL = "Cannot assign requested address",
    ENETUNREACH = "Network is unreachable",
    ECONNABORTED = "Software caused connection abort",
    ECONNRESET = "Connection reset by peer",
    ENOTCONN = "Transport endpoint is not connected",
    ETIMEDOUT = "Connection timed out",
    ECONNREFUSED = "Connection refused",
    EHOSTUNREACH = "No route to host",
    ENOSYS = "Function not implemented",
}

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// What a system call returns.
pub type Sysret<T> = Result<T, Errno>;
