//! Answers direct messages, and messages in rooms that mention it, with their own text:
//!
//! ```sh
//! recado echo --yes < /dev/null     # creates the account, once
//! RECADO_NAME=echo cargo run -p recado --example echo_bot -- '#lobby'
//! ```
//!
//! `RECADO_INVITE` lets it join another server than the one on this machine.

use recado::cli::complain;
use recado::client::Client;
use recado::exit::Failure;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut client = Client::from_env().await?;
    for room in std::env::args().skip(1) {
        client.join(&room).await?;
    }
    client.ready().await?;
    complain(&format!("echoing as {}", client.me().1));
    loop {
        let event = client.next().await?;
        let is_for_me = event.is_direct() || event.mentions_me;
        if event.is_own || !event.is_message() || !is_for_me {
            continue;
        }
        // Two bots that mention each other would never end.
        let text = event.text().replace('@', "");
        if let Err(refused) = client.reply(&event, &text).await {
            complain(&format!("cannot answer {}: {refused}", event.author()));
        }
    }
}
