//! Keys and TLS 1.3 configurations: Ed25519 raw public keys on both sides (RFC 7250, RFC 8446).
//!
//! Each side proves that it holds its key. The server accepts any device key and learns it, the client
//! accepts only the server key that it has pinned. This is the one file that knows the TLS library.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::aws_lc_rs::cipher_suite;
use rustls::crypto::aws_lc_rs::sign::any_eddsa_type;
use rustls::crypto::verify_tls13_signature_with_raw_key;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs as provider};
use rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, OtherError,
    PeerIncompatible, ServerConfig, SignatureScheme,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::id::DeviceKey;

/// The ALPN protocol (RFC 7301), with the major version of the wire.
pub const ALPN: &[u8] = b"recado/1";

/// Tickets that a client keeps: the library counts them for one server in steps of eight.
const TICKETS_KEPT: usize = 8;

/// The fixed first bytes of an Ed25519 `SubjectPublicKeyInfo` (RFC 8410); the key follows.
const ED25519_SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The SHA-256 digest of a server's `SubjectPublicKeyInfo`, as in key pinning (RFC 7469).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// An Ed25519 private key: a device's or a server's identity. Its memory is zeroed when it is dropped.
pub struct Identity {
    pkcs8: Zeroizing<Vec<u8>>,
    key: DeviceKey,
}

/// Shows the public half only.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.key)
    }
}

/// The key cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is no Ed25519 private key in PKCS #8")]
pub struct KeyError;

/// The server showed another key than the pinned one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server's key has the fingerprint {seen}, not the pinned one")]
pub struct PinMismatch {
    /// The fingerprint of the key it showed.
    pub seen: Fingerprint,
}

impl Identity {
    /// Makes a new key from the operating system's random source.
    ///
    /// # Errors
    /// [`KeyError`] if that source fails.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError)?;
        let pkcs8: Pkcs8V1Der<'static> = pair.as_der().map_err(|_| KeyError)?;
        Self::from_pkcs8(pkcs8.as_ref())
    }

    /// Reads a key from the bytes that [`pkcs8`](Self::pkcs8) gave.
    ///
    /// # Errors
    /// [`KeyError`] if they are no such key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?;
        let key = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError)?;
        Ok(Self {
            pkcs8: Zeroizing::new(pkcs8.to_vec()),
            key: DeviceKey(key),
        })
    }

    /// The private key in PKCS #8 (RFC 5958): a secret, to be kept in a file of mode 0600.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key of the device.
    pub fn key(&self) -> DeviceKey {
        self.key
    }

    /// The fingerprint of the public key.
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint_of(&spki_of(self.key))
    }

    fn certified(&self) -> Result<Arc<CertifiedKey>, Error> {
        let public = CertificateDer::from(spki_of(self.key));
        // `from_der` would look for the public key in an X.509 certificate. A provider's `load_private_key`
        // would take a copy that stays in memory.
        let private = any_eddsa_type(&PrivatePkcs8KeyDer::from(self.pkcs8.as_slice()))?;
        Ok(Arc::new(CertifiedKey::new(vec![public], private)))
    }
}

