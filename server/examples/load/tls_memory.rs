//! Memory of an idle TLS connection on the server's side: with the server's own stream, and with
//! tokio-rustls. Each connection has echoed one message before it is idle.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use recado_server::net::tls_stream;
use recado_shared::tls::{self, Identity};
use recado_shared::{Invite, ServerAddress};
use rustls::ServerConfig;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, ReadBuf,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::clients;
use crate::connection::device;
use crate::report::{Figures, say};
use crate::subject::{Kind, on_core};
use crate::usage::ProcessUsage;

/// Bytes of the echoed message: a full record, like a page of entries.
const MESSAGE: usize = 16 * 1024;

/// Time for the process to free the memory of the handshakes.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stream {
    Own,
    TokioRustls,
}

/// Measures both streams, each in a process of its own.
pub(crate) async fn measure(count: usize) -> Result<()> {
    for stream in [Stream::Own, Stream::TokioRustls] {
        let mut child = on_core(&std::env::current_exe()?)
            .arg("tls-server")
            .arg(stream.to_possible_value().context("a name")?.get_name())
            .stdout(std::process::Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("it was piped")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let invite: Invite = line.context("the server ended")?.parse()?;
        let pid = child.id().context("the server ended")?;
        let before = ProcessUsage::by(pid)?.memory;
        let clients = clients::for_each(0..count, async |_| echo_once(&invite).await).await?;
        sleep(SETTLE).await;
        let memory = ProcessUsage::by(pid)?.memory.saturating_sub(before);
        drop(clients);
        child.kill().await?;
        let each = memory / u64::try_from(count.max(1))?;
        Figures::empty("tls-memory", Kind::Recado)
            .with("stream", format!("{stream:?}"))
            .with("connections", count)
            .with("memory_per_connection_bytes", each)
            .print();
    }
    Ok(())
}

async fn echo_once(invite: &Invite) -> Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(invite.address.to_string()).await?;
    let connector = TlsConnector::from(device(invite)?);
    let mut stream = connector.connect(tls::server_name(), stream).await?;
    stream.write_all(&[b'x'; MESSAGE]).await?;
    stream.flush().await?;
    let mut echoed = 0;
    while echoed < MESSAGE {
        echoed += read(&mut stream).await?.len();
    }
    Ok(stream)
}

/// Serves until it is killed. Prints an invite without a token to standard output.
pub(crate) async fn serve(stream: Stream) -> Result<()> {
    let identity = Identity::generate()?;
    let config = Arc::new(tls::server_config(&identity)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address: ServerAddress = listener.local_addr()?.to_string().parse()?;
    let invite = Invite {
        address,
        fingerprint: identity.fingerprint(),
        token: None,
    };
    say(&invite.to_string());
    let permits = Arc::new(Semaphore::new(1));
    loop {
        let (io, _) = listener.accept().await?;
        let (config, permits) = (Arc::clone(&config), Arc::clone(&permits));
        tokio::spawn(async move {
            match stream {
                Stream::Own => {
                    let accepting = Box::pin(tls_stream::accept(io, config, || permits.acquire()));
                    echo(Box::new(accepting.await?)).await
                }
                Stream::TokioRustls => echo(Box::new(accept(io, config).await?)).await,
            }
        });
    }
}

async fn accept(
    io: TcpStream,
    config: Arc<ServerConfig>,
) -> std::io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    Box::pin(TlsAcceptor::from(config).accept(io)).await
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut stream: Box<S>) -> Result<()> {
    loop {
        let bytes = read(&mut stream).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        stream.write_all(&bytes).await?;
        stream.flush().await?;
    }
}

/// Reads once. It has no buffer while it waits.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Vec<u8>> {
    poll_fn(|cx| {
        let mut bytes = vec![0; MESSAGE];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
        let len = buffer.filled().len();
        bytes.truncate(len);
        bytes.shrink_to_fit();
        Poll::Ready(Ok(bytes))
    })
    .await
}
