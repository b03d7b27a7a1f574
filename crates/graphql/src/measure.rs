//! The extension that measures every operation inside the executor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextValidation};
use async_graphql::{Response, ServerError, ValidationResult};

use crate::error::{ApiError, ErrorCode};

/// What became of one operation; the transport reads it when it writes the answer.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    cost: AtomicUsize,
    depth: AtomicUsize,
    executed: AtomicBool,
}

impl Measured {
    /// About one for each field that the operation could return.
    pub(crate) fn cost(&self) -> usize {
        self.cost.load(Ordering::Relaxed)
    }

    /// How deep its fields are nested.
    pub(crate) fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    /// Whether execution began: an answer without it is a refused request, not a failed operation.
    pub(crate) fn executed(&self) -> bool {
        self.executed.load(Ordering::Relaxed)
    }
}

/// Refuses operations that cost too much and notes the cost of the others.
pub(crate) struct CostLimit {
    pub cost_max: usize,
}

impl ExtensionFactory for CostLimit {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Meter { cost_max: self.cost_max })
    }
}

struct Meter {
    cost_max: usize,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Meter {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        if let Some(measured) = ctx.data_opt::<Arc<Measured>>() {
            measured.cost.store(result.complexity, Ordering::Relaxed);
            measured.depth.store(result.depth, Ordering::Relaxed);
        }
        if result.complexity > self.cost_max {
            let message =
                format!("The operation costs {}; {} is the limit.", result.complexity, self.cost_max);
            let error = ApiError::new(ErrorCode::QueryTooCostly, message)
                .with("cost", result.complexity)
                .with("costMax", self.cost_max);
            return Err(vec![error.into()]);
        }
        Ok(result)
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(measured) = ctx.data_opt::<Arc<Measured>>() {
            measured.executed.store(true, Ordering::Relaxed);
        }
        next.run(ctx, operation_name).await
    }
}
