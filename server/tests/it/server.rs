//! A whole server on a free port, with its data in a temporary folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use recado_server::invite::{self, InviteTerms};
use recado_server::{Config, Policy, Server, ServerError, listen};
use recado_shared::tls::Identity;
use recado_shared::{Fingerprint, InviteToken, UserName};
use rustls::ClientConfig;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Client, hello};

pub(crate) struct TestServer {
    pub(crate) config: Config,
    pub(crate) address: SocketAddr,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) local_token: InviteToken,
    shutdown: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServerError>>,
    dir: TempDir,
}

/// What the server's people bring along.
pub(crate) fn device() -> Identity {
    Identity::generate().unwrap()
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_under(policy: Policy) -> Self {
        Self::start_with(|config| config.policy = policy).await
    }

    pub(crate) async fn start_with(set: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().join("data"));
        config.ticket_places = vec![dir.path().join("run").join("local.ticket")];
        set(&mut config);
        Self::serve(config, dir).await
    }

    pub(crate) async fn serve(config: Config, dir: TempDir) -> Self {
        let listener = listen(Some("127.0.0.1:0".parse().unwrap())).unwrap();
        let server = Server::prepare(listener, config.clone()).await.unwrap();
        let (shutdown, asked) = oneshot::channel::<()>();
        let (address, fingerprint) = (server.listening(), server.fingerprint());
        let local_token = server.local_ticket().token.unwrap();
        let stopped = async {
            asked.await.unwrap();
        };
        Self {
            config,
            address,
            fingerprint,
            local_token,
            shutdown,
            serving: tokio::spawn(server.serve(stopped)),
            dir,
        }
    }

    /// Tells the server to stop, without waiting for it.
    pub(crate) fn stop(self) -> (JoinHandle<Result<(), ServerError>>, Config, TempDir) {
        self.shutdown.send(()).unwrap();
        (self.serving, self.config, self.dir)
    }

    pub(crate) async fn restart(self) -> Self {
        let (serving, config, dir) = self.stop();
        serving.await.unwrap().unwrap();
        Self::serve(config, dir).await
    }

    pub(crate) async fn connect(&self, device: &Identity) -> Client {
        Client::connect(self.address, self.fingerprint, device)
            .await
            .unwrap()
    }

    /// Connects with a configuration, which keeps the tickets that the server gives.
    pub(crate) async fn connect_with(&self, config: &Arc<ClientConfig>) -> Client {
        let anywhere = (Ipv4Addr::UNSPECIFIED, 0).into();
        Client::connect_with(anywhere, self.address, Arc::clone(config))
            .await
            .unwrap()
    }

    /// Lets a user in by the local token and reads the heads, of which there are none.
    pub(crate) async fn newcomer(&self, device: &Identity, name: &str) -> Client {
        let mut client = self.connect(device).await;
        let token = Some(self.local_token.clone());
        let welcome = client.enter(hello(Some(name), token)).await;
        assert_eq!(welcome.name.as_str(), name);
        assert!(welcome.registered);
        let heads = client.next_heads().await;
        assert_eq!((heads.heads.len(), heads.complete.is_some()), (0, true));
        client
    }

    pub(crate) fn invite(&self, terms: &InviteTerms) -> InviteToken {
        let invite = invite::make(&self.config.data_dir, None, terms).unwrap();
        assert_eq!(invite.fingerprint, self.fingerprint);
        assert_eq!(invite.address.to_string(), self.address.to_string());
        invite.token.unwrap()
    }
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}
