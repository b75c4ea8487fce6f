//! Plans of canonical operations, bounded by the memory that they hold.

use std::sync::Arc;

use moka::future::Cache;

use crate::{
    plan::Plan,
    planner::{PlanError, Planner},
    supergraph::Supergraph,
};

/// Keyed by the whole text: what the caller may not see and what `@skip` leaves out is not in it.
pub(crate) struct PlanCache {
    plans: Cache<String, Arc<Plan>>,
    planner: Planner,
}

impl PlanCache {
    pub(crate) fn new(planner: Planner, bytes: u64) -> Self {
        let plans = Cache::builder()
            .max_capacity(bytes)
            .weigher(|text: &String, plan: &Arc<Plan>| u32::try_from(text.len() + plan.bytes()).unwrap_or(u32::MAX))
            .build();
        Self { plans, planner }
    }

    /// Concurrent requests for one operation plan it once. A failure is shared by those who wait for it and then
    /// forgotten.
    pub(crate) async fn plan(&self, canonical: &str, supergraph: &Supergraph) -> Result<Arc<Plan>, Arc<PlanError>> {
        let plan = async {
            let draft = self.planner.plan(canonical).await?;
            Ok(Arc::new(Plan::compile(draft, &supergraph.full, &supergraph.requirements)))
        };
        self.plans.try_get_with_by_ref(canonical, plan).await
    }
}
