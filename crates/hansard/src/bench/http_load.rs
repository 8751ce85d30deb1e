//! A frugal HTTP client: on few cores, what the load costs is missing to what is measured.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::figures::{Sample, micros};

/// More than any answer to a send.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// One keep-alive connection.
pub(super) struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open_many(address: SocketAddr, wanted: usize) -> Result<Vec<Self>> {
        let mut connections = Vec::with_capacity(wanted);
        for _ in 0..wanted {
            connections.push(Self::open(address).await.context("a connection")?);
        }
        Ok(connections)
    }

    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            address,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Posts a body and waits for the answer, which must say that all is well.
    async fn post(&mut self, path: &str, body: &str) -> Result<()> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(body) = answer(&self.buffer)? {
                let needle = b"\"ErrorCode\":0";
                if body.windows(needle.len()).any(|part| part == needle) {
                    return Ok(());
                }
                bail!(
                    "the server refused a send: {}",
                    String::from_utf8_lossy(body)
                );
            }
        }
    }
}

/// The body of an answer once it is there whole.
fn answer(bytes: &[u8]) -> Result<Option<&[u8]>> {
    let Some(head_end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..head_end])?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let length: usize = length.context("an answer without a length")?;
    if length > ANSWER_BYTES_MAX {
        bail!("an answer of {length} bytes to a send");
    }
    Ok(bytes.get(head_end + 4..head_end + 4 + length))
}

/// Posts over many connections, each waiting for its answer, until the deadline.
pub(super) async fn run(
    connections: Vec<Connection>,
    path: &str,
    body_of: impl Fn(usize, u32) -> String + Clone + Send + 'static,
    deadline: Instant,
    first_random: u32,
) -> Result<Sample> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, mut connection) in connections.into_iter().enumerate() {
        let (path, body_of) = (path.to_owned(), body_of.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            let mut random = first_random;
            while Instant::now() < deadline {
                let body = body_of(number, random);
                random = random.wrapping_add(1);
                let sent = Instant::now();
                connection.post(&path, &body).await?;
                latencies.push(micros(sent.elapsed()));
            }
            Ok::<_, anyhow::Error>(latencies)
        });
    }
    let mut sample = Sample::default();
    while let Some(ended) = tasks.join_next().await {
        let latencies = ended??;
        sample.count += latencies.len() as u64;
        sample.latencies_us.extend(latencies);
    }
    sample.elapsed = begun.elapsed();
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(answer(whole).expect("read"), Some(b"{}".as_slice()));
        for end in 0..whole.len() {
            assert_eq!(answer(&whole[..end]).expect("read"), None, "{end}");
        }
        assert!(answer(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
