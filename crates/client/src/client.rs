use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Result, trust};

/// Where the server is and who calls. `Debug` hides the signature.
#[derive(Clone)]
pub struct Options {
    /// Scheme, address and port, for example `http://127.0.0.1:8080`.
    pub url: String,
    pub app: u32,
    /// An administrator of the app.
    pub identifier: String,
    /// The administrator's UserSig.
    pub signature: String,
    /// How long a call may take. The server answers "outcome unknown" after 30 seconds.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// Connections kept open while nothing is being asked.
    pub idle_connections_max: usize,
    /// Certificates in PEM that may vouch for an `https` server; `None`: those that this machine
    /// trusts (`SSL_CERT_FILE` names others).
    pub ca: Option<Vec<u8>>,
}

impl Options {
    /// The account `administrator` with the usual timeouts.
    #[must_use]
    pub fn new(url: &str, app: u32, signature: &str) -> Self {
        Self {
            url: url.to_owned(),
            app,
            identifier: "administrator".to_owned(),
            signature: signature.to_owned(),
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(5),
            idle_connections_max: 64,
            ca: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("url", &self.url)
            .field("app", &self.app)
            .field("identifier", &self.identifier)
            .finish_non_exhaustive()
    }
}

/// A server as one administrator of one app sees it.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    app: u32,
    identifier: String,
    signature: String,
}

/// The envelope of every `/v4` answer.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "ErrorCode", default)]
    code: i64,
    #[serde(rename = "ErrorInfo", default)]
    info: String,
}

/// RFC 9457; every field may be absent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ProblemBody {
    title: String,
    detail: String,
}

impl Client {
    /// # Errors
    /// [`Error::Address`] when the URL is none of ours, [`Error::Ca`] when no certificate can be
    /// read from what was given as such.
    pub fn new(options: &Options) -> Result<Self> {
        let address = || Error::Address {
            url: options.url.clone(),
        };
        let base = Url::parse(&options.url).map_err(|_| address())?;
        let secure = base.scheme() == "https";
        if !(secure || base.scheme() == "http") || base.cannot_be_a_base() {
            return Err(address());
        }
        let http = reqwest::Client::builder()
            .timeout(options.timeout)
            .connect_timeout(options.connect_timeout)
            .pool_max_idle_per_host(options.idle_connections_max)
            .tcp_nodelay(true)
            .no_proxy()
            .tls_backend_preconfigured(trust::config(options.ca.as_deref(), secure)?)
            .build()
            .map_err(Error::Connection)?;
        Ok(Self {
            http,
            base,
            app: options.app,
            identifier: options.identifier.clone(),
            signature: options.signature.clone(),
        })
    }

    /// The address of a `/v4` command, signed. It ends up in no log of ours.
    #[must_use]
    pub fn v4_url(&self, service: &str, command: &str) -> String {
        let mut url = self.path(&["v4", service, command]);
        url.query_pairs_mut()
            .append_pair("sdkappid", &self.app.to_string())
            .append_pair("identifier", &self.identifier)
            .append_pair("usersig", &self.signature)
            .append_pair("random", "1")
            .append_pair("contenttype", "json");
        url.into()
    }

    /// Calls a `/v4` command and returns its whole answer.
    ///
    /// # Errors
    /// [`Error::Refused`] when its `ErrorCode` is not 0.
    pub async fn post(&self, service: &str, command: &str, body: &Value) -> Result<Value> {
        self.post_bytes(
            &self.v4_url(service, command),
            Bytes::from(body.to_string()),
        )
        .await
    }

    /// Posts a body to an address of [`Client::v4_url`]: what a load generator repeats.
    ///
    /// # Errors
    /// [`Error::Refused`] when the answer's `ErrorCode` is not 0.
    pub async fn post_bytes(&self, url: &str, body: Bytes) -> Result<Value> {
        let sent = self.http.post(url).body(body).send().await;
        let answer: Value = read(sent.map_err(connection)?).await?;
        let envelope = Envelope::deserialize(&answer).map_err(malformed)?;
        if envelope.code == 0 {
            Ok(answer)
        } else {
            Err(Error::Refused {
                code: envelope.code,
                info: envelope.info,
            })
        }
    }

