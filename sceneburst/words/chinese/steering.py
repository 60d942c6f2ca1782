"""Chinese sentences of containers that end, and of acts of operators that are refused."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- the end of a container ---
    "container_broken": "容器有故障：{problem}",
    "container_ended": "容器已结束：{problem}",
    "container_ended_with_code": "容器{ending}：{problem}",
    "container_exited": "容器{ending}",
    "exited": "以代码 {exit_code} 退出",
    "killed": "被信号 {signal} 终止",
    "killed_unexplained": "被信号 {signal} 终止，可能是内存不足",
    "idle_drained": "已排空，并空闲 {idle_s:.0f} 秒",
    "idle_too_long": "空闲 {idle_s:.0f} 秒",
    "lost_at_work": "{problem}；当时正在处理 {items} 个任务项",
    "never_reported": "启动后 {limit_s:.0f} 秒内没有报告",
    "no_reason_given": "没有说明原因",
    "out_of_memory": "内存不足",
    "run_over": "运行已结束",
    "runs_after_goodbye": "它已告别，但仍在运行",
    "silent": "{silent_s:.0f} 秒没有报告",
    "stopped_by": "由 {by} 停止",
    "stopped_by_because": "由 {by} 停止：{why}",
    "too_old": "已运行 {age_s:.0f} 秒",
    "too_old_drained": "已运行 {age_s:.0f} 秒，并已排空",
    "unknown_container": "未知：它带有我们的标记，但没有它的记录",
    # --- a container that is to end ---
    "drain_asked": "将排空，下次报告时得知",
    "drain_asked_by": "将排空（由 {by} 要求），下次报告时得知",
    "stop_asked_by": "将停止（由 {by} 要求）；当前调度器在下一轮停止它",
    "stop_asked_by_because": "将停止（由 {by} 要求：{why}）；当前调度器在下一轮停止它",
    # --- limits ---
    "act_not_undoable": "{entry:quoted} 不是审计日志中对限制的更改；只有这种更改可以撤销",
    "act_overtaken": "之后有程序更改了 {limit}：现在是 {value}；可用 `sceneburst limits set` 更改",
    "act_overtaken_by": "之后 {by} 更改了 {limit}：现在是 {value}；可用 `sceneburst limits set` 更改",
    "limit_needs_budget": "按预算的策略需要预算：请同时设置 budget_usd_per_hour，或先改用其他策略再恢复预算",
    "limit_not_number": "限制 {limit}：{value:quoted} 不是数字",
    "limit_refused": "限制 {limit}：{problem}",
    "limit_unknown": "没有名为 {limit:quoted} 的限制；有 {known}",
    "limit_unknown_near": "没有名为 {limit:quoted} 的限制，是否指 {near:quoted}？有 {known}",
}