/// The server's side: shows `identity`, demands a device key and accepts any. Devices resume by a
/// ticket, which costs no signature; the tickets' keys live in memory alone and change every few hours.
///
/// # Errors
/// The TLS library refuses the key or the settings.
pub fn server_config(identity: &Identity) -> Result<ServerConfig, Error> {
    let provider = Arc::new(crypto());
    let certified = identity.certified()?;
    let verifier = Arc::new(RawKeyVerifier::new(&provider, None));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(certified)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    // What a session needs to be resumed stays with the client, in its ticket.
    config.ticketer = provider::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// The client's side: shows `identity` and accepts only a server key with the fingerprint `pin`. Keeps
/// the server's tickets in memory, so that sessions of the same configuration resume. A ticket is never
/// used for another key or another pin.
///
/// # Errors
/// The TLS library refuses the key or the settings.
pub fn client_config(identity: &Identity, pin: Fingerprint) -> Result<ClientConfig, Error> {
    let provider = Arc::new(crypto());
    let certified = identity.certified()?;
    let verifier = Arc::new(RawKeyVerifier::new(&provider, Some(pin)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::in_memory_sessions(TICKETS_KEPT);
    Ok(config)
}

/// A constant that is not sent: the pin decides about the server.
pub fn server_name() -> ServerName<'static> {
    ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into())
}

/// The device key that a peer proved to hold, from the handshake's certificates.
pub fn peer_key(certificates: &[CertificateDer<'_>]) -> Option<DeviceKey> {
    let spki = certificates.first()?;
    let key = spki.strip_prefix(&ED25519_SPKI_PREFIX)?;
    Some(DeviceKey(key.try_into().ok()?))
}

/// Finds a [`PinMismatch`] in an error of a failed handshake.
pub fn pin_mismatch(error: &std::io::Error) -> Option<PinMismatch> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref::<PinMismatch>().copied()
        }
        _ => None,
    }
}

/// The suite comes first that every TLS 1.3 implementation has (RFC 8446, section 9.1). Its hash is done
/// by the processor, which takes a tenth off the handshakes of a server to which all clients return at
/// once.
fn crypto() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            cipher_suite::TLS13_AES_128_GCM_SHA256,
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ],
        ..provider::default_provider()
    }
}

fn spki_of(key: DeviceKey) -> Vec<u8> {
    [ED25519_SPKI_PREFIX.as_slice(), &key.0].concat()
}

fn fingerprint_of(spki: &[u8]) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, spki).as_ref());
    Fingerprint(bytes)
}

/// Accepts raw Ed25519 keys: any, or only the pinned one. Serves both sides.
#[derive(Debug)]
struct RawKeyVerifier {
    algorithms: WebPkiSupportedAlgorithms,
    pin: Option<Fingerprint>,
}

impl RawKeyVerifier {
    fn new(provider: &CryptoProvider, pin: Option<Fingerprint>) -> Self {
        Self {
            algorithms: provider.signature_verification_algorithms,
            pin,
        }
    }

    fn check(&self, spki: &CertificateDer<'_>) -> Result<(), Error> {
        if !spki.starts_with(&ED25519_SPKI_PREFIX) {
            return Err(CertificateError::BadEncoding.into());
        }
        let seen = fingerprint_of(spki);
        match self.pin {
            Some(pin) if pin != seen => {
                Err(CertificateError::Other(OtherError(Arc::new(PinMismatch { seen }))).into())
            }
            _ => Ok(()),
        }
    }
}

/// The methods that both traits of the verifier share: raw keys, and signatures of TLS 1.3 only.
macro_rules! signature_methods {
    () => {
        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(PeerIncompatible::ServerDoesNotSupportTls12Or13.into())
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let spki = SubjectPublicKeyInfoDer::from(cert.as_ref());
            verify_tls13_signature_with_raw_key(message, &spki, dss, &self.algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ED25519]
        }

        fn requires_raw_public_keys(&self) -> bool {
            true
        }
    };
}

impl ServerCertVerifier for RawKeyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity)
            .map(|()| ServerCertVerified::assertion())
    }

    signature_methods!();
}