    pub(crate) async fn v1_get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<T> {
        read(self.v1_get_raw(path, query).await?).await
    }

    pub(crate) async fn v1_get_raw(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Response> {
        let mut url = self.v1_url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let sent = self.http.get(url).bearer_auth(&self.signature).send().await;
        accept(sent.map_err(connection)?).await
    }

    pub(crate) async fn v1_post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        content_type: &str,
        body: Bytes,
    ) -> Result<T> {
        let request = self
            .http
            .post(self.v1_url(path))
            .bearer_auth(&self.signature)
            .header(reqwest::header::CONTENT_TYPE, content_type)
            .body(body);
        let answer = accept(request.send().await.map_err(connection)?).await?;
        read(answer).await
    }

    fn v1_url(&self, path: &[&str]) -> Url {
        let app = self.app.to_string();
        let mut segments = vec!["v1", "apps", &app];
        segments.extend(path);
        self.path(&segments)
    }

    /// The base address with segments behind its own path.
    fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

async fn accept(answer: Response) -> Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer.bytes().await.unwrap_or_default();
    let problem: ProblemBody = serde_json::from_slice(&body).unwrap_or_default();
    let title = if problem.title.is_empty() {
        status.canonical_reason().unwrap_or("an error").to_owned()
    } else {
        problem.title
    };
    Err(Error::Problem {
        status: status.as_u16(),
        title,
        detail: problem.detail,
    })
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T> {
    let status = answer.status();
    let body = answer.bytes().await.map_err(connection)?;
    serde_json::from_slice(&body).map_err(|error| {
        if status.is_success() {
            malformed(error)
        } else {
            Error::Problem {
                status: status.as_u16(),
                title: "an error".to_owned(),
                detail: "is this the address of a Hansard server?".to_owned(),
            }
        }
    })
}

/// The address of a request holds the signature, so it is taken off.
fn connection(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if trust::is_refusal(&error) {
        return Error::Untrusted(error);
    }
    Error::Connection(error)
}

fn malformed(error: serde_json::Error) -> Error {
    Error::Malformed {
        what: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(url: &str) -> Result<Client> {
        Client::new(&Options::new(url, 7, "a*b-c_"))
    }

    #[test]
    fn addresses_are_built_and_encoded() {
        let client = client("http://127.0.0.1:8080/chat/").expect("an address");
        let url = client.v4_url("openim", "sendmsg");
        assert!(
            url.starts_with("http://127.0.0.1:8080/chat/v4/openim/sendmsg?sdkappid=7&"),
            "{url}"
        );
        assert!(url.contains("usersig=a*b-c_"), "{url}");
        assert_eq!(
            client.v1_url(&["search", "messages"]).as_str(),
            "http://127.0.0.1:8080/chat/v1/apps/7/search/messages"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["", "127.0.0.1:8080", "ftp://host", "mailto:someone"] {
            assert!(matches!(client(url), Err(Error::Address { .. })), "{url}");
        }
    }

    #[test]
    fn what_holds_no_certificate_is_refused() {
        for pem in ["", "no certificate"] {
            let mut options = Options::new("https://host", 7, "a*b-c_");
            options.ca = Some(pem.as_bytes().to_vec());
            assert!(
                matches!(Client::new(&options), Err(Error::Ca { .. })),
                "{pem}"
            );
        }
        client("https://host").expect("the machine's own certificates are trusted");
    }

    #[test]
    fn options_do_not_show_the_signature() {
        let options = Options::new("http://h", 1, "s3cr3t");
        assert!(!format!("{options:?}").contains("s3cr3t"));
    }
}
