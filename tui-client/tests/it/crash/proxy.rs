//! A link that can be cut: everything through it ends at once, new connections work again.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

/// A forwarding port on loopback.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cut: broadcast::Sender<()>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, _) = broadcast::channel(1);
        let task = tokio::spawn(forward_all(listener, server_port, cut.clone()));
        Self { port, cut, task }
    }

    /// Cuts every connection in the middle of whatever it carries.
    pub(crate) fn cut(&self) {
        // Without a connection there is nothing to cut.
        let _ = self.cut.send(());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward_all(listener: TcpListener, server_port: u16, cut: broadcast::Sender<()>) {
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut cut = cut.subscribe();
        tokio::spawn(async move {
            let Ok(mut far) = TcpStream::connect(("127.0.0.1", server_port)).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = cut.recv() => {}
            }
        });
    }
}
