//! Clients that show certificates.

use std::fs;

use portcullis_server::{ClientCertificates, TlsOptions};
use rcgen::{CertificateParams, DnType, KeyPair, SanType, SerialNumber};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::client::{ask, rest, until};
use crate::responder::Running;
use crate::tls::{Authority, Client, bind};

fn required(authority: &Authority) -> TlsOptions {
    TlsOptions {
        client_authorities: Some(authority.path("ca.pem")),
        client_certificates: ClientCertificates::Required,
        ..authority.options()
    }
}

type Shown = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// Returns the certificate of a client with many names.
fn certificate(authority: &Authority) -> Shown {
    let mut params = CertificateParams::new(vec!["alice.example".to_string()]).unwrap();
    let name = &mut params.distinguished_name;
    name.remove(DnType::CommonName);
    name.push(DnType::CommonName, "Alice, \"the\" first");
    name.push(DnType::OrganizationName, "Acme");
    name.push(DnType::OrganizationalUnitName, " ops");
    name.push(DnType::CountryName, "CH");
    let text = |text: &str| text.try_into().unwrap();
    params.subject_alt_names.extend([
        SanType::Rfc822Name(text("alice@example.org")),
        SanType::IpAddress("10.1.2.3".parse().unwrap()),
        SanType::URI(text("spiffe://example.org/alice")),
    ]);
    params.serial_number = Some(SerialNumber::from_slice(&[0x7f; 19]));
    params.not_before = rcgen::date_time_ymd(2020, 2, 3);
    params.not_after = rcgen::date_time_ymd(2090, 4, 5);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    (certificate.der().clone(), key)
}

async fn connect(authority: &Authority, server: &Running, shows: Shown) -> TlsStream<TcpStream> {
    let client = Client { shows: Some(shows), ..Client::default() };
    client.connect(authority, server.place()).await.unwrap()
}

#[tokio::test]
async fn policies_see_who_asks() {
    let authority = Authority::new();
    let server = Running::on_loopback(bind(required(&authority)));
    let shows = certificate(&authority);
    let raw = shows.0.to_vec();
    let mut client = connect(&authority, &server, shows).await;
    let (_, answer) = ask(&mut client, "/").await;
    let identity = r#"CN=Alice\, \"the\" first,OU=\ ops,O=Acme,C=CH"#;
    assert!(answer.ends_with(identity), "{answer}");

    let (_, answer) = ask(&mut client, "/certificates").await;
    let all = rego::Value::from_json(answer.as_bytes()).unwrap();
    let first = all.get(&rego::Value::from(0)).unwrap();
    let at = |path: &str| {
        let keys = path.split('.').map(rego::Value::from);
        keys.fold(first.clone(), |value, key| value.get(&key).unwrap().clone()).to_json()
    };
    for (path, expected) in [
        ("Subject.CommonName", r#""Alice, \"the\" first""#),
        ("Subject.Organization", r#"["Acme"]"#),
        ("Subject.Country", r#"["CH"]"#),
        ("Subject.Locality", "null"),
        ("Issuer.CommonName", r#""rcgen self signed cert""#),
        ("DNSNames", r#"["alice.example"]"#),
        ("EmailAddresses", r#"["alice@example.org"]"#),
        ("IPAddresses", r#"["10.1.2.3"]"#),
        ("NotBefore", r#""2020-02-03T00:00:00Z""#),
        ("NotAfter", r#""2090-04-05T00:00:00Z""#),
        ("SerialNumber", "2843301285861284782657291264628798154048765823"),
        ("Version", "3"),
        ("IsCA", "false"),
        ("PublicKeyAlgorithm", "3"),
        ("SignatureAlgorithm", "10"),
    ] {
        assert_eq!(at(path), expected, "{path}");
    }
    let uri = first.get(&rego::Value::from("URIs")).unwrap().get(&rego::Value::from(0)).unwrap();
    for (key, expected) in [("Scheme", "spiffe"), ("Host", "example.org"), ("Path", "/alice")] {
        assert_eq!(uri.get(&rego::Value::from(key)).unwrap().as_str(), Some(expected));
    }
    let shown = first.get(&rego::Value::from("Raw")).unwrap().as_str().unwrap().to_string();
    use base64::Engine;
    assert_eq!(base64::engine::general_purpose::STANDARD.decode(shown).unwrap(), raw);
}

#[tokio::test]
async fn nobody_else_comes_in() {
    let authority = Authority::new();
    let server = Running::on_loopback(bind(required(&authority)));
    // With TLS 1.3 a client learns only afterwards that it was refused.
    if let Ok(mut client) = Client::default().connect(&authority, server.place()).await {
        assert!(rest(&mut client).await.is_empty());
    }
    let stranger = certificate(&Authority::new());
    let client = Client { shows: Some(stranger), ..Client::default() };
    if let Ok(mut client) = client.connect(&authority, server.place()).await {
        assert!(rest(&mut client).await.is_empty());
    }
}

#[tokio::test]
async fn nobody_is_asked_unless_it_is_required() {
    let authority = Authority::new();
    let options =
        TlsOptions { client_certificates: ClientCertificates::NotAsked, ..required(&authority) };
    let server = Running::on_loopback(bind(options));
    let mut client = connect(&authority, &server, certificate(&authority)).await;
    assert!(ask(&mut client, "/").await.1.ends_with("nobody"));
}

#[tokio::test]
async fn authorities_may_change() {
    let (authority, second) = (Authority::new(), Authority::new());
    let server = Running::on_loopback(bind(required(&authority)));
    fs::copy(second.path("ca.pem"), authority.path("ca.pem")).unwrap();
    until(async || {
        let client = Client { shows: Some(certificate(&second)), ..Client::default() };
        let mut client = client.connect(&authority, server.place()).await.ok()?;
        use tokio::io::AsyncWriteExt;
        client.write_all(crate::client::get("/").as_bytes()).await.ok()?;
        (!rest_of_one(&mut client).await.is_empty()).then_some(())
    })
    .await;
    let client = Client { shows: Some(certificate(&authority)), ..Client::default() };
    if let Ok(mut client) = client.connect(&authority, server.place()).await {
        assert!(rest(&mut client).await.is_empty());
    }
}

/// Returns the first bytes that come, or none where the connection ends.
async fn rest_of_one(client: &mut TlsStream<TcpStream>) -> Vec<u8> {
    use tokio::io::AsyncReadExt;
    let mut bytes = vec![0; 64];
    let read = client.read(&mut bytes).await.unwrap_or(0);
    bytes.truncate(read);
    bytes
}