impl ClientCertVerifier for RawKeyVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity)
            .map(|()| ClientCertVerified::assertion())
    }

    signature_methods!();
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConnection, HandshakeKind, ServerConnection};

    use super::*;

    /// Runs a handshake in memory, up to the ticket that follows it.
    fn shake_hands(
        client: impl Into<Arc<ClientConfig>>,
        server: impl Into<Arc<ServerConfig>>,
    ) -> Result<(ClientConnection, ServerConnection), Error> {
        let mut client = ClientConnection::new(client.into(), server_name())?;
        let mut server = ServerConnection::new(server.into())?;
        while client.is_handshaking() || server.is_handshaking() {
            let mut bytes = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets()?;
            let mut bytes = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok((client, server))
    }

    #[test]
    fn each_side_learns_the_others_key() {
        let (device, relay) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let client = client_config(&device, relay.fingerprint()).unwrap();
        let (client, server) = shake_hands(client, server_config(&relay).unwrap()).unwrap();
        assert_eq!(
            peer_key(server.peer_certificates().unwrap()),
            Some(device.key())
        );
        assert_eq!(
            peer_key(client.peer_certificates().unwrap()),
            Some(relay.key())
        );
        assert_eq!(server.alpn_protocol(), Some(ALPN));
        assert_eq!(
            client.protocol_version(),
            Some(rustls::ProtocolVersion::TLSv1_3)
        );
    }

    #[test]
    fn another_server_key_than_the_pinned_one_is_refused_and_named() {
        let (device, relay) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let client = client_config(&device, Fingerprint([0; 32])).unwrap();
        let error = shake_hands(client, server_config(&relay).unwrap()).unwrap_err();
        let error = std::io::Error::other(error);
        assert_eq!(
            pin_mismatch(&error),
            Some(PinMismatch {
                seen: relay.fingerprint()
            })
        );
    }

    /// How the server sees a connection begin, and whose it is.
    fn seen(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (HandshakeKind, DeviceKey) {
        let (client, server) = shake_hands(Arc::clone(client), Arc::clone(server)).unwrap();
        assert_eq!(client.handshake_kind(), server.handshake_kind());
        let key = peer_key(server.peer_certificates().unwrap()).unwrap();
        (server.handshake_kind().unwrap(), key)
    }

    #[test]
    fn a_device_that_comes_back_resumes_and_is_known() {
        let (device, relay) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let client = Arc::new(client_config(&device, relay.fingerprint()).unwrap());
        let server = Arc::new(server_config(&relay).unwrap());
        assert_eq!(seen(&client, &server), (HandshakeKind::Full, device.key()));
        for _ in 0..3 {
            let again = seen(&client, &server);
            assert_eq!(again, (HandshakeKind::Resumed, device.key()));
        }
        // A restarted server does not know its tickets, nor mind them.
        let server = Arc::new(server_config(&relay).unwrap());
        assert_eq!(seen(&client, &server), (HandshakeKind::Full, device.key()));
        let again = seen(&client, &server);
        assert_eq!(again, (HandshakeKind::Resumed, device.key()));
    }

    #[test]
    fn a_ticket_is_worth_nothing_for_another_pin_or_another_device() {
        let (device, relay) = (Identity::generate().unwrap(), Identity::generate().unwrap());
        let client = Arc::new(client_config(&device, relay.fingerprint()).unwrap());
        let server = Arc::new(server_config(&relay).unwrap());
        let of = |device: &Identity, pin: Fingerprint| {
            // Even where the tickets themselves come into the wrong hands.
            let mut config = client_config(device, pin).unwrap();
            config.resumption = client.resumption.clone();
            Arc::new(config)
        };
        seen(&client, &server);
        let elsewhere = of(&device, Fingerprint([0; 32]));
        let error = shake_hands(elsewhere, Arc::clone(&server)).unwrap_err();
        assert!(pin_mismatch(&std::io::Error::other(error)).is_some());
        seen(&client, &server);
        let other = Identity::generate().unwrap();
        let stranger = of(&other, relay.fingerprint());
        assert_eq!(seen(&stranger, &server), (HandshakeKind::Full, other.key()));
    }

    #[test]
    fn a_key_is_read_back_from_its_bytes() {
        let identity = Identity::generate().unwrap();
        let again = Identity::from_pkcs8(identity.pkcs8()).unwrap();
        assert_eq!(again.fingerprint(), identity.fingerprint());
        assert_eq!(Identity::from_pkcs8(b"damaged").unwrap_err(), KeyError);
        assert!(!format!("{identity:?}").contains(&format!("{:?}", identity.pkcs8())));
    }
}
