//! Operations that a contender has never seen: what it takes until the first answer, and what the same costs later.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::contender::{Contender, Running, Sharing};
use crate::market::Market;
use crate::statistics::percentile;
use crate::{Outcome, tell};

pub(crate) const OPERATIONS: usize = 200;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Plans {
    pub contender: String,
    pub cold: Pass,
    /// The same operations once more.
    pub warm: Pass,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Pass {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// Of the contender, for one operation.
    pub cpu_ms: f64,
}

/// Whoever fails is told of and left out.
pub(crate) async fn measure(contenders: &[Contender], market: &Market) -> Outcome<Vec<Plans>> {
    let mut all = Vec::new();
    let mut reference = None;
    for contender in contenders {
        tell(format_args!("{OPERATIONS} operations: {}", contender.name()))?;
        match of(contender, market, &mut reference).await {
            Ok(plans) => all.push(plans),
            Err(error) => tell(format_args!("{} failed: {error}", contender.name()))?,
        }
    }
    Ok(all)
}

/// The first contender's answers are the reference for all after it.
async fn of(contender: &Contender, market: &Market, reference: &mut Option<Vec<Value>>) -> Outcome<Plans> {
    let running = contender.start(&market.supergraph(), Sharing::SubgraphRequests).await?;
    let mut connection = Connection::open(running.port).await?;
    let (cold, answers) = pass(&running, &mut connection).await?;
    let (warm, _) = pass(&running, &mut connection).await?;
    running.process.end().await?;
    if *reference.get_or_insert_with(|| answers.clone()) != answers {
        return Err("answers otherwise than the first".into());
    }
    Ok(Plans { contender: contender.name().to_owned(), cold, warm })
}

async fn pass(running: &Running, connection: &mut Connection) -> Outcome<(Pass, Vec<Value>)> {
    let mut times = Vec::new();
    let mut answers = Vec::new();
    let cpu_before = running.process.cpu()?;
    for number in 0..OPERATIONS {
        let request = json!({ "query": operation(number) }).to_string().into();
        let sent = Instant::now();
        let (_, answer) = connection.ask(request).await?;
        times.push(sent.elapsed());
        let answer: Value = serde_json::from_slice(&answer)?;
        if answer.get("errors").is_some() {
            return Err(format!("{} is answered with {answer}", operation(number)).into());
        }
        answers.push(answer);
    }
    let cpu = running.process.cpu()? - cpu_before;
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let pass = Pass {
        p50_ms: milliseconds(percentile(&times, 0.5)),
        p99_ms: milliseconds(percentile(&times, 0.99)),
        max_ms: milliseconds(percentile(&times, 1.0)),
        cpu_ms: milliseconds(cpu) / OPERATIONS as f64,
    };
    Ok((pass, answers))
}

/// Below `reviews`, from shallow to deep; `P` and `U` stand for fields of products and users.
const BELOW: [&str; 4] = [
    "id product { P }",
    "id product { P } author { U }",
    "id product { P reviews { id author { U } } }",
    "id product { P reviews { id author { U reviews { id product { P } } } } }",
];

/// No two numbers give operations that select the same.
fn operation(number: usize) -> String {
    let (root, depth, fields, texts) = (number % 3, number / 3 % 4, number / 12 % 16, number / 192 % 2);
    let mut product = "upc".to_owned();
    for (bit, field) in ["name", "price", "inStock", "shippingEstimate"].iter().enumerate() {
        if fields >> bit & 1 == 1 {
            product.push(' ');
            product.push_str(field);
        }
    }
    let user = "id username name";
    let text = if texts == 0 { "" } else { "body " };
    let below = BELOW.get(depth).unwrap_or(&"id").replace('P', &product).replace('U', user);
    let reviews = format!("{text}{below}");
    let users = format!("users {{ {user} reviews {{ {reviews} }} }}");
    let products = format!("topProducts(first: 5) {{ {product} reviews {{ {reviews} }} }}");
    match root {
        0 => format!("{{ {users} }}"),
        1 => format!("{{ {products} }}"),
        _ => format!("{{ {users} {products} }}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_operations_are_the_same() {
        let operations: BTreeSet<_> = (0..OPERATIONS).map(operation).collect();
        assert_eq!(operations.len(), OPERATIONS);
    }
}
