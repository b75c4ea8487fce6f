//! Whether what orders say of their stock is what inventory says.

use std::collections::HashMap;

use inventory::{
    Inventory, Status,
    audit::{Holding, holdings, owning},
};
use orders::{
    Orders,
    audit::{Claim, claims, claims_after},
    entities::order::State,
};
use subgraph::{BootError, Database, Subgraph as _, audit::Violation};
use uuid::Uuid;

/// Orders or reservations that are compared at a time.
const PAGE: u64 = 1_000;

/// Everything that breaks I1 to I9, in databases that may be in use: what two looks at both databases find is told.
///
/// # Errors
/// When one of the databases cannot be read.
pub async fn verify(orders: &Database, inventory: &Database) -> Result<Vec<Violation>, BootError> {
    let mut violations = Inventory::verify(inventory).await?;
    violations.extend(Orders::verify(orders).await?);
    let mut last = Uuid::nil();
    loop {
        let page = claims_after(orders, last, PAGE).await?;
        let Some(end) = page.last() else { break };
        last = end.id;
        let suspects = compared(&page, &held(inventory, &page).await?).into_iter().map(|found| found.id);
        violations.extend(compared_again(orders, inventory, &suspects.collect::<Vec<_>>()).await?);
    }
    violations.extend(orphans(orders, inventory).await?);
    Ok(violations)
}

async fn held(inventory: &Database, claims: &[Claim]) -> Result<HashMap<Uuid, Holding>, BootError> {
    let ids: Vec<Uuid> = claims.iter().map(|claim| claim.id).collect();
    Ok(holdings(inventory, &ids).await?.into_iter().map(|holding| (holding.id, holding)).collect())
}

/// An order that moved between the two looks may have seemed wrong: it is told only if nothing moved around a second one.
async fn compared_again(
    orders: &Database,
    inventory: &Database,
    suspects: &[Uuid],
) -> Result<Vec<Violation>, BootError> {
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let before = claims(orders, suspects).await?;
    let held = held(inventory, &before).await?;
    let after = claims(orders, suspects).await?;
    let unmoved: Vec<Claim> = before.into_iter().filter(|claim| after.contains(claim)).collect();
    Ok(compared(&unmoved, &held))
}

fn compared(claims: &[Claim], held: &HashMap<Uuid, Holding>) -> Vec<Violation> {
    claims.iter().filter_map(|claim| differs(claim, held.get(&claim.id))).collect()
}

fn differs(claim: &Claim, holding: Option<&Holding>) -> Option<Violation> {
    use Status::{Committed, Held, Returned};
    let status = holding.map(|holding| holding.status);
    let violation = |invariant, says: String| Some(Violation { invariant, says, id: claim.id });
    match (claim.state, status) {
        (State::Completed, Some(Committed)) | (State::Returning, Some(Committed | Returned)) => {
            let same = holding.is_some_and(|holding| holding.lines == claim.lines);
            if same { None } else { violation("I6", "the order has other lines than its reservation".into()) }
        }
        (State::Completed | State::Returning, _) => {
            violation("I4", format!("the order is completed, its reservation is {status:?}"))
        }
        (State::Cancelled, Some(Held | Committed)) => {
            violation("I5", format!("the order is cancelled, its reservation is {status:?}"))
        }
        (State::Created | State::Reserved | State::Cancelling, Some(Committed)) => {
            violation("I6", format!("the order is {:?}, its stock was sold", claim.state))
        }
        _ => None,
    }
}

/// Units that are held or sold for no order.
async fn orphans(orders: &Database, inventory: &Database) -> Result<Vec<Violation>, BootError> {
    let mut violations = Vec::new();
    let mut last = Uuid::nil();
    loop {
        let page = owning(inventory, last, PAGE).await?;
        let Some(end) = page.last() else { return Ok(violations) };
        last = end.id;
        let ids: Vec<Uuid> = page.iter().map(|holding| holding.id).collect();
        let known: Vec<Uuid> = claims(orders, &ids).await?.into_iter().map(|claim| claim.id).collect();
        let unknown = ids.into_iter().filter(|id| !known.contains(id));
        violations.extend(unknown.map(|id| Violation {
            invariant: "I6",
            says: "units are held or sold, and there is no such order".into(),
            id,
        }));
    }
}
