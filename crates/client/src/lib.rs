//! A thin typed client of a Hansard server: what the command line, tests and benches use.
//!
//! `/v4` calls are generic (service, command, JSON body) and answer with the whole envelope; `/v1`
//! calls are typed where we read them. A client is cheap to clone and keeps its connections open.
//!
//! Not here: retries (whoever calls knows what may be repeated: [`Error::is_retryable`]), the
//! clock (the time of a signature is an argument).
//!
//! ```no_run
//! use hansard_client::{Client, Options, usersig};
//!
//! # async fn example(now_seconds: u64) -> hansard_client::Result<()> {
//! let app = 1_400_000_001;
//! let signature = usersig::generate(app, "the secret", "administrator", now_seconds, 3600);
//! let client = Client::new(&Options::new("http://127.0.0.1:8080", app, &signature))?;
//! let body = serde_json::json!({ "UserID": "alice" });
//! client.post("im_open_login_svc", "account_import", &body).await?;
//! # Ok(())
//! # }
//! ```

mod client;
mod error;
mod trust;
mod v1;

pub mod usersig;

pub use client::{Client, Options};
pub use error::{Error, Result};
pub use v1::{
    EventsPage, Hit, ImportReport, ProjectionStatus, Rebuild, Rejected, SearchPage, SearchQuery,
    Total,
};
