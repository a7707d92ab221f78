//! wire: both ends of a cable for a front end that plays a network client itself: what is typed at its terminal goes to a TCP connection,
//! what comes from there to the terminal, byte by byte and unchanged. It ends when the other side closes.
//! Not here: any protocol. Arguments: own address, own port (0: any), the other's address and port.

use machine::{Interest, STDIN, STDOUT, SockAddr, Sys};

pub(super) async fn main(sys: Sys) -> i32 {
    let number = |i: usize| sys.arg(i).parse().unwrap_or(0);
    let (Ok(own), Ok(ip)) = (sys.arg(1).parse(), sys.arg(3).parse()) else { return 2 };
    let from = SockAddr { ip: own, port: number(2) };
    let to = SockAddr { ip, port: number(4) };
    let Ok(conn) = sys.tcp_connect(to, Some(from), None).await else { return 1 };
    loop {
        let Ok(ready) = sys.poll(&[(conn, Interest::Read), (STDIN, Interest::Read)], None).await else { return 1 };
        if ready.contains(&conn) {
            match sys.read(conn, 65536).await {
                Ok(bytes) if bytes.is_empty() => return 0,
                Ok(bytes) => sys.put(STDOUT, &bytes),
                Err(_) => return 1,
            }
        } else if let Ok(bytes) = sys.read(STDIN, 65536).await
            && sys.write(conn, &bytes).await.is_err()
        {
            return 1;
        }
    }
}
