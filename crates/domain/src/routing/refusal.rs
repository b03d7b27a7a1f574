//! Why a command to the search for an agent is refused.

use super::RoutingState;

refusals! {
    /// Why a command to the search for an agent was refused.
    Refusal {
        /// Work was to be offered or assigned by a search that does not wait for an agent.
        NotWaiting(state: RoutingState) = "ROUTING_NOT_WAITING" {
            "no agent is wanted for the work at this moment",
            "load the routing of the work and look how far it has come",
            "该工作当前不在等待坐席：请刷新路由状态",
        }
        /// An offer was accepted, and another agent has the work.
        Taken = "ROUTING_WORK_TAKEN" {
            "another agent has the work",
            "wait for the next offer",
            "该工作已由其他坐席接手：请等待下一次派单",
        }
        /// An agent was asked for, and there is nothing that one could be given: the call is over or in a
        /// conversation, the lead is done, or somebody has the task.
        NothingToDo = "ROUTING_NOTHING_TO_DO" on "work" {
            "the work is not there or does not wait for an agent",
            "route a call that waits, a lead that can be called, or a task that is pending",
            "该工作不存在或无需分配坐席：请选择等待中的通话、可外呼的线索或待处理的工单",
        }
    }
}
