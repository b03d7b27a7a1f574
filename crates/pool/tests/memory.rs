//! The scenarios of every pool, in memory.

use trunkline_pool::MemoryPool;

trunkline_pool::pool_contract!(async { MemoryPool::default() });
