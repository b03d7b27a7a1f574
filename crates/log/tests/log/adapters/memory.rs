use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use trunkline_kernel::Clock;
use trunkline_log::{Log, LogLimits, MemoryLog};

use crate::contract::Place;

#[derive(Default)]
struct Memory(OnceLock<Arc<MemoryLog>>);

#[async_trait]
impl Place for Memory {
    async fn open(&self, clock: Arc<dyn Clock>, limits: LogLimits) -> Arc<dyn Log> {
        Arc::clone(self.0.get_or_init(|| Arc::new(MemoryLog::with_limits(clock, limits)))) as Arc<dyn Log>
    }
}

pub(crate) async fn place() -> Box<dyn Place> {
    Box::new(Memory::default())
}

contract!(place);
