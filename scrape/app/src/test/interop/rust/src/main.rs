//! Serves CPU profiles of this process with the `pprof` crate; prints the address, exits with its input.

use pprof::protos::Message;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

#[inline(never)]
fn hash_much(seed: u64) -> u64 {
    (0..200_000u64).fold(seed, |h, i| (h ^ i).wrapping_mul(0x100000001b3).rotate_left(5))
}

fn work() {
    let mut sum = 0u64;
    loop {
        sum = std::hint::black_box(hash_much(sum));
    }
}

fn profile(seconds: u64) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let guard = pprof::ProfilerGuardBuilder::default()
        .frequency(100)
        .blocklist(&["libc", "libgcc", "pthread", "vdso"])
        .build()?;
    std::thread::sleep(Duration::from_secs(seconds));
    Ok(guard.report().build()?.pprof()?.encode_to_vec())
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(stream.try_clone()?).read_line(&mut line)?;
    let path = line.split_whitespace().nth(1).unwrap_or("/").to_string();
    let (status, body) = if path.starts_with("/debug/pprof/profile") {
        let seconds = path.split("seconds=").nth(1).and_then(|s| s.parse().ok()).unwrap_or(1);
        match profile(seconds) {
            Ok(bytes) => ("200 OK", bytes),
            Err(e) => ("500 Internal Server Error", e.to_string().into_bytes()),
        }
    } else {
        ("404 Not Found", b"no such profile\n".to_vec())
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn main() -> std::io::Result<()> {
    std::thread::spawn(work);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(0);
    });
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}
