use std::time::Instant;

use anyhow::{Result, ensure};
use hansard_domain::Reply;
use hansard_engine::Handle;
use tokio::task::JoinSet;

use super::figures::{Sample, micros};
use super::rig::{APP, Load, origin};

/// Sends through the engine from many clients, each waiting for its answer, until the deadline.
pub(super) async fn run(
    handle: &Handle,
    load: &Load,
    clients: usize,
    deadline: Instant,
    first_random: u32,
) -> Result<Sample> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        let (handle, load) = (handle.clone(), load.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            let mut random = first_random;
            while Instant::now() < deadline {
                let command = load.command(number, random);
                random = random.wrapping_add(1);
                let sent = Instant::now();
                let answer = handle
                    .submit(handle.route(APP, &command), command, origin())
                    .await?;
                ensure!(
                    matches!(
                        answer.reply,
                        Reply::Sent {
                            duplicate: false,
                            ..
                        }
                    ),
                    "a send was taken for a retry of another one"
                );
                latencies.push(micros(sent.elapsed()));
            }
            Ok::<_, anyhow::Error>(latencies)
        });
    }
    let mut sample = Sample::default();
    while let Some(ended) = tasks.join_next().await {
        sample.latencies_us.extend(ended??);
    }
    sample.elapsed = begun.elapsed();
    sample.count = u64::try_from(sample.latencies_us.len())?;
    Ok(sample)
}
