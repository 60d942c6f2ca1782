"""Chinese sentences for reasons of the queue that operators meet: work that waits, a Redis server, attempts, storages."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- a job or a queue that waits ---
    "all_at_work": "{setting} 允许的 {containers} 个容器都在工作；{remedy}",
    "busy": "{containers} 个容器正在处理更早的任务项",
    "false_starts": "容器在工作之前就结束：{problem}",
    "fleet_unseen": "调度器看不到容器集群，在看到之前不启动：{problem}",
    "launches_fail": "无法启动容器：{problem}",
    "no_capacity": "没有可用于容器的容量：{problem}",
    "no_dispatcher": "最近一分钟没有调度器工作；用 `sceneburst dispatcher` 启动一个",
    "older_dispatcher": "工作中的调度器版本较旧，看不到这些工作（队列的结构 {structure}）；请升级",
    "over_budget": "再启动一个每小时 ${usd_per_hour_each:.4f} 的容器会超过 {setting}={budget_usd_per_hour:g}；{remedy}",
    "paused": "队列已暂停；用 `sceneburst queue resume` 恢复",
    "plan_malformed": "Redis 中的计划已损坏；调度器的下一轮会替换它",
    "raise_limit": "{by} 设置了这个限制；用 `sceneburst limits set {limit}=…` 提高",
    "raise_setting": "在启动调度器处提高，或立即用 `sceneburst limits set {limit}=…`",
    "retry_later": "{items} 个任务项等待下一次尝试",
    "starting": "{containers} 个容器正在启动",
    # --- a Redis server ---
    "redis_disk_fails": "Redis 无法写入磁盘（{fields}: err），拒绝写入",
    "redis_evicts": "淘汰策略 {policy}：内存满时 Redis 会删除作业和租约",
    "redis_loses_jobs": "没有追加文件：重启会丢失作业",
    "redis_loses_last_writes": "没有追加文件：故障切换会丢失最后的写入，所有节点重启会丢失全部作业",
    "redis_nearly_full": "内存已用 {used_mib:.0f} / {limit_mib:.0f} MiB；用满时 Redis 拒绝新作业",
    "redis_replica": "此服务器是 {primary} 的副本，拒绝写入",
    "redis_to_address_primary": "让 SCENEBURST_REDIS_URL 指向主服务器，或使用 redis+sentinel:// 或 redis+cluster://",
    "redis_to_free_disk": "腾出磁盘空间",
    "redis_to_grow": "提高 maxmemory",
    "redis_to_keep_keys": "设置 maxmemory-policy noeviction",
    "redis_to_persist": "设置 appendonly yes（appendfsync everysec）",
    "redis_to_upgrade": "升级服务器",
    "redis_too_old": "Redis {version} 版本过旧：需要 Redis 6.2 或更新，或 Valkey",
    "redis_unanswered": "{url} 的 Redis 没有回答（{problem}）；{setting} 正确吗？`sceneburst up` 可运行一个供试用",
    "redis_unable": "{url} 的 Redis 现在无法服务：{problem}",
    "redis_forbids": "{url} 的 Redis 拒绝：{problem}；{setting} 的用户角色正确吗？",
    # --- a container that ended, or is to end ---
    "container_broken": "已损坏：{problem}",
    # --- how a program ended, after its name ---
    "exited": "以代码 {exit_code} 结束",
    "killed": "被信号 {signal} 终止",
    "killed_unexplained": "被信号 {signal} 终止，可能因为内存不足",
    # --- storages ---
    "address_failed": "{uri}：{problem}",
    "address_refused": "{uri}：{problem}",
    "bucket_missing": "{uri}：没有存储桶 {bucket:quoted}",
    "file_missing": "{uri}：这台机器上没有这个文件",
    "no_space": "{uri}：设备上没有剩余空间",
    "object_missing": "{uri}：没有这个对象（{answer}）",
    "outside_roots": "{uri} 在 SCENEBURST_FILE_ROOTS 允许的文件夹之外",
    "s3_forbids": "{uri}：被拒绝（{answer}）：{problem}；此处需要 {permission}",
    "s3_refused": "{uri}：被拒绝（{answer}）：{problem}",
    "server_answered": "{uri}：服务器回答 {status}",
    # --- reasons around reasons ---
    "several": "{reasons:；}",
    # --- an attempt that failed, as the queue finds it out ---
    "lease_expired": "租约期内没有心跳：容器已终止、冻结或断网",
    "message_lost": "它的键从 Redis 消失：因 maxmemory 被淘汰，或被人删除",
}
